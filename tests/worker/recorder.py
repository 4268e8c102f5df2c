"""A peer that speaks like a hub and notes every frame of a worker, with its time."""

from __future__ import annotations

import json
import threading
import time
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve


class Recorder:
    """Hands out jobs of the type `t` and acknowledges everything."""

    def __init__(self) -> None:
        self.frames: list[tuple[float, list[dict[str, Any]]]] = []
        self.registered = threading.Event()
        self.refuse: list[str] = []  # message types that are answered with an error
        self._fence = 1_000_000_000_000_000
        self._connection: ServerConnection | None = None

    def __enter__(self) -> Self:
        self._server: Server = serve(self._handle, "127.0.0.1", 0, compression=None)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.socket.getsockname()[1]}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()

    def assign(self, count: int) -> None:
        """Hand out `count` jobs in one frame."""
        jobs = []
        for _ in range(count):
            self._fence += 1
            record = {
                "job_id": f"j{self._fence}",
                "job_type": "t",
                "status": "assigned",
                "run": 1,
                "rev": 2,
                "priority": 50,
                "created_at": 1,
            }
            jobs.append(
                {
                    "job_id": record["job_id"],
                    "fence": self._fence,
                    "attempt": 1,
                    "timeout_s": 60.0,
                    "job": record,
                    "payload": {},
                }
            )
        self._send({"type": "assign", "jobs": jobs})

    def of_type(self, type_: str) -> list[dict[str, Any]]:
        """List the messages of a type."""
        return [item for _, items in list(self.frames) for item in items if item["type"] == type_]

    def frames_with(self, type_: str) -> list[list[dict[str, Any]]]:
        """List the frames that hold a message of a type."""
        return [
            items for _, items in list(self.frames) if any(item["type"] == type_ for item in items)
        ]

    def _send(self, message: Any) -> None:
        assert self._connection is not None
        self._connection.send(json.dumps(message))

    def _handle(self, connection: ServerConnection) -> None:
        self._connection = connection
        try:
            for text in connection:
                message = json.loads(text)
                items = message if isinstance(message, list) else [message]
                self.frames.append((time.monotonic(), items))
                answers = [self._answer(item) for item in items]
                self._send(answers if isinstance(message, list) else answers[0])
                self.registered.set()
        except ConnectionClosed:
            return

    def _answer(self, item: dict[str, Any]) -> dict[str, Any]:
        if item["type"] == "register":
            return {"type": "registered", "lease_ms": 30_000, "heartbeat_ms": 10_000, "jobs": []}
        if item["type"] == "heartbeat":
            return {"type": "heartbeat_ack", "held": []}
        if item["type"] in self.refuse:
            return {
                "type": "error",
                "code": "invalid",
                "message": "not this",
                "request_id": item["request_id"],
            }
        return {"type": "ack", "of": item["type"], **{k: item[k] for k in ("fence",) if k in item}}
