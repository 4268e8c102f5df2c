"""Passwords as scrypt digests: `scrypt$n$r$p$salt$digest`, so that stronger parameters can follow."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from typing import Final

# OWASP's Password Storage Cheat Sheet: N = 2^15, r = 8, p = 3; a third of a second, 32 MiB.
_N: Final = 2**15
_R: Final = 8
_P: Final = 3
_SALT_BYTES: Final = 16
_MEMORY_BYTES: Final = 64 * 2**20
HASH_PATTERN: Final = r"^scrypt\$32768\$8\$3\$[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{86}==$(?!\n)"
PASSWORD_CHARS_MIN: Final = 10
PASSWORD_CHARS_MAX: Final = 200


def hash_password(password: str) -> str:
    """Digest a password with a salt of its own."""
    salt = secrets.token_bytes(_SALT_BYTES)
    words = (b64encode(salt).decode(), b64encode(_digest(password, salt)).decode())
    return f"scrypt${_N}${_R}${_P}${'$'.join(words)}"


def password_matches(password: str, stored: str | None) -> bool:
    """Compare in constant time; where nothing is stored it takes as long, and is False."""
    salt, digest = (b64decode(word) for word in (stored or _NOBODY).split("$")[4:])
    return hmac.compare_digest(_digest(password, salt), digest) and stored is not None


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=_N,
        r=_R,
        p=_P,
        maxmem=_MEMORY_BYTES,
    )


_NOBODY: Final = f"scrypt${_N}${_R}${_P}${'A' * 22}==${'A' * 86}=="
