"""Cursors neither skip nor repeat, whatever happens to jobs between two pages."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.config import load_settings
from hub.job_broker import JobBroker
from hub.job_filter import Facts, JobFilter, Order, Sort, Sorting
from hub.job_reader import JobReader
from hub.keys import Keys
from hub.messages import SubmitRequest
from hub.redis_service import RedisService

_numbers = itertools.count()
_jobs = st.lists(
    st.tuples(st.sampled_from([0, 50, 50, 100]), st.sampled_from(["acme", "other"])),
    min_size=1,
    max_size=20,
)
_moves = st.lists(  # between two pages each
    st.lists(
        st.tuples(
            st.sampled_from(["submit", "cancel", "retry", "priority", "purge"]), st.integers(0, 19)
        ),
        max_size=3,
    ),
    max_size=12,
)
_filters = st.sampled_from(
    [
        JobFilter(),
        JobFilter(status=["pending"]),
        JobFilter(customer_id="acme"),
        JobFilter(status=["pending", "cancelled"], priority_min=50),
    ]
)


class Scene:
    """Jobs in a namespace of their own, and which of them were touched since they were listed first."""

    def __init__(self, redis_url: str) -> None:
        self.keys = Keys(f"cursors{next(_numbers)}")
        self.service = RedisService(redis_url, self.keys)
        self.broker = JobBroker(self.service, load_settings({}, {"redis_url": redis_url}))
        self.reader = JobReader(self.service)
        self.jobs: list[str] = []
        self.touched: set[str] = set()

    def submit(self, priority: int, customer: str) -> None:
        """Submit one job."""
        request = SubmitRequest(job_type="demo", priority=priority, customer_id=customer)
        self.jobs.append(self.broker.submit(request, submitted_by="test").job.job_id)

    def move(self, what: str, place: int) -> None:
        """Do something to one of the jobs; a refusal is as good."""
        if what == "submit":
            self.submit(50, "acme")
            self.touched.add(self.jobs[-1])
            return
        job_id = self.jobs[place % len(self.jobs)]
        self.touched.add(job_id)
        if what == "priority":
            self.broker.update_many([job_id], actor="test", priority=70)
        else:
            getattr(self.broker, f"{what}_many")([job_id], actor="test")

    def pages(
        self, wanted: JobFilter, sorting: Sorting, limit: int, reads: int
    ) -> Iterator[list[str]]:
        """Walk the listing; the caller may move jobs between two pages."""
        cursor = None
        while True:
            page = self.reader.page(wanted, sorting, limit=limit, cursor=cursor, reads=reads)
            yield [msgspec.json.decode(row, type=Facts).job_id for row in page.rows]
            cursor = page.cursor
            if cursor is None:
                return

    def close(self) -> None:
        """Forget the namespace."""
        self.service.redis.delete(*self.service.redis.keys(f"{{{self.keys.namespace}}}:*"))
        self.service.close()


@settings(max_examples=80, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    jobs=_jobs,
    moves=_moves,
    wanted=_filters,
    sort=st.sampled_from(["created_at", "priority"]),
    order=st.sampled_from(["asc", "desc"]),
    limit=st.integers(1, 6),
    reads=st.sampled_from([5, 2_000]),
)
def test_every_job_that_stays_comes_once_in_order_when_others_move_between_pages(
    redis_url: str,
    jobs: list[tuple[int, str]],
    moves: list[list[tuple[str, int]]],
    wanted: JobFilter,
    sort: Sort,
    order: Order,
    limit: int,
    reads: int,
) -> None:
    scene, sorting = Scene(redis_url), Sorting(sort, order)
    try:
        for priority, customer in jobs:
            scene.submit(priority, customer)
        (everything,) = scene.pages(wanted, sorting, 500, 2_000)
        seen: list[str] = []
        steps = iter(moves)
        for page in scene.pages(wanted, sorting, limit, reads):
            assert len(page) <= limit
            seen += page
            assert len(seen) <= len(scene.jobs) + len(scene.touched), "it goes round"
            for what, place in next(steps, []):
                scene.move(what, place)
        stayed = [job_id for job_id in everything if job_id not in scene.touched]
        assert [job_id for job_id in seen if job_id not in scene.touched] == stayed
        if sort == "created_at":  # whatever happens to a job, its place in this order stays
            assert len(seen) == len(set(seen))
    finally:
        scene.close()
