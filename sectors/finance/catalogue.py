"""What the finance sector measures: condition and counts, never an account, a card or a person."""

from park.catalogue import Behaviour, Channel, DeviceKind, Sector, ValueType
from park.event import BEGIN_AND_END, DURATION, EventType


def _register(name: str, description: str) -> Channel:
    return Channel(
        name=name, unit="1", high=1e9, type=ValueType.INT, behaviour=Behaviour.REGISTER, description=description
    )


def _count(name: str, high: float, description: str) -> Channel:
    return Channel(name=name, unit="1", high=high, type=ValueType.INT, description=description)


CASH_MACHINE = DeviceKind(
    name="cash_machine",
    title="Cash machines",
    description="Dispenses from three cassettes, one after another, and keeps deposits in a fourth. Cash is in notes.",
    interval_s=120.0,
    per_cell=3,
    channels=(
        _count("cassette_1", 3000, "Notes in the first cassette, emptied first"),
        _count("cassette_2", 3000, "Notes in the second cassette"),
        _count("cassette_3", 3000, "Notes in the third cassette, emptied last"),
        _count("cassette_4", 3000, "Notes in the cassette that takes deposits"),
        _register("withdrawals", "Withdrawals in which notes were dispensed"),
        _register("deposits", "Deposits in which notes were accepted"),
        _register("notes_dispensed", "Notes handed to customers"),
        _register("notes_deposited", "Notes accepted from customers"),
        _register("notes_rejected", "Notes picked from a cassette that were unfit, and went to the reject bin"),
        _register("notes_loaded", "Notes brought in refills"),
        _register("notes_collected", "Notes taken out of the four cassettes in refills"),
        _register("card_reader_errors", "Cards that could not be read at first"),
        Channel(name="receipt_paper", unit="%", high=100, decimals=1, description="Paper left on the receipts' roll"),
        Channel.state("safe_door", "Door of the safe; open in a refill", "closed", "open"),
        Channel.state(
            "status",
            "After XFS4IoT: what the machine does; offline while it is refilled",
            "online",
            "busy",
            "user-error",
            "hardware-error",
            "offline",
        ),
        Channel.state("cassette_state", "Notes left to dispense; low is below a fifth", "full", "ok", "low", "empty"),
        Channel.state(
            "dispenser",
            "After XFS4IoT: all well, notes are running low, nothing to dispense",
            "ok",
            "cashUnitState",
            "cashUnitStop",
        ),
    ),
)

BRANCH_QUEUE = DeviceKind(
    name="branch_queue",
    title="Branch queues",
    description="Ticket printer and call display of a branch, open on working days from 9 to 17 h.",
    interval_s=120.0,
    channels=(
        _register("tickets_issued", "Tickets drawn"),
        _register("tickets_served", "Tickets called to a counter"),
        _count("waiting", 1000, "Tickets drawn and not yet called"),
        _count("open_counters", 12, "Counters with someone behind them"),
        Channel(
            name="wait_time",
            unit="min",
            high=600,
            decimals=1,
            description="How long the ticket last called today had waited; absent before the first",
        ),
        Channel.state(
            "service_status", "Whether tickets are given; suspended: only called", "closed", "open", "suspended"
        ),
    ),
)

VAULT_ROOM = DeviceKind(
    name="vault_room",
    title="Vault rooms",
    description="Climate, vibration and door of a branch's vault.",
    interval_s=300.0,
    channels=(
        Channel(name="temperature", unit="Cel", low=-10, high=45, decimals=1, description="Of the air in the vault"),
        Channel(name="relative_humidity", unit="%", high=100, decimals=1, description="Of the air in the vault"),
        Channel(name="vibration", unit="m/s2", high=5, decimals=4, description="Of the wall, effective value"),
        Channel.flag("door_open", "Whether the vault's door is open"),
    ),
)

BACKUP_SUPPLY = DeviceKind(
    name="backup_supply",
    title="Backup supplies",
    description="Uninterruptible supply of a branch, with its battery.",
    interval_s=120.0,
    channels=(
        Channel(name="input_voltage", unit="V", high=300, decimals=1, description="Between phase and neutral"),
        Channel(name="load_share", unit="%", high=100, decimals=1, description="Power drawn, of the rated power"),
        Channel(name="battery_charge", unit="%", high=100, decimals=2, description="Of what the battery holds now"),
        Channel(name="battery_temperature", unit="Cel", low=-10, high=60, decimals=1, description="Of its case"),
        Channel(name="runtime", unit="min", high=2000, decimals=1, description="Left on battery at this load"),
        Channel.flag("on_battery", "Whether the load runs on battery: the input is outside 194 to 242 V"),
    ),
)

PAYMENT_TERMINAL = DeviceKind(
    name="payment_terminal",
    title="Payment terminals",
    description="Card and code terminal on a shop's counter, with a mobile modem.",
    interval_s=300.0,
    per_cell=6,
    channels=(
        _register("transactions", "Payments asked for, declined ones included"),
        _register("declines", "Payments declined"),
        Channel(
            name="response_time",
            unit="ms",
            high=60000,
            description="From the host, at the newest heartbeat; absent when off line",
        ),
        Channel(name="signal_level", unit="%", high=100, description="Of the modem"),
        Channel.state(
            "status", "Ready in the shop's opening hours; offline without a network", "ready", "closed", "offline"
        ),
    ),
)

INSURED_CAR = DeviceKind(
    name="insured_car",
    title="Insured cars",
    description="Registers of a car with a usage-based policy. No position, no time of a trip, no driver.",
    personal=True,
    interval_s=900.0,
    per_cell=8,
    channels=(
        Channel(
            name="mileage",
            unit="km",
            high=1e7,
            decimals=2,
            behaviour=Behaviour.REGISTER,
            description="Distance driven since the box was fitted",
        ),
        Channel(
            name="night_distance",
            unit="km",
            high=1e7,
            decimals=2,
            behaviour=Behaviour.REGISTER,
            description="Of it, between 22 and 5 h",
        ),
        _register("trips", "Trips begun"),
        _register("harsh_brakings", "Decelerations above 3.13 m/s2 (7 mph a second)"),
        _register("harsh_accelerations", "Accelerations above 3.13 m/s2"),
        Channel.state("status", "What the car is doing", "parked", "driving"),
    ),
)

CASH_OUT = EventType(
    name="cash_out",
    title="Out of notes",
    description="A cash machine has not a note to dispense, until it is refilled.",
    phases=BEGIN_AND_END,
)
MACHINE_FAULT = EventType(
    name="machine_fault",
    title="Cash machine fault",
    description="A cash machine does not work, until a technician has been there.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)
SUPPLY_INTERRUPTION = EventType(
    name="supply_interruption",
    title="Supply interruption",
    description="A branch's feeder dips or is cut, and its backup supply runs on battery.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)

SECTOR = Sector(
    name="finance",
    title="Finance",
    description="Cash machines, branches and their vaults, payment terminals and insured cars.",
    cell="a bank's branch with its cash machines, the shops around it and cars that it insures",
    kinds=(CASH_MACHINE, BRANCH_QUEUE, VAULT_ROOM, BACKUP_SUPPLY, PAYMENT_TERMINAL, INSURED_CAR),
    sites=("xinwu", "binhu"),
    events=(CASH_OUT, MACHINE_FAULT, SUPPLY_INTERRUPTION),
)
