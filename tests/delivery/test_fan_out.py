"""The fan-out takes what nobody else wants of the process, and at most half of what everybody wants."""

from __future__ import annotations

import threading
import time

from hub.fan_out import FanOut, _Share
from tests.support.waiting import wait_until


def burn(cpu_s: float) -> None:
    until = time.thread_time() + cpu_s
    while time.thread_time() < until:
        pass


def settled(flush_s: float, others_s: float) -> float:
    """The share after a while in which flushes and everything else take so much."""
    share = _Share()
    began = time.monotonic()
    while time.monotonic() - began < 0.35:
        began_cpu_s = time.thread_time()
        burn(flush_s)
        share.note(time.thread_time() - began_cpu_s)
        burn(others_s)
    return share.now


def test_fan_out_may_use_three_quarters_when_nothing_else_happens() -> None:
    assert settled(0.002, 0.0) == 0.75


def test_fan_out_may_use_half_when_jobs_need_as_much() -> None:
    assert settled(0.002, 0.002) == 0.5


def test_flushes_go_on_when_one_fails() -> None:
    flushed, failed = threading.Event(), threading.Event()

    def flush(now: float) -> None:
        if not failed.is_set():
            raise ValueError("cannot")
        flushed.set()

    fan_out = FanOut(flush, failed.set)
    fan_out.start()
    try:
        fan_out.wake()
        assert failed.wait(20)
        fan_out.wake()
        assert flushed.wait(20)
    finally:
        fan_out.stop()


def test_one_flush_takes_a_whole_burst_when_events_come_one_by_one() -> None:
    flushes: list[float] = []
    fan_out = FanOut(flushes.append, lambda: None)
    fan_out.start()
    try:
        fan_out.wake(1)
        wait_until(lambda: flushes, what="the first flush")
        burst_at = time.monotonic()
        for _ in range(1_000):
            fan_out.wake(1)
        burst_s = time.monotonic() - burst_at
        wait_until(lambda: flushes[-1] > burst_at + burst_s, what="a flush after the burst")
    finally:
        fan_out.stop()
    assert len([at for at in flushes if at >= burst_at]) <= 2 + burst_s / 0.002
