# SPDX-License-Identifier: Apache-2.0
"""The handlers that worker/sdk/conformance asks of every SDK (its README says what each does)."""
import asyncio
import collections
import dataclasses
import os
import threading
import time
from typing import Optional

from baton import AdHoc, BpmnError, Corrected, Denied, Failure, FailureClass, Fatal, Job, RetryAfter, Worker

worker = Worker()
prefix = os.environ.get('CONFORMANCE_TYPES', 'c')


def serves(name, **options):
    return worker.job(f'{prefix}.{name}', **options)


@serves('echo')
def echo(**variables):
    return {'echo': variables}


@serves('meta')
def meta(job: Job):
    return {'meta': {'process': job.process_id, 'element': job.element_id, 'instance': str(job.instance), 'businessId': job.business_id, 'tags': list(job.tags),
                     'headers': dict(job.headers), 'priority': job.priority, 'tenant': job.tenant, 'attempt': job.attempt, 'kind': int(job.kind),
                     'idempotencyKey': job.idempotency_key, 'trace': job.traceparent}}


@dataclasses.dataclass
class Person:
    name: str
    age: int


@serves('typed')
def typed(count: int, text: str = 'default', person: Optional[Person] = None):
    return {'count': count, 'text': text, 'person': person}


@serves('error')
def error(code, message='', variables=None):
    raise BpmnError(code, message, variables)


class Odd(Exception):
    pass


@serves('fail')
def fail(message=''):
    raise Odd(message) if message else Odd()


@serves('fatal')
def fatal(message):
    raise Fatal(message)


@serves('classed')
def classed(message, subject, seconds, **others):
    raise Failure(FailureClass[others['class']], message, subject=subject, seconds=seconds)


@serves('leave')
def leave():
    raise SystemExit(3)


@serves('later')
def later(seconds: float, keeps: bool = False):
    raise RetryAfter(seconds, keeps_retries=keeps)


@serves('nothing')
def nothing():
    return None


@serves('return')
def returns(kind, size=0):
    itself = {}
    itself['me'] = itself
    return {'nan': {'deep': [1, float('nan')]}, 'cycle': {'itself': itself}, 'function': {'call': returns}, 'list': [1, 2],
            'surrogate': {'half': '\ud800'}, 'large': {'small': 1, 'big': 'x' * size}}[kind]


@serves('listener')
def listener(job: Job, what='nothing', reason='', corrections=None):
    if what == 'deny':
        return Denied(reason)
    return Corrected(corrections) if what == 'correct' else None


@serves('adhoc')
def ad_hoc(activate, complete=False):
    return AdHoc([(one, {'by': 'worker'}) for one in activate], is_complete=complete)


@serves('slow', max_concurrent=16)
def slow(ms: int, job: Job, polite: bool = False):
    until = time.monotonic() + ms / 1000
    while time.monotonic() < until and not (polite and job.is_cancelled):
        time.sleep(0.02)
    return {'shutdown': job.shutdown.is_set(), 'leaseLost': job.lease_lost.is_set()}


lock, here, most, runs = threading.Lock(), 0, 0, collections.Counter()


@serves('peak', max_concurrent=4)
def peak(ms: int):
    global here, most
    with lock:
        here += 1
        most = max(most, here)
    time.sleep(ms / 1000)
    with lock:
        here -= 1
    return {'most': most}


@serves('counted')
def counted(ms: int, job: Job):
    with lock:
        runs[job.key] += 1
        mine = runs[job.key]
    time.sleep(ms / 1000)
    return {'run': mine}


@serves('async')
async def asynchronous(ms: int):
    await asyncio.sleep(ms / 1000)
    return {'slept': ms}


@serves('block', max_concurrent=1)
def block():
    threading.Event().wait()


@serves('interrupted')
def interrupted():
    threading.Event().wait()  # nothing ends a thread from outside


@serves('crash')
def crash(ms: int = 0):
    time.sleep(ms / 1000)
    if os.environ.get('CONFORMANCE_CRASHES', 'true') == 'true':
        os._exit(9)


@serves('odd:type/ü_x')
def odd():
    return {'odd': True}


worker.run()
