// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/** What a worker counts, and its health, over HTTP. */
final class WorkerMetrics {
    private static final Map<String, String> HELP = Map.of(
            "jobs.received", "Jobs that came from Kafka.",
            "jobs.completed", "Jobs that were completed.",
            "jobs.failed", "Jobs that failed, by class of the failure.",
            "jobs.thrown", "Jobs that ended with a BPMN error.",
            "jobs.stale", "Jobs that came after a later attempt of theirs, or twice.",
            "jobs.unreadable", "Records that are no jobs.",
            "leases.extended", "Extensions of leases that were sent.",
            "leases.lost", "Jobs that became somebody else's while they were worked on.",
            "answers.undelivered", "Answers that Kafka did not take: the orchestrator offers these jobs again.",
            "loop.restarts", "Times that a loop ended by an error and began anew.");
    private static final Duration[] BUCKETS = java.util.stream.LongStream.of(5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 1_800_000)
            .mapToObj(Duration::ofMillis).toArray(Duration[]::new);
    private final MeterRegistry registry;

    WorkerMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    void add(String name, String jobType) {
        Counter.builder("baton.worker." + name).description(HELP.get(name)).tag("type", jobType).register(registry).increment();
    }

    void failed(String jobType, FailureClass of) {
        Counter.builder("baton.worker.jobs.failed").description(HELP.get("jobs.failed")).tag("type", jobType).tag("class", of.name()).register(registry).increment();
    }

    void took(String jobType, long nanos) {
        Timer.builder("baton.worker.job.duration").description("How long handlers work.").tag("type", jobType).serviceLevelObjectives(BUCKETS)
                .maximumExpectedValue(Duration.ofHours(1)).register(registry).record(Duration.ofNanos(nanos));
    }

    void watch(String jobType, Supplier<Number> inFlight) {
        Gauge.builder("baton.worker.jobs.in.flight", inFlight).description("Jobs that are worked on.").tag("type", jobType).register(registry);
    }

    /** /metrics, /health/live and /health/ready on host:port. IllegalArgumentException: that is none, or taken. */
    HttpServer serve(String address, Supplier<Worker.Health> health) {
        int at = address.lastIndexOf(':');
        if (at < 0 || !address.substring(at + 1).matches("[0-9]{1,5}")) {
            throw new IllegalArgumentException("BATON_WORKER_METRICS: expected host:port, found \"" + address + "\"");
        }
        String host = address.substring(0, at).replaceAll("^\\[|\\]$", "");
        HttpServer server;
        try {
            server = HttpServer.create(new InetSocketAddress(host.isEmpty() ? "0.0.0.0" : host, Integer.parseInt(address.substring(at + 1))), 0);
        } catch (IOException err) {
            throw new IllegalArgumentException("BATON_WORKER_METRICS: " + address + ": " + err.getMessage(), err);
        }
        server.createContext("/", exchange -> answer(exchange, 404, "text/plain", "there are /metrics, /health/live and /health/ready\n"));
        if (registry instanceof PrometheusMeterRegistry prometheus) {
            server.createContext("/metrics", exchange -> answer(exchange, 200, "text/plain; version=0.0.4", prometheus.scrape()));
        }
        server.createContext("/health/live", exchange -> answer(exchange, health.get().live() ? 200 : 503, "application/json", text(health.get())));
        server.createContext("/health/ready", exchange -> answer(exchange, health.get().ready() ? 200 : 503, "application/json", text(health.get())));
        server.setExecutor(Executors.newSingleThreadExecutor(Threads.named("baton-metrics")));
        server.start();
        return server;
    }

    private static String text(Worker.Health health) {
        return new String(Json.write(Json.MAPPER.valueToTree(health)), StandardCharsets.UTF_8) + "\n";
    }

    private static void answer(HttpExchange exchange, int status, String type, String body) {
        try (exchange) {
            byte[] data = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("content-type", type);
            exchange.sendResponseHeaders(status, data.length);
            exchange.getResponseBody().write(data);
        } catch (IOException err) {
            throw new UncheckedIOException(err);
        }
    }
}
