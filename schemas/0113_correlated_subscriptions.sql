-- SPDX-License-Identifier: Apache-2.0
-- Message subscriptions of instances: those that wait (0), and those that a message closed (1), by the last one that reached them. One that a message
-- reached and that waits on (of a border event that does not interrupt) waits.

CREATE VIEW message_subscriptions AS
SELECT s.shard, s.key, s.instance, s.element_instance, s.element_id, s.name, s.correlation_key, s.created AS updated, s.tenant, 0 AS state
FROM subscriptions s WHERE s.kind = 0 AND s.instance IS NOT NULL
UNION ALL
SELECT c.shard, c.key, c.instance, c.element_instance, c.element_id, c.name, c.correlation_key, c.correlated, i.tenant, 1
FROM correlations c JOIN instances i ON i.shard = c.shard AND i.key = c.instance
WHERE c.element_instance IS NOT NULL AND NOT EXISTS (SELECT FROM subscriptions s WHERE s.shard = c.shard AND s.key = c.key)
  AND NOT EXISTS (SELECT FROM correlations l WHERE l.shard = c.shard AND l.instance = c.instance AND l.key = c.key
                  AND (l.correlated, l.message) > (c.correlated, c.message));
