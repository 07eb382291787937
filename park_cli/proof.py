"""What `park verify` and `park demo` have in common: a comparison that shows how far it has come."""

from functools import partial

from park_cli.output import errors, progress_bar
from simulator.commands.outcomes import Outcomes
from simulator.commands.proof import said
from simulator.ledger import Findings
from simulator.observed import readings_of
from simulator.plan import Selection
from simulator.verify import Stored, VerifySummary, verify


def prove(
    selection: Selection,
    store: Stored,
    window: tuple[int, int],
    *,
    wait_s: float = 0.0,
    ignore_unselected: bool = False,
    outcomes: Outcomes,
) -> tuple[VerifySummary, Findings]:
    """Compares a window of a store with what the selection should have put there; see `simulator.verify`."""
    readings = readings_of(selection, outcomes)
    if words := said(outcomes):
        errors.print(words, markup=False)
    with progress_bar() as bar:
        task = bar.add_task("verifying", total=readings.count(*window), note="readings")
        return verify(
            readings,
            store,
            window,
            wait_s=wait_s,
            ignore_unselected=ignore_unselected,
            outcomes=outcomes,
            on_progress=partial(bar.advance, task),
        )
