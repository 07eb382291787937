"""DuckDB: a file that this process owns; its key makes writing again harmless."""
