"""The dashboard: a Dash app whose live parts follow the hub over a WebSocket.

config      what the dashboard needs of the settings
hub_client  the hub's HTTP API as the dashboard's server uses it; never Redis
job_routes  what pages ask of the hub about jobs, passed on by the dashboard's server
theme       the palette, read from assets/css/00_tokens.css
ids         every id that two files share, JavaScript included
components  building blocks: panel, pill, tile, chart, grid, widget
pages       one module a page: PATH, NAME, layout(), register()
app         the only wiring; serving runs it
"""
