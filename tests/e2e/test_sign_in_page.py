"""Signing in with a browser: the form, what a viewer is offered, and the way out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import httpx
import pytest
from playwright.sync_api import expect

from hub.passwords import hash_password
from tests.support.axe import violations
from tests.support.live_page import DEADLINE_MS, LivePage, serving_dashboard
from tests.support.processes import Server

pytestmark = pytest.mark.e2e

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def shared_dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard of its own: it remembers the users of its hub for five seconds."""
    with serving_dashboard(tmp_path_factory.mktemp("dashboard")) as server:
        yield server


def add_user(api: httpx.Client, name: str, role: str) -> None:
    digest = hash_password(PASSWORD)
    api.post("/api/users", json={"name": name, "role": role, "password_hash": digest})


def sign_in(live: LivePage, name: str) -> None:
    live.page.goto(live.url)
    live.page.get_by_label("Name").fill(name)
    live.page.get_by_label("Password").fill(PASSWORD)
    live.page.get_by_role("button", name="Sign in").click()
    expect(live.page.get_by_text(f"{name} · ")).to_be_visible(timeout=DEADLINE_MS)


def test_viewer_is_offered_no_action_and_an_operator_all(
    live: LivePage, live_api: httpx.Client
) -> None:
    live_api.post("/api/jobs", json={"job_type": "demo"})
    for name, role in (("vic", "viewer"), ("ann", "operator")):
        add_user(live_api, name, role)
    pause = live.page.locator(".queue [data-action]")
    cancel = live.page.locator("[data-part=cancel]")

    sign_in(live, "vic")
    expect(pause).to_be_attached(timeout=DEADLINE_MS)
    expect(pause).to_be_hidden()
    expect(cancel).to_be_hidden()
    live.connect()  # a viewer watches like everybody else
    live.page.get_by_role("button", name="Sign out").click()

    sign_in(live, "ann")
    expect(pause).to_be_visible(timeout=DEADLINE_MS)
    expect(cancel).to_be_visible()


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_on_the_form_before_and_after_a_wrong_password(
    live: LivePage, live_api: httpx.Client, theme: Literal["light", "dark"], width: int
) -> None:
    add_user(live_api, "ann", "operator")
    live.page.emulate_media(color_scheme=theme)
    live.page.set_viewport_size({"width": width, "height": 800})
    live.page.goto(live.url)
    found = violations(live.page)
    expect(live.page.get_by_label("Name")).to_be_focused()
    live.page.keyboard.type("ann")
    live.page.keyboard.press("Tab")
    live.page.keyboard.type("wrong")
    live.page.keyboard.press("Enter")
    expect(live.page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    found += violations(live.page)
    assert found == []
    assert live.read("document.documentElement.scrollWidth") <= width
    live.forgive_network()  # the browser itself writes down that it was refused
