"""Commands that serve until they are told to end."""

from __future__ import annotations

import click

from hub.config import load_settings


@click.command("hub")
@click.option("--host", help="Address to listen on.  [JOBHUB_HOST; 127.0.0.1]")
@click.option(
    "--port", type=int, help="Port to listen on; 0 takes a free one.  [JOBHUB_PORT; 8000]"
)
@click.option("--data-dir", help="Where the embedded Redis keeps its data.  [JOBHUB_DATA_DIR]")
@click.option("--redis-url", help="Use this Redis instead of the embedded one.  [REDIS_URL]")
def hub_command(**flags: object) -> None:
    """Serve the hub: HTTP API and sockets."""
    settings = load_settings(flags=flags)
    from hub.serving import serve  # patches the process for gevent: only where it serves

    serve(settings)
