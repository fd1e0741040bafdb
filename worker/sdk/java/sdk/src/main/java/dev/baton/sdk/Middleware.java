// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import java.util.concurrent.Callable;

/** Called around every handler, the first one outermost. */
@FunctionalInterface
public interface Middleware {
    Object around(Job job, Callable<Object> next) throws Exception;
}
