"""The park's devices: one seeded world, fleets of devices in it, their readings, and what should be stored.

For who analyses them, `readings` gives Arrow tables; it is imported when it is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.dataset.arrow import readings

__all__ = ["readings"]


def __getattr__(name: str) -> Any:
    if name != "readings":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from simulator.dataset.arrow import readings  # noqa: PLC0415 - models and settings, which most importers do without

    return readings
