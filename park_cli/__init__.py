"""The `park` command: composes the parts; nobody imports it."""
