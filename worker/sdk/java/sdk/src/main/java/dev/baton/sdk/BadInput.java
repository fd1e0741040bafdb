// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

/** Variables that do not fit what the handler declares: names the variable. An incident at once. */
public class BadInput extends Fatal {
    public BadInput(String message) {
        super(message);
    }
}
