"""Readings with their truth, for people who analyse them: a folder of Parquet files, and Arrow tables.

`write` makes the folder of `park dataset`: readings and clean twins (`sheets`), labels and what happened (`records`),
and a datasheet (`datasheet`), as Parquet through DuckDB (`parquet`). `arrow` gives readings as tables in memory.
"""
