// SPDX-License-Identifier: Apache-2.0
//
// `baton audit verify` and `baton audit checkpoint`: for those who run an installation or look over
// it. They reach PostgreSQL themselves, with the settings that an orchestrator takes.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/audit.h"
#include "cli/audit_heads.h"
#include "cli/audit_words.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/operation.h"
#include "store/query.h"
#include "store/read/audit.h"

// -- Verifying --------------------------------------------------------------------------

// People read problems as they are found; programs get all at the end.
struct findings {
    bool as_json;
    struct json_writer problems;
};

static void take_problem(void *context, str problem)
{
    struct findings *findings = context;
    if (findings->as_json)
        json_string(&findings->problems, problem);
    else
        printf("%.*s\n", STR_ARG(problem));
}

static void print_result(const struct audit_result *result, bool as_json, str problems)
{
    if (!as_json && result->retired > 0)
        printf("%llu batches and entries are gone by retention\n",
               (unsigned long long)result->retired);
    if (!as_json && result->heads > 0)
        printf("%llu ends of chains are as the checkpoints have signed them\n",
               (unsigned long long)result->heads);
    printf(as_json
               ? "{\"batches\":%llu,\"steps\":%llu,\"streams\":%llu,\"entries\":%llu,"
                 "\"problemCount\":%llu,"
               : "%llu batches, %llu steps, %llu streams, %llu entries checked: %llu problems\n",
           (unsigned long long)result->batches, (unsigned long long)result->rows,
           (unsigned long long)result->streams, (unsigned long long)result->entries,
           (unsigned long long)result->problems);
    if (as_json)
        printf("\"retired\":%llu,\"signed\":%llu,\"problems\":%.*s}\n",
               (unsigned long long)result->retired, (unsigned long long)result->heads,
               STR_ARG(problems));
}

// The checkpoints that --since names. False and *err.
static bool read_since(struct operation *operation, const struct audit_word *since,
                       const struct audit_word *key_file, struct audit_heads *heads,
                       struct audit_wanted *wanted, struct error *err)
{
    str lines;
    if (since->value == NULL)
        return true;
    struct signature_key *key = audit_read_key(operation, key_file->value, err);
    bool good = key != NULL && cli_read_file(&operation->arena, since->value, &lines, err) &&
                audit_heads_read(&operation->arena, lines, key, heads, err);
    signature_key_free(key);
    wanted->heads = heads;
    return good;
}

static int verify(struct operation *operation, const struct audit_wanted *wanted)
{
    struct audit_result result;
    struct error err;
    struct strbuf problems = strbuf_new(&operation->arena);
    struct findings findings = {operation->as_json, json_writer_new(&problems)};
    json_begin_array(&findings.problems);
    if (!node_audit(wanted, take_problem, &findings, &result, &err))
        return operation_end(operation, operation_fail(&err));
    json_end_array(&findings.problems);
    print_result(&result, operation->as_json, strbuf_str(&problems));
    return operation_end(operation, result.problems == 0 ? EXIT_OK : EXIT_FAILED);
}

int command_audit_verify(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton audit verify [--since FILE [--key FILE]] [--output table|json]",
        "Checks the chains of digests over all history and over the audit log, and that every "
        "stored\nstate is what its history gives, byte for byte. Exit 1 when a problem was found. "
        "Run it while\nno node writes.\n"
        "--since: a file of checkpoints, as nodes append them (audit.checkpoint_file) and as the\n"
        "topic has them. What was there when they were signed is there as it was, or a problem is\n"
        "told: also when somebody with the database's password has made new digests for it.\n"
        "--key: the public (or private) key of the checkpoints; else audit.signing_key.",
        "baton audit verify --since checkpoints.jws --key public.pem "
        "--postgres.url=postgresql://db/baton"};
    struct operation operation;
    struct error err;
    struct audit_word words[] = {{"--since", NULL}, {"--key", NULL}};
    struct audit_heads heads;
    int code;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    if (!audit_read_words(&operation, 1, words, COUNT_OF(words)))
        return operation_too_many(&operation);
    const struct config *config = &operation.config;
    struct audit_wanted wanted = {
        .url = config_str(config, CONFIG_POSTGRES_URL),
        .history_may_be_retired = config_i64(config, CONFIG_HISTORY_RETENTION_DAYS) > 0,
        .entries_may_be_retired = config_i64(config, CONFIG_AUDIT_RETENTION_DAYS) > 0};
    if (!read_since(&operation, &words[0], &words[1], &heads, &wanted, &err))
        return operation_end(&operation, operation_fail(&err));
    return verify(&operation, &wanted);
}

// -- Signing ----------------------------------------------------------------------------

struct signing {
    struct arena *arena;
    const struct signature_key *key;
    str jws;
};

static void on_heads(void *context, const struct query_rows *rows, const struct error *err)
{
    struct signing *signing = context;
    (void)err;
    signing->jws = signature_sign(signing->arena, signing->key, query_value(rows, 0, 0));
}

static bool write_line(const char *path, str jws, struct error *err)
{
    FILE *file = path == NULL ? stdout : fopen(path, "a");
    bool good = file != NULL && fprintf(file, "%.*s\n", STR_ARG(jws)) > 0 && fflush(file) == 0;
    if (!good)
        (void)error_set(err, ERROR_IO, path == NULL ? "output" : path, "%s", strerror(errno));
    if (file != NULL && path != NULL)
        fclose(file);
    return good;
}

static bool sign_heads(struct operation *operation, const struct audit_word *key_file,
                       struct signing *signing, struct error *err)
{
    const char *url = config_str(&operation->config, CONFIG_POSTGRES_URL);
    struct signature_key *key = audit_read_signing_key(operation, key_file->value, err);
    bool good = key != NULL;
    signing->key = key;
    struct statement statement = read_audit_heads(signing->arena);
    good = good && query_run_blocking(url, str_of(statement.sql), NULL, 0, on_heads, signing, err);
    signature_key_free(key);
    return good;
}

int command_audit_checkpoint(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton audit checkpoint [--key FILE] [--file FILE]",
        "Signs where all chains end now, and appends that to a file, or prints it. Nodes do the "
        "same\nby themselves with audit.signing_key. Keep the file where nobody of the "
        "installation can write.",
        "baton audit checkpoint --key private.pem --file checkpoints.jws"};
    struct operation operation;
    struct error err;
    struct audit_word words[] = {{"--key", NULL}, {"--file", NULL}};
    int code;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    if (!audit_read_words(&operation, 1, words, COUNT_OF(words)))
        return operation_too_many(&operation);
    struct signing signing = {.arena = &operation.arena};
    bool good = sign_heads(&operation, &words[0], &signing, &err) &&
                write_line(words[1].value, signing.jws, &err);
    return operation_end(&operation, good ? EXIT_OK : operation_fail(&err));
}
