"""The dashboard: a Dash app whose live parts follow the hub over a WebSocket."""
