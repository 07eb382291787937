"""What bays tell: when somebody grows worse."""

from dataclasses import replace

import numpy as np

from park.happenings import Happenings, told_since, within
from sectors.healthcare.catalogue import DETERIORATION
from sectors.healthcare.stays import BEDS
from sectors.healthcare.vitals import Patients


def of_monitors(patients: Patients, first_ms: int) -> list[Happenings]:
    """What bedside monitors tell of a day that begins at `first_ms`."""
    course, beds = patients.course, patients.beds
    up, down = course.worst
    # A stay that has not begun ends long ago.
    down = np.maximum(np.minimum(down, beds.until.reshape(-1)), 0.0)
    # Whole milliseconds since the first morning, so that each day of a stay finds the same.
    shift = np.repeat(np.rint(3_600_000.0 * beds.first_h[:, 0]).astype(np.int64), 2)
    begin, end = (np.rint(3_600_000.0 * hours).astype(np.int64) - shift for hours in (up, down))
    spells = within(np.arange(len(begin)), begin, end)
    began = first_ms + begin[spells.row]
    return told_since(DETERIORATION, replace(spells, row=spells.row // 2), BEDS, first_ms, began)
