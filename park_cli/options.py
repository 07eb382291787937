"""Options that several commands share, and how their values are read; those of `endpoints` too."""

import datetime as dt
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from park.duration import whole_ms
from park.errors import TownError
from park.safe_log import standard_error
from park_cli.endpoints import DEFAULT_BROKER, DEFAULT_STORE, Broker, Json, StoreOption
from park_cli.errors import UsageError

if TYPE_CHECKING:
    from mqttlink import Address, Trust
    from park.town import Town
    from simulator.plan import Selection

__all__ = [
    "DEFAULT_BROKER",
    "DEFAULT_STORE",
    "Broker",
    "Json",
    "PartOptions",
    "SelectionOptions",
    "StoreOption",
    "TrustOptions",
    "WindowOptions",
    "duration_ms",
    "moment_ms",
]


def read_town(config: Path | None) -> "Town":
    """The town of `--config`, or the default one.

    Raises:
        UsageError: the file cannot be read.
        TownError: a setting is wrong.
    """
    from park.town import default_town, parse_town  # noqa: PLC0415 - its libraries, which `park demo` loads later
    from sectors import SECTORS  # noqa: PLC0415 - as above

    if config is None:
        return default_town(SECTORS)
    try:
        text = config.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--config {config}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TownError(f"{config}: not UTF-8 text: {error}") from error
    return parse_town(text, str(config), SECTORS)


@dataclass(frozen=True, kw_only=True)
class SelectionOptions:
    """The selection, as options of a command; see `expand`."""

    seed: Annotated[int | None, typer.Option(help="Seed of the town.", show_default="park.toml", min=0)] = None
    devices: Annotated[int | None, typer.Option(help="Devices in all.", show_default="the town's")] = None
    sectors: Annotated[list[str] | None, typer.Option("--sector", help="Only this sector; may be repeated.")] = None
    kinds: Annotated[list[str] | None, typer.Option("--kind", help="Only this kind of device; may be repeated.")] = None
    interval: Annotated[str | None, typer.Option(help="Overrides every kind's interval: 500ms, 10s, 1m.")] = None
    config: Annotated[Path | None, typer.Option(help="A park.toml.", show_default="the package's own")] = None
    events: Annotated[
        bool | None,
        typer.Option(
            "--events/--no-events",
            help="Places and rain spells too, beside readings.",
            show_default="events; none with --kind",
        ),
    ] = None

    faults: Annotated[
        str,
        typer.Option(help="What goes wrong: none, typical (of sensors), delivery, a file, or several: docs/faults.md."),
    ] = "none"
    publish_labels: Annotated[
        bool, typer.Option("--publish-labels", help="Tell the truth about these faults, too, on topics of its own.")
    ] = False

    def resolve(self) -> "Selection":
        """The selection, with the town's defaults filled in."""
        if self.publish_labels and self.faults == "none":
            raise UsageError("--publish-labels: with --faults none there is nothing to tell; say which there are")
        from park_cli.foresight import memory_note  # noqa: PLC0415 - as above
        from simulator.faults.rules import read_rules  # noqa: PLC0415 - as above
        from simulator.plan import Selection  # noqa: PLC0415 - as above

        town = read_town(self.config)
        if note := memory_note(self.devices or town.devices):
            standard_error.write(f"{note}\n")
        return Selection(
            town=town,
            seed=town.settings.seed if self.seed is None else self.seed,
            devices=town.devices if self.devices is None else self.devices,
            sectors=tuple(self.sectors or ()),
            kinds=tuple(self.kinds or ()),
            interval_ms=None if self.interval is None else duration_ms(self.interval, "--interval"),
            events=not self.kinds if self.events is None else self.events,
            faults=read_rules(self.faults),
            labels=self.publish_labels,
        )


@dataclass(frozen=True, kw_only=True)
class PartOptions(SelectionOptions):
    """The selection, for commands that can also begin at a later device."""

    first_device: Annotated[int, typer.Option(help="Devices to leave out first; --devices are those after them.")] = 0

    def resolve(self) -> "Selection":
        """The selection, with the town's defaults filled in."""
        return replace(super().resolve(), first_device=self.first_device)


@dataclass(frozen=True, kw_only=True)
class TrustOptions:
    """Certificates for the broker, as options of a command; see `expand`."""

    ca_file: Annotated[
        Path | None, typer.Option(help="Certificates to trust for mqtts.", show_default="the system's")
    ] = None
    cert_file: Annotated[Path | None, typer.Option(help="Certificate that the broker knows this client by.")] = None
    key_file: Annotated[Path | None, typer.Option(help="Its private key.")] = None

    def resolve(self, address: "Address") -> "Trust":
        """The certificates, tried once.

        Raises:
            UsageError: the broker is spoken to without TLS, or there is no such file.
            UnusableCertificate: a file cannot be used.
        """
        from mqttlink import Trust  # noqa: PLC0415 - as above

        self._check_files(str(address) if address.tls else None)
        trust = Trust(ca_file=self.ca_file, cert_file=self.cert_file, key_file=self.key_file)
        trust.context(address)
        return trust

    def check(self, broker: str | None) -> None:
        """Before anything is begun: whether the certificates can be used with the broker at this URL, None for none.

        Raises:
            UsageError, UnusableCertificate: as by `resolve`.
            BadBrokerUrl: it is none.
        """
        if self._given():
            from mqttlink import parse_broker_url  # noqa: PLC0415 - as above

            if broker is None:
                self._check_files(None)
            else:
                self.resolve(parse_broker_url(broker))

    def _given(self) -> dict[str, Path]:
        named = {"--ca-file": self.ca_file, "--cert-file": self.cert_file, "--key-file": self.key_file}
        return {option: path for option, path in named.items() if path is not None}

    def _check_files(self, broker: str | None) -> None:
        """For a broker with TLS, None for one without."""
        for option, path in self._given().items():
            if broker is None:
                raise UsageError(
                    f"{option}: the broker is spoken to without TLS; name one by mqtts://, or leave it out"
                )
            try:
                path.open("rb").close()
            except OSError as error:
                raise UsageError(f"{option}: {path}: {error.strerror}") from None
        if (self.cert_file is None) != (self.key_file is None):
            raise UsageError("--cert-file and --key-file belong together")


@dataclass(frozen=True, kw_only=True)
class WindowOptions:
    """The window of the town's time, as options of a command; see `expand`."""

    start: Annotated[str | None, typer.Option(help="First moment, with Z or an offset: 2026-06-01T00:00:00+08:00.")] = (
        None
    )
    until: Annotated[str | None, typer.Option(help="End, itself left out; the same form.")] = None

    @property
    def start_ms(self) -> int | None:
        """`--start` as Unix milliseconds; None if it was not given."""
        return None if self.start is None else moment_ms(self.start, "--start")

    @property
    def until_ms(self) -> int | None:
        """`--until` likewise."""
        return None if self.until is None else moment_ms(self.until, "--until")

    def resolve(self, town: "Town", *, default_ms: int | None = None) -> tuple[int, int]:
        """The window [start, until).

        Args:
            town: its commissioning is the default start, and no window begins before it.
            default_ms: its length without `--until`; None for "until now".
        """
        settings, first, last = town.settings, self.start_ms, self.until_ms
        if first is None:
            first = settings.commissioned_ms
        if last is None:
            last = int(time.time() * 1000) if default_ms is None else first + default_ms
        if first < settings.commissioned_ms:
            raise UsageError(f"--start: lies before the town was commissioned ({settings.commissioned} in park.toml)")
        if last <= first:
            raise UsageError("--until: must be later than --start")
        return first, last


def duration_ms(text: str, option: str) -> int:
    """A duration such as 500ms, 30s, 10m, 24h or 7d, or 0, in whole milliseconds."""
    milliseconds = 0 if text.strip() == "0" else whole_ms(text.strip())
    if milliseconds is None:
        raise UsageError(f"{option} {text}: give a duration such as 500ms, 30s, 10m, 24h or 7d; a century at most")
    return milliseconds


def moment_ms(text: str, option: str) -> int:
    """A moment in ISO 8601 with Z or an offset, as Unix milliseconds."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: not a moment such as 2026-06-01T00:00:00Z") from None
    if moment.tzinfo is None:
        raise UsageError(f"{option} {text}: say which time it is: end it with Z or an offset such as +08:00")
    if not 1900 <= moment.year < 2200:
        raise UsageError(f"{option} {text}: lies outside the years 1900 to 2199")
    return round(moment.timestamp() * 1000)
