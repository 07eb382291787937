"""`park incident`."""

import asyncio
import contextlib
import functools
import json as text
import secrets
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mqttlink import Trust, parse_broker_url
from park_cli.errors import UsageError
from park_cli.expand import expanded
from park_cli.options import DEFAULT_BROKER, Broker, Json, TrustOptions, duration_ms, read_town
from park_cli.output import errors, print_summary, progress_bar
from park_cli.schedules import credentials, speed_of
from park_cli.scoring import Given, print_score
from park_cli.signals import on_abort, run_until_signal
from park_cli.sink import sink
from simulator.broker import GatewayOptions
from simulator.incidents.answer import answer as answer_of
from simulator.incidents.outage import Commands
from simulator.incidents.replay import Replayed, ReplayOptions, replay
from simulator.incidents.scenes import SCENES, Outage
from simulator.plan import Selection
from simulator.programs import run_program_now

app = typer.Typer(name="incident", pretty_exceptions_enable=False)

_DRAWS = 1_000_000
_RESTART_S = 60.0


@dataclass(frozen=True, kw_only=True)
class _Staging:
    """How an incident is replayed, as options of the command; see `expand`."""

    for_: Annotated[str | None, typer.Option("--for", help="How long, of the town's time.", show_default="its own")] = (
        None
    )
    speed: Annotated[str, typer.Option(help="The town's time per real time.")] = "1"
    draw: Annotated[
        int | None,
        typer.Option(help="Whom it befalls and when: the same number, the same again.", show_default="any", min=0),
    ] = None
    seed: Annotated[int | None, typer.Option(help="Seed of the town.", show_default="park.toml", min=0)] = None
    config: Annotated[Path | None, typer.Option(help="A park.toml.", show_default="the package's own")] = None
    first_device: Annotated[
        int, typer.Option(min=0, help="Where its devices' numbers begin; those of the town must all be lower.")
    ] = 50_000
    stop: Annotated[
        str | None, typer.Option(help="Where a part of the pipeline goes away: the command that stops it.")
    ] = None
    start: Annotated[
        str | None, typer.Option(help="The command that starts it again, which does no harm if it runs.")
    ] = None

    def resolve(self, name: str, broker: str, tls: TrustOptions) -> ReplayOptions:
        """All that a replay needs to know."""
        town, address = read_town(self.config), parse_broker_url(broker)
        trust: Trust = tls.resolve(address)
        own_ms = round(SCENES[name].minutes * 60_000)
        return ReplayOptions(
            name=name,
            town=Selection(town=town, seed=town.settings.seed if self.seed is None else self.seed, devices=1),
            # Nobody proves these, so no gateway stays to send them again.
            broker=GatewayOptions(address=address, credentials=credentials(), trust=trust, rewind_s=0.0, stays=False),
            first_device=self.first_device,
            length_ms=own_ms if self.for_ is None else _length_ms(self.for_),
            speed=speed_of(self.speed),
            number=secrets.randbelow(_DRAWS) if self.draw is None else self.draw,
            outage=self._outage(name),
        )

    def _outage(self, name: str) -> Commands | None:
        """How its part is stopped and started, if the incident has one; nothing is stopped that nobody has named."""
        strike = SCENES[name].strike
        if not isinstance(strike, Outage):
            if self.stop is not None or self.start is not None:
                raise UsageError(f"--stop and --start: {name} stops nothing")
            return None
        if self.stop is None or self.start is None:
            raise UsageError(
                f"{name}: say how the {strike.part} is stopped and started, by --stop and --start, such as "
                '"docker compose stop influxdb"; a demo knows itself: park demo --incident ' + name
            )
        return Commands(stop=_words(self.stop, "--stop"), start=_words(self.start, "--start"))


def _length_ms(text: str) -> int:
    length_ms = duration_ms(text, "--for")
    if not length_ms:
        raise UsageError("--for: must be longer than nothing")
    return length_ms


def _words(command: str, option: str) -> tuple[str, ...]:
    """A program that is there, and its arguments."""
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(f"{option} {command}: {error}") from None
    if not words or shutil.which(words[0]) is None:
        raise UsageError(f"{option} {command}: there is no such program")
    return words


@app.command()
@expanded
def incident(
    name: Annotated[str | None, typer.Argument(help="One of those that --list tells.", show_default=False)] = None,
    *,
    list_: Annotated[bool, typer.Option("--list", help="Tell which incidents there are, and end.")] = False,
    score: Annotated[
        Path | None, typer.Option(help="Replay nothing: hold what was found, lines of JSON, to the answer.")
    ] = None,
    answer: Annotated[Path | None, typer.Option(help="Where the answer is kept.", show_default="NAME.labels")] = None,
    broker: Broker = DEFAULT_BROKER,
    staging: _Staging,
    tls: TrustOptions,
    json: Json = False,
) -> None:
    """Replay an incident into a running park, to be found on its dashboards, and keep the answer.

    The incident's devices are additional ones, with numbers from --first-device on and gateways of their own, so the
    town's own stay as they were; prove these by `park verify --ignore-unselected`. Write down what you find, a line
    of JSON for each finding, and hold it to the answer, which is written at the end:

      {"device": "water-station-050003", "start": "2026-06-01T10:05:00+08:00", "end": "2026-06-01T10:12:00+08:00"}

    In store-away it is no device but the store, which really stops and starts: by commands of yours, run without a
    shell; the second one is run also if the first fails, at Ctrl-C, and at a second Ctrl-C.

    Examples:
      park incident --list

      park incident clock-jump --broker mqtt://127.0.0.1:1883

      park incident clock-jump --score found.ndjson

      park incident store-away --stop "docker compose stop influxdb" --start "docker compose start influxdb"
    """
    if list_:
        _tell()
        return
    if name is None or name not in SCENES:
        raise UsageError(f"NAME {name}: choose from {', '.join(SCENES)}; --list tells what they are")
    target = Path(f"{name}.labels") if answer is None else answer
    if score is not None:
        print_score(Given(path=target, option="--answer"), Given(path=score, option="--score"), None, as_json=json)
        return
    _stage(staging.resolve(name, broker, tls), target, as_json=json)


def _stage(options: ReplayOptions, target: Path, *, as_json: bool) -> None:
    """Replays an incident, and writes its answer."""
    scene = SCENES[options.name]
    errors.print(f"[bold]{scene.title}[/bold]. {scene.told}", soft_wrap=True)
    with sink(target) as file, _started_again(options.outage):
        replayed = asyncio.run(_run(options))
        labels = answer_of(replayed.cast, replayed.until_ms, replayed.away)
        file.writelines(text.dumps(label).encode() + b"\n" for label in labels)
    errors.print(f"{scene.lesson} Whom, and when: {target}", soft_wrap=True)
    told = {"incident": options.name, "draw": options.number, "published": replayed.published, "answer": str(target)}
    print_summary("incident", told, as_json=as_json)


def _started_again(outage: Commands | None) -> contextlib.AbstractContextManager[None]:
    """Within the block, what is stopped does not stay so if a signal ends the process at once."""
    if outage is None:
        return contextlib.nullcontext()
    return on_abort(functools.partial(run_program_now, outage.start, limit_s=_RESTART_S))


async def _run(options: ReplayOptions) -> Replayed:
    with progress_bar() as bar:
        task = bar.add_task("the incident", total=options.length_ms / 1000, note="s of the town's time")
        return await run_until_signal(
            lambda stop: replay(options, stop, lambda done: bar.update(task, completed=max(0, done) / 1000))
        )


def _tell() -> None:
    table = Table(show_lines=True)
    for column in ("name", "what is told", "minutes"):
        table.add_column(column, no_wrap=column == "name")
    for name, scene in SCENES.items():
        table.add_row(name, f"{scene.title}. {scene.told}", f"{scene.minutes:g}")
    Console(highlight=False).print(table)
