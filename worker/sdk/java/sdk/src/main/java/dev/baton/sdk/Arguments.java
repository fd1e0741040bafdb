// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Fills what a handler takes. A component of a record is required, unless it is an Optional, has an annotation called Nullable, or a
 * {@code @JsonProperty(defaultValue = …)}.
 */
final class Arguments {
    private Arguments() {}

    /** BadInput names the variable. */
    static Object fill(ObjectNode variables, Type type) {
        JavaType wanted = Json.MAPPER.constructType(type);
        JsonNode given = complete(variables, wanted, "");
        try {
            return Json.MAPPER.treeToValue(given, wanted);
        } catch (JsonMappingException err) {
            throw badInput(given, err);
        } catch (JsonProcessingException err) {
            throw new BadInput("the variables cannot be read: " + err.getOriginalMessage());
        }
    }

    private static BadInput badInput(JsonNode given, JsonMappingException err) {
        List<JsonMappingException.Reference> path = err.getPath();
        JsonNode found = given;
        for (JsonMappingException.Reference one : path) found = one.getFieldName() != null ? found.path(one.getFieldName()) : found.path(one.getIndex());
        String wanted = err instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null
                ? "expected " + mismatch.getTargetType().getSimpleName() : err.getOriginalMessage();
        String text = found.toString();
        return new BadInput("variable \"" + Json.pathOf(path) + "\": " + wanted + ", found " + (text.length() > 100 ? text.substring(0, 100) + "…" : text));
    }

    /** With what stands in for what is missing; BadInput where nothing does. */
    private static JsonNode complete(JsonNode node, JavaType type, String path) {
        if (type.isReferenceType() && type.getContentType() != null) return complete(node, type.getContentType(), path);
        if (type.isCollectionLikeType() && node.isArray()) return completeItems((ArrayNode) node, type.getContentType(), path);
        if (!type.getRawClass().isRecord() || !node.isObject()) return node;
        ObjectNode out = ((ObjectNode) node).objectNode().setAll((ObjectNode) node);
        for (RecordComponent component : type.getRawClass().getRecordComponents()) {
            JsonProperty named = property(component);
            String name = named == null || named.value().isEmpty() ? component.getName() : named.value();
            String below = path.isEmpty() ? name : path + "." + name;
            JsonNode value = node.path(name);
            JavaType of = Json.MAPPER.getTypeFactory().resolveMemberType(component.getGenericType(), type.getBindings());
            boolean isThere = !value.isMissingNode() && !value.isNull();
            if (isThere) out.set(name, complete(value, of, below));
            else if (named != null && !named.defaultValue().isEmpty()) out.set(name, defaultOf(named.defaultValue(), of));
            else if (!isOptional(component) && !JsonNode.class.isAssignableFrom(component.getType())) throw without(value, of, below);
        }
        return out;
    }

    private static BadInput without(JsonNode value, JavaType type, String path) {
        return new BadInput("variable \"" + path + (value.isNull() ? "\": expected " + type.getRawClass().getSimpleName() + ", found null" : "\" is missing"));
    }

    private static JsonNode completeItems(ArrayNode items, JavaType type, String path) {
        ArrayNode out = items.arrayNode(items.size());
        for (int i = 0; i < items.size(); i++) out.add(complete(items.get(i), type, path + "[" + i + "]"));
        return out;
    }

    private static JsonProperty property(RecordComponent component) {
        JsonProperty found = component.getAnnotation(JsonProperty.class);
        return found != null ? found : component.getAccessor().getAnnotation(JsonProperty.class);
    }

    private static boolean isOptional(RecordComponent component) {
        return component.getType() == Optional.class || component.getType().getName().startsWith("java.util.Optional")
                || isNullable(component) || isNullable(component.getAnnotatedType());
    }

    private static boolean isNullable(AnnotatedElement element) {
        return Arrays.stream(element.getAnnotations()).map(Annotation::annotationType).anyMatch(type -> type.getSimpleName().equals("Nullable"));
    }

    /** It stands as JSON, or as text where a text is wanted. */
    private static JsonNode defaultOf(String text, JavaType type) {
        if (type.hasRawClass(String.class)) return Json.MAPPER.getNodeFactory().textNode(text);
        try {
            return Json.MAPPER.readTree(text);
        } catch (JsonProcessingException err) {
            return MissingNode.getInstance();
        }
    }
}
