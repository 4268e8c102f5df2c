"""`python -m hub.cli` is `jobhub`."""

from hub.cli import main

main(prog_name="jobhub")
