// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** JSON in which no number loses a digit. */
final class Json {
    static final JsonMapper MAPPER = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .addModule(new JavaTimeModule())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
                    DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS, SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .build();

    private Json() {}

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** IOException: it is no JSON (RFC 8259), or no UTF-8. */
    static JsonNode read(byte[] data) throws IOException {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(data));
        } catch (CharacterCodingException err) {
            throw new IOException("it is no UTF-8", err);
        }
        JsonNode node = MAPPER.readTree(data);
        if (node.isMissingNode()) throw new IOException("it is empty");
        return node;
    }

    static byte[] write(JsonNode node) {
        try {
            return MAPPER.writeValueAsBytes(node);
        } catch (JsonProcessingException err) {
            throw new UncheckedIOException(err);
        }
    }

    /** Null for null. IllegalArgumentException names the place of what JSON does not have. */
    static ObjectNode objectOf(Object value) {
        if (value == null) return null;
        JsonNode node;
        try {
            checkContainers(value, "", new IdentityHashMap<>());
            node = MAPPER.valueToTree(value);
        } catch (IllegalArgumentException err) {
            throw new IllegalArgumentException(reasonOf(err), err);
        } catch (StackOverflowError err) {
            throw new IllegalArgumentException("what the handler returned contains itself, or is nested too deeply", err);
        }
        if (node == null || node.isNull()) return null;
        if (!(node instanceof ObjectNode found)) {
            throw new IllegalArgumentException("the handler returned a " + value.getClass().getSimpleName()
                    + "; variables have names: return a record, a map or null");
        }
        check(node, "");
        return found;
    }

    private static String reasonOf(IllegalArgumentException err) {
        if (!(err.getCause() instanceof JsonMappingException cause)) return err.getMessage();
        return pathOf(cause.getPath()) + " cannot be written as JSON: " + cause.getOriginalMessage();
    }

    /** Of maps and lists, which Jackson would follow for ever, and of functions, which it would write as {}. */
    private static void checkContainers(Object value, String path, IdentityHashMap<Object, Boolean> above) {
        if (value != null && value.getClass().isHidden()) throw new IllegalArgumentException(path + " is a function, which JSON does not have");
        if (!(value instanceof Map) && !(value instanceof Collection)) return;
        if (above.put(value, true) != null) throw new IllegalArgumentException((path.isEmpty() ? "the value" : path) + " contains itself");
        if (value instanceof Map<?, ?> map) map.forEach((key, item) -> checkContainers(item, path.isEmpty() ? key + "" : path + "." + key, above));
        else ((Collection<?>) value).forEach(item -> checkContainers(item, path + "[]", above));
        above.remove(value);
    }

    static String pathOf(List<JsonMappingException.Reference> path) {
        StringBuilder out = new StringBuilder();
        for (JsonMappingException.Reference one : path) {
            if (one.getFieldName() == null) out.append('[').append(one.getIndex()).append(']');
            else out.append(out.isEmpty() ? "" : ".").append(one.getFieldName());
        }
        return out.toString();
    }

    private static void check(JsonNode node, String path) {
        if (node.isDouble() || node.isFloat()) {
            if (!Double.isFinite(node.doubleValue())) throw new IllegalArgumentException(path + " is " + node.doubleValue() + ", which is no number in JSON");
        } else if (node.isTextual()) {
            checkText(node.textValue(), path);
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) check(node.get(i), path + "[" + i + "]");
        } else if (node.isObject()) {
            for (Map.Entry<String, JsonNode> field : node.properties()) {
                checkText(field.getKey(), path.isEmpty() ? "a name" : path);
                check(field.getValue(), path.isEmpty() ? field.getKey() : path + "." + field.getKey());
            }
        }
    }

    static void checkText(String text, String path) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) throw new IllegalArgumentException(path + " holds half of a surrogate pair, which is no text");
    }
}
