"""`park simulate`."""

import asyncio
import dataclasses
import enum
import re
import time
from typing import Annotated

import typer

from mqttlink import parse_broker_url
from park.safe_log import standard_error
from park_cli.accepted import times_note
from park_cli.endpoints import MOST_PROCESSES
from park_cli.errors import UsageError
from park_cli.expand import expanded
from park_cli.options import DEFAULT_BROKER, Broker, Json, SelectionOptions, TrustOptions, WindowOptions, duration_ms
from park_cli.orders import DEFAULT_STATE, StateOption, command_options
from park_cli.output import print_summary, progress_bar
from park_cli.publishers import kill_publishers
from park_cli.schedules import credentials, finite, schedule_of
from park_cli.signals import on_abort, run_until_signal
from simulator.broker import GatewayOptions
from simulator.connections.limits import allow
from simulator.connections.link import DeviceAccounts
from simulator.options import SimulateOptions
from simulator.plan import Shards
from simulator.processes import simulate_in_processes
from simulator.progress import Progress
from simulator.simulate import Simulated, run_simulation
from simulator.unrest import Unrest

app = typer.Typer(name="simulate", pretty_exceptions_enable=False)

#: Devices that connect for themselves join at so many a second, if nobody says how many.
_JOIN_PER_S = 500


class Connect(enum.StrEnum):
    """Who holds a connection."""

    GATEWAY = "gateway"
    DEVICE = "device"


@app.command()
@expanded
def simulate(
    broker: Broker = DEFAULT_BROKER,
    *,
    asked: SelectionOptions,
    window: WindowOptions,
    backfill: Annotated[str | None, typer.Option(help="History first, then live without a seam: 24h.")] = None,
    speed: Annotated[str, typer.Option(help="The town's time per real time: 1, 60, or max.")] = "1",
    processes: Annotated[int, typer.Option(min=1, max=MOST_PROCESSES, help="Processes that share the gateways.")] = 1,
    shards: Annotated[
        int | None,
        typer.Option(
            "--shards",
            "--connections",
            help="Gateways, and so connections, per site, over all hosts.",
            show_default="1, or as --processes needs",
        ),
    ] = None,
    shard: Annotated[str | None, typer.Option(help="Which of them run here: 0..3, or one.", show_default="all")] = None,
    rewind: Annotated[
        str, typer.Option(help="What is sent again after a reconnection, and so how long a gateway stays at the end.")
    ] = "10s",
    drain: Annotated[str, typer.Option(help="How long after the end a backlog is still worked off.")] = "30s",
    connect: Annotated[
        Connect, typer.Option(help="Who holds a connection: gateways, or each device one of its own.")
    ] = Connect.GATEWAY,
    account_per_device: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN",
            help="With --connect device: the user name, of {device}, {kind}, {site}, {sector}.",
            show_default="--broker's user, or the device's name",
        ),
    ] = None,
    ramp_up: Annotated[
        str | None,
        typer.Option(
            "--ramp-up",
            "--ramp",
            help="Connections are made one after the other over this time: 30s.",
            show_default="0s; with --connect device, 500 a second",
        ),
    ] = None,
    churn: Annotated[float, typer.Option(min=0, help="Connections per minute that are dropped.")] = 0.0,
    reconnect_storm: Annotated[
        str | None, typer.Option(help="How often all drop their connection at once: 5m.")
    ] = None,
    commands: Annotated[
        bool, typer.Option("--commands/--no-commands", help="Whether devices take commands; they keep no log if not.")
    ] = True,
    state: StateOption = DEFAULT_STATE,
    store: Annotated[
        str | None, typer.Option(help="Asked for what was commanded, where --state has no logs of the seed.")
    ] = None,
    tls: TrustOptions,
    json: Json = False,
) -> None:
    """Publish the readings over MQTT 5, open loop.

    Runs until --until, or until Ctrl-C; then what was due is still sent and its acknowledgements awaited, for
    --drain at most; history and --speed max have their time as long as the broker goes on acknowledging.
    Exit code 1 with --until if the broker did not take every reading that was due.

    A broker that dies may forget what it took last. So at --until a gateway stays for --rewind after its last
    acknowledgement, and sends again what such a broker forgot; duration and rate do not count that. Ctrl-C ends it,
    and says what may be lost. --rewind 0 sends nothing again and stays for nothing.

    With --ramp-up, --churn and --reconnect-storm the same readings are published: what was due while a gateway was
    away comes later, with its own time, so that `park verify` needs no such option. What was due before a gateway
    joined counts as history. Connections made again are counted as reconnects.

    Several hosts share a town by --shards, the same on each, and --shard, another on each; the other options are the
    same. No gateway and no field, building or road is then on two hosts, and `park verify` needs no such option.

    With --connect device each device has a connection of its own: its client id is its name, it has a will, says
    on its topic `state` whether it is there, and rewinds as a gateway does. It takes no commands, and gateways' figures
    are not told. Passwords and accounts: PARK_MQTT_PASSWORD as below; the user is --broker's, or
    --account-per-device names one for each.

    Devices take commands while the town keeps time: see `park command`. What came of them is kept in --state, which a
    later start reads: without it, a --backfill over a time that was commanded is refused, unless --store names the
    store that holds it.

    Passwords: PARK_MQTT_PASSWORD or PARK_MQTT_PASSWORD_FILE for all gateways, or PARK_MQTT_PASSWORD_DIR with one
    file per gateway. A gateway's user name is its client id, gw-SITE-SHARD, unless --broker names a user.

    Examples:
      park simulate --devices 300 --backfill 24h

      park simulate --speed max --start 2026-06-01T00:00:00+08:00 --until 2026-06-02T00:00:00+08:00

      park simulate --devices 10000 --kind soil_probe --interval 1s --processes 2 --until 2026-11-30T12:00:00Z

      park simulate --devices 100000 --shards 8 --shard 0..3

      park simulate --connect device --devices 10000 --kind soil_probe --interval 1s --ramp 60s
    """
    selection, address = asked.resolve(), parse_broker_url(broker)
    finite(churn, "--churn")
    each, dealt = _each_device(connect, account_per_device), _shards(shards, shard)
    if each is not None:
        allow(_here(selection.devices, dealt), processes)
    options = SimulateOptions(
        selection=selection,
        schedule=schedule_of(selection, window, backfill, speed),
        broker=GatewayOptions(
            address=address,
            credentials=credentials(),
            trust=tls.resolve(address),
            rewind_s=duration_ms(rewind, "--rewind") / 1000,
            drain_s=duration_ms(drain, "--drain") / 1000,
        ),
        shards=dealt,
        processes=processes,
        ramp_up_s=_ramp_s(ramp_up, selection.devices if each else 0),
        unrest=Unrest(
            churn_per_min=churn,
            storm_every_s=None if reconnect_storm is None else _storm_s(reconnect_storm),
        ),
        commands=command_options(state, selection, store) if commands else None,
        devices_connect=each,
    )
    schedule, now_ms = options.schedule, time.time_ns() // 1_000_000
    if note := times_note(schedule.launched().begin_ms, schedule.until_ms, now_ms):
        standard_error.write(f"{note}\n")
    summary = asyncio.run(_run(options)).summary
    print_summary("simulated", dataclasses.asdict(summary), as_json=json)
    if options.schedule.until_ms is not None and not summary.complete:
        raise typer.Exit(1)


def _each_device(connect: Connect, pattern: str | None) -> DeviceAccounts | None:
    if connect is Connect.DEVICE:
        return DeviceAccounts(pattern=pattern)
    if pattern is not None:
        raise UsageError(f"--account-per-device {pattern}: belongs to --connect device")
    return None


def _here(devices: int, shards: Shards | None) -> int:
    """About how many of the devices are this host's."""
    return devices if shards is None else -(-devices * len(shards.numbers) // shards.total)


def _ramp_s(text: str | None, connections: int) -> float:
    return connections / _JOIN_PER_S if text is None else duration_ms(text, "--ramp-up") / 1000


def _shards(total: int | None, here: str | None) -> Shards | None:
    if here is None:
        return None if total is None else Shards(total=total)
    if total is None:
        raise UsageError(f"--shard {here}: say with --shards how many there are, over all hosts")
    match = re.fullmatch(r"(\d{1,9})(?:\.\.(\d{1,9}))?", here)
    if match is None:
        raise UsageError(f"--shard {here}: give one number, or two such as 0..3")
    return Shards(total=total, here=(int(match[1]), int(match[2] or match[1])))


def _storm_s(text: str) -> float:
    every_ms = duration_ms(text, "--reconnect-storm")
    if not every_ms:
        raise UsageError("--reconnect-storm: must be longer than nothing")
    return every_ms / 1000


async def _run(options: SimulateOptions) -> Simulated:
    with progress_bar() as bar:
        task = bar.add_task("publishing", total=None, note="")

        def show(progress: Progress) -> None:
            late = f", {progress.overruns:,} overruns" if progress.overruns else ""
            bar.update(task, completed=progress.acknowledged, total=progress.offered, note=f"acknowledged{late}")

        run = run_simulation if options.processes == 1 else simulate_in_processes
        with on_abort(kill_publishers):
            return await run_until_signal(lambda stop: run(options, stop, on_progress=show))
