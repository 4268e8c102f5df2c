"""A connected monitor: subscribes to everything and counts the events of each frame.

python -m bench.throughput.jobhub_monitor HUB_URL
"""

from __future__ import annotations

import json
import sys

from websockets.sync.client import connect


def main() -> None:
    """Read until the hub closes."""
    url = sys.argv[1].replace("http", "ws", 1) + "/ws/monitor"
    with connect(url, max_size=None) as socket:
        socket.send(json.dumps({"type": "monitor_connect", "monitor_id": "bench"}))
        socket.send(
            json.dumps({"type": "subscribe", "topics": ["jobs", "workers", "system_stats"]})
        )
        for _ in socket:
            pass


if __name__ == "__main__":
    main()
