"""The HTTP side of the hub: one blueprint a resource; Flask stops here."""
