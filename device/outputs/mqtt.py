"""MQTT: readings at least once, the state as it is, and Home Assistant's discovery (extra `mqtt`: paho-mqtt)."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from device import __version__
from device.errors import OutputError, RuntimeMissing, UsageError
from device.outputs.store import Waiting
from device.watch.events import Event

WAIT = 10.0
"""For the broker's word that a batch has arrived, seconds."""
KEEP_ALIVE = 30
PORT, TLS_PORT = 1883, 8883
DISCOVERY = "homeassistant"


class Mqtt:
    """A broker, `mqtt://[user:password@]host[:port][/prefix]` or mqtts://.

    PREFIX/reading has every settled and refused reading (quality of service 1), PREFIX/state the present state and
    PREFIX/status online or offline, both retained.  PREFIX is postread/NAME unless the address has another.
    """

    name = "mqtt"

    def __init__(self, url: str, device: str) -> None:
        """device: what this reader is called; raises UsageError, RuntimeMissing."""
        parts = urlsplit(url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise UsageError(f"--mqtt: give a broker's address, mqtt://host:{PORT}")
        try:
            from paho.mqtt import client as paho
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise RuntimeMissing("--mqtt: paho-mqtt is missing; install it: pip install 'postread[mqtt]'") from error
        self._device = re.sub(r"[^A-Za-z0-9_-]", "-", device)
        self.prefix = unquote(parts.path.strip("/")) or f"postread/{self._device}"
        self._where = parts.hostname
        self._state: str | None = None
        self._lock = threading.Lock()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"postread-{self._device}")
        if parts.username:
            self._client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        if parts.scheme == "mqtts":
            self._client.tls_set()
        self._client.will_set(f"{self.prefix}/status", "offline", qos=1, retain=True)
        self._client.reconnect_delay_set(1, 60)
        self._client.on_connect = self._connected
        try:
            port = parts.port or (TLS_PORT if parts.scheme == "mqtts" else PORT)
        except ValueError as error:
            raise UsageError(f"--mqtt: {error}") from error
        self._client.connect_async(parts.hostname, port, KEEP_ALIVE)
        self._client.loop_start()

    def deliver(self, messages: Sequence[Waiting]) -> int:
        if not self._client.is_connected():
            raise OutputError(f"the broker at {self._where} is away")
        sent = [self._client.publish(f"{self.prefix}/reading", message.line, qos=1) for message in messages]
        until = time.monotonic() + WAIT
        for count, handed_over in enumerate(sent):
            try:
                handed_over.wait_for_publish(max(0.0, until - time.monotonic()))
            except (RuntimeError, ValueError) as error:
                raise OutputError(f"the broker at {self._where} went away ({error})") from error
            if not handed_over.is_published():
                return self._counted(count)
        return len(messages)

    def state(self, event: Event) -> None:
        """Tell the present state; what is missed while the broker is away is told by the next one."""
        if event.late:
            return
        line = event.line()
        with self._lock:
            self._state = json.dumps({name: line[name] for name in ("state", "why", "time")})
        if self._client.is_connected():
            self._client.publish(f"{self.prefix}/state", self._state, qos=0, retain=True)

    def close(self) -> None:
        if self._client.is_connected():
            self._client.publish(f"{self.prefix}/status", "offline", qos=1, retain=True)
        self._client.disconnect()
        self._client.loop_stop()

    def _counted(self, count: int) -> int:
        if count == 0:
            raise OutputError(f"the broker at {self._where} does not answer")
        return count

    def _connected(self, client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            return
        client.publish(f"{self.prefix}/status", "online", qos=1, retain=True)
        for topic, entry in self.discovery().items():
            client.publish(topic, json.dumps(entry), qos=1, retain=True)
        with self._lock:
            state = self._state
        if state is not None:
            client.publish(f"{self.prefix}/state", state, qos=0, retain=True)

    def discovery(self) -> dict[str, dict[str, Any]]:
        """Home Assistant's entries by topic: the code read last, how sure, and the state."""
        shared: dict[str, Any] = {
            "availability_topic": f"{self.prefix}/status",
            "device": {
                "identifiers": [f"postread-{self._device}"],
                "name": f"postread {self._device}",
                "manufacturer": "postread",
                "sw_version": __version__,
            },
            "origin": {"name": "postread", "sw_version": __version__},
        }
        settled = "value_json.event == 'settled'"
        entries: dict[str, dict[str, Any]] = {
            "code": {
                "name": "Postal code",
                "icon": "mdi:mailbox",
                "state_topic": f"{self.prefix}/reading",
                "value_template": f"{{{{ value_json.reading.code if {settled} else 'refused' }}}}",
                "json_attributes_topic": f"{self.prefix}/reading",
                "force_update": True,
            },
            "confidence": {
                "name": "Confidence",
                "icon": "mdi:gauge",
                "unit_of_measurement": "%",
                "state_topic": f"{self.prefix}/reading",
                "value_template": "{{ (100 * value_json.reading.confidence) | round(0) }}",
            },
            "state": {
                "name": "State",
                "icon": "mdi:camera",
                "state_topic": f"{self.prefix}/state",
                "value_template": "{{ value_json.state }}",
                "json_attributes_topic": f"{self.prefix}/state",
            },
        }
        return {
            f"{DISCOVERY}/sensor/postread-{self._device}/{key}/config": {
                **entry,
                **shared,
                "unique_id": f"postread-{self._device}-{key}",
            }
            for key, entry in entries.items()
        }
