"""The kinds of problem that a caller of the API can meet. The page of problems shows them all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Kind:
    """title: what is wrong. advice: what the caller can do about it."""

    status: int
    title: str | Promise
    advice: str | Promise


def snake_case(name: str) -> str:
    """`UnknownPurpose` as `unknown_purpose`: how the code of an error follows from its class."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


KINDS: dict[str, Kind] = {
    "bad_request": Kind(
        400, _("The call could not be read"), _("Send only parameters that the operation names, each once.")
    ),
    "unreadable": Kind(400, _("The body is not JSON"), _("Send one JSON object in UTF-8.")),
    "idempotency_key": Kind(
        400,
        _("The idempotency key is missing or unusable"),
        _("Send a header Idempotency-Key of 1 to 200 printable ASCII characters, another one for each act."),
    ),
    "invalid_answers": Kind(
        400,
        _("These answers cannot be recorded"),
        _("Send between 1 and 500 answers, each question once, and texts without control characters."),
    ),
    "https_required": Kind(
        403,
        _("The call came in clear"),
        _("Use https. The key travelled where others can read it: revoke it and take a new one."),
    ),
    "key_missing": Kind(401, _("There is no API key"), _("Send the header Authorization: Bearer and your key.")),
    "key_unknown": Kind(
        401, _("The API key is unknown"), _("Check that the key was copied whole; it begins with assent_.")
    ),
    "key_expired": Kind(401, _("The API key has expired"), _("Ask the desk for a new one.")),
    "key_revoked": Kind(401, _("The API key was revoked"), _("Ask the desk for a new one.")),
    "scope_missing": Kind(
        403, _("The API key may not do this"), _("Ask the desk for a key with the scope that this operation names.")
    ),
    "not_found": Kind(
        404, _("There is nothing here"), _("It does not exist, or it is not your company's: both look the same.")
    ),
    "no_consent_to_state": Kind(
        404, _("There is no receipt of this form"), _("Kantara's form exists for consents that were given.")
    ),
    "method_not_allowed": Kind(
        405, _("This address has no such method"), _("The header Allow names those that it has.")
    ),
    "not_acceptable": Kind(
        406, _("There is no such representation"), _("Ask in Accept for one that the operation documents.")
    ),
    "idempotency_conflict": Kind(
        409,
        _("The idempotency key was used for something else"),
        _("Nothing was recorded. Repeat a call with its own key and content; take a new key for a new act."),
    ),
    "version_not_published": Kind(
        409,
        _("There is no such published version"),
        _("Read the versions of the policy. Without a version the one in effect is meant."),
    ),
    "subject_closed": Kind(409, _("The person has left"), _("Nothing more is recorded about them.")),
    "no_profiling": Kind(
        409, _("The person does not allow labels"), _("Nothing was recorded. Treat them as without any label.")
    ),
    "not_withdrawable": Kind(
        409,
        _("There is nothing to withdraw"),
        _("No consent is in force here, or law or contract decides and not consent."),
    ),
    "person_erased": Kind(
        410, _("The person's information was erased"), _("No receipt can be issued about them any more.")
    ),
    "too_large": Kind(413, _("The body is too large"), _("Send at most 1 MB; import large amounts.")),
    "unsupported_media_type": Kind(
        415, _("The body is of another type"), _("Send it with Content-Type: application/json.")
    ),
    "invalid": Kind(422, _("Some values are not as they must be"), _("Each is named under errors.")),
    "unknown_purpose": Kind(
        422,
        _("This version does not ask that question"),
        _("Read the version's purposes; an empty code means the policy as a whole."),
    ),
    "not_askable": Kind(
        422, _("This purpose does not rest on consent"), _("Law or contract decides: nobody is asked about it.")
    ),
    "implied_not_allowed": Kind(
        422,
        _("Continued use does not count as consent here"),
        _("It stands for a yes to the policy as a whole alone, and never where purposes or recipients changed."),
    ),
    "separate_needed": Kind(
        422,
        _("This has to be asked by itself"),
        _("Ask it apart from everything else, and send the yes with the kind “separate”."),
    ),
    "unknown_recipient": Kind(
        422,
        _("This purpose names no such recipient"),
        _("The version says who may be given what the purpose uses; others need a new version."),
    ),
    "too_many_requests": Kind(
        429, _("Too many requests"), _("Wait as many seconds as Retry-After says. RateLimit tells what is left.")
    ),
    "searched_too_often": Kind(
        429,
        _("This was searched for too often"),
        _("A key may search so many times an hour, and a company for one contact so many times a day."),
    ),
    "broken": Kind(500, _("Something went wrong on our side"), _("Try once more with the same idempotency key.")),
    "unavailable": Kind(
        503, _("The portal cannot answer for a moment"), _("Try once more with the same idempotency key.")
    ),
}
