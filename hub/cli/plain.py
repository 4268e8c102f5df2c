"""Text from outside as a terminal may print it: what jobs and workers say shall not steer it."""

from __future__ import annotations

import re
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # all but the line feed


def plain(text: str) -> str:
    """Write control characters as escapes."""
    return _CONTROL.sub(lambda found: repr(found.group())[1:-1], text)
