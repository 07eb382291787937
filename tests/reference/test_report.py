"""The report's pages, and the index that is made of them: what is missed is told there."""

from pathlib import Path

import pytest

from bench import report
from bench.judging import Subject, judge_all
from tests.reference.bar import Bar

MADE = "Made on 2026-11-28 by `python -m bench.credibility --seeds 3 --subject some`."


def _bar(number: str, most: float, mutant: float) -> Bar:
    """A figure that is the seed's number."""
    return Bar(
        number=number,
        title="A figure",
        source="judgement",
        sample=lambda seed, _: float(seed),
        measure=lambda figure: {"figure|all": figure},
        limits={"figure|all": (0, most)},
        mutants={"large": lambda _: mutant},
    )


@pytest.fixture
def judge(tmp_path: Path) -> Path:
    good = judge_all("some", [_bar("1", 50, 99)], [42, 1, 2], 60)
    poor = judge_all("others", [_bar("1", 1, 99), _bar("2", 50, 99), _bar("3", 50, 3)], [42, 1, 2], 60)
    for subject in (good, poor):
        report.write_page(subject, 60, tmp_path, MADE)
    (tmp_path / "old.md").write_text("# Old\n\n1 of 1 bars are reached by seeds 42; 1 of 1 mutants fall.\n\n| bar |\n")
    report.write_index(tmp_path, "week.png")
    return tmp_path


def test_the_index_tells_what_each_subject_reaches_and_misses(judge: Path) -> None:
    lines = (judge / "README.md").read_text().splitlines()
    assert [line for line in lines if line.startswith("| [")] == [
        "| [Old](old.md) | 1 of 1 | 1 of 1 | 42 |  | none |",
        "| [Others](others.md) | 1 of 3 | 2 of 3 | 42, 1, 2 | 2026-11-28 "
        "| 1 figure\\|all (0 to 1): 42 by 42, 2 by 2; 3 passes large |",
        "| [Some](some.md) | 1 of 1 | 1 of 1 | 42, 1, 2 | 2026-11-28 | none |",
    ]


def test_a_page_says_how_it_was_made_and_what_is_missed(judge: Path) -> None:
    assert MADE in (judge / "some.md").read_text()
    assert "Missed" not in (judge / "some.md").read_text()
    assert (
        "\n\nMissed: 1 figure|all (0 to 1): 42 by 42, 2 by 2; 3 passes large.\n\n" in (judge / "others.md").read_text()
    )


def test_a_figure_that_is_no_number_is_missed() -> None:
    judged = judge_all("some", [_bar("1", float("inf"), 99)], [42], 60).judged[0]
    judged.figures[42] = {"figure|all": float("nan")}  # type: ignore[index]
    assert [*report.missed(Subject(name="some", judged=[judged], seconds=0))] == [
        "1 figure|all (0 to inf): nan by 42; "
    ]
