// SPDX-License-Identifier: Apache-2.0
// Any bytes as a model: PNML, PTML or BPMN. What is read becomes a net, a short log is played on
// it, and it is written and read again.
#include "insight/diagram.h"
#include "insight/reader.h"
#include "insight/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct event_log *short_log(struct arena *arena)
{
    struct error err;
    struct log_mapping mapping = {0};
    const struct event_log *log;
    struct log_reader *reader = log_reader_new(arena, &mapping, STR_EMPTY);
    check(log_reader_feed(reader, STR("case,activity\n1,a\n1,b\n1,c\n2,a\n2,c\n2,b\n3,b\n3,z\n"),
                          &err));
    check(log_reader_finish(reader, &log, &err));
    log_reader_free(reader);
    return log;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY;
    str text = str_from(data, size);
    struct error err;
    struct tree *tree, *again;
    struct diagram *diagram;
    struct net *net, *second;
    bool is_tree = tree_read_ptml(&arena, text, &tree, &err);
    bool is_net =
        is_tree ? net_of_tree(&arena, tree, &net, &err) : net_read_pnml(&arena, text, &net, &err);
    if (is_tree)
        check(tree_read_ptml(&arena, tree_write_ptml(&arena, tree, STR("t")), &again, &err));
    if (!is_tree && !is_net && diagram_read_bpmn(&arena, text, &diagram, &err))
        is_net = net_of_diagram(&arena, diagram, &net, &err);
    if (is_net && net->place_count + net->transition_count < 500) {
        const struct event_log *log = short_log(&arena);
        struct variants *variants = variants_new(&arena, log);
        struct replay replay = replay_log(&arena, log, variants, net);
        check(replay.fitness <= 1);
        check(net_read_pnml(&arena, net_write_pnml(&arena, net), &second, &err));
    }
    arena_done(&arena);
    return 0;
}
