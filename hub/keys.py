"""Every Redis key of the hub, under one hash tag, so that one namespace lives in one cluster slot.

docs/redis-keys.md says for each what it holds, who writes it and how long it lives. A name
that ends in a colon here is a prefix: a script appends one id to it.
"""

from __future__ import annotations

from typing import Final

PREFIXES: Final = frozenset(
    {
        "job",
        "history",
        "log",
        "waiting",
        "unworkable",
        "lane",
        "lane_profiles",
        "heads",
        "finished",
        "worker",
        "held",
        "idempotency",
        "workflow",
        "second",
        "open",
        "sealed",
        "ticket",
        "jobs_of",
        "groups",
    }
)

NAMES: Final = frozenset(
    {
        "meta",
        "audit",
        "events",
        "channel",
        "counts",
        "pending",
        "scheduled",
        "active",
        "leases",
        "unaccepted",
        "timeouts",
        "lanes",
        "lane_heads",
        "job_types",
        "paused",
        "profiles",
        "profile_versions",
        "profile_workers",
        "workers",
        "offline",
        "closing",
        "levels",
        "totals",
        "due",
        "errors",
        "errors_seen",
        "marks",
        "slo",
        "tokens",
        "users",
        "stats",
        "created",
        "ranked",
        "ids",
    }
)


class Keys:
    """Builds the keys of one namespace.

    Args: namespace: letters, digits, `_`, `-` and `.`; two hubs share state when it is equal.
    """

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self._root = f"{{{namespace}}}:"

    def key(self, name: str) -> str:
        """Build the key called `name`; a prefix comes back with its trailing colon.

        Raises: KeyError: no key has that name.
        """
        if name in NAMES:
            return self._root + name
        if name in PREFIXES:
            return f"{self._root}{name}:"
        raise KeyError(name)

    def of(self, prefix: str, member: str) -> str:
        """Build the key of one member of a prefix, such as `of("job", job_id)`."""
        if prefix not in PREFIXES:
            raise KeyError(prefix)
        return f"{self._root}{prefix}:{member}"

    @property
    def meta(self) -> str:
        """HASH: epoch, seq, fence, the server's run id, the last time seen."""
        return self.key("meta")

    @property
    def events(self) -> str:
        """STREAM: the event log; id is `<seq>-0`, field `e` the event's JSON."""
        return self.key("events")

    @property
    def channel(self) -> str:
        """Pub/sub channel: `<epoch> <seq of the first>`, then a line for each event of a script: its JSON."""
        return self.key("channel")
