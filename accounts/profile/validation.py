"""What fits a field: each function takes what somebody typed and gives it in its one way of being written.

They raise ValidationError with what is wrong and what right looks like; the message never repeats the value.
"""

import re
import unicodedata
from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NAME_LENGTH = 100
TEXT_LENGTH = 120
ADDRESS_LENGTH = 200
ENDLESS = "long-term"  # of a document that does not expire
FIRST_BIRTH = date(1900, 1, 1)
LAST_EXPIRY_YEARS = 50

_MIDDLE_DOTS = re.compile(r"\s*[\u00b7\u2022\u2027\u2219\u22c5\u30fb]\s*")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"})
_NAME_SIGNS = frozenset(" '-.\u00b7")
_RESIDENT = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
# Codes of provinces in GB/T 2260; 81 to 83 stand on residence permits of Hong Kong, Macao and Taiwan residents.
_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z
_CREDIT_CODE = re.compile(rf"[{_CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{_CREDIT_ALPHABET}]{{10}}")
_PASSPORT = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,15}")
_HK_MACAO = re.compile(r"[HM]\d{8}(\d{2})?", re.ASCII)
_TAIWAN = re.compile(r"\d{8}|\d{10}[A-Z]?", re.ASCII)
_FOREIGNER_OLD = re.compile(r"[A-Z]{3}\d{12}", re.ASCII)
_FOREIGNER_NEW = re.compile(r"9\d{16}[\dX]", re.ASCII)


def parse_name(text: str) -> str:
    """A person's name: letters of any script, spaces, hyphens, apostrophes and middle dots."""
    name = _MIDDLE_DOTS.sub("\u00b7", _one_line(text, NAME_LENGTH).translate(_APOSTROPHES))
    letters = sum(unicodedata.category(character)[0] == "L" for character in name)
    strange = (c for c in name if c not in _NAME_SIGNS and unicodedata.category(c)[0] not in "LM")
    if not letters or next(strange, "") or not unicodedata.category(name[0])[0] == "L":
        raise ValidationError(_("A name has letters, spaces, hyphens and middle dots, and no digits."))
    return name


def parse_text(text: str) -> str:
    """A line of words."""
    return _with_letters(_one_line(text, TEXT_LENGTH))


def parse_address(text: str) -> str:
    """A postal address in one line; line breaks become spaces."""
    address = _with_letters(_one_line(re.sub(r"\s*[\r\n]+\s*", " ", text), ADDRESS_LENGTH))
    if len(address) < 5:
        raise ValidationError(_("Enter the whole address, with street and number."))
    return address


def parse_expiry(text: str) -> str:
    """The last day of a document, as `2030-01-31`, or `long-term`. A day that has passed is refused."""
    if text == ENDLESS:
        return ENDLESS
    try:
        day = date.fromisoformat(unicodedata.normalize("NFKC", text).strip())
    except ValueError as error:
        raise ValidationError(_("Enter a date such as 2030-01-31.")) from error
    today = timezone.localdate()
    if day < today:
        raise ValidationError(_("This document has expired. Use one that is valid."))
    if day.year > today.year + LAST_EXPIRY_YEARS:
        raise ValidationError(_("No document is valid that long. Check the year."))
    return day.isoformat()


def parse_resident_number(text: str) -> str:
    """The citizen identity number of GB 11643: region, birth date, serial number and check character."""
    number = _compact(text)
    if not _RESIDENT.fullmatch(number):
        raise ValidationError(_("A resident identity number has 18 characters: 17 digits, then a digit or X."))
    if not _PROVINCE.match(number) or not _is_birth_date(number[6:14]) or not _fits_check(number):
        raise ValidationError(_("This identity number cannot be right. Please compare each digit with the card."))
    return number


def parse_passport(text: str) -> str:
    """5 to 15 letters and digits, as passports of all states have them."""
    return _matching(text, (_PASSPORT,), ValidationError(_("A passport number has 5 to 15 letters and digits.")))


def parse_hk_macao_permit(text: str) -> str:
    """Mainland travel permit of Hong Kong and Macao residents: H or M and 8 digits, on old ones 10."""
    complaint = ValidationError(_("The number of this permit begins with H or M, followed by 8 digits."))
    return _matching(text, (_HK_MACAO,), complaint)


def parse_taiwan_permit(text: str) -> str:
    """Mainland travel permit of Taiwan residents: 8 digits; on old ones 10 and a letter."""
    return _matching(text, (_TAIWAN,), ValidationError(_("The number of this permit has 8 digits.")))


def parse_foreigner_card(text: str) -> str:
    """Foreign permanent resident card: since 2023 18 characters from 9 on, earlier 3 letters and 12 digits."""
    complaint = ValidationError(_("The number of this card has 18 digits from 9 on, or 3 letters and 12 digits."))
    number = _matching(text, (_FOREIGNER_OLD, _FOREIGNER_NEW), complaint)
    if number[0] == "9" and not (_is_birth_date(number[6:14]) and _fits_check(number)):
        raise ValidationError(_("This identity number cannot be right. Please compare each digit with the card."))
    return number


def parse_card_number(text: str) -> str:
    """A number of a payment card: 12 to 19 digits, the last of them right. Source: ISO/IEC 7812-1, annex B (Luhn)."""
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
    if not (digits.isascii() and digits.isdecimal() and 12 <= len(digits) <= 19):
        raise ValidationError(_("A card number has 12 to 19 digits."))
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    if (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10:
        raise ValidationError(_("That is not a card number: one of its digits is wrong."))
    return digits


def parse_credit_code(text: str) -> str:
    """The unified social credit code of GB 32100: 18 characters, the last of which checks the others."""
    code = _compact(text)
    if not _CREDIT_CODE.fullmatch(code):
        raise ValidationError(_("A unified social credit code has 18 digits and capital letters."))
    total = sum(_CREDIT_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(code[:17]))
    if _CREDIT_ALPHABET[-total % 31] != code[17]:
        raise ValidationError(_("This code cannot be right. Please compare each character with the licence."))
    return code


def _one_line(text: str, longest: int) -> str:
    line = " ".join(unicodedata.normalize("NFKC", text).split())
    if not line:
        raise ValidationError(_("Enter something here."))
    if len(line) > longest:
        raise ValidationError(_("That is too long: at most %(count)d characters."), params={"count": longest})
    if any(unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn") for character in line):
        raise ValidationError(_("This contains a character that cannot be printed."))
    return line


def _with_letters(line: str) -> str:
    if not any(unicodedata.category(character)[0] == "L" for character in line):
        raise ValidationError(_("Write it in words."))
    return line


def _compact(text: str) -> str:
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()


def _matching(text: str, shapes: tuple[re.Pattern[str], ...], complaint: ValidationError) -> str:
    number = _compact(text)
    if not any(shape.fullmatch(number) for shape in shapes):
        raise complaint
    return number


def _is_birth_date(digits: str) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return FIRST_BIRTH <= born <= timezone.localdate()


def _fits_check(number: str) -> bool:
    """The check character of ISO 7064 MOD 11-2, as GB 11643 uses it."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _RESIDENT_WEIGHTS, strict=True))
    return _RESIDENT_CHECKS[total % 11] == number[17]
