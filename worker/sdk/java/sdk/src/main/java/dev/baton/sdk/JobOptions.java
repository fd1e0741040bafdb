// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

/**
 * Of a handler; the environment goes before it.
 *
 * @param maxConcurrent jobs of the type that are worked on at one time; null: the worker's
 * @param leaseMs null: what the job says
 */
public record JobOptions(Integer maxConcurrent, Long leaseMs) {
    public static final JobOptions NONE = new JobOptions(null, null);

    public static JobOptions maxConcurrent(int most) {
        return new JobOptions(most, null);
    }
}
