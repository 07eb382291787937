"""The certificate that follows from a run."""

import datetime as dt
import hashlib
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from park_cli.certify.book import Piece
from park_cli.certify.ledger import Certificate, Counts, Injected, Row, Wrong, summed, told_of
from park_cli.certify.run import Outcome
from park_cli.certify.schedule import Planned
from park_cli.certify.spec import Spec
from simulator.ledger import Example, Findings


def concluded(
    spec: Spec, file: Path, outcome: Outcome, *, ended: Mapping[str, int], left_out: Mapping[str, str]
) -> Certificate:
    """What follows from a run of the pipeline that a file names."""
    done = outcome.done
    counted = [(piece, _counts(found, outcome.late.within(piece))) for piece, found in outcome.found]
    rows = [_row(one, counted) for one in outcome.faults]
    total = summed(counts for _, counts in counted)
    seconds = (done.until_ms - done.begin_ms) / 1000
    return Certificate(
        title=spec.title or file.stem,
        file=file.name,
        digest=hashlib.sha256(file.read_bytes()).hexdigest(),
        began=dt.datetime.fromtimestamp(done.begin_ms / 1000, dt.UTC).isoformat(timespec="milliseconds"),
        seconds=round(seconds, 1),
        machine=f"{os.cpu_count()} processors, {platform.machine()}, {platform.system()} {platform.release()}",
        parts=_parts(spec),
        seed=spec.schedule.seed,
        asked=spec.schedule.faults,
        interrupted=outcome.interrupted,
        rate_per_s=round(total.promised / seconds, 1) if seconds else 0.0,
        late_s=spec.load.late,
        delivered=done.summary.acknowledged,
        sent=done.summary.sent,
        total=total,
        faults=rows,
        between=_between(counted, outcome.faults),
        wrong=_wrong((found for _, found in outcome.found), outcome.faults),
        ended=ended,
        left_out=left_out,
        remarks=_remarks(outcome),
    )


def _parts(spec: Spec) -> dict[str, str]:
    """What each part is: its command as it stands in the file, before anything is filled in."""
    named = {
        name: " ".join(part.command) if part.command else f"{spec.engine} container {part.container}"
        for name, part in spec.parts.items()
    }
    return named | {name: f"relay, {one.listen} to {one.to}" for name, one in spec.relays.items()}


def _counts(found: Findings, missing: int) -> Counts:
    return Counts(
        promised=found.expected,
        stored=found.expected - found.lost,
        lost=found.lost,
        duplicated=found.duplicated,
        altered=found.altered,
        late=max(0, missing - found.lost),
    )


def _row(one: Injected, counted: Iterable[tuple[Piece, Counts]]) -> Row:
    planned: Planned = one.planned
    begin, until = one.window
    return Row(
        number=planned.number,
        part=planned.part,
        fault=planned.fault,
        asked_s=planned.lasting_s,
        begin_ms=one.begin_ms,
        end_ms=one.end_ms,
        ready_ms=one.ready_ms,
        back=one.back,
        counts=summed(counts for piece, counts in counted if begin <= piece[0] and piece[1] <= until),
    )


def _between(counted: Iterable[tuple[Piece, Counts]], faults: Sequence[Injected]) -> Counts:
    windows = [one.window for one in faults]
    return summed(
        counts
        for piece, counts in counted
        if not any(begin <= piece[0] and piece[1] <= until for begin, until in windows)
    )


def _wrong(found: Iterable[Findings], faults: Sequence[Injected]) -> list[Wrong]:
    return [
        Wrong(
            verdict=one.verdict,
            kind=one.kind,
            device=one.device,
            ts=one.ts,
            when=told_of(one.ts, faults),
            detail=one.detail,
        )
        for findings in found
        for one in _few(findings)
    ]


def _few(findings: Findings) -> list[Example]:
    """The first of each verdict."""
    first: dict[str, Example] = {}
    for one in findings.examples:
        first.setdefault(one.verdict, one)
    return list(first.values())


def _remarks(outcome: Outcome) -> list[str]:
    said = [
        f"fault {one.planned.number}: {one.planned.part} was not ready again in time"
        for one in outcome.faults
        if not one.back
    ]
    summary = outcome.done.summary
    if summary.acknowledged < summary.offered:
        said.append(f"the broker did not take {summary.offered - summary.acknowledged:,} readings in time")
    return said
