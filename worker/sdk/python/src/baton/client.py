# SPDX-License-Identifier: Apache-2.0
"""The REST API from Python: deploy, start, publish, search, complete."""
from __future__ import annotations

import base64
import http.client
import os
import select
import ssl
import threading
import urllib.parse
import uuid
from typing import Any, Iterator, Mapping, Optional

from . import _json

_MOST_PER_PAGE = 1000


def _part(text: str) -> str:
    """Of a path: what comes from data leads nowhere else."""
    return urllib.parse.quote(str(text), safe='')


class ApiError(Exception):
    """What the API says when it does not do it (application/problem+json). `status` 0: it could not be reached."""

    def __init__(self, status: int, title: str, detail: str, retry_after_s: Optional[float] = None) -> None:
        super().__init__(f'{status} {title}: {detail}' if status else detail)
        self.status, self.title, self.detail, self.retry_after_s = status, title, detail, retry_after_s


class Client:
    """Threads may share one: each has a connection of its own. Without arguments the environment says where: BATON_API_URL (http://127.0.0.1:8080) and
    BATON_API_KEY, or BATON_API_USER and BATON_API_PASSWORD; BATON_API_CA names a file of certificates to trust."""

    def __init__(self, url: Optional[str] = None, key: Optional[str] = None, user: Optional[str] = None, password: Optional[str] = None,
                 ca: Optional[str] = None, timeout_s: float = 60) -> None:
        env = os.environ
        parts = urllib.parse.urlsplit(url or env.get('BATON_API_URL', 'http://127.0.0.1:8080'))
        if parts.scheme not in ('http', 'https') or not parts.hostname:
            raise ValueError(f'expected http://host:port or https://host:port, found {parts.geturl()!r}')
        self._parts, self._timeout_s = parts, timeout_s
        self._tls = ssl.create_default_context(cafile=ca or env.get('BATON_API_CA') or None) if parts.scheme == 'https' else None
        key, user = key or env.get('BATON_API_KEY'), user or env.get('BATON_API_USER')
        self._headers = {'Accept': 'application/json'}
        if key:
            self._headers['Authorization'] = f'Bearer {key}'
        elif user:
            pair = f'{user}:{password or env.get("BATON_API_PASSWORD", "")}'.encode()
            self._headers['Authorization'] = 'Basic ' + base64.b64encode(pair).decode()
        self._own = threading.local()

    def __enter__(self) -> 'Client':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        connection = getattr(self._own, 'connection', None)
        if connection is not None:
            connection.close()
            self._own.connection = None

    # -- Anything -------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None, timeout_s: Optional[float] = None) -> Any:
        """`path` begins with /v2/. The answer as JSON, or None where there is none."""
        data = None if body is None else _json.dumps(_json.plain(body))
        return self._send(method, path, data, 'application/json', timeout_s)

    def _connection(self, timeout_s: Optional[float]) -> http.client.HTTPConnection:
        connection = getattr(self._own, 'connection', None)
        if connection is None:
            host, port = self._parts.hostname or '', self._parts.port
            connection = http.client.HTTPSConnection(host, port, context=self._tls) if self._tls else http.client.HTTPConnection(host, port)
            self._own.connection = connection
        connection.timeout = timeout_s or self._timeout_s
        if connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
            connection.close()  # the server has hung up meanwhile: nothing is said before a request
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        return connection

    def _exchange(self, method: str, path: str, data: Optional[bytes], headers: Mapping[str, str], timeout_s: Optional[float]) -> Any:
        connection = self._connection(timeout_s)
        is_used = connection.sock is not None
        try:
            connection.request(method, self._parts.path.rstrip('/') + path, data, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()
            if is_used and method in ('GET', 'HEAD'):  # the server had closed it meanwhile
                return self._exchange(method, path, data, headers, timeout_s)
            raise
        except Exception:
            self.close()
            raise

    def _send(self, method: str, path: str, data: Optional[bytes], kind: str, timeout_s: Optional[float] = None) -> Any:
        headers = {**self._headers, **({'Content-Type': kind} if data is not None else {})}
        try:
            status, fields, text = self._exchange(method, path, data, headers, timeout_s)
        except (OSError, http.client.HTTPException) as err:
            raise ApiError(0, 'UNREACHABLE', f'{method} {self._parts.scheme}://{self._parts.netloc}{path}: {err or type(err).__name__}') from err
        if status >= 400:
            raise self._problem(status, fields, text)
        return _json.loads(text) if text else None

    @staticmethod
    def _problem(status: int, fields: Any, text: bytes) -> ApiError:
        try:
            problem = _json.loads(text)
        except ValueError:
            problem = {'title': 'answer without a problem', 'detail': text[:200].decode('utf-8', 'replace')}
        again = fields.get('Retry-After', '')
        return ApiError(status, str(problem.get('title', '')), str(problem.get('detail', '')), float(again) if again.isdigit() else None)

    # -- What a day needs -----------------------------------------------------------------

    def deploy(self, *paths: str, tenant: Optional[str] = None) -> Any:
        """BPMN, DMN and form files in one deployment: all of them or none."""
        border = uuid.uuid4().hex
        pieces = [] if tenant is None else [f'--{border}\r\nContent-Disposition: form-data; name="tenantId"\r\n\r\n{tenant}\r\n'.encode()]
        for path in paths:
            with open(path, 'rb') as file:
                name = os.path.basename(path).replace('"', '%22')
                pieces.append(f'--{border}\r\nContent-Disposition: form-data; name="resources"; filename="{name}"\r\n\r\n'.encode() + file.read() + b'\r\n')
        return self._send('POST', '/v2/deployments', b''.join(pieces) + f'--{border}--\r\n'.encode(), f'multipart/form-data; boundary={border}')

    def start(self, process_id: str, variables: Optional[Mapping[str, Any]] = None, *, business_id: Optional[str] = None, version: Optional[int] = None,
              tenant: Optional[str] = None, await_s: Optional[float] = None, **more: Any) -> Any:
        """`await_s`: waits so long for the end, whose variables are in the answer. With unique business ids a second start of one is refused (409)."""
        body: dict[str, Any] = {'processDefinitionId': process_id, 'variables': variables or {}, **more}
        given = {'businessId': business_id, 'processDefinitionVersion': version, 'tenantId': tenant}
        body.update({name: value for name, value in given.items() if value is not None})
        if await_s is not None:
            body.update(awaitCompletion=True, requestTimeout=int(await_s * 1000))
        return self.call('POST', '/v2/process-instances', body, timeout_s=None if await_s is None else await_s + 5)

    def _message(self, path: str, name: str, correlation_key: str, variables: Optional[Mapping[str, Any]], more: Mapping[str, Any]) -> Any:
        return self.call('POST', path, {'name': name, 'correlationKey': correlation_key, 'variables': variables or {}, **more})

    def publish(self, name: str, correlation_key: str = '', variables: Optional[Mapping[str, Any]] = None, *, keep_s: float = 0,
                message_id: str = '', **more: Any) -> Any:
        """The message waits `keep_s` for who wants it. One with the same message_id is not taken twice while it is kept."""
        return self._message('/v2/messages/publication', name, correlation_key, variables,
                             {'timeToLive': int(keep_s * 1000), **({'messageId': message_id} if message_id else {}), **more})

    def correlate(self, name: str, correlation_key: str = '', variables: Optional[Mapping[str, Any]] = None, **more: Any) -> Any:
        """Waits until somebody has taken the message: ApiError 404 when nobody wants it now."""
        return self._message('/v2/messages/correlation', name, correlation_key, variables, more)

    def broadcast(self, signal: str, variables: Optional[Mapping[str, Any]] = None, **more: Any) -> Any:
        return self.call('POST', '/v2/signals/broadcast', {'signalName': signal, 'variables': variables or {}, **more})

    def search(self, what: str, filter: Optional[Mapping[str, Any]] = None, sort: Optional[list[Mapping[str, Any]]] = None,
               most: Optional[int] = None) -> Iterator[Mapping[str, Any]]:
        """All that match, page after page: `what` is process-instances, user-tasks, incidents, jobs, variables …"""
        cursor, told = None, 0
        while True:
            page: dict[str, Any] = {'limit': min(_MOST_PER_PAGE, most - told) if most is not None else _MOST_PER_PAGE}
            if cursor is not None:
                page['after'] = cursor
            body: dict[str, Any] = {'filter': filter or {}, 'page': page, **({'sort': sort} if sort else {})}
            found = self.call('POST', f'/v2/{_part(what)}/search', body)
            yield from found['items']
            told += len(found['items'])
            cursor = found['page'].get('endCursor')
            if len(found['items']) < page['limit'] or cursor is None or told == most:
                return

    def assign_task(self, key: str, assignee: str, **more: Any) -> None:
        self.call('POST', f'/v2/user-tasks/{_part(key)}/assignment', {'assignee': assignee, **more})

    def complete_task(self, key: str, variables: Optional[Mapping[str, Any]] = None, **more: Any) -> None:
        self.call('POST', f'/v2/user-tasks/{_part(key)}/completion', {'variables': variables or {}, **more})

    def cancel(self, instance: str) -> None:
        self.call('POST', f'/v2/process-instances/{_part(instance)}/cancellation', {})

    def resolve(self, incident: str) -> None:
        self.call('POST', f'/v2/incidents/{_part(incident)}/resolution', {})

    def set_variables(self, scope: str, variables: Mapping[str, Any], *, local: bool = False) -> None:
        self.call('PUT', f'/v2/element-instances/{_part(scope)}/variables', {'variables': variables, 'local': local})
