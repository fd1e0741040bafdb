// SPDX-License-Identifier: Apache-2.0
// A worker on Apache Kafka's Java client that knows nothing of Baton but docs/protocol.md: completes so many jobs of a type, then ends.
//   Worker BROKERS TOPIC-PREFIX TYPE COUNT
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Worker {
    static int at;

    static long varint(byte[] message) {
        long value = 0;
        for (int shift = 0;; shift += 7) {
            byte next = message[at++];
            value |= (long) (next & 127) << shift;
            if (next >= 0) return value;
        }
    }

    /** The numbers and texts of a protobuf message, by field. */
    static Map<Integer, Object> read(byte[] message) {
        Map<Integer, Object> fields = new HashMap<>();
        for (at = 0; at < message.length;) {
            int tag = (int) varint(message);
            long value = varint(message);
            if ((tag & 7) == 2) {
                byte[] text = java.util.Arrays.copyOfRange(message, at, at + (int) value);
                fields.put(tag >> 3, text);
                at += (int) value;
            } else {
                fields.put(tag >> 3, value);
            }
        }
        return fields;
    }

    static void varint(ByteArrayOutputStream out, long value) {
        for (; (value & ~127L) != 0; value >>>= 7) out.write((int) (value & 127 | 128));
        out.write((int) value);
    }

    static void number(ByteArrayOutputStream out, int field, Object value) {
        varint(out, field << 3);
        varint(out, (Long) value);
    }

    static void text(ByteArrayOutputStream out, int field, byte[] value) {
        varint(out, field << 3 | 2);
        varint(out, value.length);
        out.writeBytes(value);
    }

    static byte[] complete(Map<Integer, Object> job) {
        ByteArrayOutputStream answer = new ByteArrayOutputStream(), command = new ByteArrayOutputStream();
        number(answer, 1, job.get(12));
        text(answer, 2, (byte[]) job.get(19));
        text(answer, 3, "{\"by\":\"java\"}".getBytes(StandardCharsets.UTF_8));
        number(command, 1, job.get(2));
        number(command, 2, job.get(1));
        text(command, 20, answer.toByteArray());
        return command.toByteArray();
    }

    public static void main(String[] arguments) throws Exception {
        String prefix = arguments[1], type = arguments[2];
        int count = Integer.parseInt(arguments[3]), done = 0;
        Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0], "group.id", prefix + ".workers." + type, "auto.offset.reset", "earliest");
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
                var producer = new KafkaProducer<>(Map.of("bootstrap.servers", arguments[0]), new ByteArraySerializer(), new ByteArraySerializer())) {
            consumer.subscribe(List.of(prefix + ".jobs." + type));
            for (long end = System.currentTimeMillis() + 60000; done < count;) {
                if (System.currentTimeMillis() > end) throw new IllegalStateException(done + " of " + count + " jobs came");
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
                    Map<Integer, Object> job = read(record.value());
                    int partition = ((Long) job.getOrDefault(20, 0L)).intValue();
                    producer.send(new ProducerRecord<>(prefix + ".commands", partition, null, complete(job))).get();
                    done++;
                }
            }
        }
    }
}
