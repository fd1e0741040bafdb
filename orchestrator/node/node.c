// SPDX-License-Identifier: Apache-2.0
#include "node/internal.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/zone.h"
#include "bus/claim.h"
#include "store/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    WATCH_MS = 1000,
    TOPIC_TIMEOUT_MS = 5000,
    DRAIN_MS = 5000,
    EVENTS_LINGER_US = 10000,
    COMMIT_HANGS_MS = 3000,
    NS_PER_MS = 1000000
};

str node_secret(const struct node *node)
{
    return str_from(node->secret, node->secret_len);
}

void node_topic(const struct node *node, str rest, char *ret_name)
{
    snprintf(ret_name, NODE_TOPIC_NAME, "%s.%.*s",
             config_str(node->config, CONFIG_KAFKA_TOPIC_PREFIX), STR_ARG(rest));
}

static struct bus_options bus_options_of(const struct config *config, const char *name)
{
    return (struct bus_options){.brokers = config_str(config, CONFIG_KAFKA_BROKERS),
                                .properties = config_str(config, CONFIG_KAFKA_PROPERTIES),
                                .client_id = name};
}

// -- Before the start -------------------------------------------------------------------

// The commands topic of an installation that is there gets the partitions that it always had.
static bool wanted_shards(const struct config *config, int64_t *ret_shards, struct error *err)
{
    struct installation installation;
    *ret_shards = config_i64(config, CONFIG_ENGINE_SHARDS);
    if (!store_read_installation(config_str(config, CONFIG_POSTGRES_URL), &installation, err))
        return err->kind == ERROR_NOT_FOUND;
    *ret_shards = installation.partitions;
    return store_check_prefix(&installation, config_str(config, CONFIG_KAFKA_TOPIC_PREFIX), err);
}

static bool prepare_topics(const struct config *config, struct node_site *ret_site,
                           struct error *err)
{
    int64_t commands_partitions;
    if (!wanted_shards(config, &commands_partitions, err))
        return false;
    const char *prefix = config_str(config, CONFIG_KAFKA_TOPIC_PREFIX);
    int replicas = (int)config_i64(config, CONFIG_KAFKA_REPLICAS);
    const char *properties = "max.message.bytes=4194304";
    const struct {
        enum topic_id id;
        int64_t partitions;
    } wanted[] = {
        {TOPIC_COMMANDS, commands_partitions},
        {TOPIC_REPLIES, config_i64(config, CONFIG_KAFKA_REPLY_PARTITIONS)},
        {TOPIC_EVENTS, config_i64(config, CONFIG_KAFKA_EVENT_PARTITIONS)},
        {TOPIC_COMMANDS_DLQ, 1},
        {TOPIC_AUDIT, 1},
    };
    char names[COUNT_OF(wanted)][NODE_TOPIC_NAME];
    struct bus_topic topics[COUNT_OF(wanted)];
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        snprintf(names[i], NODE_TOPIC_NAME, "%s.%s", prefix, topic_info_of(wanted[i].id)->name);
        topics[i] = (struct bus_topic){.name = names[i],
                                       .partitions = (int)wanted[i].partitions,
                                       .replicas = replicas,
                                       .properties = properties,
                                       .wishes = "message.timestamp.after.max.ms=3600000"};
    }
    const struct bus_options bus = bus_options_of(config, "baton");
    int shards = 0, event_partitions = 0;
    if (!bus_topics_ensure(&bus, topics, COUNT_OF(topics), TOPIC_TIMEOUT_MS, err) ||
        !bus_topic_partitions(&bus, names[0], TOPIC_TIMEOUT_MS, &shards, err) ||
        !bus_topic_partitions(&bus, names[2], TOPIC_TIMEOUT_MS, &event_partitions, err))
        return false;
    if (shards < 1 || shards > (int)NODE_MAX_SHARDS)
        return error_set(err, ERROR_UNAVAILABLE, names[0], "has %d partitions; expected 1 to %d",
                         shards, NODE_MAX_SHARDS);
    ret_site->shards = (uint32_t)shards;
    ret_site->event_partitions = event_partitions > 0 ? (uint32_t)event_partitions : 1;
    return true;
}

// The key of tokens and MACs: the setting, else the one that the installation keeps.
static bool open_installation(const struct config *config, struct node_site *site,
                              struct error *err)
{
    struct installation *installation = &site->installation;
    str configured = str_of(config_str(config, CONFIG_ENGINE_SECRET));
    char made[TOKEN_SECRET_SIZE];
    random_bytes(made, sizeof made);
    const struct installation_proposal proposal = {
        .topic_prefix = config_str(config, CONFIG_KAFKA_TOPIC_PREFIX),
        .partitions = site->shards,
        .secret = str_from(made, sizeof made)};
    if (!store_open_installation(config_str(config, CONFIG_POSTGRES_URL), &proposal, installation,
                                 err))
        return false;
    if (configured.len > 0) {
        installation->secret_len =
            configured.len < STORE_MAX_SECRET ? configured.len : STORE_MAX_SECRET;
        memcpy(installation->secret, configured.data, installation->secret_len);
    }
    return true;
}

// Another installation with this prefix would take our shards, and we its.
static bool claim_topics(const struct config *config, const struct installation *installation,
                         struct error *err)
{
    const char *prefix = config_str(config, CONFIG_KAFKA_TOPIC_PREFIX);
    const struct bus_options bus = bus_options_of(config, "baton");
    char topic[NODE_TOPIC_NAME], owner[BUS_OWNER_MAX];
    snprintf(topic, sizeof topic, "%s.%s", prefix, topic_info_of(TOPIC_INSTALLATION)->name);
    const struct bus_claim claim = {.topic = topic,
                                    .owner = installation->id,
                                    .replicas = (int)config_i64(config, CONFIG_KAFKA_REPLICAS),
                                    .timeout_ms = TOPIC_TIMEOUT_MS};
    if (!bus_claim(&bus, &claim, owner, err))
        return false;
    if (strcmp(owner, installation->id) == 0)
        return true;
    return error_set(err, ERROR_CONFLICT, topic,
                     "the topics with prefix '%s' belong to installation %s, and this PostgreSQL "
                     "holds installation %s: set another kafka.topic_prefix, or, if the other one "
                     "is no more, run `baton repair --adopt-topics`",
                     prefix, owner, installation->id);
}

bool node_prepare(const struct config *config, struct node_site *ret_site, struct error *err)
{
    const char *url = config_str(config, CONFIG_POSTGRES_URL);
    int applied;
    if (!store_reachable(url, err))
        return false;
    if (config_bool(config, CONFIG_POSTGRES_MIGRATE) && !store_migrate_up(url, &applied, err))
        return false;
    return store_migrate_verify(url, err) && prepare_topics(config, ret_site, err) &&
           open_installation(config, ret_site, err) &&
           claim_topics(config, &ret_site->installation, err);
}

// -- What the group gives ---------------------------------------------------------------

void node_assign_soon(struct node *node)
{
    timer_ring(node->assign);
}

static void on_assign(void *context)
{
    struct node *node = context;
    if (node->consumer != NULL && node->assigned)
        place_shards(node);
}

static struct shard *get_shard(struct node *node, uint32_t number)
{
    if (node->shards[number] == NULL)
        node->shards[number] = node_shard_new(node, number);
    return node->shards[number];
}

static struct shard *shard_of(struct node *node, int32_t partition)
{
    bool is_ours = partition >= 0 && (uint32_t)partition < node->shard_count;
    return is_ours ? node->shards[partition] : NULL;
}

// The group has decided. What we had and keep goes on where it is; nothing is acquired twice.
static void on_assigned(void *context, const struct bus_partition *partitions, size_t count)
{
    struct node *node = context;
    bool ours[NODE_MAX_SHARDS] = {false};
    node->assigned = true;
    node->placed = false;
    bool had_strange = node->has_strange_partitions;
    for (size_t i = 0; i < count; i++) {
        bool is_known =
            partitions[i].partition >= 0 && (uint32_t)partitions[i].partition < node->shard_count;
        node->has_strange_partitions |= !is_known;
        if (is_known)
            ours[partitions[i].partition] = true;
    }
    if (node->has_strange_partitions && !had_strange)
        log_error(
            "node",
            "ALARM: partitions were added to %s: no shard has them, what is sent there is not "
            "read, and no node will start again; make the topic anew with %u partitions and "
            "run `baton repair`",
            node->topic_commands, node->shard_count);
    for (uint32_t i = 0; i < node->shard_count; i++) {
        if (ours[i] && !node->draining)
            node_shard_want(get_shard(node, i));
        else if (node->shards[i] != NULL)
            node_shard_release(node->shards[i]);
    }
    node_assign_soon(node);
}

static void on_revoked(void *context)
{
    struct node *node = context;
    node->assigned = false; // until the group has decided anew; work already in memory is finished
}

static void on_record(void *context, const struct bus_record *record)
{
    struct node *node = context;
    struct shard *shard = shard_of(node, record->partition);
    if (shard != NULL)
        intake_record(shard, record);
}

static void on_drained(void *context)
{
    struct node *node = context;
    for (uint32_t i = 0; i < node->shard_count; i++)
        if (node->shards[i] != NULL)
            node_shard_turn(node->shards[i]);
}

static void on_fault(void *context, const struct bus_partition *partition, enum bus_fault fault,
                     const struct error *err)
{
    struct node *node = context;
    struct shard *shard = shard_of(node, partition->partition);
    if (fault == BUS_FAULT_RANGE && shard != NULL)
        intake_out_of_range(shard);
    else
        log_debug("node", "%s: %s", err->place, err->text);
}

// -- Producer, store --------------------------------------------------------------------

static void on_delivered(void *context, uint64_t tag, const struct error *failure)
{
    publish_delivered(context, tag, failure);
}

static void on_event_delivered(void *context, uint64_t tag, const struct error *failure)
{
    publish_event_delivered(context, tag, failure);
}

static void on_room(void *context)
{
    struct node *node = context;
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct shard *shard = node->shards[i];
        if (shard == NULL || (shard->state != SHARD_RUNNING && shard->state != SHARD_DRAINING))
            continue;
        publish_held(shard);
        publish_more(shard);
        node_shard_turn(shard);
    }
}

static void on_broken(void *context, const struct error *failure)
{
    (void)context;
    log_failure("node", failure);
    log_error("node", "the producer cannot go on: ending, so that another node takes over");
    _exit(EXIT_FAILURE);
}

static bool start_consumer(struct node *node, struct error *err)
{
    const char *const topics[] = {node->topic_commands};
    char group[NODE_TOPIC_NAME];
    node_topic(node, topic_rest(TOPIC_GROUP_ENGINE), group);
    const struct bus_consumer_options options = {
        .bus = bus_options_of(node->config, node->name),
        .kind = BUS_CONSUMER_HINTED,
        .reset = BUS_RESET_ERROR,
        .group = group,
        .topics = topics,
        .topic_count = 1,
        .session_timeout_ms = (int)config_i64(node->config, CONFIG_KAFKA_SESSION_MS),
    };
    const struct bus_consumer_handler handler = {.context = node,
                                                 .record = on_record,
                                                 .drained = on_drained,
                                                 .assigned = on_assigned,
                                                 .revoked = on_revoked,
                                                 .fault = on_fault};
    node->consumer = bus_consumer_new(&options, &handler, node->loop, err);
    return node->consumer != NULL;
}

static void on_store_connected(void *context)
{
    struct node *node = context;
    struct error err;
    node->store_was_there = true;
    log_info("node", "PostgreSQL is there");
    if (node->consumer == NULL && !start_consumer(node, &err))
        log_failure("node", &err);
}

static void on_store_lost(void *context, const struct error *err)
{
    struct node *node = context;
    if (!node->draining && node->store_was_there)
        log_warning("node", "PostgreSQL is away: %s", err->text);
    node->store_was_there = false;
}

static bool start_producers(struct node *node, struct error *err)
{
    struct bus_producer_options options = {
        .bus = bus_options_of(node->config, node->name), .queue_records = 100000, .ordered = true};
    const struct bus_producer_handler handler = {node, on_delivered, on_room, on_broken};
    const struct bus_producer_handler for_events = {node, on_event_delivered, on_room, on_broken};
    node->producer = bus_producer_new(&options, &handler, node->loop, err);
    options.linger_us = EVENTS_LINGER_US;
    if (node->producer != NULL)
        node->events_producer = bus_producer_new(&options, &for_events, node->loop, err);
    return node->events_producer != NULL;
}

// -- Gauges -----------------------------------------------------------------------------

static uint64_t lag_of(struct node *node, const struct shard *shard)
{
    int64_t end =
        bus_consumer_end_seen(node->consumer, node->topic_commands, (int32_t)shard->number);
    return end > shard->next_offset ? (uint64_t)(end - shard->next_offset) : 0;
}

static int64_t shard_ahead_ms(const struct node *node)
{
    int64_t most_ms = 0;
    for (uint32_t i = 0; i < node->shard_count; i++) {
        const struct shard *shard = node->shards[i];
        int64_t ahead_ms =
            shard != NULL && shard->state == SHARD_RUNNING ? clock_shard_ahead_ms(shard) : 0;
        most_ms = ahead_ms > most_ms ? ahead_ms : most_ms;
    }
    return most_ms;
}

static void update_gauges(struct node *node)
{
    uint64_t running = 0, halted = 0, backlog = 0, lag = 0, outbox = 0, bytes = 0, unreadable = 0;
    uint64_t types = 0, credentials = 0;
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct shard *shard = node->shards[i];
        if (shard == NULL)
            continue;
        halted += node_shard_is_halted(shard);
        if (shard->state != SHARD_RUNNING)
            continue;
        running++;
        backlog += shard->inbox.count;
        lag += node->consumer ? lag_of(node, shard) : 0;
        outbox += shard->next_outbound - shard->outgoing.published;
        bytes += engine_memory(shard->engine);
        unreadable += shard->unreadable;
        types += engine_breakers(shard->engine, BREAKER_TYPE);
        credentials += engine_breakers(shard->engine, BREAKER_CREDENTIAL);
    }
    metrics_set(&node->metrics, METRIC_SHARDS, running);
    metrics_set(&node->metrics, METRIC_HALTED, halted);
    metrics_set(&node->metrics, METRIC_BACKLOG, backlog);
    metrics_set(&node->metrics, METRIC_LAG, lag);
    metrics_set(&node->metrics, METRIC_OUTBOX, outbox);
    metrics_set(&node->metrics, METRIC_ENGINE_BYTES, bytes);
    metrics_set(&node->metrics, METRIC_UNREADABLE, unreadable);
    metrics_set(&node->metrics, METRIC_TYPES_PAUSED, types);
    metrics_set(&node->metrics, METRIC_CREDENTIALS_REFUSED, credentials);
    metrics_set(&node->metrics, METRIC_CLOCK_AHEAD_MS, (uint64_t)node->ahead_ms);
    metrics_set(&node->metrics, METRIC_SHARD_AHEAD_MS, (uint64_t)shard_ahead_ms(node));
}

void node_print_metrics(struct node *node, bool names, struct strbuf *out)
{
    update_gauges(node);
    metrics_print(&node->metrics, out);
    tally_print(&node->tallies, names, out);
}

bool node_is_ready(const struct node *node, const char **ret_why)
{
    *ret_why = "";
    if (!store_is_ready(node->store))
        *ret_why = "PostgreSQL is away";
    else if (!node->assigned)
        *ret_why = "the consumer group has not given shards yet";
    int64_t now_ns = clock_monotonic_ns();
    for (uint32_t i = 0; **ret_why == '\0' && i < node->shard_count; i++) {
        const struct shard *shard = node->shards[i];
        if (shard != NULL && shard->committing != NULL &&
            now_ns - shard->committing->sent_ns > COMMIT_HANGS_MS * (int64_t)NS_PER_MS)
            *ret_why = "PostgreSQL does not answer a commit";
        bool works = shard == NULL || node_shard_is_halted(shard) ||
                     shard->state == SHARD_RUNNING || shard->state == SHARD_RELEASED;
        if (**ret_why == '\0' && !works)
            *ret_why = "shards are being taken over";
    }
    return **ret_why == '\0';
}

const char *node_warning(const struct node *node)
{
    bool halted = false, unreadable = false, refused = false;
    for (uint32_t i = 0; i < node->shard_count; i++) {
        const struct shard *shard = node->shards[i];
        halted = halted || (shard != NULL && node_shard_is_halted(shard));
        refused = refused || (shard != NULL && shard->outgoing.retry.failures > 1);
        unreadable = unreadable || (shard != NULL && shard->unreadable > 0);
    }
    if (node->has_strange_partitions)
        return "partitions were added to the commands topic: see the log";
    if (halted)
        return "a shard is halted: `baton repair` moves it on";
    if (refused)
        return "records cannot be sent to Kafka and stay in the outbox: see the log";
    if (outlets_closed(node) > 0)
        return "a topic of jobs or replies refuses records: see the log";
    if (node->ahead_ms > 0)
        return "the clock of this node is ahead of PostgreSQL's: set it right";
    if (shard_ahead_ms(node) > 0)
        return "the time of a shard is ahead of the clock: its timers wait until the clock has "
               "come there";
    return unreadable ? "stored states or definitions cannot be read: see the log" : NULL;
}

// -- Life -------------------------------------------------------------------------------

static void on_watch(void *context)
{
    struct node *node = context;
    if (!node->draining)
        jobs_watch(node, node_now_ms(node));
    timer_set(node->watch, WATCH_MS);
}

struct node *node_new(const struct config *config, const struct node_site *site,
                      struct event_base *loop, struct error *err)
{
    struct node *node = calloc(1, sizeof *node);
    check(node != NULL);
    node->config = config;
    node->loop = loop;
    node->shard_count = site->shards;
    node->event_partitions = site->event_partitions;
    node->vault = site->vault;
    node->persons = site->persons;
    node->secret_len = site->installation.secret_len;
    memcpy(node->secret, site->installation.secret, node->secret_len);
    node->outlets = map_new(&node->arena);
    node->assign = timer_new(loop, on_assign, node);
    snprintf(node->name, sizeof node->name, "%s", config_str(config, CONFIG_NODE_NAME));
    node_topic(node, topic_rest(TOPIC_COMMANDS), node->topic_commands);
    struct error ignored; // without the system's zones, none is known by name
    if (!zone_db_load(&node->arena, ZONE_DIRECTORY, &node->zones, &ignored))
        node->zones = NULL;
    node->definitions = definitions_new(node->zones);
    const struct store_options store = {
        .url = config_str(config, CONFIG_POSTGRES_URL),
        .node = node->name,
        .connections = (uint32_t)config_i64(config, CONFIG_POSTGRES_CONNECTIONS),
    };
    const struct store_handler handler = {node, on_store_connected, on_store_lost};
    node->store = store_new(&store, &handler, loop);
    const struct bus_options bus = bus_options_of(config, node->name);
    node->watched_types = map_new(&node->arena);
    node->watch = timer_new(loop, on_watch, node);
    node->errands = bus_errands_new(&bus, loop, err);
    if (node->errands != NULL && breakers_read(&node->arena, config, &node->breakers, err) &&
        start_producers(node, err)) {
        timer_set(node->watch, WATCH_MS);
        return node;
    }
    node_free(node);
    return NULL;
}

void node_watch_with(struct node *node, struct watch *watch)
{
    node->guard = watch;
}

void node_free(struct node *node)
{
    if (node == NULL)
        return;
    node->draining = true;
    bus_consumer_free(node->consumer);
    node->consumer = NULL;
    for (uint32_t i = 0; i < node->shard_count; i++)
        node_shard_free(node->shards[i]); // users first: late answers find nobody
    bus_errands_free(node->errands);
    timer_free(node->watch);
    pending_cancel(&node->calls);
    outlets_free(node);
    store_free(node->store);
    bus_producer_free(node->producer);
    bus_producer_free(node->events_producer);
    definitions_free(node->definitions);
    timer_free(node->assign);
    timer_free(node->drain_end);
    tally_done(&node->tallies);
    arena_done(&node->shares.arena);
    arena_done(&node->arena);
    arena_done(&node->scratch);
    free(node);
}

// -- Draining ---------------------------------------------------------------------------

static void end_drain(struct node *node)
{
    if (node->drained == NULL)
        return;
    node_drained *drained = node->drained;
    node->drained = NULL;
    drained(node->drained_context);
}

static void on_drain_end(void *context)
{
    end_drain(context);
}

static bool all_released(const struct node *node)
{
    for (uint32_t i = 0; i < node->shard_count; i++)
        if (node->shards[i] != NULL && node->shards[i]->state != SHARD_RELEASED)
            return false;
    return true;
}

void node_shard_released(struct node *node)
{
    if (node->draining && node->drained != NULL && all_released(node))
        timer_ring(node->drain_end);
}

void node_drain(struct node *node, node_drained *done, void *context)
{
    if (node->draining)
        return;
    node->draining = true;
    node->drained = done;
    node->drained_context = context;
    node->drain_end = timer_new(node->loop, on_drain_end, node);
    timer_set(node->drain_end, DRAIN_MS);
    for (uint32_t i = 0; i < node->shard_count; i++)
        if (node->shards[i] != NULL)
            node_shard_release(node->shards[i]);
    node_shard_released(node);
}
