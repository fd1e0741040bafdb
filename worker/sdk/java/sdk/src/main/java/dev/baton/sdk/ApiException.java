// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

/** What the API says when it does not do it (application/problem+json). Status 0: it could not be reached. */
public class ApiException extends RuntimeException {
    private final int status;
    private final String title;
    private final String detail;

    ApiException(int status, String title, String detail, Throwable cause) {
        super(status + " " + title + ": " + detail, cause);
        this.status = status;
        this.title = title;
        this.detail = detail;
    }

    public int status() {
        return status;
    }

    public String title() {
        return title;
    }

    public String detail() {
        return detail;
    }
}
