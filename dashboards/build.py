"""Writes what follows from the definitions: Grafana's JSON and the tables of the docs. CI checks them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from dashboards import grafana
from dashboards.alerting.rules import rules
from dashboards.definitions import dashboards
from park.catalogue import Channel, DeviceKind, ValueType
from park.event import PARK_EVENTS, EventType
from park.pipeline import PIPELINE, PipelineMeasurement
from park.town import default_town
from park.units import symbol
from sectors import SECTORS

OUT = Path("dashboards/out")
#: Apart from the dashboards, and no .json: Grafana takes every such file below `OUT` for a dashboard.
ALERTS = Path("alerts")
#: What Grafana's maps show in place of a base map from outside.
MAP = Path("maps/park.geojson")
KINDS_TABLE = Path("docs/reference/kinds.md")


def pages() -> dict[Path, str]:
    """What Grafana is provisioned with, by the names of its files: dashboards, their alert rules, the map's drawing."""
    town, found = default_town(SECTORS), dashboards()
    zone = _zone(town.settings.utc_offset_ms)
    files = {Path(f"{page.slug}.json"): grafana.render(page, timezone=zone) for page in found}
    files[MAP] = grafana.geojson(town)
    intervals = {name: kind.interval_s for name, kind in town.kinds.items() if kind.interval_s is not None}
    known = rules(found)
    for page in found:
        if own := [rule for rule in known if rule.page is page]:
            files[ALERTS / f"{page.slug}.yaml"] = grafana.render_alerts(own, intervals)
    return files


def generated() -> dict[Path, str]:
    """Every generated file, by its path within the repository."""
    return {**{OUT / name: text for name, text in pages().items()}, KINDS_TABLE: kinds_table()}


def _zone(utc_offset_ms: int) -> str:
    """The IANA name of a fixed offset, whose sign is reversed; there are names for whole hours alone."""
    hours, rest = divmod(utc_offset_ms, 3_600_000)
    return "browser" if rest else f"Etc/GMT{-hours:+d}" if hours else "utc"


def is_checkout(root: Path) -> bool:
    """Whether the repository is there, and not only the packages, which an installation has as well."""
    return (root / "pyproject.toml").is_file() and (root / "dashboards").is_dir()


def write(root: Path) -> list[Path]:
    """Bring a checkout's generated files up to date; returns those that changed or went."""
    changed = stale(root)
    wanted = generated()
    _write(root, {path: wanted[path] for path in changed if path in wanted})
    for path in changed:
        if path not in wanted:
            (root / path).unlink()
    return changed


def stale(root: Path) -> list[Path]:
    """Generated files of a checkout that are missing, differ, or belong to no dashboard any more."""
    wanted = generated()
    there = (*(root / OUT).glob("*.json"), *(root / OUT).glob("*/*.yaml"), *(root / OUT).glob("*/*.geojson"))
    extra = {path.relative_to(root) for path in there} - wanted.keys()
    return sorted(extra | _different(root, wanted).keys())


def write_pages(folder: Path) -> list[Path]:
    """Bring the dashboards in a folder of one's own up to date, other files left alone; returns those that changed."""
    changed = _different(folder, pages())
    _write(folder, changed)
    return sorted(changed)


def stale_pages(folder: Path) -> list[Path]:
    """Dashboards that are missing from a folder of one's own, or differ."""
    return sorted(_different(folder, pages()))


def _different(folder: Path, wanted: Mapping[Path, str]) -> dict[Path, str]:
    return {path: text for path, text in wanted.items() if _text(folder / path) != text}


def _write(folder: Path, texts: Mapping[Path, str]) -> None:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def kinds_table() -> str:
    """The kinds of every sector, their channels and actions, as Markdown."""
    parts = [
        "# Kinds and channels\n",
        "Generated from the catalogue by `park dashboards build`; do not edit.\n",
        "A kind's name is its measurement (InfluxDB) or table (DuckDB). Units are UCUM codes.\n",
        _OF_ACTIONS,
    ]
    for sector in SECTORS.values():
        parts.append(f"## {sector.title}\n\n{sector.description} One cell is {sector.cell}.\n")
        parts += [_kind(kind) for kind in sector.kinds]
        if sector.events:
            parts.append(_events(f"### Events of {sector.title.lower()}", sector.events))
    parts.append(_events("## Events of every sector", PARK_EVENTS))
    parts.append("## The pipeline's own figures\n\nWritten every ten seconds and when a process drains.\n")
    parts += [_measurement(measurement) for measurement in PIPELINE.values()]
    return "\n".join(parts)


def _kind(kind: DeviceKind) -> str:
    rows = [_row(channel) for channel in kind.channels]
    intro = f"`{kind.name}`: {kind.description} {kind.per_cell} in a cell, every {kind.interval_s:g} s."
    if kind.twin:
        intro += f" Its twin tells {' and '.join(f'`{name}`' for name in kind.twin)}."
    return f"### {kind.title}\n\n{intro}\n\n{_HEAD}{''.join(rows)}{_actions(kind)}"


def _actions(kind: DeviceKind) -> str:
    rows = []
    for action in kind.actions:
        said = "; ".join(
            f"`{one.name}` {_range(one)}" + (f" {symbol(one.unit)}" * (one.unit != "1")) for one in action.parameters
        )
        why = ", ".join(f"`{reason}`" for reason in action.refuses)
        rows.append(f"| `{action.name}` | {said} | {action.shows_s:g} s | {why} | {action.description} |\n")
    head = "\n| action | parameters | shows within | may be refused | meaning |\n|---|---|---|---|---|\n"
    return f"{head}{''.join(rows)}" if rows else ""


def _events(title: str, events: Iterable[EventType]) -> str:
    rows = []
    for event in events:
        said = ", ".join(f"`{one.name}`" + (f" {symbol(one.unit)}" * (one.unit != "1")) for one in event.channels)
        phases = ", ".join(phase.value for phase in event.phases)
        rows.append(f"| `{event.name}` | `{event.log.value}` | {phases} | {said} | {event.description} |\n")
    head = "| event | measurement | phases | channels | meaning |\n|---|---|---|---|---|\n"
    return f"{title}\n\n{head}{''.join(rows)}"


def _measurement(measurement: PipelineMeasurement) -> str:
    tags = ", ".join(f"`{tag}`" for tag in measurement.tags)
    rows = [_row(channel) for channel in measurement.fields]
    text = f"### {measurement.title}\n\n`{measurement.name}`, tags {tags}.\n\n{_HEAD}{''.join(rows)}"
    if measurement.asked:
        text += f"\nTo Prometheus alone:\n\n{_HEAD}{''.join(map(_row, measurement.asked))}"
    return text


_OF_ACTIONS = (
    "What a device can be commanded stands under its channels ([how](../commands.md)). To the time within which it\n"
    "shows come that to the next reading and, for state on the models' grid, up to 300 s.\n"
)
_HEAD = "| channel | unit | type | range | resolution | meaning |\n|---|---|---|---|---|---|\n"


def _row(channel: Channel) -> str:
    unit = "" if channel.unit == "1" else f"`{channel.unit}`"
    if unit and symbol(channel.unit) != channel.unit:
        unit += f" ({symbol(channel.unit)})"
    cells = (f"`{channel.name}`", unit, channel.type.value, _range(channel), _step(channel), channel.description)
    return f"| {' | '.join(cells)} |\n"


def _range(channel: Channel) -> str:
    if channel.type is ValueType.BOOL:
        return ""
    if channel.texts:
        return ", ".join(channel.texts)
    if channel.high >= 1e6:
        return f"from {channel.low:g}"
    return f"{channel.low:g} to {channel.high:g}"


def _step(channel: Channel) -> str:
    numeric = channel.type in {ValueType.FLOAT, ValueType.INT}
    return f"{10.0**-channel.decimals:g}" if numeric else ""
