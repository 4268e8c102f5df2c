"""POST /api/jobs/bulk: one action on many jobs."""

from __future__ import annotations

from flask import Blueprint, Response

from hub.answers import BulkAnswer
from hub.bulk import BulkActions, Targets
from hub.errors import InvalidInput
from hub.http.bodies import read_body
from hub.http.callers import caller
from hub.http.operations import operation
from hub.http.problems import answer
from hub.http.shapes import BulkRequest


def bulk_blueprint(actions: BulkActions) -> Blueprint:
    """Build the route."""
    routes = Blueprint("bulk", __name__, url_prefix="/api/jobs")

    @routes.post("/bulk")
    @operation(
        summary="Cancel, retry, reprioritise or purge many jobs",
        tag="Jobs",
        body=BulkRequest,
        answers={200: BulkAnswer},
        detail=(
            "`ids`, or a `filter` as in the listing: then 1,000 jobs a call, and `cursor` of the answer "
            "goes into the next one until it is null. A job that is refused is listed in `errors`; "
            "the others are done."
        ),
    )
    def bulk() -> Response:
        wanted = read_body(BulkRequest)
        _check(wanted)
        targets = _targets(actions, wanted)
        if wanted.dry_run:
            errors = actions.rehearse(wanted.action, targets.job_ids, priority=wanted.priority)
        else:
            errors = actions.apply(
                wanted.action, targets.job_ids, actor=caller().actor, priority=wanted.priority
            )
        matched = len(targets.job_ids)
        return answer(
            BulkAnswer(
                action=wanted.action,
                dry_run=wanted.dry_run,
                matched=matched,
                changed=matched - len(errors),
                errors=errors,
                cursor=targets.cursor,
            )
        )

    return routes


def _check(wanted: BulkRequest) -> None:
    """Refuse what contradicts itself; `hub.http.constraints` says the same in OpenAPI."""
    if (wanted.ids is None) == (wanted.filter is None):
        raise InvalidInput("give either ids or filter", field="ids")
    if (wanted.action == "priority") != (wanted.priority is not None):
        raise InvalidInput("goes with the action priority, and only with it", field="priority")
    if wanted.cursor is not None and wanted.filter is None:
        raise InvalidInput("goes with a filter", field="cursor")


def _targets(actions: BulkActions, wanted: BulkRequest) -> Targets:
    if wanted.filter is not None:
        return actions.find(wanted.filter, wanted.cursor)
    return Targets(list(dict.fromkeys(wanted.ids or ())), None)
