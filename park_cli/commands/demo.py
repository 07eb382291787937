"""`park demo`: starts the simulator's process, and then what shows it.

The models take a moment to reach the present day. They spend it on another processor while this process is still
importing its libraries, so this module imports next to nothing itself.
"""

import contextlib
import functools
import gc
from typing import TYPE_CHECKING, Annotated

import typer

from park.quality import StoredFlags
from park_cli.endpoints import OpenBrowser, QualityOption, ViewerNames, ViewerPort, viewer_names
from park_cli.expand import expanded
from park_cli.options import Json, SelectionOptions, TrustOptions, duration_ms
from park_cli.signals import on_abort
from simulator.children import Children

if TYPE_CHECKING:
    from park_cli.demo_incident import Exercise
    from simulator.preparation import Preparation

app = typer.Typer(name="demo", pretty_exceptions_enable=False)


@app.command()
@expanded
def demo(
    for_: Annotated[str | None, typer.Option("--for", help="Stop after 60s, 10m, counted from the live start.")] = None,
    backfill: Annotated[str, typer.Option(help="How much history is shown at first sight.")] = "24h",
    store: Annotated[
        str | None, typer.Option(help="duckdb:///path or influxdb+http://...", show_default="a temporary DuckDB")
    ] = None,
    broker: Annotated[str | None, typer.Option(help="mqtt://host:port", show_default="an embedded broker")] = None,
    port: ViewerPort = 0,
    *,
    viewer_name: ViewerNames = None,
    open_browser: OpenBrowser = False,
    control: Annotated[
        bool, typer.Option("--control", help="Let the worked rules of park control command it.")
    ] = False,
    allow_commands: Annotated[
        bool,
        typer.Option("--allow-commands", help="Let who has the viewer's address, with its token, command devices."),
    ] = False,
    quality: QualityOption = StoredFlags.NONE,
    incident: Annotated[
        str | None, typer.Option(help="Replay one of `park incident --list` into it, once it is live.")
    ] = None,
    draw: Annotated[int | None, typer.Option(help="Of the incident: the same number, the same again.", min=0)] = None,
    asked: SelectionOptions,
    tls: TrustOptions,
    json: Json = False,
) -> None:
    """Show the whole park on this machine: no Docker, no server, no account.

    Prints the viewer's address; ends with --for or Ctrl-C, then proves that every reading was stored.

    Examples:
      park demo

      park demo --for 60s --devices 500 --open

      park demo --incident store-away
    """
    for_s = None if for_ is None else duration_ms(for_, "--for") / 1000
    tls.check(broker)
    names = viewer_names(viewer_name)
    if allow_commands and broker is not None:
        _check_open(broker)
    exercise = None if incident is None and draw is None else _exercise(incident, draw, for_s, broker)
    if port:
        from park_cli.foresight import free_port  # noqa: PLC0415 - only who names a port waits for it

        free_port(port, "--port")
    children = Children(functools.partial(prepare, asked, backfill))
    aborting = contextlib.ExitStack()
    gc.disable()  # until all is imported: that makes no garbage, and looking for it takes a sixth of the time
    try:
        aborting.enter_context(on_abort(children.kill))
        from park_cli.demo_process import DemoOptions, show  # noqa: PLC0415 - the same
        from park_cli.schedules import live_schedule  # noqa: PLC0415 - while the child is at work

        selection = asked.resolve()
        options = DemoOptions(
            selection=selection,
            schedule=live_schedule(selection, backfill),
            for_s=for_s,
            store=store,
            broker=broker,
            tls=tls,
            port=port,
            viewer_names=names,
            open_browser=open_browser,
            control=control,
            allow_commands=allow_commands,
            quality=quality,
            exercise=exercise,
        )
        show(options, children, as_json=json)
    except BaseException:
        children.kill()
        raise
    finally:
        children.close()
        aborting.close()


def _check_open(broker: str) -> None:
    """An account has one connection, and orders of several devices need several."""
    from mqttlink import parse_broker_url  # noqa: PLC0415 - only who names a broker waits for it
    from park_cli.errors import UsageError  # noqa: PLC0415 - the same

    if parse_broker_url(broker).username is not None:
        raise UsageError("--allow-commands: needs a broker without accounts; with one, use park command")


def _exercise(name: str | None, draw: int | None, for_s: float | None, broker: str | None) -> "Exercise":
    """What goes wrong in the demo, and is to be found."""
    from park_cli.demo_incident import Exercise  # noqa: PLC0415 - only who asks for one waits for its libraries
    from park_cli.errors import UsageError  # noqa: PLC0415 - the same
    from simulator.incidents.scenes import SCENES  # noqa: PLC0415 - the same

    if name is None:
        raise UsageError("--draw: is of an incident; give --incident, too")
    if name not in SCENES:
        raise UsageError(
            f"--incident {name}: choose from {', '.join(SCENES)}; park incident --list tells what they are"
        )
    if broker is not None:
        raise UsageError("--incident: is for the demo's own broker; beside another one, run park incident")
    return Exercise(name=name, draw=draw, for_s=for_s)


def prepare(asked: SelectionOptions, backfill: str) -> "Preparation":
    """In the simulator's process: what to warm up for."""
    from park_cli.schedules import live_schedule  # noqa: PLC0415 - the child's imports, not its parent's
    from simulator.preparation import Preparation  # noqa: PLC0415 - the same

    selection = asked.resolve()
    begin_ms = live_schedule(selection, backfill).launched().begin_ms
    return Preparation(selection=selection, begin_ms=begin_ms)
