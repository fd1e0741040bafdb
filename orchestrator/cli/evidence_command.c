// SPDX-License-Identifier: Apache-2.0
//
// `baton evidence` and `baton evidence verify`.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit_words.h"
#include "cli/command.h"
#include "cli/evidence.h"
#include "cli/files.h"

static bool write_file(const char *path, str text, struct error *err)
{
    FILE *file = path == NULL ? stdout : fopen(path, "w");
    bool good = file != NULL && fwrite(text.data, 1, text.len, file) == text.len;
    good = good && fflush(file) == 0;
    if (!good)
        (void)error_set(err, ERROR_IO, path == NULL ? "output" : path, "%s", strerror(errno));
    if (file != NULL && path != NULL)
        fclose(file);
    return good;
}

static bool make(struct operation *operation, uint64_t instance, const struct audit_word *words,
                 struct error *err)
{
    str text;
    const char *url = config_str(&operation->config, CONFIG_POSTGRES_URL);
    struct signature_key *key = audit_read_signing_key(operation, words[0].value, err);
    bool good = key != NULL && evidence_write(url, instance, key, &operation->arena, &text, err) &&
                write_file(words[1].value, text, err);
    signature_key_free(key);
    return good;
}

int command_evidence(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton evidence INSTANCE [--key FILE] [--file FILE]",
        "Writes one signed file of a case: its history as it was digested, with the proof that it "
        "is\nin the chain that a checkpoint signs; its variables, decisions, tasks and incidents; "
        "what the\naudit log has of it; its model. Nothing is told of other cases.",
        "baton evidence 2251799813685250 --key audit.pem --file case.evidence"};
    struct operation operation;
    struct error err;
    struct audit_word words[] = {{"--key", NULL}, {"--file", NULL}};
    uint64_t instance;
    int code;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    if (operation.argc < 2 || !str_to_u64(str_of(operation.argv[1]), &instance) ||
        !audit_read_words(&operation, 2, words, COUNT_OF(words))) {
        (void)error_set(&err, ERROR_INVALID, "INSTANCE", "usage: %s", help.synopsis);
        (void)operation_end(&operation, EXIT_USAGE);
        return cli_complain(&err);
    }
    bool good = make(&operation, instance, words, &err);
    return operation_end(&operation, good ? EXIT_OK : operation_fail(&err));
}

static void print_result(const struct evidence_result *result, bool as_json)
{
    printf(as_json ? "{\"instance\":\"%.*s\",\"steps\":%zu,\"batches\":%zu,\"links\":%zu,"
                     "\"entries\":%zu,\"signed\":\"%.*s\"}\n"
                   : "instance %.*s: %zu steps in %zu batches, %zu links to the end of the chain, "
                     "%zu entries of the audit log: all as they were when they were signed at "
                     "%.*s\n",
           STR_ARG(result->instance), result->steps, result->batches, result->links,
           result->entries, STR_ARG(result->time));
}

int command_evidence_verify(int argc, char **argv)
{
    static const struct operation_help help = {
        "baton evidence verify FILE [--key FILE] [--output table|json]",
        "Checks a file of evidence with the public key of the installation, and nothing else: "
        "that it\nis as it was signed, that each step is in its batch, that the batches lead to "
        "the end of the\nchain, and that this is the one that the checkpoint in it signs. Exit 1 "
        "where anything differs.",
        "baton evidence verify case.evidence --key public.pem"};
    struct operation operation;
    struct error err;
    struct audit_word words[] = {{"--key", NULL}};
    struct evidence_result result;
    str text;
    int code;
    if (operation_wants_help(argc, argv, &help))
        return EXIT_OK;
    if (!operation_begin(&operation, argc, argv, &code))
        return code;
    if (operation.argc < 2 || !audit_read_words(&operation, 2, words, COUNT_OF(words))) {
        (void)error_set(&err, ERROR_INVALID, "FILE", "usage: %s", help.synopsis);
        (void)operation_end(&operation, EXIT_USAGE);
        return cli_complain(&err);
    }
    struct signature_key *key = audit_read_key(&operation, words[0].value, &err);
    bool good = key != NULL && cli_read_file(&operation.arena, operation.argv[1], &text, &err) &&
                evidence_verify(&operation.arena, text, key, &result, &err);
    signature_key_free(key);
    if (good)
        print_result(&result, operation.as_json);
    return operation_end(&operation, good ? EXIT_OK : operation_fail(&err));
}
