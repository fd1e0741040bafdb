# SPDX-License-Identifier: Apache-2.0
"""A job as its handler sees it."""
from __future__ import annotations

import contextvars
import dataclasses
import enum
import logging
import threading
from typing import Any, Mapping, Optional, Sequence

from . import _json

_log = logging.getLogger('baton.job')
_current: contextvars.ContextVar[Optional['Job']] = contextvars.ContextVar('baton_job', default=None)


class JobKind(enum.IntEnum):
    TASK = 0
    EXECUTION_LISTENER = 1
    TASK_LISTENER = 2
    AD_HOC = 3
    REMINDER = 4  # the process does not wait for it


class _Log(logging.LoggerAdapter):
    def process(self, msg: Any, kwargs: Any) -> Any:
        kwargs['extra'] = {**(self.extra or {}), **kwargs.get('extra', {})}
        return msg, kwargs


@dataclasses.dataclass(frozen=True)
class Job:
    """What a worker is given to do. Keys are 64-bit numbers; as text they are what REST and the console show.

    `shutdown` is set when the worker stops: there are the seconds of its grace to end. `lease_lost` is set when the job is somebody else's by now
    (its lease could not be kept, or a later attempt of it has come): what is returned will count for nothing.
    """

    key: int
    type: str
    instance: int
    element_instance: int
    element_id: str
    process_id: str
    version: int
    definition: int
    kind: JobKind
    listener_event: str
    tenant: str  # empty: the default tenant
    attempt: int  # counts offers of this job, from 1
    retries: int  # failures that are still forgiven
    priority: int
    lease_ms: int
    business_id: str
    root_instance: int
    traceparent: str
    headers: Mapping[str, str]
    variables: Mapping[str, Any]
    user_task: Mapping[str, Any]  # of task listeners: the task as it would be
    tags: Sequence[str]
    secrets: Mapping[str, str]  # JSON pointers of places that name a secret
    reply_partition: int = dataclasses.field(repr=False, default=0)
    token: bytes = dataclasses.field(repr=False, default=b'')
    shutdown: threading.Event = dataclasses.field(repr=False, compare=False, default_factory=threading.Event)
    lease_lost: threading.Event = dataclasses.field(repr=False, compare=False, default_factory=threading.Event)

    @property
    def idempotency_key(self) -> str:
        """The same in every attempt of the job: for what is done to the outside world."""
        return f'baton-{self.key}'

    @property
    def is_cancelled(self) -> bool:
        """Either signal: stop when you can."""
        return self.shutdown.is_set() or self.lease_lost.is_set()

    @property
    def log(self) -> logging.LoggerAdapter:
        """Each line has the job, its instance and its trace."""
        trace = self.traceparent.split('-')[1] if self.traceparent.count('-') == 3 else ''
        return _Log(_log, {'baton_job': str(self.key), 'baton_instance': str(self.instance), 'baton_type': self.type, 'trace_id': trace})


def current_job() -> Optional[Job]:
    """The job that the calling code works on; None outside of a handler."""
    return _current.get()


def _object(data: bytes, what: str) -> Mapping[str, Any]:
    value = _json.loads(data) if data else {}
    if not isinstance(value, dict):
        raise ValueError(f'the {what} are no JSON object')
    return value


def read_job(message: Any, shutdown: threading.Event) -> Job:
    """Of a baton.v1.Job. ValueError when what should be JSON is none."""
    try:
        kind = JobKind(message.kind)
    except ValueError:
        raise ValueError(f'jobs of kind {message.kind} came after this version of the SDK') from None
    return Job(
        key=message.key, type=message.type, instance=message.instance, element_instance=message.element_instance, element_id=message.element_id,
        process_id=message.process_id, version=message.version, definition=message.definition, kind=kind, listener_event=message.listener_event,
        tenant=message.tenant, attempt=message.attempt, retries=message.retries, priority=message.priority, lease_ms=message.lease_ms,
        business_id=message.business_id, root_instance=message.root_instance, traceparent=message.traceparent,
        headers=_object(message.headers, 'headers'), variables=_object(message.variables, 'variables'),
        user_task=_object(message.user_task, 'fields of the user task'), tags=tuple(_json.loads(message.tags)) if message.tags else (),
        secrets={secret.pointer: secret.name for secret in message.secrets}, reply_partition=message.reply_partition, token=message.token,
        shutdown=shutdown)
