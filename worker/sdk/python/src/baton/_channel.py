# SPDX-License-Identifier: Apache-2.0
"""One job type: a consumer on a thread of its own, and the jobs that came of it until they are answered. Work is never done on that thread."""
from __future__ import annotations

import collections
import logging
import threading
import time
from typing import Any, Callable, Mapping, Optional

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from ._lease import Lease
from ._progress import Progress
from .job import Job, read_job
from .metrics import Metrics
from .outcome import Failed, Outcome
from .settings import Settings, TypeSettings, part_of_job_type
from .v1 import job_pb2

_log = logging.getLogger('baton.worker')
_POLL_S, _BUSY_POLL_S, _COMMIT_S, _MOST_REST_S = 0.2, 0.02, 1.0, 30.0


class Running:
    """A job from its record to its answer."""

    def __init__(self, partition: int, offset: int, life: int) -> None:
        self.partition, self.offset, self.life = partition, offset, life
        self.also: list[int] = []  # records of the same attempt that came again
        self.job: Job = None  # type: ignore[assignment]
        self.lease: Optional[Lease] = None


class Channel:
    def __init__(self, job_type: str, settings: Settings, own: TypeSettings, metrics: Metrics, shutdown: threading.Event,
                 begin: Callable[['Channel', Running], None], refuse: Callable[['Channel', Running, Outcome], None]) -> None:
        part = part_of_job_type(job_type)
        self.job_type, self.own, self.metrics, self.paused = job_type, own, metrics, own.paused
        self._settings, self._shutdown, self._begin, self._refuse = settings, shutdown, begin, refuse
        self.topic, self._group = f'{settings.prefix}.jobs.{part}', f'{settings.prefix}.workers.{part}'
        self._lock = threading.Lock()
        self._progress: dict[int, Progress] = {}
        self._life = 0  # grows when partitions go: what came before is not committed any more
        self._to_commit: dict[int, int] = {}
        self._asked: dict[int, int] = {}  # what was asked to be committed last, since the partitions came
        self._queued: collections.deque[Running] = collections.deque()
        self._running: dict[int, Running] = {}  # by key
        self._is_held: Optional[bool] = None  # None: not known, partitions came
        self._ends = threading.Event()
        self.turned = time.monotonic()
        self.is_assigned = False
        self.last_error = ''
        self._thread = threading.Thread(target=self._supervise, name=f'baton-{job_type}', daemon=True)

    # -- For the worker -------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._ends.set()

    def has_stopped(self, until: float) -> bool:
        """It leaves the group, once what is answered is committed."""
        self._thread.join(max(until - time.monotonic(), 0.001))
        return not self._thread.is_alive()

    def in_flight(self) -> int:
        with self._lock:
            return len(self._running)

    def finished(self, running: Running) -> None:
        """Its answer is with Kafka, or will never be."""
        with self._lock:
            if self._running.get(running.job.key) is running:
                del self._running[running.job.key]
            self._done(running)
        self._fill()

    # -- Jobs -----------------------------------------------------------------------------

    def _done(self, running: Running) -> None:
        for offset in (running.offset, *running.also):
            progress = self._progress.get(running.partition) if running.life == self._life else None
            done = progress.end(offset) if progress else None
            if done is not None:
                self._to_commit[running.partition] = done

    def _take_record(self, record: Any) -> None:
        running = Running(record.partition(), record.offset(), self._life)
        with self._lock:
            self._progress.setdefault(running.partition, Progress()).begin(running.offset)
        self.metrics.add('jobs_received', self.job_type)
        try:
            message = job_pb2.Job.FromString(record.value() or b'')
            if message.key == 0:
                raise ValueError('it has no key')
        except Exception as err:  # whatever the parser says of bytes that are no job
            _log.error('%s[%d] offset %d is no job: %s', self.topic, running.partition, running.offset, err)
            self.metrics.add('jobs_unreadable', self.job_type)
            with self._lock:
                self._done(running)
            return
        self._take_job(running, message)

    def _take_job(self, running: Running, message: Any) -> None:
        try:
            running.job = read_job(message, self._shutdown)
        except (ValueError, RecursionError) as err:
            message.headers = message.variables = message.user_task = message.tags = b''
            message.kind = 0
            running.job = read_job(message, self._shutdown)
            self._refuse(self, running, Failed(f'the worker cannot read the job: {err or type(err).__name__}', 0))
            return
        with self._lock:
            if not self._is_stale(running):
                self._queued.append(running)

    def _is_stale(self, running: Running) -> bool:
        known = self._running.get(running.job.key) or next((one for one in self._queued if one.job.key == running.job.key), None)
        if known is None:
            return False
        if known.job.attempt < running.job.attempt:
            known.job.lease_lost.set()
            self.metrics.add('leases_lost', self.job_type)
            if known in self._queued:  # it counts for nothing any more
                self._queued.remove(known)
                self._done(known)
            return False
        self.metrics.add('jobs_stale', self.job_type)
        if known.job.attempt == running.job.attempt and known.partition == running.partition:
            if known.life != running.life:
                known.life, known.also = running.life, []
                known.offset = running.offset
            else:
                known.also.append(running.offset)
        else:
            self._done(running)
        return True

    def _fill(self) -> None:
        """Begins what there are free hands for."""
        while not self._shutdown.is_set():
            with self._lock:
                if self.paused or not self._queued or len(self._running) >= self.own.max_concurrent:
                    return
                running = self._queued.popleft()
                self._running[running.job.key] = running
            self._begin(self, running)

    # -- The consumer ---------------------------------------------------------------------

    def _supervise(self) -> None:
        rest_s = 0.5
        while not self._ends.is_set():
            began = time.monotonic()
            try:
                self._consume()
                return
            except Exception as err:  # a loop that ends silently is a worker that gets no jobs
                self.last_error = str(err)
                self.metrics.add('loop_restarts', self.job_type)
                rest_s = 0.5 if time.monotonic() - began > 60 else min(rest_s * 2, _MOST_REST_S)
                _log.error('jobs of type %s: the consumer ended (%s: %s); it begins anew in %.1f s', self.job_type, type(err).__name__, err, rest_s)
                self._forget()
                self._ends.wait(rest_s)

    def _properties(self) -> Mapping[str, Any]:
        return {**self._settings.properties, 'bootstrap.servers': self._settings.brokers, 'client.id': self._settings.name, 'group.id': self._group,
                'auto.offset.reset': 'earliest', 'enable.auto.commit': False, 'session.timeout.ms': self._settings.session_ms,
                'heartbeat.interval.ms': max(self._settings.session_ms // 4, 100), 'fetch.message.max.bytes': 8388608,
                'queued.max.messages.kbytes': 16384, 'topic.metadata.refresh.interval.ms': 10000, 'error_cb': self._on_error, 'on_commit': self._on_commit}

    def _on_error(self, err: KafkaError) -> None:
        if err.code() == KafkaError._ALL_BROKERS_DOWN and self.last_error != 'away':
            self.last_error = 'away'
            _log.warning('jobs of type %s: no broker of %s can be reached; the worker waits', self.job_type, self._settings.brokers)

    def _make_topic(self) -> None:
        """Who comes first makes the topic; where that is not allowed, it is waited for."""
        properties = {**self._settings.properties, 'bootstrap.servers': self._settings.brokers, 'client.id': self._settings.name, 'error_cb': self._on_error}
        admin = AdminClient(properties)
        new = NewTopic(self.topic, self._settings.job_partitions, config={'max.message.bytes': '4194304'})
        while not self._ends.is_set():
            self.turned = time.monotonic()
            try:
                admin.create_topics([new])[self.topic].result(10)
                return
            except KafkaException as err:
                if err.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
                    return
                if err.args[0].code() in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED):
                    if self.topic in admin.list_topics(timeout=5).topics:
                        return
                    _log.info('jobs of type %s: the topic %s is not there and must not be made from here: the worker waits', self.job_type, self.topic)
                    self._ends.wait(5)
                elif self.last_error != 'away':
                    _log.info('jobs of type %s: waits for Kafka: %s', self.job_type, err)
                    self._ends.wait(1)

    def _consume(self) -> None:
        self._make_topic()
        if self._ends.is_set():
            return
        consumer = Consumer(self._properties())
        try:
            consumer.subscribe([self.topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost)
            self._is_held = None
            committed = time.monotonic()
            while not self._ends.is_set():
                self.turned = time.monotonic()
                self._hold_or_go_on(consumer)
                for record in consumer.consume(self._room(), _BUSY_POLL_S if self._is_held or self._to_commit else _POLL_S):
                    if record.error() is None:
                        self._take_record(record)
                    elif record.error().code() != KafkaError._PARTITION_EOF:
                        self._note(record.error())
                self._fill()
                if time.monotonic() - committed >= _COMMIT_S:
                    committed = time.monotonic()
                    self._commit(consumer, is_last=False)
            self._commit(consumer, is_last=True)
        finally:
            consumer.close()
            self.is_assigned = False

    def _note(self, err: KafkaError) -> None:
        if err.fatal():
            raise KafkaException(err)
        if str(err) != self.last_error:
            self.last_error = str(err)
            _log.warning('jobs of type %s: %s', self.job_type, err)

    def _room(self) -> int:
        with self._lock:
            return max(1, 2 * self.own.max_concurrent - len(self._queued) - len(self._running))

    def _hold_or_go_on(self, consumer: Consumer) -> None:
        """Polling goes on whatever happens, so that the group keeps the worker; with full hands it brings nothing."""
        with self._lock:
            has_enough = self.paused or self._shutdown.is_set() or len(self._queued) >= self.own.max_concurrent
            has_little = len(self._queued) <= self.own.max_concurrent // 2
        holds = has_enough or (self._is_held is True and not has_little)
        if holds != self._is_held:
            (consumer.pause if holds else consumer.resume)(consumer.assignment())
            self._is_held = holds

    def _commit(self, consumer: Consumer, is_last: bool) -> None:
        with self._lock:
            offsets = [TopicPartition(self.topic, partition, offset) for partition, offset in self._to_commit.items()]
            self._to_commit = {}
            self._asked.update((one.partition, one.offset) for one in offsets)
        if offsets:
            try:
                consumer.commit(offsets=offsets, asynchronous=not is_last)
            except KafkaException as err:
                self._on_commit(err.args[0], offsets)

    def _on_commit(self, err: Optional[KafkaError], partitions: list[TopicPartition]) -> None:
        """A new owner is sent again what was not committed, and answers stay answers; without one it is tried again."""
        failed = [one for one in partitions if (err or one.error) and one.offset >= 0]
        if not failed:
            return
        _log.info('jobs of type %s: offsets were not committed: %s', self.job_type, err or failed[0].error)
        with self._lock:
            for one in failed:
                if self._asked.get(one.partition) == one.offset:  # neither of an earlier life nor overtaken
                    self._to_commit[one.partition] = max(one.offset, self._to_commit.get(one.partition, 0))

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.is_assigned, self.last_error = True, ''
        self._is_held = None  # a partition that comes again may still be held
        _log.info('jobs of type %s: has partitions %s of %s', self.job_type, [one.partition for one in partitions], self.topic)

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._commit(consumer, is_last=True)
        self._forget()

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._forget()

    def _forget(self) -> None:
        """What has not begun goes to who has the partitions now; what runs is answered from here, and the first answer wins."""
        with self._lock:
            self._life += 1
            self._queued.clear()
            self._progress.clear()
            self._to_commit.clear()
            self._asked.clear()
            self.is_assigned = False
