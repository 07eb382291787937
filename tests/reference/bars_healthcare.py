"""Bars for beds, vital signs, fridges and inhalers. Days run from 04:00 to 04:00."""

from dataclasses import replace

import numpy as np

from tests.reference.bar import Bar
from tests.reference.healthcare_measures import (
    activity,
    another_fever,
    another_summer,
    as_the_well,
    balance,
    by_chart,
    by_vitalscore,
    clock,
    cycles,
    each,
    fever,
    flat,
    free,
    independent,
    minutes,
    puffed,
    scores,
    shuffled,
    sine,
    stays,
    white,
)
from tests.reference.healthcare_samples import airs, season

_JUDGED = "; limits widened from it by judgement"

BARS = [
    Bar(
        number="1",
        title="NEWS2 is that of the chart",
        source="Royal College of Physicians (2017), NEWS2; tests/reference/news2.py has the chart, and vitalscore's",
        sample=lambda seed, days: season(seed, days).sets,
        measure=lambda sets: {
            "sets that differ": float((sets.news2 != by_chart(sets)).sum()),
            "sets that vitalscore has otherwise": float((sets.news2 != by_vitalscore(sets)).sum()),
        },
        limits={"sets that differ": (0, 0), "sets that vitalscore has otherwise": (0, 0)},
        mutants={
            "scale 2 for all": lambda sets: replace(sets, news2=by_chart(sets, second=np.ones_like(sets.second_scale))),
        },
        least_days=20,
    ),
    Bar(
        number="2",
        title="Most are well, few are very ill, and who is ill is so in several ways",
        source="Scott et al. (2019), n = 115,030: 80 % at 0-2, 8 % at 5 and more; ambulances 67 and 18 %" + _JUDGED,
        sample=lambda seed, days: season(seed, days).sets,
        measure=scores,
        limits={
            "share 0-2": (0.6, 0.85),
            "share 5 and more": (0.05, 0.2),
            "share 7 and more": (0.01, 0.07),
            "7 and more, of 5 and more": (0.25, 0.75),
        },
        mutants={"vital signs drawn independently": independent},
    ),
    Bar(
        number="3",
        title="Fever drives heart and breath",
        source="Jensen et al. (2019), 4,493 acute patients: 7.2 /min and 1.4 /min per Cel; 200 admissions: r = -.06",
        sample=lambda seed, days: season(seed, days).sets,
        measure=fever,
        limits={
            "heart beats a degree": (4, 11),
            "breaths a degree": (0.8, 2.8),
            "|r| of heart and systolic between patients": (0, 0.25),
        },
        mutants={"temperature of another": another_fever},
    ),
    Bar(
        number="4",
        title="A day's rhythm in the stable, faint in the severe",
        source="Davidson et al. (2021); van Goor et al. (2022); severe as NEWS2 from 3 on, dip and hours by judgement",
        sample=lambda seed, days: season(seed, days).rhythm,
        measure=clock,
        limits={
            "heart: chi-square": (13.8, np.inf),
            "breath: chi-square": (13.8, np.inf),
            "warmth: chi-square": (13.8, np.inf),
            "hour of the slowest heart": (1, 6),
            "dip at night, %": (5, 20),
            "breath's amplitude, severe to well": (0, 0.5),
        },
        mutants={"constant": each(flat), "hours shuffled": each(shuffled), "severe as the well": as_the_well},
    ),
    Bar(
        number="5",
        title="The heart from minute to minute",
        source="One hour of beats at rest (pyhrv's sample): SD 3.0 /min, lag of a minute .32" + _JUDGED,
        sample=lambda seed, days: season(seed, days).nights,
        measure=minutes,
        limits={
            "SD of the heart rate": (1.5, 6),
            "lag of a minute": (0.2, 0.8),
            "saturation that is no whole number": (0, 0),
            "highest saturation": (94, 100),
        },
        mutants={"white noise": white},
        least_days=20,
    ),
    Bar(
        number="6",
        title="Stays are log-normal",
        source="azpro, azcabgptca, azdrg112, medpar, los: CV .77-1.05, SD of the logarithm .70-.89, mean 4.9-11.3 d",
        sample=lambda seed, days: season(seed, days).stays,
        measure=stays,
        limits={
            "coefficient of variation": (0.7, 1.1),
            "SD of the logarithm": (0.65, 0.95),
            "median to mean": (0.4, 0.95),
            "mean, d": (4.9, 11.3),
        },
        mutants={
            "exponential": lambda days: np.random.default_rng(8).exponential(days.mean(), len(days)),
            "constant": lambda days: np.full(len(days), days.mean()),
        },
    ),
    Bar(
        number="7",
        title="Beds balance",
        source="NHC bulletin of 2023: beds used 79.4 %, in public hospitals 86.0 %" + _JUDGED,
        sample=lambda seed, days: season(seed, days).boards,
        measure=balance,
        limits={"beds that do not balance": (0, 0), "most beds": (5, 8), "occupancy": (0.7, 0.92)},
        mutants={"free random occupancy": free},
        least_days=30,
    ),
    Bar(
        number="8",
        title="Fridges hold 2 to 8 Cel by cycles",
        source="China's GSP, appendix 3; WHO PQS E003; cycles by judgement",
        sample=lambda seed, days: season(seed, days).cold,
        measure=cycles,
        limits={
            "minutes within 2 to 8 Cel": (0.99, 1),
            "vials within 2 to 8 Cel": (0.99, 1),
            "minutes a cycle": (10, 60),
            "rises of the air a cycle": (0.5, 4),
            "SD of the vial to that of the air": (0, 0.5),
            "r of duty and outdoors": (0.5, 1),
        },
        mutants={"sine": sine, "outdoors of other days": another_summer},
    ),
    Bar(
        number="9",
        title="More puffs on bad air",
        source="Louisville, n = 1,039: 1.48 a day; +.131 (PM2.5), +.153 (NO2), +.113 (O3) per interquartile range",
        sample=lambda seed, days: (seed, days, airs(seed, days)),
        measure=lambda sample: puffed(sample[2]),
        limits={
            "puffs a patient and day": (1.2, 1.8),
            "puffs that the air adds, of those expected": (0.5, 1.6),
        },
        mutants={
            "air of other days": lambda sample: (*sample[:2], airs(*sample[:2], of_other_days=True)),
        },
    ),
    Bar(
        number="10",
        title="Patients move by day",
        source="Five wrists in free living (pyActigraphy): relative amplitude .91-.98, least active from 00-01 h"
        + _JUDGED,
        sample=lambda seed, days: season(seed, days).active,
        measure=activity,
        limits={"relative amplitude": (0.6, 0.98), "start of the least active 5 h, from midnight": (-3, 3)},
        mutants={"hours shuffled": shuffled},
        least_days=20,
    ),
]
