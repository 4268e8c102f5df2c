"""One module a system: its tasks, its best settings, and how the driver speaks to it.

A peer's module runs in the virtual environment of the peers: it imports nothing of Jobhub.
"""
