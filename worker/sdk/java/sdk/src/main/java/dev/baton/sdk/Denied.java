// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

/** A task listener returns it: what was asked for does not happen. */
public record Denied(String reason) {}
