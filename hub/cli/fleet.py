"""`jobhub queues` and `jobhub workers`: what waits, who works, and the operators' switches."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from hub.answers import Queue
from hub.cli import looks
from hub.cli.hub_api import HubApi, segment
from hub.cli.output import json_flag, print_json, print_table
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from
from hub.http.shapes import QueueList, WorkerList
from hub.records import Worker


@click.group("queues")
def queues_group() -> None:
    """List, pause and resume queues; a queue is a job type."""


@queues_group.command("list")
@settings_flags(CLIENT)
@json_flag
def list_queues(as_json: bool, **flags: Any) -> None:
    """List the queues: what waits, for how long, and what nobody can work on."""
    with HubApi(settings_from(flags)) as api:
        queues = api.get("/api/queues", QueueList).queues
    if as_json:
        print_json(queues)
        return
    table = Table("queue", "pending", "oldest", "", "unworkable", box=None)
    for queue in queues:
        table.add_row(
            queue.job_type,
            str(queue.pending),
            looks.age(queue.oldest_pending_at or None),
            "[yellow]paused[/]" if queue.paused else "",
            "; ".join(f"{item.count}: {item.reason}" for item in queue.unworkable),
        )
    print_table(table)


@queues_group.command("pause")
@click.argument("job_type")
@settings_flags(CLIENT)
@json_flag
def pause_queue(job_type: str, as_json: bool, **flags: Any) -> None:
    """Hand out no jobs of JOB_TYPE; running ones go on, new ones wait."""
    _switch_queue(job_type, "pause", as_json, flags)


@queues_group.command("resume")
@click.argument("job_type")
@settings_flags(CLIENT)
@json_flag
def resume_queue(job_type: str, as_json: bool, **flags: Any) -> None:
    """Hand out jobs of JOB_TYPE again."""
    _switch_queue(job_type, "resume", as_json, flags)


@click.group("workers")
def workers_group() -> None:
    """List workers, drain them and resume them."""


@workers_group.command("list")
@settings_flags(CLIENT)
@json_flag
def list_workers(as_json: bool, **flags: Any) -> None:
    """List the workers: state, slots, jobs done, last heartbeat."""
    with HubApi(settings_from(flags)) as api:
        workers = api.get("/api/workers", WorkerList).workers
    if as_json:
        print_json(workers)
        return
    table = Table(
        "worker", "state", "slots", "completed", "failed", "heard", "host", "types", box=None
    )
    for worker in workers:
        table.add_row(
            worker.worker_id,
            looks.state(worker.status),
            f"{len(worker.job_ids)}/{worker.slots}",
            str(worker.completed),
            str(worker.failed),
            f"{looks.age(worker.last_heartbeat_at)} ago",
            worker.host or "–",
            ", ".join(worker.job_types),
        )
    print_table(table)


@workers_group.command("drain")
@click.argument("worker_id")
@settings_flags(CLIENT)
@json_flag
def drain_worker(worker_id: str, as_json: bool, **flags: Any) -> None:
    """Let WORKER_ID finish what it has, and hand it nothing new."""
    _switch_worker(worker_id, "drain", as_json, flags)


@workers_group.command("resume")
@click.argument("worker_id")
@settings_flags(CLIENT)
@json_flag
def resume_worker(worker_id: str, as_json: bool, **flags: Any) -> None:
    """Hand jobs to WORKER_ID again."""
    _switch_worker(worker_id, "resume", as_json, flags)


def _switch_queue(job_type: str, switch: str, as_json: bool, flags: dict[str, Any]) -> None:
    with HubApi(settings_from(flags)) as api:
        queue = api.post(f"/api/queues/{segment(job_type)}/{switch}", Queue)
    if as_json:
        print_json(queue)
    else:
        click.echo(f"{queue.job_type} {'is paused' if queue.paused else 'is handed out'}")


def _switch_worker(worker_id: str, switch: str, as_json: bool, flags: dict[str, Any]) -> None:
    with HubApi(settings_from(flags)) as api:
        worker = api.post(f"/api/workers/{segment(worker_id)}/{switch}", Worker)
    if as_json:
        print_json(worker)
    else:
        click.echo(f"{worker.worker_id} is {worker.status}")
