// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Settings of a worker, by the environment alone where nothing else is said: the names are those of {@code baton config print}, and BATON_WORKER_….
 *
 * @param properties of Kafka, as librdkafka calls them, so that one setting serves workers in every language
 * @param prefix of topics and groups
 * @param jobPartitions of a topic that the worker makes
 * @param sessionMs how long the jobs of a killed worker lie
 * @param name who answers, in the history
 * @param maxConcurrent jobs of a type that are worked on at one time
 * @param leaseMs 0: what the job says
 * @param graceMs from the signal to stop until the process ends
 * @param takeMs a job that is worked on for so long is taken
 * @param metrics host:port that serves /metrics and /health; empty: none
 * @param environment BATON_WORKER_…
 */
public record Settings(String brokers, Map<String, String> properties, String prefix, int jobPartitions, int sessionMs, String name, int maxConcurrent,
        long leaseMs, long graceMs, long takeMs, boolean paused, String metrics, Map<String, String> environment) {
    private static final List<String> ALL = List.of("NAME", "MAX_CONCURRENT", "LEASE_MS", "GRACE_MS", "TAKE_MS", "PAUSED", "METRICS", "LOG");
    private static final List<String> OWN = List.of("MAX_CONCURRENT", "LEASE_MS", "PAUSED");

    /** Of one job type. */
    record OfType(int maxConcurrent, long leaseMs, boolean paused) {}

    public static Settings fromEnvironment() {
        return from(System.getenv());
    }

    /** IllegalArgumentException names a variable that is wrong. */
    public static Settings from(Map<String, String> env) {
        Map<String, String> own = new TreeMap<>(env);
        own.keySet().removeIf(name -> !name.startsWith("BATON_WORKER_"));
        return new Settings(text(env, "BATON_KAFKA_BROKERS", "127.0.0.1:9092"), properties(env, "BATON_KAFKA_PROPERTIES"),
                text(env, "BATON_KAFKA_TOPIC_PREFIX", "baton"), (int) number(env, "BATON_KAFKA_JOB_PARTITIONS", 8, 1, 1024),
                (int) number(env, "BATON_KAFKA_SESSION_MS", 6000, 1000, 300_000), text(env, "BATON_WORKER_NAME", host() + "-" + ProcessHandle.current().pid()),
                (int) number(env, "BATON_WORKER_MAX_CONCURRENT", 10, 1, 10_000), number(env, "BATON_WORKER_LEASE_MS", 0, 0, 2_073_600_000),
                number(env, "BATON_WORKER_GRACE_MS", 20_000, 0, 3_600_000), number(env, "BATON_WORKER_TAKE_MS", 1000, 50, 3_600_000),
                flag(env, "BATON_WORKER_PAUSED", false), text(env, "BATON_WORKER_METRICS", ""), own);
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException err) {
            return "worker";
        }
    }

    private static String variableOf(String jobType) {
        return "BATON_WORKER_" + jobType.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_") + "_";
    }

    /** The environment goes before what the code says (null: nothing), and what is said of a type before what is said of all. */
    OfType ofType(String jobType, Integer codeMaxConcurrent, Long codeLeaseMs) {
        String prefix = variableOf(jobType);
        return new OfType((int) number(environment, prefix + "MAX_CONCURRENT", codeMaxConcurrent == null ? maxConcurrent : codeMaxConcurrent, 1, 10_000),
                number(environment, prefix + "LEASE_MS", codeLeaseMs == null ? leaseMs : codeLeaseMs, 0, 2_073_600_000), flag(environment, prefix + "PAUSED", paused));
    }

    /** IllegalArgumentException where BATON_WORKER_… names no setting and no type that is served. */
    void check(Collection<String> jobTypes) {
        List<String> known = new ArrayList<>();
        ALL.forEach(name -> known.add("BATON_WORKER_" + name));
        jobTypes.forEach(type -> OWN.forEach(name -> known.add(variableOf(type) + name)));
        for (String name : environment.keySet()) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException(name + " names no setting, and no type of this worker; there are " + String.join(", ", known));
            }
        }
    }

    /** The job type as it stands in names of topics (docs/protocol.md). */
    static String partOfJobType(String jobType) {
        byte[] data = jobType.getBytes(StandardCharsets.UTF_8);
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < data.length; i++) {
            char c = (char) (data[i] & 0xFF);
            boolean isPlain = c < 128 && (Character.isLetterOrDigit(c) || c == '.' || c == '_' || c == '-');
            if (isPlain && !(c == '_' && i + 1 < data.length && data[i + 1] == 'x')) out.append(c);
            else out.append(String.format("_x%02x", (int) c));
        }
        if (data.length < 1 || out.length() > 200) {
            throw new IllegalArgumentException("a job type has 1 to 200 bytes, those of its topic counted: \"" + jobType.substring(0, Math.min(40, jobType.length()))
                    + "\" has " + out.length());
        }
        return out.toString();
    }

    private static String text(Map<String, String> env, String name, String fallback) {
        String text = env.get(name);
        return text == null || text.isEmpty() ? fallback : text;
    }

    private static long number(Map<String, String> env, String name, long fallback, long least, long most) {
        String text = text(env, name, Long.toString(fallback));
        if (!text.matches("[0-9]{1,12}") || Long.parseLong(text) < least || Long.parseLong(text) > most) {
            throw new IllegalArgumentException(name + ": expected " + least + " to " + most + ", found \"" + text + "\"");
        }
        return Long.parseLong(text);
    }

    private static boolean flag(Map<String, String> env, String name, boolean fallback) {
        String text = text(env, name, Boolean.toString(fallback));
        if (!text.equals("true") && !text.equals("false")) throw new IllegalArgumentException(name + ": expected true or false, found \"" + text + "\"");
        return text.equals("true");
    }

    private static Map<String, String> properties(Map<String, String> env, String name) {
        Map<String, String> found = new LinkedHashMap<>();
        String[] parts = text(env, name, "").split("(?<!\\\\);");
        for (int i = 0; i < parts.length; i++) {
            String one = parts[i].replace("\\;", ";").strip();
            if (one.isEmpty()) continue;
            int at = one.indexOf('='); // a part without one may be the rest of a password
            if (at < 0) throw new IllegalArgumentException(name + ": expected name=value, separated by semicolons; part " + (i + 1)
                    + " has no \"=\" (a semicolon in a value is written \\;)");
            found.put(one.substring(0, at).strip(), one.substring(at + 1).strip());
        }
        return found;
    }
}
