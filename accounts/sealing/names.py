"""Names that say nothing: a few bytes in a form that only the portal can read, and that nobody can make up.

The same bytes under the same label have the same name, for good: it hangs on INDEX_KEY, which never changes. Under
another label they have another one, so two companies cannot compare whom they know. Source: RFC 5297 (AES-SIV).
"""

import base64
import binascii
import hmac
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from accounts.sealing.rules import index_key


def name_of(content: bytes, label: str) -> str:
    """content, at least one byte, as text that stands in addresses as it is."""
    return base64.urlsafe_b64encode(_cipher(index_key()).encrypt(content, [label.encode()])).decode().rstrip("=")


def named_by(name: str, label: str) -> bytes | None:
    """What was given that name under label; None for anything else."""
    try:
        sealed = base64.b64decode(name + "=" * (-len(name) % 4), altchars=b"-_", validate=True)
        return _cipher(index_key()).decrypt(sealed, [label.encode()])
    except (InvalidTag, ValueError, binascii.Error):
        return None


@cache
def _cipher(key: bytes) -> AESSIV:
    return AESSIV(hmac.digest(key, b"assent/names/1", "sha512"))
