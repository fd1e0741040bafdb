// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import java.time.Duration;

/** A failure that is tried again after a time. It uses a retry, unless {@link #keepingRetries()}. */
public class RetryAfter extends RuntimeException {
    private final Duration wait;
    private final boolean keepsRetries;

    public RetryAfter(Duration wait) {
        this(wait, "to be tried again after " + wait.toMillis() / 1000.0 + " s");
    }

    public RetryAfter(Duration wait, String message) {
        this(wait, message, false);
    }

    private RetryAfter(Duration wait, String message, boolean keepsRetries) {
        super(message);
        if (wait.isNegative() || wait.isZero()) throw new IllegalArgumentException("a job is tried again after more than 0 seconds");
        this.wait = wait;
        this.keepsRetries = keepsRetries;
    }

    public RetryAfter keepingRetries() {
        return new RetryAfter(wait, getMessage(), true);
    }

    public Duration waitTime() {
        return wait;
    }

    public boolean keepsRetries() {
        return keepsRetries;
    }
}
