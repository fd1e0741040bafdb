# SPDX-License-Identifier: Apache-2.0
"""What every worker must do with jobs, a scenario a sentence. They share one worker and run beside each other."""
import json
import time

from orchestra import check, same

STEADY = []


def steady(group):
    def add(function):
        STEADY.append((group, function.__name__.replace('_', ' '), function))
        return function
    return add


# -- The form of an answer ------------------------------------------------------------------

@steady('form')
def an_answer_brings_back_instance_key_attempt_and_token(o, w):
    job = o.send(o.job(w.type('echo'), attempt=4, token=b'\x00\xffopaque'))
    answer = o.end(job, 'complete_job')
    same((answer.command.instance, answer.command.key, answer.body.attempt, answer.body.token), (job.instance, job.key, 4, b'\x00\xffopaque'), 'what came back')


@steady('form')
def an_answer_goes_to_the_partition_that_the_job_names(o, w):
    for partition in (3, 0, 2, 1):
        same(o.ask(w.type('echo'), reply_partition=partition).partition, partition, 'the partition')


@steady('form')
def an_answer_says_what_it_is_and_has_no_key(o, w):
    answer = o.ask(w.type('echo'))
    same(answer.headers.get('content-type'), b'application/x-protobuf; proto=baton.v1.Command', 'content-type')
    same(answer.key, None, 'the key')


@steady('form')
def an_answer_names_its_worker_and_asks_for_no_reply(o, w):
    answer = o.ask(w.type('echo'))
    same(answer.body.worker, w.name, 'the worker')
    same((answer.command.reply_partition, answer.command.reply_request), (0, 0), 'the reply')


@steady('form')
def the_tenant_comes_back(o, w):
    same(o.ask(w.type('echo'), tenant='north').command.tenant, 'north', 'the tenant')


@steady('form')
def fields_that_nobody_knows_yet_are_skipped(o, w):
    more = b'\xda\x3e\x05hello' + b'\xf8\x3e\x07'  # field 1003, text; field 1007, a number
    same(o.ask(w.type('echo'), {'a': 1}, more=more).variables, {'echo': {'a': 1}}, 'the variables')


@steady('form')
def a_job_says_everything_about_itself(o, w):
    answer = o.ask(w.type('meta'), process_id='order', element_id='pay', business_id='A-1', priority=7, tenant='north', headers=b'{"url":"x"}',
                   tags=b'["red","blue"]', attempt=2)
    meta = answer.variables['meta']
    same({name: meta[name] for name in ('process', 'element', 'businessId', 'priority', 'tenant', 'headers', 'tags', 'attempt', 'kind')},
         {'process': 'order', 'element': 'pay', 'businessId': 'A-1', 'priority': 7, 'tenant': 'north', 'headers': {'url': 'x'}, 'tags': ['red', 'blue'],
          'attempt': 2, 'kind': 0}, 'the job')
    same(meta['instance'], str(answer.command.instance), 'the instance')


@steady('form')
def the_idempotency_key_is_the_same_in_every_attempt(o, w):
    first = o.job(w.type('meta'))
    o.send(first)
    key = o.end(first).variables['meta']['idempotencyKey']
    second = o.send(o.job(w.type('meta'), key=first.key, attempt=2))
    same(o.end(second, attempt=2).variables['meta']['idempotencyKey'], key, 'the key')
    check(str(first.key) in key, f'{key} does not name the job')


@steady('form')
def a_trace_that_is_none_does_no_harm(o, w):
    for trace in ('00-a-b-zz', '00-a-b-1', '---', 'x' * 5000, '\u00fc'):
        o.ask(w.type('echo'), traceparent=trace)


@steady('variables')
def names_that_mean_something_to_a_language_are_names(o, w):
    odd = b'{"__proto__":{"a":1},"constructor":1,"toString":null,"isLosslessNumber":true,"value":"7","n":{"__proto__":[2]}}'
    same(o.ask(w.type('echo'), odd).variables['echo'], json.loads(odd), 'the variables')


@steady('variables')
def a_number_of_many_digits_holds_up_nothing(o, w):
    long = b'{"n":0.1' + b'0' * 200_000 + b'1}'
    o.end(o.send(o.job(w.type('echo'), long)))
    o.ask(w.type('echo'))


@steady('form')
def a_job_without_variables_and_headers_is_a_job(o, w):
    same(o.ask(w.type('echo'), b'', headers=b'').variables, {'echo': {}}, 'the variables')


@steady('form')
def the_time_of_a_record_does_not_matter(o, w):
    for time_ms in (1, int(time.time() + 1800) * 1000):  # 1970; half an hour ahead, the most that brokers take
        o.end(o.send(o.job(w.type('echo')), timestamp=time_ms), 'complete_job')


# -- Variables ------------------------------------------------------------------------------

@steady('variables')
def text_of_every_plane_and_nul_is_kept(o, w):
    text = 'a\u0000b \U0001f600 \u202eevil \u05e9\u05dc\u05d5\u05dd e\u0301 \\ " \u2028'
    same(o.ask(w.type('echo'), {'text': text, '\U0001f600 name': 1}).variables, {'echo': {'text': text, '\U0001f600 name': 1}}, 'the variables')


def numbers_of(data):
    return json.loads(data, parse_float=lambda text: ('float', text), parse_int=lambda text: ('int', text))


@steady('variables')
def numbers_of_thirty_four_digits_are_kept(o, w):
    text = b'{"a":1234567890123456789012345678901.234,"b":0.1234567890123456789012345678901234}'
    answer = o.ask(w.type('echo'), text)
    same(numbers_of(answer.body.variables)['echo'], numbers_of(text), 'the numbers')


@steady('variables')
def whole_numbers_of_sixty_four_bits_are_kept(o, w):
    text = b'{"a":9223372036854775807,"b":-9223372036854775808,"c":9007199254740993}'
    same(numbers_of(o.ask(w.type('echo'), text).body.variables)['echo'], numbers_of(text), 'the numbers')


@steady('variables')
def deep_values_are_kept(o, w):
    deep = {}
    for _ in range(28):
        deep = {'in': [deep]}
    same(o.ask(w.type('echo'), {'deep': deep}).variables['echo']['deep'], deep, 'the value')


@steady('variables')
def a_mebibyte_comes_and_goes(o, w):
    text = 'x' * (1_048_576 - 64)
    same(len(o.ask(w.type('echo'), {'text': text}).variables['echo']['text']), len(text), 'the text')


@steady('returned')
def variables_that_are_too_large_fail_the_job_by_name_and_size(o, w):
    answer = o.ask(w.type('return'), {'kind': 'large', 'size': 1_200_000}, 'fail_job')
    same(answer.body.retries, 0, 'the retries')
    check('big' in answer.body.message and '1,048,576' in answer.body.message.replace('1048576', '1,048,576'), answer.body.message)


@steady('variables')
def nothing_returned_is_no_variables(o, w):
    same(o.ask(w.type('nothing')).variables, {}, 'the variables')


def what_cannot_be_a_variable(o, w, kind, *words):
    answer = o.ask(w.type('return'), {'kind': kind}, 'fail_job')
    same(answer.body.retries, 0, 'the retries')
    for word in words:
        check(word in answer.body.message, f'{word!r} is not in {answer.body.message!r}')


@steady('returned')
def what_is_no_number_is_named(o, w):
    what_cannot_be_a_variable(o, w, 'nan', 'deep')


@steady('returned')
def what_contains_itself_is_named(o, w):
    what_cannot_be_a_variable(o, w, 'cycle', 'itself')


@steady('returned')
def what_is_no_value_is_named(o, w):
    what_cannot_be_a_variable(o, w, 'function', 'call')


@steady('returned')
def half_a_character_is_named(o, w):
    what_cannot_be_a_variable(o, w, 'surrogate', 'half')


@steady('returned')
def a_list_is_no_variables(o, w):
    what_cannot_be_a_variable(o, w, 'list')


# -- Ends -----------------------------------------------------------------------------------

@steady('ends')
def a_bpmn_error_has_code_message_and_variables(o, w):
    answer = o.ask(w.type('error'), {'code': 'DECLINED', 'message': 'no money', 'variables': {'limit': 5}}, 'throw_job_error')
    same((answer.body.error_code, answer.body.message, answer.variables), ('DECLINED', 'no money', {'limit': 5}), 'the error')


@steady('ends')
def a_failure_uses_a_retry_and_is_tried_again_later(o, w):
    answer = o.ask(w.type('fail'), {'message': 'the service is down'}, 'fail_job', retries=3)
    same(answer.body.retries, 2, 'the retries')
    check(answer.body.backoff_ms > 0, 'it would be tried again at once')
    check('the service is down' in answer.body.message, answer.body.message)


@steady('ends')
def later_attempts_wait_longer(o, w):
    waits = [o.ask(w.type('fail'), kind='fail_job', attempt=attempt, retries=9).body.backoff_ms for attempt in (1, 3, 6, 40)]
    check(waits == sorted(waits) and waits[2] > 4 * waits[0] and waits[3] <= 600_000, f'the waits are {waits} ms')


@steady('left')
def a_handler_that_leaves_its_program_has_failed(o, w):
    same(o.ask(w.type('leave'), kind='fail_job', retries=2).body.retries, 1, 'the retries')
    o.ask(w.type('echo'))


@steady('returned')
def a_code_that_is_no_text_is_a_failure(o, w):
    check('5' in o.ask(w.type('error'), {'code': 5}, 'fail_job').body.message, 'it does not say what was wrong')


@steady('ends')
def retries_do_not_go_below_nothing(o, w):
    same(o.ask(w.type('fail'), kind='fail_job', retries=0).body.retries, 0, 'the retries')


@steady('ends')
def a_fatal_failure_leaves_no_retries(o, w):
    answer = o.ask(w.type('fatal'), {'message': 'never'}, 'fail_job', retries=9)
    same((answer.body.retries, answer.body.message), (0, 'never'), 'the failure')


CLASSES = {'TRANSIENT': 1, 'THROTTLED': 2, 'PERMANENT': 3, 'AUTH': 4, 'POISON': 5}


@steady('ends')
def a_failure_has_a_class_and_says_what_is_meant(o, w):
    for name, number in CLASSES.items():
        body = o.ask(w.type('classed'), {'class': name, 'message': 'because', 'subject': 'shop-key', 'seconds': 0}, 'fail_job', retries=3).body
        same((body.failure_class, body.subject, body.message), (number, 'shop-key', 'because'), name)


@steady('ends')
def retries_that_a_class_leaves_are_told_to_who_does_not_know_it(o, w):
    left = {'TRANSIENT': 2, 'THROTTLED': 3, 'PERMANENT': 0, 'AUTH': 0, 'POISON': 0}
    for name, retries in left.items():
        same(o.ask(w.type('classed'), {'class': name, 'message': 'm', 'subject': '', 'seconds': 0}, 'fail_job', retries=3).body.retries, retries, name)


@steady('ends')
def a_class_says_when_to_come_again(o, w):
    for name in ('TRANSIENT', 'THROTTLED'):
        body = o.ask(w.type('classed'), {'class': name, 'message': 'm', 'subject': '', 'seconds': 7}, 'fail_job').body
        same(body.backoff_ms, 7000, name)


@steady('ends')
def a_fatal_failure_is_permanent(o, w):
    same(o.ask(w.type('fatal'), {'message': 'never'}, 'fail_job').body.failure_class, CLASSES['PERMANENT'], 'the class')


@steady('ends')
def to_come_again_is_transient_or_throttled(o, w):
    same(o.ask(w.type('later'), {'seconds': 2}, 'fail_job').body.failure_class, CLASSES['TRANSIENT'], 'the class')
    same(o.ask(w.type('later'), {'seconds': 2, 'keeps': True}, 'fail_job').body.failure_class, CLASSES['THROTTLED'], 'the class, without a retry')


@steady('ends')
def a_failure_without_a_class_has_none(o, w):
    same(o.ask(w.type('fail'), {'message': 'x'}, 'fail_job').body.failure_class, 0, 'the class')


@steady('typed')
def an_argument_that_does_not_fit_is_poison(o, w):
    same(o.ask(w.type('typed'), {'count': 'three'}, 'fail_job').body.failure_class, CLASSES['POISON'], 'the class')


@steady('ends')
def a_handler_says_when_to_come_again(o, w):
    same(o.ask(w.type('later'), {'seconds': 12.5}, 'fail_job').body.backoff_ms, 12500, 'the wait')


@steady('ends')
def coming_again_need_not_use_a_retry(o, w):
    same(o.ask(w.type('later'), {'seconds': 2, 'keeps': True}, 'fail_job', retries=1).body.retries, 1, 'the retries')


@steady('ends')
def a_failure_without_words_has_some_all_the_same(o, w):
    check(o.ask(w.type('fail'), kind='fail_job').body.message != '', 'the message is empty')


@steady('ends')
def a_message_that_is_too_long_is_cut(o, w):
    message = o.ask(w.type('fail'), {'message': '\u00e4' * 20_000}, 'fail_job').body.message
    check(0 < len(message.encode()) <= 8192, f'the message has {len(message.encode())} bytes')


# -- Typed arguments ------------------------------------------------------------------------

@steady('typed')
def declared_arguments_are_given_and_defaults_stand_in(o, w):
    same(o.ask(w.type('typed'), {'count': 3}).variables, {'count': 3, 'text': 'default', 'person': None}, 'the variables')


@steady('typed')
def a_structure_is_given_as_one(o, w):
    same(o.ask(w.type('typed'), {'count': 3, 'person': {'name': 'Ada', 'age': 36}}).variables['person'], {'name': 'Ada', 'age': 36}, 'the person')


def names_the_field(o, w, variables, *words):
    answer = o.ask(w.type('typed'), variables, 'fail_job')
    same(answer.body.retries, 0, 'the retries')
    for word in words:
        check(word in answer.body.message, f'{word!r} is not in {answer.body.message!r}')


@steady('typed')
def a_wrong_type_fails_the_job_and_names_the_variable(o, w):
    names_the_field(o, w, {'count': 'three'}, 'count')


@steady('typed')
def a_missing_variable_is_named(o, w):
    names_the_field(o, w, {}, 'count', 'missing')


@steady('typed')
def a_fraction_is_no_whole_number(o, w):
    names_the_field(o, w, {'count': 1.5}, 'count', '1.5')


@steady('typed')
def the_place_within_a_structure_is_named(o, w):
    names_the_field(o, w, {'count': 1, 'person': {'name': 'Ada', 'age': 'old'}}, 'person.age')


# -- Kinds of jobs --------------------------------------------------------------------------

@steady('kinds')
def a_task_listener_corrects(o, w):
    answer = o.ask(w.type('listener'), {'what': 'correct', 'corrections': {'assignee': 'ada'}}, kind='complete_job', listener_event='assigning')
    same(answer.result, {'corrections': {'assignee': 'ada'}}, 'the result')


@steady('kinds')
def a_task_listener_denies(o, w):
    job = o.job(w.type('listener'), {'what': 'deny', 'reason': 'not yet'}, listener_event='completing')
    job.kind = 2
    same(o.end(o.send(job), 'complete_job').result, {'denied': True, 'deniedReason': 'not yet'}, 'the result')


@steady('kinds')
def an_execution_listener_and_a_reminder_complete(o, w):
    for kind in (1, 4):
        job = o.job(w.type('echo'))
        job.kind = kind
        o.end(o.send(job), 'complete_job')


@steady('kinds')
def an_ad_hoc_sub_process_is_told_what_begins(o, w):
    job = o.job(w.type('adhoc'), {'activate': ['a', 'b'], 'complete': True})
    job.kind = 3
    same(o.end(o.send(job), 'complete_job').result,
         {'activateElements': [{'elementId': 'a', 'variables': {'by': 'worker'}}, {'elementId': 'b', 'variables': {'by': 'worker'}}],
          'isCompletionConditionFulfilled': True, 'isCancelRemainingInstances': False}, 'the result')


@steady('kinds')
def a_kind_of_the_future_fails_and_is_not_done_by_chance(o, w):
    job = o.job(w.type('echo'))
    answer = o.end(o.send(job, more=b'\x50\x63'), 'fail_job')  # kind = 99
    same(answer.body.retries, 0, 'the retries')


# -- Poison ---------------------------------------------------------------------------------

def goes_on_after(o, w, data, partition):
    o.send_bytes(w.type('echo'), data, partition)
    o.end(o.send(o.job(w.type('echo')), partition=partition), 'complete_job')


@steady('poison')
def what_is_no_job_is_passed_over(o, w):
    goes_on_after(o, w, b'\xff\xff\xffgarbage', 1)


@steady('poison')
def a_record_of_nothing_is_passed_over(o, w):
    goes_on_after(o, w, b'', 2)


@steady('poison')
def a_record_without_a_value_is_passed_over(o, w):
    goes_on_after(o, w, None, 3)


def unreadable(o, w, variables=b'{}', **fields):
    answer = o.ask(w.type('echo'), variables, 'fail_job', **fields)
    same(answer.body.retries, 0, 'the retries')


@steady('parsed')
def variables_that_are_no_json_fail_the_job(o, w):
    unreadable(o, w, b'{"a":')


@steady('parsed')
def variables_that_are_too_deep_fail_the_job(o, w):
    unreadable(o, w, b'{"a":' + b'[' * 100_000 + b']' * 100_000 + b'}')


@steady('parsed')
def variables_that_are_no_object_fail_the_job(o, w):
    unreadable(o, w, b'[1,2]')


@steady('parsed')
def numbers_that_json_does_not_have_fail_the_job(o, w):
    unreadable(o, w, b'{"a":NaN}')


# -- Deliveries -----------------------------------------------------------------------------

@steady('deliveries')
def a_record_that_comes_twice_while_it_is_worked_on_is_done_once(o, w):
    job = o.job(w.type('counted'), {'ms': 700})
    o.send(job), o.send(job)
    first = o.end(job, 'complete_job')
    time.sleep(1)
    second = o.send(o.job(w.type('counted'), {'ms': 0}, key=job.key, attempt=2))
    same((first.variables['run'], o.end(second, attempt=2).variables['run']), (1, 2), 'the runs')


@steady('deliveries')
def a_record_that_comes_again_after_its_answer_is_answered_again(o, w):
    job = o.send(o.job(w.type('echo')))
    o.end(job, 'complete_job')
    time.sleep(1)  # it is seen here before the worker hears that it is with Kafka; until then the record is a double
    o.send(job)
    o.wait('a second answer', lambda: len(o.ends_of(job)) == 2)


@steady('deliveries')
def a_later_attempt_is_worked_on_beside_the_earlier_one(o, w):
    first = o.send(o.job(w.type('slow'), {'ms': 6000, 'polite': True}))
    time.sleep(0.7)
    second = o.send(o.job(w.type('slow'), {'ms': 200}, key=first.key, attempt=2))
    answer = o.end(second, 'complete_job', attempt=2)
    same(answer.body.token, second.token, 'the token')


@steady('told')
def whoever_works_on_a_lost_attempt_is_told(o, w):
    first = o.send(o.job(w.type('slow'), {'ms': 8000, 'polite': True}))
    time.sleep(0.7)
    began = time.monotonic()
    o.send(o.job(w.type('slow'), {'ms': 200}, key=first.key, attempt=2))
    answer = o.end(first, attempt=1)
    check(answer.variables['leaseLost'] and time.monotonic() - began < 4, 'the handler of the first attempt was not told')


@steady('deliveries')
def an_attempt_that_is_over_is_not_begun(o, w):
    second = o.send(o.job(w.type('counted'), {'ms': 900}, attempt=5))
    time.sleep(0.4)
    o.send(o.job(w.type('counted'), {'ms': 0}, key=second.key, attempt=4))
    o.end(second, attempt=5)
    time.sleep(0.6)
    same([answer.body.attempt for answer in o.ends_of(second)], [5], 'the attempts that were answered')


# -- Leases ---------------------------------------------------------------------------------

@steady('leases')
def short_work_takes_no_lease(o, w):
    job = o.send(o.job(w.type('slow'), {'ms': 200}))
    o.end(job)
    same(len(o.of(job, 'extend_job')), 0, 'the extensions')


@steady('leases')
def long_work_takes_the_job_after_a_second(o, w):
    job, began = o.send(o.job(w.type('slow'), {'ms': 2500}, lease_ms=45000)), time.monotonic()
    extension = o.wait('an extension', lambda: o.of(job, 'extend_job'), 5)[0]
    check(0.5 < extension.at - began < 3, f'it came after {extension.at - began:.1f} s')
    same((extension.body.extend_ms, extension.body.attempt, extension.body.token, extension.body.worker, extension.partition),
         (45000, 1, job.token, w.name, job.reply_partition), 'the extension')


@steady('leases')
def a_lease_is_extended_at_each_third(o, w):
    job = o.send(o.job(w.type('slow'), {'ms': 6500}, lease_ms=3000))
    o.end(job, seconds=15)
    check(len(o.of(job, 'extend_job')) >= 4, f'{len(o.of(job, "extend_job"))} extensions in 6.5 s')


@steady('leases')
def nothing_is_extended_after_the_answer(o, w):
    job = o.send(o.job(w.type('slow'), {'ms': 1500}, lease_ms=3000))
    end = o.end(job)
    time.sleep(2.5)
    check(all(extension.at <= end.at + 0.2 for extension in o.of(job, 'extend_job')), 'there is an extension after the answer')


@steady('leases')
def a_job_that_names_no_lease_has_one_all_the_same(o, w):
    job = o.send(o.job(w.type('slow'), {'ms': 1800}, lease_ms=0))
    check(o.wait('an extension', lambda: o.of(job, 'extend_job'), 5)[0].body.extend_ms > 1000, 'the lease is too short')


# -- Many at a time -------------------------------------------------------------------------

@steady('many')
def as_many_as_were_allowed_are_worked_on_and_no_more(o, w):
    jobs = [o.send(o.job(w.type('peak'), {'ms': 150}), partition=number % 8) for number in range(24)]
    same(max(o.end(job, 'complete_job', seconds=20).variables['most'] for job in jobs), 4, 'the most at a time')


@steady('many')
def slow_jobs_do_not_hold_up_others_of_their_type(o, w):
    slow = [o.send(o.job(w.type('slow'), {'ms': 5000}), partition=0) for _ in range(4)]
    began = time.monotonic()
    quick = [o.send(o.job(w.type('slow'), {'ms': 1}), partition=0) for _ in range(20)]
    for job in quick:
        o.end(job, 'complete_job')
    check(time.monotonic() - began < 4, 'they waited for the slow ones')
    for job in slow:
        o.end(job, 'complete_job', seconds=20)


@steady('many')
def a_handler_that_never_ends_holds_up_no_other_type(o, w):
    o.send(o.job(w.type('block')))
    time.sleep(0.5)
    o.ask(w.type('echo'))


@steady('async')
def waiting_handlers_wait_together(o, w):
    began = time.monotonic()
    jobs = [o.send(o.job(w.type('async'), {'ms': 600})) for _ in range(10)]
    for job in jobs:
        o.end(job, 'complete_job')
    check(time.monotonic() - began < 4, 'they waited one after the other')


@steady('many')
def two_thousand_jobs_are_all_answered_once(o, w):
    jobs = [o.job(w.type('echo'), {'n': n}) for n in range(2000)]
    for job in jobs:
        o.producer.produce(o.topic(job.type), job.SerializeToString(), partition=job.key % 8)
    o.producer.flush(30)
    for n, job in enumerate(jobs):
        same(o.end(job, 'complete_job', seconds=60).variables['echo'], {'n': n}, 'the variables')
    same(sum(len(o.ends_of(job)) for job in jobs), 2000, 'the answers')


@steady('types')
def names_of_types_may_have_any_characters(o, w):
    o.ask(w.type('odd:type/\u00fc_x'))


@steady('types')
def the_worker_makes_the_topic_of_its_type(o, w):
    topics = o.admin.list_topics(timeout=10).topics
    same(len(topics[o.topic(w.type('echo'))].partitions), 8, 'its partitions')
