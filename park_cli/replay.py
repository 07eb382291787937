"""Dead letters back to the broker, and what became of each."""

import asyncio
import dataclasses
import itertools
import json
import sys
from collections.abc import Awaitable, Iterable, Iterator
from typing import TypeVar

from ingest.deadletter import DeadLetter
from mqttlink import ConnectionLost, Link, LinkError, LinkOptions, PublishRefused, Session, parse_broker_url
from park.safe_text import printable
from park_cli.credentials import secret
from park_cli.errors import CommandError
from park_cli.output import errors

T = TypeVar("T")

_AT_ONCE = 100
_TAKEN, _UNHEARD, _REFUSED, _CUT, _LOST = "taken", "unheard", "refused", "cut", "lost"
_NAMED = 10
_NOBODY_LISTENS = 0x10  # MQTT 5: no matching subscribers


@dataclasses.dataclass(kw_only=True)
class Replayed:
    """What became of the letters.

    Attributes:
        taken: by the broker, with somebody subscribed.
        unheard: taken by the broker while nobody is subscribed: it has thrown them away.
        refused: by the broker.
        cut: not published, because only the beginning of their payload was kept.
        numbers: of letters that were not taken, the first few.
    """

    taken: int = 0
    unheard: int = 0
    refused: int = 0
    cut: int = 0
    numbers: list[int] = dataclasses.field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every letter was taken."""
        return not (self.unheard or self.refused or self.cut)


class Replay:
    """Publishes letters, a hundred at once.

    Args:
        broker: its URL.
        wait_s: how long the broker may be away, or owe an answer.
    """

    def __init__(self, broker: str, *, wait_s: float) -> None:
        password = secret("PARK_MQTT_PASSWORD")
        self._broker = broker
        self._wait_s = wait_s
        self._away = ""
        self._done = Replayed()
        self._options = LinkOptions(
            address=parse_broker_url(broker),
            client_id="park-replay",  # a broker may know each account's only client id
            password=None if password is None else password.encode(),
            clean_start=True,
            session_expiry_s=0,
        )

    async def run(self, letters: Iterable[DeadLetter]) -> Replayed:
        """Publish them all.

        Raises:
            CommandError: the broker was away for too long; says what was taken before.
            LinkError: it refused the login for good.
        """
        async with Link(self._options, on_disconnected=self._disconnected) as link:
            await self._in_time(link.connected())
            for batch in _batches(letters):
                await self._publish(link, batch)
        return self._done

    async def _publish(self, link: Link, batch: list[DeadLetter]) -> None:
        """Publish the batch; again what a lost connection left open."""
        left = [letter for letter in batch if letter.whole]
        for letter in batch:
            if not letter.whole:
                self._count(letter, _CUT)
        while left:
            self._connected(await self._in_time(link.connected()))
            answers = await self._in_time(asyncio.gather(*(_publish_one(link, letter) for letter in left)))
            for letter, answer in zip(left, answers, strict=True):
                if answer != _LOST:
                    self._count(letter, answer)
            left = [letter for letter, answer in zip(left, answers, strict=True) if answer == _LOST]

    async def _in_time(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._wait_s):
                return await work
        except TimeoutError:
            why = f" ({self._away})" if self._away else ""
            raise CommandError(
                f"{self._broker} did not answer within {self._wait_s:g} s{why}; {self._done.taken} letters were taken"
            ) from None

    def _count(self, letter: DeadLetter, answer: str) -> None:
        done = self._done
        setattr(done, answer, getattr(done, answer) + 1)
        if answer != _TAKEN and len(done.numbers) < _NAMED:
            done.numbers.append(letter.number)

    def _connected(self, _session: Session) -> None:
        if self._away:
            errors.print("connected again")
        self._away = ""

    def _disconnected(self, _generation: int, error: LinkError) -> None:
        if not self._away:
            told = f"the broker is away, trying again for {self._wait_s:g} s: {printable(error)}"
            errors.print(told, markup=False, soft_wrap=True)
        self._away = printable(error)


async def _publish_one(link: Link, letter: DeadLetter) -> str:
    """The figure of `Replayed` that the letter counts in, or `_LOST`."""
    rejection = letter.rejection
    try:
        code = await link.publish(rejection.topic, rejection.payload, qos=1, content_type=rejection.content_type)
    except ConnectionLost:
        return _LOST
    except (PublishRefused, ValueError) as error:
        told = f"letter {letter.number} was refused: {printable(error, limit=200)}"
        errors.print(told, markup=False, soft_wrap=True)
        return _REFUSED
    return _UNHEARD if code.value == _NOBODY_LISTENS else _TAKEN


def _batches(letters: Iterable[DeadLetter]) -> Iterator[list[DeadLetter]]:
    rest = iter(letters)
    while batch := list(itertools.islice(rest, _AT_ONCE)):
        yield batch


def print_replayed(done: Replayed, *, as_json: bool) -> None:
    """What became of the letters, in words or as one line of JSON."""
    if as_json:
        sys.stdout.write(json.dumps(dataclasses.asdict(done), separators=(",", ":")) + "\n")
        sys.stdout.flush()
        return
    errors.print(f"published again: {done.taken} taken")
    for count, what in (
        (done.unheard, "reached nobody: the broker has no subscriber for their topics, and threw them away"),
        (done.refused, "refused by the broker"),
        (done.cut, "not published: only the beginning of their payload was kept"),
    ):
        if count:
            errors.print(f"{count} {what}")
    if done.numbers:
        more = " ..." if done.unheard + done.refused + done.cut > len(done.numbers) else ""
        errors.print(f"not taken: {', '.join(map(str, done.numbers))}{more}; the file keeps them")
