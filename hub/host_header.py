"""Reads the Host header, which a request names the server by: what is no host has no name."""

from __future__ import annotations

import re
from typing import Final

_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?")


def name_in(host: str) -> str | None:
    """Tell the name without port and brackets, in small letters; None where it is no host.

    Stricter than a URL: nobody is `user@host`, and there is no path.
    """
    found = _HOST.fullmatch(host)
    return (found[1] or found[2]).lower() if found else None
