// SPDX-License-Identifier: Apache-2.0
//
// Camunda's words for what we have: nodes are brokers, their shards are partitions, counted from 1.
// PostgreSQL knows who owns what; where another node listens it does not know.
#include "api/api_private.h"
#include "store/read/read.h"

enum { COLUMN_OWNER, COLUMN_SHARD, COLUMN_HALTED, COLUMN_CLUSTER, COLUMN_PURGES };

struct broker {
    int64_t id;
    str name;
    str host;
    str port;
};

// Rows come by owner; *row is left at the first row of the next one.
static void write_partitions(struct json_writer *w, const struct query_rows *rows, str owner,
                             size_t *row)
{
    json_begin_array(w);
    for (; *row < query_row_count(rows) && str_equal(query_value(rows, *row, COLUMN_OWNER), owner);
         ++*row) {
        bool halted = query_value(rows, *row, COLUMN_HALTED).len > 0;
        uint64_t shard = 0;
        check(str_to_u64(query_value(rows, *row, COLUMN_SHARD), &shard));
        json_begin_object(w);
        json_key(w, STR("partitionId"));
        json_u64(w, shard + 1);
        write_text(w, STR("role"), STR("leader"));
        write_text(w, STR("health"), halted ? STR("unhealthy") : STR("healthy"));
        write_text(w, STR("state"), STR("active"));
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_broker(struct json_writer *w, const struct broker *broker,
                         const struct query_rows *rows, size_t *row)
{
    json_begin_object(w);
    json_key(w, STR("nodeId"));
    json_i64(w, broker->id);
    write_text(w, STR("brokerId"), broker->name);
    write_text(w, STR("host"), broker->host);
    write_json(w, STR("port"), broker->port);
    write_text(w, STR("version"), STR(BATON_VERSION));
    json_key(w, STR("partitions"));
    write_partitions(w, rows, broker->name, row);
    json_end_object(w);
}

// The node that answers is there in any case, with its address; others go by their names.
static int64_t write_brokers(struct json_writer *w, const struct api *api,
                             const struct query_rows *rows)
{
    str address = str_of(http_server_address(api->http));
    size_t colon = str_find_char(address, ':');
    struct broker own = {.name = str_of(api->options.node_name),
                         .host = str_sub(address, 0, colon),
                         .port = str_from_index(address, colon + 1)};
    bool has_own = false;
    int64_t count = 0;
    size_t row = 0;
    json_begin_array(w);
    while (row < query_row_count(rows)) {
        str owner = query_value(rows, row, COLUMN_OWNER);
        bool is_own = str_equal(owner, own.name);
        struct broker broker = is_own ? own : (struct broker){0, owner, owner, STR("0")};
        broker.id = count++;
        has_own = has_own || is_own;
        write_broker(w, &broker, rows, &row);
    }
    own.id = count;
    if (!has_own) {
        write_broker(w, &own, rows, &row);
        count++;
    }
    json_end_array(w);
    return count;
}

static void on_shards(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    (void)context;
    const struct api *api = api_of(request);
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("brokers"));
    int64_t count = write_brokers(&w, api, rows);
    json_key(&w, STR("clusterSize"));
    json_i64(&w, count);
    json_key(&w, STR("partitionsCount"));
    json_u64(&w, gateway_shards(caller->gateway));
    json_key(&w, STR("replicationFactor"));
    json_i64(&w, 1);
    write_text(&w, STR("gatewayVersion"), STR(BATON_VERSION));
    write_text(&w, STR("lastCompletedChangeId"),
               query_row_count(rows) > 0 ? query_value(rows, 0, COLUMN_PURGES) : STR("0"));
    write_optional(&w, STR("clusterId"),
                   query_row_count(rows) > 0 ? query_value(rows, 0, COLUMN_CLUSTER) : STR_EMPTY);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_topology_get(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_run(caller, read_topology(caller->arena), on_shards, NULL);
}
