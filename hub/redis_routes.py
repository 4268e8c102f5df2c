"""Where REDIS_URL leads: one server, the primary that sentinels name, or the node of a slot of a Cluster.

    redis://user:password@host:6379/0                         one server; rediss:// with TLS, unix:// too
    redis+sentinel://user:password@host:26379,host2/mymaster  `?sentinel_password=` is the sentinels' own
    redis+cluster://user:password@host:7000,host2:7001        all keys of a namespace stand in one slot

The place is asked for at each connection, and again when a server says that it is not the one any more
(READONLY, MOVED): every connection to the old place is then replaced before it is used. A call that was
refused like that did nothing, so it may be sent once more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import redis
from redis.connection import AbstractConnection, parse_url
from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    ReadOnlyError,
    TryAgainError,
)

from hub.errors import InvalidInput

Place = tuple[str, int]


class Elsewhere(redis.ConnectionError):
    """The server is not the one to ask any more; it did nothing."""


_SENTINEL_PORT: Final = 26_379
_CLUSTER_PORT: Final = 6_379
_ASKED_S: Final = 1.0  # for the answer of a sentinel or node: the next one may answer
_KNOWN_S: Final = 1.0  # an answer serves the connections that are made at once
_ELSEWHERE: Final = (
    ReadOnlyError,
    MovedError,
    AskError,
    TryAgainError,
    ClusterDownError,
    MasterDownError,
)
_SCHEMES: Final = ("redis", "rediss", "unix")


class Route:
    """Finds one place by asking several servers; threads share it.

    Args: seeds: whom to ask first. ask: asks one; returns the place, None when it does not know, and who
          else may be asked later.
    """

    def __init__(
        self,
        seeds: Sequence[Place],
        ask: Callable[[Place], tuple[Place | None, Sequence[Place]]],
        what: str,
    ) -> None:
        self._asked = list(seeds)
        self._ask = ask
        self._what = what
        self._lock = threading.Lock()
        self._place: Place | None = None
        self._until = 0.0
        self.version = 0  # grows when the place changes

    def find(self) -> Place:
        """Tell the place now.

        Raises: redis.ConnectionError: nobody knows it.
        """
        with self._lock:
            if self._place is None or time.monotonic() >= self._until:
                place = self._search()
                self.version += place != self._place
                self._place, self._until = place, time.monotonic() + _KNOWN_S
            return self._place

    def forget(self) -> None:
        """Ask anew at the next connection: the place that was told is not it."""
        self._until = 0.0

    def _search(self) -> Place:
        for asked in list(self._asked):
            try:
                place, others = self._ask(asked)
            except (redis.RedisError, OSError):
                continue
            self._asked = [asked, *(one for one in self._asked if one != asked)]
            self._asked += [one for one in others if one not in self._asked]
            if place is not None:
                return place
        raise redis.ConnectionError(f"nobody knows {self._what}")


def read_redis_url(url: str, hash_tag: str) -> dict[str, Any]:
    """Read a URL into the arguments of a pool; `connection_class` follows the route, if there is one.

    Args:   hash_tag: what decides the slot in a Cluster.
    Raises: InvalidInput.
    """
    scheme, _, kind = url.partition("://")[0].partition("+")
    if scheme not in _SCHEMES or kind not in ("", "sentinel", "cluster"):
        raise InvalidInput("begins with none of the schemes that are known", field="REDIS_URL")
    try:
        if not kind:
            return {"connection_class": redis.Connection, **parse_url(url)}
        return _routed(url, kind, hash_tag)
    except ValueError as error:
        raise InvalidInput(str(error), field="REDIS_URL") from None


def following(base: type[AbstractConnection], route: Route) -> type[AbstractConnection]:
    """Make connections of `base` go where `route` leads."""

    class Following(base):  # type: ignore[misc, valid-type]
        """Looks up its place at each connection."""

        _version = -1

        @property
        def outdated(self) -> bool:
            """Whether the place has changed since this connection was made."""
            return self._version not in (-1, route.version)

        def connect(self) -> None:
            if self.outdated:
                self.disconnect()
            super().connect()

        def _connect(self) -> Any:
            self.host, self.port = route.find()
            self._version = route.version
            return super()._connect()

        def read_response(self, *args: Any, **options: Any) -> Any:
            try:
                return super().read_response(*args, **options)
            except _ELSEWHERE as error:
                route.forget()
                self.disconnect()
                raise Elsewhere(f"not the server to ask any more: {error}") from error

    return Following


def _routed(url: str, kind: str, hash_tag: str) -> dict[str, Any]:
    parts = urlsplit(url)
    credentials, at, hosts = parts.netloc.rpartition("@")
    seeds = _places(hosts, _SENTINEL_PORT if kind == "sentinel" else _CLUSTER_PORT)
    query = dict(parse_qsl(parts.query))
    own = {name: query.pop(f"sentinel_{name}", None) for name in ("username", "password")}
    service, _, db = parts.path.strip("/").partition("/")
    if kind == "sentinel" and not service:
        raise ValueError("names no primary: redis+sentinel://HOST:26379/NAME")
    path = f"/{db}" if kind == "sentinel" else ""
    plain = urlunsplit(
        (
            parts.scheme.partition("+")[0],
            f"{credentials}{at}{seeds[0][0]}",
            path,
            urlencode(query),
            "",
        )
    )
    options: dict[str, Any] = {"connection_class": redis.Connection, **parse_url(plain)}
    asking = {name: value for name, value in options.items() if name not in ("db", "host", "port")}
    if kind == "sentinel":
        asking |= own
        ask, what = _sentinel(unquote(service), asking), f"the primary of {service}"
    else:
        ask, what = _cluster(key_slot(hash_tag.encode()), asking), f"the node of {hash_tag}"
    options["connection_class"] = following(options["connection_class"], Route(seeds, ask, what))
    return options


def _places(hosts: str, port: int) -> list[Place]:
    found = []
    for host in filter(None, hosts.split(",")):
        parts = urlsplit(f"//{host}")
        if parts.hostname is None:
            raise ValueError(f"{host} is not HOST or HOST:PORT")
        found.append((parts.hostname, parts.port or port))
    if not found:
        raise ValueError("names no host")
    return found


def _sentinel(
    service: str, options: dict[str, Any]
) -> Callable[[Place], tuple[Place | None, Sequence[Place]]]:
    def ask(sentinel: Place) -> tuple[Place | None, Sequence[Place]]:
        told = _asked(sentinel, options, "SENTINEL GET-MASTER-ADDR-BY-NAME", service)
        return (None if told is None else (told[0].decode(), int(told[1]))), ()

    return ask


def _cluster(
    slot: int, options: dict[str, Any]
) -> Callable[[Place], tuple[Place | None, Sequence[Place]]]:
    def ask(node: Place) -> tuple[Place | None, Sequence[Place]]:
        owner, nodes = None, []
        for first, last, *members in _asked(node, options, "CLUSTER SLOTS"):
            # An empty host is the one that was asked.
            places = [(member[0].decode() or node[0], int(member[1])) for member in members]
            nodes += places
            if first <= slot <= last:
                owner = places[0]
        return owner, nodes

    return ask


def _asked(place: Place, options: dict[str, Any], *command: str) -> Any:
    """Ask one server one thing, over a connection of its own."""
    connection_class = options["connection_class"]
    kept = {name: value for name, value in options.items() if name != "connection_class"}
    connection = connection_class(
        **kept,
        host=place[0],
        port=place[1],
        socket_timeout=_ASKED_S,
        socket_connect_timeout=_ASKED_S,
        protocol=2,
    )
    try:
        connection.connect()
        connection.send_command(*command)
        return connection.read_response()
    finally:
        connection.disconnect()
