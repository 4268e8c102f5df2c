"""Everything that a namespace holds, to compare before and after what must change nothing."""

from __future__ import annotations

import json

from hub.redis_service import RedisService

# What a hub does by itself: close seconds, note heartbeats, match workers and lanes.
_OF_THE_HUB = (
    "second:",
    "open:",
    "sealed:",
    "closing",
    "levels",
    "groups",
    "totals",
    "stats",
    "workers",
    "unworkable:",
    "profile_versions",
    "lane_profiles:",
    "heads:",
)
_TOLD_BY_THE_HUB = ("system_stats", "queue_changed")


# What passing time alone changes in the meta record.
_MOVING = (b"last_ms", b"seq", b"looked_ms", b"spared_until")


def read_state(service: RedisService) -> dict[str, object]:
    """Read every key of the namespace and every event, but what a hub does by itself."""
    root = f"{{{service.keys.namespace}}}:"
    state: dict[str, object] = {}
    for raw in service.redis.scan_iter(f"{root}*", count=1_000):
        name = raw.decode().removeprefix(root)
        if name == "meta":
            meta = service.redis.hgetall(raw)
            state[name] = {key: meta[key] for key in meta if key not in _MOVING}
        elif name == "events":
            state[name] = [event["type"] for event in read_events(service)]
        elif not name.startswith(_OF_THE_HUB):
            state[name] = service.redis.dump(raw)
    return state


def read_events(service: RedisService) -> list[dict[str, object]]:
    """Read the event log but for what a hub tells by itself."""
    entries = service.redis.xrange(service.keys.events)
    events = [json.loads(fields[b"e"]) for _, fields in entries]
    return [event for event in events if event["type"] not in _TOLD_BY_THE_HUB]
