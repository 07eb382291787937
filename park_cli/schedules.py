"""What `park simulate` and `park demo` have in common: the schedule that options describe, the gateways' passwords."""

import math

from park_cli.credentials import secret, secrets_folder
from park_cli.errors import UsageError
from park_cli.options import WindowOptions, duration_ms
from simulator.broker import Credentials
from simulator.clock import ScheduleOptions
from simulator.errors import TooLate
from simulator.plan import Selection

_SLOWEST, _FASTEST = 1e-6, 1_000_000
"""Beyond, the town's time between two looks at the clock is no number that is of use."""


def schedule_of(selection: Selection, window: WindowOptions, backfill: str | None, speed: str) -> ScheduleOptions:
    """The schedule that the options describe."""
    start_ms, until_ms = window.start_ms, window.until_ms
    if backfill is not None and start_ms is not None:
        raise UsageError("--backfill: cannot be given together with --start")
    rate = speed_of(speed)
    if math.isinf(rate) and (start_ms is None or until_ms is None):
        raise UsageError("--speed max: give --start and --until")
    back = 0 if backfill is None else duration_ms(backfill, "--backfill")
    options = ScheduleOptions(start_ms=start_ms, until_ms=until_ms, backfill_ms=back, speed=rate)
    try:
        begin_ms = options.launched().begin_ms
    except TooLate:
        raise UsageError("--until: must be later than the start") from None
    town = selection.town.settings
    if begin_ms < town.commissioned_ms:
        raise UsageError(f"--start or --backfill: begins before the town was commissioned ({town.commissioned})")
    return options


def live_schedule(selection: Selection, backfill: str) -> ScheduleOptions:
    """History of a duration, then live readings without an end."""
    return schedule_of(selection, WindowOptions(), backfill, "1")


def speed_of(text: str) -> float:
    """`--speed`: a positive number, or max."""
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not _SLOWEST <= speed <= _FASTEST:
        raise UsageError(f"--speed {text}: give a positive number up to {_FASTEST:,}, or max")
    return speed


def finite(number: float, option: str) -> float:
    """The number, which no bound keeps from being none, or without an end."""
    if not math.isfinite(number):
        raise UsageError(f"{option} {number:g}: give a number")
    return number


def credentials() -> Credentials:
    """The gateways' passwords, from the environment."""
    folder = secrets_folder("PARK_MQTT_PASSWORD_DIR")
    password = secret("PARK_MQTT_PASSWORD")
    return Credentials(password=None if password is None else password.encode(), folder=folder)
