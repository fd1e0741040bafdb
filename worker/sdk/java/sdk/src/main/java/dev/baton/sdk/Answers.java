// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import dev.baton.v1.Command;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The way of answers to Kafka: one idempotent producer for all types. */
final class Answers {
    private static final List<Header> HEADERS =
            List.of(new RecordHeader("content-type", "application/x-protobuf; proto=baton.v1.Command".getBytes(StandardCharsets.UTF_8)));
    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final AtomicInteger underWay = new AtomicInteger();
    private final ExecutorService sender = Executors.newSingleThreadExecutor(Threads.named("baton-answers")); // nobody else waits for Kafka

    Answers(Settings settings) {
        Map<String, Object> properties = Kafka.properties(settings);
        properties.putAll(Map.of("acks", "all", "enable.idempotence", true, "max.request.size", 4 << 20, "linger.ms", 1, "delivery.timeout.ms", 120_000,
                "max.block.ms", 120_000));
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        topic = settings.prefix() + ".commands";
    }

    /** {@code done} is called from another thread, with what went wrong or null. */
    void send(int partition, Command command, Consumer<Exception> done) {
        underWay.incrementAndGet();
        sender.execute(() -> sendNow(partition, command, done));
    }

    private void sendNow(int partition, Command command, Consumer<Exception> done) {
        try {
            int count = producer.partitionsFor(topic).size();
            if (partition < 0 || partition >= count) throw new IllegalArgumentException(topic + " has no partition " + partition + " but " + count);
            producer.send(new ProducerRecord<>(topic, partition, (byte[]) null, command.toByteArray(), HEADERS), (metadata, err) -> end(done, err));
        } catch (RuntimeException err) { // larger than is taken, a partition that is not there
            end(done, err);
        }
    }

    private void end(Consumer<Exception> done, Exception err) {
        underWay.decrementAndGet();
        done.accept(err);
    }

    /** False: some have not reached Kafka by then. */
    boolean flush(long untilNanos) throws InterruptedException {
        while (underWay.get() > 0 && System.nanoTime() < untilNanos) Thread.sleep(10);
        return underWay.get() == 0;
    }

    void close() {
        sender.shutdownNow();
        producer.close(Duration.ofSeconds(1));
    }
}
