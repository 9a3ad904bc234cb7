"""What a contact is, and when two ways of writing one mean the same."""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from accounts.sealing.rules import blind_index

HOME_REGION = "CN"  # a number without a country code is read as one of this region
HOME_CODE = 86
HOME_DIGITS = 11
EMAIL_MAX_LENGTH = 254
_PHONE_CHARACTERS = re.compile(r"\+?[\d\s().\-\u2010-\u2015]+")
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)  # North America does not tell them apart


class ContactKind(StrEnum):
    """How the contact is reached."""

    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Contact:
    """value: an address in lower case, or a number in E.164. is_proven: whether the account has shown that it is
    theirs; two contacts are the same without it.
    """

    kind: ContactKind
    value: str
    is_proven: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return self.masked

    def as_fields(self) -> dict[str, str]:
        """The field of User that holds it."""
        return {str(self.kind): self.value}

    @property
    def index(self) -> bytes:
        """32 bytes by which it is found: see accounts.sealing."""
        index = blind_index(str(self.kind), self.value)
        if index is None:
            raise ValueError("a contact has a value")
        return index

    def as_lookup(self) -> dict[str, bytes]:
        """How it is found among users."""
        return {f"{self.kind}_index": self.index}

    @property
    def masked(self) -> str:
        """Enough to recognise one's own, too little to learn another's: `a***e@people.example`, `138 **** 8000`."""
        return mask_email(self.value) if self.kind is ContactKind.EMAIL else mask_phone(self.value)


def parse_contact(text: str) -> Contact:
    """The contact that somebody typed: an address if it has an @, else a mobile number.

    Raises ValidationError with what is wrong and what right looks like. Source: K14.
    """
    kind = ContactKind.EMAIL if "@" in unicodedata.normalize("NFKC", text) else ContactKind.PHONE
    return _parse(kind, text, _("Enter a mobile number of 11 digits, or an e-mail address."))


def parse_contact_as(kind: ContactKind, text: str) -> Contact:
    """The contact of that kind that somebody typed. Raises ValidationError as parse_contact. Source: K14."""
    return _parse(kind, text, _("Enter a mobile number of 11 digits."))


def mask_email(email: str) -> str:
    """`alice@people.example` as `a***e@people.example`."""
    local, _at, domain = email.rpartition("@")
    first, last = (local[:1] if len(local) > 1 else ""), (local[-1:] if len(local) > 2 else "")
    return f"{first}***{last}@{domain}"


def mask_phone(phone: str) -> str:
    """`+8613800138000` as `138 **** 8000`; a foreign number keeps its country code."""
    number = phonenumbers.parse(phone)
    national = str(number.national_number)
    masked = f"{national[:3]} **** {national[-4:]}" if len(national) > 8 else f"{national[:1]} **** {national[-2:]}"
    return masked if number.country_code == HOME_CODE else f"+{number.country_code} {masked}"


def _parse(kind: ContactKind, text: str, not_a_number: str | Promise) -> Contact:
    text = unicodedata.normalize("NFKC", text).strip()
    if kind is ContactKind.EMAIL:
        return Contact(kind, _normalise_email(text))
    return Contact(kind, _normalise_phone(text, not_a_number))


def _normalise_email(text: str) -> str:
    email = text.lower()
    try:
        MaxLengthValidator(EMAIL_MAX_LENGTH)(email)
        validate_email(email)
    except ValidationError as error:
        raise ValidationError(_("That is not an e-mail address. It should look like name@example.com.")) from error
    return email


def _normalise_phone(text: str, not_a_number: str | Promise) -> str:
    if not _PHONE_CHARACTERS.fullmatch(text):
        raise ValidationError(str(not_a_number))
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except NumberParseException as error:
        raise ValidationError(str(not_a_number)) from error
    if number.country_code == HOME_CODE and (count := len(str(number.national_number))) != HOME_DIGITS:
        raise ValidationError(
            ngettext_lazy(
                "A mobile number has 11 digits, this one has %(count)d.",
                "A mobile number has 11 digits, this one has %(count)d.",
                count,
            )
            % {"count": count}
        )
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in _MOBILE:
        raise ValidationError(_("That is not a mobile number. Outside mainland China, start with + and the country."))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


class Entrance(StrEnum):
    """The door through which somebody proves a contact."""

    SIGN_IN = "sign_in"
    SIGN_UP = "sign_up"

    @property
    def act(self) -> str:
        """The act of the one-time code."""
        return f"account.{self}"

    def expects(self, *, is_known: bool) -> bool:
        """Whether the contact should have an account already."""
        return is_known is (self is Entrance.SIGN_IN)
