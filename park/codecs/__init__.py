"""The codecs, by the MQTT content type that names them. A codec is one file here and one row below."""

from park.codecs.base import Codec, Decoded
from park.codecs.json import JSON

DEFAULT = JSON

CODECS: dict[str, Codec] = {codec.content_type: codec for codec in (JSON,)}

__all__ = ["CODECS", "DEFAULT", "Codec", "Decoded"]
