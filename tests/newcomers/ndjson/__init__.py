"""A store: lines of JSON in a file."""
