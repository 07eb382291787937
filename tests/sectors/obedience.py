"""What orders may do to readings and what they may not, to be held against any sector."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from park.catalogue import Action, Channel, DeviceKind, Sector, ValueType
from park.columns import Columns
from park.model import GRID_S, Orders
from park.town import default_town
from sectors import SECTORS
from simulator.fleet import Fleet
from simulator.plan import Group, Plan, Selection
from simulator.state import TownState

#: 2026-01-12T02:00 local time: two hours before the town's day ends.
START = 1_768_154_400_000
HOUR = 3_600_000
MORNING = START + 2 * HOUR
UNTIL = START + 30 * HOUR
UNKNOWN = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """All devices in a sector's first cells, through thirty hours."""

    sector: Sector
    plan: Plan

    @staticmethod
    def of(sector: Sector, cells: int = 3, interval_ms: int = 97_000) -> "Trial":
        town = default_town({**SECTORS, sector.name: sector})
        selection = Selection(town=town, seed=11, devices=1, interval_ms=interval_ms)
        groups = (Group(kind=k, sector=sector, device=np.arange(cells * k.per_cell)) for k in sector.kinds)
        return Trial(sector=sector, plan=Plan(selection=selection, groups=tuple(groups)))

    def readings(self, orders: Orders | None) -> list[Columns]:
        """Of every kind, made by a town of their own."""
        given = {} if orders is None else {self.sector.name: orders}
        return self.read(TownState([self.plan], given))

    def read(self, state: TownState) -> list[Columns]:
        return Fleet(self.plan, state).columns(START, UNTIL)

    def random_order_before(self, rng: np.random.Generator, order: Orders) -> Orders:
        """One to the same device within the hour before, another action if its kind has one."""
        kind, told = _told(self.sector, int(order.action[0]))
        cell, unit, _, effective, _ = rows_of(order)[0]
        at = effective - int(rng.integers(60_000, HOUR))
        others = [action for action in kind.actions if action is not told] or [told]
        action = others[int(rng.integers(len(others)))]
        values = [_value(rng, one) for one in action.parameters]
        number = self.sector.actions[kind.name, action.name]
        return made([(cell, unit, number, at, [*values, *[np.nan] * (4 - len(values))])])

    def random_orders(self, rng: np.random.Generator, count: int, start: int = START, until: int = UNTIL) -> Orders:
        """At random moments, some of them on the grid; what the sector does not know, it has to pass over."""
        actions = [(kind, action) for kind in self.sector.kinds for action in kind.actions]
        cells = len(np.unique(self.plan.groups[0].cell))
        drawn: list[tuple[int, int, int, int, list[float]]] = []
        for _ in range(count):
            effective = int(rng.integers(start, until))
            if rng.random() < 0.3:
                effective = min(-(-(effective - MORNING) // (GRID_S * 1000)) * GRID_S * 1000 + MORNING, until - 1)
            number = int(rng.integers(len(actions))) if actions else UNKNOWN
            kind = actions[number][0] if actions else self.sector.kinds[0]
            values = [_value(rng, one) for one in actions[number][1].parameters] if actions else []
            unit = int(rng.integers(kind.per_cell))
            drawn.append((int(rng.integers(cells)), unit, number, effective, [*values, *[np.nan] * (4 - len(values))]))
        return made(drawn)


def _value(rng: np.random.Generator, parameter: Channel) -> float:
    if parameter.type is ValueType.FLOAT:
        return float(rng.uniform(parameter.low, parameter.high))
    top = len(parameter.texts) - 1 if parameter.type is ValueType.TEXT else int(parameter.high)
    return float(rng.integers(int(parameter.low), top + 1))


def made(drawn: Iterable[tuple[int, int, int, int, list[float]]]) -> Orders:
    rows = list(drawn)
    if not rows:
        return Orders.of()
    cell, unit, action, effective, value = zip(*rows, strict=True)
    return Orders.of(cell=cell, unit=unit, action=action, effective=effective, value=value)


def rows_of(orders: Orders) -> list[tuple[int, int, int, int, list[float]]]:
    parts = (orders.cell, orders.unit, orders.action, orders.effective, orders.value)
    return list(zip(*(part.tolist() for part in parts), strict=True))


def both(one: Orders, other: Orders) -> Orders:
    return made([*rows_of(one), *rows_of(other)])


def differences(one: Columns, other: Columns) -> npt.NDArray[np.bool_]:
    """(N,) whether a reading is not the same to the bit."""
    assert np.array_equal(one.ts, other.ts)
    assert np.array_equal(one.device, other.device)
    everywhere = np.ones(len(one), dtype=np.bool_)
    differ = ~everywhere
    for name in one.values:
        differ |= one.values[name] != other.values[name]
        differ |= one.present.get(name, everywhere) != other.present.get(name, everywhere)
    return differ


def same(ones: list[Columns], others: list[Columns], before: int = UNTIL) -> bool:
    """Whether all readings before a moment are the same to the bit."""
    pairs = zip(ones, others, strict=True)
    return not any((differences(one, other) & (one.ts < before)).any() for one, other in pairs)


def nothing_changes_without_orders(trial: Trial) -> None:
    plain = trial.readings(None)
    assert same(plain, trial.readings(Orders.of()))
    elsewhere = Orders.of(cell=[10_000], unit=[0], action=[0], effective=[START], value=[20.0])
    assert same(plain, trial.readings(elsewhere))
    # A block of cells that is worked out by itself is no other.
    unknown = Orders.of(cell=[0, 2], unit=[0, 0], action=[UNKNOWN] * 2, effective=[START + 7, MORNING])
    assert same(plain, trial.readings(unknown))


def order_of_arrival_does_not_matter(trial: Trial, seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = rows_of(trial.random_orders(rng, 12))
    straight = trial.readings(made(drawn))
    rng.shuffle(drawn)
    assert same(straight, trial.readings(made(drawn)))
    # Nor what was asked for while they arrived.
    state = TownState([trial.plan])
    for known in (3, 8, 12):
        state.obey(trial.sector.name, made(drawn[:known]))
        last = trial.read(state)
    assert same(straight, last)
    assert same(last, trial.read(state))


def what_was_before_stays(trial: Trial, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = trial.random_orders(rng, 2 * max(3, len(trial.sector.actions)))
    moment = int(rng.integers(START + HOUR, UNTIL - HOUR))
    later = trial.random_orders(rng, 2, start=moment)
    at = int(later.effective[0])
    before, after = trial.readings(first), trial.readings(both(first, later))
    assert same(before, after, at)


def others_are_left_alone(trial: Trial, seed: int) -> None:
    """Neither a cell that is told nothing more changes, nor one that is told nothing at all while others are."""
    rng = np.random.default_rng(seed)
    many = max(3, len(trial.sector.actions))
    spared = int(rng.integers(trial.plan.groups[0].cell.max() + 1))
    first = made(row for row in rows_of(trial.random_orders(rng, 3 * many)) if row[0] != spared)
    more = made(row for row in rows_of(trial.random_orders(rng, many)) if row[0] == first.cell[0])
    plain, before, after = trial.readings(None), trial.readings(first), trial.readings(both(first, more))
    for none, one, other, kind in zip(plain, before, after, trial.sector.kinds, strict=True):
        cell = one.device // kind.per_cell
        assert not (differences(one, other) & ~np.isin(cell, more.cell)).any()
        assert not (differences(none, other) & (cell == spared)).any()


def orders_show(trial: Trial, seed: int) -> None:
    """Not every one has to change anything, but most random ones do, and in time.

    Each comes to a device that was told something before, for some orders only end what others began. A device where
    neither changes anything has nothing to obey with, such as a charging point without a vehicle, and is passed over.
    """
    rng, plain, shown = np.random.default_rng(seed), trial.readings(None), list[bool]()
    for _ in range(40):
        order = trial.random_orders(rng, 1, start=START + HOUR, until=UNTIL - 3 * HOUR)
        kind, action = _told(trial.sector, int(order.action[0]))
        cell, unit, _, at, _ = rows_of(order)[0]
        before = trial.random_order_before(rng, order)
        row, device = trial.sector.kinds.index(kind), cell * kind.per_cell + unit
        told, obeyed = trial.readings(before)[row], trial.readings(both(before, order))[row]
        until = at + int(action.shows_s * 1000) + GRID_S * 1000 + trial.plan.selection.interval_of(kind)
        mine = (told.device == device) & (told.ts >= at) & (told.ts <= until)
        shows = bool((differences(told, obeyed) & mine).any())
        if shows or (differences(plain[row], told) & mine).any():
            shown.append(shows)
        if len(shown) == 8:
            break
    assert len(shown) == 8
    assert np.mean(shown) >= 0.5


def _told(sector: Sector, number: int) -> tuple[DeviceKind, Action]:
    return [(kind, action) for kind in sector.kinds for action in kind.actions][number]
