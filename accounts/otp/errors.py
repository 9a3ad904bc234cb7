"""Why a code was not sent, or not accepted."""

from datetime import datetime

from django.utils.translation import gettext, ngettext


class CodeRejected(Exception):
    """The act is not proven. `message` says to the person what to do next; API 403."""

    @property
    def message(self) -> str:
        return gettext("This code is no longer valid. Ask for a new one.")


class NoSuchChallenge(CodeRejected):
    """No code was sent for this person, act and parameters, or it was used, replaced or guessed at too often."""


class Expired(CodeRejected):
    """The code came too late."""

    @property
    def message(self) -> str:
        return gettext("This code has expired. Ask for a new one.")


class WrongCode(CodeRejected):
    """tries_left: how often one may still try before the code dies."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(tries_left)
        self.tries_left = tries_left

    @property
    def message(self) -> str:
        if not self.tries_left:
            return gettext("The code is wrong, and that was the last try. Ask for a new one.")
        return ngettext(
            "The code is wrong. You can try %(count)d more time.",
            "The code is wrong. You can try %(count)d more times.",
            self.tries_left,
        ) % {"count": self.tries_left}


class WrongToken(Exception):
    """An app that is being added does not show this token; API 403."""

    @property
    def message(self) -> str:
        return gettext(
            "That is not what the app should show now. Type the newest 6 digits, and check that your phone's clock is"
            " set automatically."
        )


class NotSent(Exception):
    """No code was sent, and no new one is open. `message` says why and what to do."""

    @property
    def message(self) -> str:
        return gettext("We could not send the message just now. Nothing was changed. Please try again in a minute.")


class SendingFailed(NotSent):
    """The mail server or the SMS gateway is away or refuses; API 503."""


class Refused(SendingFailed):
    """It will never take a message for this address or number."""


class NoProvenContact(NotSent):
    """There is nothing to send a code to; API 409."""

    @property
    def message(self) -> str:
        return gettext("Your account has no proven e-mail address or mobile number that we could send a code to.")


class TooSoon(NotSent):
    """Codes are asked for too often; API 429. retry_at: aware UTC instant from which the next one is sent."""

    def __init__(self, retry_at: datetime, wait_seconds: int) -> None:
        super().__init__(retry_at)
        self.retry_at = retry_at
        self.wait_seconds = wait_seconds

    @property
    def message(self) -> str:
        if self.wait_seconds < 120:
            return ngettext(
                "We have just sent a code. A new one can be sent in %(count)d second.",
                "We have just sent a code. A new one can be sent in %(count)d seconds.",
                self.wait_seconds,
            ) % {"count": self.wait_seconds}
        minutes = -(-self.wait_seconds // 60)
        return ngettext(
            "Too many codes were asked for. A new one can be sent in %(count)d minute.",
            "Too many codes were asked for. A new one can be sent in %(count)d minutes.",
            minutes,
        ) % {"count": minutes}
