# ruff: noqa: S608  (names come from the catalogue, and every text from our own code)
"""What InfluxQL asks about rollups: which of them answer for a range of time."""

from collections.abc import Iterable

from dashboards.sources.rollup import BEHIND_HOURS, COARSE_HOURS, FINE_HOURS
from park.rollup import MARKS

#: The variable for the end of measurements' names.
ROLLUP = "rollup"


def which_rollup(kinds: Iterable[str]) -> str:
    """The statement whose answer is the suffix for a range of time; none where readings are asked.

    The kind with most rollups decides, and that of which most are missing. Grafana expands the first `$timeFilter` of
    a variable's query alone, so it stands outside: what is within goes by it.
    """
    of_kinds = f'"kind" =~ /^({"|".join(sorted(kinds))})$/'
    choices = []
    for field, more, most in (("fine", FINE_HOURS, f' AND "hours" <= {COARSE_HOURS}'), ("coarse", COARSE_HOURS, "")):
        by_kind = (
            f'SELECT last("{field}") AS "suffix", count("made") AS "hours", count("touched") AS "touched", '
            f'count("touched") - count("made") AS "behind" FROM "{MARKS.name}" WHERE {of_kinds} GROUP BY "kind"'
        )
        # A kind of which no hour is made has no number of them, and so none by which it is behind: it is missing.
        whole = (
            'SELECT last("suffix") AS "suffix", max("hours") AS "hours", max("behind") AS "behind", '
            f'count("touched") - count("behind") AS "missing" FROM ({by_kind})'
        )
        holds = f'"hours" > {more}{most} AND "behind" <= {BEHIND_HOURS} AND "missing" <= 0'
        choices.append(f'(SELECT "suffix" FROM ({whole}) WHERE {holds})')
    return f'SELECT "suffix" FROM {", ".join(choices)} WHERE $timeFilter'


def progress(kind: str) -> str:
    """The statement of how many hours of a kind are touched, and how many made."""
    return f'SELECT count("touched"), count("made") FROM "{MARKS.name}" WHERE $timeFilter AND "kind" = \'{kind}\''
