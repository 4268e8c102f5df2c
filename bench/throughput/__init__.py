"""How fast jobs go through, against the job queues that people use.

    python -m bench.throughput

Every system runs on the same Redis server, one after another, in the best configuration that was found
for it, and is asked the same questions by the same driver: enqueue one by one and in bulk, drain a backlog
with two worker processes and results kept, pick up jobs at 50 a second, and the CPU that all this took.
Peers are installed into a virtual environment of their own.
"""
