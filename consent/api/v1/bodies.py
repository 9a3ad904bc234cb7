"""What callers send. The document of the API is made of these very types."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

MOST_DECISIONS = 500
Reference = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="Your own name for the person: printable characters. It is kept only as a keyed hash.",
        examples=["customer-1042"],
    ),
]
Slug = Annotated[str, Meta(min_length=1, max_length=50, description="Short name of a policy.", examples=["privacy"])]
_PLAIN = "^[^\\x00-\\x1f\\x7f]*$"
Code = Annotated[
    str,
    Meta(
        max_length=200,
        pattern=_PLAIN,
        description="Code of a purpose; empty for the policy as a whole.",
        examples=["ads"],
    ),
]
Recipient = Annotated[
    str, Meta(max_length=200, pattern=_PLAIN, description="Code of one recipient of several; else empty.")
]
Item = Annotated[
    str, Meta(max_length=200, pattern=_PLAIN, description="Code of a kind of data; else empty.", examples=["phone"])
]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 with its time zone.")]
Language = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$",
        description="In which language the person was asked.",
        examples=["zh-hans"],
    ),
]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Surface = Literal["api", "page", "flow", "agreement", "banner"]


class AnswerBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What the person says to one question."""

    purpose: Code = ""
    status: Literal["given", "refused", "renewed", "deferred", "requested"]
    kind: Literal["explicit", "separate", "implied"] = "explicit"
    recipient: Recipient = ""


class Act(Struct, forbid_unknown_fields=True, kw_only=True):
    """What acts of a person have in common."""

    subject: Reference
    policy: Slug
    language: Language
    surface: Annotated[Surface, Meta(description="Where the person acted.")] = "api"
    shown_sha256: (
        Annotated[Digest, Meta(description="SHA-256 of what you showed; without it the version's own notice counts.")]
        | None
    ) = None
    claimed_at: (
        Annotated[
            Instant,
            Meta(description="When your clock says it happened: 90 days back, 5 minutes ahead at most. Ours rules."),
        ]
        | None
    ) = None
    network: Annotated[
        str, Meta(max_length=100, description="The person's address; the last part is cut off before it is kept.")
    ] = ""
    agent: Annotated[
        str, Meta(max_length=1000, description="The person's User-Agent; family and system alone are kept.")
    ] = ""


class ConsentBody(Act, forbid_unknown_fields=True, kw_only=True):
    """One person's answers to one version, recorded together or not at all."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1, description="Without it the version in effect.")] | None = None
    answers: Annotated[list[AnswerBody], Meta(min_length=1, max_length=500)]


class WithdrawalBody(Act, forbid_unknown_fields=True, kw_only=True):
    """A person takes back a yes to the version in effect."""

    purpose: Code = ""


class SubjectBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What a company's systems know about a person that decides what may be done. null: not known."""

    adult_on: Annotated[date, Meta(description="Their 18th birthday.")] | None
    guardian_confirmed_at: Annotated[Instant, Meta(description="Since when a guardian has answered for them.")] | None


class DecisionBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """May this be done?"""

    subject: Reference
    purpose: Code
    recipient: Recipient = ""
    item: Item = ""
    at: Annotated[Instant, Meta(description="Another instant than now; it may lie in the past.")] | None = None


class DecisionsBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Several questions at once; they may be about different people."""

    questions: Annotated[list[DecisionBody], Meta(min_length=1, max_length=MOST_DECISIONS)]


ContactText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=254,
        description="An e-mail address or a mobile number; outside mainland China with + and the country.",
        examples=["13812345678"],
    ),
]


class ContactBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Whose it is. In the body, since addresses are written to logs."""

    contact: ContactText


class MarketingBody(ContactBody, forbid_unknown_fields=True, kw_only=True):
    """One message that you would send."""

    topic: Literal["offers", "news", "surveys"]
    purpose: Annotated[
        Code, Meta(description="Purpose of your register under which you advertise: then it is decided about, too.")
    ] = ""


class OptOutBody(ContactBody, forbid_unknown_fields=True, kw_only=True):
    """What came back, and from which number."""

    text: Annotated[str, Meta(max_length=1000)]


_Words = Annotated[str, Meta(min_length=1, max_length=200, pattern=_PLAIN)]


class LabelWords(Struct, forbid_unknown_fields=True, kw_only=True, rename={"zh_hans": "zh-hans"}):
    """A few plain words in both languages."""

    zh_hans: _Words
    en: _Words


class LabelBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """A group. code: your own. reason: from what it was concluded."""

    code: Annotated[str, Meta(min_length=1, max_length=100, pattern=_PLAIN)]
    words: LabelWords
    reason: LabelWords
    since: Instant


class LabelsBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """All labels that you give somebody; an empty list takes them away."""

    labels: Annotated[list[LabelBody], Meta(max_length=100)]


class CheckBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """One comparison. checked_by: a code, such as that of a recipient in your register."""

    item: Item
    checked_by: Annotated[str, Meta(min_length=1, max_length=100, pattern="^[a-z0-9][a-z0-9-]*$")]
    result: Literal["match", "mismatch"]
    at: Instant
