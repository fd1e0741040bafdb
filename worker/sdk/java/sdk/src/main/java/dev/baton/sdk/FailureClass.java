// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

/** Why a job failed: what becomes of it follows from this, never from the message. A business outcome is no failure but a {@link BpmnError}. */
public enum FailureClass {
    UNSPECIFIED,
    /** It may go better later: one retry is used. */
    TRANSIENT,
    /** Another system asks to come again later: no retry is used. */
    THROTTLED,
    /** It will go wrong each time: an incident. */
    PERMANENT,
    /** A credential was refused: an incident that names it. */
    AUTH,
    /** An input cannot be worked on: an incident that names it. */
    POISON
}
