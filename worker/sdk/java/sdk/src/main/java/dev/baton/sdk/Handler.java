// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

/**
 * Does the work of a job type. What it returns are variables: a record, a bean, a map with text keys or null; or {@link Denied}, {@link Corrected}, {@link AdHoc};
 * or a CompletionStage of these. It throws {@link BpmnError}, {@link RetryAfter} or {@link Fatal}; whatever else it throws is a failure that is tried again.
 */
@FunctionalInterface
public interface Handler<T> {
    Object handle(T variables, Job job) throws Exception;
}
