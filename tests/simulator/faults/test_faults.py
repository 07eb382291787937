"""Every class of fault: it is where its label says and nowhere else, and as large as it says."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sectors import KINDS
from simulator.commands.outcomes import Outcomes
from simulator.errors import FaultsError
from simulator.faults.classes import CLASSES
from simulator.faults.faulty import Faulty
from simulator.faults.labels import Label, labels
from simulator.faults.rules import Rules, befalls, read_rules
from simulator.faults.scale import SampledScales
from simulator.faults.sigma import Sigma
from simulator.fleet import Fleet
from simulator.observed import readings_of
from simulator.plan import Selection
from tests.simulator.conftest import HOUR, lines_of, select
from tests.simulator.faults.conftest import WINDOW, by_device, rule

every_class = pytest.mark.parametrize("name", CLASSES)
_DAY = 24 * HOUR


def _selection(rules: Rules | None, devices: int = 24, kind: str = "soil_probe") -> Selection:
    return select(devices=devices, kinds=(kind,), faults=rules)


def _faulty(selection: Selection) -> Faulty:
    readings = readings_of(selection)
    assert isinstance(readings, Faulty)
    return readings


def _labels(selection: Selection, window: tuple[int, int] = WINDOW) -> list[Label]:
    return list(labels(selection, window, outcomes=Outcomes()))


def _number(label: Label) -> int:
    return int(label.device.rsplit("-", 1)[1]) - 1


def _differences(selection: Selection, window: tuple[int, int] = WINDOW) -> set[tuple[int, int, str]]:
    """(device, ts, channel) of what differs from the clean twin."""
    kind = selection.kinds[0]
    told = by_device(readings_of(selection).columns(*window), kind)
    clean = by_device(readings_of(replace(selection, faults=None)).columns(*window), kind)
    assert told.keys() == clean.keys()
    return {
        (*key, channel) for key, values in clean.items() for channel in values if told[key][channel] != values[channel]
    }


def _disagree(found: list[Label], differs: set[tuple[int, int, str]]) -> list[str]:
    """What labels and readings do not agree upon."""
    wrong = []
    for label in found:
        mine = sorted(
            ts
            for device, ts, channel in differs
            if device == _number(label) and channel == label.channel and label.start <= ts < label.end
        )
        if (mine[0] if mine else None) != label.first_observable:
            wrong.append(f"{label.id}: first observable {label.first_observable}, first change {mine[:1]}")
    for device, ts, channel in differs:
        if not any(
            device == _number(label) and channel == label.channel and label.start <= ts < label.end for label in found
        ):
            wrong.append(f"{device} {channel} at {ts}: no label")
    return wrong


@every_class
def test_it_is_where_its_label_says_and_nowhere_else(name: str) -> None:
    selection = _selection(rule(name))
    found, differs = _labels(selection), _differences(selection)
    assert len(found) > 5
    assert differs
    assert not _disagree(found, differs)


@every_class
def test_what_is_wrong_in_labels_is_seen(name: str) -> None:
    selection = _selection(rule(name))
    found, differs = _labels(selection), _differences(selection)
    shown = next(label for label in found if label.first_observable is not None)
    others = [label for label in found if label is not shown]
    late = replace(shown, start=shown.start + HOUR, first_observable=(shown.first_observable or 0) + HOUR)
    nothing = replace(shown, id="none", device="soil-probe-999999")
    assert _disagree([*others, late], differs)
    assert _disagree(others, differs)
    assert _disagree([*found, nothing], differs)


@pytest.mark.parametrize("severity", [1.5, 5.0])
@pytest.mark.parametrize("name", [name for name, class_ in CLASSES.items() if class_.sigma is not None])
def test_it_is_as_large_as_it_says(name: str, severity: float) -> None:
    # A day and more at a minute's interval, so that chance averages out.
    size = {"severity": [severity, severity], "hours": [24, 30], "kinds": ["site_meter"], "channels": ["active_power"]}
    selection = replace(_selection(rule(name, **size), devices=6, kind="site_meter"), interval_ms=60_000)
    window = (WINDOW[0], WINDOW[0] + 5 * _DAY)
    kind = KINDS["site_meter"]
    scale = SampledScales(selection)(kind, kind.channel["active_power"], window[0])
    readings = _faulty(selection)
    ((_, found),) = readings.traced(*window)
    traces = [trace for trace in found if trace.fault.start_ms > window[0] and trace.fault.end_ms < window[1]]
    assert traces
    for trace in traces:
        told = trace.is_there
        x, y = (column[told] / kind.channel["active_power"].scale for column in (trace.before, trace.after))
        sigma = scale.sigma(CLASSES[name].sigma or Sigma.DAY, trace.fault.size.amount)
        assert _realised(name, x, y, scale.level) / sigma == pytest.approx(severity, rel=0.1)


def _realised(name: str, x: Any, y: Any, level: float) -> float:
    """How large a fault is in the channel's unit, from what is told and what is true."""
    error = y - x
    sizes: dict[str, Callable[[], float]] = {
        "spike": lambda: float(np.mean(np.abs(error[error != 0]))),
        "noise": lambda: float(np.median(np.abs(error))),
        "bias": lambda: float(abs(np.mean(error))),
        "gain": lambda: float(abs(np.sum(error * x) / np.sum(x * x)) * level),
        "drift": lambda: float(abs(np.mean(error))),
        "quantisation": lambda: float(np.min(np.diff(np.unique(y)))),
        # It grows evenly: the root mean square is its end by the square root of three.
        "low_battery": lambda: float(np.sqrt(np.mean(error**2)) * np.sqrt(3)),
    }
    return sizes[name]()


def test_without_faults_nothing_stands_before_the_readings() -> None:
    # A clean fleet costs what it cost before there were faults; tests/simulator/test_version.py seals its bytes.
    assert type(readings_of(_selection(read_rules("none")))) is Fleet


def test_any_window_and_any_part_of_the_town_has_the_same_faults() -> None:
    rules = Rules(
        faults={
            name: one
            for class_ in ("spike", "stuck", "drift", "interpolation")
            for name, one in rule(class_, kinds=[], per_year=20).faults.items()
        }
    )
    whole = select(devices=60, faults=rules, sectors=("agriculture", "energy"))
    start, until = WINDOW[0], WINDOW[0] + 2 * HOUR
    lines = set(lines_of(whole, start, until).splitlines())
    clean = set(lines_of(replace(whole, faults=None), start, until).splitlines())
    assert lines != clean
    middle = (start + until) // 2
    assert lines == {line for cut in ((start, middle), (middle, until)) for line in lines_of(whole, *cut).splitlines()}
    few = set(lines_of(replace(whole, kinds=("soil_probe", "site_meter"), devices=12), start, until).splitlines())
    assert few
    assert few <= lines


@pytest.mark.parametrize("together", ["device", "batch", "site"])
def test_faults_come_together_where_the_rule_says_so(together: str) -> None:
    readings = _faulty(_selection(rule("bias", together=together), devices=60))
    onsets: dict[int, set[int]] = {}
    (group,) = readings.plan.groups
    for fault in readings.schedule.of(group, WINDOW[0], WINDOW[0] + 60 * _DAY):
        onsets.setdefault(fault.start_ms, set()).add(fault.device)
    batches = [{device // 10 for device in devices} for devices in onsets.values()]
    sizes = [len(devices) for devices in onsets.values()]
    assert (max(sizes) == 1) == (together == "device")
    assert together != "batch" or all(len(some) == 1 for some in batches)
    assert together != "site" or min(sizes) > 10


def test_about_one_device_day_in_a_hundred_has_a_typical_fault() -> None:
    selection = select(devices=1000, faults=read_rules("typical"))
    window = (WINDOW[0], WINDOW[0] + 60 * _DAY)
    readings = _faulty(selection)
    days = set()
    for group in readings.plan.groups:
        for fault in readings.schedule.of(group, *window):
            first, last = max(fault.start_ms, window[0]), min(fault.end_ms, window[1])
            days |= {(group.kind.name, fault.device, day) for day in range(first // _DAY, (last - 1) // _DAY + 1)}
    assert 0.006 < len(days) / (1000 * 60) < 0.03


def test_every_kind_can_have_faults() -> None:
    befallen = [kind.name for kind in KINDS.values() if any(befalls(channel) for channel in kind.channels)]
    selection = select(devices=400, faults=rule("bias", kinds=[], severity=[50, 50], hours=[100, 160]))
    window = (WINDOW[0], WINDOW[0] + 2 * HOUR)
    assert {label.kind for label in _labels(selection, window) if label.changed} == set(befallen)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[faults.a]\nclass = 'bias'\nper_year = 1\nhours = [1, 2]", "severity or amount"),
        ("[faults.a]\nclass = 'stuck'\nper_year = 1\nhours = [1, 2]\nseverity = [1, 2]", "no severity"),
        ("[faults.a]\nclass = 'hiccup'\nper_year = 1\nhours = [1, 2]", "hiccup"),
        ("[faults.a]\nclass = 'stuck'\nper_year = 1\nhours = [2, 1]", "2.0 is above 1.0"),
        ("[faults.a]\nclass = 'stuck'\nper_year = 1\nhours = [1, 2000]", "8 weeks"),
        ("[faults.a]\nclass = 'stuck'\nper_year = 1\nhours = [1, 2]\nkinds = ['soil']", "soil"),
        ("[faults.a]\nclass = 'stuck'\nper_year = 1\nhours = [1, 2]\nchannels = ['sun']", "sun"),
        ("[faults.a]\nclass = 'stuck'\nper_year = 1\nhours = [1, 2]\nyearly = 3", "yearly"),
        ("[faults.a]\nclass = 'stuck'\nhours = [1, 2]", "per_year"),
        ("[faults.'a b']\nclass = 'stuck'\nper_year = 1\nhours = [1, 2]", "a b"),
        ("[faults", "Expected"),
    ],
)
def test_a_mistaken_file_names_the_rule_and_the_key(tmp_path: Any, text: str, words: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError, match=r"mine\.toml") as error:
        read_rules(str(file))
    assert words in str(error.value)


def test_an_absent_file_says_what_can_be_given(tmp_path: Any) -> None:
    with pytest.raises(FaultsError, match="give none, typical, delivery or a file"):
        read_rules(str(tmp_path / "absent.toml"))


def test_labels_are_the_same_whatever_the_window() -> None:
    selection = _selection(rule("drift", hours=[100, 200]))
    middle = (WINDOW[0] + WINDOW[1]) // 2
    first, second, whole = (
        {label.id: label for label in _labels(selection, window)}
        for window in ((WINDOW[0], middle), (middle, WINDOW[1]), WINDOW)
    )
    assert first.keys() | second.keys() == whole.keys()
    for some in (first, second):
        for name, label in some.items():
            assert (label.start, label.end, label.amount) == (
                whole[name].start,
                whole[name].end,
                whole[name].amount,
            )


def test_how_easily_it_is_found_is_told_by_the_weeks_before_it_whatever_the_window() -> None:
    selection = replace(_selection(rule("noise"), devices=12), interval_ms=HOUR)
    until = WINDOW[0] + 24 * _DAY
    late, whole = (
        {label.id: label for label in _labels(selection, (start, until))} for start in (until - 8 * _DAY, WINDOW[0])
    )
    within = [label for label in late.values() if until - 8 * _DAY <= label.start < label.end <= until]
    assert len(within) > 3
    assert len({tuple(label.found.values()) for label in within}) > 1
    assert [label.found for label in within] == [whole[label.id].found for label in within]


def test_a_label_is_a_line_of_json() -> None:
    label = _labels(_selection(rule("stuck")))[0]
    assert json.loads(json.dumps(label.as_dict()))["fault"] == "stuck"
