"""Who asks: found before each request, checked against the table of `hub.roles`, read by the views."""

from __future__ import annotations

from flask import Request, g

from hub.access import Access
from hub.errors import Forbidden, NotFound
from hub.http.rates import CallerRates
from hub.job_broker import JobBroker
from hub.roles import ANONYMOUS, EVERYBODY, ROUTES, Caller


def admit(access: Access, current: Request, rates: CallerRates) -> None:
    """Find out who asks, and refuse what the role may not. Sockets are checked by their first message.

    Raises: AccessDenied, Forbidden, InvalidInput; LimitReached: the caller asks too often.
    """
    rule = current.url_rule
    if rule is None:
        if current.path.startswith("/api/"):  # which paths exist is not told to strangers
            access.identify(current.headers)
        return
    if rule.websocket or ROUTES.get(rule.endpoint) is EVERYBODY:
        return
    caller = access.identify(current.headers)
    rates.spend(caller.name)
    if not caller.may_call(rule.endpoint):
        raise Forbidden(f"the role {caller.role} may not {current.method} {current.path}")
    g.caller = caller


def caller() -> Caller:
    """Who asks in the current request."""
    found: Caller = g.get("caller", ANONYMOUS)
    return found


def check_own(broker: JobBroker, job_id: str) -> None:
    """Hide a job from a client that did not submit it. Redis: HMGET, for clients only.

    Raises: NotFound: as if there were none.
    """
    if caller().role == "client":
        check_visible(job_id, broker.get(job_id).submitted_by)


def check_visible(job_id: str, submitted_by: str | None) -> None:
    """Refuse a job that was read already when it is another client's.

    Raises: NotFound: as if there were none.
    """
    if not caller().may_see(submitted_by):
        raise NotFound(f"no job {job_id}", field="job_id")
