"""Many commands while every part that they go through is killed, controllers among them."""

from typing import Annotated

import typer

from bench.soak.options import Json, folder, show
from tests.end_to_end.command_soak import Soak, controlled, soak
from tests.servers.influxdb2 import run_influxdb2
from tests.servers.mosquitto import run_mosquitto


def commands(
    commands: Annotated[int, typer.Option(help="How many.")] = 500,
    *,
    rate: Annotated[float, typer.Option(help="Commands a second.")] = 10.0,
    kills: Annotated[int, typer.Option(help="Of gateways, broker, controllers, ingester and store, in turn.")] = 6,
    standby: Annotated[int, typer.Option(min=0, help="Controllers beside the first, all on the same rules.")] = 1,
    json_: Json = None,
) -> None:
    """Random commands to lamps, each repeated until its end, beside rules that command them, too; then the proof."""
    with (
        folder() as where,
        run_mosquitto(where, persistence=True) as broker,
        run_influxdb2(where) as influxdb,
        controlled(where, broker, 1 + standby) as others,
    ):
        plan = Soak(
            folder=where,
            broker=broker,
            influxdb=influxdb,
            commands=commands,
            rate_per_s=rate,
            kills=kills,
            others=others,
        )
        figures = soak(plan)
    show("every command has one end", figures, json_)
