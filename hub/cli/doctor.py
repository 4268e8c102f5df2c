"""`jobhub doctor`: looks at everything that Jobhub stands on, and says what to do about what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

import click
import msgspec
from rich.table import Table
from rich.text import Text

from hub.cli.hub_api import HubApi
from hub.cli.output import json_flag, print_json, print_table
from hub.cli.settings_flags import ALL, settings_flags, settings_from
from hub.config import Settings
from hub.errors import JobhubError
from hub.monitor_stream import Frame, MonitorStream

Verdict = Literal["ok", "warning", "problem"]

_STYLES: Final = {"ok": "green", "warning": "yellow", "problem": "red"}
_SKEW_MAX_MS: Final = 2_000  # more, and times on the screen and in logs do not agree
_SLOW_MS: Final = 20.0  # a round trip this long halves what a hub can do
_HANDSHAKE_S: Final = 10.0


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    fact: str
    remedy: str = ""


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


def _check_redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url is None:
        yield _check_embedded(settings)
        return
    import redis  # here alone: the other commands start without it

    client = redis.Redis.from_url(settings.redis_url, socket_timeout=5, protocol=2)
    try:
        began = time.monotonic()
        info: dict[str, Any] = client.info()  # CONFIG is refused by many managed servers
        took_ms = (time.monotonic() - began) * 1_000
    except (redis.RedisError, ValueError) as error:
        yield Finding("redis", "problem", str(error), "start it, or correct REDIS_URL")
        return
    finally:
        client.close()
    yield _check_version(info)
    yield _check_persistence(info)
    yield _check_memory(info)
    if took_ms > _SLOW_MS:
        yield Finding(
            "redis", "warning", f"answers in {took_ms:.0f} ms", "put hub and Redis close together"
        )


def _check_embedded(settings: Settings) -> Finding:
    from hub.embedded import find_program

    try:
        program = find_program()
    except JobhubError as error:
        return Finding("redis", "problem", error.message)
    return Finding("redis", "ok", f"embedded, in {settings.data_dir}, by {program}")


def _check_version(info: dict[str, Any]) -> Finding:
    valkey = info.get("valkey_version")
    name, text, least = (
        ("Valkey", valkey, (7, 2)) if valkey else ("Redis", info["redis_version"], (6, 2))
    )
    fact = f"{name} {text}"
    if tuple(int(part) for part in str(text).split(".")[:2]) >= least:
        return Finding("redis", "ok", fact)
    return Finding("redis", "problem", fact, f"{name} {least[0]}.{least[1]} or newer is needed")


def _check_persistence(info: dict[str, Any]) -> Finding:
    if info.get("aof_enabled"):
        return Finding("persistence", "ok", "append-only file")
    return Finding(
        "persistence",
        "warning",
        "no append-only file: a restart loses acknowledged jobs",
        "set appendonly yes",
    )


def _check_memory(info: dict[str, Any]) -> Finding:
    policy = info.get("maxmemory_policy", "noeviction")
    if policy == "noeviction" or not info.get("maxmemory"):
        return Finding("memory", "ok", f"{info['used_memory_human']} used, {policy}")
    return Finding(
        "memory", "problem", f"{policy}: jobs are thrown away when it is full", "use noeviction"
    )


def _check_hub(settings: Settings) -> Iterator[Finding]:
    with HubApi(settings) as api:
        try:
            api.get("/readyz", dict[str, Any])
            stats = api.get("/api/stats", dict[str, Any])
        except JobhubError as error:
            yield Finding("hub", "problem", error.message)
            return
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
            "clock", "warning", f"{skew_ms / 1_000:+.1f} s between hub and here", "synchronise both"
        )
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


_CHECKS: Final[tuple[Callable[[Settings], Iterator[Finding]], ...]] = (_check_redis, _check_hub)
