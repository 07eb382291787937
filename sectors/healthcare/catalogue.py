"""What the healthcare sector measures. The bed is the subject: nothing here says who lies in it."""

from park.catalogue import Behaviour, Channel, DeviceKind, Sector, ValueType
from park.event import BEGIN_AND_END, DURATION, EventType

_HEART_RATE = Channel(name="heart_rate", unit="/min", low=20, high=250, description="From the ECG; LOINC 8867-4")
_RESPIRATORY_RATE = Channel(name="respiratory_rate", unit="/min", high=70, description="LOINC 9279-1")
_BATTERY = Channel(name="battery_level", unit="%", high=100, decimals=1, description="Charge left")

BEDSIDE_MONITOR = DeviceKind(
    name="bedside_monitor",
    title="Bedside monitors",
    description="ECG, respiration and oximeter of a bed, its cuff and thermometer, and the NEWS2 score of them all.",
    interval_s=300.0,
    per_cell=8,
    channels=(
        _HEART_RATE,
        Channel(name="pulse_rate", unit="/min", low=20, high=250, description="From the oximeter; MDC 149530"),
        _RESPIRATORY_RATE,
        Channel(name="oxygen_saturation", unit="%", low=50, high=100, description="By oximeter; LOINC 59408-5"),
        Channel(
            name="systolic_pressure",
            unit="mm[Hg]",
            low=30,
            high=280,
            description="Of the last cuff, from 15 min to 4 h ago; LOINC 8480-6",
        ),
        Channel(
            name="diastolic_pressure", unit="mm[Hg]", low=20, high=280, description="Of the last cuff; LOINC 8462-4"
        ),
        Channel(name="mean_pressure", unit="mm[Hg]", low=20, high=280, description="Of the last cuff; LOINC 8478-0"),
        Channel(
            name="body_temperature",
            unit="Cel",
            low=30,
            high=43,
            decimals=1,
            description="As last taken, with the cuff; LOINC 8310-5",
        ),
        Channel(name="oxygen_flow", unit="L/min", high=15, decimals=1, description="Given by mask; LOINC 3151-8"),
        Channel.state(
            "consciousness",
            "ACVPU, as NEWS2 asks for it",
            "not-assessed",
            "alert",
            "confused",
            "voice",
            "pain",
            "unresponsive",
        ),
        Channel.state("saturation_scale", "Scale 2 where 88 to 92 % is the target", "scale-1", "scale-2"),
        Channel(
            name="news2",
            unit="1",
            high=20,
            behaviour=Behaviour.STATE,
            description="National Early Warning Score 2 of this very reading; absent in an empty bed",
        ),
        Channel.state("status", "Idle in an empty bed", "monitoring", "idle"),
    ),
)

WEARABLE_PATCH = DeviceKind(
    name="wearable_patch",
    title="Wearable patches",
    description="A patch on the chest of those who may get up: beds 1 to 4 of a bay.",
    personal=True,
    interval_s=300.0,
    per_cell=4,
    channels=(
        _HEART_RATE,
        _RESPIRATORY_RATE,
        Channel(name="skin_temperature", unit="Cel", low=20, high=43, decimals=1, description="Below the patch"),
        Channel(name="activity", unit="1", high=1, decimals=2, step=1, description="Of the last minute, 1 is a walk"),
        Channel.state("posture", "From gravity and movement", "not-worn", "lying", "sitting", "standing", "walking"),
        _BATTERY,
    ),
)

INFUSION_PUMP = DeviceKind(
    name="infusion_pump",
    title="Infusion pumps",
    description="Volumetric pumps at beds 5 to 8 of a bay.",
    interval_s=300.0,
    per_cell=4,
    channels=(
        Channel(name="infusion_rate", unit="mL/h", high=1200, decimals=1, description="What the pump delivers now"),
        Channel(
            name="volume_infused",
            unit="mL",
            high=1e9,
            decimals=1,
            behaviour=Behaviour.REGISTER,
            description="Integral of the rate in the life of the pump",
        ),
        Channel(
            name="line_pressure", unit="mm[Hg]", high=1034, description="Downstream; an occlusion is told at 525 mm[Hg]"
        ),
        Channel.state(
            "status", "kvo keeps the vein open after the infusion's end", "idle", "infusing", "kvo", "occlusion"
        ),
    ),
)

NEBULISER = DeviceKind(
    name="nebuliser",
    title="Nebulisers",
    description="Jet nebulisers of the respiratory clinic.",
    interval_s=900.0,
    per_cell=2,
    channels=(
        Channel.state("status", "Whether a session runs", "idle", "nebulising"),
        Channel(name="residual_volume", unit="mL", high=8, decimals=1, step=8, description="Drug left in the cup"),
        Channel(
            name="sessions",
            unit="{session}",
            high=1e9,
            type=ValueType.INT,
            behaviour=Behaviour.REGISTER,
            description="Sessions begun in the life of the device",
        ),
        Channel(
            name="flow_rate",
            unit="L/min",
            high=12,
            decimals=1,
            step=12,
            description="Driving air; none between sessions",
        ),
    ),
)

SMART_INHALER = DeviceKind(
    name="smart_inhaler",
    title="Smart inhalers",
    description="Relievers with a counter, used more when the air is bad; their place is the clinic's, never a home.",
    personal=True,
    interval_s=900.0,
    per_cell=6,
    channels=(
        Channel(
            name="actuations",
            unit="{puff}",
            high=1e9,
            type=ValueType.INT,
            behaviour=Behaviour.REGISTER,
            description="Puffs in the life of the counter",
        ),
        Channel(
            name="peak_inspiratory_flow",
            unit="L/min",
            low=10,
            high=120,
            behaviour=Behaviour.STATE,
            description="Of the last puff",
        ),
        Channel(
            name="doses_left",
            unit="{puff}",
            high=200,
            type=ValueType.INT,
            description="In a canister of 200, changed when empty",
        ),
        _BATTERY,
    ),
)

MEDICINE_FRIDGE = DeviceKind(
    name="medicine_fridge",
    title="Medicine fridges",
    description="A fridge for 2 to 8 Cel with a thermostat, probes in air and in a buffered vial, and a door switch.",
    interval_s=120.0,
    channels=(
        Channel(name="air_temperature", unit="Cel", low=-40, high=60, decimals=1, description="In the fridge"),
        Channel(name="product_temperature", unit="Cel", low=-40, high=60, decimals=1, description="In a buffered vial"),
        Channel.flag("door_open", "Door open"),
        Channel(name="compressor_power", unit="W", high=400, decimals=1, description="Of compressor and controller"),
        Channel.state("status", "What the thermostat does", "holding", "cooling", "door-open"),
    ),
)


def _register(name: str, unit: str, description: str) -> Channel:
    return Channel(
        name=name, unit=unit, high=1e9, type=ValueType.INT, behaviour=Behaviour.REGISTER, description=description
    )


BED_BOARD = DeviceKind(
    name="bed_board",
    title="Bed boards",
    description="The bay's board: beds, calls, and the chest-pain clinic's time to the first ECG.",
    interval_s=300.0,
    channels=(
        Channel(
            name="occupied_beds", unit="{bed}", high=8, type=ValueType.INT, description="Beds in use, of 8 in the bay"
        ),
        _register("admissions", "{stay}", "Stays begun since the board was installed"),
        _register("discharges", "{stay}", "Stays ended since the board was installed"),
        _register("nurse_calls", "{call}", "Calls from the beds since the board was installed"),
        Channel(
            name="door_to_ecg",
            unit="min",
            high=120,
            decimals=1,
            behaviour=Behaviour.STATE,
            description="Arrival to first ECG, median of the last two hours",
        ),
    ),
)

DETERIORATION = EventType(
    name="deterioration",
    title="Deterioration",
    description="Who lies in the bed grows worse; from half its height on, until it is past that or the stay ends.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)

SECTOR = Sector(
    name="healthcare",
    title="Healthcare",
    description="Hospital bays with monitors, pumps and medicine fridges, and respiratory patients at home.",
    cell="an 8-bed bay with its fridge and board, a respiratory clinic and six of its outpatients",
    kinds=(
        BEDSIDE_MONITOR,
        WEARABLE_PATCH,
        INFUSION_PUMP,
        NEBULISER,
        SMART_INHALER,
        MEDICINE_FRIDGE,
        BED_BOARD,
    ),
    sites=("xinwu", "binhu"),
    events=(DETERIORATION,),
)
