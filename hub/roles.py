"""Who may do what: ONE table over every route and every socket message.

    client    submits jobs; reads and cancels those that it submitted itself
    worker    takes jobs over /ws/worker, and nothing else
    viewer    sees everything, changes nothing
    operator  everything

A route or message without an entry is nobody's; a test fails until it has one.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import msgspec

Role = Literal["client", "worker", "viewer", "operator"]
ViewRole = Literal["viewer", "operator"]  # what people and their monitors have
Roles = frozenset[Role]

ROLES: Final[tuple[Role, ...]] = get_args(Role)

EVERYBODY: Final[Roles] = frozenset(ROLES)  # and who has no token, too
_OPERATE: Final[Roles] = frozenset({"operator"})
_SEE: Final[Roles] = frozenset({"viewer", "operator"})
_SUBMIT: Final[Roles] = frozenset({"client", "operator"})
_READ_JOBS: Final[Roles] = frozenset({"client", "viewer", "operator"})  # a client: its own
_WORK: Final[Roles] = frozenset({"worker", "operator"})

# By endpoint: the blueprint and the function behind a route.
ROUTES: Final[dict[str, Roles]] = {
    "jobs.submit": _SUBMIT,
    "jobs.submit_batch": _SUBMIT,
    "jobs.get": _READ_JOBS,
    "jobs.history": _READ_JOBS,
    "jobs.log": _READ_JOBS,
    "jobs.position": _READ_JOBS,
    "jobs.match": _SEE,
    "jobs.result": _READ_JOBS,
    "jobs.change": _OPERATE,
    "jobs.cancel": _SUBMIT,
    "jobs.retry": _OPERATE,
    "bulk.bulk": _OPERATE,
    "job_lists.list_jobs": _READ_JOBS,
    "job_lists.export_jobs": _READ_JOBS,
    "workers.list_workers": _SEE,
    "workers.get": _SEE,
    "workers.drain": _OPERATE,
    "workers.resume": _OPERATE,
    "queues.list_queues": _SEE,
    "queues.get": _SEE,
    "queues.pause": _OPERATE,
    "queues.resume": _OPERATE,
    "figures.snapshot": _SEE,
    "figures.stats": _SEE,
    "figures.ticket": _SEE,
    "analytics.series": _SEE,
    "analytics.summary": _SEE,
    "analytics.errors": _SEE,
    "figure_exports.series": _SEE,
    "figure_exports.summary": _SEE,
    "figure_exports.errors": _SEE,
    "marks.list_marks": _SEE,
    "marks.export": _SEE,
    "marks.add": _OPERATE,
    "promises.list_slo": _SEE,
    "promises.export": _SEE,
    "promises.put_slo": _OPERATE,
    "audit.read": _SEE,
    "audit.export": _SEE,
    "tokens.list_tokens": _OPERATE,
    "tokens.create": _OPERATE,
    "tokens.revoke": _OPERATE,
    "users.list_users": _OPERATE,
    "users.put": _OPERATE,
    "users.get": _OPERATE,
    "users.remove": _OPERATE,
    "health.alive": EVERYBODY,
    "health.ready": EVERYBODY,
    "health.metrics": _SEE,
    "reference.openapi": EVERYBODY,
    "reference.docs": EVERYBODY,
    "reference.stylesheet": EVERYBODY,
}

# By socket, then by the message's type. Who may not send all of a socket's messages does not come in,
# so that no message needs a check of its own.
MESSAGES: Final[dict[str, dict[str, Roles]]] = {
    "monitor": dict.fromkeys(
        ("auth", "monitor_connect", "subscribe", "heartbeat", "resync_request"), _SEE
    ),
    "worker": dict.fromkeys(
        (
            "auth",
            "register",
            "job_started",
            "job_progress",
            "job_log",
            "job_completed",
            "job_failed",
            "job_released",
            "heartbeat",
            "status",
            "goodbye",
        ),
        _WORK,
    ),
    "client": dict.fromkeys(("auth", "submit", "submit_batch", "cancel", "follow"), _SUBMIT),
}


class Caller(msgspec.Struct, frozen=True):
    """Who asks.

    `name` is the token's and goes into `submitted_by`; `actor` is the person for whom the dashboard
    asks, else the same name, and goes into the audit log.
    """

    name: str
    role: Role
    actor: str

    def may_call(self, endpoint: str) -> bool:
        """Whether the route is open to the caller."""
        return self.role in ROUTES.get(endpoint, frozenset())

    def may_open(self, socket: str) -> bool:
        """Whether the caller may send every message of the socket."""
        return all(self.role in roles for roles in MESSAGES[socket].values())

    def may_see(self, submitted_by: str | None) -> bool:
        """Whether a job of `submitted_by` is shown: a client sees its own."""
        return self.role != "client" or submitted_by == self.name


ANONYMOUS: Final = Caller("anonymous", "operator", "anonymous")  # where no token is configured
ROOT: Final = Caller("root", "operator", "root")  # whoever has JOBHUB_TOKEN
RESERVED: Final = frozenset({ANONYMOUS.name, ROOT.name})
