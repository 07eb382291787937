"""Do the alert rules fire when something is so, and only then? Fired against what the town's events say.

A simulated stretch of time goes into a DuckDB; every rule is judged over all of it, as the viewer and Grafana would
have judged it. Where an event of the town says when the matter was so, each firing is true or false, and each event
found or missed; other rules are thresholds of what is measured, and their firings are counted.

    python -m bench.alerts [--days 30] [--first 151] [--seed 42] [--faults] [--json FILE]
"""

import argparse
import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from bench._measure import report, table
from dashboards.alerting.course import Firing, follow
from dashboards.alerting.rules import Rule, rules
from dashboards.definitions import dashboards
from dashboards.sources.duckdb import DuckSource
from park.event import Phase
from park.model import DAY_MS
from park.town import default_town
from sectors import SECTORS
from simulator.faults.rules import read_rules
from simulator.observed import Readings, readings_of
from simulator.plan import Selection
from tests.dashboards.stored import fill

#: Rule to the event whose begin and end say when it should fire, and whether that concerns the site, not the device.
TRUTH: Mapping[str, tuple[str, bool]] = {
    "frost": ("frost", True),
    "jam": ("jam", False),
    "algal-bloom": ("algal_bloom", False),
    "particles-high": ("pollution_episode", True),
    "cold-room-warm": ("compressor_failure", False),
    "cold-door-open": ("door_left_open", False),
    "news2-urgent": ("deterioration", False),
    "fire-alarm": ("fire_alarm", False),
    "crowd-dense": ("gathering", True),
    "cash-out": ("cash_out", False),
    "machine-down": ("machine_fault", False),
    "branch-on-battery": ("supply_interruption", False),
    "night-flow": ("main_burst", False),
    "leak": ("water_leak", False),
    "bin-overfull": ("bin_overfull", False),
    "bin-fire": ("bin_fire", False),
    "cabinet-open": ("cabinet_visit", False),
    "call-waiting": ("emergency_call", False),
}
#: A rule that looks back over a day tells of a thing for as long after it.
_SLACK_MS = 1_800_000


@dataclass(frozen=True, kw_only=True)
class Spell:
    """What an event says: of whom, and from when until when."""

    device: str
    site: str
    begin: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What a rule did.

    Attributes:
        events: that lasted for longer than the rule's hold; None where no event speaks of it.
        found: of these.
        fired: how often it did.
        true: of these, while an event speaks of it.
        a_day: false ones, of a device in a day; all that fired where no event speaks of it.
    """

    rule: str
    severity: str
    devices: int
    events: int | None
    found: int | None
    fired: int
    true: int | None
    a_day: float


def spells_of(readings: Readings, start: int, until: int) -> dict[str, list[Spell]]:
    """The events of the window, by type."""
    begun: dict[tuple[str, str, str], int] = {}
    found: dict[str, list[Spell]] = defaultdict(list)
    sites = _sites(readings)
    told = [one for one in readings.events.told(start, until) if one.phase is not Phase.STATE]
    for one in sorted(told, key=lambda one: one.phase is Phase.END):
        for ts, number, name in zip(one.ts.tolist(), one.device.tolist(), one.ids(), strict=True):
            key = (one.type.name, one.kind.device(number + 1), name)
            if one.phase is Phase.BEGIN:
                begun[key] = ts
            else:
                begin = begun.pop(key, start)
                found[key[0]].append(Spell(device=key[1], site=sites[key[1]], begin=begin, end=ts))
    for (event, device, _), begin in begun.items():
        found[event].append(Spell(device=device, site=sites[device], begin=begin, end=until))
    return found


def _sites(readings: Readings) -> dict[str, str]:
    plan = readings.plan
    return {
        group.kind.device(int(number) + 1): plan.sites(group.sector)[row]
        for group in plan.groups
        for number, row in zip(group.device, plan.site_rows(group), strict=True)
    }


def tally(rule: Rule, fired: Sequence[Firing], spells: Sequence[Spell] | None, devices: int, days: float) -> Tally:
    """Hold what fired against the events that speak of it."""
    of = (rule.alert.name, rule.alert.severity.value, devices)
    names = dict(zip(("rule", "severity", "devices"), of, strict=True))
    per = max(devices * days, 1e-9)
    if spells is None:
        return Tally(**names, events=None, found=None, fired=len(fired), true=None, a_day=len(fired) / per)  # type: ignore[arg-type]
    alert = rule.fitted(None)
    whole_site = TRUTH[alert.name][1]
    true = [one for one in fired if any(_meets(one, spell, whole_site, alert.over_s) for spell in spells)]
    hold_ms = 1000 * (alert.for_s + alert.every_s)
    long = [spell for spell in spells if spell.end - spell.begin > hold_ms]
    found = [spell for spell in long if any(_meets(one, spell, whole_site, alert.over_s) for one in fired)]
    false = len(fired) - len(true)
    return Tally(**names, events=len(long), found=len(found), fired=len(fired), true=len(true), a_day=false / per)  # type: ignore[arg-type]


def _meets(one: Firing, spell: Spell, whole_site: bool, over_s: int) -> bool:
    same = one.labels["site"] == spell.site if whole_site else one.labels["device"] == spell.device
    until = one.until if one.until is not None else spell.end
    return same and one.since <= spell.end + over_s * 1000 + _SLACK_MS and until >= spell.begin - _SLACK_MS


async def judge(
    connection: duckdb.DuckDBPyConnection, known: Sequence[Rule], start: int, until: int
) -> dict[str, list[Firing]]:
    """What each rule fired of devices, by its name."""
    source = DuckSource(connection.cursor)
    return {rule.alert.name: (await follow(source.over_time, rule, start, until)).fired() for rule in known}


def run(days: int, first: int, seed: int, *, faulty: bool) -> list[Tally]:
    """The table's rows."""
    town = default_town(SECTORS)
    selection = Selection(
        town=town, seed=seed, devices=town.devices, events=True, faults=read_rules("typical" if faulty else "none")
    )
    readings = readings_of(selection)
    start = town.settings.commissioned_ms + first * DAY_MS
    until = start + days * DAY_MS
    known = [rule for rule in rules(dashboards()) if rule.page.sector is not None]
    counts = {group.kind.name: len(group.device) for group in readings.plan.groups}
    with duckdb.connect() as connection:
        fill(connection, readings, start, until)
        fired = asyncio.run(judge(connection, known, start, until))
    spells = spells_of(readings, start, until)
    return [
        tally(
            rule,
            fired[rule.alert.name],
            spells[TRUTH[rule.alert.name][0]] if rule.alert.name in TRUTH else None,
            counts.get(rule.alert.measurement, 0),
            days,
        )
        for rule in known
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--first", type=int, default=151, help="days since the commissioning; 151 is the first of June")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--faults", action="store_true", help="sensors have typical faults")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found = run(arguments.days, arguments.first, arguments.seed, faulty=arguments.faults)
    rows = [{key: "" if value is None else value for key, value in asdict(one).items()} for one in found]
    print(table([{**row, "a_day": f"{row['a_day']:.4f}"} for row in rows if row["fired"] or row["events"]]))
    quiet = [one.rule for one in found if not one.fired]
    print(f"\n{sum(one.fired for one in found)} firings; {len(quiet)} of {len(found)} rules were quiet")
    report(arguments.json, {"rules": rows})


if __name__ == "__main__":
    main()
