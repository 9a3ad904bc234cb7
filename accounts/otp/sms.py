"""The SMS gateway."""

import logging
from collections.abc import Mapping
from uuid import UUID

import httpx
from django.conf import settings

from accounts.otp.errors import Refused, SendingFailed

TIMEOUT_SECONDS = 5.0
log = logging.getLogger(__name__)


def send_sms(
    phone: str,
    template: str,
    parameters: Mapping[str, str],
    text: str,
    *,
    key: UUID,
    client: httpx.Client | None = None,
) -> str:
    """Hand one message to the gateway; its reference for the message.

    phone: E.164. template and parameters: what the carriers approved; text: the same in full, with the signature. key:
    the message's own id, by which a gateway knows a repetition.
    Raises SendingFailed if the gateway is away or answers strangely, Refused if it says no.
    """
    post = client.post if client else httpx.post
    message = {
        "id": key.hex,
        "phone": phone,
        "template": template,
        "parameters": dict(parameters),
        "text": text,
    }
    try:
        response = post(f"{settings.SMS_GATEWAY_URL}/batch", json={"messages": [message]}, timeout=TIMEOUT_SECONDS)
        response.raise_for_status()
        (result,) = response.json()["results"]
        outcome, code, reference = result["outcome"], str(result["code"]), str(result["reference"])
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        log.warning("SMS gateway failed: %s", type(error).__name__)
        raise SendingFailed from error
    if outcome != "sent":
        log.warning("SMS gateway refused a message: %r", code[:40])
        raise Refused
    return reference
