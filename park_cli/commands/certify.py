"""`park certify`."""

import asyncio
import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ingest.errors import BadStoreUrl
from ingest.stores import open_store, parse_store_url
from mqttlink import BadBrokerUrl, Trust, parse_broker_url
from park_cli.capacity.load import load_of
from park_cli.capacity.logins import check_logins
from park_cli.capacity.page import check_page
from park_cli.certify.conclude import concluded
from park_cli.certify.faults import FULL_DISK, possible
from park_cli.certify.ledger import Certificate, Injected
from park_cli.certify.pipeline import Pipeline, check_programs, running
from park_cli.certify.report import headline, write_report
from park_cli.certify.run import Outcome, Run
from park_cli.certify.schedule import Planned, begins_s, planned
from park_cli.certify.spec import Spec, read_spec
from park_cli.errors import UsageError
from park_cli.options import Json, read_town
from park_cli.output import errors, print_summary
from park_cli.schedules import credentials
from park_cli.signals import on_abort, run_until_signal
from simulator.broker import GatewayOptions
from simulator.clock import ScheduleOptions
from simulator.options import SimulateOptions

app = typer.Typer(name="certify", pretty_exceptions_enable=False)


@app.command()
def certify(
    file: Annotated[Path, typer.Argument(help="The pipeline: docs/certify.md says what stands in it.")],
    *,
    faults: Annotated[int | None, typer.Option(min=1, help="How many.", show_default="the file's")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the schedule.", show_default="the file's")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the schedule, and do nothing.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Keep logs, and what parts wrote, here.", show_default="removed at the end")
    ] = None,
    report: Annotated[Path, typer.Option(help="The ledger; the same as JSON is written beside it.")] = Path(
        "park-certify.html"
    ),
    json: Json = False,
) -> None:
    """Publish a load through a pipeline while its parts are killed, frozen and cut off, and tell what it lost.

    A file names the parts: programs, which are started and ended here, or containers, which run already; and links,
    which are carried by relays that can be cut, stalled and slowed. The schedule follows from the seed.

    At the end every reading that was promised is recomputed, and looked for in the store: the ledger says what was
    delivered, stored, lost, duplicated, altered and late, in all and by fault.

    Exit code 0 if nothing was lost or altered, 1 if something was, 2 if the file is wrong. Ctrl-C ends the schedule,
    leaves every part as it should be, and reports what is known.

    Examples:
      park certify docs/examples/certify-park.toml --dry-run

      park certify docs/examples/certify-park.toml --faults 30 --seed 7 --report ours.html
    """
    asked = asked_for(file, faults, seed)
    spec, plan = asked.spec, asked.plan
    if dry_run:
        _show(asked, as_json=json)
        return
    check_page(report)
    with _folder(folder) as where:
        pipeline = running(spec, file.resolve().parent, where, asked.fillable)
        outcome, ended = asyncio.run(run_until_signal(partial(_run, pipeline, asked.load, plan)))
    found = concluded(spec, file, outcome, ended=ended, left_out=asked.left_out)
    beside = write_report(found, report)
    errors.print(f"{headline(found)}. {report} and {beside} say more.", markup=False)
    print_summary("certified", _summary(found), as_json=json)
    if not found.clean:
        raise typer.Exit(1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """What a file asks for, all of it looked at.

    Attributes:
        fillable: parts whose disk can be filled.
        left_out: faults that this host cannot do, with the reason.
    """

    spec: Spec
    plan: Sequence[Planned]
    load: SimulateOptions
    fillable: Sequence[str]
    left_out: dict[str, str]


def asked_for(file: Path, faults: int | None = None, seed: int | None = None) -> Asked:
    """What a file asks for, with another number of faults and another seed, if they are given.

    Raises:
        UsageError, NoPassword: something in it is wrong, or not there; names the key.
    """
    spec = _with(read_spec(file), faults, seed)
    pairs, left_out = possible(spec)
    load = _load(spec)
    _check_store(spec)
    check_programs(spec)
    check_logins(load)
    return Asked(
        spec=spec,
        plan=planned(pairs, spec.schedule),
        load=load,
        fillable=[part for part, fault in pairs if fault == FULL_DISK],
        left_out=left_out,
    )


def _with(spec: Spec, faults: int | None, seed: int | None) -> Spec:
    asked = {"faults": faults, "seed": seed}
    given = {name: value for name, value in asked.items() if value is not None}
    return spec.model_copy(update={"schedule": spec.schedule.model_copy(update=given)})


def _load(spec: Spec) -> SimulateOptions:
    """What is published: the load of `park capacity`, without its probe."""
    table, town = spec.load, read_town(None)
    try:
        address = parse_broker_url(table.broker)
    except BadBrokerUrl as error:
        raise UsageError(f"load.broker: {error}") from None
    try:
        chosen = load_of(table.rate, town, town.settings.seed, table.kinds, table.devices).selection
    except UsageError as error:
        raise UsageError(f"load.kinds: {error}") from None
    return SimulateOptions(
        selection=dataclasses.replace(chosen, kinds=chosen.kinds[:-1], devices=chosen.devices - 1),
        schedule=ScheduleOptions(),
        broker=GatewayOptions(
            address=address,
            credentials=credentials(),
            trust=Trust(),
            rewind_s=table.rewind,
            stays=False,
            drain_s=table.wait,
        ),
    )


def _check_store(spec: Spec) -> None:
    try:
        url = parse_store_url(spec.load.store)
    except BadStoreUrl as error:
        raise UsageError(f"load.store: {error}") from None
    if not url.shareable:
        raise UsageError(f"load.store: only its own process may read {url} while it is written; name a server")


@contextlib.contextmanager
def _folder(asked: Path | None) -> Iterator[Path]:
    """An empty folder; kept if it was asked for."""
    if asked is None:
        name = tempfile.mkdtemp(prefix="park-certify-")
        remove = partial(rmtree, name, ignore_errors=True)
        try:
            with on_abort(remove):
                yield Path(name)
        finally:
            remove()
        return
    if asked.exists() and (not asked.is_dir() or any(asked.iterdir())):
        raise UsageError(f"--folder {asked}: there is something already; name a folder that is empty, or not there")
    asked.mkdir(parents=True, exist_ok=True)
    yield asked.resolve()


async def _run(
    pipeline: AbstractAsyncContextManager[Pipeline],
    load: SimulateOptions,
    plan: Sequence[Planned],
    stop: asyncio.Event,
) -> tuple[Outcome, dict[str, int]]:
    """The run, and how often each part ended by itself."""
    async with pipeline as parts:
        errors.print(f"{len(plan)} faults to come; logs are in {parts.folder}", markup=False)
        store = open_store(parse_store_url(parts.spec.load.store), parts.environ)
        try:
            run = Run(pipeline=parts, store=store, load=load, plan=plan, stop=stop, tell=partial(_tell, len(plan)))
            outcome = await run.outcome()
        finally:
            await store.close()
        return outcome, {name: part.ended for name, part in parts.parts.items() if part.ended}


def _tell(of: int, one: Injected) -> None:
    planned = one.planned
    lasted, back = (one.end_ms - one.begin_ms) / 1000, (one.ready_ms - one.end_ms) / 1000
    after = f"ready {back:.1f} s later" if one.back else "not ready again in time"
    errors.print(f"{planned.number} of {of}: {planned.part}, {planned.fault} for {lasted:.1f} s, {after}", markup=False)


def _show(asked: Asked, *, as_json: bool) -> None:
    begins = begins_s(asked.plan, asked.spec.schedule.settle)
    if as_json:
        faults = [{"at_s": at_s, **dataclasses.asdict(one)} for at_s, one in zip(begins, asked.plan, strict=True)]
        print_summary("schedule", {"faults": faults, "left_out": asked.left_out}, as_json=True)
        return
    table = Table(title="the schedule, if every part is ready again at once", title_justify="left", title_style="bold")
    for column in ("", "at, s", "part", "fault", "for, s"):
        table.add_column(column, justify="left" if column in {"part", "fault"} else "right")
    for one, at_s in zip(asked.plan, begins, strict=True):
        table.add_row(str(one.number), f"{at_s:.1f}", one.part, one.fault, f"{one.lasting_s:.1f}")
    shown = Console(highlight=False)
    shown.print(table)
    for name, why in asked.left_out.items():
        shown.print(f"left out: {name}: {why}", markup=False, soft_wrap=True)


def _summary(found: Certificate) -> dict[str, object]:
    total = dataclasses.asdict(found.total)
    return {
        "faults": len(found.faults),
        "promised": total.pop("promised"),
        "delivered": found.delivered,
        **total,
        "interrupted": found.interrupted,
    }
