"""The job types of the demo: how long they take, what they say meanwhile, how often they fail."""

from __future__ import annotations

from typing import Any, Final

import msgspec


class Trouble(msgspec.Struct, frozen=True):
    """An error that strikes a share of the attempts."""

    share: float
    name: str
    message: str
    retryable: bool = True


class Kind(msgspec.Struct, frozen=True):
    """A job type. `a_minute` is how many are submitted in a minute of average traffic."""

    job_type: str
    a_minute: float
    seconds: tuple[float, float]
    priority: int = 50
    steps: tuple[str, ...] = ()
    trouble: Trouble | None = None
    must: dict[str, Any] = {}


KINDS: Final = (
    Kind(
        "make-thumbnail",
        150,
        (0.3, 1.2),
        trouble=Trouble(0.01, "UnsupportedFormat", "cannot decode image/heic", False),
    ),
    Kind(
        "send-email",
        110,
        (0.1, 0.6),
        70,
        trouble=Trouble(0.05, "SmtpTimeout", "mx2.mail.example did not answer in 10 s"),
    ),
    Kind("write-invoice", 50, (0.6, 1.8), 60, ("collect items", "render page", "sign")),
    Kind(
        "geocode-address",
        70,
        (0.2, 1.0),
        40,
        trouble=Trouble(0.08, "RateLimited", "429 from the map service, try again later"),
    ),
    Kind(
        "import-orders",
        10,
        (3.0, 7.0),
        55,
        ("download", "validate", "match customers", "write"),
        Trouble(0.08, "MalformedRow", "row 1,204: quantity is not a number", False),
    ),
    Kind(
        "transcode-video",
        11,
        (8.0, 24.0),
        45,
        ("probe", "first pass", "second pass", "audio", "mux", "upload"),
        Trouble(0.06, "CodecError", "frame 8,112 is damaged"),
        must={"gpu": True, "codecs": "h265"},
    ),
    Kind(
        "train-model",
        2,
        (20.0, 45.0),
        20,
        tuple(f"epoch {number} of 10" for number in range(1, 11)),
        must={"gpu_memory_gb": 24},
    ),
    Kind(
        "build-report",
        5,
        (9.0, 20.0),
        30,
        ("read orders", "join customers", "aggregate", "draw charts", "write PDF"),
        Trouble(0.1, "OutOfMemory", "the join needs more than 4 GB"),
    ),
    Kind(
        "render-scene",
        3,
        (10.0, 25.0),
        65,
        ("load scene", "build lights", "trace", "denoise", "write frames"),
        must={"gpu_memory_gb": 48},
    ),
)

# The steps of an order, one workflow each.
CHECKOUT: Final = (
    Kind("check-stock", 0, (0.2, 0.8)),
    Kind(
        "charge-card",
        0,
        (0.5, 1.5),
        trouble=Trouble(0.07, "CardDeclined", "the bank refuses the card", False),
    ),
    Kind("pack-parcel", 0, (1.0, 3.0), steps=("pick", "wrap", "label")),
    Kind("notify-courier", 0, (0.2, 0.7)),
)

BY_TYPE: Final = {kind.job_type: kind for kind in (*KINDS, *CHECKOUT)}

# job type: (start within so many seconds, share of them). Renders miss it: their node comes and goes.
PROMISES: Final = {
    "send-email": (5.0, 0.95),
    "charge-card": (2.0, 0.99),
    "render-scene": (60.0, 0.9),
}

CUSTOMERS: Final = (
    "acme-foods",
    "blue-harbor",
    "fjord-outdoor",
    "lumen-studio",
    "orchid-labs",
    "tern-logistics",
    "walnut-press",
)
