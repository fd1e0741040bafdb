// SPDX-License-Identifier: Apache-2.0
#include "gateway/audit_checkpoint.h"

#include "base/log.h"
#include "base/signature.h"
#include "gateway/gateway_private.h"
#include "store/catalogue/audit.h"
#include "store/query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_MS = 3000, LOOK_MS = 10000 };

struct audit_checkpoints {
    struct gateway *gateway;
    struct signature_key *key;
    struct timer *timer;
    struct pending_list asked;
};

// One that is not on the file or the topic is in PostgreSQL all the same, and the next covers it.
static void append(const char *path, str jws)
{
    FILE *file = fopen(path, "a");
    bool good = file != NULL && fprintf(file, "%.*s\n", STR_ARG(jws)) > 0 && fflush(file) == 0;
    if (!good)
        log_warning("audit", "a checkpoint could not be appended to %s: %s", path, strerror(errno));
    if (file != NULL)
        fclose(file);
}

static void send(struct gateway *gateway, str jws)
{
    struct error err;
    const struct bus_record record = {.topic = gateway_topic(gateway, topic_rest(TOPIC_AUDIT)),
                                      .key = STR("checkpoint"),
                                      .value = jws};
    if (gateway->producer != NULL &&
        bus_producer_send(gateway->producer, &record, 0, &err) != BUS_SENT)
        log_warning("audit", "a checkpoint could not be sent to %s", record.topic);
}

static void on_kept(void *context, const struct query_rows *rows, const struct error *err)
{
    struct audit_checkpoints *checkpoints = pending_end(context);
    if (checkpoints == NULL)
        return;
    if (rows == NULL)
        log_failure("audit", err);
    else if (query_row_count(rows) > 0) {
        struct gateway *gateway = checkpoints->gateway;
        const char *path = config_str(gateway->options.config, CONFIG_AUDIT_CHECKPOINT_FILE);
        str jws = query_value(rows, 0, 0);
        if (path[0] != '\0')
            append(path, jws);
        send(gateway, jws);
    }
    timer_set(checkpoints->timer, LOOK_MS);
}

static void on_heads(void *context, const struct query_rows *rows, const struct error *err)
{
    struct audit_checkpoints *checkpoints = pending_end(context);
    if (checkpoints == NULL)
        return;
    if (rows == NULL)
        log_failure("audit", err);
    if (rows == NULL || query_row_count(rows) == 0) { // not due
        timer_set(checkpoints->timer, LOOK_MS);
        return;
    }
    struct arena arena = ARENA_EMPTY;
    struct gateway *gateway = checkpoints->gateway;
    str jws = signature_sign(&arena, checkpoints->key, query_value(rows, 0, 0));
    query_statement(
        gateway->options.reader,
        catalogue_checkpoint_keep(&arena, jws,
                                  config_i64(gateway->options.config, CONFIG_AUDIT_CHECKPOINT_S)),
        on_kept, pending_new(&checkpoints->asked, checkpoints));
    arena_done(&arena);
}

static void on_time(void *context)
{
    struct audit_checkpoints *checkpoints = context;
    struct gateway *gateway = checkpoints->gateway;
    struct arena arena = ARENA_EMPTY;
    query_statement(gateway->options.reader,
                    catalogue_checkpoint_due(
                        &arena, config_i64(gateway->options.config, CONFIG_AUDIT_CHECKPOINT_S)),
                    on_heads, pending_new(&checkpoints->asked, checkpoints));
    arena_done(&arena);
}

struct audit_checkpoints *audit_checkpoints_new(struct gateway *gateway)
{
    struct error err;
    const char *path = config_str(gateway->options.config, CONFIG_AUDIT_SIGNING_KEY);
    struct signature_key *key = path[0] != '\0' ? signature_key_read(path, &err) : NULL;
    if (path[0] != '\0' && key == NULL)
        log_failure("audit", &err);
    if (key == NULL)
        return NULL;
    struct audit_checkpoints *checkpoints = calloc(1, sizeof *checkpoints);
    check(checkpoints != NULL);
    checkpoints->gateway = gateway;
    checkpoints->key = key;
    checkpoints->timer = timer_new(gateway->options.loop, on_time, checkpoints);
    timer_set(checkpoints->timer, FIRST_MS);
    return checkpoints;
}

void audit_checkpoints_free(struct audit_checkpoints *checkpoints)
{
    if (checkpoints == NULL)
        return;
    pending_cancel(&checkpoints->asked);
    timer_free(checkpoints->timer);
    signature_key_free(checkpoints->key);
    free(checkpoints);
}
