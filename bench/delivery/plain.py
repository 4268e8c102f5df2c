"""What most flask-sock programs do: a greenlet a monitor, `ws.send(json)` for each event."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import queue  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from typing import Any  # noqa: E402

import redis  # noqa: E402
from flask import Flask  # noqa: E402
from flask_sock import Sock  # noqa: E402
from gunicorn.app.base import BaseApplication  # noqa: E402

app = Flask(__name__)
sock = Sock(app)
monitors: set[queue.SimpleQueue[str]] = set()


@sock.route("/ws/monitor")
def monitor(ws: Any) -> None:
    """Serve one monitor."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    monitors.add(waiting)
    ws.send('{"type":"full_state_snapshot"}')
    while True:
        ws.send(waiting.get())


def follow(url: str, channel: str) -> None:
    """Put each event of the channel into every monitor's queue."""
    pubsub = redis.Redis.from_url(url).pubsub()
    pubsub.subscribe(channel)
    for message in pubsub.listen():
        if message["type"] == "message":
            for raw in message["data"].decode().split("\n")[1:]:
                for waiting in list(monitors):
                    waiting.put('{"type":"event","event":' + raw + "}")


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn's gevent worker."""

    def load_config(self) -> None:
        """One worker on a free port."""
        settings = {
            "bind": "127.0.0.1:0",
            "worker_class": "gevent",
            "worker_connections": 5_000,
            "loglevel": "error",
            "control_socket_disable": True,
            "when_ready": lambda arbiter: print(
                f"http://127.0.0.1:{arbiter.LISTENERS[0].sock.getsockname()[1]}", flush=True
            ),
        }
        for name, value in settings.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """Start the follower in the worker."""
        threading.Thread(target=follow, args=(sys.argv[1], sys.argv[2]), daemon=True).start()
        return app


if __name__ == "__main__":
    Server().run()
