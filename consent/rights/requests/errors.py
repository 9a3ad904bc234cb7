"""Why something cannot be done with a request. `message` says so to whoever tried."""

from __future__ import annotations

from django.utils.translation import gettext


class RequestError(Exception):
    """HTTP 409."""

    @property
    def message(self) -> str:
        return gettext("That cannot be done with this request now. Look at its present state below.")


class Ended(RequestError):
    """The request is over."""

    @property
    def message(self) -> str:
        return gettext("This request has ended; nothing more can be done with it.")


class NotVerified(RequestError):
    """Who asks is not proven yet (K95)."""

    @property
    def message(self) -> str:
        return gettext("Nothing can be done before it is proven who asks.")


class NotClaimed(RequestError):
    """Somebody else works on the case, or nobody does."""

    @property
    def message(self) -> str:
        return gettext("Take the case first; only whoever has it can work on it.")


class Taken(RequestError):
    """Two wanted the case at once, and the other was faster."""

    @property
    def message(self) -> str:
        return gettext("Somebody else has taken this case.")


class Barred(RequestError):
    """Whoever verified identity, or decided before, does not decide now."""

    @property
    def message(self) -> str:
        return gettext("You have worked on this case before. Somebody else has to decide it.")


class OwnCase(RequestError):
    """Nobody works on what they asked themselves."""

    @property
    def message(self) -> str:
        return gettext("This request is your own. Somebody else has to work on it.")


class ContactTooNew(RequestError):
    """The contact has not been on file for long enough to prove anything."""

    @property
    def message(self) -> str:
        return gettext("This contact has been on file for less than 7 days. Verify in another way.")


class NothingToJudge(RequestError):
    """There are no papers, or this member of staff has judged them."""

    @property
    def message(self) -> str:
        return gettext("There are no documents that you could judge; two different people have to.")


class WantedMissing(RequestError):
    """It is not said what is to be written in place of what."""

    @property
    def message(self) -> str:
        return gettext("Say which item is to be corrected, and to what.")


class NotRefused(RequestError):
    """Only a refusal can be appealed against, and only once."""

    @property
    def message(self) -> str:
        return gettext("There is no refusal here that you could appeal against.")


class TooManyPictures(RequestError):
    """Each costs seconds of work, whether it is kept or not."""

    @property
    def message(self) -> str:
        return gettext("Pictures were sent many times within an hour. Wait an hour, then try again, or call us.")
