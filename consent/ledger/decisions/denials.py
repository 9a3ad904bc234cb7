"""What is denied before anybody asks what the person said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from consent.ledger.decisions.cases import Case
from consent.ledger.decisions.reasons import Reason
from consent.policies.recipients.models import RecipientRole
from consent.policies.recipients.rules import serves_others_marketing

# Others than these are the third parties that the information is kept from (Y8).
NOT_THIRD_PARTIES = frozenset({RecipientRole.PROCESSOR, RecipientRole.AFFILIATE, RecipientRole.AUTHORITY})


def _items_known(case: Case) -> Iterable[Mapping[str, bool]]:
    for policy in case.book.policies:
        version = policy.in_effect(case.at)
        yield from (purpose.items for purpose in version.purposes.values()) if version else ()


def _has_left(case: Case) -> bool:
    return case.person is not None and case.person.closed_at is not None and case.person.closed_at <= case.at


def _is_restricted(case: Case) -> bool:
    return case.person is not None and case.person.restricted_at is not None and case.person.restricted_at <= case.at


def _is_minor_alone(case: Case) -> bool:
    if case.person is None or case.person.adult_at is None or case.person.adult_at <= case.at:
        return False
    return case.person.guardian_confirmed_at is None or case.person.guardian_confirmed_at > case.at


# In this order; the first that holds decides.
DENIALS: Sequence[tuple[Reason, Callable[[Case], bool]]] = (
    (
        Reason.UNKNOWN_ITEM,
        lambda case: bool(case.asked.item) and not any(case.asked.item in each for each in _items_known(case)),
    ),
    (Reason.ITEM_NOT_IN_PURPOSE, lambda case: bool(case.asked.item) and case.asked.item not in case.purpose.items),
    (Reason.UNKNOWN_RECIPIENT, lambda case: bool(case.asked.recipient) and case.recipient is None),
    (
        Reason.RECIPIENT_NOT_IN_PURPOSE,
        lambda case: bool(case.asked.recipient) and case.asked.recipient not in case.purpose.recipients,
    ),
    (
        Reason.THIRD_PARTY_MARKETING,
        lambda case: (
            case.recipient is not None
            and serves_others_marketing(is_marketing=case.purpose.is_marketing, recipient=case.recipient)
        ),
    ),
    (
        Reason.NEVER_SHARED,
        lambda case: (
            case.recipient is not None
            and case.recipient.role not in NOT_THIRD_PARTIES
            and any(case.purpose.items[item] for item in case.items)
        ),
    ),
    (
        Reason.NO_ACTIVE_AGREEMENT,
        lambda case: case.history is not None and not case.history.may_receive(case.at),
    ),
    (Reason.MARKETING_NEEDS_CONSENT, lambda case: case.purpose.is_marketing and not case.purpose.rests_on_consent),
    (Reason.UNKNOWN_SUBJECT, lambda case: case.person is None),
    (Reason.SUBJECT_CLOSED, lambda case: case.own_will and _has_left(case)),
    (Reason.RESTRICTED, lambda case: case.own_will and _is_restricted(case)),
    (Reason.MINOR_WITHOUT_GUARDIAN, lambda case: case.own_will and _is_minor_alone(case)),
)
