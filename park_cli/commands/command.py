"""`park command`."""

import asyncio
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mqttlink import Address, parse_broker_url
from park.catalogue import Action, Channel, DeviceKind, ValueType
from park.command import Answer, Request, State, action_of, values_of
from park.errors import CommandRefused, TopicError
from park.event import ID, Value
from park.safe_text import printable
from park.topics import DeviceTopic, command_topic
from park_cli.credentials import broker_password
from park_cli.errors import UsageError
from park_cli.expand import expanded
from park_cli.options import DEFAULT_BROKER, Broker, Json, TrustOptions, duration_ms, read_town
from park_cli.output import errors, print_summary
from park_cli.requester import Door, Outcome, Requester
from park_cli.signals import run_until_signal
from sectors import KINDS, SECTOR_OF

app = typer.Typer(name="command", pretty_exceptions_enable=False)

_ACTOR = "park-command"
_SPARE_MS = 30_000


@app.command()
@expanded
def command(
    device: Annotated[str | None, typer.Argument(help="A device's name, street-lamp-000001.")] = None,
    action: Annotated[str | None, typer.Argument(help="What it is to do.")] = None,
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="With which values.")] = None,
    broker: Broker = DEFAULT_BROKER,
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done, not only accepted.")] = False,
    expires: Annotated[
        str | None, typer.Option(help="How long it may be begun and done.", show_default="what it takes, and 30s")
    ] = None,
    id_: Annotated[
        str | None, typer.Option("--id", help="Its id: the same one is never done twice.", show_default="random")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List what devices can be told, and nothing else.")] = False,
    config: Annotated[Path | None, typer.Option(help="A park.toml.", show_default="the package's own")] = None,
    tls: TrustOptions,
    json: Json = False,
) -> None:
    """Tell a device to do something, and what became of it.

    The request is repeated under one id until the device has answered, with --wait until it has done it or cannot;
    --expires ends it. Who commands is the user that --broker names, else park-command.

    Exit code 0 if it was accepted, with --wait if it succeeded; 1 if not, or if nobody answered: then it may still
    have been done. 2 if the device knows no such action or value.

    Password: PARK_MQTT_PASSWORD or PARK_MQTT_PASSWORD_FILE, or PARK_MQTT_PASSWORD_DIR with a file of the user's name.

    Examples:
      park command --list

      park command street-lamp-000001 set_level level=40 ramp=2 --wait

      park command street-lamp-000001 resume --broker mqtt://park-command@127.0.0.1:1883 --json
    """
    if list_:
        _list(as_json=json)
        return
    if device is None or action is None:
        raise UsageError("DEVICE ACTION: name both; park command --list says what there is")
    kind, where = _device(device, config)
    request = _request(kind, action, arguments or [], expires, id_)
    address = parse_broker_url(broker)
    door = _door(address, tls, where)
    outcome = asyncio.run(_run(door, where, request, wait=wait))
    print_summary("commanded", _summary(where, request, outcome), as_json=json)
    done = {State.SUCCEEDED} if wait else {State.ACCEPTED, State.SUCCEEDED}
    if outcome.last is None or outcome.last.state not in done:
        raise typer.Exit(1)


def _device(name: str, config: Path | None) -> tuple[DeviceKind, DeviceTopic]:
    stem, _, digits = name.rpartition("-")
    kind = next((one for one in KINDS.values() if one.device_stem == stem), None)
    number = int(digits) if digits.isdecimal() and len(digits) <= 12 else 0
    if kind is None or number < 1 or kind.device(number) != name:
        raise UsageError(f"DEVICE {name}: not a device's name, such as {next(iter(KINDS.values())).device(1)}")
    sector = SECTOR_OF[kind.name]
    sites = read_town(config).sites_of(sector)
    site = sites[(number - 1) // kind.per_cell % len(sites)]
    return kind, DeviceTopic(sector=sector.name, site=site.name, kind=kind.name, device=name)


def _request(kind: DeviceKind, name: str, arguments: list[str], expires: str | None, id_: str | None) -> Request:
    try:
        action = action_of(kind, name)
        said = [_argument(action, one) for one in arguments]
        args = dict(said)
        if len(args) < len(said):
            raise UsageError(f"{' '.join(arguments)}: a value is given twice")
        values = values_of(action, args)
    except CommandRefused as refused:
        raise UsageError(f"ACTION {name}: {refused}") from None
    if id_ is not None and not re.fullmatch(ID, id_):
        raise UsageError(f"--id {id_}: 1 to 64 of letters, digits, dots, dashes and underscores")
    left_ms = action.takes_ms(values) + _SPARE_MS if expires is None else duration_ms(expires, "--expires")
    if not left_ms:
        raise UsageError("--expires: must be longer than nothing")
    now_ms = int(time.time() * 1000)
    return Request(
        id=secrets.token_hex(8) if id_ is None else id_, action=name, issued=now_ms, expires=now_ms + left_ms, args=args
    )


def _argument(action: Action, text: str) -> tuple[str, Value]:
    name, given, value = text.partition("=")
    if not given:
        raise UsageError(f"{text}: say it as NAME=VALUE")
    parameter = next((one for one in action.parameters if one.name == name), None)
    return name, value if parameter is None else _value(parameter, value)


def _value(parameter: Channel, text: str) -> Value:
    if parameter.type is ValueType.BOOL:
        return {"true": True, "false": False}.get(text.lower(), text)
    if parameter.type is ValueType.TEXT:
        return text
    try:
        return int(text) if parameter.type is ValueType.INT else float(text)
    except ValueError:
        return text  # which the catalogue refuses, and says what it wants


def _door(address: Address, tls: TrustOptions, where: DeviceTopic) -> Door:
    actor = address.username or _ACTOR
    try:
        command_topic(where, actor)
    except TopicError:
        raise UsageError(f"--broker: {actor!r} cannot command; a name is 1 to 32 of a-z, 0-9 and -") from None
    password = broker_password(actor)
    # An account has one client id, its name; where nobody has accounts, two may command at a time.
    client_id = actor if address.username else f"{actor}-{secrets.token_hex(4)}"
    return Door(
        address=address,
        actor=actor,
        client_id=client_id,
        password=None if password is None else password.encode(),
        trust=tls.resolve(address),
    )


async def _run(door: Door, where: DeviceTopic, request: Request, *, wait: bool) -> Outcome:
    def told(answer: Answer) -> None:
        why = f" ({answer.reason}{': ' if answer.detail else ''}{answer.detail})" if answer.reason else ""
        errors.print(f"{where.device}: {answer.state.value}{printable(why)}", markup=False, soft_wrap=True)

    def away(reason: str) -> None:
        errors.print(f"the broker is away: {printable(reason)}", markup=False, soft_wrap=True)

    def unheard() -> None:
        errors.print(
            f"nobody takes commands at {where.site} now; asking again until it expires", markup=False, soft_wrap=True
        )

    requester = Requester(door, where, request, wait=wait, on_answer=told, on_away=away, on_unheard=unheard)
    return await run_until_signal(lambda stop: _until(requester, stop))


async def _until(requester: Requester, stop: asyncio.Event) -> Outcome:
    work, stopped = asyncio.ensure_future(requester.run()), asyncio.ensure_future(stop.wait())
    await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not work.done():
        work.cancel()
        await asyncio.wait([work])
        return requester.outcome
    return work.result()


def _summary(where: DeviceTopic, request: Request, outcome: Outcome) -> dict[str, Any]:
    last = outcome.last
    told: dict[str, Any] = {
        "device": where.device,
        "id": request.id,
        "action": request.action,
        "args": dict(request.args),
        "state": "unanswered" if last is None else last.state.value,
    }
    if last is not None:
        told |= {"ts": last.ts, "reason": printable(last.reason) or None, "measured": dict(last.measured)}
    told |= {"answered_s": _rounded(outcome.answered_s), "ended_s": _rounded(outcome.ended_s)}
    return told


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _list(*, as_json: bool) -> None:
    if as_json:
        told = {kind.name: [_described(action) for action in kind.actions] for kind in KINDS.values() if kind.actions}
        print_summary("actions", told, as_json=True)
        return
    table = Table(title="what devices can be told", title_justify="left")
    for column in ("device", "action", "values", "takes", "refused for", "meaning"):
        table.add_column(column, no_wrap=column in {"device", "action"})
    for kind in KINDS.values():
        for action in kind.actions:
            takes = action.takes or f"{action.shows_s:g} s"
            said = "\n".join(_ranges(action)), takes, "\n".join(action.refuses), action.description
            table.add_row(kind.device(1), action.name, *said)
    Console(highlight=False).print(table)


def _ranges(action: Action) -> Iterator[str]:
    for one in action.parameters:
        if one.type is ValueType.TEXT:
            yield f"{one.name}={'|'.join(one.texts)}"
        elif one.type is ValueType.BOOL:
            yield f"{one.name}=true|false"
        else:
            yield f"{one.name}={one.low:g}..{one.high:g} {one.unit}"


def _described(action: Action) -> dict[str, Any]:
    parameters = [
        {
            "name": one.name,
            "type": one.type.value,
            "unit": one.unit,
            "description": one.description,
            **({"texts": list(one.texts)} if one.texts else {"low": one.low, "high": one.high}),
        }
        for one in action.parameters
    ]
    return {
        "name": action.name,
        "description": action.description,
        "shows_s": action.shows_s,
        "refuses": list(action.refuses),
        "parameters": parameters,
    }
