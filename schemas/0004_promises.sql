-- SPDX-License-Identifier: Apache-2.0
-- What the baton: namespace promises beside the process: breached service levels and costs.

ALTER TABLE instances ADD COLUMN sla_breaches integer NOT NULL DEFAULT 0;      -- in it, so far
ALTER TABLE instances ADD COLUMN cost text;                                     -- a decimal number; null: nothing has one
ALTER TABLE elements ADD COLUMN sla_breached boolean NOT NULL DEFAULT false;
CREATE INDEX instances_late ON instances (process_id, key) WHERE sla_breaches > 0;

-- Where service levels are breached now, and what processes cost.
CREATE VIEW readable_breaches AS
SELECT e.instance, i.process_id, i.business_id, e.element_id, e.started, now() - e.started AS since, e.waits_for
FROM elements e JOIN instances i ON i.shard = e.shard AND i.key = e.instance WHERE e.sla_breached;

CREATE VIEW readable_costs AS
SELECT i.process_id, i.version, count(*) AS instances, sum(i.cost::numeric) AS cost, avg(i.cost::numeric) AS average,
       sum(i.sla_breaches) AS sla_breaches
FROM instances i WHERE i.cost IS NOT NULL OR i.sla_breaches > 0 GROUP BY i.process_id, i.version;
