"""What the rules save, and what that costs: a week of the town with them and without, broker and network left out.

    python -m bench.control [--rules FILE] [--start 2026-06-08] [--days 7] [--devices 200] [--step 300] [--picture FILE]

Readings of the models go to the engine, its orders to the gateways' desks, interlocks and all. Prints the table of
docs/commands.md, and draws an evening of a street.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from bench._control_figures import FIGURES, Week, draw_evening, week_of
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
from sectors import SECTORS
from simulator.commands.desk import Desk, Letter
from simulator.commands.directory import Directory
from simulator.commands.outcomes import Outcomes
from simulator.commands.standpoint import Standpoint
from simulator.observed import Readings, obedient_readings
from simulator.plan import GatewayPlan, Plan, Selection, Shards, make_plan

_DAY = 86_400_000
#: How often a gateway looks whether a command has its end.
_TURN = 15_000


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

    Attributes:
        outcomes: what came of the orders.
        ends: how orders ended.
    """

    def __init__(self, selection: Selection) -> None:
        whole: Plan = make_plan(selection)
        plans = whole.gateways(Shards(total=1))
        self.outcomes = Outcomes()
        self.ends: Counter[str] = Counter()
        readings, authority = obedient_readings([one.plan for one in plans], self.outcomes)
        self._gateways = [
            Gateway(plan=plan, readings=made, desk=Desk(Directory(plan, whole), authority, answers_for_nobody=True))
            for plan, made in zip(plans, readings, strict=True)
        ]

    def hear(self, program: Program, start: int, until: int) -> Iterator[Heard]:
        """What the devices that rules look at report in [start, until)."""
        for gateway in self._gateways:
            for columns in gateway.readings.columns(start, until):
                if columns.kind.name in program.watched:
                    yield from _heard(program, gateway.plan.site, columns)

    def obey(self, orders: Iterable[Order], since: int, until: int) -> list[Ended]:
        """Give orders to their gateways at a moment, and let time pass; what has ended by its end."""
        letters: dict[str, list[Letter]] = {}
        for order in orders:
            letters.setdefault(order.where.site, []).append(_letter(order, since))
        ended: list[Ended] = []
        for gateway in self._gateways:
            ended += self._decided(gateway, letters.get(gateway.plan.site, []), since)
            for now in range(since + _TURN, until, _TURN):
                ended += self._decided(gateway, [], now)
        return ended

    def _decided(self, gateway: Gateway, letters: list[Letter], now: int) -> Iterator[Ended]:
        if not letters and not gateway.desk.is_due(now):
            return
        for reply in gateway.desk.decide(letters, Standpoint(cursor_ms=now, now_ms=now)).replies:
            answer = read_answer(reply.payload)
            if answer is not None and answer.settles:
                self.ends[f"{answer.state.value} {answer.reason}".rstrip()] += 1
                yield Ended(id=answer.id, state=answer.state.value)


def _letter(order: Order, now: int) -> Letter:
    told = Request(
        id=order.id, action=order.told.action, args=order.told.args, issued=order.tick, expires=order.expires
    )
    return Letter(topic=command_topic(order.where, "control"), payload=encode_request(told), arrived_ms=now)


def _heard(program: Program, site: str, columns: Columns) -> Iterator[Heard]:
    kind = columns.kind
    channels = [kind.channel[name] for name in sorted(program.watched[kind.name].channels)]
    values = {channel.name: _values(channel, columns) for channel in channels}
    for row, (number, ts) in enumerate(zip(columns.device.tolist(), columns.ts.tolist(), strict=True)):
        present = {name for name in values if name not in columns.present or columns.present[name][row]}
        yield Heard(
            kind=kind.name,
            device=kind.device(number + 1),
            site=site,
            number=number,
            ts=ts,
            values={name: values[name][row] for name in present},
        )


def _values(channel: Channel, columns: Columns) -> list[Value]:
    """A channel's values, as readings have them."""
    whole = columns.values[channel.name]
    match channel.type:
        case ValueType.FLOAT:
            return list((whole / float(channel.scale)).tolist())
        case ValueType.BOOL:
            return list(whole.astype(bool).tolist())
        case ValueType.TEXT:
            return [channel.texts[index] for index in whole.tolist()]
        case ValueType.INT:
            return list(whole.tolist())


@dataclass(kw_only=True)
class Run:
    """A time under rules."""

    outcomes: Outcomes
    ends: Counter[str]
    orders: list[Order] = field(default_factory=list)


def run(program: Program, selection: Selection, start: int, until: int, step: int) -> Run:
    """Every step of the window: readings to the engine, orders to the town."""
    town, state = Town(selection), State()
    done = Run(outcomes=town.outcomes, ends=town.ends)
    ended: list[Ended] = []
    for tick in range(start + step, until, step):
        news = News(heard=tuple(town.hear(program, tick - step, tick)), ended=tuple(ended))
        state, orders = decide(program, state, news, tick)
        done.orders += orders
        ended = town.obey(orders, tick, tick + step)
    return done


def rows_of(free: Week, ruled: Week) -> list[dict[str, str]]:
    """The table: what was used and endured without rules and with them."""
    rows = []
    for one in FIGURES:
        if one.kind in free.columns:
            before, after = one.of(free), one.of(ruled)
            change = f"{100 * (after - before) / before:+.1f} %" if before else "-"
            figures = {"without rules": f"{before:,.0f}", "with rules": f"{after:,.0f}", "change": change}
            rows.append({"over the week": one.name, "unit": one.unit, **figures})
    return rows


def main(
    *,
    rules: Annotated[Path | None, typer.Option(help="A control.toml.")] = None,
    start: Annotated[str, typer.Option(help="The first day, local.")] = "2026-06-08",
    days: int = 7,
    devices: int = 200,
    step: Annotated[int, typer.Option(help="Seconds between two decisions.")] = 300,
    picture: Annotated[Path | None, typer.Option(help="Draw the first evening there.")] = None,
) -> None:
    """Print the table."""
    town = default_town(SECTORS)
    program = program_of(default_rules() if rules is None else rules.read_text(), str(rules), town)
    kinds = tuple(sorted({*program.watched, *(one.kind for one in FIGURES)}))
    selection = Selection(town=town, seed=town.settings.seed, devices=devices, kinds=kinds)
    midnight = dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC)
    first = int(midnight.timestamp() * 1000) - town.settings.utc_offset_ms
    last = first + days * _DAY
    done = run(program, selection, first, last, step * 1000)
    free, ruled = (week_of(selection, outcomes, first, last) for outcomes in (None, done.outcomes))
    print(table(rows_of(free, ruled)))
    print(f"\norders by rule: {dict(Counter(order.rule for order in done.orders))}")
    print(f"ends: {dict(done.ends)}")
    if picture is not None:
        draw_evening(free, ruled, picture, offset_ms=town.settings.utc_offset_ms)


if __name__ == "__main__":
    typer.run(main)
