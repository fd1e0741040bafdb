// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import java.util.Map;

/** A task listener returns it: the task is so (assignee, dueDate, followUpDate, candidateUsers, candidateGroups, priority). */
public record Corrected(Map<String, ?> corrections) {}
