"""The report: one page that needs nothing beside itself, and the same as JSON."""

import dataclasses
import json
from collections.abc import Iterable
from html import escape
from importlib import resources
from pathlib import Path
from string import Template

from park_cli.capacity.charts import Line, Point, bars, scatter, short
from park_cli.capacity.found import FULL, Capacity, Step
from park_cli.capacity.meter import GENERATOR
from park_cli.capacity.probe import POLL_S
from park_cli.capacity.slo import LATENCIES, Slo, milliseconds

_COLUMNS = 10


def write_report(found: Capacity, slo: Slo, page: Path) -> Path:
    """Write the page, and the same figures beside it; the path of the latter.

    Raises:
        OSError: a file cannot be written.
    """
    beside = page.with_suffix(".json")
    beside.write_text(json.dumps(dataclasses.asdict(found), indent=2) + "\n", encoding="utf-8")
    page.write_text(_page(found, slo), encoding="utf-8")
    return beside


def _page(found: Capacity, slo: Slo) -> str:
    template = resources.files("park_cli.capacity").joinpath("report.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        style=style(),
        verdict=escape(headline(found)),
        slo=escape(found.slo),
        subtitle=escape(_subtitle(found)),
        facts=_facts(found),
        latency=_latency(found, slo),
        costs=_costs(found),
        cores=_cores(found),
        steps=_steps(found),
        needs=_needs(found),
        poll=milliseconds(POLL_S * 1000),
        half=milliseconds(POLL_S * 500),
        full=f"{FULL:.0%}",
    )


def style() -> str:
    """How a report looks."""
    return resources.files("park_cli.capacity").joinpath("report.css").read_text(encoding="utf-8")


def headline(found: Capacity) -> str:
    """The verdict in a line."""
    if found.knee is None:
        return "No rate that was tried held"
    more = "at least " if found.fails_per_s is None else ""
    return f"Holds {more}{found.knee.rate_per_s:,.0f} messages a second"


def _subtitle(found: Capacity) -> str:
    broke = found.broke
    if broke is None:
        return found.ended
    return f"At {broke.rate_per_s:,.0f}/s: {'; '.join(broke.failures)}"


def _facts(found: Capacity) -> str:
    rows = {
        "Broker": found.broker,
        "Store": found.store,
        "Began": found.began,
        "Machine": found.machine,
        "The search ended because": found.ended,
    }
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows.items())


def _latency(found: Capacity, slo: Slo) -> str:
    named = [term for term in slo.terms if term.name in LATENCIES]
    limit = (named[0].text, named[0].limit) if named else None
    worst = max([value for step in found.steps for value in step.latency_ms.values() if value] or [1.0])
    ceiling = 2 * max(worst, limit[1] if limit else 0.0)
    lines = [_line(found, name, ceiling) for name in ("p99", "p50")]
    if not any(line.points for line in lines):
        return "<p>Nothing was found in the store.</p>"
    return scatter(
        lines,
        title="Latency from due to found in the store, over the rate",
        x_title="messages a second",
        limit=limit,
        knee=found.knee.rate_per_s if found.knee else None,
        shown=milliseconds,
    )


def _line(found: Capacity, name: str, ceiling: float) -> Line:
    """A step whose percentile was not found in time stands above all that was."""
    points = [
        Point(
            asked=step.asked_per_s,
            rate=step.rate_per_s,
            value=ceiling if value is None else value,
            held=step.held,
            above=value is None,
        )
        for step in found.steps
        if step.rate_per_s and ((value := step.latency_ms.get(name)) is not None or step.unseen)
    ]
    return Line(name=name, points=points, dashed=name == "p50")


def _costs(found: Capacity) -> str:
    if found.knee is None or not found.knee.cpu_us:
        return "<p>None of the parts runs on this host, so their cost is not known.</p>"
    pipeline = sum(cost for name, cost in found.knee.cpu_us.items() if name != GENERATOR)
    drawn = bars(found.knee.cpu_us, title="CPU of each part", unit="µs a message")
    return f"{drawn}<p>The pipeline in all: {pipeline:,.1f} µs a message.</p>"


def _cores(found: Capacity) -> str:
    steps = sorted((step for step in found.steps if step.cores), key=lambda step: step.rate_per_s)
    names = sorted({name for step in steps for name in step.cores}, key=lambda name: name != GENERATOR)
    if not names:
        return "<p>Not known.</p>"
    host = ["all of this host"] if any(step.host_cores is not None for step in steps) else []
    head = "".join(f"<th>{escape(name)}</th>" for name in [*names, *host])
    rows = "".join(
        f"<tr><th>{short(step.rate_per_s)}/s</th>{_cells(_busy(step, [*names, *host]))}</tr>" for step in steps
    )
    return f"<table><thead><tr><th>rate</th>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cells(values: Iterable[str]) -> str:
    return "".join(f"<td>{value}</td>" for value in values)


def _busy(step: Step, names: Iterable[str]) -> Iterable[str]:
    known = {"all of this host": step.host_cores, **step.cores}
    return ("–" if (cores := known.get(name)) is None else f"{cores:.2f}" for name in names)


def _steps(found: Capacity) -> str:
    return "".join(map(_step, found.steps))


def _step(step: Step) -> str:
    said = "; ".join([*step.failures, *step.remarks])
    why = f'<tr class="why"><td></td><td colspan="{_COLUMNS}"><div>{escape(said)}</div></td></tr>' if said else ""
    verdict = '<span class="yes">held</span>' if step.held else '<span class="no">failed</span>'
    cells = [
        f"{step.rate_per_s:,.0f}",
        *(_shown(step.latency_ms.get(name)) for name in ("p50", "p99", "max")),
        f"{step.counts['lost']:,}",
        f"{step.counts['duplicated']:,}",
        f"{step.counts['altered']:,}",
        f"{step.counts['overruns']:,}",
        f"{step.counts['expected']:,}",
        f"{step.seconds:.0f}",
    ]
    return f"<tr><td>{verdict}</td>{_cells(cells)}</tr>" + why


def _shown(value: float | None) -> str:
    return "not found" if value is None else escape(milliseconds(value))


def _needs(found: Capacity) -> str:
    rows = "".join(
        f"<tr><td>{need.rate_per_s:,}</td><td>{need.machines}</td>"
        f"<td>{'–' if need.cores is None else need.cores}</td></tr>"
        for need in found.needs
    )
    return rows or '<tr><td colspan="3">Nothing held, so nothing follows.</td></tr>'
