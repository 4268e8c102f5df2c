"""The TLS end that stands before a hub on a public address."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

CERTIFICATE = Path(__file__).with_name("loopback_tls.pem")  # for 127.0.0.1, with its key


@contextmanager
def tls_proxy(server_url: str) -> Iterator[str]:
    """Serve https://127.0.0.1 on a free port and pass everything to a plain server; yields the address."""
    target = urlsplit(server_url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    loop = asyncio.new_event_loop()

    async def accept(near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far_in, far_out = await asyncio.open_connection(target.hostname, target.port)
        await asyncio.gather(_pass(near_in, far_out), _pass(far_in, near_out))

    # In a thread from the beginning: a browser test before it leaves a running loop in this one.
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    serving = asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    server = asyncio.run_coroutine_threadsafe(serving, loop).result(10)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _pass(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    sink.close()
