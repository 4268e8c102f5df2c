"""What `jobhub doctor` looks at in ports, tokens and addresses: who can reach the hub, and with what."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import httpx

from hub.cli.finding import Finding
from hub.cli.hub_api import HubApi
from hub.cli.servers import require_free
from hub.cli.tokens import Token, TokenList
from hub.config import Settings, is_loopback, variable
from hub.errors import JobhubError

_TOKEN_CHARS: Final = 32  # of JOBHUB_TOKEN; `openssl rand -hex 32` writes 64
_UNUSED_MS: Final = 90 * 86_400_000
_ANSWER_S: Final = 5.0


def check_ports(settings: Settings) -> Iterator[Finding]:
    """Look whether the ports can be had, or are had by Jobhub already."""
    for name, field, path, mark in (
        ("hub", "port", "/healthz", '"status":"ok"'),
        ("dashboard", "dashboard_port", "/", "Jobhub"),
    ):
        port = getattr(settings, field)
        if not port:
            continue
        subject = f"port {port}"
        try:
            require_free(settings.host, port, field)
        except JobhubError as error:
            if _is_ours(settings.host, port, path, mark):
                yield Finding(subject, "ok", f"the {name} listens")
            else:
                remedy = f"end that program, or set {variable(field)}"
                yield Finding(subject, "problem", error.message, remedy)
        else:
            yield Finding(subject, "ok", f"free for the {name}")


def _is_ours(host: str, port: int, path: str, mark: str) -> bool:
    name = f"[{host}]" if ":" in host else host
    try:
        answer = httpx.get(f"http://{name}:{port}{path}", timeout=_ANSWER_S, follow_redirects=True)
    except httpx.HTTPError:
        return False
    return mark in answer.text


def check_tokens(settings: Settings, api: HubApi) -> Iterator[Finding]:
    """Look at the tokens that the hub knows, and at the deployment's own."""
    if settings.token is not None and len(settings.token) < _TOKEN_CHARS:
        yield Finding(
            "token", "warning", "JOBHUB_TOKEN is short enough to be guessed", "openssl rand -hex 32"
        )
    try:
        tokens = api.get("/api/tokens", TokenList).tokens
    except JobhubError as error:
        yield Finding("tokens", "ok", f"not shown to this token: {error.message}")
        return
    now_ms = time.time() * 1_000
    unused = [one.name for one in tokens if now_ms - _last_used(one) > _UNUSED_MS]
    if unused:
        yield Finding(
            "tokens",
            "warning",
            f"not used for 90 days: {', '.join(unused[:5])}",
            f"jobhub token revoke {unused[0]}",
        )
    elif tokens:
        roles = Counter(one.role for one in tokens)
        listed = ", ".join(f"{count} {role}" for role, count in sorted(roles.items()))
        yield Finding("tokens", "ok", listed)
    elif settings.token is None:
        yield Finding("tokens", "ok", "none: who is on this machine is an operator")
    else:
        yield Finding(
            "tokens",
            "warning",
            "programs have only JOBHUB_TOKEN, which may do everything",
            "jobhub token create --role worker --name NAME",
        )


def _last_used(token: Token) -> int:
    return token.last_used_at or token.created_at


def check_addresses(settings: Settings) -> Iterator[Finding]:
    """Look whether passwords and tickets cross a network in clear."""
    public = urlsplit(settings.public_hub_url)
    if public.scheme == "http" and not is_loopback(public.hostname or ""):
        yield Finding(
            "encryption",
            "warning",
            f"browsers reach the hub at {settings.public_hub_url}, in clear",
            "put a proxy with TLS before it (docs/operations.md)",
        )
    redis = urlsplit(settings.redis_url or "")
    host = redis.netloc.rpartition("@")[2].partition(",")[0].partition(":")[0]
    in_clear = redis.scheme.partition("+")[0] == "redis"
    if in_clear and host and not is_loopback(host):
        yield Finding(
            "encryption", "warning", f"Redis at {host} is asked in clear", "use rediss:// (TLS)"
        )
