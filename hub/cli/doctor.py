"""`jobhub doctor`: looks at everything that Jobhub stands on, and says what to do about what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import click
from rich.table import Table
from rich.text import Text

from hub.cli.doctor_access import check_addresses, check_ports, check_tokens
from hub.cli.doctor_redis import check_redis
from hub.cli.finding import Finding
from hub.cli.hub_api import HubApi
from hub.cli.output import json_flag, print_json, print_table
from hub.cli.settings_flags import ALL, settings_flags, settings_from
from hub.config import Settings
from hub.errors import JobhubError
from hub.monitor_stream import Frame, MonitorStream

_STYLES: Final = {"ok": "green", "warning": "yellow", "problem": "red"}
_SKEW_MAX_MS: Final = 2_000  # more, and times on the screen and in logs do not agree
_HANDSHAKE_S: Final = 10.0


@click.command("doctor")
@settings_flags(ALL)
@json_flag
def doctor_command(as_json: bool, **flags: Any) -> None:
    """Check settings, Redis, hub and monitor socket; status 1 when there is a problem.

    Changes nothing. Run it where the hub runs, with the same settings.
    """
    settings = settings_from(flags)
    findings = [finding for check in _CHECKS for finding in check(settings)]
    if as_json:
        print_json(findings)
    else:
        _show(findings)
    problems = sum(finding.verdict == "problem" for finding in findings)
    if problems:
        raise JobhubError("1 problem" if problems == 1 else f"{problems} problems")


def _show(findings: list[Finding]) -> None:
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        table.add_row(
            Text(f"● {finding.verdict}", style=_STYLES[finding.verdict]),
            finding.subject,
            finding.fact,
        )
        if finding.remedy:
            table.add_row("", "", Text(f"→ {finding.remedy}", style="bold"))
    print_table(table)


def _check_hub(settings: Settings) -> Iterator[Finding]:
    with HubApi(settings) as api:
        try:
            api.get("/readyz", dict[str, Any])
            stats = api.get("/api/stats", dict[str, Any])
        except JobhubError as error:
            yield Finding("hub", "problem", error.message)
            return
        tokens = list(check_tokens(settings, api))
    workers = stats["workers"]
    connected = sum(workers.values()) - workers["offline"]
    yield Finding("hub", "ok", f"{settings.hub_url} is ready, event {stats['seq']}")
    pending = stats["counts"]["pending"]
    if pending and not connected:
        yield Finding(
            "workers",
            "warning",
            f"{pending:,} jobs wait and no worker is connected",
            "start one: jobhub worker MODULE:NAME",
        )
    else:
        yield Finding("workers", "ok", f"{connected} connected")
    skew_ms = stats["timestamp"] - time.time() * 1_000
    if abs(skew_ms) > _SKEW_MAX_MS:
        yield Finding(
            "hub clock",
            "warning",
            f"{skew_ms / 1_000:+.1f} s between hub and here",
            "synchronise both",
        )
    yield from tokens
    yield from _check_monitor(settings)


def _check_monitor(settings: Settings) -> Iterator[Finding]:
    began = time.monotonic()
    try:
        stream = MonitorStream(settings, ("jobs",), full_state=True)
        for frame in stream.read(timeout_s=_HANDSHAKE_S):
            if isinstance(frame, Frame) and frame.type == "full_state_snapshot":
                took_ms = (time.monotonic() - began) * 1_000
                yield Finding("monitor socket", "ok", f"state after {took_ms:.0f} ms")
                return
            if not isinstance(frame, Frame):
                break
    except JobhubError as error:
        yield Finding("monitor socket", "problem", error.message)
        return
    yield Finding(
        "monitor socket",
        "problem",
        "no state came",
        "a proxy in between must pass WebSocket upgrades on",
    )


_CHECKS: Final[tuple[Callable[[Settings], Iterator[Finding]], ...]] = (
    check_redis,
    check_ports,
    check_addresses,
    _check_hub,
)
