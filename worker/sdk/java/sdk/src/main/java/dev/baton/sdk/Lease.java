// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

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
    private volatile boolean isTaken;
    private volatile long untilNanos; // when it ends as far as this worker knows, once it is taken

    Lease(Worker worker, Job job, long askedMs) {
        this.worker = worker;
        this.job = job;
        lengthMs = askedMs > 0 ? askedMs : job.leaseMs() > 0 ? job.leaseMs() : DEFAULT_MS;
    }

    synchronized void begin(long takeMs) {
        if (!isOver) next = worker.timer().schedule(this, takeMs, TimeUnit.MILLISECONDS);
    }

    @Override
    public synchronized void run() {
        if (isOver) return;
        long now = System.nanoTime();
        if (isTaken && now - untilNanos > 0) job.leaseLost().set(); // no extension reached Kafka in time
        worker.extend(job, lengthMs, err -> {
            if (err != null) return;
            untilNanos = now + TimeUnit.MILLISECONDS.toNanos(lengthMs);
            isTaken = true;
        });
        next = worker.timer().schedule(this, Math.max(lengthMs / 3, 100), TimeUnit.MILLISECONDS);
    }

    synchronized void end() {
        isOver = true;
        if (next != null) next.cancel(false);
    }
}
