// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One job type: a consumer on a thread of its own, and the jobs that came of it until they are answered. Work is never done on that thread. */
final class Channel implements ConsumerRebalanceListener {
    private static final Logger LOG = LoggerFactory.getLogger("dev.baton.worker");
    private static final Duration POLL = Duration.ofMillis(200), BUSY_POLL = Duration.ofMillis(10);
    private static final long COMMIT_MS = 1000, MOST_REST_MS = 30_000;

    /** A job from its record to its answer. */
    static final class Running {
        final int partition;
        final Job job;
        final List<Long> offsets = new ArrayList<>(); // of this attempt: it may have come more than once
        long life;
        Lease lease;

        Running(int partition, long offset, long life, Job job) {
            this.partition = partition;
            this.job = job;
            this.life = life;
            offsets.add(offset);
        }
    }

    final String jobType;
    final Settings.OfType own;
    volatile boolean isPaused;
    private final Worker worker;
    private final String topic;
    private final String group;
    private final CountDownLatch ends = new CountDownLatch(1);
    private final Thread thread;
    private volatile long turnedMs = System.currentTimeMillis();
    private volatile boolean isAssigned;
    private volatile String lastError = "";
    private KafkaConsumer<byte[], byte[]> consumer; // of the thread
    private boolean isHeld;
    // The rest is of this object's lock.
    private final Map<Integer, Progress> progress = new HashMap<>();
    private final Map<Integer, Long> toCommit = new HashMap<>();
    private final Deque<Running> queued = new ArrayDeque<>();
    private final Map<Long, Running> running = new HashMap<>(); // by key
    private long life; // grows when partitions go: what came before is not committed any more

    Channel(Worker worker, String jobType, Settings.OfType own) {
        String part = Settings.partOfJobType(jobType);
        this.worker = worker;
        this.jobType = jobType;
        this.own = own;
        isPaused = own.paused();
        topic = worker.settings().prefix() + ".jobs." + part;
        group = worker.settings().prefix() + ".workers." + part;
        thread = Threads.named("baton-" + jobType).newThread(this::supervise);
    }

    // -- For the worker ----------------------------------------------------------------------

    void start() {
        thread.start();
    }

    void askToStop() {
        ends.countDown();
    }

    /** It leaves the group, once what is answered is committed. False: it has not by then. */
    boolean awaitStop(long untilNanos) throws InterruptedException {
        thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(untilNanos - System.nanoTime())));
        return !thread.isAlive();
    }

    synchronized int inFlight() {
        return running.size();
    }

    Worker.TypeHealth health() {
        return new Worker.TypeHealth((System.currentTimeMillis() - turnedMs) / 1000.0, isAssigned, inFlight(), isPaused, lastError);
    }

    /** It counts for nothing here and is left to others: it is not committed. */
    synchronized void dropped(Running one) {
        running.remove(one.job.key(), one);
    }

    /** Its answer is with Kafka, or will never be. */
    void finished(Running one) {
        synchronized (this) {
            running.remove(one.job.key(), one);
            done(one);
        }
        fill();
    }

    // -- Jobs --------------------------------------------------------------------------------

    private void done(Running one) {
        Progress of = progress.get(one.partition);
        if (one.life != life || of == null) return;
        for (long offset : one.offsets) {
            long to = of.end(offset);
            if (to >= 0) toCommit.put(one.partition, to);
        }
    }

    private void takeRecord(ConsumerRecord<byte[], byte[]> record) {
        synchronized (this) {
            progress.computeIfAbsent(record.partition(), partition -> new Progress()).begin(record.offset());
        }
        worker.metrics().add("jobs.received", jobType);
        dev.baton.v1.Job message = null;
        String problem = "it has no key";
        try {
            message = dev.baton.v1.Job.parseFrom(record.value() == null ? new byte[0] : record.value());
        } catch (InvalidProtocolBufferException err) {
            problem = err.getMessage();
        }
        if (message != null && message.getKey() != 0) {
            takeJob(record, message);
            return;
        }
        LOG.error("{}[{}] offset {} is no job: {}", topic, record.partition(), record.offset(), problem);
        worker.metrics().add("jobs.unreadable", jobType);
        synchronized (this) {
            done(new Running(record.partition(), record.offset(), life, null));
        }
    }

    private void takeJob(ConsumerRecord<byte[], byte[]> record, dev.baton.v1.Job message) {
        Running one;
        try {
            one = new Running(record.partition(), record.offset(), life, new Job(message, parts(message), worker.shutdown()));
        } catch (IOException err) {
            dev.baton.v1.Job known = message.toBuilder().setKindValue(0).build();
            one = new Running(record.partition(), record.offset(), life, new Job(known, Job.Parts.NONE, worker.shutdown()));
            worker.answer(this, one, Answer.failed("the worker cannot read the job: " + err.getMessage()));
            return;
        }
        synchronized (this) {
            if (!isStale(one)) queued.add(one);
        }
    }

    private static ObjectNode object(ByteString data, String what) throws IOException {
        if (data.isEmpty()) return Json.object();
        try {
            if (Json.read(data.toByteArray()) instanceof ObjectNode found) return found;
        } catch (IOException err) {
            throw new IOException("the " + what + " are no JSON: " + err.getMessage(), err);
        }
        throw new IOException("the " + what + " are no JSON object");
    }

    /** IOException: what should be JSON is none, or a kind that came later. */
    private static Job.Parts parts(dev.baton.v1.Job message) throws IOException {
        if (message.getKindValue() < 0 || message.getKindValue() >= JobKind.values().length) {
            throw new IOException("jobs of kind " + message.getKindValue() + " came after this version of the SDK");
        }
        Map<String, String> headers = new HashMap<>();
        object(message.getHeaders(), "headers").properties().forEach(one -> headers.put(one.getKey(), one.getValue().asText()));
        List<String> tags = new ArrayList<>();
        if (!message.getTags().isEmpty()) for (JsonNode tag : Json.read(message.getTags().toByteArray())) tags.add(tag.asText());
        return new Job.Parts(object(message.getVariables(), "variables"), headers, object(message.getUserTask(), "fields of the user task"), tags);
    }

    private Running known(long key) {
        Running found = running.get(key);
        if (found != null) return found;
        Optional<Running> waiting = queued.stream().filter(one -> one.job.key() == key).findFirst();
        return waiting.orElse(null);
    }

    /** It is worked on already, or by a later attempt. */
    private boolean isStale(Running one) {
        Running known = known(one.job.key());
        if (known == null) return false;
        if (known.job.attempt() < one.job.attempt()) {
            known.job.leaseLost().set();
            worker.metrics().add("leases.lost", jobType);
            if (queued.remove(known)) done(known); // it counts for nothing any more
            return false;
        }
        worker.metrics().add("jobs.stale", jobType);
        if (known.job.attempt() != one.job.attempt() || known.partition != one.partition) {
            done(one);
        } else {
            if (known.life != one.life) known.offsets.clear();
            known.life = one.life;
            known.offsets.addAll(one.offsets);
        }
        return true;
    }

    private synchronized Running next() {
        if (worker.shutdown().isSet() || isPaused || queued.isEmpty() || running.size() >= own.maxConcurrent()) return null;
        Running one = queued.remove();
        running.put(one.job.key(), one);
        return one;
    }

    /** Begins what there are free hands for. */
    private void fill() {
        for (Running one = next(); one != null; one = next()) worker.begin(this, one);
    }

    // -- The consumer ------------------------------------------------------------------------

    private boolean isEnding() {
        return ends.getCount() == 0;
    }

    private void rest(long ms) {
        try {
            ends.await(ms, TimeUnit.MILLISECONDS);
        } catch (InterruptedException err) {
            ends.countDown();
        }
    }

    private void supervise() {
        long rest = 500;
        while (!isEnding()) {
            long began = System.currentTimeMillis();
            try {
                consume();
                return;
            } catch (Throwable err) { // an Error as well: a loop that ends silently is a worker that gets no jobs
                rest = System.currentTimeMillis() - began > 60_000 ? 500 : Math.min(rest * 2, MOST_REST_MS);
                worker.metrics().add("loop.restarts", jobType);
                note(err.toString(), "begins anew in " + rest / 1000.0 + " s");
                forget();
                rest(rest);
            }
        }
    }

    private void note(String problem, String then) {
        if (problem.equals(lastError)) return;
        lastError = problem;
        LOG.warn("jobs of type {} do not come ({}): the worker {}", jobType, problem, then);
    }

    private Map<String, Object> properties() {
        Map<String, Object> properties = Kafka.properties(worker.settings());
        properties.putAll(Map.of("group.id", group, "auto.offset.reset", "earliest", "enable.auto.commit", false, "session.timeout.ms", worker.settings().sessionMs(),
                "heartbeat.interval.ms", Math.max(worker.settings().sessionMs() / 4, 100), "max.poll.records", Math.max(1, own.maxConcurrent()),
                "fetch.max.bytes", 16 << 20, "max.partition.fetch.bytes", 8 << 20));
        // those that workers in other languages know as well
        properties.put("partition.assignment.strategy", List.of(RoundRobinAssignor.class.getName(), RangeAssignor.class.getName()));
        return properties;
    }

    private void consume() {
        makeTopic();
        if (isEnding()) return;
        try (KafkaConsumer<byte[], byte[]> own = new KafkaConsumer<>(properties(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer = own;
            isHeld = false;
            own.subscribe(List.of(topic), this);
            long committed = System.currentTimeMillis();
            while (!isEnding()) {
                turnedMs = System.currentTimeMillis();
                holdOrGoOn();
                for (ConsumerRecord<byte[], byte[]> record : own.poll(isHeld ? BUSY_POLL : POLL)) takeRecord(record);
                fill();
                if (System.currentTimeMillis() - committed >= COMMIT_MS) {
                    committed = System.currentTimeMillis();
                    commit();
                }
            }
            commit();
        } finally {
            isAssigned = false;
        }
    }

    /** Polling goes on whatever happens, so that the group keeps the worker; with full hands it brings nothing. */
    private void holdOrGoOn() {
        boolean hasEnough, hasLittle;
        synchronized (this) {
            hasEnough = isPaused || worker.shutdown().isSet() || queued.size() >= own.maxConcurrent();
            hasLittle = queued.size() <= own.maxConcurrent() / 2;
        }
        if (hasEnough && !isHeld) {
            consumer.pause(consumer.assignment());
            isHeld = true;
        } else if (isHeld && hasLittle && !hasEnough) {
            consumer.resume(consumer.assignment());
            isHeld = false;
        }
    }

    private void commit() {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        long then;
        synchronized (this) {
            then = life;
            toCommit.forEach((partition, offset) -> offsets.put(new TopicPartition(topic, partition), new OffsetAndMetadata(offset)));
            toCommit.clear();
        }
        if (offsets.isEmpty()) return;
        try {
            consumer.commitSync(offsets, Duration.ofSeconds(10));
        } catch (KafkaException err) { // a new owner is sent them again, and answers stay answers
            LOG.info("jobs of type {}: offsets were not committed: {}", jobType, err.getMessage());
            synchronized (this) { // tried again while the partitions are here
                if (then == life) offsets.forEach((partition, offset) -> toCommit.merge(partition.partition(), offset.offset(), Math::max));
            }
        }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        isAssigned = true;
        lastError = "";
        isHeld = false;
        LOG.info("jobs of type {}: has partitions {} of {}", jobType, partitions.stream().map(TopicPartition::partition).toList(), topic);
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        commit();
        forget();
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        forget();
    }

    /** What has not begun goes to who has the partitions now; what runs is answered from here, and the first answer wins. */
    private synchronized void forget() {
        life++;
        queued.clear();
        progress.clear();
        toCommit.clear();
        isAssigned = false;
    }

    // -- The topic ---------------------------------------------------------------------------

    /** Who comes first makes the topic; where that is not allowed, it is waited for. */
    private void makeTopic() {
        while (!isEnding() && !hasTopic(worker.admin())) rest(1000);
    }

    private boolean hasTopic(Admin admin) {
        turnedMs = System.currentTimeMillis();
        NewTopic made = new NewTopic(topic, Optional.of(worker.settings().jobPartitions()), Optional.empty()).configs(Map.of("max.message.bytes", "4194304"));
        try {
            admin.createTopics(Set.of(made)).all().get();
            return true;
        } catch (ExecutionException err) {
            if (err.getCause() instanceof TopicExistsException) return true;
            if (err.getCause() instanceof AuthorizationException) return isThere(admin);
            note(err.getCause().getMessage(), "waits for Kafka");
        } catch (InterruptedException err) {
            ends.countDown();
        }
        return false;
    }

    private boolean isThere(Admin admin) {
        try {
            if (admin.listTopics().names().get().contains(topic)) return true;
            note("the topic " + topic + " is not there and must not be made from here", "waits");
        } catch (ExecutionException err) {
            note(err.getCause().getMessage(), "waits for Kafka");
        } catch (InterruptedException err) {
            ends.countDown();
        }
        return false;
    }
}
