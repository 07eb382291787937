"""Units: from the catalogue's UCUM codes to what people read, and to Grafana's ids."""

import re

_SYMBOLS = {
    "1": "",
    "Cel": "°C",
    "deg": "°",
    "[degF]": "°F",
    "[in_i]": "in",
    "Ohm": "Ω",
    "[ppm]": "ppm",
    "[pH]": "pH",
    "[iU]": "IU",
    "B[SPL]": "B",
    "dB[SPL]": "dB",
}
_ANNOTATION = re.compile(r"\{([^}]*)\}")
_POWERS = str.maketrans({"2": "²", "3": "³"})

_GRAFANA = {
    "1": "short",
    "%": "percent",
    "Cel": "celsius",
    "K": "kelvin",
    "hPa": "pressurehpa",
    "kPa": "pressurekpa",
    "m/s": "velocityms",
    "km/h": "velocitykmh",
    "W/m2": "Wm2",
    "W": "watt",
    "kW": "kwatt",
    "MW": "megwatt",
    "W.h": "watth",
    "Wh": "watth",
    "kWh": "kwatth",
    "kW.h": "kwatth",
    "kV.A": "kvoltamp",
    "kVA": "kvoltamp",
    "kvar": "kvoltampreact",
    "V": "volt",
    "A": "amp",
    "Hz": "hertz",
    "lx": "lux",
    "dB": "dB",
    "mm": "lengthmm",
    "m": "lengthm",
    "km": "lengthkm",
    "L": "litre",
    "m3": "m3",
    "deg": "degree",
    "us": "µs",
    "ms": "ms",
    "s": "s",
    "min": "m",
    "h": "h",
    "MB": "decmbytes",
    "kB": "deckbytes",
    "kg": "masskg",
    "g": "massg",
    "[ppm]": "ppm",
    "ug/m3": "conμgm3",
    "mg/m3": "conmgm3",
}


def symbol(unit: str) -> str:
    """The unit as people read it: "W/m²" for W/m2, "veh/h" for {veh}/h, "" for 1."""
    if unit in _SYMBOLS:
        return _SYMBOLS[unit]
    text = _ANNOTATION.sub(r"\1", unit)
    text = "/".join(_part(part) for part in text.split("/"))
    return text.replace("W.h", "Wh").replace("V.A", "VA").replace(".", "·")


def _part(part: str) -> str:
    part = re.sub(r"^u(?=[a-zA-Z])", "µ", _SYMBOLS.get(part, part) if part != "1" else "1")
    return re.sub(r"(?<=[a-z])[23]$", lambda match: match[0].translate(_POWERS), part)


def grafana(unit: str) -> str:
    """Grafana's id of the unit; one that it does not know is written behind the number as it is."""
    return _GRAFANA.get(unit) or f"suffix: {symbol(unit)}"


def per(unit: str, seconds: float) -> str:
    """The unit of an increase of `unit` per `seconds`: kWh in an hour are kW."""
    if unit in {"kWh", "kW.h"} and seconds == 3600:
        return "kW"
    span = {1: "s", 60: "min", 3600: "h", 86400: "d"}.get(int(seconds), f"({seconds:g} s)")
    return f"{unit}/{span}"
