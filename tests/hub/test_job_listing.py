"""GET /api/jobs: filters, orders and cursors over real records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from hub.errors import InvalidInput
from hub.job_broker import JobBroker
from hub.job_filter import JobFilter, Order, Sort, Sorting, choose_sorting
from hub.job_reader import JobReader
from hub.maintenance import Maintenance
from hub.messages import Register, ReportedError, SubmitRequest
from hub.records import Job
from hub.redis_service import RedisService
from hub.worker_registry import WorkerRegistry


@pytest.fixture
def reader(service: RedisService) -> JobReader:
    return JobReader(service)


def submit(broker: JobBroker, job_type: str = "demo", **fields: Any) -> str:
    request = SubmitRequest(job_type=job_type, **fields)
    return broker.submit(request, submitted_by="test").job.job_id


def register(registry: WorkerRegistry, worker_id: str = "w1", slots: int = 100) -> None:
    registry.register(Register(worker_id=worker_id, job_types=["demo"], slots=slots), "c1")


def list_ids(reader: JobReader, wanted: JobFilter, limit: int = 500, **said: Any) -> list[str]:
    return list(walk_ids(reader, wanted, limit, **said))


def walk_ids(
    reader: JobReader,
    wanted: JobFilter,
    limit: int,
    sort: Sort | None = None,
    order: Order | None = None,
    **said: Any,
) -> Iterator[str]:
    sorting = choose_sorting(wanted.status, sort, order)
    cursor = None
    while True:
        page = reader.page(wanted, sorting, limit=limit, cursor=cursor, **said)
        assert len(page.rows) <= limit
        for row in page.rows:
            yield msgspec.json.decode(row, type=Job).job_id
        cursor = page.cursor
        if cursor is None:
            return


def test_every_filter_holds_exactly_its_jobs(
    broker: JobBroker,
    registry: WorkerRegistry,
    reader: JobReader,
    pass_time: Callable[[float], None],
) -> None:
    plain = submit(broker)
    urgent = submit(broker, priority=90, customer_id="acme")
    step = submit(broker, workflow_id="wf/1", workflow_priority=70)
    other = submit(broker, "other:type")
    later = submit(broker, delay_s=60)
    register(registry)
    first, second = broker.claim("w1", 2)
    broker.complete("w1", first.job_id, first.fence, b"1")
    pass_time(10)
    error = ReportedError(type="ValueError", retryable=False)
    broker.fail("w1", second.job_id, second.fence, error)
    broker.cancel(plain, actor="test")
    assert (first.job_id, second.job_id) == (urgent, step)
    started = broker.get(plain).created_at
    failed_at = broker.get(step).finished_at
    assert failed_at is not None

    for wanted, expected in [
        (JobFilter(), {plain, urgent, step, other, later}),
        (JobFilter(status=["pending"]), {other}),
        (JobFilter(status=["pending", "scheduled"]), {other, later}),
        (JobFilter(status=["completed", "failed"]), {urgent, step}),
        (JobFilter(status=["assigned", "in_progress"]), set()),
        (JobFilter(job_type="other:type"), {other}),
        (JobFilter(customer_id="acme"), {urgent}),
        (JobFilter(customer_id="acme", status=["failed"]), set()),
        (JobFilter(workflow_id="wf/1"), {step}),
        (JobFilter(worker_id="w1"), {urgent, step}),
        (JobFilter(q="ValueError"), {step}),
        (JobFilter(q=plain), {plain}),
        (JobFilter(q=plain[:7]), {plain}),
        (JobFilter(q="nothing"), set()),
        (JobFilter(priority_min=60), {urgent, step}),
        (JobFilter(priority_min=60, priority_max=70), {step}),
        (JobFilter(priority_max=50), {plain, other, later}),
        (JobFilter(submitted_to=started), set()),
        (JobFilter(submitted_from=started), {plain, urgent, step, other, later}),
        (JobFilter(finished_from=failed_at), {step, plain}),
        (JobFilter(finished_to=failed_at), {urgent}),
        (JobFilter(finished_from=failed_at, finished_to=failed_at + 1, status=["failed"]), {step}),
    ]:
        for sort in ("created_at", "priority"):
            for order in ("asc", "desc"):
                got = list_ids(reader, wanted, sort=sort, order=order)
                assert len(got) == len(set(got))
                assert set(got) == expected, (wanted, sort)
        assert set(list_ids(reader, wanted, limit=1)) == expected


@pytest.mark.parametrize("reads", [2_000, 7])
def test_pages_follow_the_order_when_scores_are_equal(
    broker: JobBroker, reader: JobReader, service: RedisService, reads: int
) -> None:
    jobs = [submit(broker, priority=number % 3) for number in range(40)]
    for job_id in jobs:
        service.redis.zadd(service.keys.key("created"), {job_id: 5})
    by_name = sorted(jobs)
    assert list_ids(reader, JobFilter(), 7, sort="created_at", order="asc", reads=reads) == by_name
    assert list_ids(reader, JobFilter(), 7, sort="created_at", reads=reads) == by_name[::-1]
    urgent_first = sorted(jobs, key=lambda job_id: (-(jobs.index(job_id) % 3), jobs.index(job_id)))
    assert list_ids(reader, JobFilter(), 7, sort="priority", reads=reads) == urgent_first
    pending = JobFilter(status=["pending"])
    assert list_ids(reader, pending, 7, reads=reads) == urgent_first
    assert list_ids(reader, pending, 7, order="asc", reads=reads) == urgent_first[::-1]


def test_cursor_neither_skips_nor_repeats_when_its_own_job_and_others_move(
    broker: JobBroker, reader: JobReader
) -> None:
    jobs = [submit(broker) for _ in range(30)]
    seen = []
    for job_id in walk_ids(reader, JobFilter(status=["pending"]), 5):
        seen.append(job_id)
        broker.cancel(job_id, actor="test")
        submit(broker, priority=100)  # enters before the place that was read
    assert seen == jobs


def test_finished_jobs_of_all_states_come_merged_when_sorted_by_end(
    broker: JobBroker,
    registry: WorkerRegistry,
    reader: JobReader,
    pass_time: Callable[[float], None],
) -> None:
    register(registry)
    ended = []
    for number in range(12):
        job_id = submit(broker)
        if number % 3 == 0:
            broker.cancel(job_id, actor="test")
        else:
            (given,) = broker.claim("w1", 1)
            if number % 3 == 1:
                broker.complete("w1", job_id, given.fence, b"1")
            else:
                error = ReportedError(type="E", retryable=False)
                broker.fail("w1", job_id, given.fence, error)
        ended.append(job_id)
        pass_time(1)
    submit(broker)
    assert list_ids(reader, JobFilter(), 5, sort="finished_at") == ended[::-1]
    assert list_ids(reader, JobFilter(), 5, sort="finished_at", order="asc", reads=3) == ended


def test_page_comes_back_short_with_a_cursor_when_matches_are_rare(
    broker: JobBroker, service: RedisService
) -> None:
    reader = JobReader(service, sortable=20)  # so that 60 jobs are many
    wanted = submit(broker, priority=10)
    for _ in range(60):
        submit(broker)
    by_age = Sorting("created_at", "desc")
    rare = JobFilter(worker_id="nobody", priority_max=50)
    page = reader.page(rare, by_age, limit=5, reads=20)
    assert page.rows == []
    assert page.cursor is not None
    assert list_ids(reader, JobFilter(priority_max=49, status=["pending"]), 5) == [wanted]


def test_indexes_follow_when_a_job_is_retried_expired_and_its_error_changes(
    broker: JobBroker,
    registry: WorkerRegistry,
    reader: JobReader,
    service: RedisService,
    maintenance: Maintenance,
    pass_time: Callable[[float], None],
) -> None:
    register(registry)
    job_id = submit(broker, customer_id="acme", workflow_id="wf")
    for kind in ("First", "Second"):
        (given,) = broker.claim("w1", 1)
        broker.fail("w1", job_id, given.fence, ReportedError(type=kind, retryable=False))
        assert list_ids(reader, JobFilter(q=kind)) == [job_id]
        broker.retry(job_id, actor="test")
        assert list_ids(reader, JobFilter(q=kind)) == []
    broker.cancel(job_id, actor="test")
    pass_time(8 * 86_400)
    assert maintenance.run_once().expired == 1
    assert list_ids(reader, JobFilter()) == []
    pattern = f"{{{service.keys.namespace}}}:*"
    left = {key.decode().partition("}:")[2] for key in service.redis.scan_iter(pattern)}
    assert not [
        key for key in left if key.startswith(("created", "ranked", "ids", "jobs_of", "job:"))
    ]


@pytest.mark.parametrize(
    "cursor", ["x", "", "1", ".a", "1.", "1.é", "1e5.a", "1.a\n", "1" * 16 + ".a"]
)
def test_cursor_is_refused_when_it_is_not_one(reader: JobReader, cursor: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        reader.page(JobFilter(), Sorting("created_at", "desc"), limit=1, cursor=cursor)
    assert refused.value.field == "cursor"
