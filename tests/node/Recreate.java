// SPDX-License-Identifier: Apache-2.0
// Deletes every topic that starts with a prefix, and makes one of them anew: java Recreate.java BROKERS PREFIX TOPIC PARTITIONS
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.TopicExistsException;

class Recreate {
    public static void main(String[] args) throws Exception {
        try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", args[0]))) {
            List<String> lost = admin.listTopics().names().get().stream().filter(name -> name.startsWith(args[1])).toList();
            admin.deleteTopics(lost).all().get();
            NewTopic topic = new NewTopic(args[2], Optional.of(Integer.parseInt(args[3])), Optional.empty());
            while (!isMade(admin, topic))
                Thread.sleep(50);
            System.out.println(String.join(" ", lost));
        }
    }

    private static boolean isMade(Admin admin, NewTopic topic) throws Exception {
        try {
            admin.createTopics(List.of(topic)).all().get();
            return true;
        } catch (ExecutionException late) {
            if (late.getCause() instanceof TopicExistsException)
                return false;
            throw late;
        }
    }
}
