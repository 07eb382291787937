"""Orders on their way: each is repeated under its id until its end, or until it may not be begun any more."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from controller.state import UNANSWERED, Ended, Order
from park.command import Answer, State

#: How soon an order is repeated that has had no answer that settles it: twice as late each time, up to a bound.
REPEAT_MS, MOST_MS = 2000, 16_000
#: How long after its expiry an end may still come.
GRACE_MS = 10_000


@dataclass(frozen=True, kw_only=True)
class _Way:
    order: Order
    next_ms: int
    until_ms: int
    heard: bool = False
    pause_ms: int = REPEAT_MS


class Waiting:
    """Orders without an end; all times are the town's, Unix milliseconds.

    Args:
        orders: those of before a restart.
    """

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self._ways: dict[str, _Way] = {}
        self._over: set[str] = set()
        self.keep(orders)

    def __len__(self) -> int:
        return len(self._ways)

    def keep(self, orders: Iterable[Order]) -> None:
        """These are open, and no others: what another order has replaced is repeated no more."""
        given = {order.id: order for order in orders}
        self._over &= given.keys()  # ended since whoever gave them has looked
        self._ways = {
            order_id: self._ways.get(order_id, _Way(order=order, next_ms=0, until_ms=order.expires + GRACE_MS))
            for order_id, order in given.items()
            if order_id not in self._over
        }

    @property
    def unheard(self) -> int:
        """How many have had no answer at all."""
        return sum(not way.heard for way in self._ways.values())

    def due(self, now_ms: int) -> list[Order]:
        """Those to be sent now; when they are due again follows.

        One of before a restart is sent although it has expired: it is not begun any more, and who has done it says so.
        """
        ready = {name: way for name, way in self._ways.items() if way.next_ms <= now_ms}
        for name, way in ready.items():
            until_ms = way.until_ms if way.next_ms else max(way.order.expires, now_ms) + GRACE_MS
            pause_ms = min(MOST_MS, 2 * way.pause_ms)
            self._ways[name] = replace(way, next_ms=now_ms + way.pause_ms, pause_ms=pause_ms, until_ms=until_ms)
        return [way.order for name, way in ready.items() if now_ms < self._ways[name].until_ms]

    def next_ms(self) -> int | None:
        """When there is something to do next; None without orders."""
        return min((min(way.next_ms, way.until_ms) for way in self._ways.values()), default=None)

    def answered(self, answer: Answer, site: str, now_ms: int) -> Ended | None:
        """Take an answer from a site's devices; the end of an order, if it is one."""
        way = self._ways.get(answer.id)
        if way is None or way.order.where.site != site:
            return None
        if answer.state is State.ACCEPTED:
            due_ms = answer.due if answer.due is not None else now_ms
            self._ways[answer.id] = replace(
                way, heard=True, next_ms=max(way.next_ms, min(due_ms, way.order.expires) + REPEAT_MS)
            )
            return None
        if not answer.settles:
            return None
        self._end(answer.id)
        return Ended(id=answer.id, state=answer.state.value)

    def given_up(self, now_ms: int) -> list[Ended]:
        """Orders that nobody has ended by their expiry and some time more."""
        late = [name for name, way in self._ways.items() if way.next_ms and now_ms >= way.until_ms]
        for order_id in late:
            self._end(order_id)
        return [Ended(id=order_id, state=UNANSWERED) for order_id in late]

    def _end(self, order_id: str) -> None:
        del self._ways[order_id]
        self._over.add(order_id)
