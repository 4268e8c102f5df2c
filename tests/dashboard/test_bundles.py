"""The page's own scripts and styles are one file each, whole, in order, kept by browsers, and traceable."""

from __future__ import annotations

import json
import re

import pytest
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.assets import ASSETS
from dashboard.bundles import bundles
from dashboard.config import read_config
from hub.config import load_settings

SCRIPTS = sorted((ASSETS / "js").glob("*.js"))


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    settings = load_settings({}, {"hub_url": "http://127.0.0.1:1"})
    return create_app(read_config(settings)).server.test_client()


@pytest.fixture(scope="module")
def page(client: FlaskClient) -> str:
    return client.get("/").get_data(as_text=True)


@pytest.mark.parametrize("kind", ["js", "css"])
def test_page_loads_one_file_of_a_kind_and_the_browser_keeps_it(
    client: FlaskClient, page: str, kind: str
) -> None:
    (url,) = re.findall(rf'"(/assets/{kind}/[^"]+)"', page)
    answer = client.get(url)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]


def test_every_file_is_in_its_bundle_in_the_order_of_the_names(client: FlaskClient) -> None:
    styles, scripts, _ = bundles()
    places = [scripts.text.index(path.read_text().strip()) for path in SCRIPTS]
    assert places == sorted(places)
    for path in (ASSETS / "css").glob("*.css"):
        assert path.read_text() in styles.text


def test_page_of_another_version_gets_what_is_there_and_does_not_keep_it(
    client: FlaskClient,
) -> None:
    for url in ("/assets/js/all-0123456789ab.js", "/assets/css/all-0123456789ab.css"):
        answer = client.get(url)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


def test_source_map_names_the_file_of_every_line(client: FlaskClient) -> None:
    _, scripts, source_map = bundles()
    lines = scripts.text.splitlines()
    assert lines[-1] == f"//# sourceMappingURL={source_map.path.rpartition('/')[2]}"
    sections = json.loads(source_map.text)["sections"]
    assert [section["map"]["sources"] for section in sections] == [[path.name] for path in SCRIPTS]
    for path, section in zip(SCRIPTS, sections, strict=True):
        own = path.read_text().splitlines()
        first = section["offset"]["line"]
        assert lines[first : first + len(own)] == own
        assert section["map"]["mappings"].split(";") == ["AAAA", *["AACA"] * (len(own) - 1)]
        assert client.get(f"/assets/js/{path.name}").status_code == 200
