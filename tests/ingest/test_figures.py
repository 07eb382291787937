"""Each figure of the ingester is a row with one way to read it."""

from ingest.figures import BY_REASON, DISTRIBUTIONS, FIGURES, RECENT
from park.pipeline import INGEST


def test_every_row_is_read_once_and_nothing_else_is() -> None:
    read = [*FIGURES, *RECENT, *DISTRIBUTIONS]
    rows = [channel.name for channel in (*INGEST.fields, *INGEST.asked)]
    assert sorted(read) == sorted(rows)
    assert {channel.name for channel in INGEST.fields} == {*FIGURES, *RECENT} - {"states", "ready"}
    assert set(BY_REASON) <= set(FIGURES)
