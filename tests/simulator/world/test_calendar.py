"""Working days of China in 2026, after the State Council's notice, and of other countries."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.world import UnknownCountryError
from simulator.world.calendar import Calendar
from tests.simulator.world.towns import world

SPRING_FESTIVAL = dt.date(2026, 2, 17)


@pytest.mark.parametrize(
    ("date", "workday", "holiday"),
    [
        (SPRING_FESTIVAL, False, True),
        (dt.date(2026, 2, 14), True, False),  # a Saturday worked for the Spring Festival
        (dt.date(2026, 10, 10), True, False),  # and one for the National Day
        (dt.date(2026, 10, 11), False, False),
        (dt.date(2026, 3, 3), True, False),
        (dt.date(2030, 10, 1), False, True),
    ],
)
def test_china(date: dt.date, workday: bool, holiday: bool) -> None:
    day = Calendar("CN").day(date)
    assert (day.workday, day.holiday, day.weekday) == (workday, holiday, date.weekday())


def test_the_world_keeps_it() -> None:
    day = world().day((SPRING_FESTIVAL - dt.date(2025, 12, 31)).days)
    assert (day.date, day.workday, day.holiday, day.weekday) == (SPRING_FESTIVAL, False, True, 1)


def test_weekends_alone() -> None:
    assert Calendar("").day(SPRING_FESTIVAL).workday
    assert not Calendar("").day(dt.date(2026, 2, 14)).workday


def test_unknown_country_names_the_key() -> None:
    with pytest.raises(UnknownCountryError, match=r"town\.country.*'Atlantis'"):
        world(country="Atlantis")


@given(st.lists(st.dates(dt.date(2020, 1, 1), dt.date(2040, 12, 31)), max_size=5), st.sampled_from(["CN", "DE"]))
def test_a_date_does_not_depend_on_those_asked_before(others: list[dt.date], country: str) -> None:
    date = dt.date(2026, 2, 14)
    asked = Calendar(country)
    for other in others:
        asked.day(other)
    assert asked.day(date) == Calendar(country).day(date)
