"""What comes from the broker, sorted: readings, answers, what other controllers have decided. The rest is counted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from controller.rules import Program, Watched
from controller.state import Ended, Handed, Heard, News, Stand
from controller.waiting import Waiting
from park.catalogue import Channel, DeviceKind
from park.codecs import CODECS, DEFAULT_CONTENT_TYPE, Read, media_type
from park.command import MAX_AHEAD_MS, MAX_REQUEST, action_of, read_answer, values_of
from park.errors import CommandRefused, DecodeError, TopicError
from park.event import Value
from park.reading import Reading
from park.topics import CONTROL_FILTER, DeviceTopic, control_topic, parse_telemetry, reply_topic, telemetry_topic

#: Readings of times further ahead than this come from a clock that is wrong.
AHEAD_MS = 60_000
#: How many devices are followed at most, shared out among the sites; more come from somebody who invents them.
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

    def __init__(self, program: Program, actor: str, waiting: Waiting, *, most_devices: int = MOST_DEVICES) -> None:
        self._program, self._actor, self._waiting = program, actor, waiting
        self._replies = reply_topic(actor, "")
        self._heard: dict[tuple[str, str], list[Heard]] = {}
        sites = {site for names in program.sites.values() for site in names}
        self._share = -(-most_devices // max(1, len(sites)))
        self._devices: set[tuple[str, str]] = set()
        self._of_site: Counter[str] = Counter()
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
        if key not in self._devices:
            if self._of_site[where.site] >= self._share:
                return "too_many_devices"
            self._of_site[where.site] += 1
            self._devices.add(key)
        told = {name: getattr(read, name) for name in watched.channels}
        values = {name: value for name, value in told.items() if _can_be(watched.kind.channel[name], value)}
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
        if len(letter.payload) > MAX_REQUEST:
            return "malformed"
        try:
            handed = msgspec.json.decode(letter.payload, type=Handed)
            order = handed.order
            kind = self._program.commanded[order.where.kind]
            _check(handed, kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError, CommandRefused):
            return "malformed"
        where = order.where
        # Whoever may write elsewhere may not say it: the broker guards topics, and nothing of what is in a message.
        if letter.topic != control_topic(letter.topic.split("/")[2], where.kind, where.device, order.group):
            return "bad_topic"
        if order.tick > now_ms + AHEAD_MS:
            return "ahead"
        sector = self._program.watched[kind.name].sector
        if where.sector != sector or self._program.number(kind, where.device, where.site) is None:
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


def _check(handed: Handed, kind: DeviceKind) -> None:
    """Hold what another controller says against what one can say.

    Raises:
        CommandRefused: it is no decision about a device of the kind.
    """
    order = handed.order
    for told in (order.told, handed.release):
        if told is not None:
            values_of(action_of(kind, told.action), told.args)
    if handed.stand is Stand.FREE or order.expires - order.tick > MAX_AHEAD_MS:
        raise CommandRefused("malformed", "no controller says so")


def _can_be(channel: Channel, value: Value | msgspec.UnsetType) -> bool:
    """Whether a device can measure this; one that says otherwise is broken, or lies."""
    if isinstance(value, msgspec.UnsetType):
        return False
    return not isinstance(value, int | float) or isinstance(value, bool) or channel.low <= value <= channel.high
