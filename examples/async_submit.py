"""Submits a hundred jobs from asyncio and awaits them together; needs `quickstart_worker.py` to run."""

import asyncio

from hub.client import AsyncHubClient


async def main() -> None:
    """Submit, gather, count."""
    async with AsyncHubClient() as hub:
        handles = await hub.submit_batch(
            {"job_type": "greet", "payload": {"name": f"guest {n}"}} for n in range(100)
        )
        greetings = await asyncio.gather(*(handle.result(timeout_s=60) for handle in handles))
        print(len(set(greetings)), "guests greeted")


asyncio.run(main())
