// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class WorkerTest {
    record Line(String sku, BigDecimal price, @JsonProperty(defaultValue = "1") int count) {}

    record Wanted(int n, Optional<List<Line>> lines, Optional<LocalDate> day, @JsonProperty(defaultValue = "none") String text) {}

    private static Settings settings() {
        return Settings.from(Map.of("BATON_WORKER_NAME", "w"));
    }

    private static Outcome outcomeOf(Handler<ObjectNode> handler) {
        return new Worker(settings()).job("t", handler).test("t", null);
    }

    private static Outcome.Failed failing(Exception err, int attempt, int retries) {
        Worker worker = new Worker(settings()).job("t", (in, job) -> {
            throw err;
        });
        return assertInstanceOf(Outcome.Failed.class, worker.test("t", null, attempt, retries));
    }

    private static Outcome wanted(String json) throws IOException {
        return new Worker(settings()).job("t", Wanted.class, (in, job) -> in).test("t", Json.read(json.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void variablesAreGivenAsDeclared() throws IOException {
        Outcome.Completed found = assertInstanceOf(Outcome.Completed.class,
                wanted("{\"n\":3,\"more\":1,\"lines\":[{\"sku\":\"a\",\"price\":0.10}],\"day\":\"2026-11-30\"}"));
        assertEquals("{\"n\":3,\"lines\":[{\"sku\":\"a\",\"price\":0.10,\"count\":1}],\"day\":\"2026-11-30\",\"text\":\"none\"}", found.variables().toString());
    }

    @Test
    void whatDoesNotFitIsNamed() throws IOException {
        Map<String, String> expected = Map.of(
                "{}", "variable \"n\" is missing",
                "{\"n\":\"3\"}", "variable \"n\": expected int, found \"3\"",
                "{\"n\":1.5}", "variable \"n\": expected int, found 1.5",
                "{\"n\":null}", "variable \"n\": expected int, found null",
                "{\"n\":1,\"lines\":[{\"sku\":null,\"price\":1}]}", "variable \"lines[0].sku\": expected String, found null",
                "{\"n\":1,\"lines\":[{\"sku\":\"a\"}]}", "variable \"lines[0].price\" is missing",
                "{\"n\":1,\"lines\":[{\"sku\":\"a\",\"price\":\"x\"}]}", "variable \"lines[0].price\": expected BigDecimal, found \"x\"",
                "{\"n\":1,\"day\":\"soon\"}", "variable \"day\": expected LocalDate, found \"soon\"");
        for (Map.Entry<String, String> one : expected.entrySet()) {
            assertEquals(new Outcome.Failed(one.getValue(), 0, Duration.ZERO, FailureClass.POISON, ""), wanted(one.getKey()), one.getKey());
        }
    }

    @Test
    void eachEnd() {
        Outcome.Thrown thrown = assertInstanceOf(Outcome.Thrown.class, outcomeOf((in, job) -> {
            throw new BpmnError("NO", "text", Map.of("a", 1));
        }));
        assertEquals("NO text {\"a\":1}", thrown.code() + " " + thrown.message() + " " + thrown.variables());
        assertEquals(new Outcome.Failed("busy", 2, Duration.ofMillis(2500), FailureClass.TRANSIENT, ""), failing(new RetryAfter(Duration.ofMillis(2500), "busy"), 1, 3));
        assertEquals(new Outcome.Failed("busy", 1, Duration.ofSeconds(1), FailureClass.THROTTLED, ""), failing(new RetryAfter(Duration.ofSeconds(1), "busy").keepingRetries(), 1, 1));
        assertEquals(Duration.ofDays(24), failing(new RetryAfter(Duration.ofDays(4000), "busy"), 1, 1).backoff());
        assertEquals(new Outcome.Failed("401", 0, Duration.ZERO, FailureClass.AUTH, "shop-key"), failing(new Failure(FailureClass.AUTH, "401", "shop-key", Duration.ZERO), 1, 3));
        assertEquals(new Outcome.Failed("never", 0, Duration.ZERO, FailureClass.PERMANENT, ""), failing(new Fatal("never"), 1, 3));
        Outcome.Failed found = failing(new IOException("down"), 3, 3);
        assertEquals("IOException: down, 2", found.message() + ", " + found.retries());
        assertTrue(found.backoff().toMillis() >= 3200 && found.backoff().toMillis() <= 4800, found.toString());
        assertEquals("{\"denied\":true,\"deniedReason\":\"no\"}".length(), ((Outcome.Completed) outcomeOf((in, job) -> new Denied("no"))).result().toString().length());
        assertEquals("StackOverflowError", ((Outcome.Failed) outcomeOf((in, job) -> {
            throw new StackOverflowError();
        })).message());
    }

    @Test
    void nothingThatAHandlerGivesLeavesAJobWithoutAnEnd() {
        RuntimeException odd = new RuntimeException() {
            @Override
            public String getMessage() {
                throw new IllegalStateException("no");
            }
        };
        assertInstanceOf(Outcome.Failed.class, failing(odd, 1, 3));
        assertInstanceOf(Outcome.Failed.class, outcomeOf((in, job) -> CompletableFuture.completedFuture(new Corrected(null))));
        assertInstanceOf(Outcome.Failed.class, outcomeOf((in, job) -> new AdHoc(null, false, false, null)));
    }

    @Test
    void whatCannotBeSentIsNamed() {
        Map<String, Object> itself = new HashMap<>();
        itself.put("me", itself);
        List<Object> deep = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) deep = new ArrayList<>(List.of(deep));
        Object nested = deep;
        Map<Object, String> expected = new HashMap<>();
        expected.put(new Object[] {Map.of("a", Map.of("b", List.of(Double.POSITIVE_INFINITY)))}, "a.b[0] is Infinity, which is no number in JSON");
        expected.put(new Object[] {Map.of("call", (Runnable) () -> { })}, "call is a function, which JSON does not have");
        expected.put(new Object[] {itself}, "me contains itself");
        expected.put(new Object[] {Map.of("half", "\ud800")}, "half holds half of a surrogate pair, which is no text");
        expected.put(new Object[] {7}, "the handler returned a Integer; variables have names: return a record, a map or null");
        expected.put(new Object[] {Map.of("big", "x".repeat(1_100_000))}, "the variables have 1100010 bytes, at most 1048576 are taken; \"big\" alone has 1100002");
        expected.put(new Object[] {Map.of("deep", nested)}, "what the handler returned contains itself, or is nested too deeply");
        expected.forEach((value, message) -> assertEquals(new Outcome.Failed(message, 0, Duration.ZERO), outcomeOf((in, job) -> ((Object[]) value)[0])));
        Map<String, Integer> part = Map.of("a", 1);
        assertInstanceOf(Outcome.Completed.class, outcomeOf((in, job) -> Map.of("x", part, "y", List.of(part, part))), "the same twice is no cycle");
    }

    @Test
    void noDigitIsLost() throws IOException {
        for (String number : List.of("1234567890123456789012345678901.234", "0.1234567890123456789012345678901234", "9223372036854775808", "1.50")) {
            assertEquals(number, new String(Json.write(Json.read(number.getBytes(StandardCharsets.UTF_8))), StandardCharsets.UTF_8));
        }
        for (String wrong : List.of("NaN", "{\"a\":Infinity}", "{", "{\"a\":1}x", "")) {
            assertThrows(IOException.class, () -> Json.read(wrong.getBytes(StandardCharsets.UTF_8)), wrong);
        }
        assertThrows(IOException.class, () -> Json.read(new byte[] {'"', (byte) 0xff, '"'}));
    }

    @Test
    void laterResultsAndMiddleware() {
        List<String> steps = new ArrayList<>();
        Worker worker = new Worker(settings()).job("t", (in, job) -> CompletableFuture.supplyAsync(() -> {
            steps.add(job.idempotencyKey());
            return Map.of("b", 1);
        }));
        for (String name : List.of("outer", "inner")) {
            worker.use((job, next) -> {
                steps.add(name + " " + job.type());
                return next.call();
            });
        }
        assertEquals("{\"b\":1}", ((Outcome.Completed) worker.test("t", null)).variables().toString());
        assertEquals(List.of("outer t", "inner t", "baton-1"), steps);
        Outcome failed = new Worker(settings()).job("t", (in, job) -> CompletableFuture.failedStage(new Fatal("no"))).test("t", null);
        assertEquals(new Outcome.Failed("no", 0, Duration.ZERO, FailureClass.PERMANENT, ""), failed);
    }

    @Test
    void wrongDeclarationsSaySo() {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> new Worker(settings()).start()).getMessage().contains("no handlers"));
        Worker worker = new Worker(settings()).job("t", (in, job) -> null);
        assertThrows(IllegalArgumentException.class, () -> worker.job("t", (in, job) -> null));
        assertThrows(IllegalArgumentException.class, () -> worker.test("u", null));
        assertThrows(IllegalArgumentException.class, () -> new BpmnError(""));
        assertThrows(IllegalArgumentException.class, () -> new RetryAfter(Duration.ZERO));
    }

    @Test
    void settingsAreOfTheEnvironment() {
        Settings settings = Settings.from(Map.of("BATON_KAFKA_PROPERTIES", "a.b=c; d=e=f;p=x\\;y\\;", "BATON_WORKER_MAX_CONCURRENT", "7", "BATON_WORKER_CHARGE_CARD_MAX_CONCURRENT", "2"));
        assertEquals(Map.of("a.b", "c", "d", "e=f", "p", "x;y;"), settings.properties());
        assertEquals(2, settings.ofType("charge-card", 5, null).maxConcurrent());
        assertEquals(5, settings.ofType("other", 5, null).maxConcurrent());
        settings.check(List.of("charge-card"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> settings.check(List.of("other"))).getMessage().contains("BATON_WORKER_CHARGE_CARD_MAX_CONCURRENT"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Kafka.properties(settings)).getMessage().contains("does not know"));
        for (Map.Entry<String, String> one : Map.of("BATON_WORKER_PAUSED", "yes", "BATON_WORKER_GRACE_MS", "-1", "BATON_KAFKA_SESSION_MS", "5").entrySet()) {
            assertTrue(assertThrows(IllegalArgumentException.class, () -> Settings.from(Map.of(one.getKey(), one.getValue()))).getMessage().contains(one.getKey()));
        }
        Map<String, Object> secure = Kafka.properties(Settings.from(Map.of("BATON_KAFKA_PROPERTIES",
                "security.protocol=sasl_ssl;sasl.mechanism=SCRAM-SHA-512;sasl.username=u;sasl.password=p\"q")));
        assertEquals("org.apache.kafka.common.security.scram.ScramLoginModule required username=\"u\" password=\"p\\\"q\";", secure.get("sasl.jaas.config"));
        assertEquals("SASL_SSL", secure.get("security.protocol"));
    }

    @Test
    void partsOfTopics() {
        Map.of("pay", "pay", "io.camunda:http-json:1", "io.camunda_x3ahttp-json_x3a1", "a_x", "a_x5fx", "ü", "_xc3_xbc", "a_b", "a_b")
                .forEach((type, part) -> assertEquals(part, Settings.partOfJobType(type)));
        for (String wrong : List.of("", "x".repeat(201), ":".repeat(51))) assertThrows(IllegalArgumentException.class, () -> Settings.partOfJobType(wrong));
    }

    @Test
    void offsetsWaitForTheFirst() {
        Progress progress = new Progress();
        for (long offset : new long[] {3, 4, 7}) progress.begin(offset);
        assertEquals(List.of(-1L, 5L, -1L, 8L), List.of(progress.end(4), progress.end(3), progress.end(9), progress.end(7)));
    }

    @Test
    void metricsAreNamedAsElsewhere() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        WorkerMetrics metrics = new WorkerMetrics(registry);
        metrics.add("jobs.completed", "t");
        metrics.failed("t", FailureClass.AUTH);
        metrics.took("t", 3_000_000);
        metrics.watch("t", () -> 2);
        String text = registry.scrape();
        for (String line : List.of("baton_worker_jobs_completed_total{type=\"t\"} 1.0", "baton_worker_jobs_failed_total{class=\"AUTH\",type=\"t\"} 1.0",
                "baton_worker_job_duration_seconds_bucket{type=\"t\",le=\"0.005\"} 1",
                "baton_worker_jobs_in_flight{type=\"t\"} 2.0")) assertTrue(text.contains(line), text);
    }

    @Test
    void theClientSaysWhatTheApiSays() {
        assertEquals("Basic w7w6cA==", Client.authorizationOf(Map.of("BATON_API_USER", "ü", "BATON_API_PASSWORD", "p")));
        assertEquals("Bearer k", Client.authorizationOf(Map.of("BATON_API_KEY", "k", "BATON_API_USER", "u")));
        ApiException away = assertThrows(ApiException.class, () -> new Client("http://127.0.0.1:1", null, java.net.http.HttpClient.newHttpClient()).cancel("1"));
        assertEquals("0 UNREACHABLE", away.status() + " " + away.title());
    }

    /** The program of the README is that of ReadmeProgram.java. */
    @Test
    void theReadmeSaysWhatIsSo() throws IOException {
        Path root = Path.of(System.getProperty("user.dir")).getParent();
        Matcher said = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(root.resolve("README.md")));
        assertTrue(said.find());
        String tried = Files.readString(root.resolve("sdk/src/test/java/dev/baton/example/Charge.java"));
        assertTrue(tried.contains(said.group(1)), said.group(1));
    }
}
