"""What a step of the model test may do, how often, and what it draws for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

TYPES = ("a", "b")
WORKERS = ("w1", "w2", "w3")

retries = st.sampled_from(
    [
        {"kind": "exponential", "base_s": 2.0, "cap_s": 5.0, "jitter": 0.25},
        {"kind": "exponential", "base_s": 2.0, "cap_s": 2.1, "jitter": 0.5},
        {"kind": "fixed", "base_s": 1.0, "cap_s": 900.0, "jitter": 0.0},
        {"kind": "none", "base_s": 2.0, "cap_s": 900.0, "jitter": 0.25},
    ]
)
submissions = st.fixed_dictionaries(
    {
        "job_type": st.sampled_from(TYPES),
        "priority": st.sampled_from([0, 1, 50, 100]),
        "max_attempts": st.sampled_from([1, 3, 3]),
        "timeout_s": st.sampled_from([3.0, 40.0, 3600.0]),
        "retry": retries,
    },
    optional={
        "requirements": st.sampled_from([{"must": {"gpu": 1}}, {"must": {"gpu": 2}}]),
        "delay_s": st.sampled_from([0.001, 6.0, 60.0]),
        "workflow_id": st.sampled_from(["f1", "f2"]),
        "workflow_priority": st.sampled_from([0, 70]),
        "idempotency_key": st.sampled_from(["k1", "k2"]),
    },
)


def operation(**arguments: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    """Mark a method that a step may call, with what it draws."""

    def mark(method: Any) -> Any:
        method.arguments = st.fixed_dictionaries(arguments)
        method.draws = "data" in inspect.signature(method).parameters
        return method

    return mark


# How often each is drawn. One rule, not one a method: the machine would leave out random ones each time, and
# most of what matters needs many of them together.
WEIGHTS = {
    "submit": 3,
    "hand_in": 3,
    "work": 6,
    "settle": 14,
    "maintain": 5,
    "act": 4,
    "update": 3,
    "heartbeat": 2,
    "register": 2,
    "reconnect": 2,
    "progress": 1,
    "claim": 1,
    "leave": 2,
    "pause": 1,
    "drain": 1,
    "pass_time": 1,
    "revive": 2,
    "haunt": 1,
    "harvest": 2,
    "tidy": 3,
    "restart": 1,
}
operations = st.sampled_from([name for name, weight in WEIGHTS.items() for _ in range(weight)])
