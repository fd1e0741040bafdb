# SPDX-License-Identifier: Apache-2.0
"""What a worker counts, as Prometheus reads it, and its health, over HTTP."""
from __future__ import annotations

import bisect
import collections
import http.server
import json
import threading
from typing import Any, Callable

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
_HELP = {
    'jobs_received': 'Jobs that came from Kafka.',
    'jobs_completed': 'Jobs that were completed.',
    'jobs_failed': 'Jobs that failed, by class of the failure.',
    'jobs_thrown': 'Jobs that ended with a BPMN error.',
    'jobs_stale': 'Jobs that came after a later attempt of theirs, or twice.',
    'jobs_unreadable': 'Records that are no jobs.',
    'leases_extended': 'Extensions of leases that were sent.',
    'leases_lost': 'Jobs that became somebody else\'s while they were worked on.',
    'answers_undelivered': 'Answers that Kafka did not take: the orchestrator offers these jobs again.',
    'loop_restarts': 'Times that a loop ended by an error and began anew.',
}


def _escape(text: str) -> str:
    return text.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')


class Metrics:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str, str], int] = collections.defaultdict(int)  # name, job type, class of the failure
        self._durations: dict[str, list[int]] = collections.defaultdict(lambda: [0] * (len(_BUCKETS) + 1))
        self._sums: dict[str, float] = collections.defaultdict(float)

    def add(self, name: str, job_type: str, number: int = 1, *, failure_class: str = '') -> None:
        assert name in _HELP and bool(failure_class) == (name == 'jobs_failed')
        with self._lock:
            self._counts[name, job_type, failure_class] += number

    def took(self, job_type: str, seconds: float) -> None:
        with self._lock:
            self._durations[job_type][bisect.bisect_left(_BUCKETS, seconds)] += 1
            self._sums[job_type] += seconds

    def count(self, name: str, job_type: str) -> int:
        with self._lock:
            return sum(count for (of_name, of, _), count in self._counts.items() if (of_name, of) == (name, job_type))

    def text(self, in_flight: dict[str, int]) -> str:
        with self._lock:
            lines = self._counters() + self._histogram()
        lines += ['# HELP baton_worker_jobs_in_flight Jobs that are worked on.', '# TYPE baton_worker_jobs_in_flight gauge']
        lines += [f'baton_worker_jobs_in_flight{{type="{_escape(of)}"}} {count}' for of, count in sorted(in_flight.items())]
        return '\n'.join(lines) + '\n'

    def _counters(self) -> list[str]:
        lines = []
        for name, about in _HELP.items():
            lines += [f'# HELP baton_worker_{name}_total {about}', f'# TYPE baton_worker_{name}_total counter']
            for (of_name, of, failure_class), count in sorted(self._counts.items()):
                if of_name == name:
                    more = f',class="{failure_class}"' if failure_class else ''
                    lines.append(f'baton_worker_{name}_total{{type="{_escape(of)}"{more}}} {count}')
        return lines

    def _histogram(self) -> list[str]:
        name = 'baton_worker_job_duration_seconds'
        lines = [f'# HELP {name} How long handlers work.', f'# TYPE {name} histogram']
        for of, buckets in sorted(self._durations.items()):
            below = 0
            for bound, count in zip((*map(str, _BUCKETS), '+Inf'), buckets):
                below += count
                lines.append(f'{name}_bucket{{type="{_escape(of)}",le="{bound}"}} {below}')
            lines += [f'{name}_sum{{type="{_escape(of)}"}} {self._sums[of]:.6f}', f'{name}_count{{type="{_escape(of)}"}} {below}']
        return lines


def serve(address: str, text: Callable[[], str], health: Callable[[], dict[str, Any]]) -> http.server.ThreadingHTTPServer:
    """/metrics, /health/live and /health/ready on host:port, from a thread of its own."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = 404, 'text/plain', 'there are /metrics, /health/live and /health/ready\n'
            if self.path == '/metrics':
                status, kind, body = 200, 'text/plain; version=0.0.4', text()
            elif self.path in ('/health/live', '/health/ready'):
                state = health()
                status = 200 if state['live' if self.path.endswith('live') else 'ready'] else 503
                kind, body = 'application/json', json.dumps(state) + '\n'
            data = body.encode()
            self.send_response(status)
            self.send_header('Content-Type', kind)
            self.send_header('Content-Length', str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            pass

    host, _, port = address.rpartition(':')
    if not port.isdigit():
        raise ValueError(f'BATON_WORKER_METRICS: expected host:port, found {address!r}')
    server = http.server.ThreadingHTTPServer((host.strip('[]') or '0.0.0.0', int(port)), Handler)
    threading.Thread(target=server.serve_forever, name='baton-metrics', daemon=True).start()
    return server
