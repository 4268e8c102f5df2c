"""What `jobhub doctor` looks at in Redis: version, persistence, eviction, rights, clock and distance."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from hub import scripts
from hub.cli.finding import Finding
from hub.config import Settings
from hub.errors import JobhubError
from hub.keys import Keys

_SKEW_MAX_MS: Final = 2_000  # more, and times on the screen and in logs do not agree
_SLOW_MS: Final = (
    5.0  # a move is one round trip: this long, a hub makes 200 a second one after the other
)
_PINGS: Final = 20
_ANSWER_S: Final = 5
_FULL_SHARE: Final = 0.8
_CALLED: Final = re.compile(r"redis\.p?call\('([A-Z]+)'")
# Used by the hub itself, beside those of the scripts.
_HUBS_OWN: Final = frozenset(
    {
        *(
            "EVAL",
            "EVALSHA",
            "EXEC",
            "EXISTS",
            "GETDEL",
            "HDEL",
            "HGET",
            "HGETALL",
            "HLEN",
            "HMGET",
        ),
        *(
            "HSET",
            "HSETNX",
            "INFO",
            "LRANGE",
            "MULTI",
            "PING",
            "SET",
            "SUBSCRIBE",
            "TIME",
            "XRANGE",
        ),
        *("ZADD", "ZCARD", "ZMSCORE", "ZRANGE", "ZRANGEBYLEX", "ZRANGEBYSCORE", "ZREMRANGEBYRANK"),
    }
)


def check_redis(settings: Settings) -> Iterator[Finding]:
    """Look at the Redis of the settings; writes nothing."""
    if settings.redis_url is None:
        yield _check_embedded(settings)
        return
    import redis  # here alone: the other commands start without it

    from hub.redis_routes import read_redis_url

    keys = Keys(settings.namespace)
    try:
        pool = redis.ConnectionPool(
            **read_redis_url(settings.redis_url, keys.meta), socket_timeout=_ANSWER_S, protocol=2
        )
        client: Any = redis.Redis(connection_pool=pool)
        try:
            info: dict[str, Any] = client.info()  # CONFIG is refused by many managed servers
            yield _check_version(info)
            yield _check_persistence(info)
            yield _check_memory(info)
            yield _check_rights(client, keys)
            yield _check_clock(client)
            yield _check_distance(client)
        finally:
            client.close()
    except redis.AuthenticationError as error:
        yield Finding("redis", "problem", str(error), "correct user and password in REDIS_URL")
    except redis.exceptions.NoPermissionError as error:
        yield Finding("rights", "problem", str(error), _grant(keys))
    except (redis.RedisError, JobhubError, ValueError) as error:
        yield Finding("redis", "problem", str(error), "start it, or correct REDIS_URL")


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
    if not info.get("aof_enabled"):
        return Finding(
            "persistence",
            "warning",
            "no append-only file: a restart loses acknowledged jobs",
            "set appendonly yes",
        )
    written = info.get("aof_last_write_status", "ok")
    if written != "ok":
        return Finding(
            "persistence",
            "problem",
            f"the append-only file could not be written ({written}): writes are refused",
            "make room on the disk of Redis, and look at its log",
        )
    return Finding("persistence", "ok", "append-only file")


def _check_memory(info: dict[str, Any]) -> Finding:
    policy, most = info.get("maxmemory_policy", "noeviction"), info.get("maxmemory") or 0
    used = info["used_memory"]
    if most and policy != "noeviction":
        return Finding(
            "memory",
            "problem",
            f"{policy}: jobs are thrown away when it is full",
            "set maxmemory-policy noeviction",
        )
    if most and used > most * _FULL_SHARE:
        return Finding(
            "memory",
            "warning",
            f"{used * 100 // most} % of maxmemory is used",
            "raise maxmemory, or keep less: JOBHUB_KEEP_FINISHED",
        )
    return Finding("memory", "ok", f"{info['used_memory_human']} used, {policy}")


def _check_rights(client: Any, keys: Keys) -> Finding:
    """Ask the server itself what the user may do on the keys of the namespace."""
    names = sorted(
        _HUBS_OWN.union(*(_CALLED.findall(scripts.load(one).text) for one in scripts.names()))
    )
    known = client.execute_command("COMMAND", "INFO", *names)
    words = [
        [name, abs(told[1]) - 1] for name, told in zip(names, _entries(known), strict=True) if told
    ]
    script = scripts.load("check_rights")
    refused = client.execute_command(
        "EVAL",
        script.text,
        len(script.keys),
        *(keys.key(key) for key in script.keys),
        msgspec.json.encode(words),
    )
    if refused is None:
        return Finding("rights", "ok", "this version does not tell what the user may not do")
    if not refused:
        return Finding("rights", "ok", f"the user may do all {len(words)} commands on its keys")
    listed = ", ".join(name.decode() for name in refused)
    return Finding("rights", "problem", f"the user may not do {listed}", _grant(keys))


def _entries(known: Any) -> list[Any]:
    """The reply of COMMAND INFO by position, whether the client made a dict of it or not."""
    if isinstance(known, dict):
        return [[name, entry["arity"]] for name, entry in known.items()]
    return list(known)


def _grant(keys: Keys) -> str:
    tag = f"{{{keys.namespace}}}"
    return f"ACL SETUSER NAME on >PASSWORD ~{tag}:* &{tag}:* +@all -@admin -@dangerous +info"


def _check_clock(client: Any) -> Finding:
    before = time.time()
    seconds, microseconds = client.time()
    here = (before + time.time()) / 2
    skew_ms = (seconds + microseconds / 1e6 - here) * 1_000
    fact = f"{skew_ms / 1_000:+.1f} s between Redis and here"
    if abs(skew_ms) > _SKEW_MAX_MS:
        return Finding("clock", "warning", fact, "synchronise both (chrony, systemd-timesyncd)")
    return Finding("clock", "ok", fact)


def _check_distance(client: Any) -> Finding:
    took_ms = []
    for _ in range(_PINGS):
        began = time.monotonic()
        client.ping()
        took_ms.append((time.monotonic() - began) * 1_000)
    median_ms = statistics.median(took_ms)
    fact = f"answers in {median_ms:.1f} ms, at most {max(took_ms):.1f} ms"
    if median_ms > _SLOW_MS:
        return Finding("distance", "warning", fact, "put hub and Redis close together")
    return Finding("distance", "ok", fact)
