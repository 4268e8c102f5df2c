"""How the analytics page writes figures: the same way as assets/js/20_format.js."""

from __future__ import annotations

from typing import Final

NONE: Final = "–"


def count(value: float | None) -> str:
    """1,204 and, from a million on, 1.2M."""
    if value is None:
        return NONE
    return f"{value / 1e6:.1f}M" if abs(value) >= 1e6 else f"{value:,.0f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 1 as percent, without its sign."""
    return NONE if share is None else f"{share * 100:.{digits}f}"


def duration(ms: float | None) -> str:
    """8 ms, 1.2 s, 3:20 min, 2:05 h, 1.4 d."""
    if ms is None:
        return NONE
    if ms < 1_000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1_000:.1f} s" if ms < 10_000 else f"{ms / 1_000:.0f} s"
    minutes = int(ms // 60_000)
    if minutes < 60:
        return f"{minutes}:{int(ms % 60_000 // 1_000):02d} min"
    if minutes < 1_440:
        return f"{minutes // 60}:{minutes % 60:02d} h"
    return f"{minutes / 1_440:.1f} d"


def change(now: float | None, before: float | None) -> str:
    """The change against the previous period: ▲ 12 %, ▼ 3 %, or nothing to compare with."""
    if now is None or before is None:
        return "no figures before"
    if before == 0:
        return "as before" if now == 0 else "from zero"
    ratio = now / before - 1
    if abs(ratio) < 0.005:
        return "as before"
    if ratio >= 9:
        return f"▲ ×{now / before:.0f}"
    return f"{'▲' if ratio > 0 else '▼'} {abs(ratio) * 100:.0f} %"
