"""Panels of what devices were told, what became of it, and what it saves against twins that nobody told anything."""

from park.command import Refusal, State
from park.panel import Aggregate, Panel, View
from sectors import KINDS

_ANSWERED = (State.ACCEPTED.value, State.REJECTED.value)
_FUNNEL = {"Requested": _ANSWERED, **{state.value.capitalize(): (state.value,) for state in State}}
_WAYS = {"Answered": _ANSWERED, "Done": (State.SUCCEEDED.value,)}
#: Those that gateways keep a record of, and then what devices refuse by themselves.
_REASONS = dict.fromkeys(
    [
        *(one.value for one in (Refusal.UNKNOWN_ACTION, Refusal.BAD_ARGUMENT, Refusal.NO_TIME_LEFT)),
        *(reason for kind in KINDS.values() for action in kind.actions for reason in action.refuses),
    ]
)


def _counts(title: str, story: str, split: str, cases: dict[str, tuple[str, ...]], **extra: object) -> Panel:
    return Panel(
        title=title,
        story=story,
        measurement="park_command",
        fields=("issued",),
        aggregate=Aggregate.COUNT,
        split=split,
        cases=cases,
        decimals=0,
        low=0,
        **extra,  # type: ignore[arg-type]
    )


def _delay(title: str, aggregate: Aggregate) -> Panel:
    return Panel(
        title=title,
        story="From when it was issued to its first answer, and to its success, with the time that the action takes.",
        measurement="park_command",
        fields=("delay",),
        aggregate=aggregate,
        split="state",
        cases=_WAYS,
        low=0,
        decimals=0,
        width=8,
    )


def _saved(title: str, story: str, field: str, **extra: object) -> Panel:
    return Panel(
        title=title,
        story=story,
        measurement="park_twin",
        fields=(field,),
        aggregate=Aggregate.LAST,
        across=Aggregate.SUM,
        decimals=1,
        **extra,  # type: ignore[arg-type]
    )


_SINCE = "All devices of commanded cells, against what they would have used had nobody told them anything."
COMMANDED = (
    Panel(
        title="Commands",
        story="What devices were told, what became of it, and what it saves.",
        view=View.HEADING,
    ),
    _counts(
        "Commands, by sector",
        "Requested is accepted or rejected; what was accepted ends in one of the others.",
        "state",
        _FUNNEL,
        by=("sector",),
        view=View.TABLE,
        width=24,
        height=5,
    ),
    _counts("Commands and their ends", "How many states were reached in each interval.", "state", _FUNNEL, width=8),
    _delay("Commands: time, median", Aggregate.MEDIAN),
    _delay("Commands: time, 95th percentile", Aggregate.P95),
    _counts(
        "Why commands are rejected",
        "Unknown actions, values out of range and too little time; the rest is what devices refuse by themselves.",
        "reason",
        {reason: (reason,) for reason in _REASONS},
        width=12,
    ),
    _saved("Energy saved", f"{_SINCE} Below zero they used more.", "energy_saved", view=View.STAT, width=4),
    _saved("Water saved", f"By meters. {_SINCE}", "water_saved", view=View.STAT, width=4),
    _saved("Water that does not flow", "Into zones, now.", "water_flow_saved", view=View.STAT, width=4),
    _saved("Energy saved, by sector", _SINCE, "energy_saved", by=("sector",), width=8),
    _saved("Water saved, by sector", _SINCE, "water_saved", by=("sector",), width=8),
    _saved("Water that does not flow, by site", _SINCE, "water_flow_saved", by=("site",), width=8),
)
