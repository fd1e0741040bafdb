// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

/** A failure that trying again does not mend: an incident at once, whatever retries are left. */
public class Fatal extends RuntimeException {
    public Fatal(String message) {
        super(message);
    }

    public Fatal(String message, Throwable cause) {
        super(message, cause);
    }
}
