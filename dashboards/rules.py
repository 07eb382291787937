"""From the catalogue to a whole dashboard, for a sector whose panels nobody has written yet."""

from collections.abc import Iterator

from park.catalogue import Behaviour, Channel, DeviceKind, Sector, ValueType
from park.panel import Aggregate, Dashboard, Panel, View
from park.units import unit

_STATS = 6


def dashboard(sector: Sector) -> Dashboard:
    """Per kind: the present means or sums, charts by unit, rates of registers, and states."""
    panels = [panel for kind in sector.kinds for panel in kind_panels(kind)]
    return Dashboard(description=sector.description, panels=tuple(panels))


def kind_panels(kind: DeviceKind) -> list[Panel]:
    """The panels of one kind, under a heading."""
    numbers = [channel for channel in kind.channels if _is_number(channel)]
    gauges = [channel for channel in numbers if channel.behaviour is not Behaviour.REGISTER]
    registers = [channel for channel in numbers if channel.behaviour is Behaviour.REGISTER]
    states = [channel for channel in kind.channels if not _is_number(channel)]
    return [
        Panel(title=kind.title, story=kind.description, view=View.HEADING),
        *(_stat(kind, channel) for channel in gauges[:_STATS]),
        *_charts(kind, gauges),
        *(_rate(kind, channel) for channel in registers),
        *(_states(kind, channel) for channel in states),
    ]


def _is_number(channel: Channel) -> bool:
    return channel.type in {ValueType.FLOAT, ValueType.INT}


def _across(channel: Channel) -> Aggregate:
    return Aggregate.SUM if unit(channel.unit).additive else Aggregate.MEAN


def _range(channel: Channel) -> tuple[float | None, float | None]:
    """An axis from zero where there is nothing below, up to the end only of a percentage."""
    low = 0.0 if channel.low == 0 else None
    return low, (channel.high if channel.unit == "%" else None)


def _stat(kind: DeviceKind, channel: Channel) -> Panel:
    gauge = channel.unit == "%"
    return Panel(
        title=_words(channel),
        story=_story(kind, channel, _across(channel)),
        measurement=kind.name,
        fields=(channel.name,),
        across=_across(channel),
        view=View.GAUGE if gauge else View.STAT,
        low=channel.low if gauge else None,
        high=channel.high if gauge else None,
        decimals=min(channel.decimals, 1),
        width=4,
        height=5,
    )


def _charts(kind: DeviceKind, channels: list[Channel]) -> Iterator[Panel]:
    """One chart per unit: its channels together, or a single channel by site."""
    groups: dict[tuple[str, Aggregate], list[Channel]] = {}
    for channel in channels:
        groups.setdefault((channel.unit, _across(channel)), []).append(channel)
    for (_, across), group in groups.items():
        first = group[0]
        low, high = _range(first) if len({_range(channel) for channel in group}) == 1 else (None, None)
        yield Panel(
            title=" and ".join([_words(first), *(_words(channel).lower() for channel in group[1:])]),
            story=" ".join(_story(kind, channel, across) for channel in group),
            measurement=kind.name,
            fields=tuple(channel.name for channel in group),
            across=across,
            by=("site",) if len(group) == 1 else (),
            low=low,
            high=high,
            decimals=max(channel.decimals for channel in group),
        )


def _rate(kind: DeviceKind, channel: Channel) -> Panel:
    return Panel(
        title=f"{_words(channel)}, increase",
        story=f"{_sentence(channel.description)} All devices together, per hour.",
        measurement=kind.name,
        fields=(channel.name,),
        across=Aggregate.SUM,
        by=("site",),
        low=0.0,
        rate_s=3600.0,
    )


def _states(kind: DeviceKind, channel: Channel) -> Panel:
    return Panel(
        title=_words(channel),
        story=_sentence(channel.description),
        measurement=kind.name,
        fields=(channel.name,),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.STATES,
    )


def _words(channel: Channel) -> str:
    return channel.name[:1].upper() + channel.name[1:].replace("_", " ")


def _story(kind: DeviceKind, channel: Channel, across: Aggregate) -> str:
    how = "Sum" if across is Aggregate.SUM else "Mean"
    return f"{_sentence(channel.description)} {how} over every {kind.title.lower()}."


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith(".") else f"{text}."
