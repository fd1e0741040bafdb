# SPDX-License-Identifier: Apache-2.0
"""The worker: handlers by job type, and everything that keeps them supplied.

    from baton import Worker, BpmnError

    worker = Worker()

    @worker.job('charge-card')
    def charge(amount: float, card: str):
        if amount > limit_of(card):
            raise BpmnError('CARD_DECLINED')
        return {'receipt': book(card, amount)}

    worker.run()
"""
from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import inspect
import json
import logging
import os
import signal
import threading
import time
from typing import Any, Callable, Mapping, Optional, Sequence

from . import outcome as outcomes
from ._answers import Answers
from ._arguments import Signature
from ._channel import Channel, Running
from ._lease import Lease, Leases
from .errors import BpmnError, Failure, FailureClass, Fatal, RetryAfter
from .job import Job, JobKind, _current
from .metrics import Metrics, serve
from .outcome import Completed, Failed, Outcome, Thrown
from .settings import Settings
from .v1 import command_pb2

try:
    from opentelemetry import trace as _trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator as _Propagator
except ImportError:
    _trace = None  # type: ignore[assignment]

_log = logging.getLogger('baton.worker')
_SILENT_S = 60.0  # a loop that has not turned for so long is dead

Middleware = Callable[[Job, Callable[[], Any]], Any]


class _Handler:
    def __init__(self, job_type: str, function: Callable[..., Any], max_concurrent: Optional[int], lease_ms: Optional[int]) -> None:
        self.job_type, self.function, self.max_concurrent, self.lease_ms = job_type, function, max_concurrent, lease_ms
        self.signature = Signature(function)
        self.is_async = inspect.iscoroutinefunction(function)


class Worker:
    """Serves any number of job types in one process. Configured by the environment (baton.settings)."""

    def __init__(self, settings: Optional[Settings] = None, middleware: Sequence[Middleware] = ()) -> None:
        self.settings = settings or Settings.from_environment()
        self.metrics = Metrics()
        self._handlers: dict[str, _Handler] = {}
        self._middleware = list(middleware)
        self._channels: dict[str, Channel] = {}
        self._pools: dict[str, concurrent.futures.ThreadPoolExecutor] = {}
        self._shutdown = threading.Event()
        self._answers: Answers = None  # type: ignore[assignment]
        self._leases: Leases = None  # type: ignore[assignment]
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    # -- Declaring ------------------------------------------------------------------------

    def job(self, job_type: str, *, max_concurrent: Optional[int] = None, lease_ms: Optional[int] = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Registers a handler, plain or async. Its parameters are variables by name, checked against their annotations; one called `job`, or annotated
        Job, is the job; **rest takes all others. What it returns (dict, dataclass, pydantic model) are variables. It raises BpmnError, RetryAfter, Failure or
        Fatal; whatever else it raises is a failure that is tried again, later each time."""
        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            if job_type in self._handlers:
                raise ValueError(f'there is a handler for jobs of type {job_type!r} already')
            self._handlers[job_type] = _Handler(job_type, function, max_concurrent, lease_ms)
            return function
        return register

    def use(self, middleware: Middleware) -> Middleware:
        """Calls `middleware(job, go_on)` around every handler, the first one outermost. Around an async handler go_on() is awaited."""
        self._middleware.append(middleware)
        return middleware

    # -- Running --------------------------------------------------------------------------

    def run(self) -> None:
        """Until SIGTERM or SIGINT, and then until what is under way has ended, or the grace is over (exit code 1; a second signal: at once)."""
        if not logging.getLogger().handlers:
            _configure_log()
        asked = threading.Event()
        signals = 0

        def on_signal(number: int, _frame: Any) -> None:
            nonlocal signals
            signals += 1
            if signals > 1:
                os._exit(128 + number)
            asked.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, on_signal)
        self.start()
        asked.wait()
        if not self.stop():
            logging.shutdown()
            os._exit(1)  # the threads of handlers that do not end would keep the process

    def start(self) -> None:
        """From threads of its own; returns at once. Kafka may be away: jobs come when it is back."""
        if not self._handlers:
            raise ValueError('the worker has no handlers: declare one with @worker.job("type")')
        self.settings.check(list(self._handlers))
        properties = {**self.settings.properties, 'bootstrap.servers': self.settings.brokers, 'client.id': self.settings.name}
        self._answers = Answers(properties, f'{self.settings.prefix}.commands')
        self._leases = Leases(self._extend, self.settings.take_ms)
        if any(handler.is_async for handler in self._handlers.values()):
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name='baton-async', daemon=True).start()
        self._answers.start()
        self._leases.start()
        for handler in self._handlers.values():
            self._open(handler)
        if self.settings.metrics:
            serve(self.settings.metrics, self.metrics_text, self.health)
        _log.info('worker %s: %s', self.settings.name, ', '.join(f'{one.job_type} ({one.own.max_concurrent} at a time)' for one in self._channels.values()))

    def _open(self, handler: _Handler) -> None:
        own = self.settings.of_type(handler.job_type, handler.max_concurrent, handler.lease_ms)
        channel = Channel(handler.job_type, self.settings, own, self.metrics, self._shutdown, self._begin, self._answer)
        self._channels[handler.job_type] = channel
        if not handler.is_async:
            self._pools[handler.job_type] = concurrent.futures.ThreadPoolExecutor(own.max_concurrent, f'baton-{handler.job_type}')
        channel.start()

    def stop(self, grace_ms: Optional[int] = None) -> bool:
        """Takes no more jobs, tells the handlers (job.shutdown), keeps their leases, and waits for them; then commits and leaves. False: some had not ended."""
        grace_s = (self.settings.grace_ms if grace_ms is None else grace_ms) / 1000
        until = time.monotonic() + grace_s
        self._shutdown.set()
        while (left := sum(channel.in_flight() for channel in self._channels.values())) and time.monotonic() < until:
            time.sleep(0.02)
        if left:
            _log.warning('worker %s: %d jobs have not ended within the grace of %.1f s: others will get them', self.settings.name, left, grace_s)
        undelivered = self._answers.stop(max(until - time.monotonic(), 1))
        for channel in self._channels.values():
            channel.ask_to_stop()
        leave_until = time.monotonic() + 3
        has_left = all([channel.has_stopped(leave_until) for channel in self._channels.values()])
        if not has_left:
            _log.warning('worker %s: Kafka does not answer: it ends without leaving its groups', self.settings.name)
        self._leases.stop()
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
        return left == 0 and undelivered == 0 and has_left

    def pause(self, job_type: Optional[str] = None) -> None:
        """Begins no more jobs of the type, or of any; those under way go on."""
        self._set_paused(job_type, True)

    def resume(self, job_type: Optional[str] = None) -> None:
        self._set_paused(job_type, False)

    def _set_paused(self, job_type: Optional[str], paused: bool) -> None:
        if job_type is not None and job_type not in self._channels:
            raise ValueError(f'no jobs of type {job_type!r} are served')
        for name, channel in self._channels.items():
            if job_type in (None, name):
                channel.paused = paused

    def health(self) -> dict[str, Any]:
        """`live`: all loops turn, whether brokers can be reached or not. `ready`: each type has partitions, or the group has none to give."""
        now = time.monotonic()
        types = {name: {'turned_s_ago': round(now - channel.turned, 1), 'assigned': channel.is_assigned, 'in_flight': channel.in_flight(),
                        'paused': channel.paused, 'last_error': channel.last_error} for name, channel in self._channels.items()}
        return {'live': all(one['turned_s_ago'] < _SILENT_S for one in types.values()),
                'ready': not self._shutdown.is_set() and all(one['assigned'] for one in types.values()), 'types': types}

    def metrics_text(self) -> str:
        return self.metrics.text({name: channel.in_flight() for name, channel in self._channels.items()})

    # -- Working --------------------------------------------------------------------------

    def test(self, job_type: str, variables: Optional[Mapping[str, Any]] = None, **fields: Any) -> Outcome:
        """What the handler makes of a job, without a broker: Completed, Thrown or Failed. `fields` are the job's (headers, retries, attempt, kind …)."""
        handler = self._handlers.get(job_type)
        if handler is None:
            raise ValueError(f'no handler for jobs of type {job_type!r}; there are {", ".join(sorted(self._handlers)) or "none"}')
        job = _made_up(job_type, variables or {}, fields)
        result = asyncio.run(self._work_async(handler, job)) if handler.is_async else self._work(handler, job)
        command = outcomes.fill_command(command_pb2.Command(), job, result, self.settings.name)
        if command.HasField('fail_job') and not isinstance(result, Failed):  # what it returned cannot be sent
            return Failed(command.fail_job.message, command.fail_job.retries)
        return result

    def _begin(self, channel: Channel, running: Running) -> None:
        handler = self._handlers[channel.job_type]
        running.lease = self._leases.hold(running, channel.own.lease_ms or running.job.lease_ms)
        if handler.is_async:
            assert self._loop is not None
            asyncio.run_coroutine_threadsafe(self._go_async(channel, running, handler), self._loop)
        else:
            self._pools[channel.job_type].submit(self._go, channel, running, handler)

    def _go(self, channel: Channel, running: Running, handler: _Handler) -> None:
        began = time.monotonic()
        result = self._work(handler, running.job)
        self.metrics.took(channel.job_type, time.monotonic() - began)
        self._answer(channel, running, result)

    async def _go_async(self, channel: Channel, running: Running, handler: _Handler) -> None:
        began = time.monotonic()
        result = await self._work_async(handler, running.job)
        self.metrics.took(channel.job_type, time.monotonic() - began)
        await asyncio.get_running_loop().run_in_executor(None, self._answer, channel, running, result)

    def _work(self, handler: _Handler, job: Job) -> Outcome:
        token = _current.set(job)
        try:
            with _span(job):
                call: Callable[[], Any] = functools.partial(handler.function, **handler.signature.bind(job))
                for middleware in reversed(self._middleware):
                    call = functools.partial(middleware, job, call)
                return outcomes.of_return(job, call())
        except BaseException as err:  # sys.exit() in a handler as well: a job has an end
            return _of_error(job, err)
        finally:
            _current.reset(token)

    async def _work_async(self, handler: _Handler, job: Job) -> Outcome:
        token = _current.set(job)
        try:
            with _span(job):
                call: Callable[[], Any] = functools.partial(handler.function, **handler.signature.bind(job))
                for middleware in reversed(self._middleware):
                    call = functools.partial(middleware, job, call)
                value = call()
                return outcomes.of_return(job, await value if inspect.isawaitable(value) else value)
        except BaseException as err:
            return _of_error(job, err)
        finally:
            _current.reset(token)

    # -- Answering ------------------------------------------------------------------------

    def _answer(self, channel: Channel, running: Running, result: Outcome) -> None:
        if running.lease is not None:
            running.lease.is_over = True
        command = outcomes.fill_command(command_pb2.Command(), running.job, result, self.settings.name)
        if command.HasField('fail_job'):
            self.metrics.add('jobs_failed', channel.job_type, failure_class=FailureClass(command.fail_job.failure_class).name)
        else:
            self.metrics.add('jobs_completed' if command.HasField('complete_job') else 'jobs_thrown', channel.job_type)

        def delivered(err: Optional[str]) -> None:
            if err is not None:
                self.metrics.add('answers_undelivered', channel.job_type)
                running.job.log.error('the answer did not reach Kafka (%s): the job will be offered again', err)
            channel.finished(running)

        self._answers.send(running.job.reply_partition, command.SerializeToString(), delivered)

    def _extend(self, lease: Lease) -> None:
        job = lease.running.job
        sent = time.monotonic()
        command = command_pb2.Command(instance=job.instance, key=job.key, tenant=job.tenant)
        answer = command.extend_job
        answer.attempt, answer.token, answer.worker, answer.extend_ms = job.attempt, job.token, self.settings.name, lease.lease_ms

        def delivered(err: Optional[str]) -> None:
            if err is None:
                lease.until = sent + lease.lease_ms / 1000

        self.metrics.add('leases_extended', job.type)
        self._answers.send(job.reply_partition, command.SerializeToString(), delivered)


def _of_error(job: Job, err: BaseException) -> Outcome:
    result = outcomes.of_error(job, err)
    if isinstance(result, Failed):
        job.log.warning('attempt %d failed, %d retries are left: %s', job.attempt, result.retries, result.message,
                        exc_info=not isinstance(err, (BpmnError, Failure, Fatal, RetryAfter)))
    return result


def _made_up(job_type: str, variables: Mapping[str, Any], fields: Mapping[str, Any]) -> Job:
    from . import _json
    given = {'key': 1, 'instance': 2, 'element_instance': 3, 'element_id': 'task', 'process_id': 'process', 'version': 1, 'definition': 4, 'kind': JobKind.TASK,
             'listener_event': '', 'tenant': '', 'attempt': 1, 'retries': 3, 'priority': 0, 'lease_ms': 60000, 'business_id': '', 'root_instance': 2,
             'traceparent': '', 'headers': {}, 'user_task': {}, 'tags': (), 'secrets': {}, **fields}
    return Job(type=job_type, variables=_json.loads(_json.dumps(_json.plain(variables))), **given)


class _NoSpan:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *args: Any) -> None:
        return None


def _span(job: Job) -> Any:
    """Goes on with the instance's trace, where OpenTelemetry is installed."""
    if _trace is None:
        return _NoSpan()
    parent = _Propagator().extract({'traceparent': job.traceparent}) if job.traceparent else None
    return _trace.get_tracer('baton').start_as_current_span(
        f'job {job.type}', context=parent, kind=_trace.SpanKind.CONSUMER,
        attributes={'messaging.system': 'kafka', 'baton.job.key': str(job.key), 'baton.instance.key': str(job.instance), 'baton.process.id': job.process_id,
                    'baton.element.id': job.element_id, 'baton.job.attempt': job.attempt})


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {'time': self.formatTime(record, '%Y-%m-%dT%H:%M:%S'), 'level': record.levelname.lower(), 'logger': record.name, 'message': record.getMessage()}
        line.update({name: getattr(record, name) for name in ('baton_job', 'baton_instance', 'baton_type', 'trace_id') if getattr(record, name, '')})
        if record.exc_info:
            line['error'] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _configure_log() -> None:
    handler = logging.StreamHandler()
    is_json = os.environ.get('BATON_WORKER_LOG', '') == 'json'
    handler.setFormatter(_JsonLines() if is_json else logging.Formatter('%(asctime)s %(levelname)-7s %(name)s: %(message)s'))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)


__all__ = ['Worker', 'Completed', 'Thrown', 'Failed']
