# SPDX-License-Identifier: Apache-2.0
"""What a browser does with cookies and forms, without the browser."""
import base64
import http.client
import json
import urllib.parse

FORM = {'Content-Type': 'application/x-www-form-urlencoded'}
PAGE = {'Accept': 'text/html,application/xhtml+xml,*/*;q=0.8'}


def basic(user, password):
    return {'Authorization': 'Basic ' + base64.b64encode(f'{user}:{password}'.encode()).decode()}


def bearer(token):
    return {'Authorization': 'Bearer ' + token}


class Browser:
    """Keeps cookies; follows nothing."""

    def __init__(self, url):
        self.url, self.cookies = urllib.parse.urlsplit(url), {}

    def send(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=60)
        known = {'Cookie': '; '.join(f'{k}={v}' for k, v in self.cookies.items())} if self.cookies else {}
        if isinstance(body, dict) and FORM.items() <= (headers or {}).items():
            body = urllib.parse.urlencode(body)
        elif isinstance(body, dict):
            body, known = json.dumps(body), {**known, 'Content-Type': 'application/json'}
        connection.request(method, path, body, {**known, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        for line in answer.headers.get_all('Set-Cookie') or []:
            name, value = line.split(';')[0].split('=', 1)
            if 'Max-Age=0' in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer.status, answer.headers, text

    def ask(self, method, path, body=None, headers=None):
        status, _, text = self.send(method, path, body, headers)
        return status, json.loads(text) if text.startswith('{') else text

    def log_in(self, user, password, code='', headers=None, **more):
        return self.send('POST', '/login', {'username': user, 'password': password, 'code': code, **more}, {**FORM, **(headers or {})})

    def me(self):
        status, answer = self.ask('GET', '/v2/authentication/me')
        return answer['username'] if status == 200 else status
