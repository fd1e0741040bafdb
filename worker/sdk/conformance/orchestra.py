# SPDX-License-Identifier: Apache-2.0
"""The orchestrator's side of the worker protocol on a real broker: sends jobs, and collects what is answered."""
import collections
import contextlib
import ctypes
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time

from baton.v1 import command_pb2, job_pb2
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS = 4
SHORT_S, LONG_S = 10, 40


class Wrong(AssertionError):
    pass


def check(condition, text):
    if not condition:
        raise Wrong(text)


def same(found, expected, what):
    check(found == expected, f'{what}: expected {expected!r}, found {found!r}')


def patiently(ask, seconds=LONG_S):
    """What `ask` returns. A broker that was away may need a while until it leads its partitions again: until then it refuses."""
    end = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except KafkaException:
            if time.monotonic() > end:
                raise
        time.sleep(0.2)


class Answer:
    """A command of a worker, as it came."""

    def __init__(self, record):
        self.at = time.monotonic()
        self.partition, self.key, self.headers = record.partition(), record.key(), dict(record.headers() or [])
        self.command = command_pb2.Command.FromString(record.value())
        self.kind = self.command.WhichOneof('body')
        self.body = getattr(self.command, self.kind)

    @property
    def variables(self):
        return json.loads(self.body.variables or b'{}')

    @property
    def result(self):
        return json.loads(self.body.result or b'null')


class Orchestra:
    def __init__(self, brokers, prefix):
        self.brokers, self.prefix = brokers, prefix
        self.keys = itertools.count(int(time.time()) << 20)
        self.admin = AdminClient({'bootstrap.servers': brokers})
        for made in self.admin.create_topics([NewTopic(f'{prefix}.commands', PARTITIONS, 1, config={'max.message.bytes': '4194304'})]).values():
            made.result()
        self.producer = Producer({'bootstrap.servers': brokers, 'message.max.bytes': 8388608, 'linger.ms': 2, 'allow.auto.create.topics': False})
        self.answers = collections.defaultdict(list)  # by job key
        self.came = threading.Condition()
        self.ends = False
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def close(self):
        self.ends = True
        self.thread.join()
        patiently(self._delete_topics, 2 * LONG_S)

    def _delete_topics(self):
        admin = AdminClient({'bootstrap.servers': self.brokers})  # one that has seen the outage may not find the controller again
        names = [name for name in admin.list_topics(timeout=10).topics if name.startswith(self.prefix + '.')]
        for done in admin.delete_topics(names, request_timeout=20).values() if names else ():
            done.result()

    def topics(self):
        return patiently(lambda: self.admin.list_topics(timeout=10).topics)

    def _listen(self):
        consumer = Consumer({'bootstrap.servers': self.brokers, 'group.id': f'{self.prefix}-listener', 'enable.auto.commit': False})
        consumer.assign([TopicPartition(f'{self.prefix}.commands', partition, 0) for partition in range(PARTITIONS)])
        while not self.ends:
            record = consumer.poll(0.1)
            if record is not None and record.error() is None:
                answer = Answer(record)
                with self.came:
                    self.answers[answer.command.key].append(answer)
                    self.came.notify_all()
        consumer.close()

    # -- Jobs -----------------------------------------------------------------------------

    def topic(self, job_type):
        part = ''.join(chr(byte) if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in '._-') and not
                       (byte == 0x5F and data[at + 1:at + 2] == b'x') else f'_x{byte:02x}'
                       for data in [job_type.encode()] for at, byte in enumerate(data))
        return f'{self.prefix}.jobs.{part}'

    def job(self, job_type, variables=None, **fields):
        key = fields.pop('key', None) or next(self.keys)
        data = variables if isinstance(variables, bytes) else json.dumps(variables or {}, ensure_ascii=False).encode()
        given = {'instance': key + 1, 'element_instance': key + 2, 'definition': 7, 'process_id': 'conformance', 'version': 3, 'element_id': 'task', 'attempt': 1,
                 'retries': 3, 'token': f'token-{key}-{fields.get("attempt", 1)}'.encode(), 'reply_partition': key % PARTITIONS, 'lease_ms': 60000, **fields}
        return job_pb2.Job(key=key, type=job_type, variables=data, **given)

    def wait_topic(self, name):
        end = time.monotonic() + LONG_S
        while name not in self.topics():
            check(time.monotonic() < end, f'no worker has made the topic {name}')
            time.sleep(0.1)

    def send_bytes(self, job_type, data, partition=0, **options):
        self.producer.produce(self.topic(job_type), data, partition=partition, **options)
        self.producer.flush(10)

    def send(self, job, partition=None, more=b'', **options):
        """`more`: bytes behind the message, such as fields that nobody knows."""
        self.send_bytes(job.type, job.SerializeToString() + more, job.key % 8 if partition is None else partition, **options)
        return job

    # -- Answers --------------------------------------------------------------------------

    def of(self, job, kind=None):
        with self.came:
            return [answer for answer in self.answers[job.key] if kind is None or answer.kind == kind]

    def ends_of(self, job, attempt=None):
        return [answer for answer in self.of(job) if answer.kind != 'extend_job' and attempt in (None, answer.body.attempt)]

    def wait(self, what, ready, seconds=SHORT_S):
        end = time.monotonic() + seconds
        with self.came:
            while True:
                found = ready()
                if found:
                    return found
                left = end - time.monotonic()
                check(left > 0, f'{what}: not within {seconds} s')
                self.came.wait(min(left, 0.1))

    def end(self, job, kind=None, attempt=None, seconds=SHORT_S):
        """The answer that ends the job."""
        answer = self.wait(f'an answer to job {job.key} ({job.type})', lambda: self.ends_of(job, attempt), seconds)[0]
        if kind is not None and answer.kind != kind:
            raise Wrong(f'expected {kind}, found {answer.kind}: {answer.body.message or answer.body.variables}')
        return answer

    def ask(self, job_type, variables=None, kind='complete_job', seconds=SHORT_S, more=b'', **fields):
        job = self.send(self.job(job_type, variables, **fields), more=more)
        return self.end(job, kind, seconds=seconds)


class Broker:
    """The only broker, as a process that can be made to stand still."""

    def __init__(self, pid):
        self.pid = pid

    @contextlib.contextmanager
    def away(self):
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


def end_with_parent():
    """Linux: whoever kills the suite leaves no workers behind."""
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Process:
    """A worker of the SDK."""

    count = itertools.count(1)

    def __init__(self, command, orchestra, types, folder, **settings):
        self.types = types
        self.name = f'worker-{next(self.count)}'
        self.log = os.path.join(folder, f'{self.name}.log')
        inherited = {name: value for name, value in os.environ.items() if not name.startswith('BATON_')}
        env = {**inherited, 'BATON_KAFKA_BROKERS': orchestra.brokers, 'BATON_KAFKA_TOPIC_PREFIX': orchestra.prefix, 'BATON_WORKER_NAME': self.name,
               'CONFORMANCE_TYPES': types, **{name: str(value) for name, value in settings.items()}}
        self.process = subprocess.Popen(command, env=env, stdout=open(self.log, 'ab'), stderr=subprocess.STDOUT, preexec_fn=end_with_parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def type(self, name):
        return f'{self.types}.{name}'

    def terminate(self):
        self.process.terminate()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def exit_code(self, seconds=LONG_S):
        return self.process.wait(seconds)

    def said(self):
        return open(self.log, errors='replace').read()
