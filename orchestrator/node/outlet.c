// SPDX-License-Identifier: Apache-2.0
//
// The topics of jobs and replies. A topic is made when its first record is to be sent, asked for
// again when a record was refused, and closed for a while when that does not help: jobs then become
// incidents and replies are dropped, so that one topic never stops a shard.
//
//   NEW ──ask──► ASKING ──made──► OPEN ──refused──► RESTING ──rest──► ASKING
//                   │                                   │ too often
//                   └──refused──► RESTING               └─────────► CLOSED ──rest──► ASKING
#include "node/internal.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLOSED_MS = 30000, UNAVAILABLE_MS = 1000 };

static const struct retry_rule patience = {.first_ms = 1000, .longest_ms = 8000, .tries = 5};

struct outlet {
    struct outlet *next;
    struct node *node;
    enum outlet_state state;
    struct retry retry;
    int64_t until_ms;                // RESTING and CLOSED
    char why[NODE_TOPIC_NAME + 256]; // CLOSED, or was and nothing was delivered since
    char name[NODE_TOPIC_NAME];
};

static struct bus_topic topic_of(const struct outlet *outlet)
{
    const struct config *config = outlet->node->config;
    char replies[NODE_TOPIC_NAME];
    node_topic(outlet->node, topic_rest(TOPIC_REPLIES), replies);
    bool is_replies = strcmp(outlet->name, replies) == 0;
    return (struct bus_topic){
        .name = outlet->name,
        .partitions = (int)config_i64(config, is_replies ? CONFIG_KAFKA_REPLY_PARTITIONS
                                                         : CONFIG_KAFKA_JOB_PARTITIONS),
        .replicas = (int)config_i64(config, CONFIG_KAFKA_REPLICAS),
        .properties = "max.message.bytes=4194304",
        .grows = true,
    };
}

struct outlet *outlet_get(struct node *node, const char *name)
{
    struct outlet *outlet = map_get(&node->outlets, str_of(name));
    if (outlet != NULL)
        return outlet;
    outlet = calloc(1, sizeof *outlet);
    check(outlet != NULL);
    outlet->node = node;
    snprintf(outlet->name, sizeof outlet->name, "%s", name);
    map_put(&node->outlets, str_of(outlet->name), outlet);
    return outlet;
}

static void wake_shards(struct node *node)
{
    for (uint32_t i = 0; i < node->shard_count; i++)
        if (node->shards[i] != NULL)
            publish_held(node->shards[i]);
}

static void rest(struct outlet *outlet, const struct error *failure)
{
    int64_t rest_ms = UNAVAILABLE_MS;
    int64_t now_ms = node_uptime_ms();
    bool is_away = failure->kind == ERROR_UNAVAILABLE; // the brokers, not the topic
    if (is_away || retry_next(&outlet->retry, &patience, &rest_ms)) {
        outlet->state = OUTLET_RESTING;
        outlet->until_ms = now_ms + rest_ms;
        return;
    }
    if (outlet->why[0] == '\0')
        log_error("node", "ALARM: nothing can be sent to topic %s: %s", outlet->name,
                  failure->text);
    snprintf(outlet->why, sizeof outlet->why, "topic %s: %.200s", outlet->name, failure->text);
    outlet->state = OUTLET_CLOSED;
    outlet->until_ms = now_ms + CLOSED_MS;
}

static void on_ensured(void *context, const struct error *failure)
{
    struct outlet *outlet = pending_end(context);
    if (outlet == NULL)
        return;
    check(outlet->state == OUTLET_ASKING);
    if (failure == NULL)
        outlet->state = OUTLET_OPEN;
    else
        rest(outlet, failure);
    wake_shards(outlet->node);
}

static void ask(struct outlet *outlet)
{
    const struct bus_topic topic = topic_of(outlet);
    outlet->state = OUTLET_ASKING;
    bus_make_topic(outlet->node->errands, &topic, on_ensured,
                   pending_new(&outlet->node->calls, outlet));
}

enum outlet_state outlet_look(struct outlet *outlet, const char **ret_why)
{
    bool rested = outlet->state == OUTLET_NEW ||
                  ((outlet->state == OUTLET_RESTING || outlet->state == OUTLET_CLOSED) &&
                   node_uptime_ms() >= outlet->until_ms);
    if (rested)
        ask(outlet);
    *ret_why = outlet->why;
    return outlet->state;
}

void outlet_refused(struct outlet *outlet, const struct error *failure)
{
    if (outlet->state == OUTLET_OPEN) // else it is known already, of a record that was sent before
        rest(outlet, failure);
}

void outlet_delivered(struct outlet *outlet)
{
    if (outlet->state != OUTLET_OPEN)
        return;
    if (outlet->why[0] != '\0')
        log_info("node", "topic %s takes records again", outlet->name);
    outlet->why[0] = '\0';
    retry_reset(&outlet->retry);
}

size_t outlets_closed(const struct node *node)
{
    size_t closed = 0, cursor = 0;
    str name;
    void *outlet;
    while (map_next(&node->outlets, &cursor, &name, &outlet))
        closed += ((struct outlet *)outlet)->why[0] != '\0';
    return closed;
}

void outlets_free(struct node *node)
{
    size_t cursor = 0;
    str name;
    void *outlet;
    while (map_next(&node->outlets, &cursor, &name, &outlet))
        free(outlet);
}
