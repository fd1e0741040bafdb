// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

/** Who asks for the work. */
public enum JobKind {
    TASK,
    EXECUTION_LISTENER,
    TASK_LISTENER,
    AD_HOC,
    /** The process does not wait for it. */
    REMINDER
}
