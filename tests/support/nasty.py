"""Texts that outside programs may send and that must do no harm on any page."""

from __future__ import annotations

from typing import Final

NASTY: Final = (
    "<img src=x onerror=\"window.harmed='yes'\"><b>bold</b><script>window.harmed='yes'</script>",
    "=cmd|' /C calc'!A0 'quoted' \"twice\" \\ ${x} {{x}}",
    "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\U0001f680\U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301\u0301\u0301",
    "W" * 10_000,
)
