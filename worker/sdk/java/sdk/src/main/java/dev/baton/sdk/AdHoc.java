// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import java.util.List;
import java.util.Map;

/** The handler of an ad-hoc sub-process returns it: what begins next, and whether it is over. */
public record AdHoc(List<Activation> activate, boolean isComplete, boolean cancelRemaining, Map<String, ?> variables) {
    public record Activation(String elementId, Map<String, ?> variables) {}

    public static AdHoc activate(Activation... elements) {
        return new AdHoc(List.of(elements), false, false, Map.of());
    }

    public AdHoc complete() {
        return new AdHoc(activate, true, cancelRemaining, variables);
    }

    public AdHoc cancellingRemaining() {
        return new AdHoc(activate, isComplete, true, variables);
    }
}
