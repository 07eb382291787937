"""Payloads as they arrive when something is wrong with them."""

import re
from collections.abc import Callable, Mapping

from park.codecs import DEFAULT_CONTENT_TYPE
from park.rejection import Reason
from simulator.faults.delivery.classes import Form

#: Beyond the 64 KiB that an ingester decodes.
OVERSIZE_BYTES = 66_000

#: The first value behind the sequence number, or that itself where nothing was measured.
_VALUE = re.compile(rb'(?<=:)("[^"]*"|[^,:{}"]+)(?=[,}])')


def _truncated(payload: bytes) -> bytes:
    return payload[: max(1, len(payload) // 2)]


def _wrong_type(payload: bytes) -> bytes:
    return _with_value(payload, lambda value: b"0" if value.startswith(b'"') else b'"%s"' % value)


def _not_a_number(payload: bytes) -> bytes:
    return _with_value(payload, lambda _: b"NaN")


def _oversize(payload: bytes) -> bytes:
    return payload + b" " * (OVERSIZE_BYTES - len(payload))


def _with_value(payload: bytes, told: Callable[[bytes], bytes]) -> bytes:
    values = list(_VALUE.finditer(payload))
    value = values[min(2, len(values) - 1)]
    return payload[: value.start()] + told(value[0]) + payload[value.end() :]


_SPOIL: Mapping[Form, Callable[[bytes], bytes]] = {
    Form.TRUNCATED: _truncated,
    Form.WRONG_TYPE: _wrong_type,
    Form.NOT_A_NUMBER: _not_a_number,
    Form.OVERSIZE: _oversize,
}

_REASONS: Mapping[Form, Reason] = {
    Form.TRUNCATED: Reason.MALFORMED,
    Form.WRONG_TYPE: Reason.WRONG_TYPE,
    Form.NOT_A_NUMBER: Reason.MALFORMED,
    Form.OVERSIZE: Reason.OVERSIZE,
}


def spoilt(payload: bytes, form: Form, content_type: str = DEFAULT_CONTENT_TYPE) -> tuple[bytes, Reason]:
    """A payload as it arrives, and why an ingester rejects it.

    What is not JSON is cut, whatever form it was to have, unless it is to be too long.
    """
    if content_type != DEFAULT_CONTENT_TYPE and form is not Form.OVERSIZE:
        form = Form.TRUNCATED
    return _SPOIL[form](payload), _REASONS[form]
