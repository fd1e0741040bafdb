// SPDX-License-Identifier: Apache-2.0
package dev.baton.conformance;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.baton.sdk.AdHoc;
import dev.baton.sdk.BpmnError;
import dev.baton.sdk.Corrected;
import dev.baton.sdk.Denied;
import dev.baton.sdk.Failure;
import dev.baton.sdk.FailureClass;
import dev.baton.sdk.Fatal;
import dev.baton.sdk.Handler;
import dev.baton.sdk.Job;
import dev.baton.sdk.JobOptions;
import dev.baton.sdk.RetryAfter;
import dev.baton.sdk.Worker;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.StreamSupport;

/** The handlers that worker/sdk/conformance asks of every SDK (its README says what each does). */
public final class ConformanceWorker {
    private static final Worker WORKER = new Worker();
    private static final AtomicInteger here = new AtomicInteger(), most = new AtomicInteger();
    private static final Map<Long, Integer> runs = new ConcurrentHashMap<>();

    public record Person(String name, int age) {}

    public record Typed(int count, @JsonProperty(defaultValue = "default") String text, Optional<Person> person) {}

    private static final class Odd extends Exception {
        Odd(String message) {
            super(message);
        }
    }

    private ConformanceWorker() {}

    private static void serve(String name, Handler<ObjectNode> handler) {
        WORKER.job(type(name), handler);
    }

    private static String type(String name) {
        return System.getenv().getOrDefault("CONFORMANCE_TYPES", "c") + "." + name;
    }

    private static void rest(ObjectNode variables) throws InterruptedException {
        Thread.sleep(variables.path("ms").asLong());
    }

    private static Object meta(Job job) {
        Map<String, Object> about = new LinkedHashMap<>();
        about.put("process", job.processId());
        about.put("element", job.elementId());
        about.put("instance", Long.toUnsignedString(job.instance()));
        about.put("businessId", job.businessId());
        about.put("tags", job.tags());
        about.put("headers", job.headers());
        about.put("priority", job.priority());
        about.put("tenant", job.tenant());
        about.put("attempt", job.attempt());
        about.put("kind", job.kind().ordinal());
        about.put("idempotencyKey", job.idempotencyKey());
        return Map.of("meta", about);
    }

    private static Object returned(ObjectNode variables) {
        Map<String, Object> itself = new HashMap<>();
        itself.put("me", itself);
        return switch (variables.path("kind").asText()) {
            case "nan" -> Map.of("deep", List.of(1, Double.NaN));
            case "cycle" -> Map.of("itself", itself);
            case "function" -> Map.of("call", (Runnable) () -> { });
            case "list" -> List.of(1, 2);
            case "surrogate" -> Map.of("half", "\ud800");
            default -> Map.of("small", 1, "big", "x".repeat(variables.path("size").asInt()));
        };
    }

    private static Object listener(ObjectNode variables) {
        return switch (variables.path("what").asText()) {
            case "deny" -> new Denied(variables.path("reason").asText());
            case "correct" -> new Corrected(Map.of("assignee", variables.path("corrections").path("assignee")));
            default -> null;
        };
    }

    private static AdHoc adHoc(ObjectNode variables) {
        AdHoc told = AdHoc.activate(StreamSupport.stream(variables.path("activate").spliterator(), false).map(JsonNode::asText)
                .map(name -> new AdHoc.Activation(name, Map.of("by", "worker"))).toArray(AdHoc.Activation[]::new));
        return variables.path("complete").asBoolean() ? told.complete() : told;
    }

    private static Object slow(ObjectNode variables, Job job) throws InterruptedException {
        long until = System.currentTimeMillis() + variables.path("ms").asLong();
        while (System.currentTimeMillis() < until && !(variables.path("polite").asBoolean() && job.isCancelled())) Thread.sleep(20);
        return Map.of("shutdown", job.shutdown().isSet(), "leaseLost", job.leaseLost().isSet());
    }

    private static Object peak(ObjectNode variables) throws InterruptedException {
        int now = here.incrementAndGet();
        int told = most.accumulateAndGet(now, Math::max);
        rest(variables);
        here.decrementAndGet();
        return Map.of("most", Math.max(told, most.get()));
    }

    private static Object counted(ObjectNode variables, Job job) throws InterruptedException {
        int mine = runs.merge(job.key(), 1, Integer::sum);
        rest(variables);
        return Map.of("run", mine);
    }

    private static void ends() {
        serve("error", (in, job) -> {
            if (!in.path("code").isTextual()) throw new Fatal("the code is " + in.path("code"));
            Map<String, Object> variables = new HashMap<>();
            in.path("variables").properties().forEach(one -> variables.put(one.getKey(), one.getValue()));
            throw new BpmnError(in.path("code").asText(), in.path("message").asText(), variables);
        });
        serve("fail", (in, job) -> {
            throw new Odd(in.has("message") ? in.path("message").asText() : null);
        });
        serve("fatal", (in, job) -> {
            throw new Fatal(in.path("message").asText());
        });
        serve("classed", (in, job) -> {
            Duration wait = Duration.ofMillis((long) (in.path("seconds").asDouble() * 1000));
            throw new Failure(FailureClass.valueOf(in.path("class").asText()), in.path("message").asText(), in.path("subject").asText(), wait);
        });
        serve("leave", (in, job) -> {
            throw new ThreadDeath(); // as Thread.stop() did it
        });
        serve("later", (in, job) -> {
            RetryAfter later = new RetryAfter(Duration.ofMillis((long) (in.path("seconds").asDouble() * 1000)));
            throw in.path("keeps").asBoolean() ? later.keepingRetries() : later;
        });
    }

    public static void main(String[] arguments) throws InterruptedException {
        serve("echo", (in, job) -> Map.of("echo", in));
        serve("meta", (in, job) -> meta(job));
        WORKER.job(type("typed"), Typed.class, (in, job) -> in);
        ends();
        serve("nothing", (in, job) -> null);
        serve("return", (in, job) -> returned(in));
        serve("listener", (in, job) -> listener(in));
        serve("adhoc", (in, job) -> adHoc(in));
        WORKER.job(type("slow"), ObjectNode.class, JobOptions.maxConcurrent(16), ConformanceWorker::slow);
        WORKER.job(type("peak"), ObjectNode.class, JobOptions.maxConcurrent(4), (in, job) -> peak(in));
        serve("counted", ConformanceWorker::counted);
        serve("async", (in, job) -> CompletableFuture.supplyAsync(() -> null, CompletableFuture.delayedExecutor(in.path("ms").asLong(), TimeUnit.MILLISECONDS)));
        WORKER.job(type("block"), ObjectNode.class, JobOptions.maxConcurrent(1), (in, job) -> {
            new CountDownLatch(1).await();
            return null;
        });
        serve("interrupted", (in, job) -> {
            new CountDownLatch(1).await(); // the worker interrupts its threads then
            return null;
        });
        serve("crash", (in, job) -> {
            rest(in);
            if (!"false".equals(System.getenv("CONFORMANCE_CRASHES"))) Runtime.getRuntime().halt(9);
            return null;
        });
        serve("odd:type/ü_x", (in, job) -> Map.of("odd", true));
        WORKER.run();
    }
}
