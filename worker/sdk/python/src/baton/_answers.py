# SPDX-License-Identifier: Apache-2.0
"""The way of answers to Kafka: one idempotent producer for all types, and a thread that hears what became of them."""
from __future__ import annotations

import logging
import threading
from typing import Any, Callable, Mapping, Optional

from confluent_kafka import KafkaError, KafkaException, Producer

_log = logging.getLogger('baton.worker')
_HEADERS = [('content-type', b'application/x-protobuf; proto=baton.v1.Command')]


class Answers:
    def __init__(self, properties: Mapping[str, Any], topic: str) -> None:
        self._properties = {**properties, 'acks': 'all', 'enable.idempotence': True, 'message.max.bytes': 4194304, 'linger.ms': 1,
                            'delivery.timeout.ms': 120000, 'error_cb': self._on_error}
        self._broken = threading.Event()
        self._producer = Producer(self._properties)
        self._topic = topic
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name='baton-answers', daemon=True)

    def _on_error(self, err: KafkaError) -> None:
        if err.fatal():
            _log.error('the producer of answers cannot go on (%s): a new one is made', err)
            self._broken.set()

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> int:
        """How many answers did not reach Kafka."""
        left = self._producer.flush(seconds)
        self._ends.set()
        self._thread.join(5)
        return left

    def send(self, partition: int, value: bytes, done: Callable[[Optional[str]], None]) -> None:
        """`done` is called from another thread, with what went wrong or None. It waits while too much is under way."""
        def on_delivery(err: Any, _message: Any) -> None:
            done(str(err) if err else None)

        while True:
            try:
                self._producer.produce(self._topic, value, partition=partition, headers=_HEADERS, on_delivery=on_delivery)
                return
            except BufferError:
                if self._ends.wait(0.05):
                    done('the worker has stopped')
                    return
            except KafkaException as err:  # larger than the broker takes, a partition that is not there
                done(str(err))
                return

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                self._producer.poll(0.2)
                if self._broken.is_set():
                    self._broken.clear()
                    broken, self._producer = self._producer, Producer(self._properties)
                    broken.purge()
                    broken.poll(1)  # tells of those that it had
            except Exception:  # without this thread no answer would ever be done
                _log.exception('an answer that Kafka has could not be noted')
