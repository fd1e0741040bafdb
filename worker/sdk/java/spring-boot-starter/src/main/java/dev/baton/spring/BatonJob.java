// SPDX-License-Identifier: Apache-2.0
package dev.baton.spring;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A method of a bean that does the work of a job type. It takes any of: what the variables are (a record, a bean, an ObjectNode), a {@link dev.baton.sdk.Job}; and
 * returns and throws what a {@link dev.baton.sdk.Handler} does.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface BatonJob {
    /** The job type. */
    String value();

    /** Jobs of the type that are worked on at one time; 0: the worker's. */
    int maxConcurrent() default 0;

    /** 0: what the job says. */
    long leaseMs() default 0;
}
