# ruff: noqa: S608  (names come from the catalogue, and every text from our own code)
"""What InfluxQL asks about rollups: which of them answer for a range of time."""

from collections.abc import Iterable

from dashboards.sources.rollup import BEHIND_HOURS, COARSE_HOURS, FINE_HOURS, LEAST_READINGS
from park.rollup import MARKS

#: The variable for the end of measurements' names.
ROLLUP = "rollup"


def which_rollup(kinds: Iterable[str]) -> str:
    """The statement whose answer is the suffix for a range of time; none where readings are asked.

    The kind with most rollups decides, and that of which most are missing. Grafana expands the first `$timeFilter` of
    a variable's query alone, so it stands outside: what is within goes by it.
    """
    of_kinds = f'"kind" =~ /^({"|".join(sorted(kinds))})$/'
    pays = f' AND "hours" <= {COARSE_HOURS} AND "readings" >= {LEAST_READINGS} * "buckets"'
    choices = []
    sums = ', sum("readings") AS "readings", sum("buckets") AS "buckets"'
    for field, more, further, sizes in (("fine", FINE_HOURS, pays, sums), ("coarse", COARSE_HOURS, "", "")):
        by_kind = (
            f'SELECT last("{field}") AS "suffix", count("made") AS "hours", count("touched") AS "touched", '
            f'count("touched") - count("made") AS "behind"{sizes} '
            f'FROM "{MARKS.name}" WHERE {of_kinds} GROUP BY "kind"'
        )
        # A kind of which no hour is made has no number of them, and so none by which it is behind: it is missing.
        whole = (
            'SELECT last("suffix") AS "suffix", max("hours") AS "hours", max("behind") AS "behind", '
            f'count("touched") - count("behind") AS "missing"{sizes} FROM ({by_kind})'
        )
        holds = f'"hours" > {more} AND "behind" <= {BEHIND_HOURS} AND "missing" <= 0{further}'
        choices.append(f'(SELECT "suffix" FROM ({whole}) WHERE {holds})')
    return f'SELECT "suffix" FROM {", ".join(choices)} WHERE $timeFilter'


def progress(kind: str, *, sizes: bool) -> str:
    """The statement of the figures of a `Progress`, in their order; without sizes, which cost as much, of the first."""
    figures = 'count("touched"), count("made")' + (', sum("readings"), sum("buckets")' if sizes else "")
    return f'SELECT {figures} FROM "{MARKS.name}" WHERE $timeFilter AND "kind" = \'{kind}\''
