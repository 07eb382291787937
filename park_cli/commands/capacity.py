"""`park capacity`."""

import asyncio
import dataclasses
import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ingest.stores import open_store, parse_store_url
from mqttlink import parse_broker_url
from park.safe_text import printable
from park_cli.capacity import watch
from park_cli.capacity.found import Capacity, Step, concluded
from park_cli.capacity.load import Load, load_of
from park_cli.capacity.logins import check_logins
from park_cli.capacity.meter import GENERATOR
from park_cli.capacity.page import check_page
from park_cli.capacity.report import headline, write_report
from park_cli.capacity.run import Bounds, search
from park_cli.capacity.search import Search
from park_cli.capacity.slo import Slo, milliseconds, parse_slo
from park_cli.capacity.step import Bench, run_step
from park_cli.endpoints import MOST_PROCESSES
from park_cli.errors import UsageError
from park_cli.expand import expanded
from park_cli.options import (
    DEFAULT_BROKER,
    DEFAULT_STORE,
    Broker,
    Json,
    StoreOption,
    TrustOptions,
    duration_ms,
    read_town,
)
from park_cli.output import errors, print_summary
from park_cli.publishers import kill_publishers
from park_cli.schedules import credentials, finite
from park_cli.signals import on_abort, run_until_signal

app = typer.Typer(name="capacity", pretty_exceptions_enable=False)


@app.command()
@expanded
def capacity(
    broker: Broker = DEFAULT_BROKER,
    store: StoreOption = DEFAULT_STORE,
    *,
    slo: Annotated[str, typer.Option(help="What must hold: 'p99<1s, lost 0'.")] = "p99<1s, lost 0",
    first_rate: Annotated[float, typer.Option(min=1, help="Messages a second to begin with.")] = 1000.0,
    max_rate: Annotated[float, typer.Option(min=1, help="The highest rate that is tried.")] = 100_000.0,
    step: Annotated[str, typer.Option(help="How long each rate is held.")] = "20s",
    rest: Annotated[str, typer.Option(help="Between two of them.")] = "5s",
    for_: Annotated[str, typer.Option("--for", help="The search begins no step that would end later.")] = "20m",
    wait: Annotated[str, typer.Option(help="How long what was sent may take to be stored.")] = "30s",
    precision: Annotated[float, typer.Option(min=0.01, max=1, help="How well the knee is to be known.")] = 0.1,
    tries: Annotated[int, typer.Option(min=1, help="A rate fails that has failed so often in a row.")] = 2,
    devices: Annotated[int, typer.Option(min=1, help="Devices at most that send.")] = 1000,
    kinds: Annotated[list[str] | None, typer.Option("--kind", show_default="soil_probe", help="What sends.")] = None,
    processes: Annotated[int, typer.Option(min=1, max=MOST_PROCESSES, help="Processes of the generator.")] = 1,
    seed: Annotated[int | None, typer.Option(help="Seed of the town.", show_default="park.toml", min=0)] = None,
    config: Annotated[Path | None, typer.Option(help="A park.toml.", show_default="the package's own")] = None,
    report: Annotated[Path, typer.Option(help="The report; the same as JSON is written beside it.")] = Path(
        "park-capacity.html"
    ),
    tls: TrustOptions,
    json: Json = False,
) -> None:
    """Find the highest rate at which a pipeline holds an objective, and what its parts cost there.

    The pipeline runs already, from any broker into any store that park reads; nobody else sends the same kinds. Rates
    are doubled until one fails, then what lies between is halved. Each is held for --step, then `verify` recomputes
    what should be stored. A rate that fails is tried again, and fails if it fails --tries times in a row.

    Latency is from when a reading was due until a query finds it. One device more, the probe, is looked for in the
    store every 50 ms, which adds 25 ms in the mean.

    What parts of the pipeline on this host cost is read from the operating system: who listens on the broker's and the
    store's port, and who is connected to them.

    Exit code 1 if no rate held. Ctrl-C ends the search, and reports what is known.

    Examples:
      park capacity --slo 'p99<1s, lost 0' --max-rate 50000

      park capacity --broker mqtt://broker:1883 --store influxdb+http://store:8086/park?org=park --for 10m
    """
    for option, number in (("--first-rate", first_rate), ("--max-rate", max_rate), ("--precision", precision)):
        finite(number, option)
    slo_, town, url = parse_slo(slo), read_town(config), parse_store_url(store)
    if not url.shareable:
        raise UsageError(f"--store {url}: only its own process may read it while it is written; name a server")
    address = parse_broker_url(broker)
    bench = Bench(
        address=address,
        credentials=credentials(),
        trust=tls.resolve(address),
        store=open_store(url, os.environ),
        slo=slo_,
        ports=(watch.local_port(broker, address.port), watch.local_port(store, 8086)),
        seconds=_step_s(step),
        wait_s=duration_ms(wait, "--wait") / 1000,
        processes=processes,
    )
    bounds = Bounds(
        step_s=bench.seconds,
        rest_s=duration_ms(rest, "--rest") / 1000,
        total_s=duration_ms(for_, "--for") / 1000,
        wait_s=bench.wait_s,
    )
    check_page(report)
    chosen, seed_ = tuple(dict.fromkeys(kinds or ("soil_probe",))), town.settings.seed if seed is None else seed

    def load(rate: float) -> Load:
        return load_of(rate, town, seed_, chosen, devices)

    for rate in {first_rate, max_rate}:
        check_logins(bench.options(load(rate)))
    began = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    rates = Search(first=first_rate, most=max_rate, precision=precision, tries=tries)
    steps, ended = asyncio.run(run_until_signal(lambda stop: _searched(rates, bounds, bench, load, stop)))
    found = concluded(
        slo_,
        steps,
        fails=rates.fails,
        broker=str(address),
        store=str(url),
        began=began,
        ended=ended,
        generator=GENERATOR,
    )
    _tell(found, slo_, report, as_json=json)
    if found.knee is None:
        raise typer.Exit(1)


def _step_s(text: str) -> float:
    step_s = duration_ms(text, "--step") / 1000
    if not step_s:
        raise UsageError("--step: must be longer than nothing")
    return step_s


async def _searched(
    rates: Search, bounds: Bounds, bench: Bench, load: Callable[[float], Load], stop: asyncio.Event
) -> tuple[list[Step], str]:
    async def attempt(rate: float) -> Step | None:
        return await run_step(bench, load(rate), rate, stop)

    try:
        with on_abort(kill_publishers):
            return await search(rates, bounds, attempt, stop, on_step=_say)
    finally:
        await bench.store.close()


def _tell(found: Capacity, slo: Slo, report: Path, *, as_json: bool) -> None:
    beside = write_report(found, slo, report)
    errors.print(f"{headline(found)}; {found.ended}. {report} and {beside} say more.", markup=False)
    if as_json:
        print_summary("capacity", dataclasses.asdict(found), as_json=True)
        return
    knee = found.knee
    print_summary("capacity", _summary(found, knee), as_json=False)
    if knee is not None:
        table = Table(title="what each part cost at the knee", title_justify="left", title_style="bold")
        for column in ("part", "CPU us a message", "processors kept busy"):
            table.add_column(column, justify="left" if column == "part" else "right")
        for name, cost in knee.cpu_us.items():
            table.add_row(Text(printable(name)), f"{cost:,.2f}", f"{knee.cores[name]:.2f}")
        errors.print(table)


def _summary(found: Capacity, knee: Step | None) -> dict[str, object]:
    return {
        "objective": found.slo,
        "holds_per_s": None if knee is None else knee.rate_per_s,
        "fails_per_s": None if found.broke is None else found.broke.rate_per_s,
        "because": None if found.broke is None else "; ".join(found.broke.failures),
        **{
            f"{need.rate_per_s:,} a second would need": f"{need.machines} machines like this"
            + ("" if need.cores is None else f", or {need.cores} processors")
            for need in found.needs
        },
    }


def _say(step: Step) -> None:
    p99 = step.latency_ms["p99"]
    shown = "not found" if p99 is None else milliseconds(p99)
    verdict = "held" if step.held else "failed"
    more = "; ".join([*step.failures, *step.remarks])
    errors.print(f"{step.rate_per_s:,.0f} a second: {verdict}, p99 {shown}{f'; {more}' if more else ''}", markup=False)
