"""The only wiring: builds the Dash application around one hub."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import dash
from dash import Dash
from flask import Flask
from flask_compress import Compress

from dashboard import theme
from dashboard.actions import register_actions
from dashboard.assets import ASSETS
from dashboard.bundles import Bundle, bundles, register_bundles
from dashboard.config import DashboardConfig
from dashboard.hub_client import HubApi
from dashboard.pages import PAGES
from dashboard.people import People
from dashboard.person import current
from dashboard.routes import register_routes
from dashboard.security import secure
from dashboard.shell import register_shell, shell_layout
from dashboard.sign_in import require_sign_in

_INDEX: Final = (Path(__file__).parent / "index.html").read_text(encoding="utf-8")
_COMPRESSED: Final = [
    "text/html",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/json",
    "image/svg+xml",
]


def create_app(config: DashboardConfig) -> Dash:
    """Build the application; `app.server` is what a WSGI server runs."""
    hub = HubApi(config.hub_url, config.token, current)
    made = bundles()
    app = Dash(
        "dashboard",
        title="Jobhub",
        update_title="",
        assets_folder=str(ASSETS),
        include_assets_files=False,  # they come as bundles
        use_pages=True,
        pages_folder="",
        include_pages_meta=False,
        suppress_callback_exceptions=True,  # a callback's page is not always the one on screen
        index_string=_index(made),
        add_log_handler=False,
    )
    for order, page in enumerate(PAGES):
        dash.register_page(  # type: ignore[no-untyped-call]
            page.__name__,
            path_template=page.PATH if "<" in page.PATH else None,
            path=page.PATH if "<" not in page.PATH else None,
            name=page.NAME,
            title=f"{page.NAME} · Jobhub",
            order=order,
            layout=partial(page.layout, hub),
        )
        page.register(app, hub)
    app.layout = partial(shell_layout, config, hub)
    register_shell(app)
    register_actions(app, hub)
    register_bundles(app.server, made)
    register_routes(app.server, hub, config.presets[0].url)
    secure(app, config)
    require_sign_in(app.server, config, People(config))
    _compress(app.server)
    return app


def _index(made: Sequence[Bundle]) -> str:
    styles, scripts, _ = made
    words = {
        "light_page": theme.palette("light")["surface"],
        "dark_page": theme.palette("dark")["surface"],
        "styles": styles.path,
        "scripts": scripts.path,
    }
    text = _INDEX
    for name, value in words.items():
        text = text.replace(f"[[{name}]]", value)
    return text


def _compress(server: Flask) -> None:
    """8.6 MB of scripts become 2.5 MB; streamed CSV stays as it is, or it would wait for its end."""
    server.config["COMPRESS_MIMETYPES"] = _COMPRESSED
    server.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    server.config["COMPRESS_BR_LEVEL"] = 4
    server.config["COMPRESS_STREAMS"] = True
    Compress(server)
