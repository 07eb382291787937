"""Rules over a few lamps and their cabinets, and what these say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.engine import decide
from controller.resolve import program_of
from controller.rules import Program
from controller.state import Ended, Handed, Heard, News, Order, State
from park.town import default_town
from sectors import SECTORS

TOWN = default_town(SECTORS)
TICK = 10_000
#: 2026-06-01 00:00 of the town's local time, a Monday, at +08:00.
MONDAY = 1_780_243_200_000
HOUR = 3_600_000
MINUTE = 60_000

DIM = """
[[rules]]
name = "dim"
kind = "street_lamp"
act = { action = "set_level", args = { level = 60, ramp = 10 } }
release = { action = "resume" }
"""
DARK = """
[[rules.when]]
kind = "light_cabinet"
channel = "illuminance"
over = "cell"
below = 20
until = 40
"""


def program(text: str) -> Program:
    return program_of(text, "control.toml", TOWN)


def heard(kind: str, number: int, ts: int, site: str = "xinwu", **values: Any) -> Heard:
    return Heard(
        kind=kind, device=f"{kind.replace('_', '-')}-{number:06d}", site=site, number=number - 1, ts=ts, values=values
    )


def lamp(number: int, ts: int, **values: Any) -> Heard:
    """Lamps 1 to 12 stand in the first cell, at xinwu."""
    return heard("street_lamp", number, ts, **values)


def cabinet(ts: int, lux: float, number: int = 1, site: str = "xinwu") -> Heard:
    return heard("light_cabinet", number, ts, site, illuminance=lux)


@dataclass(kw_only=True)
class Control:
    """An engine over time.

    Attributes:
        orders: all that it has given.
        obeys: whether every order ends well before the next tick.
    """

    program: Program
    state: State = field(default_factory=State)
    orders: list[Order] = field(default_factory=list)
    obeys: bool = True
    _given: list[Order] = field(default_factory=list)

    def at(
        self,
        tick: int,
        news: Iterable[Heard] = (),
        *,
        ended: Iterable[Ended] = (),
        handed: Iterable[Handed] = (),
    ) -> list[Order]:
        """What it orders at a tick, having heard this."""
        ends = [*ended, *(Ended(id=order.id, state="succeeded") for order in self._given if self.obeys)]
        self.state, given = decide(
            self.program, self.state, News(heard=tuple(news), ended=ends, handed=tuple(handed)), tick
        )
        self._given = given
        self.orders += given
        return given

    def hands(self, orders: Iterable[Order]) -> list[Handed]:
        """What it tells other controllers of orders that it has just given."""
        claims = [(order, self.state.claims[order.where.device][order.group]) for order in orders]
        return [Handed(order=order, stand=claim.stand, release=claim.release) for order, claim in claims]

    def through(self, first: int, last: int, lux: Mapping[int, float] | float, lamps: int = 1) -> list[Order]:
        """Every tick of a time, with readings at each; illuminance by the moment from which it is so."""
        found = []
        for tick in range(first, last, self.program.tick_ms):
            now = lux if isinstance(lux, int | float) else lux[max(since for since in lux if since <= tick)]
            found += self.at(tick, [cabinet(tick, now), *(lamp(number, tick) for number in range(1, lamps + 1))])
        return found


def said(orders: Iterable[Order]) -> list[tuple[str, str, int]]:
    """Device, action and tick of orders."""
    return [(order.where.device, order.told.action, order.tick) for order in orders]
