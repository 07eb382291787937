"""Where a gateway decides about commands: pure of network and disk; time is given.

What is decided has a place in the town's time that nothing was made of yet, so that the past never changes: at or
after the moment it came, the gateway's cursor, and a millisecond after the last word of the device. What can have no
such place (an unknown device, no live gateway, no id) is answered and not recorded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from park.command import (
    Answer,
    Refusal,
    Request,
    State,
    action_of,
    check_times,
    encode_answer,
    id_of,
    read_request,
    values_of,
)
from park.errors import CommandRefused, TopicError
from park.topics import DeviceTopic, ack_topic, is_reply, parse_command
from sectors import KINDS
from simulator.commands.authority import Authority
from simulator.commands.directory import Directory, Standing
from simulator.commands.memory import Known, Memory, ReplyTo
from simulator.commands.record import Record
from simulator.commands.standpoint import Standpoint

#: How many ids a gateway remembers at a time.
MAX_IDS = 100_000


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A message on a command's topic.

    Attributes:
        arrived_ms: when it came, in the town's time.
    """

    topic: str
    payload: bytes
    arrived_ms: int
    retained: bool = False
    reply_to: ReplyTo | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A message on its way; `retained` if the broker is to keep it."""

    topic: str
    payload: bytes
    correlation: bytes | None = None
    retained: bool = False


@dataclass(kw_only=True)
class Decided:
    """What came of some letters: records to be kept before anything is answered.

    Attributes:
        ended: what has succeeded, and is answered with what was measured: `Desk.measure`.
    """

    records: list[Record] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    ended: list[Known] = field(default_factory=list)


class Desk:
    """Decides about the commands to a gateway's devices.

    Args:
        directory: which these are.
        authority: who commands their models.
        records: of their past, by time.
        answers_for_nobody: whether it is the one of its site that answers for devices that do not exist.
        max_ids: how many commands it remembers at a time; one more is busy.
    """

    def __init__(
        self,
        directory: Directory,
        authority: Authority,
        records: Iterable[Record] = (),
        *,
        answers_for_nobody: bool = False,
        max_ids: int = MAX_IDS,
    ) -> None:
        self._directory, self._authority = directory, authority
        self._memory = Memory(records)
        self._answers_for_nobody, self._max_ids = answers_for_nobody, max_ids
        self._given: list[Record] = []
        self._begun = False

    def is_due(self, now_ms: int) -> bool:
        """Whether there is something to do without letters."""
        return self._memory.is_due(now_ms)

    def unfinished(self) -> list[Record]:
        """What has been accepted and not ended."""
        return self._memory.unfinished()

    def decide(self, letters: Iterable[Letter], at: Standpoint) -> Decided:
        """End what is due, then decide about the letters, in their order; what they order holds from now on."""
        done = Decided()
        self._end(at, done)
        self._begun = True
        self._memory.forget(at.now_ms)
        for letter in letters:
            self._decide(letter, at, done)
        self._give_orders()
        return done

    def _end(self, at: Standpoint, done: Decided) -> None:
        last_ms = at.now_ms if at.until_ms is None else min(at.now_ms, at.until_ms - 1)
        while known := self._memory.next_due(last_ms):
            record = known.record
            assert known.due_ms is not None
            # Before the cursor only at a start: what ended while nobody was here is told late, with its own time.
            floor = at.cursor_ms if self._begun else 0
            ts = self._place(record.where, max(known.due_ms, floor))
            state = State.SUCCEEDED if ts <= record.expires else State.EXPIRED
            self._answer(self._note(replace(record, ts=ts, state=state), done), done)

    def _decide(self, letter: Letter, at: Standpoint, done: Decided) -> None:
        case = _case(letter)
        standing = Standing.OTHERS if case is None else self._directory.standing(case.where)
        if case is None or standing is Standing.OTHERS:
            return
        if standing is Standing.NOBODYS:
            if self._answers_for_nobody:
                done.replies += case.refused(Refusal.UNKNOWN_DEVICE, "no such device stands at this site")
            return
        known = self._memory.get((case.where.kind, case.where.device, case.id))
        if known is not None:
            known.reply_to = case.reply_to or known.reply_to
            self._answer(known, done)
            return
        try:
            self._take(case, at, done)
        except CommandRefused as refused:
            done.replies += case.refused(refused.reason, str(refused))

    def _take(self, case: "_Case", at: Standpoint, done: Decided) -> None:
        """Record an order, or why it is none.

        Raises:
            CommandRefused: it is neither, and is not recorded.
        """
        request = self._admitted(case, at)
        ts = self._place(case.where, max(case.letter.arrived_ms, at.cursor_ms))
        before = self._memory.pending((case.where.kind, case.where.device, request.action))
        order_ts = ts if before is None else ts + 1
        if at.until_ms is not None and order_ts >= at.until_ms:
            raise CommandRefused(Refusal.NOT_LIVE, "the simulation ends")
        check_times(request, order_ts)
        record = case.record(request, order_ts)
        try:
            record = self._order(record, request)
        except CommandRefused as refused:
            # Nothing is superseded, so the first place is free.
            record = replace(record, ts=ts, state=State.REJECTED, reason=refused.reason)
            self._answer(self._note(record, done, detail=str(refused), reply_to=case.reply_to), done)
            return
        if before is not None:
            self._answer(self._note(replace(before.record, ts=ts, state=State.SUPERSEDED), done), done)
        self._answer(self._note(record, done, reply_to=case.reply_to), done)

    def _admitted(self, case: "_Case", at: Standpoint) -> Request:
        """The request, if the gateway takes any now.

        Raises:
            CommandRefused: it does not.
        """
        if case.letter.retained:
            raise CommandRefused(Refusal.RETAINED, "a command must not be retained")
        request = read_request(case.letter.payload, case.actor)
        if not at.live:
            raise CommandRefused(Refusal.NOT_LIVE, "the gateway publishes history")
        if len(self._memory) >= self._max_ids:
            raise CommandRefused(Refusal.BUSY, f"{self._max_ids} commands are remembered")
        return request

    def _order(self, record: Record, request: Request) -> Record:
        """The record with what it orders.

        Raises:
            CommandRefused: the device does not take it.
        """
        group = self._directory.group(record.where.kind)
        action = action_of(group.kind, request.action)
        values = values_of(action, request.args)
        left_ms = record.expires - record.ts
        if action.takes_ms(values) > left_ms:
            detail = f"takes {action.takes_ms(values) / 1000:g} s, and expires in {left_ms / 1000:g} s"
            raise CommandRefused(Refusal.NO_TIME_LEFT, detail)
        # Most interlocks see what the device itself has been told, and its neighbours as they stood a turn ago: to work
        # out a cell anew for every command of a turn would cost a gateway most of its time.
        alone = self._authority.decides_alone(group, action.name)
        if not alone and any(given.where == record.where for given in self._given):
            self._give_orders()
        reason = self._authority.refusal(group, record.number, action.name, values, record.ts)
        if reason is not None:
            raise CommandRefused(reason, "the device refuses it as it stands")
        return replace(record, action=action.name, values=values)

    def _give_orders(self) -> None:
        given, self._given = self._given, []
        if given:
            self._authority.add(given)

    def _place(self, where: DeviceTopic, earliest_ms: int) -> int:
        return max(earliest_ms, self._memory.last_ms((where.kind, where.device)) + 1)

    def _note(self, record: Record, done: Decided, *, detail: str = "", reply_to: ReplyTo | None = None) -> Known:
        known = self._memory.take(record, detail=detail, reply_to=reply_to)
        self._given.append(record)
        done.records.append(record)
        return known

    def measure(self, ended: Sequence[Known]) -> list[Reply]:
        """Answer what was `Decided.ended`, with what the devices measured then; those of a kind are asked together."""
        together: dict[tuple[str, int], list[Known]] = {}
        for known in ended:
            if not known.measured:
                day = self._authority.day_of(known.record.ts)
                together.setdefault((known.record.where.kind, day), []).append(known)
        for (kind, _), alike in together.items():
            numbers, at_ms = zip(*((known.record.number, known.record.ts) for known in alike), strict=True)
            found = self._authority.measured(self._directory.group(kind), numbers, at_ms)
            for known, measured in zip(alike, found, strict=True):
                known.measured = measured
        return [reply for known in ended for reply in _replies(known.answer(), known.record.where, known.reply_to)]

    def _answer(self, known: Known, done: Decided) -> None:
        if known.record.state is State.SUCCEEDED:
            done.ended.append(known)
        else:
            done.replies += _replies(known.answer(), known.record.where, known.reply_to)


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A letter that names a device, an actor and an id."""

    where: DeviceTopic
    actor: str
    id: str
    letter: Letter

    @property
    def reply_to(self) -> ReplyTo | None:
        """Where to answer beside the ack: only where the actor alone listens, lest an answer pass for a reading."""
        asked = self.letter.reply_to
        return asked if asked is not None and is_reply(asked.topic, self.actor, self.where.site) else None

    def record(self, request: Request, ts: int) -> Record:
        """The order that it would be, as yet without what it orders."""
        return Record(
            where=self.where,
            ts=ts,
            id=request.id,
            state=State.ACCEPTED,
            action=request.action if any(one.name == request.action for one in KINDS[self.where.kind].actions) else "",
            values=(),
            actor=self.actor,
            issued=request.issued,
            expires=request.expires,
        )

    def refused(self, reason: str, detail: str) -> list[Reply]:
        """Say that it is not taken."""
        ts = self.letter.arrived_ms
        answer = Answer(id=self.id, state=State.REJECTED, ts=ts, reason=reason, detail=detail)
        return _replies(answer, self.where, self.reply_to)


def _case(letter: Letter) -> _Case | None:
    try:
        where, actor = parse_command(letter.topic)
    except TopicError:
        return None
    command_id = id_of(letter.payload)
    return None if command_id is None else _Case(where=where, actor=actor, id=command_id, letter=letter)


def _replies(answer: Answer, where: DeviceTopic, reply_to: ReplyTo | None) -> list[Reply]:
    payload = encode_answer(answer)
    replies = [Reply(topic=ack_topic(where), payload=payload)]
    if reply_to is not None:
        replies.append(Reply(topic=reply_to.topic, payload=payload, correlation=reply_to.correlation))
    return replies
