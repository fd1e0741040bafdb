# SPDX-License-Identifier: Apache-2.0
"""What every worker must do as it begins, stops, dies and shares, a scenario a sentence. Those of `lives` make their own workers; in those of
`outages` the broker stands still, so they run by themselves."""
import re
import socket
import time
import urllib.error
import urllib.request

from orchestra import LONG_S, check, patiently, same
from confluent_kafka import Consumer, TopicPartition

LIVES, OUTAGES = [], []


def life(group):
    def add(function):
        LIVES.append((group, function.__name__.replace('_', ' '), function))
        return function
    return add


def outage(group):
    def add(function):
        OUTAGES.append((group, function.__name__.replace('_', ' '), function))
        return function
    return add


def committed(o, job_type):
    """By partition, what the group of the type has committed."""
    group = o.topic(job_type).replace('.jobs.', '.workers.', 1)
    consumer = Consumer({'bootstrap.servers': o.brokers, 'group.id': group, 'enable.auto.commit': False})
    try:
        asked = [TopicPartition(o.topic(job_type), partition) for partition in range(8)]
        found = patiently(lambda: consumer.committed(asked, timeout=10))
        return {one.partition: max(one.offset, 0) for one in found}
    finally:
        consumer.close()


def begin(o, new, **settings):
    worker = new(**settings)
    o.wait_topic(o.topic(worker.type('echo')))
    o.ask(worker.type('echo'), seconds=LONG_S)
    o.wait_topic(o.topic(worker.type('slow')))
    o.end(o.send(o.job(worker.type('slow'), {'ms': 0}), partition=0), seconds=LONG_S)
    return worker


@life('stopping')
def whoever_is_told_to_stop_ends_what_it_has(o, new):
    with begin(o, new) as w:
        job = o.send(o.job(w.type('slow'), {'ms': 2500}))
        time.sleep(1)
        w.terminate()
        same(w.exit_code(), 0, 'the exit code')
        same(o.end(job, 'complete_job').variables['leaseLost'], False, 'the answer')
        check(sum(committed(o, w.type('slow')).values()) == 2, 'its offset is not committed')


@life('told')
def handlers_see_that_the_worker_stops(o, new):
    with begin(o, new) as w:
        job = o.send(o.job(w.type('slow'), {'ms': 20000, 'polite': True}))
        time.sleep(1)
        w.terminate()
        same(o.end(job, 'complete_job', seconds=5).variables['shutdown'], True, 'the signal')
        same(w.exit_code(), 0, 'the exit code')


@life('stopping')
def leases_are_kept_until_the_end(o, new):
    with begin(o, new) as w:
        job = o.send(o.job(w.type('slow'), {'ms': 5000}, lease_ms=2400))
        time.sleep(0.8)
        w.terminate()
        stopped = time.monotonic()
        o.end(job, 'complete_job', seconds=15)
        check(sum(extension.at > stopped + 1 for extension in o.of(job, 'extend_job')) >= 2, 'leases were not extended while it stopped')


@life('stopping')
def what_comes_while_it_stops_is_left_to_others(o, new):
    with begin(o, new) as w:
        o.send(o.job(w.type('slow'), {'ms': 3000}))
        time.sleep(0.8)
        w.terminate()
        time.sleep(0.3)
        late = o.send(o.job(w.type('slow'), {'ms': 1}))
        w.exit_code()
        same(o.ends_of(late), [], 'its answers')
        with new(types=w.types):
            o.end(late, 'complete_job', seconds=LONG_S)


@life('stopping')
def the_grace_has_an_end(o, new):
    with begin(o, new, BATON_WORKER_GRACE_MS=1500) as w:
        o.wait_topic(o.topic(w.type('block')))
        job = o.send(o.job(w.type('block')))
        time.sleep(5)
        w.terminate()
        w.exit_code(12)
        same(o.ends_of(job), [], 'its answers')
        same(sum(committed(o, w.type('block')).values()), 0, 'what is committed')


@life('told')
def what_fails_when_the_grace_is_over_uses_no_retry(o, new):
    with begin(o, new, BATON_WORKER_GRACE_MS=1000) as w:
        job = o.send(o.job(w.type('interrupted')))
        time.sleep(3)
        w.terminate()
        w.exit_code(15)
        time.sleep(0.5)
        same(o.ends_of(job), [], 'its answers')
        same(sum(committed(o, w.type('interrupted')).values()), 0, 'what is committed')


@life('dying')
def the_jobs_of_a_killed_worker_come_to_the_next(o, new):
    with begin(o, new) as w:
        jobs = [o.send(o.job(w.type('slow'), {'ms': 4000})) for _ in range(6)]
        time.sleep(1.5)
        w.kill()
        same([len(o.ends_of(job)) for job in jobs], [0] * 6, 'answers before')
        with new(types=w.types):
            for job in jobs:
                o.end(job, 'complete_job', seconds=LONG_S)


@life('dying')
def a_handler_that_kills_its_worker_loses_no_other_job(o, new):
    with begin(o, new) as w:
        other = o.send(o.job(w.type('slow'), {'ms': 3000}))
        time.sleep(0.5)
        o.send(o.job(w.type('crash')))
        same(w.exit_code(), 9, 'the exit code')
        with new(types=w.types, CONFORMANCE_CRASHES='false'):
            o.end(other, 'complete_job', seconds=LONG_S)


@life('sharing')
def two_workers_share_and_nothing_is_lost_as_one_comes_and_goes(o, new):
    with begin(o, new) as first:
        jobs = [o.send(o.job(first.type('slow'), {'ms': 20}), partition=n % 8) for n in range(200)]
        with new(types=first.types) as second:
            o.wait('the second one has answered', lambda: any(answer.body.worker == second.name for job in jobs for answer in o.ends_of(job)) or
                   [jobs.append(o.send(o.job(first.type('slow'), {'ms': 20}), partition=n)) for n in range(8)] and None, LONG_S)
            jobs += [o.send(o.job(first.type('slow'), {'ms': 1500}), partition=n) for n in range(8)]
            time.sleep(0.5)
            second.terminate()
            second.exit_code()
        for job in jobs:
            o.end(job, 'complete_job', seconds=LONG_S)


@life('sharing')
def what_runs_while_partitions_move_is_answered(o, new):
    with begin(o, new) as first:
        jobs = [o.send(o.job(first.type('slow'), {'ms': 7000}), partition=n) for n in range(8)]
        time.sleep(1)
        with new(types=first.types):
            for job in jobs:
                same(o.end(job, 'complete_job', seconds=LONG_S).body.worker, first.name, 'who answered first')


@life('offsets')
def offsets_stand_before_the_first_job_without_an_answer(o, new):
    with begin(o, new) as w:
        blocked = o.send(o.job(w.type('slow'), {'ms': 60000}), partition=5)
        after = [o.send(o.job(w.type('slow'), {'ms': 1}), partition=5) for _ in range(5)]
        elsewhere = [o.send(o.job(w.type('slow'), {'ms': 1}), partition=6) for _ in range(5)]
        for job in after + elsewhere:
            o.end(job, 'complete_job')
        time.sleep(2.5)
        offsets = committed(o, w.type('slow'))
        same((offsets[5], offsets[6]), (0, 5), 'what is committed')
        w.kill()
        with new(types=w.types):
            o.wait('it is taken by the next', lambda: o.of(blocked, 'extend_job')[-1:] if any(
                extension.body.worker != w.name for extension in o.of(blocked, 'extend_job')) else None, LONG_S)


@life('silence')
def a_blocked_handler_keeps_its_place_in_the_group(o, new):
    with begin(o, new) as w:
        o.send(o.job(w.type('block')))
        time.sleep(8)  # longer than the session
        same(o.ask(w.type('echo')).body.worker, w.name, 'who answers')


@life('settings')
def a_type_that_is_paused_takes_nothing_and_others_go_on(o, new):
    w = new(BATON_WORKER_PAUSED='false', pause='slow')
    with w:
        o.wait_topic(o.topic(w.type('slow')))
        job = o.send(o.job(w.type('slow'), {'ms': 1}))
        o.ask(w.type('echo'), seconds=LONG_S)
        time.sleep(2)
        same(o.of(job), [], 'its answers')


@life('settings')
def the_environment_goes_before_the_code(o, new):
    w = new(limit='peak')
    with w:
        o.wait_topic(o.topic(w.type('peak')))
        jobs = [o.send(o.job(w.type('peak'), {'ms': 50}), partition=n) for n in range(6)]
        same(max(o.end(job, 'complete_job', seconds=LONG_S).variables['most'] for job in jobs), 2, 'the most at a time')


@life('settings')
def a_setting_that_means_nothing_stops_the_start_by_name(o, new):
    with new(BATON_WORKER_MAX_CONCURENT=5) as w:
        check(w.exit_code(20) != 0, 'it runs')
        check('BATON_WORKER_MAX_CONCURENT' in w.said(), w.said())


@life('settings')
def a_wrong_setting_stops_the_start_by_name(o, new):
    with new(BATON_WORKER_MAX_CONCURRENT='many') as w:
        check(w.exit_code(20) != 0, 'it runs')
        check('BATON_WORKER_MAX_CONCURRENT' in w.said(), w.said())


@life('settings')
def no_part_of_a_password_is_shown(o, new):
    with new(BATON_KAFKA_PROPERTIES='security.protocol=SASL_SSL;sasl.password=first;rest-of-it') as w:
        check(w.exit_code(20) != 0, 'it runs')
        check('BATON_KAFKA_PROPERTIES' in w.said() and 'part 3' in w.said(), w.said())
        check('rest-of-it' not in w.said(), w.said())


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def fetch(port, path):
    try:
        with urllib.request.urlopen(f'http://127.0.0.1:{port}{path}', timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as err:
        return err.code, ''


@life('metrics')
def metrics_and_health_are_told(o, new):
    port = free_port()
    with begin(o, new, BATON_WORKER_METRICS=f'127.0.0.1:{port}') as w:
        o.ask(w.type('fatal'), {'message': 'no'}, 'fail_job')
        _, text = fetch(port, '/metrics')
        check(f'baton_worker_jobs_completed_total{{type="{w.type("echo")}"}} 1' in text, text)
        for name in ('AUTH', 'AUTH', 'THROTTLED'):
            o.ask(w.type('classed'), {'class': name, 'message': 'because', 'subject': 'shop-key', 'seconds': 0}, 'fail_job')
        _, text = fetch(port, '/metrics')
        failed = {tuple(sorted(labels.split(','))): float(value)
                  for labels, value in re.findall(r'^baton_worker_jobs_failed_total\{([^}]*)\} (\S+)$', text, re.MULTILINE)}
        same(failed.get(('class="AUTH"', f'type="{w.type("classed")}"')), 2.0, 'failures by class')
        same(failed.get(('class="THROTTLED"', f'type="{w.type("classed")}"')), 1.0, 'failures by class')
        same(sum(1 for labels in failed if f'type="{w.type("fatal")}"' in labels), 1, 'and of the one without a class')
        same(fetch(port, '/health/live')[0], 200, 'health')
        end = time.monotonic() + LONG_S  # until every type has its partitions
        while fetch(port, '/health/ready')[0] != 200:
            check(time.monotonic() < end, 'the worker is never ready')
            time.sleep(0.2)


@life('waiting')
def jobs_that_were_there_before_any_worker_are_done(o, new):
    from confluent_kafka.admin import NewTopic
    w = new(start=False)
    o.admin.create_topics([NewTopic(o.topic(f'{w}.echo'), 8, 1)])[o.topic(f'{w}.echo')].result()
    jobs = [o.send(o.job(f'{w}.echo')) for _ in range(5)]
    with new(types=w):
        for job in jobs:
            o.end(job, 'complete_job', seconds=LONG_S)


# -- Kafka is away ------------------------------------------------------------------------------

def wait_committed(o, job_type, count):
    end = time.monotonic() + 2 * LONG_S
    while sum(committed(o, job_type).values()) != count:
        check(time.monotonic() < end, f'{job_type}: {count} jobs are answered, {sum(committed(o, job_type).values())} are committed')
        time.sleep(0.5)


@outage('outage')
def a_broker_that_is_away_costs_no_job(o, new, broker):
    with begin(o, new) as w:
        jobs = [o.send(o.job(w.type('slow'), {'ms': 1000 + 200 * n}), partition=n % 8) for n in range(32)]
        time.sleep(1)
        with broker.away():
            time.sleep(8)  # longer than the session of a worker, shorter than the broker's own
        for job in jobs:
            o.end(job, 'complete_job', seconds=3 * LONG_S)
        jobs = [o.send(o.job(w.type('slow'), {'ms': 1}), partition=n) for n in range(8)]
        for job in jobs:
            o.end(job, 'complete_job', seconds=LONG_S)
        wait_committed(o, w.type('slow'), 1 + 32 + 8)
        same(w.process.poll(), None, 'the exit code')


@outage('outage')
def a_worker_ends_in_time_while_the_broker_is_away(o, new, broker):
    with begin(o, new, BATON_WORKER_GRACE_MS=2000) as w:
        job = o.send(o.job(w.type('slow'), {'ms': 3000}))
        time.sleep(1)
        with broker.away():
            w.terminate()
            w.exit_code()
        with new(types=w.types):
            o.end(job, 'complete_job', seconds=LONG_S)
