-- SPDX-License-Identifier: Apache-2.0
-- What insight reads and keeps of what is over.

-- Milliseconds since 1970.
CREATE FUNCTION epoch_ms(moment timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (extract(epoch FROM moment) * 1000)::bigint
$$;

-- What the completed cases of a definition come to, day by day (UTC): sums and sketches in C's own bytes (orchestrator/insight/cell.h), in sections of which a question
-- reads those that it needs. Any range of days and versions is a merge. Written in the transaction that makes the records (projections.counted), so
-- nothing is counted twice or lost. What comes in a turn is a part of its own; from time to time the parts of a day are merged into part 0.
CREATE TABLE insight_cells (
    shard      integer  NOT NULL,
    definition bigint   NOT NULL,
    day        date     NOT NULL,                       -- on which cases ended
    part       integer  NOT NULL,                       -- 0: merged; those above go with it; -1: of the month that begins on that day, once it is over; below -2: set aside, it could not be read
    in_month   boolean  NOT NULL DEFAULT false,         -- its month has a row, too
    process_id text     NOT NULL,
    version    integer  NOT NULL,
    tenant     text     NOT NULL,
    format     smallint NOT NULL,                       -- of the bytes
    started    bigint   NOT NULL,                       -- instances, on that day,
    entered    bigint   NOT NULL,                       -- … with those that were migrated to the definition
    gone       bigint   NOT NULL,                       -- ended or were migrated away
    entered_ms bigint   NOT NULL,                       -- the time from when they did to the end of the day, in sum: what work in progress
    gone_ms    bigint   NOT NULL,                       -- follows from
    names      bytea    NOT NULL,
    head       bytea    NOT NULL,
    elements   bytea    NOT NULL,
    times      bytea    NOT NULL,
    edges      bytea    NOT NULL,
    variants   bytea    NOT NULL,
    PRIMARY KEY (shard, definition, day, part)
);
CREATE INDEX insight_cells_process ON insight_cells (process_id, day);
CREATE INDEX insight_cells_open ON insight_cells (shard, day) WHERE part >= 0 AND NOT in_month;
DO $$ BEGIN -- cheaper than pglz, where the server has it
    ALTER TABLE insight_cells ALTER names SET COMPRESSION lz4, ALTER head SET COMPRESSION lz4, ALTER elements SET COMPRESSION lz4, ALTER times SET COMPRESSION lz4,
                              ALTER edges SET COMPRESSION lz4, ALTER variants SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
