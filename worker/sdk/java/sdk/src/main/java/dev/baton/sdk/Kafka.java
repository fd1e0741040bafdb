// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Properties of librdkafka, as Kafka's client in Java calls them. */
final class Kafka {
    private static final List<String> PROTOCOLS = List.of("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL");
    private static final List<String> MECHANISMS = List.of("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512");

    private Kafka() {}

    /** What all clients of a worker have in common. IllegalArgumentException names what is not known. */
    static Map<String, Object> properties(Settings settings) {
        Map<String, Object> out = new HashMap<>();
        out.put("bootstrap.servers", settings.brokers());
        out.put("client.id", settings.name());
        out.put("metadata.max.age.ms", "10000");
        out.put("reconnect.backoff.max.ms", "5000");
        Map<String, String> given = settings.properties();
        for (Map.Entry<String, String> one : given.entrySet()) put(out, one.getKey(), one.getValue());
        String mechanism = (String) out.get("sasl.mechanism");
        if (given.containsKey("sasl.username")) {
            String module = "PLAIN".equals(mechanism) || mechanism == null ? "plain.Plain" : "scram.Scram";
            out.put("sasl.jaas.config", "org.apache.kafka.common.security." + module + "LoginModule required username=" + quoted(given.get("sasl.username"))
                    + " password=" + quoted(given.getOrDefault("sasl.password", "")) + ";");
            out.putIfAbsent("sasl.mechanism", "PLAIN");
        }
        return out;
    }

    private static void put(Map<String, Object> out, String name, String value) {
        switch (name) {
            case "security.protocol" -> out.put(name, oneOf(PROTOCOLS, name, value));
            case "sasl.mechanism", "sasl.mechanisms" -> out.put("sasl.mechanism", oneOf(MECHANISMS, name, value));
            case "enable.ssl.certificate.verification" -> {
                if (!value.equals("true")) throw wrong(name, "Kafka's client in Java always verifies: name the authority by ssl.ca.location");
            }
            case "sasl.username", "sasl.password" -> { } // together, in sasl.jaas.config
            case "ssl.ca.location" -> {
                out.put("ssl.truststore.type", "PEM");
                out.put("ssl.truststore.certificates", read(name, value));
            }
            case "ssl.certificate.location" -> {
                out.put("ssl.keystore.type", "PEM");
                out.put("ssl.keystore.certificate.chain", read(name, value));
            }
            case "ssl.key.location" -> out.put("ssl.keystore.key", read(name, value));
            case "ssl.endpoint.identification.algorithm" -> out.put(name, value.equals("none") ? "" : value);
            default -> throw wrong(name, "this SDK does not know it");
        }
    }

    private static String oneOf(List<String> allowed, String name, String value) {
        String folded = value.toUpperCase(Locale.ROOT);
        if (allowed.contains(folded)) return folded;
        throw wrong(name, "expected one of " + allowed + ", found \"" + value + "\"");
    }

    private static IllegalArgumentException wrong(String name, String why) {
        return new IllegalArgumentException("BATON_KAFKA_PROPERTIES: " + name + ": " + why);
    }

    private static String read(String name, String path) {
        try {
            return Files.readString(Path.of(path));
        } catch (IOException err) {
            throw wrong(name, path + " cannot be read: " + err.getMessage());
        }
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
