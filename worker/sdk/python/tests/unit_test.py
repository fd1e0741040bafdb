# SPDX-License-Identifier: Apache-2.0
"""What needs no broker: python -m unittest discover -s worker/sdk/python/tests -p 'unit_test.py'"""
import dataclasses
import datetime
import decimal
import enum
import json
import os
import random
import re
import threading
import typing
import unittest

from confluent_kafka import KafkaError

from baton import (AdHoc, BadInput, BpmnError, Completed, Corrected, Denied, Failed, Failure, FailureClass, Fatal, Job, RetryAfter, Settings, Thrown, Worker, current_job)
from baton import _json
from baton._channel import Channel
from baton._progress import Progress
from baton.metrics import Metrics
from baton.settings import TypeSettings, part_of_job_type

HERE = os.path.dirname(os.path.abspath(__file__))


def outcome_of(handler, variables=None, **fields):
    worker = Worker(Settings(name='w'))
    worker.job('t')(handler)
    return worker.test('t', variables or {}, **fields)


class Color(enum.Enum):
    RED = 'red'


@dataclasses.dataclass
class Line:
    sku: str
    price: decimal.Decimal
    count: int = 1


class Arguments(unittest.TestCase):
    def good(self, expected, value, wanted):
        def handler(x):
            self.seen = x
        handler.__annotations__['x'] = expected
        self.assertEqual(outcome_of(handler, {'x': value}), Completed())
        self.assertEqual(self.seen, wanted)
        self.assertIs(type(self.seen), type(wanted))

    def test_what_fits_is_converted(self):
        for expected, value, wanted in (
                (int, 3, 3), (float, 3, 3.0), (decimal.Decimal, decimal.Decimal('0.10'), decimal.Decimal('0.10')), (str, 'a', 'a'), (bool, True, True),
                (typing.Optional[int], None, None), (typing.Optional[int], 4, 4), (typing.Union[int, str], 'a', 'a'), (typing.List[float], [1, 2.5], [1.0, 2.5]),
                (typing.Dict[str, int], {'a': 1}, {'a': 1}), (typing.Literal['a', 'b'], 'b', 'b'), (Color, 'red', Color.RED), (typing.Any, [1], [1]),
                (datetime.date, '2026-11-30', datetime.date(2026, 11, 30)),
                (datetime.datetime, '2026-11-30T08:00:00Z', datetime.datetime(2026, 11, 30, 8, tzinfo=datetime.timezone.utc)),
                (typing.List[Line], [{'sku': 'a', 'price': decimal.Decimal('1.10')}], [Line('a', decimal.Decimal('1.10'))]), (set[int], [1, 1, 2], {1, 2})):
            with self.subTest(expected=expected, value=value):
                self.good(expected, value, wanted)

    def test_what_does_not_fit_is_named(self):
        for expected, value, message in (
                (int, 'a', 'variable "x": expected int, found str'), (int, 1.5, 'variable "x": expected a whole number, found 1.5'),
                (int, True, 'variable "x": expected int, found bool'), (str, None, 'variable "x": expected str, found null'),
                (typing.List[int], [1, 'b'], 'variable "x[1]": expected int, found str'), (typing.Literal['a'], 'c', "variable \"x\": expected one of 'a', found 'c'"),
                (Color, 'blue', "variable \"x\": 'blue' is no Color"), (datetime.date, 'soon', "variable \"x\": 'soon' is no date"),
                (typing.List[Line], [{'sku': 'a'}], 'variable "x[0].price" is missing')):
            def handler(x):
                self.fail('it was called')
            handler.__annotations__['x'] = expected
            with self.subTest(expected=expected, value=value):
                self.assertEqual(outcome_of(handler, {'x': value}), Failed(message, 0, 0, FailureClass.POISON))

    def test_the_rest_and_the_job(self):
        def handler(a, job, **rest):
            self.assertIs(current_job(), job)
            return {'rest': rest, 'key': job.idempotency_key}
        self.assertEqual(outcome_of(handler, {'a': 1, 'b': 2, 'c': 3}), Completed({'rest': {'b': 2, 'c': 3}, 'key': 'baton-1'}))
        self.assertIsNone(current_job())
        with self.assertRaises(TypeError):
            Worker(Settings()).job('t')(lambda *all: None)


class Ends(unittest.TestCase):
    def test_each(self):
        def raising(err):
            def handler():
                raise err
            return handler
        self.assertEqual(outcome_of(raising(BpmnError('NO', 'text', {'a': 1}))), Thrown('NO', 'text', {'a': 1}))
        self.assertEqual(outcome_of(raising(RetryAfter(2.5, 'busy'))), Failed('busy', 2, 2500, FailureClass.TRANSIENT))
        self.assertEqual(outcome_of(raising(RetryAfter(1, 'busy', keeps_retries=True)), retries=1), Failed('busy', 1, 1000, FailureClass.THROTTLED))
        self.assertEqual(outcome_of(raising(Fatal('never'))), Failed('never', 0, 0, FailureClass.PERMANENT))
        self.assertEqual(outcome_of(raising(Failure(FailureClass.AUTH, '401', subject='shop-key'))), Failed('401', 0, 0, FailureClass.AUTH, 'shop-key'))
        failed = outcome_of(raising(OSError('down')), attempt=3)
        self.assertEqual((failed.message, failed.retries), ('OSError: down', 2))
        self.assertTrue(3200 <= failed.backoff_ms <= 4800, failed)
        self.assertEqual(outcome_of(lambda: Denied('no')), Completed(result={'denied': True, 'deniedReason': 'no'}))
        self.assertEqual(outcome_of(lambda: Corrected({'priority': 3})), Completed(result={'corrections': {'priority': 3}}))
        self.assertEqual(outcome_of(lambda: AdHoc([('a', {'n': 1})])).result['activateElements'], [{'elementId': 'a', 'variables': {'n': 1}}])

    def test_async_and_middleware(self):
        worker = Worker(Settings())
        steps = []

        @worker.job('t')
        async def handler(a: int):
            steps.append('handler')
            return {'b': a}

        @worker.use
        def outer(job, go_on):
            steps.append(f'outer {job.type}')
            return go_on()

        @worker.use
        async def inner(job, go_on):
            steps.append('inner')
            return {**await go_on(), 'more': True}
        self.assertEqual(worker.test('t', {'a': 1}), Completed({'b': 1, 'more': True}))
        self.assertEqual(steps, ['outer t', 'inner', 'handler'])

    def test_what_cannot_be_sent(self):
        self.assertEqual(outcome_of(lambda: {'a': {'b': [float('inf')]}}), Failed('a.b[0] is inf, which is no number in JSON', 0))
        self.assertEqual(outcome_of(lambda: {'a': {1: 2}}), Failed('a has the key 1, which is no text', 0))
        self.assertIn('"big" alone has', outcome_of(lambda: {'small': 1, 'big': 'x' * 1100000}).message)
        self.assertIn('which JSON does not have', outcome_of(lambda: {'a': object()}).message)


class Json(unittest.TestCase):
    def test_no_digit_is_lost(self):
        generator = random.Random(7)
        for _ in range(2000):
            digits = ''.join(generator.choice('0123456789') for _ in range(generator.randint(1, 34)))
            at = generator.randint(0, len(digits))
            text = f'{int(digits[:at] or "0")}' + (f'.{digits[at:]}' if digits[at:] else '')
            found = _json.loads(_json.dumps(_json.plain(_json.loads(text.encode()))))
            self.assertEqual(decimal.Decimal(str(found)), decimal.Decimal(text), text)

    def test_what_is_no_json_is_refused(self):
        for text in (b'NaN', b'{"a":Infinity}', b'{', b'\xff', b'{"a":1}x'):
            with self.assertRaises(ValueError):
                _json.loads(text)

    def test_the_same_twice_is_no_cycle(self):
        part = {'a': 1}
        self.assertEqual(_json.plain({'x': part, 'y': [part, part]}), {'x': {'a': 1}, 'y': [{'a': 1}, {'a': 1}]})


class Others(unittest.TestCase):
    def test_parts_of_topics(self):
        for job_type, part in (('pay', 'pay'), ('io.camunda:http-json:1', 'io.camunda_x3ahttp-json_x3a1'), ('a_x', 'a_x5fx'), ('ü', '_xc3_xbc'), ('a_b', 'a_b')):
            self.assertEqual(part_of_job_type(job_type), part)
        for wrong in ('', 'x' * 201, ':' * 51):
            with self.assertRaises(ValueError):
                part_of_job_type(wrong)

    def test_offsets_wait_for_the_first(self):
        progress = Progress()
        for offset in (3, 4, 7):
            progress.begin(offset)
        self.assertIsNone(progress.end(4))
        self.assertEqual(progress.end(3), 5)
        self.assertIsNone(progress.end(9))
        self.assertEqual(progress.end(7), 8)

    def test_offsets_whose_commit_failed_are_committed_again_while_they_are_its_own(self):
        channel = Channel('t', Settings(), TypeSettings(1, 0, False), Metrics(), threading.Event(), None, None)

        class Consumer:
            def commit(self, offsets, asynchronous):
                self.offsets = offsets

        consumer, away = Consumer(), KafkaError(KafkaError._TIMED_OUT)

        def commit(offset):
            channel._to_commit[0] = offset
            channel._commit(consumer, is_last=False)
            return consumer.offsets
        channel._on_commit(away, commit(5))
        self.assertEqual(channel._to_commit, {0: 5})
        overtaken = commit(5)
        commit(6)
        channel._on_commit(away, overtaken)
        self.assertEqual(channel._to_commit, {})
        earlier = commit(7)
        channel._forget()
        commit(3)
        channel._on_commit(away, earlier)
        self.assertEqual(channel._to_commit, {})

    def test_settings(self):
        env = {'BATON_KAFKA_PROPERTIES': 'a.b=c; d=e=f;p=x\\;y\\;', 'BATON_WORKER_MAX_CONCURRENT': '7', 'BATON_WORKER_CHARGE_CARD_MAX_CONCURRENT': '2', 'OTHER': 'x'}
        settings = Settings.from_environment(env)
        self.assertEqual(settings.properties, {'a.b': 'c', 'd': 'e=f', 'p': 'x;y;'})
        self.assertEqual([settings.of_type(name, 5, None).max_concurrent for name in ('charge-card', 'other')], [2, 5])
        settings.check(['charge-card'])
        with self.assertRaisesRegex(ValueError, 'BATON_WORKER_CHARGE_CARD_MAX_CONCURRENT'):
            settings.check(['other'])
        for name, value in (('BATON_WORKER_PAUSED', 'yes'), ('BATON_WORKER_GRACE_MS', '-1'), ('BATON_KAFKA_SESSION_MS', '5')):
            with self.assertRaisesRegex(ValueError, name):
                Settings.from_environment({name: value})

    def test_spans_go_on_with_the_trace_of_the_instance(self):
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        told, provider = InMemorySpanExporter(), TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(told))
        trace.set_tracer_provider(provider)
        outcome_of(lambda: None, traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
        span, = told.get_finished_spans()
        self.assertEqual((span.name, f'{span.context.trace_id:032x}', f'{span.parent.span_id:016x}'),
                         ('job t', '0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'))

    def test_lines_of_a_job_say_which(self):
        from baton.worker import _JsonLines
        with self.assertLogs('baton.job') as caught:
            outcome_of(lambda job: job.log.warning('careful'), traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
        line = json.loads(_JsonLines().format(caught.records[0]))
        self.assertEqual((line['message'], line['baton_job'], line['baton_instance'], line['trace_id']), ('careful', '1', '2', '0af7651916cd43dd8448eb211c80319c'))

    def test_whoever_leaves_or_nests_too_deeply_has_failed(self):
        def leave():
            raise SystemExit(3)
        deep = []
        for _ in range(100_000):
            deep = [deep]
        with self.assertLogs('baton.job'):
            self.assertEqual(outcome_of(leave).message, 'SystemExit: 3')
        self.assertEqual(outcome_of(lambda: {'a': deep}), Failed('what the handler returned is nested too deeply', 0))
        self.assertEqual(outcome_of(lambda: Thrown(5)).retries, 0)

    def test_the_readme_says_what_is_so(self):
        text = open(os.path.join(HERE, '..', 'README.md')).read()
        first, tests = [re.findall(r'```python\n(.*?)```', text, re.S)[at] for at in (0, 2)]
        scope = {}
        exec(first.replace('worker.run()', ''), scope)
        exec(tests.replace('from charge import worker\n', ''), scope)
        scope['test_small_amounts_are_charged']()
        scope['test_large_ones_are_declined']()


if __name__ == '__main__':
    unittest.main()
