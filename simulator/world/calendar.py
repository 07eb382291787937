"""Working days: weekends, public holidays and the days worked in their stead."""

import datetime as dt
from dataclasses import dataclass
from functools import cache

import holidays

from simulator.world.errors import UnknownCountryError


@dataclass(frozen=True, kw_only=True)
class DayKind:
    """What the calendar says of a date: weekday 0 is Monday; `made_up` is of a weekend that is worked for a holiday."""

    workday: bool
    holiday: bool
    weekday: int
    made_up: bool = False


class Calendar:
    """The calendar of a country.

    Make-up workdays are known for the years whose schedule has been published; in later years the
    statutory holidays remain.

    Args:
        country: ISO 3166-1 alpha-2 code, or "" for weekends alone.

    Raises:
        UnknownCountryError: when no calendar of that country is known.
    """

    def __init__(self, country: str) -> None:
        self._days = _holidays(country)

    def day(self, date: dt.date) -> DayKind:
        """The kind of `date`."""
        if self._days is None:
            return DayKind(workday=date.weekday() < 5, holiday=False, weekday=date.weekday())
        self._fill(date.year)
        workday = bool(self._days.is_working_day(date))
        return DayKind(
            workday=workday,
            holiday=date in self._days,
            weekday=date.weekday(),
            made_up=workday and bool(self._days.is_weekend(date)),
        )

    def _fill(self, year: int) -> None:
        """Has the year's days found, and its neighbours', which may reach into it.

        They are found when a date of theirs is looked up; a make-up workday must not depend on what
        was looked up before.
        """
        for near in (year - 1, year, year + 1):
            if self._days is not None and near not in self._days.years:
                _ = dt.date(near, 1, 1) in self._days


@cache
def _holidays(country: str) -> holidays.HolidayBase | None:
    if not country:
        return None
    try:
        return holidays.country_holidays(country)
    except NotImplementedError as error:
        raise UnknownCountryError(
            f'town.country: no calendar of {country!r}; give an ISO 3166 code such as CN, or "" for weekends alone'
        ) from error
