"""Whom the viewer answers: browsers that have asked for it by one of its own addresses.

A page of a stranger can make its own name point at 127.0.0.1 and then read whatever answers there; the browser sends
that name along as Host, and where a page comes from as Origin. Both must be the viewer's.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HTTP_PORT = 80
_PORT = re.compile(r":\d+$")
_OWN = ("127.0.0.1", "localhost", "[::1]")
_MISDIRECTED = (421, "this address is not the viewer's: see its option for names")
_FORBIDDEN = (403, "a page from elsewhere asks: only the viewer's own may")


def addresses(port: int, names: Iterable[str] = ()) -> frozenset[str]:
    """What a browser may call the viewer by, as it stands in Host.

    Args:
        port: where it listens.
        names: further ones, "park.example" or "park.example:8443"; without a port, also with the viewer's own.
    """
    further = {name.lower() for name in names}
    bare = {*_OWN, *(name for name in further if not _PORT.search(name))}
    own = {f"{name}:{port}" for name in bare}
    return frozenset(own | further | (bare if port == _HTTP_PORT else set()))


def guarded(app: App, allowed: frozenset[str]) -> App:
    """The application, for requests and websockets by an allowed address and from its own pages alone.

    Others are told so in one line: 421 for a foreign Host, 403 for a foreign Origin. A websocket is refused with 403.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        refusal = _refusal(scope, allowed) if scope["type"] in {"http", "websocket"} else None
        if refusal is None:
            await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            await _answer(send, *refusal)

    return guard


def _refusal(scope: Scope, allowed: frozenset[str]) -> tuple[int, str] | None:
    hosts, origins = (_values(scope, name) for name in (b"host", b"origin"))
    if len(hosts) != 1 or hosts[0].lower() not in allowed:
        return _MISDIRECTED
    if any(_authority(origin) not in allowed for origin in origins):
        return _FORBIDDEN
    return None


def _values(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == wanted]


def _authority(origin: str) -> str:
    """Host and port of an origin; empty for one that hides itself ("null")."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


async def _answer(send: Send, status: int, words: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{words}\n".encode()})
