// SPDX-License-Identifier: Apache-2.0
#include "bus/errand.h"

#include "base/arena.h"
#include "bus/client.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

// An errand belongs to the list that it is on: asked (loop to thread), or done (thread to loop).
struct errand {
    struct errand *next;
    struct arena arena;
    void (*run)(struct bus_errands *errands, struct errand *errand); // on the thread
    void (*tell)(struct errand *errand);                             // on the loop
    void *context;
    bool failed;
    struct error err;
    // Topics to make.
    struct bus_topic topic;
    bus_partitions_counted *counted;
    bus_topic_made *made;
    // The ends of a partition, in places[0].
    bus_ends_found *ends_found;
    // Places of a group.
    const char *group;
    struct bus_group_place *places;
    size_t place_count;
    bus_group_placed *placed;
    // Its members.
    str *members;
    size_t member_count;
    bus_members_found *members_found;
};

struct queue {
    struct errand *first;
    struct errand **end;
};

struct bus_errands {
    struct arena arena;
    struct bus_options options;
    rd_kafka_t *client;
    pthread_t thread;
    bool describes, never_describes; // groups, as far as was tried; the thread's
    pthread_mutex_t lock;            // of all below
    pthread_cond_t wake;
    struct queue asked;
    struct queue done;
    size_t asked_count;
    bool ends;
    int done_fd;
    struct event *readable;
};

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

static void queue_add(struct queue *queue, struct errand *errand)
{
    errand->next = NULL;
    *queue->end = errand;
    queue->end = &errand->next;
}

static struct errand *queue_take(struct queue *queue)
{
    struct errand *first = queue->first;
    if (first == NULL)
        return NULL;
    queue->first = first->next;
    if (queue->first == NULL)
        queue->end = &queue->first;
    return first;
}

static void fail(struct errand *errand, const struct error *err)
{
    errand->failed = true;
    errand->err = *err;
}

static void errand_free(struct errand *errand)
{
    struct arena arena = errand->arena;
    arena_done(&arena);
}

// -- On the thread ----------------------------------------------------------------------

static void run_make(struct bus_errands *errands, struct errand *errand)
{
    struct error err;
    if (!bus_topics_ensure(&errands->options, &errand->topic, 1, BUS_ERRAND_MS, &err))
        fail(errand, &err);
}

static bool find_partitions(struct bus_errands *errands, struct errand *errand, struct error *err)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(errands->client, errand->topic.name, NULL);
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(errands->client, 0, topic, &metadata, BUS_ERRAND_MS);
    rd_kafka_topic_destroy(topic);
    if (code)
        return client_error(err, errand->topic.name, code);
    if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
        errand->place_count = (size_t)metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    errand->places = ARENA_ARRAY(&errand->arena, struct bus_group_place, errand->place_count);
    return true;
}

static void run_count(struct bus_errands *errands, struct errand *errand)
{
    struct error err;
    if (!find_partitions(errands, errand, &err))
        fail(errand, &err);
}

static void run_find_ends(struct bus_errands *errands, struct errand *errand)
{
    struct bus_group_place *place = errand->places;
    struct error err;
    rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(errands->client, errand->topic.name, place->partition,
                                         &place->low, &place->end, BUS_ERRAND_MS);
    if (!code)
        return;
    (void)client_error(&err, errand->topic.name, code);
    fail(errand, &err);
}

static bool find_ends(struct bus_errands *errands, struct errand *errand, struct error *err)
{
    for (size_t i = 0; i < errand->place_count; i++) {
        struct bus_group_place *place = &errand->places[i];
        *place = (struct bus_group_place){.partition = (int32_t)i, .committed = -1};
        rd_kafka_resp_err_t code =
            rd_kafka_query_watermark_offsets(errands->client, errand->topic.name, place->partition,
                                             &place->low, &place->end, BUS_ERRAND_MS);
        if (code)
            return client_error(err, errand->topic.name, code);
    }
    return true;
}

static void note_committed(struct errand *errand, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *at = &list->elems[i];
        if (at->partition >= 0 && (size_t)at->partition < errand->place_count && at->offset >= 0)
            errand->places[at->partition].committed = at->offset;
    }
}

static bool read_committed(struct errand *errand, rd_kafka_event_t *event, struct error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    if (code)
        return client_error(err, errand->group, code);
    size_t count;
    const rd_kafka_group_result_t **groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_group_result_partitions(groups[i]) != NULL)
            note_committed(errand, rd_kafka_group_result_partitions(groups[i]));
    return true;
}

static bool find_committed(struct bus_errands *errands, struct errand *errand, struct error *err)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)errand->place_count);
    for (size_t i = 0; i < errand->place_count; i++)
        rd_kafka_topic_partition_list_add(list, errand->topic.name, (int32_t)i);
    rd_kafka_ListConsumerGroupOffsets_t *wanted =
        rd_kafka_ListConsumerGroupOffsets_new(errand->group, list);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(errands->client);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(errands->client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    char text[BUS_ERROR_TEXT];
    rd_kafka_AdminOptions_set_request_timeout(options, BUS_ERRAND_MS, text, sizeof text);
    rd_kafka_ListConsumerGroupOffsets(errands->client, &wanted, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, BUS_ERRAND_MS + 1000);
    bool found = event != NULL ? read_committed(errand, event, err)
                               : error_set(err, ERROR_UNAVAILABLE, "kafka", "no answer in %d ms",
                                           BUS_ERRAND_MS);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(wanted);
    rd_kafka_topic_partition_list_destroy(list);
    return found;
}

// The ends first: what the group has committed by then or later counts.
static void run_find(struct bus_errands *errands, struct errand *errand)
{
    struct error err;
    if (!find_partitions(errands, errand, &err) || !find_ends(errands, errand, &err) ||
        (errand->place_count > 0 && !find_committed(errands, errand, &err)))
        fail(errand, &err);
}

static bool read_members(struct errand *errand, rd_kafka_event_t *event, struct error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    if (code)
        return client_error(err, errand->group, code);
    size_t count;
    const rd_kafka_ConsumerGroupDescription_t **groups =
        rd_kafka_DescribeConsumerGroups_result_groups(
            rd_kafka_event_DescribeConsumerGroups_result(event), &count);
    const rd_kafka_error_t *failure =
        count == 1 ? rd_kafka_ConsumerGroupDescription_error(groups[0]) : NULL;
    if (failure != NULL && rd_kafka_error_code(failure) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
        return true; // nobody has ever read
    if (count != 1 || failure != NULL)
        return error_set(err, ERROR_UNAVAILABLE, errand->group, "the brokers do not describe it");
    size_t members = rd_kafka_ConsumerGroupDescription_member_count(groups[0]);
    errand->members = ARENA_ARRAY(&errand->arena, str, BUS_MOST_MEMBERS);
    for (size_t i = 0; i < members && i < BUS_MOST_MEMBERS; i++) {
        const rd_kafka_MemberDescription_t *member =
            rd_kafka_ConsumerGroupDescription_member(groups[0], i);
        errand->members[errand->member_count++] =
            str_copy(&errand->arena, str_of(rd_kafka_MemberDescription_client_id(member)));
    }
    return true;
}

// librdkafka (2.0 to 2.14, confluentinc/librdkafka#5397) frees what it still uses when a group's
// coordinator does not know the request, as its own mock cluster: it crashes then, or hangs when
// the client is destroyed. So the older request, which takes a refusal well, is tried first, once.
static bool can_describe(struct bus_errands *errands, struct errand *errand, struct error *err)
{
    const struct rd_kafka_group_list *list = NULL;
    if (errands->describes)
        return true;
    rd_kafka_resp_err_t code =
        errands->never_describes
            ? RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE
            : rd_kafka_list_groups(errands->client, errand->group, &list, BUS_ERRAND_MS);
    if (list != NULL)
        rd_kafka_group_list_destroy(list);
    errands->describes = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    errands->never_describes = code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE;
    return code == RD_KAFKA_RESP_ERR_NO_ERROR || client_error(err, errand->group, code);
}

static void run_find_members(struct bus_errands *errands, struct errand *errand)
{
    struct error err;
    char text[BUS_ERROR_TEXT];
    if (!can_describe(errands, errand, &err)) {
        fail(errand, &err);
        return;
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(errands->client);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(errands->client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
    rd_kafka_AdminOptions_set_request_timeout(options, BUS_ERRAND_MS, text, sizeof text);
    rd_kafka_DescribeConsumerGroups(errands->client, &errand->group, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, BUS_ERRAND_MS + 1000);
    if (event == NULL)
        (void)error_set(&err, ERROR_UNAVAILABLE, "kafka", "no answer in %d ms", BUS_ERRAND_MS);
    if (event == NULL || !read_members(errand, event, &err))
        fail(errand, &err);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
}

static void *run_errands(void *context)
{
    struct bus_errands *errands = context;
    const uint64_t one = 1;
    pthread_mutex_lock(&errands->lock);
    while (!errands->ends) {
        struct errand *errand = queue_take(&errands->asked);
        if (errand == NULL) {
            pthread_cond_wait(&errands->wake, &errands->lock);
            continue;
        }
        errands->asked_count--;
        pthread_mutex_unlock(&errands->lock);
        errand->run(errands, errand);
        pthread_mutex_lock(&errands->lock);
        queue_add(&errands->done, errand);
        check(write(errands->done_fd, &one, sizeof one) == sizeof one);
    }
    pthread_mutex_unlock(&errands->lock);
    return NULL;
}

// -- On the loop ------------------------------------------------------------------------

static void tell_made(struct errand *errand)
{
    errand->made(errand->context, errand->failed ? &errand->err : NULL);
}

static void tell_count(struct errand *errand)
{
    errand->counted(errand->context, errand->failed ? 0 : errand->place_count,
                    errand->failed ? &errand->err : NULL);
}

static void tell_ends(struct errand *errand)
{
    errand->ends_found(errand->context, errand->places->low, errand->places->end,
                       errand->failed ? &errand->err : NULL);
}

static void tell_placed(struct errand *errand)
{
    errand->placed(errand->context, errand->places, errand->failed ? 0 : errand->place_count,
                   errand->failed ? &errand->err : NULL);
}

static void tell_members(struct errand *errand)
{
    errand->members_found(errand->context, errand->members,
                          errand->failed ? 0 : errand->member_count,
                          errand->failed ? &errand->err : NULL);
}

static void on_done(evutil_socket_t fd, short events, void *context)
{
    (void)events;
    struct bus_errands *errands = context;
    uint64_t count;
    struct errand *errand;
    if (read((int)fd, &count, sizeof count) != sizeof count)
        return;
    pthread_mutex_lock(&errands->lock);
    struct errand *first = errands->done.first;
    queue_init(&errands->done);
    pthread_mutex_unlock(&errands->lock);
    while ((errand = first) != NULL) {
        first = errand->next;
        errand->tell(errand);
        errand_free(errand);
    }
}

static struct errand *errand_new(void *context)
{
    struct arena arena = ARENA_EMPTY;
    struct errand *errand = ARENA_NEW(&arena, struct errand);
    errand->arena = arena;
    errand->context = context;
    return errand;
}

// One too many is done at once, with its error.
static void ask(struct bus_errands *errands, struct errand *errand)
{
    const uint64_t one = 1;
    struct error err;
    pthread_mutex_lock(&errands->lock);
    if (errands->asked_count >= BUS_MAX_ERRANDS) {
        (void)error_set(&err, ERROR_LIMIT, "kafka", "%d requests wait for the brokers already",
                        BUS_MAX_ERRANDS);
        fail(errand, &err);
        queue_add(&errands->done, errand);
        check(write(errands->done_fd, &one, sizeof one) == sizeof one);
    } else {
        queue_add(&errands->asked, errand);
        errands->asked_count++;
        pthread_cond_signal(&errands->wake);
    }
    pthread_mutex_unlock(&errands->lock);
}

static const char *copy(struct errand *errand, const char *text)
{
    return text != NULL ? str_cstr(&errand->arena, str_of(text)) : NULL;
}

void bus_make_topic(struct bus_errands *errands, const struct bus_topic *topic,
                    bus_topic_made *done, void *context)
{
    struct errand *errand = errand_new(context);
    errand->run = run_make;
    errand->tell = tell_made;
    errand->made = done;
    errand->topic = *topic;
    errand->topic.name = copy(errand, topic->name);
    errand->topic.properties = copy(errand, topic->properties);
    ask(errands, errand);
}

void bus_count_partitions(struct bus_errands *errands, const char *topic,
                          bus_partitions_counted *done, void *context)
{
    struct errand *errand = errand_new(context);
    errand->run = run_count;
    errand->tell = tell_count;
    errand->counted = done;
    errand->topic.name = copy(errand, topic);
    ask(errands, errand);
}

void bus_find_ends(struct bus_errands *errands, const char *topic, int32_t partition,
                   bus_ends_found *done, void *context)
{
    struct errand *errand = errand_new(context);
    errand->run = run_find_ends;
    errand->tell = tell_ends;
    errand->ends_found = done;
    errand->topic.name = copy(errand, topic);
    errand->places = ARENA_NEW(&errand->arena, struct bus_group_place);
    errand->places->partition = partition;
    ask(errands, errand);
}

void bus_find_group(struct bus_errands *errands, const char *topic, const char *group,
                    bus_group_placed *done, void *context)
{
    struct errand *errand = errand_new(context);
    errand->run = run_find;
    errand->tell = tell_placed;
    errand->placed = done;
    errand->topic.name = copy(errand, topic);
    errand->group = copy(errand, group);
    ask(errands, errand);
}

void bus_find_members(struct bus_errands *errands, const char *group, bus_members_found *done,
                      void *context)
{
    struct errand *errand = errand_new(context);
    errand->run = run_find_members;
    errand->tell = tell_members;
    errand->members_found = done;
    errand->group = copy(errand, group);
    ask(errands, errand);
}

struct bus_errands *bus_errands_new(const struct bus_options *options, struct event_base *loop,
                                    struct error *err)
{
    rd_kafka_conf_t *conf = client_conf_new(options, err);
    rd_kafka_t *client = conf != NULL ? client_new(RD_KAFKA_PRODUCER, conf, err) : NULL;
    if (client == NULL)
        return NULL;
    struct bus_errands *errands = calloc(1, sizeof *errands);
    check(errands != NULL);
    errands->client = client;
    errands->options = (struct bus_options){
        .brokers = str_cstr(&errands->arena, str_of(options->brokers)),
        .client_id = "baton-errands",
        .properties =
            options->properties ? str_cstr(&errands->arena, str_of(options->properties)) : NULL};
    queue_init(&errands->asked);
    queue_init(&errands->done);
    errands->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    check(errands->done_fd >= 0);
    errands->readable = event_new(loop, errands->done_fd, EV_READ | EV_PERSIST, on_done, errands);
    event_add(errands->readable, NULL);
    check(pthread_mutex_init(&errands->lock, NULL) == 0);
    check(pthread_cond_init(&errands->wake, NULL) == 0);
    check(pthread_create(&errands->thread, NULL, run_errands, errands) == 0);
    return errands;
}

static void refuse_rest(struct queue *queue, bool is_done)
{
    struct errand *errand;
    struct error err;
    (void)error_set(&err, ERROR_UNAVAILABLE, "kafka", "this program is stopping");
    while ((errand = queue_take(queue)) != NULL) {
        if (!is_done)
            fail(errand, &err);
        errand->tell(errand);
        errand_free(errand);
    }
}

void bus_errands_free(struct bus_errands *errands)
{
    if (errands == NULL)
        return;
    pthread_mutex_lock(&errands->lock);
    errands->ends = true;
    pthread_cond_signal(&errands->wake);
    pthread_mutex_unlock(&errands->lock);
    pthread_join(errands->thread, NULL);
    event_free(errands->readable);
    close(errands->done_fd);
    refuse_rest(&errands->done, true);
    refuse_rest(&errands->asked, false);
    rd_kafka_destroy(errands->client);
    pthread_mutex_destroy(&errands->lock);
    pthread_cond_destroy(&errands->wake);
    arena_done(&errands->arena);
    free(errands);
}
