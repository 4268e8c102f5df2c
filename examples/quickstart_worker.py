"""A worker: run it, then `quickstart_submit.py` in another terminal. Ctrl-C lets it finish, then ends it."""

import time

from hub.worker import Job, NotRetryable, Worker

worker = Worker(slots=4, capabilities={"gpu_memory_gb": 24})


@worker.job("resize")
def resize(job: Job) -> dict[str, int]:
    """Pretend to make a picture in several sizes."""
    sizes = job.payload.get("sizes")
    if not sizes:
        raise NotRetryable("no sizes: another attempt would not help")
    for step, size in enumerate(sizes, 1):
        job.raise_if_cancelled()
        time.sleep(0.05)
        job.progress(step, of=len(sizes), message=f"{size}px")
        job.log(f"wrote {size}px")
    return {"files": len(sizes)}


@worker.job("greet")
async def greet(job: Job) -> str:
    """Coroutines are handlers too; they share one event loop."""
    return f"hello {job.payload['name']}"


if __name__ == "__main__":
    worker.run()
