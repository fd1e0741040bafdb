-- SPDX-License-Identifier: Apache-2.0
-- Batch operations with the state that they show (0 created, 1 active, 2 suspended, 3 canceled, 4 completed): created until the first item was sent or done.

CREATE OR REPLACE VIEW batch_progress AS
SELECT b.*, p.total, p.completed, p.failed,
       CASE WHEN b.state = 1 AND NOT p.is_begun THEN 0 ELSE b.state END AS shown
FROM batch_operations b
CROSS JOIN LATERAL (SELECT count(*) AS total, count(*) FILTER (WHERE i.state = 2) AS completed, count(*) FILTER (WHERE i.state = 3) AS failed,
                           coalesce(bool_or(i.sent IS NOT NULL OR i.state <> 1), false) AS is_begun
                    FROM batch_items i WHERE i.batch = b.key) p;
