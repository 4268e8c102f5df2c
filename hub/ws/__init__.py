"""The WebSocket side of the hub: connections, and one module a kind of peer."""
