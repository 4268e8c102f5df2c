"""A worker whose jobs keep the processor busy: one process a slot, so that they really run side by side."""

import os

from hub.worker import Job, Worker

worker = Worker(slots=2, pool="process")


@worker.job("count_primes")
def count_primes(job: Job) -> dict[str, int]:
    """Count the primes below a number; the process is the job's own while it runs."""
    below = int(job.payload["below"])
    sieve = bytearray([1]) * below
    sieve[:2] = b"\0\0"
    for number in range(2, int(below**0.5) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, below, number)))
    return {"primes": sum(sieve), "pid": os.getpid()}


# The processes import this file to find the handlers: only the program itself works.
if __name__ == "__main__":
    worker.run()
