// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A job as its handler sees it. Keys are 64-bit numbers; in decimal they are what REST and the console show. */
public final class Job {
    private final dev.baton.v1.Job message;
    private final Parts parts;
    private final Signal shutdown;
    private final Signal leaseLost = new Signal();

    /** What of a job is JSON. */
    record Parts(ObjectNode variables, Map<String, String> headers, ObjectNode userTask, List<String> tags) {
        static final Parts NONE = new Parts(Json.object(), Map.of(), Json.object(), List.of());
    }

    /** Set once. */
    public static final class Signal {
        private final CompletableFuture<Void> set = new CompletableFuture<>();

        public boolean isSet() {
            return set.isDone();
        }

        /** Runs at once where it is set already. */
        public void then(Runnable action) {
            set.thenRun(action);
        }

        void set() {
            set.complete(null);
        }
    }

    Job(dev.baton.v1.Job message, Parts parts, Signal shutdown) {
        this.message = message;
        this.parts = parts;
        this.shutdown = shutdown;
    }

    public long key() {
        return message.getKey();
    }

    public String type() {
        return message.getType();
    }

    public long instance() {
        return message.getInstance();
    }

    public long elementInstance() {
        return message.getElementInstance();
    }

    public String elementId() {
        return message.getElementId();
    }

    public String processId() {
        return message.getProcessId();
    }

    public int version() {
        return message.getVersion();
    }

    public long definition() {
        return message.getDefinition();
    }

    public JobKind kind() {
        return JobKind.values()[message.getKindValue()];
    }

    public String listenerEvent() {
        return message.getListenerEvent();
    }

    /** Empty: the default tenant. */
    public String tenant() {
        return message.getTenant();
    }

    /** Counts offers of this job, from 1. */
    public int attempt() {
        return message.getAttempt();
    }

    /** Failures that are still forgiven. */
    public int retries() {
        return message.getRetries();
    }

    public int priority() {
        return message.getPriority();
    }

    public long leaseMs() {
        return message.getLeaseMs();
    }

    public String businessId() {
        return message.getBusinessId();
    }

    public long rootInstance() {
        return message.getRootInstance();
    }

    /** W3C Trace Context. */
    public String traceParent() {
        return message.getTraceparent();
    }

    public Map<String, String> headers() {
        return parts.headers();
    }

    /** All of them, as they came. */
    public ObjectNode variables() {
        return parts.variables();
    }

    /** Of task listeners: the task as it would be. */
    public ObjectNode userTask() {
        return parts.userTask();
    }

    public List<String> tags() {
        return parts.tags();
    }

    /** The same in every attempt of the job: for what is done to the outside world. */
    public String idempotencyKey() {
        return "baton-" + Long.toUnsignedString(key());
    }

    /** Set when the worker stops: there are the seconds of its grace to end. */
    public Signal shutdown() {
        return shutdown;
    }

    /** Set when the job is somebody else's by now: what is returned will count for nothing. */
    public Signal leaseLost() {
        return leaseLost;
    }

    /** Either signal: stop when you can. */
    public boolean isCancelled() {
        return shutdown.isSet() || leaseLost.isSet();
    }

    dev.baton.v1.Job message() {
        return message;
    }
}
