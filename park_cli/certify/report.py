"""The ledger as one page that needs nothing beside itself, and as JSON."""

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template

from park_cli.capacity.report import style
from park_cli.capacity.slo import milliseconds
from park_cli.certify.ledger import Certificate, Counts, Row
from park_cli.certify.timeline import legend, timeline

#: As tables show them: what is wrong first, so that it is seen where there is little room.
_COUNTS = ("lost", "altered", "duplicated", "late", "promised", "stored")
_BAD = ("lost", "altered")
_SHOWN = 40


def write_report(found: Certificate, page: Path) -> Path:
    """Write the page, and the same figures beside it; the path of the latter.

    Raises:
        OSError: a file cannot be written.
    """
    beside = page.with_suffix(".json")
    told = {"clean": found.clean, **dataclasses.asdict(found)}
    beside.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    page.write_text(_page(found), encoding="utf-8")
    return beside


def headline(found: Certificate) -> str:
    """The verdict in a line."""
    total, faults = found.total, len(found.faults)
    through = f"through {faults} fault{'' if faults == 1 else 's'}"
    if found.clean:
        return f"Nothing lost, nothing altered {through}"
    said = [f"{getattr(total, name):,} {name}" for name in _BAD if getattr(total, name)]
    return f"{' and '.join(said)} of {total.promised:,} readings {through}"


def _subtitle(found: Certificate) -> str:
    ended = f"; ended early, of {found.asked} faults" if found.interrupted else ""
    return (
        f"{found.total.promised:,} readings at {found.rate_per_s:,.0f} a second, each recomputed and looked for in the"
        f" store afterwards; seed {found.seed}{ended}."
    )


def _page(found: Certificate) -> str:
    template = resources.files("park_cli.certify").joinpath("report.html").read_text(encoding="utf-8")
    begin_ms = round(dt.datetime.fromisoformat(found.began).timestamp() * 1000)
    return Template(template).substitute(
        style=style(),
        title=escape(found.title),
        verdict=escape(headline(found)),
        subtitle=escape(_subtitle(found)),
        sums=_sums(found),
        timeline=_timeline(found, begin_ms),
        legend=legend(found.faults),
        kinds=_kinds(found),
        late=milliseconds(found.late_s * 1000),
        wrong=_wrong(found),
        faults=_faults(found, begin_ms),
        left=_listed(found.left_out) or "<dt>nothing</dt><dd></dd>",
        facts=_facts(found),
    )


def _timeline(found: Certificate, begin_ms: int) -> str:
    if not found.faults:
        return "<p>None.</p>"
    return timeline(found.faults, found.wrong[:_SHOWN], begin_ms, found.seconds)


def _sums(found: Certificate) -> str:
    total = dataclasses.asdict(found.total)
    figures = {"promised": total.pop("promised"), "delivered": found.delivered, **total}
    return "".join(
        f'<div><b class="{_mark(name, value)}">{value:,}</b><span>{name}</span></div>'
        for name, value in figures.items()
    )


def _mark(name: str, value: int) -> str:
    return ("no" if value else "yes") if name in _BAD else ""


def _table(head: Sequence[str], rows: Iterable[str], left: int) -> str:
    titles = "".join(
        f'<th class="left">{name}</th>' if place < left else f"<th>{name}</th>" for place, name in enumerate(head)
    )
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _row(words: Sequence[str], figures: Sequence[str], counts: Counts) -> str:
    cells = "".join(f'<td class="left">{escape(word)}</td>' for word in words)
    cells += "".join(f"<td>{figure}</td>" for figure in figures)
    for name in _COUNTS:
        value = getattr(counts, name)
        cells += f'<td><span class="{_mark(name, value) if value else ""}">{value:,}</span></td>'
    return f"<tr>{cells}</tr>"


def _kinds(found: Certificate) -> str:
    rows = [_row(kind, [str(times)], counts) for kind, (times, counts) in found.by_kind.items()]
    rows += [_row(["between the faults", ""], [""], found.between)]
    rows += [_row(["in all", ""], [str(len(found.faults))], found.total)]
    return _table(("part", "fault", "times", *_COUNTS), rows, 2)


def _faults(found: Certificate, begin_ms: int) -> str:
    def shown(row: Row) -> str:
        words = [str(row.number), row.part, row.fault]
        seconds = (row.begin_ms - begin_ms, row.end_ms - row.begin_ms, row.ready_ms - row.end_ms)
        figures = [f"{one / 1000:.1f}" for one in seconds]
        return _row(words, figures if row.back else [*figures[:2], "not in time"], row.counts)

    head = ("", "part", "fault", "at, s", "lasted, s", "ready after, s", *_COUNTS)
    return _table(head, map(shown, found.faults), 3)


def _wrong(found: Certificate) -> str:
    if not found.wrong:
        return ""
    rows = [
        f'<tr><td class="left">{escape(one.verdict)}</td><td class="left">{escape(one.device)}</td>'
        f'<td class="left">{escape(one.when)}</td><td class="left">{escape(one.detail)}</td></tr>'
        for one in found.wrong[:_SHOWN]
    ]
    table = _table(("verdict", "device", "due", "detail"), rows, 4)
    return f'<section><h2>What is not as it should be: examples</h2><div class="scroll">{table}</div></section>'


def _facts(found: Certificate) -> str:
    ended = {name: f"ended by itself {times} times, and was started again" for name, times in found.ended.items()}
    rows = {
        **found.parts,
        "Pipeline's file": f"{found.file}, SHA-256 {found.digest}",
        "Began": found.began,
        "Lasted": f"{found.seconds:,.0f} s",
        "Published": f"{found.sent:,} times, of which {max(0, found.sent - found.total.promised):,} again",
        "Machine": found.machine,
        **{f"{name} besides": words for name, words in ended.items()},
        **({"Remarks": "; ".join(found.remarks)} if found.remarks else {}),
    }
    return _listed(rows)


def _listed(rows: Mapping[str, str]) -> str:
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in rows.items())
