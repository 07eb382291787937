"""Acknowledgements in order of arrival: only the contiguous settled prefix of a connection is released."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class AckTracker(Generic[T]):
    """Items in order of arrival, settled in any order, released in order.

    Items belong to a generation, one connection to the broker. What an older connection delivered is
    forgotten: the broker sends it again, and its packet ids now name other messages.
    """

    def __init__(self) -> None:
        self._generation = 0
        self._waiting: deque[T] = deque()
        self._settled: set[int] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def generation(self) -> int:
        """The connection whose items are tracked."""
        return self._generation

    def arrived(self, item: T, generation: int) -> None:
        """Append an item; a newer generation forgets all older ones."""
        if generation > self._generation:
            self._generation = generation
            self._waiting.clear()
            self._settled.clear()
        if generation == self._generation:
            self._waiting.append(item)

    def settle(self, item: T, generation: int) -> list[T]:
        """Mark an item, told by identity; returns what may be acknowledged now, in order of arrival."""
        if generation != self._generation:
            return []
        self._settled.add(id(item))
        released: list[T] = []
        while self._waiting and id(self._waiting[0]) in self._settled:
            first = self._waiting.popleft()
            self._settled.discard(id(first))
            released.append(first)
        return released
