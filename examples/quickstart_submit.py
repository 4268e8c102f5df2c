"""Submits some jobs and prints what comes back; needs `quickstart_worker.py` to run."""

from hub.client import HubClient, JobFailed

with HubClient() as hub:
    urgent = hub.submit("resize", {"sizes": [64, 128]}, priority=80)
    print("one:", urgent.result(timeout_s=30))

    many = hub.submit_batch(
        {"job_type": "greet", "payload": {"name": f"guest {n}"}} for n in range(3)
    )
    for handle in many:
        print("many:", handle.result(timeout_s=30))

    fits = hub.submit("resize", {"sizes": [256]}, requirements={"must": {"gpu_memory_gb": 16}})
    print("on a large GPU:", fits.result(timeout_s=30))

    try:
        hub.submit("resize", {"sizes": []}).result(timeout_s=30)
    except JobFailed as failure:
        print("failed:", failure.error.type, "-", failure.error.message)
