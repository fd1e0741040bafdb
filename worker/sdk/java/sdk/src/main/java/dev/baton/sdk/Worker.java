// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import sun.misc.Signal;

/** Serves any number of job types in one process. Configured by the environment ({@link Settings}). */
public final class Worker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("dev.baton.worker");
    private static final double SILENT_S = 30; // a loop that has not turned for so long hangs

    private record Declared(Type type, Handler<Object> handler, JobOptions options) {}

    /** Of one job type. */
    public record TypeHealth(@JsonProperty("turned_s_ago") double turnedAgo, boolean assigned, @JsonProperty("in_flight") int inFlight, boolean paused,
            @JsonProperty("last_error") String lastError) {}

    /** {@code live}: all loops turn, whether brokers can be reached or not. {@code ready}: each type has its place in its group. */
    public record Health(boolean live, boolean ready, Map<String, TypeHealth> types) {}

    private final Settings settings;
    private final WorkerMetrics metrics;
    private final Map<String, Declared> declared = new LinkedHashMap<>();
    private final List<Middleware> middleware = new ArrayList<>();
    private final Map<String, Channel> channels = new LinkedHashMap<>();
    private final Job.Signal shutdown = new Job.Signal();
    private final ExecutorService hands = Executors.newCachedThreadPool(Threads.named("baton-job"));
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(Threads.named("baton-lease"));
    private volatile boolean isGraceOver;
    private Admin admin;
    private Answers answers;
    private HttpServer server;

    public Worker() {
        this(Settings.fromEnvironment());
    }

    public Worker(Settings settings) {
        this(settings, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
    }

    /** Its meters go to the registry; BATON_WORKER_METRICS serves them where that is Prometheus'. */
    public Worker(Settings settings, MeterRegistry registry) {
        this.settings = settings;
        metrics = new WorkerMetrics(registry);
    }

    // -- Declaring ---------------------------------------------------------------------------

    /**
     * Registers a handler that takes variables as a record (a component is required, unless it is an Optional, has an annotation called Nullable, or
     * {@code @JsonProperty(defaultValue = …)}), a bean, a map, or a Jackson ObjectNode. IllegalArgumentException: the type has one already.
     */
    public <T> Worker job(String jobType, Class<T> variables, Handler<T> handler) {
        return job(jobType, (Type) variables, JobOptions.NONE, handler);
    }

    public <T> Worker job(String jobType, Class<T> variables, JobOptions options, Handler<T> handler) {
        return job(jobType, (Type) variables, options, handler);
    }

    /** With all variables, as they came. */
    public Worker job(String jobType, Handler<ObjectNode> handler) {
        return job(jobType, (Type) ObjectNode.class, JobOptions.NONE, handler);
    }

    @SuppressWarnings("unchecked")
    public Worker job(String jobType, Type variables, JobOptions options, Handler<?> handler) {
        if (declared.putIfAbsent(jobType, new Declared(variables, (Handler<Object>) handler, options)) != null) {
            throw new IllegalArgumentException("there is a handler for jobs of type \"" + jobType + "\" already");
        }
        return this;
    }

    public Worker use(Middleware around) {
        middleware.add(around);
        return this;
    }

    // -- Running -----------------------------------------------------------------------------

    /** Until SIGTERM or SIGINT, and then until what is under way has ended; the process ends then, or when the grace is over (exit code 1; a second signal: at once). */
    public void run() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        AtomicInteger signals = new AtomicInteger();
        for (String name : List.of("TERM", "INT")) {
            Signal.handle(new Signal(name), signal -> {
                if (signals.incrementAndGet() > 1) Runtime.getRuntime().halt(128 + signal.getNumber());
                asked.countDown();
            });
        }
        start();
        asked.await();
        boolean isDone = stop(settings.graceMs());
        Runtime.getRuntime().halt(isDone ? 0 : 1); // the threads of handlers that do not end would keep the process
    }

    public boolean hasHandlers() {
        return !declared.isEmpty();
    }

    /** Returns at once. Kafka may be away: jobs come when it is back. IllegalArgumentException says what is wrong with settings and declarations. */
    public void start() {
        if (shutdown.isSet()) throw new IllegalStateException("the worker was stopped: make another one");
        if (declared.isEmpty()) throw new IllegalArgumentException("the worker has no handlers: declare one with worker.job(\"type\", …)");
        settings.check(declared.keySet());
        declared.forEach((type, one) -> {
            Channel channel = new Channel(this, type, settings.ofType(type, one.options().maxConcurrent(), one.options().leaseMs()));
            channels.put(type, channel);
            metrics.watch(type, channel::inFlight);
        });
        Map<String, Object> properties = Kafka.properties(settings);
        properties.putAll(Map.of("request.timeout.ms", 5000, "default.api.timeout.ms", 10_000));
        admin = Admin.create(properties);
        answers = new Answers(settings);
        if (!settings.metrics().isEmpty()) server = metrics.serve(settings.metrics(), this::health);
        channels.values().forEach(Channel::start);
        LOG.info("worker {} serves {}", settings.name(), String.join(", ", declared.keySet()));
    }

    /** Takes no more jobs, tells the handlers, keeps their leases, and waits for them; then commits and leaves. False: some had not ended. */
    public boolean stop(long graceMs) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(graceMs);
        shutdown.set();
        while (inFlight() > 0 && System.nanoTime() < until) Thread.sleep(10);
        int left = inFlight();
        if (left > 0) LOG.warn("{} jobs have not ended within the grace of {} ms: others will get them", left, graceMs);
        isGraceOver = true;
        if (answers == null) return true;
        boolean isFlushed = answers.flush(Math.max(until, System.nanoTime() + TimeUnit.SECONDS.toNanos(1)));
        channels.values().forEach(Channel::askToStop);
        boolean hasLeft = hasLeft(System.nanoTime() + TimeUnit.SECONDS.toNanos(3));
        timer.shutdownNow();
        hands.shutdownNow();
        answers.close();
        admin.close(Duration.ofSeconds(1));
        if (server != null) server.stop(0);
        return left == 0 && isFlushed && hasLeft;
    }

    /** False: brokers have not answered in time, and take this worker for dead in theirs. */
    private boolean hasLeft(long untilNanos) throws InterruptedException {
        for (Channel channel : channels.values()) {
            if (channel.awaitStop(untilNanos)) continue;
            LOG.warn("Kafka does not answer: the worker ends without leaving its groups");
            return false;
        }
        return true;
    }

    @Override
    public void close() throws InterruptedException {
        stop(settings.graceMs());
    }

    private int inFlight() {
        return channels.values().stream().mapToInt(Channel::inFlight).sum();
    }

    /** Begins no more jobs of the type; those under way go on. IllegalArgumentException: it is not served. */
    public void pause(String jobType) {
        channel(jobType).isPaused = true;
    }

    public void resume(String jobType) {
        channel(jobType).isPaused = false;
    }

    private Channel channel(String jobType) {
        Channel channel = channels.get(jobType);
        if (channel == null) throw new IllegalArgumentException("no jobs of type \"" + jobType + "\" are served");
        return channel;
    }

    public Health health() {
        Map<String, TypeHealth> types = new LinkedHashMap<>();
        channels.forEach((type, channel) -> types.put(type, channel.health()));
        return new Health(types.values().stream().allMatch(one -> one.turnedAgo() < SILENT_S),
                !shutdown.isSet() && types.values().stream().allMatch(TypeHealth::assigned), types);
    }

    // -- Working -----------------------------------------------------------------------------

    /** What the handler makes of a job, without a broker. */
    public Outcome test(String jobType, Object variables) {
        return test(jobType, variables, 1, 3);
    }

    public Outcome test(String jobType, Object variables, int attempt, int retries) {
        Declared one = declared.get(jobType);
        if (one == null) throw new IllegalArgumentException("no handler for jobs of type \"" + jobType + "\"; there are " + declared.keySet());
        ObjectNode given = Json.objectOf(variables);
        dev.baton.v1.Job message = dev.baton.v1.Job.newBuilder().setKey(1).setType(jobType).setInstance(2).setElementInstance(3).setElementId("task")
                .setProcessId("process").setVersion(1).setDefinition(4).setAttempt(attempt).setRetries(retries).setToken(ByteString.EMPTY).build();
        Job job = new Job(message, new Job.Parts(given == null ? Json.object() : given, Map.of(), Json.object(), List.of()), shutdown);
        var ended = new java.util.concurrent.CompletableFuture<Outcome>();
        work(one, job, ended::complete);
        return Answer.fill(job, ended.join(), settings.name()).told();
    }

    void begin(Channel channel, Channel.Running running) {
        long began = System.nanoTime();
        running.lease = new Lease(this, running.job, channel.own.leaseMs());
        running.lease.begin(settings.takeMs());
        try {
            hands.execute(() -> work(declared.get(channel.jobType), running.job, outcome -> {
                metrics.took(channel.jobType, System.nanoTime() - began);
                answer(channel, running, outcome);
            }));
        } catch (Throwable err) { // no thread is to be had
            answer(channel, running, failed(running.job, err));
        }
    }

    /** {@code then} is called once, whatever the handler does, perhaps from another thread. */
    private void work(Declared one, Job job, Consumer<Outcome> then) {
        Span span = span(job);
        Object value;
        try (Scope scope = span.makeCurrent(); MDC.MDCCloseable key = MDC.putCloseable("baton_job", Long.toUnsignedString(job.key()));
                MDC.MDCCloseable instance = MDC.putCloseable("baton_instance", Long.toUnsignedString(job.instance()))) {
            value = call(one, job).call();
            if (value instanceof CompletionStage<?> stage) {
                stage.whenComplete((result, err) -> end(span, then, err == null ? returned(job, result) : failed(job, err)));
                return;
            }
        } catch (Throwable err) { // an Error as well: a job has an end
            end(span, then, failed(job, err));
            return;
        }
        end(span, then, returned(job, value));
    }

    private Callable<Object> call(Declared one, Job job) {
        Callable<Object> call = () -> one.handler().handle(Arguments.fill(job.variables(), one.type()), job);
        for (int i = middleware.size() - 1; i >= 0; i--) {
            Middleware around = middleware.get(i);
            Callable<Object> next = call;
            call = () -> around.around(job, next);
        }
        return call;
    }

    private static Outcome returned(Job job, Object value) {
        try {
            return Answer.ofReturn(value);
        } catch (Throwable err) {
            return failed(job, err);
        }
    }

    private static Outcome failed(Job job, Throwable err) {
        Throwable shown = err instanceof Fatal || err instanceof RetryAfter || err instanceof Failure ? null : err;
        Outcome outcome;
        try {
            outcome = Answer.ofError(job, err);
        } catch (Throwable wrong) { // of an exception whose own methods fail
            outcome = Answer.failedAgain(job, err.getClass().getName());
            shown = null;
        }
        if (outcome instanceof Outcome.Failed failed) {
            LOG.warn("job {} of instance {}: attempt {} failed, {} retries are left: {}", Long.toUnsignedString(job.key()), Long.toUnsignedString(job.instance()),
                    job.attempt(), failed.retries(), failed.message(), shown);
        }
        return outcome;
    }

    private static void end(Span span, Consumer<Outcome> then, Outcome outcome) {
        span.end();
        then.accept(outcome);
    }

    private static final TextMapGetter<Job> TRACE = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Job job) {
            return List.of("traceparent");
        }

        @Override
        public String get(Job job, String name) {
            return job != null && name.equals("traceparent") ? job.traceParent() : null;
        }
    };

    private static Span span(Job job) {
        Context parent = W3CTraceContextPropagator.getInstance().extract(Context.current(), job, TRACE); // it takes whatever is no trace as none
        return GlobalOpenTelemetry.getTracer("baton").spanBuilder("job " + job.type()).setParent(parent).setSpanKind(SpanKind.CONSUMER)
                .setAttribute("messaging.system", "kafka").setAttribute("baton.job.key", Long.toUnsignedString(job.key()))
                .setAttribute("baton.instance.key", Long.toUnsignedString(job.instance())).setAttribute("baton.process.id", job.processId())
                .setAttribute("baton.element.id", job.elementId()).setAttribute("baton.job.attempt", (long) job.attempt()).startSpan();
    }

    // -- Answering ---------------------------------------------------------------------------

    void answer(Channel channel, Channel.Running running, Outcome outcome) {
        if (running.lease != null) running.lease.end();
        if (outcome instanceof Outcome.Failed && isGraceOver) {
            channel.dropped(running); // others get it, with all its retries
            return;
        }
        if (outcome instanceof Outcome.Failed && running.job.leaseLost().isSet()) {
            channel.finished(running); // it is somebody else's
            return;
        }
        Answer.Filled filled = Answer.fill(running.job, outcome, settings.name());
        if (filled.told() instanceof Outcome.Failed failed) metrics.failed(channel.jobType, failed.failureClass());
        else metrics.add(filled.told() instanceof Outcome.Completed ? "jobs.completed" : "jobs.thrown", channel.jobType);
        answers.send(running.job.message().getReplyPartition(), filled.command(), err -> {
            if (err != null) {
                metrics.add("answers.undelivered", channel.jobType);
                LOG.error("job {}: the answer did not reach Kafka ({}): it will be offered again", Long.toUnsignedString(running.job.key()), err.toString());
            }
            hands.execute(() -> channel.finished(running)); // not on the producer's thread
        });
    }

    void extend(Job job, long leaseMs, Consumer<Exception> done) {
        metrics.add("leases.extended", job.type());
        answers.send(job.message().getReplyPartition(), Answer.extension(job, settings.name(), leaseMs), done);
    }

    Admin admin() {
        return admin;
    }

    Settings settings() {
        return settings;
    }

    WorkerMetrics metrics() {
        return metrics;
    }

    Job.Signal shutdown() {
        return shutdown;
    }

    ScheduledExecutorService timer() {
        return timer;
    }
}
