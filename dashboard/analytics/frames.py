"""The hub's columns as pandas frames, on a whole time line and in the viewer's time zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from dashboard.analytics.timespan import Timespan

if TYPE_CHECKING:
    import pandas as pd

Columns = Mapping[str, Sequence[Any]]

_MEASURED: Final = (
    "_ms",
    "utilisation",
    "pending_max",
)  # how names end that are unknown without figures


def on_time_line(columns: Columns, wanted: Sequence[str], span: Timespan) -> pd.DataFrame:
    """Index buckets by their start in local time as text, gaps included; `partial`: not over yet.

    Counts of a bucket without figures are 0, what is measured is not known.
    """
    import pandas as pd

    step_ms = span.step_s * 1000
    line = pd.RangeIndex(span.from_ms // step_ms * step_ms, span.to_ms, step_ms)
    given = {name: columns.get(name, ()) for name in (*wanted, "partial")}
    frame = pd.DataFrame(given, index=columns.get("at", ())).reindex(line)
    counted = [name for name in wanted if not name.endswith(_MEASURED)]
    frame[counted] = frame[counted].fillna(0)
    frame["partial"] = frame["partial"].eq(True)
    local = pd.to_datetime(line, unit="ms", utc=True).tz_convert(span.zone).tz_localize(None)
    # Without its zone, or Plotly would turn it into UTC; NumPy writes it in a tenth of strftime's time.
    frame.index = pd.Index(local.to_numpy().astype("datetime64[s]").astype(str).tolist())
    return frame


def by_hour_and_weekday(columns: Columns, zone: str) -> pd.DataFrame:
    """Utilisation, a row a weekday from Monday and a column an hour; columns: of hours."""
    import pandas as pd

    frame = pd.DataFrame({name: columns.get(name, ()) for name in ("at", "busy_ms", "offered_ms")})
    local = pd.to_datetime(frame["at"], unit="ms", utc=True).dt.tz_convert(zone)
    frame["weekday"], frame["hour"] = local.dt.day_of_week, local.dt.hour
    sums = frame.groupby(["weekday", "hour"])[["busy_ms", "offered_ms"]].sum()
    share = (sums["busy_ms"] / sums["offered_ms"].where(sums["offered_ms"] > 0)).unstack("hour")
    return share.reindex(index=range(7), columns=range(24))
