// SPDX-License-Identifier: Apache-2.0
// Random block-structured processes, by seed. Whatever is drawn: the process ends, what began ended
// once, nothing is left, and history folds to the stored images after every command.
// RANDOM_PROCESSES=N runs more of them.
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROCESSES = 400, MAX_DEPTH = 4 };

struct drawing {
    uint64_t random;
    struct strbuf out;
    int ids;
};

struct counts {
    int64_t activated, ended, processes, processes_ended;
    uint64_t hash; // of everything that happened
};

static uint32_t draw(struct drawing *d, uint32_t below)
{
    d->random ^= d->random << 13;
    d->random ^= d->random >> 7;
    d->random ^= d->random << 17;
    return (uint32_t)(d->random >> 16) % below;
}

static void flow(struct drawing *d, int from, int to, const char *condition)
{
    strbuf_format(&d->out, "<sequenceFlow id='f%d' sourceRef='n%d' targetRef='n%d'>", ++d->ids,
                  from, to);
    if (condition != NULL)
        strbuf_format(&d->out, "<conditionExpression>=%s</conditionExpression>", condition);
    strbuf_add(&d->out, STR("</sequenceFlow>"));
}

static int block(struct drawing *d, int from, int depth);

static int node(struct drawing *d, const char *type, const char *inner)
{
    strbuf_format(&d->out, "<%s id='n%d'>%s</%s>", type, ++d->ids, inner, type);
    return d->ids;
}

static int simple(struct drawing *d, int from)
{
    static const struct {
        const char *type, *inner;
    } kinds[] = {
        {"task", ""},
        {"serviceTask", "<extensionElements><zeebe:taskDefinition type='x'/></extensionElements>"},
        {"scriptTask", "<extensionElements><zeebe:script expression='=1 + 1' "
                       "resultVariable='v'/></extensionElements>"},
        {"serviceTask", "<extensionElements><zeebe:taskDefinition type='y'/></extensionElements>"
                        "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality>"
                        "</multiInstanceLoopCharacteristics>"},
        {"task", "<multiInstanceLoopCharacteristics "
                 "isSequential='true'><loopCardinality>2</loopCardinality>"
                 "</multiInstanceLoopCharacteristics>"},
        {"intermediateCatchEvent",
         "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"},
        {"intermediateThrowEvent", "<compensateEventDefinition/>"},
        {"task", "<standardLoopCharacteristics loopMaximum='2'/>"},
        {"serviceTask", "<extensionElements><zeebe:taskDefinition type='x'/><baton:sla "
                        "value='PT1H'/><baton:cost value='=0.5'/></extensionElements>"},
        {"intermediateCatchEvent",
         "<extensionElements><baton:sla value='PT10M'/><baton:calendar ref='c'/>"
         "</extensionElements><timerEventDefinition><timeDuration>PT3H</timeDuration>"
         "</timerEventDefinition>"},
        {"callActivity",
         "<extensionElements><zeebe:calledElement processId='q'/></extensionElements>"},
    };
    uint32_t kind = draw(d, COUNT_OF(kinds));
    int at = node(d, kinds[kind].type, kinds[kind].inner);
    flow(d, from, at, NULL);
    return at;
}

// A split of one kind whose branches meet in a join of the same kind.
static int branches(struct drawing *d, int from, int depth)
{
    static const char *const types[] = {"parallelGateway", "exclusiveGateway", "inclusiveGateway"};
    uint32_t type = draw(d, 3), count = 2 + draw(d, 2);
    int split = ++d->ids, join = ++d->ids, standard = ++d->ids;
    strbuf_format(&d->out, "<%s id='n%d'", types[type], split);
    if (type > 0)
        strbuf_format(&d->out, " default='d%d'", standard);
    strbuf_format(&d->out, "/><%s id='n%d'/>", types[type], join);
    flow(d, from, split, NULL);
    for (uint32_t i = 0; i < count; i++) {
        int first = node(d, "task", "");
        if (type > 0 && i == 0)
            strbuf_format(&d->out, "<sequenceFlow id='d%d' sourceRef='n%d' targetRef='n%d'/>",
                          standard, split, first);
        else
            flow(d, split, first, type == 0 ? NULL : draw(d, 2) ? "true" : "false");
        flow(d, block(d, first, depth + 1), join, NULL);
    }
    return join;
}

// A person's task that nobody does: the timer around it cancels it, and listeners hear of that.
static int waiting(struct drawing *d, int from)
{
    int at = node(d, "userTask",
                  "<extensionElements><zeebe:userTask/><zeebe:taskListeners><zeebe:taskListener "
                  "eventType='canceling' type='l'/><zeebe:taskListener eventType='canceling' "
                  "type='m'/></zeebe:taskListeners><baton:reminder after='PT5M' repeat='PT10M' "
                  "type='n'/><baton:escalation after='PT7M' assignee='=1 + 1'/>"
                  "</extensionElements>");
    flow(d, from, at, NULL);
    return at;
}

// A sub-process, at times with a timer on its border that may win, or an end that throws to it.
static int scope(struct drawing *d, int from, int depth)
{
    uint32_t kind = draw(d, 4);
    int at = ++d->ids, join = ++d->ids, border = ++d->ids;
    strbuf_format(&d->out, "<subProcess id='n%d'>", at);
    int start = node(d, "startEvent", "");
    int last = kind == 3 ? waiting(d, start) : block(d, start, depth + 1);
    int end = node(d, "endEvent",
                   kind == 1   ? "<errorEventDefinition errorRef='E'/>"
                   : kind == 2 ? "<terminateEventDefinition/>"
                               : "");
    flow(d, last, end, NULL);
    strbuf_add(&d->out, STR("</subProcess>"));
    strbuf_format(
        &d->out,
        "<exclusiveGateway id='n%d'/><boundaryEvent id='n%d' "
        "attachedToRef='n%d'>%s</boundaryEvent>",
        join, border, at,
        kind == 1
            ? "<errorEventDefinition errorRef='E'/>"
            : "<timerEventDefinition><timeDuration>PT30M</timeDuration></timerEventDefinition>");
    flow(d, from, at, NULL);
    flow(d, at, join, NULL);
    flow(d, border, join, NULL);
    return join;
}

// An activity with a compensation handler.
static int undoable(struct drawing *d, int from)
{
    int at = node(d, "task", ""), border = ++d->ids, handler = ++d->ids;
    strbuf_format(
        &d->out,
        "<boundaryEvent id='n%d' attachedToRef='n%d'><compensateEventDefinition/></boundaryEvent>"
        "<task id='n%d' isForCompensation='true'/><association id='a%d' sourceRef='n%d' "
        "targetRef='n%d'/>",
        border, at, handler, border, border, handler);
    flow(d, from, at, NULL);
    return at;
}

static int block(struct drawing *d, int from, int depth)
{
    int at = from;
    for (uint32_t i = 0, count = 1 + draw(d, 3); i < count; i++) {
        uint32_t kind = draw(d, depth >= MAX_DEPTH ? 6 : 10);
        at = kind < 5   ? simple(d, at)
             : kind < 6 ? undoable(d, at)
             : kind < 8 ? branches(d, at, depth)
                        : scope(d, at, depth);
    }
    return at;
}

static str random_model(struct arena *arena, uint64_t seed)
{
    struct drawing d = {.random = seed * 0x9e3779b97f4a7c15u + 1, .out = strbuf_new(arena)};
    strbuf_add(&d.out, STR("<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' "
                           "xmlns:zeebe='http://camunda.org/schema/zeebe/1.0' "
                           "xmlns:baton='http://baton.dev/schema/bpmn'>"
                           "<extensionElements><baton:calendar id='c' hours='Mo-Fr 09:00-17:00'/>"
                           "</extensionElements>"
                           "<error id='E' errorCode='E'/><process id='p' isExecutable='true'>"));
    int start = node(&d, "startEvent", "");
    int last = block(&d, start, 0);
    flow(&d, last, node(&d, "endEvent", ""), NULL);
    strbuf_add(
        &d.out,
        STR("</process><process id='q' isExecutable='true'><startEvent id='qs'/>"
            "<task id='qt'/><endEvent id='qe'/><sequenceFlow id='q1' sourceRef='qs' "
            "targetRef='qt'/>"
            "<sequenceFlow id='q2' sourceRef='qt' targetRef='qe'/></process></definitions>"));
    return strbuf_str(&d.out);
}

static void count(void *context, const struct sim_event *event)
{
    struct counts *c = context;
    str name = str_of(event->event);
    uint64_t parts[] = {event->key, event->scope, (uint64_t)event->time_ms, str_hash(name)};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        c->hash = (c->hash ^ parts[i]) * 0x100000001b3u;
    c->activated += str_equal(name, STR("ELEMENT_ACTIVATED"));
    c->ended +=
        str_equal(name, STR("ELEMENT_COMPLETED")) || str_equal(name, STR("ELEMENT_TERMINATED"));
    c->processes += str_equal(name, STR("PROCESS_ACTIVATED"));
    c->processes_ended +=
        str_equal(name, STR("PROCESS_COMPLETED")) || str_equal(name, STR("PROCESS_TERMINATED"));
}

static struct counts run_one(uint64_t seed)
{
    struct arena arena = ARENA_EMPTY;
    struct counts counts = {0};
    struct sim_options options = {.verify = true, .observer = count, .observer_context = &counts};
    struct sim *sim = sim_new(&options);
    struct sim_result result;
    struct error err = {0};
    str model = random_model(&arena, seed);
    bool ok =
        sim_add(sim, "random", model, &err) && sim_run(sim, STR_EMPTY, STR_EMPTY, STR_EMPTY, &err);
    sim_result(sim, &result);
    ok = ok && sim_reexecute(sim, &err);
    if (!ok || result.state != SIM_COMPLETED || counts.activated != counts.ended ||
        counts.processes != counts.processes_ended)
        fail_msg("seed %llu: %s %s, %s, %lld began, %lld ended, %lld processes, %lld ended\n%.*s",
                 (unsigned long long)seed, err.place, err.text, sim_state_name(result.state),
                 (long long)counts.activated, (long long)counts.ended, (long long)counts.processes,
                 (long long)counts.processes_ended, STR_ARG(model));
    sim_free(sim);
    arena_done(&arena);
    return counts;
}

static void random_processes_keep_the_promises(void **state)
{
    (void)state;
    const char *asked = getenv("RANDOM_PROCESSES");
    uint64_t processes = asked ? strtoull(asked, NULL, 10) : PROCESSES;
    int64_t began = 0;
    for (uint64_t seed = 1; seed <= processes; seed++) {
        struct counts first = run_one(seed), again = run_one(seed);
        assert_int_equal(first.hash, again.hash); // the same commands give the same history
        began += first.activated;
    }
    print_message("%llu processes, %lld element instances\n", (unsigned long long)processes,
                  (long long)began);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_processes_keep_the_promises)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
