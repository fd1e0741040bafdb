// SPDX-License-Identifier: Apache-2.0
//
// A topic that was made anew holds what came after all that the shard had done, and all of it is to
// be done. One that was truncated holds what was done. The records' own time tells the first for
// sure; where it does not, the operator says.
#include "cli/repair.h"

#include "base/array.h"
#include "bus/claim.h"
#include "bus/consumer.h"
#include "record/topic.h"
#include "store/installation.h"
#include "store/repair.h"

#include <event2/event.h>
#include <stdio.h>

enum { ASK_MS = 10000, TOPIC_NAME = 250 };

struct repair {
    const char *url;
    char topic[TOPIC_NAME];
    enum repair_from from;
    struct bus_consumer *consumer;
    struct arena arena;
    ARRAY(struct store_halted) halted;
};

static void on_halted(void *context, const struct store_halted *halted)
{
    struct repair *repair = context;
    *ARRAY_PUSH(&repair->arena, &repair->halted) = *halted;
}

static bool are_all_newer(struct repair *repair, const struct repaired *repaired, int64_t newer,
                          struct error *err)
{
    return newer <= repaired->low ||
           error_set(err, ERROR_CONFLICT, repair->topic,
                     "shard %u: %lld of the records %lld to %lld are older than the last command "
                     "that was done. If the topic was made anew, they are to be done: --from "
                     "beginning. If it lost its last records, they were done: --from end",
                     repaired->shard, (long long)(newer - repaired->low), (long long)repaired->low,
                     (long long)repaired->high - 1);
}

static bool find_place(struct repair *repair, const struct store_halted *halted,
                       struct repaired *repaired, struct error *err)
{
    int32_t partition = (int32_t)halted->shard;
    int64_t newer; // the first record that came after all that was done
    *repaired = (struct repaired){.shard = halted->shard, .wanted_offset = halted->next_offset};
    if (!bus_consumer_offsets(repair->consumer, repair->topic, partition, ASK_MS, &repaired->low,
                              &repaired->high, err) ||
        !bus_consumer_offset_since(repair->consumer, repair->topic, partition, halted->clock_ms + 1,
                                   ASK_MS, &newer, err))
        return false;
    repaired->next_offset = repair->from == REPAIR_FROM_END ? newer : repaired->low;
    return repair->from != REPAIR_FROM_SURE || are_all_newer(repair, repaired, newer, err);
}

static bool repair_all(struct repair *repair, node_repaired *told, void *context, struct error *err)
{
    for (size_t i = 0; i < repair->halted.count; i++) {
        struct repaired repaired;
        bool done;
        if (!find_place(repair, &repair->halted.items[i], &repaired, err) ||
            !store_repair(repair->url, repaired.shard, repaired.next_offset, &done, err))
            return false;
        if (done)
            told(context, &repaired);
    }
    return true;
}

static bool repair_with_kafka(struct repair *repair, const struct config *config,
                              node_repaired *told, void *context, struct error *err)
{
    struct event_base *loop = event_base_new();
    const char *prefix = config_str(config, CONFIG_KAFKA_TOPIC_PREFIX);
    str group = topic_full_name(&repair->arena, prefix, TOPIC_GROUP_ENGINE, STR_EMPTY);
    const struct bus_consumer_options options = {
        .group = str_cstr(&repair->arena, group),
        .bus = {.brokers = config_str(config, CONFIG_KAFKA_BROKERS),
                .client_id = "baton-repair",
                .properties = config_str(config, CONFIG_KAFKA_PROPERTIES)},
        .kind = BUS_CONSUMER_MANUAL,
        .reset = BUS_RESET_ERROR};
    const struct bus_consumer_handler handler = {0};
    repair->consumer = bus_consumer_new(&options, &handler, loop, err);
    bool ok = repair->consumer != NULL && repair_all(repair, told, context, err);
    if (repair->consumer != NULL)
        bus_consumer_free(repair->consumer);
    event_base_free(loop);
    return ok;
}

// The settings must be those of the installation: with another prefix its shards would be moved to
// places in topics that are not theirs.
static bool read_installation(const struct config *config, struct installation *ret_installation,
                              struct error *err)
{
    return store_read_installation(config_str(config, CONFIG_POSTGRES_URL), ret_installation,
                                   err) &&
           store_check_prefix(ret_installation, config_str(config, CONFIG_KAFKA_TOPIC_PREFIX), err);
}

bool node_repair(const struct config *config, int64_t shard, enum repair_from from,
                 node_repaired *told, void *context, struct error *err)
{
    struct repair repair = {.url = config_str(config, CONFIG_POSTGRES_URL), .from = from};
    snprintf(repair.topic, sizeof repair.topic, "%s.%s",
             config_str(config, CONFIG_KAFKA_TOPIC_PREFIX), topic_info_of(TOPIC_COMMANDS)->name);
    struct installation installation;
    bool ok = read_installation(config, &installation, err) &&
              store_find_halted(repair.url, shard, on_halted, &repair, err) &&
              (repair.halted.count == 0 || repair_with_kafka(&repair, config, told, context, err));
    arena_done(&repair.arena);
    return ok;
}

bool repair_adopt_topics(const struct config *config, struct error *err)
{
    struct installation installation;
    char topic[TOPIC_NAME], owner[BUS_OWNER_MAX];
    if (!read_installation(config, &installation, err))
        return false;
    snprintf(topic, sizeof topic, "%s.%s", config_str(config, CONFIG_KAFKA_TOPIC_PREFIX),
             topic_info_of(TOPIC_INSTALLATION)->name);
    const struct bus_options bus = {.brokers = config_str(config, CONFIG_KAFKA_BROKERS),
                                    .properties = config_str(config, CONFIG_KAFKA_PROPERTIES),
                                    .client_id = "baton-repair"};
    const struct bus_claim claim = {.topic = topic,
                                    .owner = installation.id,
                                    .replicas = (int)config_i64(config, CONFIG_KAFKA_REPLICAS),
                                    .timeout_ms = ASK_MS,
                                    .adopts = true};
    return bus_claim(&bus, &claim, owner, err);
}
