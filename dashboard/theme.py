"""The palette, read from the one place where it is written: assets/css/00_tokens.css.

Charts take their colours in the browser (assets/js/25_theme.js), because they change with the theme
without a new page. Python needs them for the browser's own bar and for the test of contrast.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from dashboard.assets import ASSETS

ThemeName = Literal["light", "dark"]

_TOKENS: Final = ASSETS / "css" / "00_tokens.css"
_BLOCKS: Final[dict[ThemeName, str]] = {"light": ":root", "dark": '[data-bs-theme="dark"]'}
_COLOUR: Final = re.compile(r"--([a-z-]+):\s*(#[0-9a-f]{6});")


@lru_cache
def palette(theme: ThemeName) -> dict[str, str]:
    """Give every colour of a theme by its token, as #rrggbb."""
    text = _TOKENS.read_text(encoding="utf-8")
    _, _, rest = text.partition(_BLOCKS[theme] + " {")
    block, _, _ = rest.partition("}")
    return dict(_COLOUR.findall(block))
