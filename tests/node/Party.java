// SPDX-License-Identifier: Apache-2.0
// What a user of a broker with an authorizer does, one after the other, a line of answer each ("ok …", or the name of the refusal):
//   java Party.java PROPERTIES ACTION…
//   acl:PRINCIPAL|topic or group|NAME|literal or prefixed|Operation,…     gives a permission
//   read:TOPIC:GROUP      a record of a topic; without GROUP, by assignment
//   send:TOPIC:PARTITION:HEX
//   make:TOPIC
import java.io.FileInputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

class Party {
    private static final Properties settings = new Properties();

    public static void main(String[] args) throws Exception {
        settings.load(new FileInputStream(args[0]));
        settings.put("max.block.ms", "15000");
        settings.put("request.timeout.ms", "10000");
        settings.put("default.api.timeout.ms", "15000");
        settings.put("auto.offset.reset", "earliest");
        settings.put("allow.auto.create.topics", "false");
        for (int i = 1; i < args.length; i++)
            System.out.println(answer(args[i]));
    }

    private static String answer(String action) {
        try {
            String rest = action.substring(5);
            return switch (action.substring(0, 4)) {
                case "acl:" -> allow(action.substring(4).split("\\|"));
                case "read" -> read(rest.split(":", 2));
                case "send" -> send(rest.split(":"));
                case "make" -> make(rest);
                default -> throw new IllegalArgumentException(action);
            };
        } catch (ExecutionException failure) {
            return failure.getCause().getClass().getSimpleName();
        } catch (Exception failure) {
            System.err.println(action + ": " + failure + ", " + failure.getCause());
            return failure.getClass().getSimpleName();
        }
    }

    private static String allow(String[] words) throws Exception {
        var pattern = new ResourcePattern(ResourceType.fromString(words[1].toUpperCase(Locale.ROOT)), words[2],
                                          PatternType.fromString(words[3].toUpperCase(Locale.ROOT)));
        List<AclBinding> bindings = new ArrayList<>();
        for (String operation : words[4].split(","))
            bindings.add(new AclBinding(pattern, new AccessControlEntry(words[0], "*", AclOperation.fromString(operation.toUpperCase(Locale.ROOT)),
                                                                        AclPermissionType.ALLOW)));
        try (Admin admin = Admin.create(settings)) {
            admin.createAcls(bindings).all().get();
        }
        return "ok";
    }

    private static String read(String[] words) {
        Properties mine = new Properties();
        mine.putAll(settings);
        mine.put("enable.auto.commit", "false"); // a job that its group has gone past is offered again
        if (words.length > 1)
            mine.put("group.id", words[1]);
        var bytes = new ByteArrayDeserializer();
        try (var consumer = new KafkaConsumer<>(mine, bytes, bytes)) {
            if (words.length > 1)
                consumer.subscribe(List.of(words[0]));
            else
                consumer.assign(List.of(new TopicPartition(words[0], 0)));
            long end = System.nanoTime() + Duration.ofSeconds(15).toNanos();
            var found = new StringBuilder();
            while (System.nanoTime() < end) {
                for (var record : consumer.poll(Duration.ofMillis(500)))
                    found.append(found.isEmpty() ? "ok " : ",").append(HexFormat.of().formatHex(record.value()));
                if (!found.isEmpty() && end - System.nanoTime() > Duration.ofSeconds(2).toNanos())
                    end = System.nanoTime() + Duration.ofSeconds(2).toNanos(); // what lies on other partitions comes as well
            }
            return found.isEmpty() ? "nothing" : found.toString();
        }
    }

    private static String send(String[] words) throws Exception {
        try (var producer = new KafkaProducer<byte[], byte[]>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(words[0], Integer.parseInt(words[1]), null, HexFormat.of().parseHex(words[2]))).get();
        }
        return "ok";
    }

    private static String make(String topic) throws Exception {
        try (Admin admin = Admin.create(settings)) {
            admin.createTopics(List.of(new NewTopic(topic, Optional.empty(), Optional.empty()))).all().get();
        }
        return "ok";
    }
}
