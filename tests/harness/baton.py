# SPDX-License-Identifier: Apache-2.0
"""What the chaos test and the benchmark share: a cluster of their own, orchestrator nodes, workers and load generators."""
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CLUSTER = os.path.join(HERE, 'cluster')
MODELS = os.path.join(ROOT, 'tests', 'bench')


def binary(name, preset):
    path = os.path.join(ROOT, 'build', preset, 'bin', name)
    if not os.path.exists(path):
        raise SystemExit(f'{path} is not built: cmake --preset {preset} && cmake --build --preset {preset}')
    return path


class Site:
    """PostgreSQL, Kafka and everything started against them; close() leaves nothing behind."""

    def __init__(self, preset='release', shards=4, engine='baton-orchestrator', settings=None, size='small'):
        self.root = tempfile.mkdtemp(prefix='baton-site-')
        os.chmod(self.root, 0o755)  # PostgreSQL may run as another user
        self.preset, self.engine, self.shards = preset, engine, shards
        self.processes = []
        out = subprocess.run([CLUSTER, 'start', self.root + '/cluster'], check=True, capture_output=True, text=True,
                             env={**os.environ, 'BATON_TEST_SIZE': size}).stdout
        env = dict(line.split('=', 1) for line in out.splitlines())
        self.kafka, self.server = env['BATON_TEST_KAFKA'], env['BATON_TEST_POSTGRES']
        self.settings = settings or {}
        os.environ.setdefault('BATON_ENGINE_SECRET', secrets.token_hex(16))  # nodes check with it, load generators sign with it
        self.url, self.prefix = None, None
        self.fresh('baton')

    def fresh(self, name):
        """A database and a topic prefix of their own: nothing of an earlier measurement is in the way."""
        self.psql(f'CREATE DATABASE {name}', self.server)
        self.url = self.server.replace('dbname=postgres', f'dbname={name}')
        self.prefix = name

    def psql(self, sql, url=None, check=True):
        done = subprocess.run(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', url or self.url, '-c', sql], capture_output=True, text=True)
        if done.returncode and check:
            raise RuntimeError(f'{sql}\n{done.stderr}')
        return done.stdout.strip()

    def service(self, name, action):
        subprocess.run([CLUSTER, 'service', self.root + '/cluster', name, action], check=True)

    def log(self, name):
        return open(os.path.join(self.root, name + '.log'), 'ab')

    def start(self, name, args, env=None, stdout=None):
        process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=stdout or self.log(name), stderr=self.log(name),
                                   env={**os.environ, **(env or {})}, text=stdout is not None)
        process.label = name
        self.processes.append(process)
        return process

    def node(self, name, url=None, **settings):
        values = {'roles': 'engine', 'node.name': name, 'postgres.url': url or self.url, 'kafka.brokers': self.kafka,
                  'kafka.topic_prefix': self.prefix, 'postgres.migrate': 'true', 'engine.shards': str(self.shards),
                  **self.settings, **settings}
        return self.start(name, [binary(self.engine, self.preset)] + [f'--{k}={v}' for k, v in values.items()])

    def load(self, name, *args, wait=False):
        command = [binary('baton-load', self.preset), '--brokers', self.kafka, '--prefix', self.prefix, '--shards', str(self.shards), *args]
        return self.start(name, command, stdout=subprocess.PIPE)

    def worker(self, name='worker', job_type='bench', *args):
        return self.load(name, '--mode', 'worker', '--type', job_type, *args)

    @staticmethod
    def result(process, timeout=None):
        out, _ = process.communicate(timeout=timeout)
        return json.loads(out.splitlines()[-1])

    def wait_for(self, what, ready, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if ready():
                    return
            except RuntimeError:
                pass
            time.sleep(0.1)
        raise TimeoutError(f'{what}: not within {seconds} s; logs are in {self.root}')

    def owned(self):
        return int(self.psql("SELECT count(*) FROM shards WHERE owner <> ''")) == self.shards

    def wait_for_shards(self, seconds=60):
        self.wait_for('shards', self.owned, seconds)

    def deploy(self, path, process='bench'):
        """Puts the file's bytes into PostgreSQL and sends the command, as the API does."""
        data = open(path, 'rb').read()
        self.psql(f"INSERT INTO resources VALUES (sha256('\\x{data.hex()}'::bytea), '\\x{data.hex()}') ON CONFLICT DO NOTHING")
        done = subprocess.run([binary('baton-load', self.preset), '--brokers', self.kafka, '--prefix', self.prefix, '--mode', 'deploy',
                               '--file', path, '--process', process, '--shards', str(self.shards)], capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        self.wait_for('definitions', lambda: int(self.psql(f"SELECT count(*) FROM definitions WHERE id = '{process}'")) > 0)
        time.sleep(1)  # until every shard has heard of it

    def stop(self, process, number=signal.SIGTERM, timeout=15):
        if process in self.processes:
            self.processes.remove(process)
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self, keep=False):
        for process in list(self.processes):
            self.stop(process, signal.SIGKILL)
        subprocess.run([CLUSTER, 'stop', self.root + '/cluster'])
        if not keep:
            shutil.rmtree(self.root, ignore_errors=True)
