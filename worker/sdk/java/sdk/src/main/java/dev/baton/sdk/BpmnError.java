// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import java.util.Map;

/** A business outcome that the process catches by its code. It uses no retries. */
public class BpmnError extends RuntimeException {
    private final String code;
    private final transient Map<String, ?> variables;

    public BpmnError(String code) {
        this(code, "", Map.of());
    }

    public BpmnError(String code, String message) {
        this(code, message, Map.of());
    }

    /** IllegalArgumentException: there is no code. */
    public BpmnError(String code, String message, Map<String, ?> variables) {
        super(message);
        if (code == null || code.isEmpty()) throw new IllegalArgumentException("a BPMN error has a code");
        this.code = code;
        this.variables = variables;
    }

    public String code() {
        return code;
    }

    public Map<String, ?> variables() {
        return variables;
    }
}
