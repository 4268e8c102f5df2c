"""HTTP submit → monitor: from the client's first byte to the event's arrival, at an even rate.

Each job carries the time of its request in `customer_id`, which its event shows. Nobody works: the
event measured is `job_submitted`, and from the hundredth on the job stands behind the pending window, on
no screen. So when the budget (docs/protocol.md) is spent, such events are left out and only counted: the
budget is lifted to see every event, and the run as it is must end with the true counts.
"""

from __future__ import annotations

import http.client
import json
import threading
import time

from bench.delivery.processes import child, hub_environ

BAR_P99_MS = 20.0
_CLIENTS = 4  # one slow answer shall not delay the next request
_WARM_UP = 40
_UNFOLDED_BYTES = 2**40  # no event may be folded away


def measure(redis_url: str, monitors: int, rate: int, seconds: float) -> str:
    """Submit `rate` jobs a second, with the traffic budget lifted and as it is; returns a markdown table."""
    lines = [
        "| jobs/s | monitors | budget | submit → monitor p50 ms | p99 ms | HTTP answer p99 ms "
        "| events received by the worst | counts at the end | bar: p99 ≤ 20 ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for budget, burst in (
        ("lifted", {"JOBHUB_MONITOR_BURST_BYTES": str(_UNFOLDED_BYTES)}),
        ("default", {}),
    ):
        environ = hub_environ(redis_url, f"submit-{budget}", **burst)
        lines.append(_run(environ, budget, monitors, rate, seconds))
    return "\n".join(lines)


def _run(environ: dict[str, str], budget: str, monitors: int, rate: int, seconds: float) -> str:
    total = int(rate * seconds)
    with child("hub.cli", "hub", environ=environ) as server:
        port = server.port()
        _submit(port, _WARM_UP, rate, first=-_WARM_UP)
        pending = total + _WARM_UP
        numbers = {"port": port, "count": monitors, "sampled": monitors, "last": total}
        args = [f"--{name}={value}" for name, value in (numbers | {"pending": pending}).items()]
        with child("bench.delivery.receivers", *args, f"--timeout={2 * seconds + 20:g}") as seen:
            seen.line()
            answers = _submit(port, total, rate, first=1)
            found = seen.result()
    if found["p99_ms"] is None:
        raise SystemExit("no monitor received anything")
    answer_ms = answers[int(len(answers) * 0.99)] * 1_000
    exact = set(found["pending"]) == {pending}
    whole = budget == "default" or found["fewest"] == total
    verdict = "met" if found["p99_ms"] <= BAR_P99_MS and whole and exact else "missed"
    return (
        f"| {rate} | {monitors} | {budget} | {found['p50_ms']:.1f} | {found['p99_ms']:.1f} "
        f"| {answer_ms:.1f} | {100 * found['fewest'] / total:.1f} % "
        f"| {'exact' if exact else 'wrong'} | {verdict} |"
    )


def _submit(port: int, total: int, rate: int, first: int) -> list[float]:
    """Submit jobs numbered from `first` at an even pace; returns how long the answers took, sorted."""
    started = time.monotonic() + 0.1
    took_s: list[float] = []

    def work(share: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for place in range(share, total, _CLIENTS):
            due = started + place / rate
            while (wait_s := due - time.monotonic()) > 0:
                time.sleep(wait_s)
            begun = time.monotonic()
            _post(link, first + place)
            took_s.append(time.monotonic() - begun)
        link.close()

    clients = [threading.Thread(target=work, args=(share,)) for share in range(_CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if len(took_s) < total:
        raise SystemExit("the hub did not take every job")
    return sorted(took_s)


def _post(link: http.client.HTTPConnection, number: int) -> None:
    stamp = f"at_us:{time.monotonic_ns() // 1_000}:n:{number}"
    body = json.dumps({"job_type": "bench", "payload": {"n": number}, "customer_id": stamp})
    link.request("POST", "/api/jobs", body, {"Content-Type": "application/json"})
    answer = link.getresponse()
    said = answer.read()
    if answer.status != 201:
        raise RuntimeError(f"POST /api/jobs: {answer.status} {said!r}")
