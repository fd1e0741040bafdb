// SPDX-License-Identifier: Apache-2.0
// Does to a topic what an operator may do: java Topic.java BROKERS TOPIC delete | partitions N | NAME=VALUE | config NAME | forge PARTITION VALUE HEADER=VALUE…
// (a forged value is hex, or fill:N for N bytes of 0xff)
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;

class Topic {
    public static void main(String[] args) throws Exception {
        Map<String, Object> brokers = Map.of("bootstrap.servers", args[0]);
        String topic = args[1];
        if (args[2].equals("forge")) {
            forge(brokers, topic, args);
            return;
        }
        try (Admin admin = Admin.create(brokers)) {
            if (args[2].equals("delete")) {
                admin.deleteTopics(List.of(topic)).all().get();
            } else if (args[2].equals("partitions")) {
                admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(Integer.parseInt(args[3])))).all().get();
            } else if (args[2].equals("config")) {
                ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
                System.out.println(admin.describeConfigs(List.of(resource)).all().get().get(resource).get(args[3]).value());
            } else {
                String[] setting = args[2].split("=", 2);
                Collection<AlterConfigOp> change = List.of(new AlterConfigOp(new ConfigEntry(setting[0], setting[1]), AlterConfigOp.OpType.SET));
                admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), change)).all().get();
            }
        }
    }

    private static Map<String, Object> large(Map<String, Object> brokers) {
        return Map.of("bootstrap.servers", brokers.get("bootstrap.servers"), "max.request.size", 8 << 20);
    }

    private static byte[] value(String text) {
        if (!text.startsWith("fill:"))
            return HexFormat.of().parseHex(text);
        byte[] filled = new byte[Integer.parseInt(text.substring(5))];
        Arrays.fill(filled, (byte) 0xff);
        return filled;
    }

    // A record as any writer on the broker may send it, as large as the topic takes.
    private static void forge(Map<String, Object> brokers, String topic, String[] args) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(large(brokers), new ByteArraySerializer(), new ByteArraySerializer())) {
            ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, Integer.parseInt(args[3]), null, value(args[4]));
            for (int i = 5; i < args.length; i++) {
                String[] header = args[i].split("=", 2);
                record.headers().add(header[0], header[1].getBytes(StandardCharsets.UTF_8));
            }
            producer.send(record).get();
        }
    }
}
