"""The files of examples/deploy are what the guide says, and it works: nginx, TLS, two hubs, a dashboard."""

from __future__ import annotations

import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from hub.passwords import hash_password
from tests.support.ports import free_port
from tests.support.processes import Server, serving
from tests.support.sockets import Peer, open_socket
from tests.support.tls_proxy import CERTIFICATE
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "examples" / "deploy"
GUIDE = (ROOT / "docs" / "operations.md").read_text()
TOKEN, PASSWORD = "t" * 40, "of-redis"
_NGINX = """
daemon off; pid {directory}/pid; error_log {directory}/errors; worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log off; client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    {site}
}}
"""


class Site:
    """What stands behind nginx, and the address that browsers use."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.port, self.url = 0, ""
        self._ports = {name: free_port() for name in ("site", "hub1", "hub2", "dashboard", "redis")}
        self.url = f"https://127.0.0.1:{self._ports['site']}"
        self.context = ssl.create_default_context(cafile=str(CERTIFICATE))
        self._stack, self._directory = stack, directory
        stack.enter_context(_redis(directory / "redis", self._ports["redis"]))
        self.hubs = [self._start("hub", "hub1"), self._start("hub", "hub2")]
        self._start("dashboard", "dashboard")
        stack.enter_context(_nginx(directory / "nginx", self._configuration()))

    def restart(self, place: int) -> None:
        """Restart one hub, as an upgrade does."""
        assert self.hubs[place].stop() == 0
        self.hubs[place] = self._start("hub", f"hub{place + 1}")

    def api(self, **headers: str) -> httpx.Client:
        """Talk to the site as a program outside does."""
        return httpx.Client(base_url=self.url, headers=headers, verify=self.context, timeout=30)

    def _start(self, command: str, name: str) -> Server:
        field = "JOBHUB_DASHBOARD_PORT" if command == "dashboard" else "JOBHUB_PORT"
        environ = {
            "REDIS_URL": f"rediss://:{PASSWORD}@127.0.0.1:{self._ports['redis']}/0"
            f"?ssl_ca_certs={CERTIFICATE}",
            "JOBHUB_TOKEN": TOKEN,
            "JOBHUB_PUBLIC_HUB_URL": self.url,
            "JOBHUB_ALLOWED_HOSTS": "127.0.0.1",
            "JOBHUB_ALLOWED_ORIGINS": self.url,
            "JOBHUB_HUB_URL": f"http://127.0.0.1:{self._ports['hub1']}",
            "JOBHUB_DATA_DIR": str(self._directory),
            field: str(self._ports[name]),
        }
        server = self._stack.enter_context(serving(command, environ=environ))
        assert server.url
        return server

    def _configuration(self) -> str:
        """The guide's, on our ports and with our certificate."""
        text = (DEPLOY / "nginx.conf").read_text()
        for old, new in (
            ("listen 443 ssl", f"listen 127.0.0.1:{self._ports['site']} ssl"),
            ("127.0.0.1:8001", f"127.0.0.1:{self._ports['hub1']}"),
            ("127.0.0.1:8002", f"127.0.0.1:{self._ports['hub2']}"),
            ("127.0.0.1:8050", f"127.0.0.1:{self._ports['dashboard']}"),
            ("/etc/jobhub/cert.pem", str(CERTIFICATE)),
            ("/etc/jobhub/key.pem", str(CERTIFICATE)),
        ):
            assert old in text
            text = text.replace(old, new)
        return text


@contextmanager
def _redis(directory: Path, port: int) -> Iterator[None]:
    """A Redis with TLS and a password, as the guide wants it."""
    directory.mkdir(parents=True)
    options = {
        "port": "0",
        "tls-port": str(port),
        "tls-cert-file": str(CERTIFICATE),
        "tls-key-file": str(CERTIFICATE),
        "tls-ca-cert-file": str(CERTIFICATE),
        "tls-auth-clients": "no",
        "requirepass": PASSWORD,
        "bind": "127.0.0.1",
        "dir": str(directory),
        "appendonly": "yes",
        "save": "",
    }
    process = subprocess.Popen(
        [
            "redis-server",
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ],
        stdout=(directory / "log").open("w"),
    )
    url = f"rediss://:{PASSWORD}@127.0.0.1:{port}?ssl_ca_certs={CERTIFICATE}"

    def answers() -> bool:
        try:
            with redis.Redis.from_url(url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    try:
        wait_until(answers, what="Redis answers over TLS")
        yield
    finally:
        process.kill()
        process.wait(10)


def _program() -> str:
    return shutil.which("nginx") or "/usr/sbin/nginx"


@contextmanager
def _nginx(directory: Path, site: str) -> Iterator[None]:
    directory.mkdir(parents=True)
    file = directory / "nginx.conf"
    file.write_text(_NGINX.format(directory=directory, site=site))
    command = [_program(), "-p", str(directory), "-c", str(file), "-e", str(directory / "early")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stderr
    process = subprocess.Popen(command)
    try:
        # Its configuration test has made an empty one already.
        wait_until(lambda: (directory / "pid").read_text().strip(), what="nginx runs")
        yield
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(20)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(tmp_path_factory.mktemp("site"), stack)


def _worker(site: Site, stack: ExitStack) -> Peer:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    worker = stack.enter_context(
        open_socket(site.url, "/ws/worker", additional_headers=headers, ssl=site.context)
    )
    worker.send("register", worker_id="w1", job_types=["demo"])
    assert worker.receive_type("registered", "error")["type"] == "registered"
    return worker


def test_job_is_done_through_nginx_whichever_hub_restarts(site: Site) -> None:
    for place in (None, 0, 1):
        if place is not None:
            site.restart(place)
        with ExitStack() as stack:
            api = stack.enter_context(site.api(Authorization=f"Bearer {TOKEN}"))
            worker = _worker(site, stack)
            job_id = api.post("/api/jobs", json={"job_type": "demo"}).json()["job_id"]
            (given,) = worker.receive_type("assign", timeout_s=30)["jobs"]
            worker.send("job_completed", job_id=job_id, fence=given["fence"], result=1)
            answer = api.get(f"/api/jobs/{job_id}/result?wait_s=20")
            assert (answer.json()["status"], answer.json()["result"]) == ("completed", 1)
            exported = api.get("/api/export/jobs.csv").text
            assert job_id in exported
    with site.api() as stranger:
        assert stranger.get("/api/stats").status_code == 401
        assert stranger.get("/api/stats").headers["X-Request-ID"]
        for inside in ("/metrics", "/readyz"):
            page = stranger.get(inside)  # not the hub's: the dashboard's, which asks to sign in
            assert "jobhub_open_sockets" not in page.text


def test_person_signs_in_and_a_page_gets_its_socket_through_nginx(site: Site) -> None:
    with site.api(Authorization=f"Bearer {TOKEN}") as root:
        ann = {"name": "ann", "role": "operator", "password_hash": hash_password("of ann's 12")}
        assert root.post("/api/users", json=ann).status_code == 200
        ticket = root.post("/api/tickets", json={"role": "viewer"}).json()["ticket"]
    with site.api(Origin=site.url, Accept="text/html") as browser:
        asked = wait_until(lambda: browser.get("/").headers.get("Location"))  # knows ann within 5 s
        assert asked.endswith("/sign-in")
        form = {"name": "ann", "password": "of ann's 12"}
        entered = browser.post("/sign-in", data=form)
        assert entered.status_code == 303, entered.text
        assert "Secure" in entered.headers["Set-Cookie"]
        page = browser.get("/")
        assert page.status_code == 200
        assert "wss://127.0.0.1" in page.headers["Content-Security-Policy"]
    with open_socket(site.url, "/ws/monitor", ssl=site.context, origin=site.url) as monitor:
        monitor.send("auth", ticket=ticket)
        monitor.send("monitor_connect", monitor_id="m1")
        assert monitor.ask("subscribe", topics=["jobs"])["type"] == "subscription_confirmed"


@pytest.mark.parametrize("name", ["nginx.conf", "jobhub-hub@.service", "jobhub-dashboard.service"])
def test_guide_shows_the_file_that_is_tested(name: str) -> None:
    blocks = re.findall(r"^```(?:nginx|ini)\n(.*?)^```$", GUIDE, re.M | re.S)
    assert (DEPLOY / name).read_text() in blocks


@pytest.mark.parametrize("name", ["jobhub-hub@.service", "jobhub-dashboard.service"])
def test_systemd_takes_the_units(name: str, tmp_path: Path) -> None:
    """Only the program's place is another one."""
    text = (DEPLOY / name).read_text()
    assert "/opt/jobhub/bin/jobhub" in text
    unit = tmp_path / name.replace("@", "@8001")
    unit.write_text(text.replace("/opt/jobhub/bin/jobhub", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_image_is_made_of_files_that_there_are() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    copied: list[Any] = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M)
    names = [name for line in copied for name in line.split()]
    assert len(names) > 5
    assert [name for name in names if not (ROOT / name).exists()] == []
    packaged = re.search(r"^include = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.M)
    assert packaged is not None
    assert sorted(names) == sorted(re.findall(r'"([^"]+)"', packaged.group(1)))
