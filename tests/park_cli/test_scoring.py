"""Lines of strangers that `park score` is given, and names that a summary shows."""

import json
from pathlib import Path

import pytest

from park_cli.errors import UsageError
from park_cli.output import print_summary
from park_cli.scoring import Given, print_score

LABEL = {
    "device": "a",
    "fault": "noise",
    "channel": None,
    "start": 1,
    "end": 9,
    "first_observable": 2,
    "severity": 1.0,
}
FOUND = '{"device": "a", "start": 1, "end": 5}'


def given(folder: Path, label: str, found: str) -> tuple[Given, Given]:
    labels, said = folder / "labels", folder / "said"
    labels.write_text(label + "\n", encoding="utf-8")
    said.write_text(found + "\n", encoding="utf-8")
    return Given(path=labels, option="--labels"), Given(path=said, option="--detections")


@pytest.mark.parametrize(
    "change",
    [
        {"device": ["a"]},
        {"fault": None},
        {"start": "noon"},
        {"start": 9},
        {"end": 10**400},
        {"first_observable": "never"},
        {"severity": "high"},
    ],
)
def test_a_label_that_cannot_be_read_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"--labels .*labels: a label"):
        print_score(*given(tmp_path, json.dumps(LABEL | change), FOUND), None, as_json=True)


@pytest.mark.parametrize(
    "line",
    ['{"device": "a", "ts": 1' + "0" * 400 + "}", '{"device": "a", "ts": NaN}', "[" * 100_000],
)
def test_a_finding_that_cannot_be_read_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match="--detections"):
        print_score(*given(tmp_path, json.dumps(LABEL), line), None, as_json=True)


@pytest.mark.parametrize("days", [0.0, -1.0, float("nan"), float("inf")])
def test_device_days_are_a_positive_number(tmp_path: Path, days: float) -> None:
    with pytest.raises(UsageError, match="--device-days"):
        print_score(*given(tmp_path, json.dumps(LABEL), FOUND), days, as_json=True)


def test_names_of_strangers_are_neither_followed_nor_taken_for_markup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label = json.dumps(LABEL | {"fault": "[/x]\u001b[2J\u202e"})
    found = json.dumps({"device": "a\u2028b", "start": 1, "end": 5}, ensure_ascii=False)
    print_score(*given(tmp_path, label, found), None, as_json=False)
    print_summary("commanded", {"measured": {"[/y]": "\u001b]0;owned\u0007"}}, as_json=False)
    shown = capsys.readouterr()
    assert "[/y]" in shown.out
    assert not {"\u001b", "\u202e", "\u0007"} & set(shown.out + shown.err)
