"""A card asks often while its page is new or empty, and seldom afterwards."""

from dashboards.sources.base import Curve, Window
from dashboards.viewer.pace import KEEP_MS, NEW_MS, Pace
from dashboards.viewer.windows import Moment

ANSWER = [Curve(field="level", values=[1.0], times=[0])]


def at(now: int, span: int = 3_600_000) -> Moment:
    return Moment(now=now, span=span)


def old(pace: Pace) -> int:
    """Let the page grow old, with an answer; the moment."""
    assert pace.is_due(at(0))
    now = (NEW_MS // KEEP_MS + 1) * KEEP_MS
    pace.changed(at(now), ANSWER)
    return now


def test_a_new_page_asks_at_every_refresh() -> None:
    pace = Pace()
    for now in range(0, NEW_MS, 500):
        assert pace.is_due(at(now))
        pace.changed(at(now), ANSWER)
    pace.changed(at(NEW_MS), ANSWER)
    assert not pace.is_due(at(NEW_MS + 1))


def test_an_old_page_asks_again_when_it_is_time_or_something_else_is_chosen() -> None:
    pace = Pace()
    now = old(pace)
    assert not pace.is_due(at(now + KEEP_MS - 1))
    assert pace.is_due(at(now + KEEP_MS))
    assert pace.is_due(at(now + 1, span=60_000))
    assert pace.is_due(Moment(now=now + 1, span=3_600_000, sites=("north",)))


def test_an_empty_card_asks_at_every_refresh() -> None:
    pace = Pace()
    now = old(pace)
    pace.changed(at(now), [])
    assert pace.is_due(at(now + 1))


def test_only_another_answer_or_window_is_drawn() -> None:
    pace, window = Pace(), Window(start=0, until=10)
    assert pace.changed(at(0), [], window)
    assert not pace.changed(at(1), [], window)
    assert pace.changed(at(2), ANSWER, window)
    assert not pace.changed(at(3), [Curve(field="level", values=[1.0], times=[0])], window)
    assert pace.changed(at(4), ANSWER, Window(start=5, until=15))
