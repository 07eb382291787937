"""What keeps a panel from being understood: a definition that leaves out what it means, or in what it measures."""

from dashboards.measured import NUMERIC
from dashboards.resolved import ResolvedPanel
from park.panel import PAIRS, Aggregate, View
from park.units import symbol


def lacks(panel: ResolvedPanel) -> list[str]:
    """What is missing from a panel's definition, or wrong in it, in words; nothing of a good one."""
    found = [] if panel.title.strip() else ["no title"]
    if panel.view is View.HEADING:
        return found
    if not panel.story.strip():
        found.append("no description")
    return found + _units(panel)


def _units(panel: ResolvedPanel) -> list[str]:
    """Numbers without their unit. Pairs have their channels' on their own axes, and a count has none."""
    if panel.view in PAIRS or Aggregate.COUNT in {panel.aggregate, panel.across}:
        return []
    channels = {column: panel.channel(column) for column in panel.columns if panel.is_number(column)}
    if panel.view is View.TABLE:
        return [
            f"column {panel.labels[column]!r} has no unit, and is in {channel.unit}"
            for column, channel in channels.items()
            if symbol(channel.unit) not in panel.labels[column]
        ]
    units = {channel.unit for channel in channels.values() if channel.type in NUMERIC}
    if panel.rate_s is not None:
        return ["no unit"] if panel.unit == "1" else []
    return [f"unit {panel.unit!r}, and it is in {unit!r}" for unit in sorted(units) if unit != panel.unit]
