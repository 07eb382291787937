"""Who may do what at the broker, and the attacks that this ends: on the real Mosquitto and on the embedded broker."""

from collections.abc import Iterator

import pytest

from tests.deploy.brokers import Guarded, run_guarded
from tests.mqttlink.paho_client import PahoClient, paho

REFUSED = 0x87
REFUSED_LOGIN = {0x86, 0x87}
TELEMETRY = "park/+/+/+/+/telemetry"
GROUP = f"$share/park-ingest/{TELEMETRY}"
LABELS = "park/+/+/+/+/label"
ATTACKER, VICTIM = "gw-yangshan-0", "gw-xinwu-0"
READING = "park/energy/xinwu/meter/meter-1/telemetry"
WEEK_S = 7 * 24 * 3600
#: What is no sector, and the ends of a device's topics.
FOREIGN = (("control", "state"), ("control", "telemetry"), ("replies", "ack"), ("gateways", "event"))


@pytest.fixture(scope="module", params=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Either broker, with the accounts of two sites; shared, so tests leave no session behind."""
    with run_guarded(request.param, tmp_path_factory.mktemp(request.param)) as guarded:
        yield guarded


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        *((f"park/energy/yangshan/meter/m-1/{leaf}", True) for leaf in ("telemetry", "state", "ack", "event", "label")),
        ("park/gateways/yangshan/0/state", True),
        ("park/gateways/yangshan/0/stats", True),
        ("park/energy/yangshan/meter/m-1/command/control", False),
        ("park/energy/yangshan/meter/m-1/telemetry/more", False),
        ("park/energy/yangshan/telemetry", False),
        ("park/gateways/yangshan/1/state", False),
        ("park/gateways/xinwu/0/state", False),
        (READING, False),
        ("park/gateways/yangshan/0/orders", True),
        ("park/gateways/xinwu/0/orders", False),
        ("park/replies/anybody/yangshan", True),
        ("park/replies/anybody/yangshan/7", True),
        ("park/replies/anybody/xinwu", False),
        ("park/replies/anybody", False),
        *((f"park/{word}/yangshan/street_lamp/lamp-1/{leaf}", False) for word, leaf in FOREIGN),
        ("$CONTROL/dynamic-security/v1", False),
        ("elsewhere", False),
    ],
)
def test_a_gateway_writes_for_its_site_and_itself_only(broker: Guarded, topic: str, allowed: bool) -> None:
    gateway = broker.enter(ATTACKER)
    try:
        assert gateway.publish(topic, b"x") in ({0x00, 0x10} if allowed else {REFUSED})
    finally:
        gateway.close()


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("park/+/yangshan/+/+/command/+", True),
        ("park/gateways/yangshan/+/orders", True),
        ("park/gateways/xinwu/+/orders", False),
        ("park/replies/#", False),
        ("park/+/xinwu/+/+/command/+", False),
        ("park/+/+/+/+/command/+", False),
        ("park/+/yangshan/+/+/telemetry", False),
        (GROUP, False),
        (f"$share/other/{TELEMETRY}", False),
        ("$share/park-ingest/park/+/yangshan/+/+/telemetry", False),
        ("$share/mine/park/+/yangshan/+/+/command/+", False),
        ("$SYS/broker/uptime", False),
        ("#", False),
    ],
)
def test_a_gateway_hears_the_commands_of_its_site_only(broker: Guarded, asked: str, allowed: bool) -> None:
    gateway = broker.enter(ATTACKER)
    try:
        assert gateway.subscribe(asked) == (1 if allowed else REFUSED)
    finally:
        gateway.close()


@pytest.mark.parametrize(
    ("account", "asked", "allowed"),
    [
        ("park-ingest", TELEMETRY, True),
        ("park-ingest", "park/+/+/+/+/event", True),
        ("park-ingest", LABELS, True),
        ("park-ingest", f"$share/park-ingest/{LABELS}", True),
        ("park-ingest", "park/gateways/+/+/state", True),
        ("park-ingest", "park/gateways/+/+/stats", True),
        ("park-ingest", GROUP, True),
        ("park-ingest", "$SYS/broker/publish/messages/dropped", True),
        ("park-ingest", "$share/other/" + TELEMETRY, False),
        ("park-ingest", "#", False),
        ("park-ingest-3", GROUP, True),
        ("park-ingest-3", "$SYS/broker/publish/messages/dropped", True),
        ("park-ingest-xinwu", "park/+/xinwu/+/+/telemetry", True),
        ("park-ingest-xinwu", "park/+/xinwu/+/+/event", True),
        ("park-ingest-xinwu", "park/+/xinwu/+/+/label", True),
        ("park-ingest-xinwu", LABELS, False),
        ("park-ingest-xinwu", "park/gateways/xinwu/+/state", True),
        ("park-ingest-xinwu", "park/gateways/xinwu/+/stats", True),
        ("park-ingest-xinwu", "$SYS/broker/publish/messages/dropped", True),
        ("park-ingest-xinwu", "park/+/yangshan/+/+/telemetry", False),
        ("park-ingest-xinwu", TELEMETRY, False),
        ("park-ingest-xinwu", GROUP, False),
        ("park-replay", TELEMETRY, False),
    ],
)
def test_the_ingesters_sessions_hear_what_is_theirs(broker: Guarded, account: str, asked: str, allowed: bool) -> None:
    session = broker.enter(account)
    try:
        assert session.subscribe(asked) == (1 if allowed else REFUSED)
    finally:
        session.close()


@pytest.mark.parametrize("account", ["park-ingest", "park-ingest-0", "park-ingest-xinwu"])
def test_the_ingester_says_nothing(broker: Guarded, account: str) -> None:
    session = broker.enter(account)
    try:
        assert session.publish(READING, b"x") == REFUSED
    finally:
        session.close()


def test_what_was_a_dead_letter_can_be_sent_again(broker: Guarded) -> None:
    replay = broker.enter("park-replay")
    try:
        assert replay.publish(READING, b"x") in {0x00, 0x10}
        assert replay.publish("park/energy/xinwu/meter/meter-1/command/control", b"x") == REFUSED
    finally:
        replay.close()


COMMANDS = "park/energy/xinwu/meter/meter-1/command"


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        (f"{COMMANDS}/park-command", True),
        (f"{COMMANDS}/park-control", False),
        (f"{COMMANDS}/gw-xinwu-0", False),
        ("park/energy/xinwu/meter/meter-1/ack", False),
        ("park/replies/park-command/xinwu", False),
        (READING, False),
    ],
)
def test_who_commands_does_so_under_its_own_name(broker: Guarded, topic: str, allowed: bool) -> None:
    actor = broker.enter("park-command")
    try:
        assert actor.publish(topic, b"x") in ({0x00, 0x10} if allowed else {REFUSED})
    finally:
        actor.close()


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("park/replies/park-command/xinwu", True),
        ("park/replies/park-command/+", True),
        ("park/replies/park-control/xinwu", False),
        ("park/replies/#", False),
        (f"{COMMANDS}/+", False),
        (TELEMETRY, False),
    ],
)
def test_who_commands_hears_the_answers_to_itself(broker: Guarded, asked: str, allowed: bool) -> None:
    actor = broker.enter("park-command")
    try:
        assert actor.subscribe(asked) == (1 if allowed else REFUSED)
    finally:
        actor.close()


CLAIMS = "park/control"


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        (f"{COMMANDS}/control", True),
        (f"{CLAIMS}/control/meter/meter-1/set", True),
        (f"{CLAIMS}/other/meter/meter-1/set", False),
        (f"{COMMANDS}/park-command", False),
        ("park/control/yangshan/street_lamp/lamp-1/command/control", False),
        ("park/replies/control/xinwu", False),
        (READING, False),
    ],
)
def test_a_controller_commands_and_says_so_under_its_own_name(broker: Guarded, topic: str, allowed: bool) -> None:
    controller = broker.enter("control")
    try:
        assert controller.publish(topic, b"x") in ({0x00, 0x10} if allowed else {REFUSED})
    finally:
        controller.close()


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("park/replies/control/+", True),
        ("park/energy/+/meter/+/telemetry", True),
        (f"{CLAIMS}/#", True),
        ("park/replies/park-command/+", False),
        (f"{COMMANDS}/+", False),
        ("park/+/+/+/+/event", False),
        ("park/#", False),
    ],
)
def test_a_controller_hears_what_devices_report(broker: Guarded, asked: str, allowed: bool) -> None:
    controller = broker.enter("control")
    try:
        assert controller.subscribe(asked) == (1 if allowed else REFUSED)
    finally:
        controller.close()


def test_nobody_else_says_what_a_controller_has_decided(broker: Guarded) -> None:
    for account in (ATTACKER, VICTIM, "park-ingest", "park-command"):
        client = broker.enter(account)
        try:
            assert client.publish(f"{CLAIMS}/control/meter/meter-1/set", b"x") == REFUSED
        finally:
            client.close()


def test_nobody_else_commands(broker: Guarded) -> None:
    for account in (ATTACKER, VICTIM, "park-ingest", "park-replay"):
        client = broker.enter(account)
        try:
            for name in (account, "park-command"):
                assert client.publish(f"{COMMANDS}/{name}", b"x") == REFUSED
        finally:
            client.close()


@pytest.mark.parametrize(
    ("account", "client_id"),
    [
        (ATTACKER, "park-ingest"),
        (ATTACKER, "park-ingest-yangshan"),
        (ATTACKER, VICTIM),
        (ATTACKER, "gw-yangshan-1"),
        (ATTACKER, "somebody-new"),
        (ATTACKER, ""),
        ("park-ingest-xinwu", "park-ingest-yangshan"),
        ("park-ingest", "park-ingest-0"),
        ("park-replay", "park-ingest"),
        ("park-command", VICTIM),
    ],
)
def test_an_account_has_one_client_id(broker: Guarded, account: str, client_id: str) -> None:
    client = broker.enter(account, client_id=client_id)
    client.close()
    assert client.reason.value == REFUSED


def test_nobody_enters_without_the_right_password(broker: Guarded) -> None:
    for login in ((ATTACKER, ""), (ATTACKER, broker.passwords[VICTIM]), ("nobody", "nothing"), None):
        with paho(broker.port, ATTACKER, login=login) as client:
            assert client.reason.value in REFUSED_LOGIN


# --- attacks


def absent_ingester(broker: Guarded, messages: int) -> None:
    """The ingester's session exists, it is away, and so many readings wait for it."""
    session = broker.enter("park-ingest", clean_start=True, expiry_s=WEEK_S)
    assert session.subscribe(TELEMETRY) == 1
    session.close()
    gateway = broker.enter(VICTIM)
    for number in range(messages):
        assert gateway.publish(READING, b"%d" % number) == 0
    gateway.close()


def collect(session: PahoClient, messages: int) -> list[bytes]:
    return [bytes(session.next().payload) for _ in range(messages)]


@pytest.mark.parametrize("clean_start", [True, False])
@pytest.mark.parametrize("client_id", ["park-ingest", "park-ingest-xinwu"])
def test_the_ingesters_queue_cannot_be_wiped_with_its_client_id(
    broker: Guarded, clean_start: bool, client_id: str
) -> None:
    absent_ingester(broker, 52)
    for _ in range(3):
        attack = broker.enter(ATTACKER, client_id=client_id, clean_start=clean_start, expiry_s=0)
        attack.close()
        assert attack.reason.value == REFUSED
    session = broker.enter("park-ingest", clean_start=False, expiry_s=0)
    try:
        assert session.flags.session_present
        assert collect(session, 52) == [b"%d" % number for number in range(52)]
    finally:
        session.close()


def test_a_connected_ingester_is_not_thrown_out(broker: Guarded) -> None:
    session = broker.enter("park-ingest")
    try:
        attack = broker.enter(ATTACKER, client_id="park-ingest")
        attack.close()
        assert session.subscribe(TELEMETRY) == 1
        assert session.disconnects.empty()
    finally:
        session.close()


def test_the_ingesters_shared_subscription_cannot_be_drained(broker: Guarded) -> None:
    members = [broker.enter(f"park-ingest-{number}") for number in range(2)]
    thieves = [broker.enter(ATTACKER), broker.enter("park-ingest-yangshan")]
    gateway = broker.enter(VICTIM)
    try:
        assert [member.subscribe(GROUP) for member in members] == [1, 1]
        assert [thief.subscribe(GROUP) for thief in thieves] == [REFUSED, REFUSED]
        for number in range(100):
            assert gateway.publish(READING, b"%d" % number) == 0
        # A last one for each member, in turn, tells that all before it have come.
        shares = [collect(member, 50) for member in members]
        assert sorted(map(int, shares[0] + shares[1])) == list(range(100))
        assert all(thief.messages.empty() for thief in thieves)
    finally:
        for client in (*members, *thieves, gateway):
            client.close()


def test_a_gateways_will_cannot_be_brought_about(broker: Guarded) -> None:
    state = "park/gateways/xinwu/0/state"
    watcher = broker.enter("park-ingest")
    gateway = broker.enter(VICTIM, will=(state, b"offline"))
    try:
        assert watcher.subscribe("park/gateways/+/+/state") == 1
        for clean_start in (True, False):
            attack = broker.enter(ATTACKER, client_id=VICTIM, clean_start=clean_start)
            attack.close()
            assert attack.reason.value == REFUSED
        assert gateway.publish(state, b"online") == 0
        assert watcher.until(b"online") == []
        assert gateway.disconnects.empty()
    finally:
        gateway.close()
        watcher.close()


def test_a_will_is_held_to_the_same_topics(broker: Guarded) -> None:
    """On a foreign topic it is refused with the connection, or never published."""
    watcher = broker.enter("park-ingest")
    try:
        assert watcher.subscribe("park/gateways/+/+/state") == 1
        attack = broker.enter(ATTACKER, will=("park/gateways/xinwu/0/state", b"offline"))
        if attack.reason.value == 0:
            attack.cut()
        attack.client.loop_stop()
        gateway = broker.enter(VICTIM)
        assert gateway.publish("park/gateways/xinwu/0/state", b"online") == 0
        gateway.close()
        assert watcher.until(b"online") == []
    finally:
        watcher.close()


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        (TELEMETRY, True),
        ("park/energy/xinwu/+/+/telemetry", True),
        (READING, True),
        (LABELS, False),
        ("park/+/xinwu/+/+/label", False),
        ("park/energy/xinwu/meter/meter-1/label", False),
        ("park/energy/xinwu/meter/meter-1/+", False),
        ("park/+/+/+/+/+", False),
        ("park/energy/#", False),
        ("park/#", False),
        ("#", False),
        (f"$share/mine/{LABELS}", False),
        (f"$share/park-ingest/{LABELS}", False),
        ("park/+/+/+/+/event", False),
        ("park/+/+/+/+/state", False),
    ],
)
def test_a_detector_hears_readings_and_no_truth(broker: Guarded, asked: str, allowed: bool) -> None:
    spy = broker.enter("detector")
    try:
        assert spy.subscribe(asked) == (1 if allowed else REFUSED)
    finally:
        spy.close()


def test_labels_reach_the_ingester_and_no_detector(broker: Guarded) -> None:
    """The detector has asked for all that it may; the reading behind the label is the first that it is given."""
    spy, session, gateway = broker.enter("detector"), broker.enter("park-ingest"), broker.enter(VICTIM)
    try:
        assert spy.subscribe(TELEMETRY) == 1
        assert spy.subscribe(LABELS) == REFUSED
        assert session.subscribe(LABELS) == 1
        assert gateway.publish("park/energy/xinwu/meter/meter-1/label", b"truth") == 0
        assert gateway.publish(READING, b"reading") == 0
        assert session.next().payload == b"truth"
        assert spy.next().payload == b"reading"
        assert spy.publish("park/energy/xinwu/meter/meter-1/label", b"a lie") == REFUSED
    finally:
        for client in (spy, session, gateway):
            client.close()
