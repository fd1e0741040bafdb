// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import dev.baton.v1.Command;
import dev.baton.v1.JobAnswer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;

/** From what a handler returns or throws to the answer that the orchestrator gets. */
final class Answer {
    private static final int MAX_VARIABLES_BYTES = 1_048_576; // COMMAND_VARIABLES_BYTES of the orchestrator
    private static final int MAX_MESSAGE_BYTES = 8192;
    private static final long FIRST_BACKOFF_MS = 1000, MAX_BACKOFF_MS = 300_000;
    private static final Duration MAX_WAIT = Duration.ofDays(24); // that a handler may ask for

    private Answer() {}

    static Outcome ofReturn(Object value) {
        try {
            if (value instanceof Outcome outcome) return outcome;
            if (value instanceof Denied denied) return result(Map.of("denied", true, "deniedReason", denied.reason() == null ? "" : denied.reason()));
            if (value instanceof Corrected corrected) return result(Map.of("corrections", corrected.corrections()));
            if (value instanceof AdHoc adHoc) return ofAdHoc(adHoc);
            return new Outcome.Completed(Json.objectOf(value), null);
        } catch (IllegalArgumentException err) {
            return failed(err.getMessage());
        }
    }

    private static Outcome result(Map<String, ?> result) {
        return new Outcome.Completed(null, Json.objectOf(result));
    }

    private static Outcome ofAdHoc(AdHoc adHoc) {
        List<?> elements = adHoc.activate().stream().map(one -> Map.of("elementId", one.elementId(), "variables", one.variables() == null ? Map.of() : one.variables())).toList();
        return new Outcome.Completed(Json.objectOf(adHoc.variables()), Json.objectOf(Map.of("activateElements", elements,
                "isCompletionConditionFulfilled", adHoc.isComplete(), "isCancelRemainingInstances", adHoc.cancelRemaining())));
    }

    static Outcome.Failed failed(String message) {
        return new Outcome.Failed(message, 0, Duration.ZERO);
    }

    static Outcome.Failed failedAgain(Job job, String message) {
        return new Outcome.Failed(message, Math.max(job.retries() - 1, 0), backoff(job.attempt()));
    }

    /** Exponential with jitter: about 1 s after the first attempt, at most 5 minutes; never 0. */
    private static Duration backoff(int attempt) {
        double wait = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * Math.pow(2, Math.min(Math.max(attempt, 1) - 1, 16)));
        return Duration.ofMillis((long) (wait * ThreadLocalRandom.current().nextDouble(0.8, 1.2)));
    }

    static Outcome ofError(Job job, Throwable thrown) {
        Throwable err = thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (err instanceof BpmnError business) {
            try {
                return new Outcome.Thrown(business.code(), textOr(business.getMessage(), ""), Json.objectOf(business.variables()));
            } catch (IllegalArgumentException wrong) {
                return failed("variables of the BPMN error " + business.code() + ": " + wrong.getMessage());
            }
        }
        if (err instanceof RetryAfter later) {
            return classed(job, later.keepsRetries() ? FailureClass.THROTTLED : FailureClass.TRANSIENT, later.getMessage(), later.waitTime(), "");
        }
        if (err instanceof Failure failure) return classed(job, failure.failureClass(), failure.getMessage(), failure.waitTime(), failure.subject());
        if (err instanceof Fatal) {
            FailureClass of = err instanceof BadInput ? FailureClass.POISON : FailureClass.PERMANENT;
            return classed(job, of, textOr(err.getMessage(), err.getClass().getName()), Duration.ZERO, "");
        }
        String name = err.getClass().getSimpleName();
        return failedAgain(job, err.getMessage() == null ? name : name + ": " + err.getMessage());
    }

    /** The retries are for orchestrators that do not know the class. */
    private static Outcome.Failed classed(Job job, FailureClass of, String message, Duration wait, String subject) {
        int left = switch (of) {
            case TRANSIENT -> Math.max(job.retries() - 1, 0);
            case THROTTLED -> Math.max(job.retries(), 1);
            default -> 0;
        };
        return new Outcome.Failed(message, left, wait.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wait, of, subject == null ? "" : subject);
    }

    private static String textOr(String text, String fallback) {
        return text == null || text.isEmpty() ? fallback : text;
    }

    private static String cut(String text) {
        byte[] data = textOr(text, "the handler failed and said nothing of it").getBytes(StandardCharsets.UTF_8);
        if (data.length <= MAX_MESSAGE_BYTES) return new String(data, StandardCharsets.UTF_8);
        int end = MAX_MESSAGE_BYTES - 3;
        while ((data[end] & 0xC0) == 0x80) end--;
        return new String(data, 0, end, StandardCharsets.UTF_8) + "…";
    }

    record Filled(Command command, Outcome told) {}

    /** Answers the job. What cannot be sent becomes a failure that says so, and the outcome that is told. */
    static Filled fill(Job job, Outcome outcome, String worker) {
        try {
            return new Filled(command(job, outcome, worker), outcome);
        } catch (IllegalArgumentException err) {
            Outcome told = failed(err.getMessage());
            return new Filled(command(job, told, worker), told);
        }
    }

    private static JobAnswer.Builder answer(Job job, String worker) {
        return JobAnswer.newBuilder().setAttempt(job.attempt()).setToken(job.message().getToken()).setWorker(worker);
    }

    private static Command.Builder about(Job job) {
        return Command.newBuilder().setInstance(job.instance()).setKey(job.key()).setTenant(job.tenant());
    }

    private static Command command(Job job, Outcome outcome, String worker) {
        JobAnswer.Builder answer = answer(job, worker);
        if (outcome instanceof Outcome.Failed failed) {
            answer.setMessage(cut(failed.message())).setRetries(Math.max(failed.retries(), 0)).setBackoffMs(Math.max(failed.backoff().toMillis(), 0))
                    .setFailureClassValue(failed.failureClass().ordinal()).setSubject(failed.subject());
            return about(job).setFailJob(answer).build();
        }
        if (outcome instanceof Outcome.Thrown thrown) {
            Json.checkText(thrown.code(), "the code of the BPMN error");
            answer.setErrorCode(thrown.code()).setMessage(thrown.message().isEmpty() ? "" : cut(thrown.message())).setVariables(bytes(thrown.variables(), "variables"));
            return about(job).setThrowJobError(answer).build();
        }
        Outcome.Completed completed = (Outcome.Completed) outcome;
        answer.setVariables(bytes(completed.variables(), "variables")).setResult(bytes(completed.result(), "parts of the result"));
        return about(job).setCompleteJob(answer).build();
    }

    static Command extension(Job job, String worker, long leaseMs) {
        return about(job).setExtendJob(answer(job, worker).setExtendMs(leaseMs)).build();
    }

    private static ByteString bytes(ObjectNode value, String what) {
        if (value == null || value.isEmpty()) return ByteString.EMPTY;
        byte[] data = Json.write(value);
        if (data.length <= MAX_VARIABLES_BYTES) return ByteString.copyFrom(data);
        String name = "";
        int size = 0;
        for (Map.Entry<String, JsonNode> field : value.properties()) {
            int length = Json.write(field.getValue()).length;
            if (length > size) {
                name = field.getKey();
                size = length;
            }
        }
        throw new IllegalArgumentException("the " + what + " have " + data.length + " bytes, at most " + MAX_VARIABLES_BYTES + " are taken; \"" + name
                + "\" alone has " + size);
    }
}
