# SPDX-License-Identifier: Apache-2.0
"""Leases of the jobs that are worked on: taken after a second of work, extended at a third of each, whatever the handler does."""
from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from typing import Any, Callable

_log = logging.getLogger('baton.worker')
DEFAULT_LEASE_MS = 60_000


class Lease:
    """Of one running job. `until` is when it ends as far as this worker knows; None: it was not taken yet."""

    def __init__(self, running: Any, lease_ms: int) -> None:
        self.running, self.lease_ms = running, lease_ms or DEFAULT_LEASE_MS
        self.until: float | None = None
        self.is_over = False


class Leases:
    def __init__(self, extend: Callable[[Lease], None], take_ms: int) -> None:
        self._extend, self._take_s = extend, take_ms / 1000
        self._due: list[tuple[float, int, Lease]] = []
        self._number = itertools.count()
        self._wake = threading.Condition()
        self._ends = False
        self._thread = threading.Thread(target=self._run, name='baton-leases', daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._wake:
            self._ends = True
            self._wake.notify()
        self._thread.join(5)

    def hold(self, running: Any, lease_ms: int) -> Lease:
        lease = Lease(running, lease_ms)
        self._later(lease, self._take_s)
        return lease

    def _later(self, lease: Lease, seconds: float) -> None:
        with self._wake:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._number), lease))
            if self._due[0][2] is lease:
                self._wake.notify()

    def _next(self) -> Lease | None:
        with self._wake:
            while not self._ends:
                now = time.monotonic()
                if self._due and self._due[0][0] <= now:
                    lease = heapq.heappop(self._due)[2]
                    if not lease.is_over:
                        return lease
                    continue
                self._wake.wait(self._due[0][0] - now if self._due else None)
        return None

    def _run(self) -> None:
        while (lease := self._next()) is not None:
            if lease.until is not None and time.monotonic() > lease.until:
                lease.running.job.lease_lost.set()  # no extension reached Kafka in time
            try:
                self._extend(lease)
            except Exception:  # without this thread every lease would end
                _log.exception('the lease of job %s could not be extended', lease.running.job.key)
            self._later(lease, lease.lease_ms / 3000)
