"""The README of a dataset, in the form of "Datasheets for Datasets", with its counts filled in."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from string import Template

from simulator.dataset.parquet import VERSION
from simulator.plan import Group, Plan
from simulator.version import MODELS_VERSION

_TWIN_ROW = (
    "| `twin/KIND.parquet` | the clean twin of every reading that a fault lasts over: the same columns, the values "
    "without it |\n"
)
_TRUTH = (
    "Every fault has an identity, a class, a beginning and an end, and the first reading that shows it; labels are "
    "complete, and outside them a reading equals its clean twin to the bit."
)
_CLEAN = (
    "Faults were put into clean readings. The whole clean twin of a kind is its readings without those in the twin's "
    "file, and that:\n\n"
    "```sql\n"
    "SELECT * FROM 'readings/KIND.parquet' r ANTI JOIN 'twin/KIND.parquet' t USING (device, ts)\n"
    "UNION ALL SELECT * FROM 'twin/KIND.parquet'\n"
    "```"
)
_COMMANDED = "Devices were commanded ({} states of commands); `commands.ndjson` is what `--orders` reads."


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a dataset holds.

    Attributes:
        window: [start, until), Unix milliseconds.
        command: the line that makes it again.
        files: names of those that the line reads.
        readings, twin: rows by kind.
        has_twin: whether there would be twins of what is wrong.
        events, labels: how many, by type and by class.
        commands: how many states of commands it follows.
    """

    plan: Plan
    window: tuple[int, int]
    command: str
    files: tuple[str, ...]
    readings: Mapping[str, int]
    twin: Mapping[str, int]
    has_twin: bool
    events: Mapping[str, int]
    labels: Mapping[str, int]
    commands: int


def datasheet(contents: Contents) -> str:
    """The README of a dataset, in Markdown."""
    plan, settings = contents.plan, contents.plan.selection.town.settings
    start, until = (_local(ms, settings.utc_offset_ms) for ms in contents.window)
    template = Template(files("simulator.dataset").joinpath("datasheet.md").read_text(encoding="utf-8"))
    return template.substitute(
        town=settings.name,
        start=start,
        until=until,
        devices=f"{len(plan):,}",
        kinds=len(plan.groups),
        readings=f"{sum(contents.readings.values()):,}",
        events=f"{sum(contents.events.values()):,}",
        labels=f"{sum(contents.labels.values()):,}",
        truth=_TRUTH if plan.selection.faults else "Here nothing is wrong: the readings are clean.",
        twin_row=_TWIN_ROW if contents.has_twin else "",
        files="`, `".join([*contents.files, *(["commands.ndjson"] if contents.commands else [])]),
        kind_rows="\n".join(_row(contents, group) for group in plan.groups),
        label_rows=_counts(contents.labels),
        event_rows=_counts(contents.events),
        command=contents.command,
        version=version("sensing-park"),
        models=MODELS_VERSION,
        duckdb=VERSION,
        commanded=_COMMANDED.format(f"{contents.commands:,}") if contents.commands else "Nobody commanded a device.",
        clean=_CLEAN if contents.has_twin else "",
    )


def _row(contents: Contents, group: Group) -> str:
    kind = group.kind
    interval_s = contents.plan.selection.interval_of(kind) / 1000
    channels = ", ".join(f"{one.name} ({one.unit})" for one in kind.channels)
    told, wrong = contents.readings[kind.name], contents.twin[kind.name]
    share = f"{wrong:,}" if contents.has_twin else ""
    return f"| {kind.name} | {len(group.device):,} | {interval_s:g} | {told:,} | {share} | {channels} |"


def _counts(counts: Mapping[str, int]) -> str:
    return "\n".join(f"| {name} | {count:,} |" for name, count in sorted(counts.items())) or "| none | 0 |"


def _local(ms: int, offset_ms: int) -> str:
    zone = dt.timezone(dt.timedelta(milliseconds=offset_ms))
    return dt.datetime.fromtimestamp(ms / 1000, zone).isoformat(timespec="seconds")
