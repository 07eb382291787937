"""The ledger finds exactly what was done to a store."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.columns import Columns
from simulator.ledger import Ledger
from simulator.observed import readings_of
from tests.simulator.conftest import HOUR, START, select


@dataclass(frozen=True)
class Stored:
    """A store's rows, in the form that `scan` gives."""

    device: Any
    site: Any
    ts: Any
    seq: Any
    values: Mapping[str, Any]
    present: Mapping[str, Any]

    def take(self, rows: Any) -> "Stored":
        return Stored(
            self.device[rows],
            self.site[rows],
            self.ts[rows],
            self.seq[rows],
            {name: column[rows] for name, column in self.values.items()},
            {name: mask[rows] for name, mask in self.present.items()},
        )


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger(readings_of(select(kinds=("battery",), devices=8)))


@pytest.fixture(scope="module")
def expected(ledger: Ledger) -> Columns:
    return ledger.expected(START, START + HOUR)["battery"]


def as_stored(ledger: Ledger, columns: Columns) -> Stored:
    plan = ledger.readings.plan
    sites = np.array(plan.sites(plan.groups[0].sector), dtype=object)
    values: dict[str, Any] = {}
    for channel in columns.kind.channels:
        if channel.texts:
            values[channel.name] = np.array(channel.texts, dtype=object)[columns.values[channel.name]]
        else:
            values[channel.name] = columns.floats(channel)
    return Stored(
        np.array([columns.kind.device(number + 1) for number in columns.device.tolist()], dtype=object),
        sites[columns.device // columns.kind.per_cell % len(sites)],
        columns.ts.copy(),
        columns.seq.copy(),
        values,
        {name: np.ones(len(columns), dtype=np.bool_) for name in values},
    )


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_tally_says_just_what_was_done(ledger: Ledger, expected: Columns, data: st.DataObject) -> None:
    rows = data.draw(st.permutations(range(len(expected))))
    lost, altered, doubled = (data.draw(st.integers(0, 9)) for _ in range(3))
    stored = as_stored(ledger, expected)
    charge = stored.values["state_of_charge"]
    changed = rows[lost : lost + altered]
    charge[changed] += 0.01
    stored.device[rows[-1]] = stored.device[rows[-1]]
    order = [*rows[lost:], *rows[lost : lost + doubled]]
    found = stored.take(np.array(order))
    strangers = found.device.copy()
    strangers[len(expected) - lost :] = "battery-999999"
    tally = ledger.compare(expected.kind, expected, [replace(found, device=strangers)])
    assert (tally.lost, tally.altered, tally.duplicated) == (lost, altered, doubled)
    assert tally.clean == (not lost + altered + doubled)


def test_chunks_in_any_order_are_one_store(ledger: Ledger, expected: Columns) -> None:
    stored = as_stored(ledger, expected)
    odd, even = np.arange(1, len(expected), 2)[::-1], np.arange(0, len(expected), 2)
    assert ledger.compare(expected.kind, expected, [stored.take(odd), stored.take(even)]).clean


def test_a_missing_an_extra_and_a_wrong_field_are_alterations_with_their_names(
    ledger: Ledger, expected: Columns
) -> None:
    stored = as_stored(ledger, expected)
    stored.present["status"][3] = False
    stored.seq[4] += 1
    extra = replace(
        stored,
        values={**stored.values, "colour": np.array(["red"] * len(expected), dtype=object)},
        present={**stored.present, "colour": np.arange(len(expected)) == 5},
    )
    tally = ledger.compare(expected.kind, expected, [extra])
    assert tally.altered == 3
    details = " | ".join(example.detail for example in tally.examples)
    assert "status: absent instead of" in details
    assert "seq: " in details
    assert "colour: red instead of absent" in details


def test_the_same_reading_twice_is_one_duplicate(ledger: Ledger, expected: Columns) -> None:
    stored = as_stored(ledger, expected)
    tally = ledger.compare(expected.kind, expected, [stored, stored.take(np.array([7]))])
    assert (tally.lost, tally.altered, tally.duplicated) == (0, 0, 1)


def test_a_reading_at_another_site_is_lost_and_a_duplicate(ledger: Ledger, expected: Columns) -> None:
    stored = as_stored(ledger, expected)
    stored.site[0] = "elsewhere"
    tally = ledger.compare(expected.kind, expected, [stored])
    assert (tally.lost, tally.altered, tally.duplicated) == (1, 0, 1)


def test_an_empty_store_has_lost_everything(ledger: Ledger, expected: Columns) -> None:
    tally = ledger.compare(expected.kind, expected, [])
    assert (tally.expected, tally.found, tally.lost) == (len(expected), 0, len(expected))


def test_rows_of_other_devices_may_be_no_fault(ledger: Ledger, expected: Columns) -> None:
    sharing = Ledger(ledger.readings, ignore_unselected=True)
    stored = as_stored(ledger, expected)
    stored.device[0] = "battery-000900"
    tally = sharing.compare(expected.kind, expected, [stored])
    assert (tally.lost, tally.duplicated) == (1, 0)
