"""A version as it is put to one person: the text they read, what is open for them, and how they are asked."""

from functools import cached_property
from typing import Any

from allauth.account.adapter import get_adapter
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from accounts.audit.rules import Actor, ActorKind
from accounts.devices.network import agent_family, truncate_network
from consent.ledger.actions import Circumstances, enrol
from consent.ledger.models import DataSubject, Surface
from consent.ledger.rules import YES
from consent.ledger.selectors import Line, PolicyStanding, standing_of, states_for
from consent.policies.models import PolicyText, PolicyVersion, VersionStatus
from consent.policies.published import published_version
from consent.policies.rendering import parsed
from consent.policies.rules.differences import compare
from consent.policies.selectors import Edition, policy_history, texts_of


class Asking:
    """Raises Http404 where the policy has no such published version. number: the version; the one in effect, or the
    first to come, where None."""

    def __init__(self, request: HttpRequest, slug: str, number: int | None = None) -> None:
        self.request, self.at = request, timezone.now()
        history = policy_history(slug, self.at)
        if history is None:
            raise Http404
        self.history = history
        edition = (history.current or history.scheduled) if number is None else history.edition(number)
        if edition is None:
            raise Http404
        self.edition: Edition = edition
        published = published_version(self.version.pk)
        if published is None:
            raise Http404
        self.language, self._shown_sha256 = published.notice(get_language() or "")
        self.separate = {code for code, question in published.questions.items() if question.needs_separate}

    @property
    def version(self) -> PolicyVersion:
        """The version that is put."""
        return self.edition.version

    @property
    def actor(self) -> Actor:
        """The person themselves."""
        return Actor(ActorKind.SUBJECT, self.request.user.pk)

    @property
    def circumstances(self) -> Circumstances:
        """How they are being asked (K10, K44)."""
        return Circumstances(
            surface=Surface.PAGE,
            language=self.language,
            shown_sha256=self._shown_sha256,
            network=truncate_network(get_adapter().get_client_ip(self.request)),
            agent=agent_family(self.request.headers.get("User-Agent", "")),
        )

    def subject(self) -> DataSubject:
        """The person in the controller's eyes, made at first sight."""
        return enrol(self.request.user, self.history.policy.controller_id, at=self.at)  # type: ignore[arg-type]

    @cached_property
    def standing(self) -> PolicyStanding | None:
        """Where they stand with the policy; None for somebody not signed in."""
        if not self.request.user.is_authenticated:
            return None
        return standing_of(self.request.user, self.history.policy, self.at)

    @cached_property
    def agreed_before(self) -> set[str]:
        """The purposes whose last answer to an earlier version was a yes; the same before and after answering this."""
        if not self.request.user.is_authenticated:
            return set()
        states = states_for(self.request.user, self.history.policy)
        return {state.purpose for state in states if state.version_id != self.version.pk and state.status in YES}

    @property
    def lines(self) -> tuple[Line, ...]:
        """The open questions of the version in effect or of the next one; a past version asks nothing."""
        if self.standing is None:
            return ()
        if self.edition.status == VersionStatus.EFFECTIVE:
            return self.standing.open
        if self.standing.scheduled and self.standing.scheduled.pk == self.version.pk:
            return tuple(line for line in self.standing.upcoming if line.standing.is_open)
        return ()

    @cached_property
    def texts(self) -> dict[int, dict[str, PolicyText]]:
        """The words of the version and of the one it is compared with."""
        versions = [self.version] + ([self.before.version] if self.before else [])
        return texts_of(*versions)

    @property
    def text(self) -> PolicyText:
        """The words in the language in which the person is asked."""
        return self.texts[self.version.pk][self.language]

    @cached_property
    def before(self) -> Edition | None:
        """The version before this one that the person last answered; for anybody else the one before. None for
        somebody who is asked for the first time, since nothing changed for them."""
        earlier = [edition for edition in self.history.editions if edition.version.number < self.version.number]
        if self.standing is None:
            return earlier[0] if earlier else None
        known = {line.number for line in (*self.standing.lines, *self.standing.upcoming)}
        known |= {former.number for former in self.standing.former}
        return next((edition for edition in earlier if edition.version.number in known), None)

    def differences(self) -> dict[str, Any]:
        """What the page shows of the change, clause by clause; `changes` is None where there is nothing to compare."""
        if self.before is None:
            return {"changes": None, "before": None}
        old = self.texts[self.before.version.pk]
        old_text = old.get(self.language) or next(iter(old.values()))
        every = compare(parsed(old_text), parsed(self.text))
        kinds = [f"{kind} {label}" for kind, label in self.version.labelled_kinds()]
        return {
            "changes": [change for change in every if change.kind != "same"],
            "unchanged": sum(change.kind == "same" for change in every),
            "before": self.before.version,
            "kinds": kinds,
        }
