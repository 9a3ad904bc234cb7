"""Sessions that say nothing to whoever reads the database."""

import base64
import json
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class EncryptedSerializer:
    """What Django's session engine writes: JSON under FIELD_KEY.

    FIELD_KEY may name several keys with commas: the first encrypts, all decrypt, so a key can be changed without
    signing anybody out. A session under an unknown key is an empty one.
    """

    def dumps(self, obj: Any) -> bytes:
        return _box(settings.FIELD_KEY).encrypt(json.dumps(obj, separators=(",", ":")).encode())

    def loads(self, data: bytes) -> Any:
        return json.loads(_box(settings.FIELD_KEY).decrypt(data))


@cache
def _box(keys: str) -> MultiFernet:
    try:
        raw = [base64.b64decode(key.strip(), validate=True) for key in keys.split(",")]
        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in raw])
    except ValueError as error:
        raise ImproperlyConfigured("FIELD_KEY must be 32 random bytes in base64, or several with commas") from error
