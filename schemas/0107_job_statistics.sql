-- SPDX-License-Identifier: Apache-2.0
-- Jobs of a time are counted: those of a shard come in the order of their creation.
CREATE INDEX job_records_created ON job_records USING brin (created) WITH (autosummarize = on);
