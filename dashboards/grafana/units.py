"""Grafana's ids of units."""

from park.units import symbol

_IDS = {
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


def unit_id(code: str) -> str:
    """Grafana's id of a unit by its UCUM code; one that it does not know is written behind the number as it is."""
    return _IDS.get(code) or f"suffix: {symbol(code)}"
