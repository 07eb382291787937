"""What comes from the broker, sorted: readings, answers, what other controllers have decided. The rest is counted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from controller.rules import Program, Watched
from controller.state import Ended, Handed, Heard, News
from controller.waiting import Waiting
from park.codecs import CODECS, DEFAULT_CONTENT_TYPE, Read, media_type
from park.command import action_of, read_answer, values_of
from park.errors import CommandRefused, DecodeError, TopicError
from park.reading import Reading
from park.topics import CONTROL_FILTER, DeviceTopic, parse_telemetry, reply_topic, telemetry_topic

#: Readings of times further ahead than this come from a clock that is wrong.
AHEAD_MS = 60_000
#: How many devices are followed at most; more than that come from somebody who invents them.
MOST_DEVICES = 200_000
#: How many readings of a device may wait for a tick.
_MOST_WAITING = 64


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A message as the link hands it on."""

    topic: str
    payload: bytes
    content_type: str | None = None
    retained: bool = False


class Inbox:
    """Takes letters between two decisions.

    Args:
        program: the rules, which say what is listened to.
        actor: who commands.
        waiting: orders whose answers come here.

    Attributes:
        counts: letters by what they were.
    """

    def __init__(self, program: Program, actor: str, waiting: Waiting) -> None:
        self._program, self._actor, self._waiting = program, actor, waiting
        self._replies = reply_topic(actor, "")
        self._heard: dict[tuple[str, str], list[Heard]] = {}
        self._devices: set[tuple[str, str]] = set()
        self._ended: list[Ended] = []
        self._handed: list[Handed] = []
        self._readers: dict[tuple[str, str], Read] = {}
        self.counts: Counter[str] = Counter()

    @property
    def filters(self) -> tuple[str, ...]:
        """The topics that the rules need, and no others."""
        heard = [
            telemetry_topic(one.sector, "site", name, "device").replace("/site/", "/+/").replace("/device/", "/+/")
            for name, one in self._program.watched.items()
        ]
        return (*heard, reply_topic(self._actor, "+"), CONTROL_FILTER)

    def take(self, letter: Letter, now_ms: int) -> None:
        """Sort a letter that came at a moment of the town's time; no letter is an error."""
        sort: Callable[[Letter, int], str] = self._reading
        if letter.topic.startswith(self._replies):
            sort = self._answer
        elif letter.topic.startswith(CONTROL_FILTER[:-1]):
            sort = self._hand
        self.counts[sort(letter, now_ms)] += 1

    def news(self, tick: int) -> News:
        """What has come for a tick; readings of later moments stay for a later one."""
        ready: list[Heard] = []
        for key, come in list(self._heard.items()):
            ready += [one for one in come if one.ts <= tick]
            later = [one for one in come if one.ts > tick]
            if later:
                self._heard[key] = later
            else:
                del self._heard[key]
        found = News(heard=tuple(ready), ended=tuple(self._ended), handed=tuple(self._handed))
        self._ended, self._handed = [], []
        return found

    def end(self, ended: Ended) -> None:
        """An order has ended without an answer."""
        self._ended.append(ended)

    def _reading(self, letter: Letter, now_ms: int) -> str:
        try:
            where = parse_telemetry(letter.topic)
        except TopicError:
            return "bad_topic"
        watched = self._program.watched.get(where.kind)
        if watched is None or watched.sector != where.sector:
            return "bad_topic"
        reader = self._reader(watched, letter.content_type)
        if reader is None:
            return "unknown_content_type"
        try:
            read = reader(letter.payload)
        except DecodeError:
            return "malformed"
        return self._hear(where, watched, read, now_ms)

    def _hear(self, where: DeviceTopic, watched: Watched, read: Reading, now_ms: int) -> str:
        key = where.kind, where.device
        number = self._program.number(watched.kind, where.device, where.site)
        if number is None:
            return "unknown_device"
        if not now_ms - watched.silent_ms < read.ts <= now_ms + AHEAD_MS:
            return "stale" if read.ts <= now_ms else "ahead"
        if key not in self._devices and len(self._devices) >= MOST_DEVICES:
            return "too_many_devices"
        self._devices.add(key)
        values = {name: value for name in watched.channels if (value := getattr(read, name)) is not msgspec.UNSET}
        heard = Heard(kind=where.kind, device=where.device, site=where.site, number=number, ts=read.ts, values=values)
        self._heard[key] = [*self._heard.get(key, ()), heard][-_MOST_WAITING:]
        return "readings" if len(values) == len(watched.channels) else "readings_without_a_channel"

    def _reader(self, watched: Watched, content_type: str | None) -> Read | None:
        named = media_type(content_type or DEFAULT_CONTENT_TYPE)
        if named not in CODECS:
            return None
        key = watched.kind.name, named
        if key not in self._readers:
            self._readers[key] = CODECS[named].decoder(watched.kind)
        return self._readers[key]

    def _hand(self, letter: Letter, now_ms: int) -> str:
        try:
            handed = msgspec.json.decode(letter.payload, type=Handed)
            kind = self._program.commanded[handed.order.where.kind]
            values_of(action_of(kind, handed.order.told.action), handed.order.told.args)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError, CommandRefused):
            return "malformed"
        where = handed.order.where
        if handed.order.tick > now_ms + AHEAD_MS:
            return "ahead"
        if self._program.number(kind, where.device, where.site) is None:
            return "unknown_device"
        self._handed.append(handed)
        return "handed"

    def _answer(self, letter: Letter, now_ms: int) -> str:
        answer = read_answer(letter.payload)
        if answer is None or letter.retained:
            return "malformed"
        ended = self._waiting.answered(answer, letter.topic[len(self._replies) :].split("/")[0], now_ms)
        if ended is not None:
            self._ended.append(ended)
        return "answers"
