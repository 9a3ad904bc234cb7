"""What the portal may know about a person, field by field, and when an identity document expires."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.profile import validation
from accounts.profile.countries import NAMES
from accounts.profile.masks import mask_address, mask_name, mask_number
from accounts.profile.specs import Choices, DocumentKind, FieldSpec, Holder, LockedWhen, LockReason

REMIND_BEFORE = timedelta(days=182)  # six months before a document expires

_IDENTITY = LockReason(
    LockedWhen.GIVEN,
    _("It identifies you. Later we change it only after comparing your document, so that nobody else can."),
    _("It identifies you. To change it, the document must be compared first, so that nobody else can."),
    _("the duty to know who a customer is"),
)
_REGISTERED = LockReason(
    LockedWhen.VERIFIED,
    _("From then on we change it only after comparing your document again."),
    _("It was compared with your document. To change it, the document must be compared again."),
    _("the duty to know who a customer is"),
)
_EVERYBODY = frozenset(Holder)
_ENTERPRISE = frozenset({Holder.ENTERPRISE})


def _alone(parse: Callable[[str], str]) -> Callable[[str, Mapping[str, str]], str]:
    return lambda text, _others: parse(text)


def _one_of(choices: Callable[[], Choices]) -> Callable[[str, Mapping[str, str]], str]:
    def parse(text: str, _others: Mapping[str, str]) -> str:
        if text not in dict(choices()):
            raise ValidationError(_("Choose one of the list."))
        return text

    return parse


def _holders() -> Choices:
    return ((Holder.PERSON.value, _("A person")), (Holder.ENTERPRISE.value, _("An enterprise or organisation")))


def _sexes() -> Choices:
    return (("female", _("Female")), ("male", _("Male")))


def _nationalities() -> Choices:
    place = 1 if (get_language() or "").startswith("zh") else 0
    rest = sorted(((code, names[place]) for code, names in NAMES.items() if code != "CN"), key=lambda row: row[1])
    return [("CN", NAMES["CN"][place]), *rest]


DOCUMENT_KINDS = {
    kind.code: kind
    for kind in (
        DocumentKind("resident-card", _("Resident identity card"), validation.parse_resident_number),
        DocumentKind("passport", _("Passport"), validation.parse_passport),
        DocumentKind(
            "hk-macao-permit",
            _("Mainland travel permit for Hong Kong and Macao residents"),
            validation.parse_hk_macao_permit,
        ),
        DocumentKind("taiwan-permit", _("Mainland travel permit for Taiwan residents"), validation.parse_taiwan_permit),
        DocumentKind("foreigner-card", _("Foreign permanent resident card"), validation.parse_foreigner_card),
    )
}


def _document_kinds() -> Choices:
    return [(kind.code, kind.label) for kind in DOCUMENT_KINDS.values()]


def _parse_document_number(text: str, others: Mapping[str, str]) -> str:
    kind = DOCUMENT_KINDS.get(others.get("id-kind", ""))
    if kind is None:
        raise ValidationError(_("Choose the kind of document first."))
    return kind.parse(text)


FIELDS: Mapping[str, FieldSpec] = {
    spec.code: spec
    for spec in (
        FieldSpec(
            "account-holder",
            _("Account holder"),
            _("Choose for whom this account is."),
            _one_of(_holders),
            holders=_EVERYBODY,
            choices=_holders,
            hint=_("It decides what we ask you for."),
        ),
        FieldSpec(
            "name",
            _("Name"),
            _("Enter your name."),
            _alone(validation.parse_name),
            mask_name,
            lock=_REGISTERED,
            is_masked=True,
            hint=_("As it stands on your identity document."),
            autocomplete="name",
        ),
        FieldSpec(
            "nationality",
            _("Nationality"),
            _("Choose your nationality."),
            _one_of(_nationalities),
            lock=_REGISTERED,
            choices=_nationalities,
        ),
        FieldSpec(
            "sex",
            _("Sex"),
            _("Choose your sex."),
            _one_of(_sexes),
            lock=_REGISTERED,
            choices=_sexes,
            autocomplete="sex",
        ),
        FieldSpec(
            "occupation",
            _("Occupation"),
            _("Enter your occupation."),
            _alone(validation.parse_text),
            hint=_("Such as teacher, student or shop owner."),
            autocomplete="organization-title",
        ),
        FieldSpec(
            "address",
            _("Address"),
            _("Enter your address."),
            _alone(validation.parse_address),
            mask_address,
            holders=_EVERYBODY,
            is_masked=True,
            hint=_("Province, city, district, street and number."),
            autocomplete="street-address",
        ),
        FieldSpec(
            "id-kind",
            _("Kind of identity document"),
            _("Choose the kind of document."),
            _one_of(_document_kinds),
            lock=_IDENTITY,
            choices=_document_kinds,
            also_as="id-number",
        ),
        FieldSpec(
            "id-number",
            _("Number of the document"),
            _("Enter the number of the document."),
            _parse_document_number,
            mask_number,
            lock=_IDENTITY,
            is_sensitive=True,
            is_masked=True,
        ),
        FieldSpec(
            "id-expiry",
            _("The document is valid until"),
            _("Enter the last day of the document, or tick that it is valid without end."),
            _alone(validation.parse_expiry),
            also_as="id-number",
        ),
        FieldSpec(
            "card-number",
            _("Bank card number"),
            _("Enter the long number on the front of the card."),
            _alone(validation.parse_card_number),
            mask_number,
            holders=_EVERYBODY,
            is_sensitive=True,
            is_masked=True,
            hint=_("The long number on the front of the card."),
            on_demand=True,
        ),
        FieldSpec(
            "company-name",
            _("Name of the enterprise"),
            _("Enter the name of the enterprise."),
            _alone(validation.parse_text),
            holders=_ENTERPRISE,
            lock=_REGISTERED,
            hint=_("As it stands on the business licence."),
            autocomplete="organization",
        ),
        FieldSpec(
            "registration-number",
            _("Unified social credit code"),
            _("Enter the 18 characters of the code."),
            _alone(validation.parse_credit_code),
            mask_number,
            holders=_ENTERPRISE,
            lock=_IDENTITY,
            is_masked=True,
            hint=_("18 digits and capital letters, on the business licence."),
        ),
        FieldSpec(
            "contact-person",
            _("Contact person"),
            _("Enter the name of the contact person."),
            _alone(validation.parse_name),
            mask_name,
            holders=_ENTERPRISE,
            is_masked=True,
            hint=_("Whom we ask about this account."),
        ),
    )
}
DOCUMENT = ("id-kind", "id-number", "id-expiry")  # given together, on one page


def fields_on_page(code: str) -> tuple[str, ...]:
    """The fields that are edited on the page of one of them."""
    return DOCUMENT if code in DOCUMENT else (code,)


def parse_values(values: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    """values in their one way of writing. others: what else is known of the person, by code.

    Raises ValidationError with the messages by field.
    """
    parsed: dict[str, str] = {}
    wrong: dict[str, ValidationError] = {}
    for code in (code for code in FIELDS if code in values):
        try:
            parsed[code] = FIELDS[code].parse(values[code], {**others, **parsed})
        except ValidationError as error:
            wrong[code] = error
    if wrong:
        raise ValidationError(wrong)
    return parsed


def parse_said(said: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Values by code as somebody writes them in words, one of a list by its name, in their one way of writing. known:
    the person's values by code, to which they must fit once they are written.

    Raises ValidationError with the messages by field, also by one that is known and would no longer fit.
    """
    values = {code: _by_name(code).get(words, words) for code, words in said.items()}
    parsed = parse_values(with_number(values, known), known)
    return {code: parsed[code] for code in said}


def _by_name(code: str) -> dict[str, str]:
    names = FIELDS[code].choices
    return {str(name): value for value, name in names()} if names else {}


def with_number(values: Mapping[str, str], known: Mapping[str, str]) -> Mapping[str, str]:
    """A number is right or wrong only as one of a kind of document: it is judged again when that changes."""
    if "id-kind" in values and "id-number" in known:
        return {"id-number": known["id-number"], **values}
    return values


def remind_on(expiry: str) -> date | None:
    """The day from which a person is reminded that their document expires; None for one without end.

    The first of a month: what stands beside a sealed date should not tell it. Source: K15.
    """
    if not expiry or expiry == validation.ENDLESS:
        return None
    return (date.fromisoformat(expiry) - REMIND_BEFORE).replace(day=1)


def expires_soon(expiry: str, today: date) -> bool:
    """Whether a document expires within six months, or has."""
    return bool(expiry) and expiry != validation.ENDLESS and date.fromisoformat(expiry) - REMIND_BEFORE <= today
