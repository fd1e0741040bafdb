-- SPDX-License-Identifier: Apache-2.0
-- Batch operations with the state that they show (0 created, 1 active, 2 suspended, 3 canceled, 4 completed, 5 partially completed, 6 failed). It follows
-- from their items: created until the first was sent or done, failed when each of them failed, partially completed when some did.

CREATE OR REPLACE VIEW batch_progress AS
SELECT b.*, p.total, p.completed, p.failed,
       CASE WHEN b.state = 1 AND NOT p.is_begun THEN 0 WHEN b.state <> 4 OR p.failed = 0 THEN b.state WHEN p.failed < p.total THEN 5 ELSE 6 END AS shown
FROM batch_operations b
CROSS JOIN LATERAL (SELECT count(*) AS total, count(*) FILTER (WHERE i.state = 2) AS completed, count(*) FILTER (WHERE i.state = 3) AS failed,
                           coalesce(bool_or(i.sent IS NOT NULL OR i.state <> 1), false) AS is_begun
                    FROM batch_items i WHERE i.batch = b.key) p;
