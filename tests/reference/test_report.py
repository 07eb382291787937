"""The report's pages, and the index that is made of them: what is missed is told there."""

from pathlib import Path

import pytest

from bench import report
from bench.judging import Judged, Subject, judge_all
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
def pages(tmp_path: Path) -> Path:
    good = judge_all("some", [_bar("1", 50, 99)], [42, 1, 2], 60)
    poor = judge_all("others", [_bar("1", 1, 99), _bar("2", 50, 99), _bar("3", 50, 3)], [42, 1, 2], 60)
    for subject in (good, poor):
        report.write_page(subject, 60, tmp_path, MADE)
    (tmp_path / "old.md").write_text("# Old\n\n1 of 1 bars are reached by seeds 42; 1 of 1 mutants fall.\n\n| bar |\n")
    report.write_index(tmp_path, "week.png")
    return tmp_path


def test_the_index_tells_what_each_subject_reaches_and_misses(pages: Path) -> None:
    lines = (pages / "README.md").read_text().splitlines()
    missed = "1 figure\\|all (0 to 1): 42 by 42, 2 by 2; 3 passes large"
    assert [line for line in lines if line.startswith("| [")] == [
        "| [Old](old.md) | 1 of 1 | 1 of 1 | 42 |  | none |",
        f"| [Others](others.md) | 1 of 3 | 2 of 3 | 42, 1, 2 | 2026-11-28 | {missed} |",
        "| [Some](some.md) | 1 of 1 | 1 of 1 | 42, 1, 2 | 2026-11-28 | none |",
    ]


def test_a_page_says_how_it_was_made_and_what_is_missed(pages: Path) -> None:
    some, others = ((pages / f"{name}.md").read_text() for name in ("some", "others"))
    assert f"\n\n{MADE}\n\n" in some
    assert "Missed" not in some
    assert "\n\nMissed: 1 figure|all (0 to 1): 42 by 42, 2 by 2; 3 passes large.\n\n" in others


def test_a_figure_that_is_no_number_is_missed() -> None:
    judged = Judged(bar=_bar("1", float("inf"), 99), days=60, figures={42: {"figure|all": float("nan")}})
    subject = Subject(name="some", judged=[judged], seconds=0)
    assert [*report.missed(subject)] == ["1 figure|all (0 to inf): nan by 42"]
