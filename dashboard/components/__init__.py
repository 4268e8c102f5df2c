"""Building blocks that pages are made of; each returns Dash components and knows no page."""
