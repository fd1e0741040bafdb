# SPDX-License-Identifier: Apache-2.0
"""Settings, by the environment alone where nothing else is said: the names are those of `baton config print`, and BATON_WORKER_…"""
from __future__ import annotations

import dataclasses
import os
import re
import socket
from typing import Mapping, Optional

_OVERRIDES = ('MAX_CONCURRENT', 'LEASE_MS', 'PAUSED')


def part_of_job_type(job_type: str) -> str:
    """The job type as it stands in names of topics (docs/protocol.md)."""
    data = job_type.encode('utf-8')
    out = ''
    for at, byte in enumerate(data):
        is_plain = chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in '._-')
        if is_plain and not (byte == 0x5F and data[at + 1:at + 2] == b'x'):
            out += chr(byte)
        else:
            out += f'_x{byte:02x}'
    if not 1 <= len(data) <= 200 or len(out) > 200:
        raise ValueError(f'a job type has 1 to 200 bytes, those of its topic ("{out[:40]}…") counted: {job_type[:40]!r} has {len(data)}')
    return out


def _variable_of(job_type: str) -> str:
    return re.sub(r'[^A-Z0-9]', '_', job_type.upper())


@dataclasses.dataclass
class TypeSettings:
    max_concurrent: int
    lease_ms: int  # 0: what the job says
    paused: bool


@dataclasses.dataclass
class Settings:
    brokers: str = '127.0.0.1:9092'
    properties: Mapping[str, str] = dataclasses.field(default_factory=dict)  # of librdkafka
    prefix: str = 'baton'
    job_partitions: int = 8
    session_ms: int = 6000
    name: str = ''
    max_concurrent: int = 10  # jobs of a type that are worked on at one time
    lease_ms: int = 0
    grace_ms: int = 20000  # from the signal to stop until the process ends
    take_ms: int = 1000  # a job that is worked on for so long is taken
    paused: bool = False
    metrics: str = ''  # host:port that serves /metrics and /health
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(cls, environment: Optional[Mapping[str, str]] = None) -> 'Settings':
        """ValueError names a variable that is wrong, or BATON_WORKER_… that means nothing."""
        env = dict(os.environ if environment is None else environment)
        settings = cls(environment={name: value for name, value in env.items() if name.startswith('BATON_WORKER_')})
        settings.brokers = env.get('BATON_KAFKA_BROKERS', settings.brokers)
        settings.prefix = env.get('BATON_KAFKA_TOPIC_PREFIX', settings.prefix)
        settings.properties = _properties(env.get('BATON_KAFKA_PROPERTIES', ''))
        settings.job_partitions = _number(env, 'BATON_KAFKA_JOB_PARTITIONS', settings.job_partitions, 1, 1024)
        settings.session_ms = _number(env, 'BATON_KAFKA_SESSION_MS', settings.session_ms, 1000, 300000)
        settings.name = env.get('BATON_WORKER_NAME', '') or f'{socket.gethostname()}-{os.getpid()}'
        settings.max_concurrent = _number(env, 'BATON_WORKER_MAX_CONCURRENT', settings.max_concurrent, 1, 10000)
        settings.lease_ms = _number(env, 'BATON_WORKER_LEASE_MS', settings.lease_ms, 0, 2073600000)
        settings.grace_ms = _number(env, 'BATON_WORKER_GRACE_MS', settings.grace_ms, 0, 3600000)
        settings.take_ms = _number(env, 'BATON_WORKER_TAKE_MS', settings.take_ms, 50, 3600000)
        settings.paused = _flag(env, 'BATON_WORKER_PAUSED', False)
        settings.metrics = env.get('BATON_WORKER_METRICS', '')
        return settings

    def of_type(self, job_type: str, max_concurrent: Optional[int], lease_ms: Optional[int]) -> TypeSettings:
        """The environment goes before what the code says, and what is said of a type before what is said of all."""
        prefix = f'BATON_WORKER_{_variable_of(job_type)}_'
        env = self.environment
        return TypeSettings(
            max_concurrent=_number(env, prefix + 'MAX_CONCURRENT', max_concurrent or self.max_concurrent, 1, 10000),
            lease_ms=_number(env, prefix + 'LEASE_MS', self.lease_ms if lease_ms is None else lease_ms, 0, 2073600000),
            paused=_flag(env, prefix + 'PAUSED', self.paused))

    def check(self, job_types: list[str]) -> None:
        """ValueError where BATON_WORKER_… names no setting and no type that is served."""
        known = {f'BATON_WORKER_{name}' for name in ('NAME', 'MAX_CONCURRENT', 'LEASE_MS', 'GRACE_MS', 'TAKE_MS', 'PAUSED', 'METRICS', 'LOG')}
        known |= {f'BATON_WORKER_{_variable_of(job_type)}_{name}' for job_type in job_types for name in _OVERRIDES}
        for name in self.environment:
            if name not in known:
                raise ValueError(f'{name} names no setting, and no type of this worker; there are {", ".join(sorted(known))}')


def _properties(text: str) -> dict[str, str]:
    found = {}
    for number, part in enumerate(re.split(r'(?<!\\);', text), 1):
        name, sign, value = part.replace('\\;', ';').strip().partition('=')
        if not sign and name:  # it may be the rest of a password
            raise ValueError(f'BATON_KAFKA_PROPERTIES: expected name=value, separated by semicolons; part {number} has no "=" '
                             '(a semicolon in a value is written \\;)')
        if name:
            found[name.strip()] = value.strip()
    return found


def _number(env: Mapping[str, str], name: str, fallback: int, least: int, most: int) -> int:
    text = env.get(name, '')
    if text == '':
        return fallback
    if not text.isdigit() or not least <= int(text) <= most:
        raise ValueError(f'{name}: expected {least} to {most}, found {text!r}')
    return int(text)


def _flag(env: Mapping[str, str], name: str, fallback: bool) -> bool:
    text = env.get(name, '')
    if text not in ('', 'true', 'false'):
        raise ValueError(f'{name}: expected true or false, found {text!r}')
    return text == 'true' if text else fallback
