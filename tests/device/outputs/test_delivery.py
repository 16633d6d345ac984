"""At least once: CSV, webhook and MQTT get every reading, whatever is away in between."""

import csv
import json

import pytest

from device.errors import UsageError
from device.outputs.csv_file import CsvFile
from device.outputs.mqtt import Mqtt
from device.outputs.outbox import Delivery
from device.outputs.store import Store
from device.outputs.webhook import Webhook

pytestmark = pytest.mark.usefixtures("hasty")


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "readings.db", ["csv", "webhook", "mqtt"])
    yield made
    made.close()


def emptied(store, name: str):
    return lambda: not store.waiting(name, 1)


def delivered(store, one, output, wait) -> None:
    """One reading, once the output has it."""
    delivery = Delivery(store, output)
    store.add(one)
    delivery.wake()
    wait(emptied(store, output.name))
    delivery.close()


def test_csv_has_a_line_a_reading(store, event, tmp_path, wait) -> None:
    path = tmp_path / "codes.csv"
    delivery = Delivery(store, CsvFile(path))
    for kind in ("settled", "refused"):
        store.add(event(kind=kind))
        delivery.wake()
    wait(emptied(store, "csv"))
    delivery.close()
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [(row["event"], row["code"], row["reason"]) for row in rows] == [
        ("settled", "01310-100", ""),
        ("refused", "01310-100", "not-sure"),
    ]


def test_csv_does_not_repeat_what_a_crash_had_written_and_mends_a_torn_line(store, event, tmp_path) -> None:
    path = tmp_path / "codes.csv"
    store.add(event("01310100"))
    output = CsvFile(path)
    messages = store.waiting("csv", 10)
    output.deliver(messages)
    path.write_bytes(path.read_bytes() + b"2026-11-22T12")  # power went here
    store.add(event("20040020"))
    output.deliver(store.waiting("csv", 10))
    text = path.read_text()
    assert text.count("01310-100") == 1
    assert text.count("20040-020") == 1
    assert text.splitlines()[-1].startswith("20")


def test_webhook_posts_the_line_with_its_id(store, event, server, wait) -> None:
    delivery = Delivery(store, Webhook(server.url, "secret"))
    one = event()
    store.add(one)
    delivery.wake()
    wait(emptied(store, "webhook"))
    delivery.close()
    ((headers, body),) = server.posts
    assert json.loads(body) == json.loads(json.dumps(one.line()))
    assert headers["Idempotency-Key"] == one.id
    assert headers["Authorization"] == "Bearer secret"


def test_webhook_tries_again_in_order_until_the_server_takes_it(store, event, server, wait) -> None:
    server.answers = [503, 500, 429]
    delivery = Delivery(store, Webhook(server.url))
    events = [event(f"0131010{k}") for k in range(4)]
    for one in events:
        store.add(one)
    delivery.wake()
    wait(emptied(store, "webhook"))
    delivery.close()
    assert [json.loads(body)["id"] for _, body in server.posts] == [one.id for one in events]


def test_a_message_that_the_server_will_not_have_does_not_hold_up_the_next(store, event, server, wait, caplog) -> None:
    server.answers = [422] * 5
    delivery = Delivery(store, Webhook(server.url))
    for digits in ("01310100", "20040020"):
        store.add(event(digits))
    delivery.wake()
    wait(emptied(store, "webhook"))
    delivery.close()
    assert [json.loads(body)["reading"]["digits"] for _, body in server.posts] == ["20040020"]
    assert "is dropped" in caplog.text


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_webhook_that_has_moved_is_said_and_gets_neither_reading_nor_token(
    store, event, server, wait, caplog, status
) -> None:
    server.answers, server.location = [status] * 3, server.url.replace("127.0.0.1", "localhost") + "/"
    delivered(store, event(), Webhook(server.url, "secret"), wait)
    assert len(server.posts) == 1
    assert server.gets == 0
    assert f"answers {status}; give --webhook '{server.location}'" in caplog.text


@pytest.mark.parametrize(
    "rubbish",
    [b"not HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\ncut", b""],
    ids=["no HTTP", "a cut answer", "nothing"],
)
def test_a_rubbish_answer_is_no_arrival_and_no_end(store, event, server, wait, caplog, rubbish) -> None:
    server.answers = [rubbish]
    delivered(store, event(), Webhook(server.url), wait)
    assert len(server.posts) == 1
    assert "cannot be reached" in caplog.text
    assert "Traceback" not in caplog.text


def test_an_output_s_own_fault_does_not_end_its_thread(store, event, wait, caplog) -> None:
    class Faulty:
        name, given = "csv", []

        def deliver(self, messages):
            self.given.append(messages)
            return len(messages) if len(self.given) > 2 else 1 // 0

        def close(self) -> None: ...

    delivered(store, event(), Faulty(), wait)
    assert len(Faulty.given) == 3
    assert "csv: integer division" in caplog.text
    assert "csv: takes messages again" in caplog.text


def listener(broker, topic: str):
    """A subscriber whose session the broker keeps, and what it got."""
    from paho.mqtt import client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    got = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False)
    client.on_connect = lambda *_: client.subscribe(topic, qos=1)
    client.on_message = lambda _client, _data, message: got.append((message.topic, message.payload, message.retain))
    client.on_subscribe = lambda *_: setattr(client, "ready", True)
    client.ready = False
    client.reconnect_delay_set(1, 1)
    client.connect_async("127.0.0.1", broker.port)
    client.loop_start()
    return client, got


def test_a_thousand_readings_made_while_the_broker_was_away_all_arrive(store, event, broker, wait) -> None:
    broker.start()
    client, got = listener(broker, "postread/table-1/reading")
    wait(lambda: client.ready)
    output = Mqtt(f"mqtt://127.0.0.1:{broker.port}", "table 1")
    output._client.reconnect_delay_set(1, 1)
    delivery = Delivery(store, output)
    first = event("01310100")
    store.add(first)
    delivery.wake()
    wait(lambda: len(got) == 1)
    broker.stop()
    sent = [event(f"2{k:07d}", crop=(2, 2)) for k in range(1000)]
    for one in sent:
        store.add(one)
        delivery.wake()
    assert len(store.waiting("mqtt", 2000)) == 1000
    broker.start()
    wait(lambda: {json.loads(payload)["id"] for _, payload, _ in got} == {one.id for one in [first, *sent]}, 120)
    wait(emptied(store, "mqtt"))
    delivery.close()
    client.loop_stop()


def test_mqtt_readings_arrive_with_their_ids(store, event, broker, wait) -> None:
    broker.start()
    client, got = listener(broker, "postread/table-1/reading")
    wait(lambda: client.ready)
    output = Mqtt(f"mqtt://127.0.0.1:{broker.port}", "table 1")
    delivery = Delivery(store, output)
    sent = [event(f"0131{k:04d}", crop=(4, 4)) for k in range(30)]
    for one in sent:
        store.add(one)
        delivery.wake()
    wait(lambda: {json.loads(payload)["id"] for _, payload, _ in got} == {one.id for one in sent})
    delivery.close()
    client.loop_stop()


def test_home_assistant_finds_the_reader_and_sees_it_go(store, event, broker, wait) -> None:
    from device.watch.events import Event

    broker.start()
    output = Mqtt(f"mqtt://127.0.0.1:{broker.port}", "table 1")
    output.state(Event("state", "needs-help", "glare"))
    client, got = listener(broker, "#")
    wanted = {f"homeassistant/sensor/postread-table-1/{key}/config" for key in ("code", "confidence", "state")}
    wait(lambda: wanted | {"postread/table-1/state", "postread/table-1/status"} <= {topic for topic, _, _ in got})
    output.close()
    wait(lambda: ("postread/table-1/status", b"offline") in {(topic, payload) for topic, payload, _ in got})
    client.loop_stop()
    by_topic = {topic: payload for topic, payload, _ in got}
    config = json.loads(by_topic["homeassistant/sensor/postread-table-1/code/config"])
    assert config["state_topic"] == "postread/table-1/reading"
    assert config["unique_id"] == "postread-table-1-code"
    assert json.loads(by_topic["postread/table-1/state"])["why"] == "glare"


@pytest.mark.parametrize("url", ["http://broker", "broker:1883", "mqtt://"])
def test_an_address_that_is_no_brokers_is_a_users_mistake(url) -> None:
    with pytest.raises(UsageError, match="mqtt://host"):
        Mqtt(url, "table")
