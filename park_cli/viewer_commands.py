"""Commands from the viewer: over the same way as those of `park command`."""

import secrets
from collections.abc import Callable

from dashboards.errors import SendError
from dashboards.viewer import Commanding
from mqttlink import Address, LinkError, Trust
from park.command import Answer, Request
from park.errors import TopicError
from park.topics import DeviceTopic
from park_cli.requester import Door, Requester

ACTOR = "viewer"


def commanding(address: Address, trust: Trust) -> Commanding:
    """Leave to command through a broker without accounts, under a new token."""

    async def send(
        where: DeviceTopic,
        request: Request,
        *,
        on_answer: Callable[[Answer], None],
        on_away: Callable[[str], None],
    ) -> None:
        # A client of its own for each command: two may be under way.
        client_id = f"{ACTOR}-{secrets.token_hex(4)}"
        door = Door(address=address, actor=ACTOR, client_id=client_id, password=None, trust=trust)
        try:
            await Requester(door, where, request, wait=True, on_answer=on_answer, on_away=on_away).run()
        except (LinkError, TopicError) as error:
            raise SendError(str(error)) from error

    return Commanding(token=secrets.token_urlsafe(16), send=send)
