# SPDX-License-Identifier: Apache-2.0
"""Nodes, workers and the command line on the tests' PostgreSQL and Kafka, with a database and a topic prefix of their own."""
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))

BINARIES = os.environ['BATON_TEST_BIN']
SHARDS = 3
KAFKA_LIBRARIES = subprocess.run([os.path.join(HERE, '..', '..', 'deploy', 'kafka-libraries')], check=True, stdout=subprocess.PIPE,
                                  text=True).stdout.strip() + '/*'


def cluster_values():
    with open(os.environ['BATON_TEST_ENV']) as lines:
        return dict(line.rstrip('\n').split('=', 1) for line in lines)


def wait_for(what, probe, seconds=120):
    """What the probe gives as soon as it is true; asked again until then."""
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'waited {seconds} s for {what}')
        time.sleep(0.02)


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return listener.getsockname()[1]


class Scene:
    def __init__(self, name, **settings):
        values = cluster_values()
        self.name = f'{name}_{os.getpid()}'
        self.kafka, server = values['BATON_TEST_KAFKA'], values['BATON_TEST_POSTGRES']
        self.postgres = f'{server} dbname={self.name}'
        self.folder = tempfile.mkdtemp(prefix=self.name + '-', dir=values['BATON_TEST_DIR'])
        self.settings = {'postgres.url': self.postgres, 'postgres.migrate': 'true', 'kafka.brokers': self.kafka,
                         'kafka.topic_prefix': self.name, 'engine.shards': str(SHARDS), **settings}
        self.processes = []
        subprocess.run(['psql', server, '-qc', f'CREATE DATABASE {self.name}'], check=True)

    def make_roles(self):
        """Owner, engine, API and a reader as roles of PostgreSQL, none a superuser: {what: conninfo}. Nodes that follow use them."""
        server = cluster_values()['BATON_TEST_POSTGRES']
        plain = ' '.join(word for word in server.split() if not word.startswith(('user=', 'dbname='))) + f' dbname={self.name}'
        self.roles = {what: f'{what}_{os.getpid()}' for what in ('owner', 'engine', 'api', 'reader')}
        for role in self.roles.values():
            self.psql(f'CREATE ROLE {role} LOGIN NOSUPERUSER')
        self.psql(f'ALTER DATABASE {self.name} OWNER TO {self.roles["owner"]}; ALTER SCHEMA public OWNER TO {self.roles["owner"]}')
        urls = {what: f'{plain} user={role}' for what, role in self.roles.items()}
        self.baton('migrate', 'up', '--postgres.url=' + urls['owner'])
        self.baton('migrate', 'roles', self.roles['engine'], self.roles['api'], '--postgres.url=' + urls['owner'])
        self.settings.update({'postgres.migrate': 'false', 'postgres.url': urls['engine'], 'postgres.api_url': urls['api']})
        return urls

    def psql(self, sql):
        done = subprocess.run(['psql', '-XAtq', self.postgres, '-c', sql], capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(f'{sql}\n{done.stderr}')
        return done.stdout.strip()

    def number(self, sql):
        return int(self.psql(sql))

    def start(self, name, *arguments):
        with open(self.log_path(name), 'ab') as log:
            process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def log_path(self, name):
        return os.path.join(self.folder, name + '.log')

    def log(self, name):
        with open(self.log_path(name), errors='replace') as log:
            return log.read()

    def node(self, name='node'):
        return Node(self, name)

    def worker(self, name, simulation):
        return self.start(name, f'{BINARIES}/baton-worker', '--simulate', simulation, f'--kafka.brokers={self.kafka}',
                          f'--kafka.topic_prefix={self.name}')

    def baton(self, *arguments, check=True):
        done = subprocess.run([f'{BINARIES}/baton', *arguments], capture_output=True, text=True, errors='replace', timeout=60)
        if check and done.returncode:
            raise AssertionError(f'baton {" ".join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}')
        return done.stdout + done.stderr

    def java(self, name, *arguments):
        done = subprocess.run(['java', '-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', KAFKA_LIBRARIES, os.path.join(HERE, name), self.kafka,
                               *arguments], capture_output=True, text=True, errors='replace', timeout=180)
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        return done.stdout

    def repair(self, *arguments, check=True):
        return self.baton('repair', *arguments, f'--postgres.url={self.postgres}', f'--kafka.brokers={self.kafka}',
                          f'--kafka.topic_prefix={self.name}', check=check)

    def lose_topics(self, commands):
        """Deletes all topics of the scene and makes that of the commands anew, empty. Returns the names of those deleted."""
        return self.java('Recreate.java', self.name + '.', commands, str(SHARDS)).split()

    def read_topic(self, topic, count):
        """The first records of a topic, a line each: partition, headers, value."""
        return self.java('ReadTopic.java', topic, str(count))

    def wait_for_completed(self, count, seconds=120):
        started = time.monotonic()
        try:
            wait_for(f'{count} completed instances',
                     lambda: self.number('SELECT count(*) FROM instances WHERE state = 2') >= count, seconds)
        except AssertionError as late:
            picture = self.psql('SELECT process_id, state, count(*) FROM instances GROUP BY 1, 2')
            jobs = self.psql('SELECT shard, state, count(*) FROM jobs GROUP BY 1, 2')
            raise AssertionError(f'{late}\ninstances {picture}\njobs {jobs}\n'
                                 f'{self.psql("SELECT shard, owner, next_offset, halted FROM shards")}\nlogs in {self.folder}')
        return time.monotonic() - started

    def verify(self):
        return self.baton('audit', 'verify', f'--postgres.url={self.postgres}').strip()

    def service(self, name, action):
        subprocess.run([os.path.join(HERE, '..', 'harness', 'cluster'), 'service', cluster_values()['BATON_TEST_DIR'], name, action], check=True)

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


class Node:
    def __init__(self, site, name):
        self.site, self.name, port = site, name, free_port()
        self.url = f'http://127.0.0.1:{port}'
        settings = {**site.settings, 'api.listen': f'127.0.0.1:{port}', 'node.name': name}
        self.process = site.start(name, f'{BINARIES}/baton-orchestrator', *(f'--{k}={v}' for k, v in settings.items()))

    def ready(self):
        """(ready, the answer's text); (False, '') while nobody answers."""
        try:
            with urllib.request.urlopen(self.url + '/health/ready', timeout=5) as answer:
                return True, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return False, refusal.read().decode()
        except OSError:
            return False, ''

    def wait_ready(self, seconds=40):
        wait_for(f'{self.name} to be ready', lambda: self.ready()[0], seconds)
        return self

    def metric(self, name):
        with urllib.request.urlopen(self.url + '/metrics', timeout=5) as answer:
            for line in answer.read().decode().splitlines():
                if line.split(' ')[0].split('{')[0] == f'baton_{name}':
                    return float(line.split(' ')[-1])
        raise AssertionError(f'no metric {name}')

    def deploy(self, *paths):
        self.site.baton('deploy', *paths, '--api', self.url)

    def create(self, process, count, variables=None):
        self.site.baton('start', process, '--count', str(count), '--variables', json.dumps(variables or {}), '--api', self.url)

    def run(self, process, seconds):
        """Starts an instance and waits for its end: the status of the answer."""
        body = json.dumps({'processDefinitionId': process, 'awaitCompletion': True, 'requestTimeout': seconds * 1000})
        request = urllib.request.Request(self.url + '/v2/process-instances', body.encode(), {'Content-Type': 'application/json'})
        with urllib.request.urlopen(request, timeout=seconds + 10) as answer:
            return answer.status

    def publish(self, message, key):
        self.site.baton('publish', message, '--key', key, '--api', self.url)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(30)
