"""Whether memory, sockets, greenlets and keys stay flat under a mixed load: `python -m bench.soak`."""
