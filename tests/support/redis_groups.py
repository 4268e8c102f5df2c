"""Several Redis servers that belong together: a primary with its replica and sentinels, or a Cluster."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from tests.support.ports import free_port
from tests.support.redis_process import packaged_program
from tests.support.waiting import wait_until

PASSWORD = "group-secret"


def free_ports(count: int) -> list[int]:
    """Find different ports that nobody uses now."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return list(found)


class Node:
    """A server on a port of loopback."""

    def __init__(self, directory: Path, port: int, *options: str, sentinel: bool = False) -> None:
        self.port = port
        directory.mkdir(parents=True)
        file = directory / "node.conf"
        file.write_text("\n".join([f"port {port}", "bind 127.0.0.1", f"dir {directory}", *options]))
        self.process = subprocess.Popen(
            [packaged_program(), str(file), *(["--sentinel"] if sentinel else [])],
            stdout=(directory / "log").open("w"),
        )
        self._password = None if sentinel else PASSWORD

    def ask(self, *command: Any) -> Any:
        """Run one command."""
        with self.client() as client:
            return client.execute_command(*command)

    def client(self) -> redis.Redis:
        """Connect to it."""
        return redis.Redis(port=self.port, password=self._password, socket_timeout=5, protocol=2)

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            return bool(self.ask("PING"))
        except redis.RedisError:
            return False

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()
        self.process.wait(10)


def _node(stack: ExitStack, *args: Any, **options: Any) -> Node:
    node = Node(*args, **options)
    stack.callback(node.kill)
    return node


class Watched:
    """A primary and its replica, watched by three sentinels."""

    def __init__(self, primary: Node, replica: Node, sentinels: list[Node]) -> None:
        self.primary, self.replica = primary, replica
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in sentinels)
        self.url = f"redis+sentinel://:{PASSWORD}@{hosts}/jobs"


@contextmanager
def watched_redis(directory: Path) -> Iterator[Watched]:
    """Run the group for the time of the block; a primary that is gone for half a second is replaced."""
    ports = free_ports(5)
    both = (f"requirepass {PASSWORD}", f"masterauth {PASSWORD}", "appendonly yes", 'save ""')
    both += ("repl-diskless-sync-delay 0",)
    with ExitStack() as stack:
        primary = _node(stack, directory / "primary", ports[0], *both)
        replica = _node(
            stack, directory / "replica", ports[1], *both, f"replicaof 127.0.0.1 {ports[0]}"
        )
        wait_until(lambda: primary.answers() and replica.answers())
        wait_until(lambda: b"master_link_status:up" in replica_state(replica))
        ids = {port: str(place) * 40 for place, port in enumerate(ports[2:], 1)}
        sentinels = []
        for port, own_id in ids.items():
            known = [
                f"sentinel known-sentinel jobs 127.0.0.1 {other} {other_id}"
                for other, other_id in ids.items()
                if other != port
            ]
            watch = (
                f"sentinel myid {own_id}",
                f"sentinel monitor jobs 127.0.0.1 {ports[0]} 2",
                f"sentinel auth-pass jobs {PASSWORD}",
                "sentinel down-after-milliseconds jobs 500",
                "sentinel failover-timeout jobs 3000",
                f"sentinel known-replica jobs 127.0.0.1 {ports[1]}",
                *known,
            )
            sentinels.append(
                _node(stack, directory / f"sentinel-{port}", port, *watch, sentinel=True)
            )
        wait_until(lambda: all(node.answers() for node in sentinels))
        yield Watched(primary, replica, sentinels)


def replica_state(node: Node) -> bytes:
    """What a node says of replication."""
    with node.client() as client:
        connection = client.connection_pool.get_connection()
        connection.send_command("INFO", "replication")
        answer = connection.read_response()
    return answer if isinstance(answer, bytes) else str(answer).encode()


class Cluster:
    """Three nodes without replicas, a third of the slots each."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.ids = [bytes(node.ask("CLUSTER MYID")).decode() for node in nodes]
        self.url = f"redis+cluster://:{PASSWORD}@127.0.0.1:{nodes[0].port}"

    def owner(self, namespace: str) -> int:
        """Which node has the slot of a namespace."""
        return key_slot(namespace.encode()) * len(self.nodes) // REDIS_CLUSTER_HASH_SLOTS

    def move(self, namespace: str, source: int, target: int) -> None:
        """Move the slot of a namespace with all its keys, as `redis-cli --cluster reshard` does."""
        slot = key_slot(namespace.encode())
        ours, theirs = self.nodes[source], self.nodes[target]
        theirs.ask("CLUSTER SETSLOT", slot, "IMPORTING", self.ids[source])
        ours.ask("CLUSTER SETSLOT", slot, "MIGRATING", self.ids[target])
        while keys := ours.ask("CLUSTER GETKEYSINSLOT", slot, 100):
            ours.ask(
                *("MIGRATE", "127.0.0.1", theirs.port, "", 0, 5000, "AUTH", PASSWORD, "KEYS", *keys)
            )
        for node in (theirs, ours, *self.nodes):
            node.ask("CLUSTER SETSLOT", slot, "NODE", self.ids[target])


@contextmanager
def redis_cluster(directory: Path) -> Iterator[Cluster]:
    """Run a Cluster for the time of the block."""
    ports = free_ports(6)
    with ExitStack() as stack:
        nodes = [
            _node(
                stack,
                directory / f"node-{port}",
                port,
                *("cluster-enabled yes", f"cluster-port {bus}", "cluster-node-timeout 2000"),
                *(f"requirepass {PASSWORD}", f"masterauth {PASSWORD}", "appendonly yes", 'save ""'),
            )
            for port, bus in zip(ports[:3], ports[3:], strict=True)
        ]
        wait_until(lambda: all(node.answers() for node in nodes))
        edges = [REDIS_CLUSTER_HASH_SLOTS * place // 3 for place in range(4)]
        for node, first, after in zip(nodes, edges, edges[1:], strict=False):
            # The first of the third that `owner` computes, whatever the rounding.
            node.ask("CLUSTER ADDSLOTSRANGE", -(-first // 1), after - 1)
        for node, bus in zip(nodes[1:], ports[4:], strict=True):
            nodes[0].ask("CLUSTER MEET", "127.0.0.1", node.port, bus)

        def is_whole() -> bool:
            return all(b"cluster_state:ok" in bytes(_info(node)) for node in nodes)

        wait_until(is_whole, timeout_s=40)
        yield Cluster(nodes)


def _info(node: Node) -> bytes:
    with node.client() as client:
        connection = client.connection_pool.get_connection()
        connection.send_command("CLUSTER INFO")
        answer = connection.read_response()
    return answer if isinstance(answer, bytes) else str(answer).encode()
