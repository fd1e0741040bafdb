// SPDX-License-Identifier: Apache-2.0
// Prints a topic's first records, a line each: partition, headers, value (bytes as Latin-1, or as hex): java ReadTopic.java BROKERS TOPIC COUNT [hex]
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

class ReadTopic {
    public static void main(String[] args) {
        var bytes = new ByteArrayDeserializer();
        try (var consumer = new KafkaConsumer<>(Map.<String, Object>of("bootstrap.servers", args[0]), bytes, bytes)) {
            List<TopicPartition> partitions =
                consumer.partitionsFor(args[1]).stream().map(info -> new TopicPartition(info.topic(), info.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            int wanted = Integer.parseInt(args[2]);
            long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (wanted > 0 && System.nanoTime() < end)
                for (var record : consumer.poll(Duration.ofMillis(200))) {
                    System.out.println(line(record, args.length > 3));
                    wanted--;
                }
        }
    }

    private static String line(ConsumerRecord<byte[], byte[]> record, boolean asHex) {
        var line = new StringBuilder().append(record.partition());
        record.headers().forEach(header -> line.append(' ').append(header.key()).append(':').append(text(header.value())));
        String value = asHex ? HexFormat.of().formatHex(record.value()) : text(record.value()).replace('\n', ' ');
        return line.append(' ').append(value).toString();
    }

    private static String text(byte[] value) {
        return new String(value, StandardCharsets.ISO_8859_1);
    }
}
