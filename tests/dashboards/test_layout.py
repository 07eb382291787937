"""Panels stand beside one another without holes or overlaps."""

from hypothesis import given
from hypothesis import strategies as st

from dashboards.layout import COLUMNS, place
from park.panel import Panel, View

panels = st.lists(
    st.builds(
        Panel,
        title=st.just("x"),
        story=st.just(""),
        view=st.sampled_from(View),
        width=st.integers(1, 24),
        height=st.integers(1, 12),
    ),
    max_size=20,
)


@given(panels)
def test_every_row_is_full_and_nothing_overlaps(found: list[Panel]) -> None:
    places = place(found)
    assert [at.panel for at in places] == found
    cells = [(x, y) for at in places for x in range(at.x, at.x + at.width) for y in range(at.y, at.y + at.height)]
    assert len(set(cells)) == len(cells)
    assert len(cells) == COLUMNS * max((at.y + at.height for at in places), default=0)


@given(panels)
def test_a_heading_has_a_row_of_its_own(found: list[Panel]) -> None:
    for at in place(found):
        if at.panel.view is View.HEADING:
            assert (at.x, at.width, at.height) == (0, COLUMNS, 1)
