"""Acknowledgements leave in order of arrival, each once, and never for an older connection."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.acks import AckTracker


class Item:
    """Told by identity, as batches are."""

    def __init__(self, number: int, generation: int) -> None:
        self.number = number
        self.generation = generation


@given(st.permutations(range(12)))
def test_any_order_of_settling_releases_in_order_of_arrival(order: list[int]) -> None:
    tracker: AckTracker[Item] = AckTracker()
    items = [Item(number, 1) for number in range(len(order))]
    for item in items:
        tracker.arrived(item, 1)
    released: list[Item] = []
    settled: set[int] = set()
    for number in order:
        settled.add(number)
        released += tracker.settle(items[number], 1)
        contiguous = next((i for i in range(len(items)) if i not in settled), len(items))
        assert [item.number for item in released] == list(range(contiguous))
    assert len(tracker) == 0


@given(st.lists(st.sampled_from(["arrive", "settle", "reconnect"]), max_size=60), st.randoms(use_true_random=False))
def test_what_an_older_connection_delivered_is_never_released(steps: list[str], random: object) -> None:
    tracker: AckTracker[Item] = AckTracker()
    generation, number = 1, 0
    waiting: list[Item] = []
    released: list[Item] = []
    for step in steps:
        if step == "reconnect":
            generation += 1
        elif step == "arrive":
            waiting.append(Item(number, generation))
            tracker.arrived(waiting[-1], generation)
            number += 1
        elif waiting:
            item = waiting.pop(random.randrange(len(waiting)))  # type: ignore[attr-defined]
            out = tracker.settle(item, item.generation)
            assert all(one.generation == tracker.generation for one in out)
            released += out
    numbers = [item.number for item in released]
    assert numbers == sorted(set(numbers))
