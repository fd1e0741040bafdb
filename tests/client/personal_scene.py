# SPDX-License-Identifier: Apache-2.0
"""A node with logins and a vault, and somebody who may read everything but personal data: for tests of what belongs to persons."""
import json
import os
import signal
import subprocess
import unittest
import urllib.error
import urllib.request

from browser import basic
from client_scene import wait_for
from scene import BINARIES, Scene, free_port

ADMIN, OTTO = ('root', 'correct horse battery'), ('otto', 'correct horse')
HIDDEN, ERASED = {'baton:personal': 'hidden'}, {'baton:personal': 'erased'}
NAMESPACES = ('xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
              'xmlns:baton="http://baton.dev/schema/bpmn" targetNamespace="t"')


def flow(*ids):
    return ''.join(f'<sequenceFlow id="f-{a}-{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in zip(ids, ids[1:]))


def task(name, kind=None):
    return f'<serviceTask id="{name}"><extensionElements><zeebe:taskDefinition type="{kind or name}"/></extensionElements></serviceTask>'


def model(process, body, before='', marks='<baton:personal variable="email" subject="=customer"/>'):
    return (f'<?xml version="1.0"?><definitions {NAMESPACES}>{before}<process id="{process}" isExecutable="true"><extensionElements>{marks}'
            f'</extensionElements><startEvent id="s"/><endEvent id="e"/>{body}</process></definitions>')


# -- gRPC, over curl --


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def field(number, value):
    return varint(number << 3 | 2) + varint(len(value)) + value if isinstance(value, bytes) else varint(number << 3) + varint(value)


class PersonalScene(unittest.TestCase):
    NAME = None

    @classmethod
    def setUpClass(cls):
        cls.grpc_port = free_port()
        cls.scene = Scene(cls.NAME, **{'auth.enabled': 'true', 'auth.admin_user': ADMIN[0], 'auth.admin_password': ADMIN[1],
                                       'grpc.listen': f'127.0.0.1:{cls.grpc_port}'})
        cls.keys = os.path.join(cls.scene.folder, 'vault.keys')
        with open(cls.keys, 'w') as file:
            file.write(subprocess.run([f'{BINARIES}/baton', 'vault', 'key', 'k1'], capture_output=True, text=True, check=True).stdout)
        os.chmod(cls.keys, 0o600)
        cls.scene.settings['vault.key_file'] = cls.keys
        if os.environ.get('BATON_TEST_ROLES'):
            cls.scene.make_roles()
        cls.node = cls.scene.node('node').wait_ready()
        cls.good('POST', '/v2/users', {'username': OTTO[0], 'password': OTTO[1], 'name': 'Otto', 'email': 'o@example.org'})
        for kind, permissions in (('PROCESS_DEFINITION', ['READ_PROCESS_INSTANCE', 'READ_USER_TASK']),
                                  ('DECISION_DEFINITION', ['READ_DECISION_INSTANCE'])):
            cls.good('POST', '/v2/authorizations', {'ownerId': 'otto', 'ownerType': 'USER', 'resourceType': kind, 'resourceId': '*',
                                                    'permissionTypes': permissions})

    @classmethod
    def tearDownClass(cls):
        cls.scene.close()

    @classmethod
    def send(cls, method, path, body=None, who=ADMIN):
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        headers = {'Content-Type': 'application/json', **basic(*who)}
        if isinstance(body, bytes):
            headers['Content-Type'] = 'multipart/form-data; boundary=a-border-of-parts'
        request = urllib.request.Request(cls.node.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read().decode()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.loads(refusal.read().decode() or 'null')

    @classmethod
    def good(cls, method, path, body=None, who=ADMIN):
        status, answer = cls.send(method, path, body, who)
        if status not in (200, 201, 204):
            raise AssertionError(f'{method} {path}: {status} {answer}')
        return answer

    def upload(self, *files):
        """(status, answer)"""
        border = 'a-border-of-parts'
        parts = ''.join(f'--{border}\r\nContent-Disposition: form-data; name="resources"; filename="{name}"\r\n\r\n{text}\r\n' for name, text in files)
        return self.send('POST', '/v2/deployments', (parts + f'--{border}--\r\n').encode())

    def deploy(self, *files):
        status, answer = self.upload(*files)
        self.assertEqual(status, 200, answer)

    def run_one(self, process, variables):
        return self.good('POST', '/v2/process-instances', {'processDefinitionId': process, 'variables': variables})['processInstanceKey']

    def jobs(self, kind, count, seconds=30):
        found = []

        def look():
            found.extend(self.good('POST', '/v2/jobs/activation', {'type': kind, 'maxJobsToActivate': count - len(found), 'timeout': 60000,
                                                                   'requestTimeout': 1000})['jobs'])
            return len(found) == count
        wait_for(f'{count} jobs of {kind}', look, seconds)
        return found

    def job(self, kind):
        return self.jobs(kind, 1)[0]

    def complete(self, job, **variables):
        self.good('POST', f'/v2/jobs/{job["jobKey"]}/completion', {'variables': variables})

    def variables(self, key, who=ADMIN):
        found = self.good('POST', '/v2/variables/search?truncateValues=false', {'filter': {'processInstanceKey': key}}, who)['items']
        return {item['name']: json.loads(item['value']) for item in found}

    def shows(self, key, name, value, who=ADMIN):
        return wait_for(f'{name} of {key} to be {value}', lambda: self.variables(key, who).get(name) == value or None, 20)

    def state(self, key):
        return self.good('GET', f'/v2/process-instances/{key}')['state']

    def incident(self, key):
        return wait_for(f'an incident of {key}', lambda: self.good('POST', '/v2/incidents/search', {'filter': {'processInstanceKey': key}})['items'], 30)[0]

    def baton(self, *words, check=0):
        password = os.path.join(self.scene.folder, 'password')
        with open(password, 'w') as file:
            file.write(ADMIN[1])
        done = subprocess.run([f'{BINARIES}/baton', *words, '--api', self.node.url, '--user', ADMIN[0], '--password-file', password],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, check, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def restart(self, name, number=signal.SIGTERM):
        self.node.stop(number)
        type(self).node = self.scene.node(name).wait_ready()

    def ends(self, key):
        wait_for(f'the end of {key}', lambda: self.state(key) == 'COMPLETED', 30)

    def erase(self, person):
        return self.good('POST', '/v2/personal-data/erasure', {'subjectId': person, 'reason': 'asked for'})

    def live_keys(self):
        """Of whoever was erased last."""
        return self.scene.number('SELECT count(*) FROM personal_keys WHERE wrapped IS NOT NULL AND subject = '
                                 '(SELECT subject FROM personal_erasures ORDER BY erased DESC LIMIT 1)')

    def grpc(self, method, request, who=ADMIN):
        """(status, the answer's bytes)"""
        framed = b'\0' + len(request).to_bytes(4, 'big') + request
        done = subprocess.run(['curl', '-sS', '--http2-prior-knowledge', '-m', '60', '--data-binary', '@-', '-D', '/dev/stderr', '-H', 'content-type: application/grpc',
                               '-H', 'te: trailers', '-H', f'authorization: {basic(*who)["Authorization"]}',
                               f'http://127.0.0.1:{self.grpc_port}/gateway_protocol.Gateway/{method}'], input=framed, capture_output=True)
        trailers = done.stderr.decode()
        self.assertIn('grpc-status:', trailers)
        return int(trailers.split('grpc-status:')[1].split()[0]), done.stdout[5:]
