"""What is marked on charts, because it explains them: one definition for Grafana's annotations and the viewer's marks.

A mark is a moment, or a stretch of time. Rows of the store become marks here, whatever the store is; the sources write
their queries from the same definition.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dashboards.resolved import Page
from park.event import MADE_UP_WORKDAY, PUBLIC_HOLIDAY, Log, Phase
from park.pipeline import GATEWAY

#: More than this on one chart hide what they explain; the latest count.
MOST = 60
#: Rows that are asked for.
MOST_ROWS = 2000
#: Stretches that lie so close are one, told in parts.
_APART_MS = 1_000
#: Marks of different devices that begin and end within so much are one happening of a site.
_TOGETHER_MS = 60_000
#: What lasts is told again after at most a day, and a moment where two are told at once.
_TOLD_AGAIN_MS = 86_400_000 + _APART_MS


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """Something that is marked.

    Attributes:
        slug, title, story: its name, how it is called, and what it shows.
        measurement: where it is stored.
        says: the tags and fields that say what happened.
        whose: the tag that says to whom.
        color: of its marks.
        phases: of events, those that are asked for.
        until: the field that says to when it lasts, in Unix milliseconds.
        paired: whether a beginning and an end of one id are one stretch.
        rises: a register whose rise is the happening.
        everywhere: whether the page of the whole park shows it without being asked to.
        by_sector: whether it is of a sector's devices.
        whole_town: whether it is of no site, but the same whoever tells it, and so is marked whatever sites are chosen.
        types, but: of events, those alone that are asked for, and those that are not.
    """

    slug: str
    title: str
    story: str
    measurement: str
    says: tuple[str, ...]
    whose: str
    color: str
    phases: tuple[Phase, ...] = ()
    until: str = ""
    paired: bool = False
    rises: str = ""
    everywhere: bool = False
    by_sector: bool = True
    whole_town: bool = False
    types: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    @property
    def told_ms(self) -> int:
        """How long ago what lasts may have been told of."""
        return _TOLD_AGAIN_MS if self.until else 0

    @property
    def columns(self) -> tuple[str, ...]:
        """All that is asked for, the time aside."""
        further = (*((self.until,) if self.until else ()), *(("id", "phase") if self.paired else ()))
        return tuple(dict.fromkeys((*self.says, self.whose, *further)))


LABELS = Annotation(
    slug="labels",
    title="Faults",
    story="Labels of faults that were made on purpose; there are some where labels are published.",
    measurement=Log.LABEL.value,
    says=("fault", "channel"),
    whose="device",
    color="#e8596b",
    phases=(Phase.BEGIN, Phase.STATE),
    until="until",
    everywhere=True,
)
HOLIDAYS = Annotation(
    slug="holidays",
    title="Holidays",
    story="Public holidays, and weekends that are worked for them; a day of the town begins at 04:00.",
    measurement=Log.WORLD.value,
    says=("type",),
    whose="type",
    color="#4fb286",
    phases=(Phase.STATE,),
    until="until",
    everywhere=True,
    by_sector=False,
    whole_town=True,
    types=(PUBLIC_HOLIDAY.name, MADE_UP_WORKDAY.name),
)
EVENTS = Annotation(
    slug="events",
    title="Events",
    story="What happened in the town: rain, jams, blooms, bursts.",
    measurement=Log.WORLD.value,
    says=("type",),
    whose="device",
    color="#5b8ff9",
    phases=(Phase.BEGIN, Phase.END, Phase.STATE),
    paired=True,
    but=HOLIDAYS.types,
)
COMMANDS = Annotation(
    slug="commands",
    title="Commands",
    story="What devices were told to do, and accepted.",
    measurement=Log.COMMAND.value,
    says=("action", "actor"),
    whose="device",
    color="#9270ca",
    phases=(Phase.BEGIN,),
)
OUTAGES = Annotation(
    slug="outages",
    title="Gateway outages",
    story="A gateway has lost its connection, and is back.",
    measurement=GATEWAY.name,
    says=("site",),
    whose="instance",
    color="#f0a04b",
    rises="reconnects",
    everywhere=True,
    by_sector=False,
)
ANNOTATIONS = (LABELS, HOLIDAYS, EVENTS, COMMANDS, OUTAGES)


def annotations(page: Page) -> tuple[Annotation, ...]:
    """What may be marked on a page: all on the town's and the sectors', outages alone on the pipeline's."""
    of_devices = any(panel.stored.is_kind for panel in page.panels)
    return tuple(one for one in ANNOTATIONS if of_devices or one is OUTAGES)


def shown_at_first(annotation: Annotation, page: Page) -> bool:
    """Whether a page marks it before anybody asks: not what is too much on the whole park's."""
    return annotation is not COMMANDS and (annotation.everywhere or page.sector is not None)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A moment, or [start, end), in Unix milliseconds.

    Attributes:
        what: in a few words.
        who: names of devices; none of what is the whole town's.
    """

    start: int
    end: int | None
    what: str
    who: tuple[str, ...]

    @property
    def text(self) -> str:
        """What happened, and to whom, if it is said."""
        if not self.who:
            return self.what
        whom = self.who[0] if len(self.who) == 1 else f"{len(self.who)} devices"
        return f"{self.what} · {whom}"

    def shifted(self, by: int) -> "Mark":
        """The same on a clock that is `by` ms ahead."""
        return replace(self, start=self.start + by, end=None if self.end is None else self.end + by)


#: A time, and the columns of a row.
Row = tuple[int, Mapping[str, str]]


def marks(annotation: Annotation, rows: Iterable[Row], now_ms: int) -> list[Mark]:
    """The marks of an annotation, in order of time, the latest `MOST`.

    Args:
        annotation: what was asked for.
        rows: of the store, in any order.
        now_ms: to when what has not ended lasts.
    """
    ordered = sorted(rows, key=lambda row: row[0])
    found = _paired(annotation, ordered, now_ms) if annotation.paired else _single(annotation, ordered, now_ms)
    joined = _one_happening(_one_stretch(found))
    return sorted(joined, key=lambda one: (one.start, one.what, one.who))[-MOST:]


def _what(annotation: Annotation, values: Mapping[str, str]) -> str:
    return " · ".join(values[name].replace("_", " ") for name in annotation.says if values.get(name))


def _single(annotation: Annotation, rows: Sequence[Row], now_ms: int) -> list[Mark]:
    found = []
    for ts, values in rows:
        until = values.get(annotation.until, "")
        end = min(int(float(until)), max(ts, now_ms)) if until else None
        what = _what(annotation, values)
        who = () if annotation.whole_town else (values.get(annotation.whose, ""),)
        found.append(Mark(start=ts, end=end, what=what, who=who))
    return found


def _paired(annotation: Annotation, rows: Sequence[Row], now_ms: int) -> list[Mark]:
    """Beginnings with their ends. One whose other half lies elsewhere is a moment, or lasts until now."""
    open_: dict[tuple[str, ...], Mark] = {}
    found = []
    for ts, values in rows:
        what, whose = _what(annotation, values), values.get(annotation.whose, "")
        key, mark = (what, whose, values.get("id", "")), Mark(start=ts, end=None, what=what, who=(whose,))
        if values.get("phase") == Phase.BEGIN:
            open_[key] = mark
        elif values.get("phase") == Phase.END and key in open_:
            found.append(replace(open_.pop(key), end=ts))
        else:
            found.append(mark)
    return found + [replace(mark, end=max(mark.start, now_ms)) for mark in open_.values()]


def _one_stretch(found: Iterable[Mark]) -> list[Mark]:
    """What is told of in parts, each beginning where the one before ends, as one."""
    last: dict[tuple[str, tuple[str, ...]], Mark] = {}
    done = []
    for one in found:
        before = last.get((one.what, one.who))
        if before is not None and before.end is not None and one.end is not None and one.start - before.end < _APART_MS:
            last[one.what, one.who] = replace(before, end=max(before.end, one.end))
        else:
            done += [] if before is None else [before]
            last[one.what, one.who] = one
    return done + list(last.values())


def _one_happening(found: Iterable[Mark]) -> list[Mark]:
    """What several devices tell of one happening, such as the rain of a site, as one mark."""
    alike: dict[tuple[str, int, int | None], list[Mark]] = defaultdict(list)
    for one in found:
        alike[one.what, one.start // _TOGETHER_MS, None if one.end is None else one.end // _TOGETHER_MS].append(one)
    return [
        replace(min(some, key=lambda one: one.start), who=tuple(sorted({name for one in some for name in one.who})))
        for some in alike.values()
    ]
