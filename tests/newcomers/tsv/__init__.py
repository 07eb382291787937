"""A codec: tab-separated values, in the order of the catalogue; nothing where a channel is absent."""
