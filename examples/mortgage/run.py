#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs ten mortgage applications through a running Baton, with documents on a Kafka topic and a scripted human, and prints what happened.

usage: run.py --api URL --bureau URL [--baton PATH] [--remind PT1S] [--escalate PT3S]

  --baton     the `baton` command, which puts the documents on their topic
  --remind    after this long the appraiser is reminded (in life: PT24H)
  --escalate  after this long the supervisor hears of it (in life: PT48H)
"""
import argparse
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

DOCUMENTS = ['salary statement', 'purchase contract', 'land register']
APPLICANTS = [  # name, number at the bureau, income, amount, value of the property, what the underwriter says
    ('Ada', '100-20-1111', 90000, 300000, 420000, True),
    ('Bela', '100-20-2222', 70000, 250000, 300000, True),
    ('Chen', '100-20-3333', 52000, 240000, 260000, True),
    ('Dana', '100-20-4404', 61000, 200000, 280000, True),      # the bureau has no file
    ('Emre', '100-20-5555', 48000, 390000, 350000, True),      # more than the property is worth
    ('Femi', '100-20-6666', 120000, 480000, 640000, True),
    ('Gita', '100-20-7777', 83000, 310000, 400000, False),
    ('Hugo', '100-20-8888', 75000, 330000, 430000, True),
    ('Ines', '100-20-9999', 66000, 180000, 240000, True),
    ('Jun', '100-20-1234', 99000, 410000, 560000, True),       # the appraiser is slow
]
SLOW = 'Jun'


class Api:
    def __init__(self, url):
        self.url = url

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {'Content-Type': 'application/json'}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def search(self, what, **filter):
        return self.call('POST', f'/v2/{what}/search', {'filter': filter, 'page': {'limit': 1000}})['items']


def say(text):
    print(text, flush=True)


def wait_for(what, probe, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = probe()
        if value:
            return value
        time.sleep(0.1)
    sys.exit(f'waited {seconds} s for {what}')


def start_all(api, options):
    keys = {}
    for name, number, income, amount, value, approves in APPLICANTS:
        created = api.call('POST', '/v2/process-instances', {
            'processDefinitionId': 'mortgage', 'businessId': f'M-{name}',
            'variables': {
                'applicationId': f'M-{name}-{options.run}', 'applicant': {'name': name, 'ssn': number}, 'income': income, 'amount': amount,
                'propertyValue': value, 'requiredDocuments': DOCUMENTS, 'bureauUrl': options.bureau,
                'remindAfter': options.remind, 'escalateAfter': options.escalate,
            }})
        keys[name] = created['processInstanceKey']
    return keys


def send_documents(options):
    lines = [json.dumps({'applicationId': f'M-{name}-{options.run}', 'document': {'kind': kind, 'pages': 3}})
             for kind in DOCUMENTS for name, *_ in APPLICANTS]
    subprocess.run([options.baton, 'topics', 'send', 'mortgage-documents', '--lines', '-'], input='\n'.join(lines), text=True, check=True)


def work_as_human(api, keys):
    """Completes the user tasks as a person would; the slow appraiser's only after the escalation."""
    names = {key: name for name, key in keys.items()}
    approves = {name: says for name, *_, says in APPLICANTS}
    done = 0
    for task in api.search('user-tasks', state='CREATED'):
        name = names.get(task['processInstanceKey'])
        if name is None:
            continue
        if task['elementId'] == 'appraise':
            if name == SLOW and 'escalate' not in story(api, task['processInstanceKey'])[0]:
                continue
            result = {'appraisal': {'value': next(v for n, _, _, _, v, _ in APPLICANTS if n == name)}}
        else:
            result = {'approved': approves[name]}
        who = 'ben (appraiser)' if task['elementId'] == 'appraise' else f'uma ({task["candidateGroups"][0]})'
        try:
            api.call('POST', f'/v2/user-tasks/{task["userTaskKey"]}/assignment', {'assignee': who})
            api.call('POST', f'/v2/user-tasks/{task["userTaskKey"]}/completion', {'variables': result})
        except urllib.error.HTTPError as problem:
            if problem.code not in (404, 409):  # completed meanwhile
                raise
        done += 1
    return done


def all_ended(api, keys):
    states = {item['processInstanceKey']: item['state'] for item in api.search('process-instances', processDefinitionId='mortgage')}
    return all(states.get(key) not in (None, 'ACTIVE') for key in keys.values())


def duration(first, last):
    def seconds(text):
        return time.mktime(time.strptime(text[:19], '%Y-%m-%dT%H:%M:%S')) + int(text[20:23]) / 1000
    return seconds(last) - seconds(first)


def story(api, key):
    """The path of an instance and how long it stood at each element that took time."""
    events = api.call('GET', f'/v2/process-instances/{key}/history')['items']
    begun, path, spent = {}, [], {}
    for event in events:
        element = event.get('elementId')
        if event['event'] == 'ELEMENT_ACTIVATED' and element and event.get('key'):
            begun[event['key']] = event['time']
        elif event['event'] == 'ELEMENT_COMPLETED' and event.get('key') in begun:
            if element not in path:
                path.append(element)
            spent[element] = max(spent.get(element, 0), duration(begun[event['key']], event['time']))
    return path, spent


MILESTONES = [('creditScore', 'score'), ('appraise', 'appraise'), ('documents', 'documents'), ('underwrite', 'underwrite'), ('offer', 'offer')]


def print_report(api, keys):
    rows = [['application', 'score', 'queue', 'result', *[title for _, title in MILESTONES], 'reminded', 'escalated']]
    failures = 0
    for name, key in keys.items():
        instance = api.call('GET', f'/v2/process-instances/{key}')
        variables = instance['variables']
        path, spent = story(api, key)
        result = next((end for end in ('approved', 'declined') if end in path), instance['state'].lower())
        failures += result not in ('approved', 'declined')
        rows.append([f'M-{name}', str(variables.get('creditScore', 'no file')), variables.get('queue', '-'), result,
                     *[f'{spent[element]:.2f} s' if element in spent else '-' for element, _ in MILESTONES],
                     'yes' if 'remind' in path else '-', 'yes' if 'escalate' in path else '-'])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        say('  ' + '  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--api', required=True)
    parser.add_argument('--bureau', required=True)
    parser.add_argument('--baton', default='baton')
    parser.add_argument('--remind', default='PT1S')
    parser.add_argument('--escalate', default='PT3S')
    options = parser.parse_args()
    options.run = format(int(time.time()) % 0xFFFFFF, 'x')
    api = Api(options.api)
    say('starting ten applications')
    keys = start_all(api, options)
    say('sending their documents to the topic mortgage-documents')
    send_documents(options)
    say('a human appraises and underwrites')
    started = time.monotonic()
    wait_for('all applications to end', lambda: (work_as_human(api, keys), all_ended(api, keys))[1])
    say(f'all ended after {time.monotonic() - started:.1f} s\n')
    failures = print_report(api, keys)
    say(f'\nThe story of one: baton history {keys[SLOW]}\n')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
