# SPDX-License-Identifier: Apache-2.0
"""What becomes of a job: from what its handler returns or raises to the answer that the orchestrator gets."""
from __future__ import annotations

import dataclasses
import random
from typing import Any, Mapping, Optional, Sequence, Tuple, Union

from . import _json
from .errors import BadInput, BpmnError, Failure, FailureClass, Fatal, RetryAfter
from .job import Job

MAX_VARIABLES_BYTES = 1_048_576  # COMMAND_VARIABLES_BYTES of the orchestrator
MAX_MESSAGE_BYTES = 8192
FIRST_BACKOFF_S, MAX_BACKOFF_S = 1.0, 300.0
MAX_WAIT_S = 24 * 86400  # that a handler may ask for: LIMIT_LEASE_MS of the orchestrator, about


@dataclasses.dataclass(frozen=True)
class Completed:
    variables: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    result: Optional[Mapping[str, Any]] = None  # of listeners and ad-hoc sub-processes


@dataclasses.dataclass(frozen=True)
class Thrown:
    """A BPMN error."""

    code: str
    message: str = ''
    variables: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Failed:
    message: str
    retries: int  # that are left; 0: an incident
    backoff_ms: int = 0
    failure_class: FailureClass = FailureClass.UNSPECIFIED
    subject: str = ''


Outcome = Union[Completed, Thrown, Failed]


@dataclasses.dataclass(frozen=True)
class Denied:
    """A task listener returns it: what was asked for does not happen."""

    reason: str = ''


@dataclasses.dataclass(frozen=True)
class Corrected:
    """A task listener returns it: the task is so (assignee, dueDate, followUpDate, candidateUsers, candidateGroups, priority)."""

    corrections: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class AdHoc:
    """The handler of an ad-hoc sub-process returns it: what begins next, and whether it is over."""

    activate: Sequence[Union[str, Tuple[str, Mapping[str, Any]]]] = ()
    is_complete: bool = False
    cancel_remaining: bool = False
    variables: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def backoff_ms(attempt: int) -> int:
    """Exponential with jitter: about 1 s after the first attempt, at most 5 minutes; never 0."""
    seconds = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(max(attempt, 1) - 1, 16))
    return int(1000 * seconds * random.uniform(0.8, 1.2))


def of_return(job: Job, value: Any) -> Outcome:
    """A failure that trying again does not mend, where the value cannot be variables: it names what of it."""
    try:
        return _of_return(value)
    except ValueError as err:
        return Failed(str(err), 0)
    except RecursionError:
        return Failed('what the handler returned is nested too deeply', 0)


def _of_return(value: Any) -> Outcome:
    if isinstance(value, (Completed, Thrown, Failed)):
        return value
    if isinstance(value, Denied):
        return Completed(result={'denied': True, 'deniedReason': value.reason})
    if isinstance(value, Corrected):
        return Completed(result={'corrections': _json.plain(value.corrections)})
    if isinstance(value, AdHoc):
        return Completed(_json.plain(value.variables), _ad_hoc(value))
    if value is None:
        return Completed()
    variables = _json.plain(value)
    if not isinstance(variables, dict):
        raise ValueError(f'the handler returned a {type(value).__name__}; variables have names: return a dict, a dataclass or None')
    return Completed(variables)


def _ad_hoc(value: AdHoc) -> Mapping[str, Any]:
    elements = [(one, {}) if isinstance(one, str) else one for one in value.activate]
    return {'activateElements': [{'elementId': name, 'variables': _json.plain(variables)} for name, variables in elements],
            'isCompletionConditionFulfilled': value.is_complete, 'isCancelRemainingInstances': value.cancel_remaining}


def of_error(job: Job, err: BaseException) -> Outcome:
    if isinstance(err, BpmnError):
        try:
            return Thrown(err.code, err.message, _json.plain(err.variables))
        except ValueError as wrong:
            return Failed(f'variables of the BPMN error {err.code}: {wrong}', 0)
    left = max(job.retries - 1, 0)
    if isinstance(err, RetryAfter):
        wait_ms = int(min(err.seconds, MAX_WAIT_S) * 1000)
        return _classed(job, FailureClass.THROTTLED if err.keeps_retries else FailureClass.TRANSIENT, str(err), wait_ms)
    if isinstance(err, Failure):
        return _classed(job, err.failure_class, str(err), int(min(err.seconds, MAX_WAIT_S) * 1000), err.subject)
    if isinstance(err, Fatal):
        return _classed(job, FailureClass.POISON if isinstance(err, BadInput) else FailureClass.PERMANENT, str(err) or type(err).__name__)
    message = str(err)
    return Failed(f'{type(err).__name__}: {message}' if message else type(err).__name__, left, backoff_ms(job.attempt))


def _classed(job: Job, failure_class: FailureClass, message: str, wait_ms: int = 0, subject: str = '') -> Failed:
    """The retries are for orchestrators that do not know the class."""
    left = {FailureClass.TRANSIENT: max(job.retries - 1, 0), FailureClass.THROTTLED: max(job.retries, 1)}.get(failure_class, 0)
    return Failed(message, left, wait_ms, failure_class, subject)


def _check_size(data: bytes, what: str, values: Mapping[str, Any]) -> None:
    if len(data) <= MAX_VARIABLES_BYTES:
        return
    name, size = max(((name, len(_json.dumps(value))) for name, value in values.items()), key=lambda one: one[1])
    raise ValueError(f'the {what} have {len(data):,} bytes, at most {MAX_VARIABLES_BYTES:,} are taken; "{name}" alone has {size:,}')


def _cut(text: str) -> str:
    data = text.encode('utf-8', 'replace')
    return data.decode() if len(data) <= MAX_MESSAGE_BYTES else data[:MAX_MESSAGE_BYTES - 3].decode('utf-8', 'ignore') + '…'


def fill_command(command: Any, job: Job, outcome: Outcome, worker: str) -> Any:
    """A baton.v1.Command that answers the job. What cannot be sent becomes a failure that says so."""
    command.instance, command.key, command.tenant = job.instance, job.key, job.tenant
    try:
        answer = _fill(command, outcome)
    except (ValueError, TypeError, RecursionError) as err:
        command.ClearField(command.WhichOneof('body') or 'fail_job')
        answer = _fill(command, Failed(f'what the handler gave cannot be sent: {err}', 0))
    answer.attempt, answer.token, answer.worker = job.attempt, job.token, worker
    return command


def _fill(command: Any, outcome: Outcome) -> Any:
    if isinstance(outcome, Failed):
        answer = command.fail_job
        answer.message, answer.retries, answer.backoff_ms = _cut(outcome.message), max(outcome.retries, 0), max(outcome.backoff_ms, 0)
        answer.failure_class, answer.subject = int(outcome.failure_class), _cut(outcome.subject)
        return answer
    variables = _json.dumps(_json.plain(outcome.variables)) if outcome.variables else b''
    _check_size(variables, 'variables', outcome.variables)
    if isinstance(outcome, Thrown):
        answer = command.throw_job_error
        answer.error_code, answer.message, answer.variables = outcome.code, _cut(outcome.message), variables
        return answer
    result = _json.dumps(_json.plain(outcome.result)) if outcome.result is not None else b''
    _check_size(result, 'parts of the result', outcome.result or {})
    answer = command.complete_job
    answer.variables, answer.result = variables, result
    return answer
