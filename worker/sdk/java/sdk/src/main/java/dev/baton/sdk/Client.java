// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.UUID;

/** The REST API from Java: deploy, start, publish, search, complete. Safe for use by several threads. Keys are texts, numbers keep their digits. */
public final class Client {
    private static final int MOST_PER_PAGE = 1000;
    private final String url;
    private final String authorization; // null: none
    private final HttpClient http;

    /** By BATON_API_URL (http://127.0.0.1:8080), BATON_API_KEY, or BATON_API_USER and BATON_API_PASSWORD. */
    public Client() {
        this(System.getenv().getOrDefault("BATON_API_URL", "http://127.0.0.1:8080"), authorizationOf(System.getenv()), HttpClient.newHttpClient());
    }

    /** {@code authorization}: the header's value, such as "Bearer …"; null: none. {@code http} has certificates, proxies and time-outs. */
    public Client(String url, String authorization, HttpClient http) {
        this.url = url.replaceAll("/+$", "");
        this.authorization = authorization;
        this.http = http;
    }

    /** The header by BATON_API_KEY, or BATON_API_USER and BATON_API_PASSWORD; null: none. */
    public static String authorizationOf(Map<String, String> env) {
        String key = env.getOrDefault("BATON_API_KEY", ""), user = env.getOrDefault("BATON_API_USER", "");
        if (!key.isEmpty()) return "Bearer " + key;
        if (user.isEmpty()) return null;
        byte[] pair = (user + ":" + env.getOrDefault("BATON_API_PASSWORD", "")).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    /** Whatever the API has. {@code body} may be null; the answer is a missing node where there is none. ApiException: it was not done. */
    public JsonNode call(String method, String path, Object body) {
        if (body == null) return send(method, path, null, BodyPublishers.noBody());
        return send(method, path, "application/json", BodyPublishers.ofByteArray(Json.write(Json.MAPPER.valueToTree(body))));
    }

    private JsonNode send(String method, String path, String contentType, HttpRequest.BodyPublisher body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path)).method(method, body).header("accept", "application/json");
        if (contentType != null) request.header("content-type", contentType);
        if (authorization != null) request.header("authorization", authorization);
        try {
            HttpResponse<byte[]> response = http.send(request.build(), BodyHandlers.ofByteArray());
            if (response.statusCode() >= 300) throw problemOf(response);
            return Json.MAPPER.readTree(response.body());
        } catch (IOException err) {
            throw new ApiException(0, "UNREACHABLE", String.valueOf(err.getMessage() == null ? err : err.getMessage()), err);
        } catch (InterruptedException err) {
            Thread.currentThread().interrupt();
            throw new ApiException(0, "INTERRUPTED", "the thread was interrupted: it is not known whether it was done", err);
        }
    }

    private static ApiException problemOf(HttpResponse<byte[]> response) {
        try {
            JsonNode problem = Json.MAPPER.readTree(response.body());
            if (problem.path("title").isTextual()) return new ApiException(response.statusCode(), problem.path("title").asText(), problem.path("detail").asText(), null);
        } catch (IOException err) {
            // a proxy that answers in HTML
        }
        return new ApiException(response.statusCode(), "HTTP", new String(response.body(), StandardCharsets.UTF_8).strip(), null);
    }

    private static String part(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Processes, decisions and forms together. */
    public JsonNode deploy(Path... files) {
        String border = "baton-" + UUID.randomUUID();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            for (Path file : files) {
                out.writeBytes(("--" + border + "\r\nContent-Disposition: form-data; name=\"resources\"; filename=\"" + file.getFileName().toString().replace("\"", "%22")
                        + "\"\r\n\r\n").getBytes(StandardCharsets.UTF_8));
                out.writeBytes(Files.readAllBytes(file));
                out.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException err) {
            throw new UncheckedIOException(err);
        }
        out.writeBytes(("--" + border + "--\r\n").getBytes(StandardCharsets.UTF_8));
        return send("POST", "/v2/deployments", "multipart/form-data; boundary=" + border, BodyPublishers.ofByteArray(out.toByteArray()));
    }

    /** The newest version; gives the instance's key. {@code businessId} may be null: one is alive at a time. */
    public String start(String processId, Object variables, String businessId) {
        ObjectNode body = Json.object().put("processDefinitionId", processId);
        body.set("variables", Json.MAPPER.valueToTree(variables == null ? Map.of() : variables));
        if (businessId != null) body.put("businessId", businessId);
        return start(body).path("processInstanceKey").asText();
    }

    /** With all that POST /v2/process-instances takes: version, tags, tenant, awaitCompletion … */
    public JsonNode start(ObjectNode request) {
        return call("POST", "/v2/process-instances", request);
    }

    /** It waits {@code keepMs} for who wants it. One with the same id (may be null) is not taken twice while it is kept. Gives its key. */
    public String publish(String name, String correlationKey, Object variables, long keepMs, String messageId) {
        ObjectNode body = message(name, correlationKey, variables).put("timeToLive", keepMs);
        if (messageId != null) body.put("messageId", messageId);
        return call("POST", "/v2/messages/publication", body).path("messageKey").asText();
    }

    /** Waits until somebody has taken the message, and gives that instance's key: ApiException 404 when nobody wants it now. */
    public String correlate(String name, String correlationKey, Object variables) {
        return call("POST", "/v2/messages/correlation", message(name, correlationKey, variables)).path("processInstanceKey").asText();
    }

    private static ObjectNode message(String name, String correlationKey, Object variables) {
        ObjectNode body = Json.object().put("name", name).put("correlationKey", correlationKey);
        return body.set("variables", Json.MAPPER.valueToTree(variables == null ? Map.of() : variables));
    }

    public void broadcast(String signal, Object variables) {
        call("POST", "/v2/signals/broadcast", Map.of("signalName", signal, "variables", variables == null ? Map.of() : variables));
    }

    /** All that match, page after page: {@code what} is process-instances, user-tasks, incidents, jobs, variables … */
    public Iterable<JsonNode> search(String what, Map<String, ?> filter) {
        return () -> new Pages(what, filter);
    }

    private final class Pages implements Iterator<JsonNode> {
        private final String path;
        private final ObjectNode body = Json.object();
        private final Deque<JsonNode> items = new ArrayDeque<>();
        private boolean isLast;

        Pages(String what, Map<String, ?> filter) {
            path = "/v2/" + part(what) + "/search";
            body.set("filter", Json.MAPPER.valueToTree(filter == null ? Map.of() : filter));
            body.putObject("page").put("limit", MOST_PER_PAGE);
        }

        @Override
        public boolean hasNext() {
            if (items.isEmpty() && !isLast) {
                JsonNode found = call("POST", path, body);
                found.path("items").forEach(items::add);
                JsonNode cursor = found.path("page").path("endCursor");
                isLast = items.size() < MOST_PER_PAGE || !cursor.isTextual();
                ((ObjectNode) body.get("page")).put("after", cursor.asText());
            }
            return !items.isEmpty();
        }

        @Override
        public JsonNode next() {
            if (!hasNext()) throw new NoSuchElementException();
            return items.remove();
        }
    }

    public void assignTask(String key, String assignee) {
        call("POST", "/v2/user-tasks/" + part(key) + "/assignment", Map.of("assignee", assignee));
    }

    public void completeTask(String key, Object variables) {
        call("POST", "/v2/user-tasks/" + part(key) + "/completion", Map.of("variables", variables == null ? Map.of() : variables));
    }

    public void cancel(String instance) {
        call("POST", "/v2/process-instances/" + part(instance) + "/cancellation", Map.of());
    }

    /** What failed is tried again. */
    public void resolve(String incident) {
        call("POST", "/v2/incidents/" + part(incident) + "/resolution", Map.of());
    }

    /** {@code local}: of that scope alone. */
    public void setVariables(String scope, Object variables, boolean local) {
        call("PUT", "/v2/element-instances/" + part(scope) + "/variables", Map.of("variables", variables, "local", local));
    }
}
