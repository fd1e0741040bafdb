// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Of one job that is worked on: taken after a second of work, extended at a third of each, whatever the handler does. */
final class Lease implements Runnable {
    private static final long DEFAULT_MS = 60_000;
    private final Worker worker;
    private final Job job;
    private final long lengthMs;
    private ScheduledFuture<?> next;
    private boolean isOver;
    private volatile long untilMs; // when it ends as far as this worker knows; 0: it was not taken yet

    Lease(Worker worker, Job job, long askedMs) {
        this.worker = worker;
        this.job = job;
        lengthMs = askedMs > 0 ? askedMs : job.leaseMs() > 0 ? job.leaseMs() : DEFAULT_MS;
    }

    synchronized void begin(long takeMs) {
        if (!isOver) next = timer().schedule(this, takeMs, TimeUnit.MILLISECONDS);
    }

    private ScheduledExecutorService timer() {
        return worker.timer();
    }

    @Override
    public synchronized void run() {
        if (isOver) return;
        long now = System.currentTimeMillis();
        if (untilMs != 0 && now > untilMs) job.leaseLost().set(); // no extension reached Kafka in time
        worker.extend(job, lengthMs, err -> {
            if (err == null) untilMs = now + lengthMs;
        });
        next = timer().schedule(this, Math.max(lengthMs / 3, 100), TimeUnit.MILLISECONDS);
    }

    synchronized void end() {
        isOver = true;
        if (next != null) next.cancel(false);
    }
}
