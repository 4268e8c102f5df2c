"""The range of time that a page of figures shows, as its URL says it."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

GroupBy = Literal["all", "job_type", "worker"]

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

PRESETS: Final[dict[str, tuple[str, int]]] = {
    "15m": ("15 min", 15 * MINUTE_MS),
    "1h": ("1 h", HOUR_MS),
    "6h": ("6 h", 6 * HOUR_MS),
    "24h": ("24 h", DAY_MS),
    "7d": ("7 days", 7 * DAY_MS),
    "30d": ("30 days", 30 * DAY_MS),
    "90d": ("90 days", 90 * DAY_MS),
}
DEFAULT_PRESET: Final = "24h"
_SHORTEST_MS: Final = 10_000
_LONGEST_MS: Final = 400 * DAY_MS

# (longest range, step): up to four hundred buckets, each an exact sum of stored ones.
_STEPS: Final = (
    (20 * MINUTE_MS, 10),
    (6 * HOUR_MS, 60),
    (30 * HOUR_MS, 300),
    (4 * DAY_MS, 900),
    (10 * DAY_MS, 3_600),
    (45 * DAY_MS, 10_800),
    (100 * DAY_MS, 21_600),
)
_WIDEST_S: Final = 86_400  # of UTC, as they are stored
# (age, step): what the hub keeps of a past of that age, less a little: it has to be there when asked for.
_KEPT: Final = ((55 * MINUTE_MS, 10), (7 * DAY_MS - HOUR_MS, 60))
_LONGEST_KEPT_S: Final = 900


class Timespan(msgspec.Struct, frozen=True):
    """[from_ms, to_ms) in Unix ms, seen from a time zone; `preset` is empty for a range of its own.

    `finest_s`: the narrowest bucket that the hub still keeps of it and of the period before.
    """

    from_ms: int
    to_ms: int
    preset: str
    group_by: GroupBy
    zone: str
    finest_s: int = 60

    @property
    def step_s(self) -> int:
        """The width of a bucket of its charts."""
        span = self.to_ms - self.from_ms
        chosen = next((step for longest, step in _STEPS if span <= longest), _WIDEST_S)
        return max(chosen, self.finest_s)

    @property
    def before(self) -> Timespan:
        """The period of the same length that ended where this one begins."""
        span = self.to_ms - self.from_ms
        return msgspec.structs.replace(self, from_ms=self.from_ms - span, to_ms=self.from_ms)

    @property
    def with_week(self) -> Timespan:
        """The same, begun earlier where it is shorter than a week: every weekday and hour is in it."""
        start = min(self.from_ms, self.to_ms - 7 * DAY_MS)
        return msgspec.structs.replace(self, from_ms=start)

    @property
    def query(self) -> dict[str, int]:
        """The range as the hub's API takes it."""
        return {"from": self.from_ms, "to": self.to_ms}

    def local(self, at: int) -> datetime:
        """A moment of the hub in the viewer's time zone."""
        return datetime.fromtimestamp(at / 1000, zone_of(self.zone))

    def search(self, **changes: str) -> str:
        """Write the query of a link to this page with `changes`."""
        words = {"range": self.preset} if self.preset else _bounds(self)
        if "range" in changes:
            words = {}
        if self.group_by != "all":
            words["by"] = self.group_by
        return "?" + urlencode({**words, **changes})


def read_timespan(
    words: dict[str, str], now_ms: int, zone: str, default: str = DEFAULT_PRESET
) -> Timespan:
    """Read the query of the page; what makes no sense is answered by the range of `default`.

    Args: words: `range` of PRESETS, or `from` and `to` as Unix ms or local times; `by`.
    """
    zone = zone_of(zone).key
    by = words.get("by", "all")
    group_by: GroupBy = by if by in ("job_type", "worker") else "all"  # type: ignore[assignment]
    start, end = (_moment(words.get(name, ""), zone) for name in ("from", "to"))
    if start is not None:
        end = now_ms if end is None else end
        if _SHORTEST_MS <= end - start <= _LONGEST_MS:
            return _timespan(start, end, now_ms, "", group_by, zone)
    preset = words.get("range", default)
    if preset not in PRESETS:
        preset = default
    return _timespan(now_ms - PRESETS[preset][1], now_ms, now_ms, preset, group_by, zone)


def names_range(words: dict[str, str]) -> bool:
    """Tell whether the query asks for a range, whatever it is."""
    return "range" in words or "from" in words


def shortest_preset(age_ms: int) -> str:
    """The shortest range that reaches back `age_ms`; a day where none of up to a day does."""
    fitting = (name for name, (_, span) in PRESETS.items() if age_ms <= span <= DAY_MS)
    return next(fitting, DEFAULT_PRESET)


def _timespan(
    start: int, end: int, now_ms: int, preset: str, group_by: GroupBy, zone: str
) -> Timespan:
    age_ms = now_ms - (2 * start - end)
    finest_s = next((step for oldest_ms, step in _KEPT if age_ms < oldest_ms), _LONGEST_KEPT_S)
    return Timespan(start, end, preset, group_by, zone, finest_s)


def zone_of(name: str) -> ZoneInfo:
    """The time zone of a name that a browser sent; UTC where it is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _moment(text: str, zone: str) -> int | None:
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= 15 else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone_of(zone))
    return int(moment.timestamp() * 1000)


def _bounds(span: Timespan) -> dict[str, str]:
    return {"from": str(span.from_ms), "to": str(span.to_ms)}
