"""`park control`."""

import asyncio
import dataclasses
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.table import Table

from controller.link import LinkOptions
from controller.resolve import default_rules, program_of
from controller.rules import Program
from controller.run import ControlOptions, ControlSummary, controlling
from controller.state import Ended, Order
from mqttlink import Address, Needs, parse_broker_url
from mqttlink import LinkOptions as FitOptions
from park.errors import TopicError
from park.topics import DeviceTopic, command_topic
from park.town import Town
from park_cli.credentials import broker_password
from park_cli.errors import UsageError
from park_cli.expand import expanded
from park_cli.fitness import hold_fit
from park_cli.options import DEFAULT_BROKER, Broker, Json, TrustOptions, read_town
from park_cli.output import print_summary
from park_cli.signals import run_until_signal

app = typer.Typer(name="control", pretty_exceptions_enable=False)
log = structlog.get_logger()

_ACTOR = "control"


@app.command()
@expanded
def control(
    broker: Broker = DEFAULT_BROKER,
    *,
    rules: Annotated[Path | None, typer.Option(help="A control.toml.", show_default="the package's own")] = None,
    state: Annotated[
        Path, typer.Option(help="Folder of what it has decided, so that a crash makes it ask for nothing twice.")
    ] = Path("control-state"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing: print what it would ask, as if all obeyed.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Read the rules, say what they are, and end.")] = False,
    config: Annotated[Path | None, typer.Option(help="A park.toml.", show_default="the package's own")] = None,
    tls: TrustOptions,
    json: Json = False,
) -> None:
    """Watch the town and command it, by rules.

    A rule says what has to hold of what devices report, and what others are then told; see docs/commands.md. Only
    what the rules need is listened to. Runs until SIGTERM or Ctrl-C; then it takes the answers that come, and exits 0.

    Two controllers with the same rules ask for the same things under the same ids, which devices do once.

    Who commands is the user that --broker names, else control. Password: PARK_MQTT_PASSWORD or
    PARK_MQTT_PASSWORD_FILE, or PARK_MQTT_PASSWORD_DIR with a file of the user's name.

    Examples:
      park control --check

      park control --dry-run --rules my-rules.toml

      park control --broker mqtt://control@127.0.0.1:1883 --state /var/lib/park-control
    """
    program = _program(rules, read_town(config))
    if check:
        _tell_rules(program, as_json=json)
        return
    address = parse_broker_url(broker)
    options = ControlOptions(
        program=program,
        broker=_link_options(address, tls),
        actor=_actor(address),
        folder=None if dry_run else state,
        dry=dry_run,
    )
    fit = _fit(options.broker, address)
    summary = asyncio.run(run_until_signal(lambda stop: _run(options, fit, stop)))
    print_summary("controlled", dataclasses.asdict(summary), as_json=json)


def _program(rules: Path | None, town: Town) -> Program:
    if rules is None:
        return program_of(default_rules(), "control.toml", town)
    try:
        text = rules.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--rules {rules}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--rules {rules}: is not UTF-8 text") from None
    return program_of(text, str(rules), town)


def _actor(address: Address) -> str:
    actor = address.username or _ACTOR
    try:
        command_topic(DeviceTopic(sector="x", site="x", kind="x", device="x"), actor)
    except TopicError:
        raise UsageError(f"--broker: {actor!r} cannot command; a name is 1 to 32 of a-z, 0-9 and -") from None
    return actor


def _link_options(address: Address, tls: TrustOptions) -> LinkOptions:
    actor = _actor(address)
    return LinkOptions(
        host=address.host,
        port=address.port,
        # An account has one client id, its name; where nobody has accounts, several may control at a time.
        client_id=actor if address.username else f"{actor}-{secrets.token_hex(4)}",
        username=address.username,
        password=broker_password(actor),
        context=tls.resolve(address).context(address),
    )


def _fit(broker: LinkOptions, address: Address) -> FitOptions:
    """What the broker has to be fit for."""
    return FitOptions(
        address=address,
        client_id=broker.client_id,
        password=None if broker.password is None else broker.password.encode(),
        clean_start=True,
        session_expiry_s=0,
        needs=Needs(retained=True),
        ssl=broker.context,
    )


async def _run(options: ControlOptions, fit: FitOptions, stop: asyncio.Event) -> ControlSummary:
    # The folder first: to connect throws off the broker who is connected by the same account.
    with controlling(options, on_order=_asking(dry=options.dry), on_ended=_ended) as controller:
        await hold_fit(fit)
        return await controller.run(stop)


def _asking(*, dry: bool) -> Callable[[Order], None]:
    def told(order: Order) -> None:
        args = " ".join(f"{name}={value}" for name, value in order.told.args.items())
        if dry:
            typer.echo(f"{order.rule}: {order.where.device} {order.told.action} {args}".rstrip())
        else:
            log.info(
                "asks", rule=order.rule, device=order.where.device, action=order.told.action, args=args, id=order.id
            )

    return told


def _ended(ended: Ended) -> None:
    if not ended.obeyed:
        log.warning("not obeyed", id=ended.id, state=ended.state)


def _tell_rules(program: Program, *, as_json: bool) -> None:
    if not as_json:
        table = Table(title="rules", title_justify="left")
        for column in ("rule", "tells", "to do", "priority", "so that"):
            table.add_column(column, no_wrap=column == "rule")
        for rule in program.rules:
            table.add_row(rule.name, rule.kind.name, rule.act.action.name, str(rule.priority), rule.title)
        Console(highlight=False).print(table)
        return
    told = {
        rule.name: {
            "title": rule.title,
            "kind": rule.kind.name,
            "sites": sorted(rule.sites),
            "priority": rule.priority,
            "action": rule.act.action.name,
        }
        for rule in program.rules
    }
    print_summary("rules", told, as_json=True)
