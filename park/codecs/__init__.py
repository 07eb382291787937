"""The codecs, by the MQTT content type that names them, found by looking: every folder here is one.

A folder NAME holds `read.py` (CONTENT_TYPE and `decoder(kind)`) and `write.py` (`encoder(kind)`).
"""

import pkgutil

from park.codecs.base import Codec, Read, Write, codec_of
from park.errors import CatalogueError

#: Of a message that names none.
DEFAULT_CONTENT_TYPE = "application/json"


_LONGEST = 200
_CHARSETS = {"utf-8", "utf8", "us-ascii"}


def _discover() -> dict[str, Codec]:
    found: dict[str, Codec] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if module.ispkg:
            codec = codec_of(f"{__name__}.{module.name}")
            if codec.content_type in found:
                raise CatalogueError(f"park/codecs/{module.name}: another codec reads {codec.content_type!r} already")
            found[codec.content_type] = codec
    return found


CODECS: dict[str, Codec] = _discover()


def media_type(content_type: str) -> str:
    """The name under which a codec is looked for: lower case and without parameters, `charset=utf-8` for instance.

    Text of another charset, and a very long name, are left as they are, for no codec reads them.
    """
    if len(content_type) > _LONGEST:
        return content_type
    name, _, parameters = content_type.partition(";")
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset" and value.strip().strip('"').lower() not in _CHARSETS:
            return content_type
    return name.strip().lower()


__all__ = ["CODECS", "DEFAULT_CONTENT_TYPE", "Codec", "Read", "Write", "media_type"]
