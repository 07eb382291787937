"""The columns, rows and cells of a table card. Pure: an answer in, what NiceGUI's table takes out."""

import json
from typing import Any

from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve
from dashboards.states import states
from dashboards.viewer import charts, timeline


def columns(panel: ResolvedPanel) -> list[dict[str, Any]]:
    """A column for each tag that groups, and for each field."""
    listed: list[dict[str, Any]] = [
        {"name": tag, "label": tag.capitalize(), "field": tag, "align": "left", "sortable": True} for tag in panel.by
    ]
    for field in panel.columns:
        column = {"name": field, "label": panel.labels[field], "field": field, "sortable": True}
        places = panel.channel(field).decimals if panel.decimals is None else panel.decimals
        fixed = f"{{minimumFractionDigits: {places}, maximumFractionDigits: {places}}}"
        shown = f"v => v == null ? '–' : v.toLocaleString(undefined, {fixed})"
        listed.append(
            {**column, "align": "right", ":format": shown} if panel.is_number(field) else {**column, "align": "left"}
        )
    return listed


def rows(panel: ResolvedPanel, answer: list[Curve]) -> list[dict[str, Any]]:
    """A row for each group."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for series in answer:
        group = tuple(series.tags.get(tag, "") for tag in panel.by)
        row = found.setdefault(group, {"key": " ".join(group), **dict(zip(panel.by, group, strict=True))})
        row[series.field] = series.values[-1]
    return list(found.values())


def dots(panel: ResolvedPanel, field: str) -> str:
    """A cell with the state's colour before its text, for texts and booleans."""
    if panel.is_number(field) or any(text[0].isdigit() for text in panel.channel(field).texts):
        return ""  # Version numbers are texts too, but no states.
    known = {
        state.value: (state.text, state.color(timeline.STATE_PALETTE, charts.LEVELS)) for state in states(panel, field)
    }
    table = json.dumps(known).replace('"', "'")
    return (
        f'<q-td :props="props"><span class="park-dot" :style="{{background: ({table}[props.value] || [])[1]}}"></span>'
        f"{{{{ ({table}[props.value] || [])[0] }}}}</q-td>"
    )
