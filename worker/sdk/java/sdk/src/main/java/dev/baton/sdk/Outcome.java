// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;

/** What becomes of a job. */
public sealed interface Outcome {
    /** {@code result} is of listeners and ad-hoc sub-processes; both may be null. */
    record Completed(ObjectNode variables, ObjectNode result) implements Outcome {}

    /** A BPMN error. {@code variables} may be null. */
    record Thrown(String code, String message, ObjectNode variables) implements Outcome {}

    /** {@code retries} that are left: 0 is an incident. */
    record Failed(String message, int retries, Duration backoff, FailureClass failureClass, String subject) implements Outcome {
        public Failed(String message, int retries, Duration backoff) {
            this(message, retries, backoff, FailureClass.UNSPECIFIED, "");
        }
    }
}
