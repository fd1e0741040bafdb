// SPDX-License-Identifier: Apache-2.0
//
// `baton kafka acls`: what each user of the brokers has to be allowed, from the table of all topics
// and groups (record/topics.def). Asks no broker.
#include <stdio.h>

#include "base/array.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/operation.h"
#include "cli/options.h"
#include "record/topic.h"

struct acl {
    str user;
    enum topic_kind kind;
    str name;
    bool is_prefix;
    const char *operations; // letters of topics.def
    str what;
};

// What the options say.
struct wish {
    str party, user, types, user_topics, format, cluster;
};

struct listing {
    struct arena arena;
    const struct config *config;
    struct wish wish;
    ARRAY(struct acl) acls;
};

static const struct {
    const char *name, *user;
} parties[] = {
    [TOPIC_PARTY_NODE] = {"node", "baton-node"},
    [TOPIC_PARTY_WORKER] = {"worker", NULL},
    [TOPIC_PARTY_EVENTS] = {"events", "baton-events"},
    [TOPIC_PARTY_AUDIT] = {"audit", "baton-audit"},
    [TOPIC_PARTY_OPERATOR] = {"operator", "baton-operator"},
};

_Static_assert(COUNT_OF(parties) == TOPIC_PARTIES, "a row for each party");

static const struct {
    char letter;
    const char *name, *upper;
} operations[] = {{'R', "Read", "READ"},
                  {'W', "Write", "WRITE"},
                  {'C', "Create", "CREATE"},
                  {'A', "Alter", "ALTER"},
                  {'D', "Describe", "DESCRIBE"}};

static const char *const kinds[] = {
    [TOPIC_KIND_TOPIC] = "topic",
    [TOPIC_KIND_GROUP] = "group",
};

// -- What is needed ---------------------------------------------------------------------

static void add(struct listing *listing, const struct acl *acl)
{
    *ARRAY_PUSH(&listing->arena, &listing->acls) = *acl;
}

// A row of the table whose name ends with a dot: of each type for a worker, the reader's own group,
// whatever begins so for everybody else.
static bool add_open_name(struct listing *listing, enum topic_party party, enum topic_id id,
                          struct acl acl, struct error *err)
{
    const char *prefix = config_str(listing->config, CONFIG_KAFKA_TOPIC_PREFIX);
    str rest = listing->wish.types, type, part;
    if (id == TOPIC_GROUP_READERS)
        acl.name = topic_full_name(&listing->arena, prefix, id, acl.user);
    acl.is_prefix = id != TOPIC_GROUP_READERS && party != TOPIC_PARTY_WORKER;
    if (acl.is_prefix)
        acl.name = str_format(&listing->arena, "%s.%s", prefix, topic_info_of(id)->name);
    if (party != TOPIC_PARTY_WORKER) {
        add(listing, &acl);
        return true;
    }
    while (str_split(&rest, ',', &type)) {
        type = str_trim(type);
        if (!topic_part_of_job_type(&listing->arena, type, &part))
            return error_set(err, ERROR_INVALID, "--type",
                             "a job type has 1 to TOPIC_MAX_JOB_TYPE (%d) bytes, found '%.*s'",
                             TOPIC_MAX_JOB_TYPE, STR_ARG(type));
        acl.name = topic_full_name(&listing->arena, prefix, id, part);
        add(listing, &acl);
    }
    return true;
}

// Topics of others that nodes read, and what of them could not be processed.
static void add_user_topics(struct listing *listing, enum topic_party party, str user)
{
    bool is_node = party == TOPIC_PARTY_NODE;
    str rest = listing->wish.user_topics, topic;
    if (!is_node && party != TOPIC_PARTY_OPERATOR)
        return;
    while (str_split(&rest, ',', &topic)) {
        topic = str_trim(topic);
        if (str_is_empty(topic))
            continue;
        add(listing, &(struct acl){.user = user,
                                   .name = topic,
                                   .operations = is_node ? "R" : "W",
                                   .what = STR("a user topic")});
        add(listing, &(struct acl){.user = user,
                                   .name = str_format(&listing->arena, "%.*s.dlq", STR_ARG(topic)),
                                   .operations = is_node ? "WC" : "R",
                                   .what = STR("its records that could not be processed")});
    }
}

static bool add_party(struct listing *listing, enum topic_party party, struct error *err)
{
    const char *prefix = config_str(listing->config, CONFIG_KAFKA_TOPIC_PREFIX);
    str user = listing->wish.user.len > 0 ? listing->wish.user : str_of(parties[party].user);
    for (enum topic_id id = 0; id < TOPIC_IDS; id++) {
        const struct topic_info *info = topic_info_of(id);
        struct acl acl = {.user = user,
                          .kind = info->kind,
                          .operations = info->needs[party],
                          .what = str_of(info->what)};
        if (acl.operations[0] == '\0')
            continue;
        if (str_ends_with(topic_rest(id), STR("."))) {
            if (!add_open_name(listing, party, id, acl, err))
                return false;
            continue;
        }
        acl.name = topic_full_name(&listing->arena, prefix, id, STR_EMPTY);
        add(listing, &acl);
    }
    add_user_topics(listing, party, user);
    return true;
}

// -- As text ----------------------------------------------------------------------------

// In single quotes, as a shell reads it.
static void print_quoted(str text)
{
    putchar('\'');
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '\'')
            fputs("'\\''", stdout);
        else
            putchar(text.data[i]);
    putchar('\'');
}

static void print_commands(struct listing *listing)
{
    for (size_t i = 0; i < listing->acls.count; i++) {
        const struct acl *acl = &listing->acls.items[i];
        printf("kafka-acls.sh --bootstrap-server %s --add --allow-principal ",
               config_str(listing->config, CONFIG_KAFKA_BROKERS));
        print_quoted(str_format(&listing->arena, "User:%.*s", STR_ARG(acl->user)));
        for (size_t o = 0; o < COUNT_OF(operations); o++)
            if (strchr(acl->operations, operations[o].letter) != NULL)
                printf(" --operation %s", operations[o].name);
        printf(" --%s ", kinds[acl->kind]);
        print_quoted(acl->name);
        printf(" --resource-pattern-type %s\n", acl->is_prefix ? "prefixed" : "literal");
    }
}

static void print_json_text(struct arena *arena, str text)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_string(&w, text);
    printf("%.*s", STR_ARG(strbuf_str(&out)));
}

// A certificate's subject ("CN=pay,O=acme") is named by its common name there.
static void print_strimzi_user(struct listing *listing, const struct acl *acl)
{
    bool is_certificate = str_starts_with(acl->user, STR("CN="));
    str name = is_certificate ? str_sub(acl->user, 3, acl->user.len - 3) : acl->user;
    size_t comma = str_find_char(name, ',');
    if (is_certificate && comma != SIZE_MAX)
        name = str_sub(name, 0, comma);
    fputs("apiVersion: kafka.strimzi.io/v1beta2\nkind: KafkaUser\nmetadata:\n  name: ", stdout);
    print_json_text(&listing->arena, name);
    fputs("\n  labels:\n    strimzi.io/cluster: ", stdout);
    print_json_text(&listing->arena, listing->wish.cluster);
    printf(
        "\nspec:\n  authentication:\n    type: %s\n  authorization:\n    type: simple\n    acls:\n",
        is_certificate ? "tls" : "scram-sha-512");
}

static void print_strimzi(struct listing *listing)
{
    str user = STR_EMPTY;
    for (size_t i = 0; i < listing->acls.count; i++) {
        const struct acl *acl = &listing->acls.items[i];
        if (!str_equal(acl->user, user)) {
            if (i > 0)
                puts("---");
            print_strimzi_user(listing, acl);
        }
        user = acl->user;
        printf("      - resource: {type: %s, name: ", kinds[acl->kind]);
        print_json_text(&listing->arena, acl->name);
        printf(", patternType: %s}\n        operations: [", acl->is_prefix ? "prefix" : "literal");
        const char *between = "";
        for (size_t o = 0; o < COUNT_OF(operations); o++)
            if (strchr(acl->operations, operations[o].letter) != NULL) {
                printf("%s%s", between, operations[o].name);
                between = ", ";
            }
        puts("]");
    }
}

static void write_field(struct json_writer *w, str name, str value)
{
    json_key(w, name);
    json_string(w, value);
}

static void print_json(struct listing *listing)
{
    struct strbuf out = strbuf_new(&listing->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_array(&w);
    for (size_t i = 0; i < listing->acls.count; i++) {
        const struct acl *acl = &listing->acls.items[i];
        json_begin_object(&w);
        write_field(&w, STR("principal"),
                    str_format(&listing->arena, "User:%.*s", STR_ARG(acl->user)));
        write_field(&w, STR("resourceType"),
                    acl->kind == TOPIC_KIND_TOPIC ? STR("TOPIC") : STR("GROUP"));
        write_field(&w, STR("resourceName"), acl->name);
        write_field(&w, STR("patternType"), acl->is_prefix ? STR("PREFIXED") : STR("LITERAL"));
        json_key(&w, STR("operations"));
        json_begin_array(&w);
        for (size_t o = 0; o < COUNT_OF(operations); o++)
            if (strchr(acl->operations, operations[o].letter) != NULL)
                json_string(&w, str_of(operations[o].upper));
        json_end_array(&w);
        write_field(&w, STR("what"), acl->what);
        json_end_object(&w);
    }
    json_end_array(&w);
    printf("%.*s\n", STR_ARG(strbuf_str(&out)));
}

// -- The command ------------------------------------------------------------------------

// Without --for: a worker where types are named, else everybody but workers.
static bool collect(struct listing *listing, struct error *err)
{
    const struct wish *wish = &listing->wish;
    bool has_types = wish->types.len > 0;
    str wanted = wish->party.len > 0 ? wish->party : has_types ? STR("worker") : STR_EMPTY;
    bool is_worker = str_equal(wanted, STR("worker"));
    if (is_worker != has_types)
        return error_set(err, ERROR_INVALID, "--type",
                         is_worker ? "a worker's ACLs are those of its job types: name them"
                                   : "only workers have job types");
    if (wish->user.len == 0 && is_worker)
        return error_set(err, ERROR_INVALID, "--user",
                         "name the worker's user, so that no two workers share one unseen");
    if (wish->user.len > 0 && wanted.len == 0)
        return error_set(err, ERROR_INVALID, "--user", "also say what it is: --for or --type");
    for (enum topic_party party = 0; party < TOPIC_PARTIES; party++)
        if ((wanted.len == 0 ? party != TOPIC_PARTY_WORKER
                             : str_equal(wanted, str_of(parties[party].name))) &&
            !add_party(listing, party, err))
            return false;
    return true;
}

static int show(struct listing *listing, bool as_json)
{
    struct error err;
    if (!collect(listing, &err))
        return operation_fail(&err);
    if (as_json)
        print_json(listing);
    else if (str_equal(listing->wish.format, STR("strimzi")))
        print_strimzi(listing);
    else
        print_commands(listing);
    return EXIT_OK;
}

int command_kafka_acls(int argc, char **argv)
{
    struct listing listing = {.wish = {.format = STR("cli"), .cluster = STR("kafka")}};
    struct wish *wish = &listing.wish;
    const struct cli_option options[] = {
        {"for", "node|worker|events|audit|operator", "one of them (all but workers)", &wish->party,
         NULL},
        {"type", "TYPE,…", "job types of a worker", &wish->types, NULL},
        {"user", "USER", "name on the brokers, or a certificate's subject (CN=…)", &wish->user,
         NULL},
        {"user-topics", "TOPIC,…", "topics of others that nodes read", &wish->user_topics, NULL},
        {"format", "cli|strimzi", "kafka-acls.sh commands, or KafkaUser resources", &wish->format,
         NULL},
        {"cluster", "NAME", "the Kafka resource of Strimzi (kafka)", &wish->cluster, NULL},
    };
    const struct cli_usage usage = {
        "baton kafka acls [options] [--output table|json] [--kafka.topic_prefix=…]",
        "Prints the ACLs that nodes, workers of job types, and readers need on the brokers. "
        "Changes nothing.",
        "baton kafka acls --type pay,refund --user pay-worker",
        options,
        COUNT_OF(options),
        0,
        0};
    struct operation operation;
    struct cli_arguments arguments;
    int code;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    listing.config = &operation.config;
    if (cli_parse(&usage, operation.argc - 1, operation.argv + 1, &arguments, &code))
        code = show(&listing, operation.as_json);
    arena_done(&listing.arena);
    return operation_end(&operation, code);
}
