-- SPDX-License-Identifier: Apache-2.0
-- What this installation is. One row, made by the first node; every node reads it before anything starts.
--
-- A key holds a logical shard for ever. Of a generation of the commands topic, shard_places says which partition carries a logical
-- shard. In the first generation each shard has the partition of its number.

CREATE TABLE installation (
    only_one             boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    id                   uuid        NOT NULL DEFAULT gen_random_uuid(), -- on the topic `<prefix>.installation`, too: strangers are refused
    topic_prefix         text        NOT NULL,           -- of its topics: a node with another one is refused
    feature_level        integer     NOT NULL,           -- what all nodes may use: that of the oldest version that ran here
    shards               integer     NOT NULL,           -- logical ones
    generation           integer     NOT NULL DEFAULT 1, -- of the commands topic
    partitions           integer     NOT NULL,           -- of that generation
    secret               bytea       NOT NULL,           -- key of the tokens and MACs, unless engine.secret is set
    test_clock_offset_ms bigint      NOT NULL DEFAULT 0, -- added to the time of records; read only under engine.test_clock
    created              timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE shard_places (
    generation integer NOT NULL,
    shard      integer NOT NULL,
    partition  integer NOT NULL,
    PRIMARY KEY (shard, generation)
);
