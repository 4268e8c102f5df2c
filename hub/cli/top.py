"""`jobhub top`: the state of a hub as a live screen."""

from __future__ import annotations

import time
from typing import Any, Final

import click
from rich.live import Live

from hub.cli.fleet_state import FleetState
from hub.cli.fleet_view import Link, draw
from hub.cli.hub_api import HubApi
from hub.cli.output import console, print_json
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from
from hub.monitor_stream import Frame, Lost, MonitorStream

_TOPICS: Final = ("jobs", "workers", "system_stats")
_DRAW_EVERY_S: Final = 0.25  # quicker than the eye asks for; events are folded as they come


@click.command("top")
@click.option("--once", is_flag=True, help="Print the screen once and end.")
@settings_flags(CLIENT)
@click.option("--json", "as_json", is_flag=True, help="Print counts of jobs and workers once.")
def top_command(once: bool, as_json: bool, **flags: Any) -> None:
    """Watch a hub: counts, figures, running jobs, queues and workers, until Ctrl-C."""
    settings = settings_from(flags)
    if as_json:
        with HubApi(settings) as api:
            print_json(api.get("/api/stats", dict[str, Any]))
        return
    stream = MonitorStream(settings, _TOPICS, full_state=True)
    try:
        _show(stream, settings.hub_url, once)
    except KeyboardInterrupt:
        return


def _show(stream: MonitorStream, url: str, once: bool) -> None:
    state, out = FleetState(), console()
    link = Link(url)
    frames = stream.read(timeout_s=_DRAW_EVERY_S)
    for frame in frames:
        if isinstance(frame, Frame):
            state.take(frame)
            if frame.type == "full_state_snapshot":
                break
    if once:
        out.print(draw(state, link, out.size))
        return
    with Live(console=out, screen=True, auto_refresh=False) as live:
        drawn_at = 0.0
        while True:
            if time.monotonic() - drawn_at >= _DRAW_EVERY_S:
                drawn_at = time.monotonic()
                live.update(draw(state, link, out.size), refresh=True)
            frame = next(frames)
            if isinstance(frame, Lost):
                link = Link(url, lost=frame.reason)
                drawn_at = 0.0
            elif frame is not None:
                link = Link(url)
                state.take(frame)
