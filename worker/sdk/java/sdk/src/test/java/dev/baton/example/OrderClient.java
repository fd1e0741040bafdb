// SPDX-License-Identifier: Apache-2.0
package dev.baton.example;

import com.fasterxml.jackson.databind.JsonNode;
import dev.baton.sdk.ApiException;
import dev.baton.sdk.Client;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;

/** Deploys a process of orders, starts two, pays them, and decides about them as a person would; prints their keys. Its argument is the model. */
public final class OrderClient {
    private static final Client CLIENT = new Client();

    private OrderClient() {}

    /** The first that matches, which is waited for. */
    private static JsonNode first(String what, Map<String, ?> filter) throws InterruptedException {
        for (int tries = 0; tries < 1200; tries++) {
            Iterator<JsonNode> found = CLIENT.search(what, filter).iterator();
            if (found.hasNext()) return found.next();
            Thread.sleep(50);
        }
        throw new IllegalStateException(what + ": nothing within a minute");
    }

    private static String through(String order, boolean approved) throws InterruptedException {
        String key = CLIENT.start("order", Map.of("order", order, "amount", new BigDecimal("12345678901234567890.12"), "count", 3), order);
        CLIENT.publish("paid", order, null, 60_000, null);
        JsonNode task = first("user-tasks", Map.of("processInstanceKey", key, "state", "CREATED"));
        CLIENT.completeTask(task.path("userTaskKey").asText(), Map.of("approved", approved));
        first("process-instances", Map.of("processInstanceKey", key, "state", "COMPLETED"));
        return key;
    }

    public static void main(String[] arguments) throws InterruptedException {
        CLIENT.deploy(Path.of(arguments[0]));
        try {
            CLIENT.start("nobody", null, null);
            throw new IllegalStateException("a process that nobody has deployed was started");
        } catch (ApiException err) {
            if (err.status() != 404) throw err;
        }
        System.out.println("A-1 " + through("A-1", true));
        System.out.println("A-2 " + through("A-2", false));
    }
}
