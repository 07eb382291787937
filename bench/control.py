"""What the rules save, and what that costs: a week of the town with them and without, broker and network left out.

    python -m bench.control [--rules FILE] [--start 2026-07-06] [--days 7] [--step 60s] [--picture FILE]

Readings of the models go to the engine, its orders to the gateways' desks, interlocks and all. Prints the table of
docs/commands.md, and draws an evening of a street.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from matplotlib.figure import Figure

from bench._measure import table
from controller.engine import decide
from controller.resolve import default_rules, program_of
from controller.rules import Program
from controller.state import Ended, Heard, News, Order, State
from park.catalogue import Channel, ValueType
from park.columns import Columns
from park.command import Request, encode_request, read_answer
from park.event import Value
from park.topics import command_topic
from park.town import default_town
from sectors import KINDS, SECTORS
from simulator.commands.desk import Desk, Letter
from simulator.commands.directory import Directory
from simulator.commands.outcomes import Outcomes
from simulator.commands.standpoint import Standpoint
from simulator.plan import GatewayPlan, Plan, Selection, Shards, make_plan
from simulator.readings import Readings, obedient_readings, readings_of

_MINUTE = 60_000
_DAY = 86_400_000
_ACTOR = "control"
Floats = npt.NDArray[np.float64]


@dataclass(kw_only=True)
class Gateway:
    """One gateway's devices and its desk."""

    plan: GatewayPlan
    readings: Readings
    desk: Desk


class Town:
    """Gateways that publish to a controller and obey it, without a broker.

    Args:
        selection: the devices.
    """

    def __init__(self, selection: Selection) -> None:
        whole: Plan = make_plan(selection)
        plans = whole.gateways(Shards(total=1))
        self.outcomes = Outcomes()
        readings, authority = obedient_readings([one.plan for one in plans], self.outcomes)
        self.gateways = [
            Gateway(plan=plan, readings=made, desk=Desk(Directory(plan, whole), authority, answers_for_nobody=True))
            for plan, made in zip(plans, readings, strict=True)
        ]
        self._sent: dict[str, Order] = {}
        self.refused: Counter[str] = Counter()

    def hear(self, program: Program, start: int, until: int) -> Iterator[Heard]:
        """What the devices that rules look at report in [start, until)."""
        for gateway in self.gateways:
            for columns in gateway.readings.columns(start, until):
                if columns.kind.name in program.watched:
                    yield from heard(program, gateway.plan.site, columns)

    def obey(self, orders: Iterable[Order], now: int, cursor: int) -> list[Ended]:
        """Give orders to their gateways; what has ended by now."""
        letters: dict[str, list[Letter]] = {}
        for order in orders:
            told = Request(
                id=order.id,
                action=order.told.action,
                args=order.told.args,
                issued=order.tick,
                expires=order.expires,
            )
            letter = Letter(topic=command_topic(order.where, _ACTOR), payload=encode_request(told), arrived_ms=now)
            letters.setdefault(order.where.site, []).append(letter)
        ended = []
        for gateway in self.gateways:
            given = letters.get(gateway.plan.site, [])
            if given or gateway.desk.is_due(now):
                done = gateway.desk.decide(given, Standpoint(cursor_ms=cursor, now_ms=now))
                answers = [read_answer(reply.payload) for reply in done.replies]
                for answer in answers:
                    if answer is not None and answer.settles:
                        ended.append(Ended(id=answer.id, state=answer.state.value))
                        self.refused[answer.reason] += bool(answer.reason)
        return ended


def heard(program: Program, site: str, columns: Columns) -> Iterator[Heard]:
    """Readings as the controller has them."""
    kind = columns.kind
    channels = [kind.channel[name] for name in sorted(program.watched[kind.name].channels)]
    values = {channel.name: values_of(channel, columns) for channel in channels}
    for row, (number, ts) in enumerate(zip(columns.device.tolist(), columns.ts.tolist(), strict=True)):
        yield Heard(
            kind=kind.name,
            device=kind.device(number + 1),
            site=site,
            number=number,
            ts=ts,
            values={
                name: column[row]
                for name, column in values.items()
                if name not in columns.present or columns.present[name][row]
            },
        )


def values_of(channel: Channel, columns: Columns) -> list[Value]:
    """A channel's values, as a reading has them."""
    whole = columns.values[channel.name]
    match channel.type:
        case ValueType.FLOAT:
            return list((whole / float(channel.scale)).tolist())
        case ValueType.BOOL:
            return list(whole.astype(bool).tolist())
        case ValueType.TEXT:
            return [channel.texts[index] for index in whole.tolist()]
        case _:
            return list(whole.tolist())


@dataclass(kw_only=True)
class Run:
    """A week under rules."""

    outcomes: Outcomes
    orders: list[Order] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


def run(program: Program, selection: Selection, start: int, until: int, step: int) -> Run:
    """Every step of the window: readings to the engine, orders to the town."""
    town, state = Town(selection), State()
    done = Run(outcomes=town.outcomes, refused=town.refused)
    ended: list[Ended] = []
    for tick in range(start + step, until, step):
        news = News(heard=tuple(town.hear(program, tick - step, tick)), ended=tuple(ended))
        done.ended.update(one.state for one in ended)
        state, orders = decide(program, state, news, tick)
        done.orders += orders
        ended = town.obey(orders, tick + program.lag_ms, tick)
    return done


@dataclass(frozen=True, kw_only=True)
class Week:
    """All readings of a window, by kind."""

    columns: Mapping[str, Columns]
    start: int
    until: int

    def grid(self, kind: str, channel: str) -> Floats:
        """(devices, readings) values, devices ascending; NaN where absent."""
        columns = self.columns[kind]
        values = columns.values[channel] / float(columns.kind.channel[channel].scale)
        if channel in columns.present:
            values = np.where(columns.present[channel], values, np.nan)
        devices, row = np.unique(columns.device, return_inverse=True)
        order = np.lexsort((columns.ts, row))
        counts = np.bincount(row)
        return np.array([part[: counts.min()] for part in np.split(values[order], np.cumsum(counts)[:-1])]).reshape(
            len(devices), -1
        )

    def minutes(self, kind: str, mask: npt.NDArray[np.bool_]) -> float:
        """How long a mask of (devices, readings) holds, over all devices."""
        return float(mask.sum()) * (self.until - self.start) / mask.shape[1] / _MINUTE


def week_of(selection: Selection, outcomes: Outcomes | None, start: int, until: int) -> Week:
    """The readings of a window, given what was commanded."""
    readings = readings_of(selection, outcomes)
    parts: dict[str, list[Columns]] = {}
    for first, last in readings.windows(start, until):
        for columns in readings.columns(first, last):
            parts.setdefault(columns.kind.name, []).append(columns)
    return Week(columns={name: _joined(some) for name, some in parts.items()}, start=start, until=until)


def _joined(parts: list[Columns]) -> Columns:
    first = parts[0]
    return Columns(
        kind=first.kind,
        device=np.concatenate([one.device for one in parts]),
        ts=np.concatenate([one.ts for one in parts]),
        seq=np.concatenate([one.seq for one in parts]),
        values={name: np.concatenate([one.values[name] for one in parts]) for name in first.values},
        present={
            name: np.concatenate([one.present.get(name, np.ones(len(one), dtype=bool)) for one in parts])
            for name in {name for one in parts for name in one.present}
        },
    )


def consumed(week: Week, kind: str, register: str) -> float:
    """What registers of a kind have counted over the window."""
    grid = week.grid(kind, register)
    return float((grid[:, -1] - grid[:, 0]).sum())


#: Least light of a class of road, % of a lamp's full light: sectors/municipal/lamp.py.
def below_class(week: Week) -> float:
    """Lamp-minutes in the dark (its cabinet feeds it, so it draws 5 W or more) at under 40 % of full light."""
    level, power = week.grid("street_lamp", "level"), week.grid("street_lamp", "power_state")
    return week.minutes("street_lamp", (power > 0) & (level < 40.0))


@dataclass(frozen=True, kw_only=True)
class Figure_:
    """A row of the table."""

    name: str
    unit: str
    of: Callable[[Week], float]


def _hours_of(kind: str, channel: str, beyond: Callable[[Floats], npt.NDArray[np.bool_]]) -> Callable[[Week], float]:
    return lambda week: week.minutes(kind, beyond(week.grid(kind, channel)))


def uncomfortable(week: Week) -> float:
    """Hall-minutes of opening hours above 28.5 or below 18 Cel."""
    warm = week.grid("climate_zone", "temperature")
    return week.minutes("climate_zone", (week.grid("climate_zone", "occupied") > 0) & ((warm > 28.5) | (warm < 18.0)))


FIGURES = (
    Figure_(
        name="lamps, energy", unit="kWh", of=lambda week: consumed(week, "light_cabinet", "total_active_energy_import")
    ),
    Figure_(name="lamps alight below their class", unit="lamp-min", of=below_class),
    Figure_(
        name="water into the zones",
        unit="L",
        of=lambda week: float(
            np.nanmean(week.grid("pressure_zone", "inflow"))
            * 1000.0
            * (week.until - week.start)
            / 3_600_000
            * len(week.grid("pressure_zone", "inflow"))
        ),
    ),
    Figure_(
        name="farthest taps below 140 kPa",
        unit="zone-min",
        of=_hours_of("pressure_zone", "critical_pressure", lambda kpa: kpa < 140.0),
    ),
    Figure_(name="water on greens", unit="L", of=lambda week: 1000.0 * consumed(week, "green_valve", "water_total")),
    Figure_(
        name="soil of greens below 0.20",
        unit="green-min",
        of=_hours_of("green_valve", "soil_moisture", lambda soil: soil < 0.20),
    ),
    Figure_(
        name="halls, energy", unit="kWh", of=lambda week: consumed(week, "climate_zone", "total_active_energy_import")
    ),
    Figure_(name="halls outside comfort", unit="hall-min", of=uncomfortable),
)


def main(
    rules: Path | None = None,
    start: str = "2026-07-06",
    days: int = 7,
    step: Annotated[int, typer.Option(help="seconds between two ticks")] = 60,
    devices: int = 200,
    picture: Path | None = None,
    seed: int = 42,
) -> None:
    town = default_town(SECTORS)
    program = program_of(default_rules() if rules is None else rules.read_text(), str(rules), town)
    kinds = tuple({*program.watched, "light_cabinet", "climate_zone", "pressure_zone", "green_valve"})
    selection = Selection(town=town, seed=seed, devices=devices, kinds=kinds)
    first = (
        int(dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC).timestamp() * 1000) - town.settings.utc_offset_ms
    )
    last = first + days * _DAY
    done = run(program, selection, first, last, step * 1000)
    free, ruled = (week_of(selection, outcomes, first, last) for outcomes in (None, done.outcomes))
    rows = [
        {
            "over the week": one.name,
            "unit": one.unit,
            "without rules": f"{one.of(free):,.0f}",
            "with rules": f"{one.of(ruled):,.0f}",
        }
        for one in FIGURES
    ]
    print(table(rows))
    print(Counter(order.rule for order in done.orders), done.ended, done.refused)


if __name__ == "__main__":
    typer.run(main)
