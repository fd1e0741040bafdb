# SPDX-License-Identifier: Apache-2.0
"""A node that answers REST calls, for tests of the API: tests/node/scene.py with the calls beside it."""
import json
import os
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'node'))
from scene import Scene, wait_for  # noqa: E402,F401


class Baton:
    def __init__(self, name, **settings):
        self.scene = Scene(name, **settings)
        if os.environ.get('BATON_TEST_ROLES'):  # whatever test this is, beneath row-level security
            self.scene.make_roles()
        self.node = self.scene.node().wait_ready()
        self.url = self.node.url

    def send(self, method, path, body=None, headers=None):
        """(status, headers, bytes)"""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {'Content-Type': 'application/json', **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.headers, refusal.read()

    def ask(self, path, body=None, method=None):
        """(status, answer as JSON or None)"""
        status, _, text = self.send(method or ('GET' if body is None else 'POST'), path, body)
        return status, json.loads(text) if text else None

    def good(self, method, path, body=None):
        status, answer = self.ask(path, body, method)
        if status not in (200, 201, 202, 204):
            raise AssertionError(f'{method} {path} {body}: {status} {answer}')
        return answer

    def get(self, path):
        return self.good('GET', path)

    def post(self, path, body):
        return self.good('POST', path, body)

    def deploy(self, *files):
        """files: (name, text)"""
        border = 'a-border-of-parts'
        parts = ''.join(f'--{border}\r\nContent-Disposition: form-data; name="resources"; filename="{name}"\r\n\r\n{text}\r\n' for name, text in files)
        status, _, text = self.send('POST', '/v2/deployments', (parts + f'--{border}--\r\n').encode(),
                                    {'Content-Type': f'multipart/form-data; boundary={border}'})
        if status != 200:
            raise AssertionError(f'deployment: {status} {text}')
        return json.loads(text)['deployments']

    def job(self, job_type, seconds=30, **more):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            jobs = self.post('/v2/jobs/activation', {'type': job_type, 'maxJobsToActivate': 1, 'timeout': 60000, 'requestTimeout': 2000, **more})['jobs']
            if jobs:
                return jobs[0]
        raise AssertionError(f'no job of type {job_type} within {seconds} s')

    def stop(self):
        self.scene.close()
