"""The units of the park, by their UCUM codes: how people write each, and whether it adds up over devices.

A unit without a row here is written by UCUM's rules and averaged, so a new sector may use any.
"""

import re
from dataclasses import dataclass

_ANNOTATION = re.compile(r"\{([^}]*)\}")
_POWERS = str.maketrans({"2": "²", "3": "³"})
_SPANS = {1: "s", 60: "min", 3600: "h", 86400: "d"}


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit.

    Attributes:
        code: UCUM's.
        written: as people write it, where that does not follow from the code; "" for a pure number.
        additive: many devices have the sum of their values together (powers, flows), not the mean.
        per_hour: the unit of an increase of one per hour, where it has a name of its own.
    """

    code: str
    written: str | None = None
    additive: bool = False
    per_hour: str | None = None

    @property
    def symbol(self) -> str:
        """The unit as people read it: "W/m²" for W/m2, "veh/h" for {veh}/h, "" for 1."""
        if self.written is not None:
            return self.written
        text = "/".join(map(_part, _ANNOTATION.sub(r"\1", self.code).split("/")))
        return text.replace("W.h", "Wh").replace("V.A", "VA").replace(".", "·")


def _part(part: str) -> str:
    known = UNITS.get(part)
    part = re.sub(r"^u(?=[a-zA-Z])", "µ", (known and known.written) or part)
    return re.sub(r"(?<=[a-z])[23]$", lambda match: match[0].translate(_POWERS), part)


UNITS: dict[str, Unit] = {
    unit.code: unit
    for unit in (
        Unit(code="1", written=""),
        Unit(code="Cel", written="°C"),
        Unit(code="deg", written="°"),
        Unit(code="[degF]", written="°F"),
        Unit(code="[in_i]", written="in"),
        Unit(code="Ohm", written="Ω"),
        Unit(code="mm[Hg]", written="mmHg"),
        Unit(code="[ppm]", written="ppm"),
        Unit(code="[pH]", written="pH"),
        Unit(code="[iU]", written="IU"),
        Unit(code="B[SPL]", written="B"),
        Unit(code="dB[SPL]", written="dB"),
        Unit(code="A", additive=True),
        Unit(code="W", additive=True),
        Unit(code="kW", additive=True),
        Unit(code="MW", additive=True),
        Unit(code="kvar", additive=True),
        Unit(code="kVA", additive=True),
        Unit(code="Wh", additive=True),
        Unit(code="kWh", additive=True, per_hour="kW"),
        Unit(code="kW.h", additive=True, per_hour="kW"),
        Unit(code="m3/h", additive=True),
        Unit(code="L/min", additive=True),
        Unit(code="L/h", additive=True),
        Unit(code="{veh}/h", additive=True),
        Unit(code="veh/h", additive=True),
    )
}


def unit(code: str) -> Unit:
    """The unit of a code."""
    return UNITS.get(code) or Unit(code=code)


def symbol(code: str) -> str:
    """The unit of a code as people read it."""
    return unit(code).symbol


def per(code: str, seconds: float) -> str:
    """The code of an increase of a unit per `seconds`: kWh in an hour are kW."""
    if seconds == 3600 and (named := unit(code).per_hour):
        return named
    return f"{code}/{_SPANS.get(int(seconds), f'({seconds:g} s)')}"
