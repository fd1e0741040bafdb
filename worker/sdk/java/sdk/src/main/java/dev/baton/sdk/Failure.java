// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import java.time.Duration;

/** A failure of a class. */
public class Failure extends RuntimeException {
    private final FailureClass failureClass;
    private final String subject;
    private final Duration wait;

    public Failure(FailureClass failureClass, String message) {
        this(failureClass, message, "", Duration.ZERO);
    }

    /**
     * @param subject the credential (AUTH) or the input (POISON) that is meant
     * @param wait when to come again, at the earliest (TRANSIENT, THROTTLED); zero: as the class has it
     */
    public Failure(FailureClass failureClass, String message, String subject, Duration wait) {
        super(message);
        if (failureClass == FailureClass.UNSPECIFIED) throw new IllegalArgumentException("a failure has a class; throw any other exception for one that has none");
        if (wait.isNegative()) throw new IllegalArgumentException("a job is tried again after 0 seconds or more");
        this.failureClass = failureClass;
        this.subject = subject;
        this.wait = wait;
    }

    public FailureClass failureClass() {
        return failureClass;
    }

    public String subject() {
        return subject;
    }

    public Duration waitTime() {
        return wait;
    }
}
