// SPDX-License-Identifier: Apache-2.0
package dev.baton.sdk;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** How far a partition is done: jobs end in any order, and only what has no unanswered job before it is committed. */
final class Progress {
    private final Map<Long, Boolean> open = new LinkedHashMap<>(); // offset: it is done

    void begin(long offset) {
        open.put(offset, false);
    }

    /** The offset to commit, or -1 where that has not changed. */
    long end(long offset) {
        if (open.replace(offset, true) == null) return -1;
        long done = -1;
        for (Iterator<Map.Entry<Long, Boolean>> all = open.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Long, Boolean> first = all.next();
            if (!first.getValue()) break;
            done = first.getKey() + 1;
            all.remove();
        }
        return done;
    }
}
