"""A slow reader of line protocol, written from its published grammar and knowing nothing of the renderer."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Point:
    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: dict[str, float | int | bool | str]
    time: int


def parse_line(line: bytes) -> Point:
    text = line.decode()
    assert text.endswith("\n")
    assert text.count("\n") == 1
    head, fields, time = split(text[:-1], " ")
    measurement, *tags = split(head, ",")
    pairs = [tuple(map(unescape, split(tag, "="))) for tag in tags]
    values = dict(split(field, "=") for field in split(fields, ","))
    assert len(values) == len(split(fields, ","))
    return Point(
        measurement=unescape(measurement),
        tags=tuple((key, value) for key, value in pairs),
        fields={unescape(key): value_of(value) for key, value in values.items()},
        time=int(time),
    )


def split(text: str, separator: str) -> list[str]:
    """Split at separators that are neither escaped nor quoted."""
    parts, quoted, escaped = [""], False, False
    for character in text:
        if character == separator and not quoted and not escaped:
            parts.append("")
            continue
        parts[-1] += character
        if character == '"' and not escaped:
            quoted = not quoted
        escaped = character == "\\" and not escaped
    return parts


def unescape(text: str) -> str:
    out, escaped = "", False
    for character in text:
        if character == "\\" and not escaped:
            escaped = True
            continue
        out += character
        escaped = False
    return out


def value_of(text: str) -> float | int | bool | str:
    if text.startswith('"'):
        assert text.endswith('"')
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    if text.endswith("i"):
        return int(text[:-1])
    return float(text)
