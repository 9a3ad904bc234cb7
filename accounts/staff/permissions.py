"""Who may do what at the desk: the one table. docs/roles.md is this table in words, and a test walks every page with
every role (K60)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.staff.models import Role

EVERYBODY = frozenset(Role)
WORKERS = frozenset({Role.SUPPORT, Role.REVIEWER})
OVERSEERS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Permission:
    """act: in words. pages: names of addresses in the namespace `desk`. roles: who may; nobody else learns that the
    page exists."""

    act: str
    pages: tuple[str, ...]
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the desk's menu. section: what a page calls itself that belongs to it."""

    page: str
    label: str | Promise
    section: str

    @property
    def address(self) -> str:
        """The name of its address."""
        return f"desk:{self.page}"


PERMISSIONS = (
    Permission("Come to the desk, and to the page made for one's role", ("home",), EVERYBODY - {Role.APPROVER}),
    Permission("Read and accept the confidentiality undertaking", ("undertaking",), EVERYBODY),
    Permission(
        "Write, preview and publish policies, with a proof for each publication",
        ("draft", "new_draft", "preview", "new_purpose", "purpose", "remove_purpose", "publish"),
        frozenset({Role.PUBLISHER}),
    ),
    Permission(
        "Keep a company's details, recipients and agreements",
        ("controller", "recipients", "new_recipient", "recipient", "new_agreement", "end_agreement"),
        frozenset({Role.PUBLISHER}),
    ),
    Permission(
        "Follow, pause and resume a campaign",
        ("campaign", "campaign_pause", "campaign_resume"),
        frozenset({Role.PUBLISHER}),
    ),
    Permission(
        "Issue and revoke keys of the API",
        ("api_keys", "revoke_api_key"),
        frozenset({Role.PUBLISHER, Role.ADMINISTRATOR}),
    ),
    Permission(
        "See the queue, write down a call, take a case and give it back",
        ("queue", "new_request", "case", "claim", "release"),
        WORKERS,
    ),
    Permission(
        "Find out who asks: send and check a code, look at documents and judge them, end a case without identity",
        ("send_code", "check_code", "document", "judge", "lapse"),
        WORKERS,
    ),
    Permission("See a value of an own case in full, with a reason and a proof", ("unmask",), WORKERS),
    Permission("Decide on a request that one did not verify, with a proof", ("decide",), frozenset({Role.REVIEWER})),
    Permission("Carry out what was agreed to", ("carry_out",), WORKERS),
    Permission("Look up what somebody had agreed to on a day, with a reason", ("as_of",), frozenset({Role.AUDITOR})),
    Permission("See what a member of staff looked at", ("reads",), OVERSEERS),
    Permission("See which law keeps what, and what was destroyed when", ("retention",), OVERSEERS),
    Permission("Forbid that somebody is erased, and lift it", ("holds", "lift_hold"), frozenset({Role.REVIEWER})),
    Permission("See what was given to authorities", ("disclosures",), frozenset({Role.REVIEWER, Role.AUDITOR})),
    Permission("Enter what was given to an authority", ("new_disclosure",), frozenset({Role.REVIEWER})),
)
MENU = (
    Entry("queue", _("Requests"), "requests"),
    Entry("home", _("Policies"), "desk"),
    Entry("as_of", _("Consents on a day"), "audit"),
    Entry("reads", _("Who looked at what"), "reads"),
    Entry("retention", _("Retention"), "retention"),
    Entry("holds", _("Legal holds"), "holds"),
    Entry("disclosures", _("Given to authorities"), "disclosures"),
)
_POLICIES = "home"  # everybody may ask for it, and the publisher alone stays


def roles_for(page: str) -> frozenset[Role]:
    """Who may open a page of the desk; nobody where the table does not name it."""
    return next((row.roles for row in PERMISSIONS if page in row.pages), frozenset())


def menu_for(roles: Iterable[Role]) -> list[Entry]:
    """The desk's pages that somebody with these roles begins at, in order."""
    mine = frozenset(roles)
    return [
        entry for entry in MENU if mine & (roles_for("draft") if entry.page == _POLICIES else roles_for(entry.page))
    ]


def as_markdown() -> str:
    """The table of docs/roles.md."""
    head = ["| what | " + " | ".join(role.value for role in Role) + " |", "|" + "---|" * (len(Role) + 1)]
    rows = [
        f"| {row.act} | " + " | ".join("yes" if role in row.roles else "" for role in Role) + " |"
        for row in PERMISSIONS
    ]
    return "\n".join([*head, *rows])
