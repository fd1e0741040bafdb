// SPDX-License-Identifier: Apache-2.0
//
// The evaluator proper: names, logic, constructors, calls. eval_*.c hold the operators over values
// and the forms that iterate.
#include "feel/eval.h"

#include "feel/builtin.h"
#include "feel/function.h"
#include "feel/number.h"
#include "feel/run.h"
#include "feel/type.h"
#include "feel/value.h"

enum { FRAME_ON_STACK = 16, FOLD_FUEL = 10000, FOLD_BYTES = 1 << 16 };

// ---- names ----

static feel_value eval_global(struct feel_run *run, const struct node *node)
{
    feel_value value;
    if (run->lookup_steps > 0 && !run_spend(run, run->lookup_steps))
        return feel_null();
    if (run->lookup && run->lookup(run->lookup_context, node->name, &value))
        return value;
    const struct builtin *builtin = builtin_find(node->name, false);
    if (builtin)
        return builtin_value(run->arena, builtin);
    return run_warn(run, node->position, "there is no variable '%.*s'", STR_ARG(node->name));
}

static feel_value *slot_at(const struct frame *frame, struct candidate candidate)
{
    for (uint16_t i = 0; i < candidate.hops; i++)
        frame = frame->outer;
    return &frame->slots[candidate.slot];
}

static feel_value eval_candidates(struct feel_run *run, struct frame *frame,
                                  const struct node *node)
{
    for (uint32_t i = 0; i < node->candidate_count; i++) {
        struct candidate candidate = node->candidates[i];
        if (candidate.kind == CANDIDATE_GLOBAL)
            break;
        const feel_value *slot = slot_at(frame, candidate);
        if (candidate.kind == CANDIDATE_SLOT)
            return *slot;
        const feel_value *member = context_guess(*slot, node->name, eval_hint(run, node));
        if (member)
            return *member;
    }
    return eval_global(run, node);
}

// ---- logic (10.3.2.4, Table 38 and 39): anything that is not a boolean counts as null ----

static int truth(feel_value value)
{
    return value.kind == FEEL_BOOLEAN ? value.boolean : -1;
}

static feel_value from_truth(int truth)
{
    return truth < 0 ? feel_null() : feel_bool(truth);
}

// `decisive` is the operand that decides alone: false for and, true for or.
static feel_value eval_logic(struct feel_run *run, struct frame *frame, const struct node *node,
                             int decisive)
{
    int left = truth(eval_node(run, frame, node->left));
    if (left == decisive)
        return feel_bool(decisive);
    int right = truth(eval_node(run, frame, node->right));
    if (right == decisive)
        return feel_bool(decisive);
    return left < 0 || right < 0 ? feel_null() : feel_bool(!decisive);
}

static feel_value eval_between(struct feel_run *run, struct frame *frame, const struct node *node)
{
    feel_value value = eval_node(run, frame, node->left);
    int low = run_compare(run, value, eval_node(run, frame, node->right));
    int high = run_compare(run, value, eval_node(run, frame, node->third));
    if (low == ORDER_NONE || high == ORDER_NONE)
        return run_warn(run, node->position, "a %s cannot be between these",
                        feel_kind_name(value.kind));
    return feel_bool(low >= 0 && high <= 0);
}

static feel_value eval_in(struct feel_run *run, struct frame *frame, const struct node *node)
{
    frame->slots[node->slot] = eval_node(run, frame, node->left);
    return eval_tests(run, frame, node->right);
}

// ---- constructors ----

static feel_value eval_list(struct feel_run *run, struct frame *frame, const struct node *node)
{
    feel_value *items = run_alloc(run, (node->count + 1) * sizeof *items);
    if (!items)
        return feel_null();
    for (size_t i = 0; i < node->count; i++)
        items[i] = eval_node(run, frame, node->items[i]);
    return feel_list(items, node->count);
}

static feel_value eval_context(struct feel_run *run, struct frame *frame, const struct node *node)
{
    struct feel_entry *entries = run_alloc(run, (node->entry_count + 1) * sizeof *entries);
    if (!entries)
        return feel_null();
    for (size_t i = 0; i < node->entry_count; i++) {
        const struct node_entry *entry = &node->entries[i];
        entries[i].name = entry->name;
        entries[i].value = eval_node(run, frame, entry->value);
        frame->slots[entry->slot] = entries[i].value;
    }
    return context_take(run->arena, entries, node->entry_count);
}

// Both ends of one kind that has an order, the first not after the second (10.3.2.7).
static bool is_range(struct feel_run *run, feel_value start, feel_value end, bool is_comparison)
{
    if (!is_comparison)
        return run_compare(run, start, end) <= 0;
    if (start.kind == end.kind)
        return true; // (=x) takes anything
    feel_value known = feel_is_null(start) ? end : start;
    return value_compare(known, known) != ORDER_NONE;
}

static feel_value eval_range(struct feel_run *run, struct frame *frame, const struct node *node)
{
    feel_value start = node->start ? eval_node(run, frame, node->start) : feel_null();
    feel_value end = !node->end                 ? feel_null()
                     : node->end == node->start ? start
                                                : eval_node(run, frame, node->end);
    if (!is_range(run, start, end, node->is_comparison))
        return run_warn(run, node->position, "there is no range from this %s to this %s",
                        feel_kind_name(start.kind), feel_kind_name(end.kind));
    struct feel_range *range = run_alloc(run, sizeof *range);
    if (!range)
        return feel_null();
    *range = (struct feel_range){start, end, node->start_included, node->end_included,
                                 node->is_comparison};
    return (feel_value){.kind = FEEL_RANGE, .range = range};
}

// ---- calls ----

static bool eval_arguments(struct feel_run *run, struct frame *frame, const struct node *node,
                           feel_value *values)
{
    for (size_t i = 0; i < node->argument_count; i++)
        values[i] = eval_node(run, frame, node->arguments[i]);
    return !run->stopped;
}

static feel_value eval_builtin(struct feel_run *run, struct frame *frame, const struct node *node)
{
    feel_value few[ARGUMENTS_MAX], *values = few;
    if (node->argument_count > ARGUMENTS_MAX)
        values = run_alloc(run, node->argument_count * sizeof *values);
    if (!values || !eval_arguments(run, frame, node, values))
        return feel_null();
    struct call call = {run, node, values, node->argument_count};
    return builtin_invoke(node->builtin, &call, node->argument_names);
}

static feel_value call_named(struct feel_run *run, const struct node *node, feel_value callee,
                             const feel_value *values)
{
    struct feel_entry *entries = run_alloc(run, (node->argument_count + 1) * sizeof *entries);
    if (!entries)
        return feel_null();
    for (size_t i = 0; i < node->argument_count; i++)
        entries[i] = (struct feel_entry){node->argument_names[i], values[i]};
    return feel_call_named(run, callee, entries, node->argument_count);
}

static feel_value eval_call(struct feel_run *run, struct frame *frame, const struct node *node)
{
    feel_value callee = eval_node(run, frame, node->callee);
    feel_value *values = run_alloc(run, (node->argument_count + 1) * sizeof *values);
    if (!values || !eval_arguments(run, frame, node, values))
        return feel_null();
    if (callee.kind != FEEL_FUNCTION)
        return run_warn(run, node->position, "%s is not a function", feel_kind_name(callee.kind));
    if (node->argument_names)
        return call_named(run, node, callee, values);
    return feel_call(run, callee, values, node->argument_count);
}

// ---- the walk ----

static feel_value eval_if(struct feel_run *run, struct frame *frame, const struct node *node)
{
    feel_value condition = eval_node(run, frame, node->left);
    if (condition.kind != FEEL_BOOLEAN)
        run_warn(run, node->position, "the condition is %s, not a boolean",
                 feel_kind_name(condition.kind));
    return eval_node(run, frame, feel_is_true(condition) ? node->right : node->third);
}

static feel_value eval_negate(struct feel_run *run, const struct node *node, feel_value value)
{
    if (value.kind == FEEL_NUMBER)
        return number_negate(value);
    if (value.kind == FEEL_DAYS_DURATION || value.kind == FEEL_MONTHS_DURATION)
        return eval_arithmetic(run, node, value, feel_i64(-1));
    return run_warn(run, node->position, "%s has no negative", feel_kind_name(value.kind));
}

static feel_value eval_form(struct feel_run *run, struct frame *frame, const struct node *node)
{
    switch ((enum node_kind)node->kind) {
    case NODE_CONSTANT:
        return node->constant;
    case NODE_SLOT:
        return frame->slots[node->slot];
    case NODE_GLOBAL:
        return eval_global(run, node);
    case NODE_CANDIDATES:
        return eval_candidates(run, frame, node);
    case NODE_NEGATE:
        return eval_negate(run, node, eval_node(run, frame, node->left));
    case NODE_ADD:
    case NODE_SUBTRACT:
    case NODE_MULTIPLY:
    case NODE_DIVIDE:
    case NODE_POWER: {
        feel_value left = eval_node(run, frame, node->left);
        return eval_arithmetic(run, node, left, eval_node(run, frame, node->right));
    }
    case NODE_EQUAL:
    case NODE_NOT_EQUAL:
    case NODE_LESS:
    case NODE_LESS_EQUAL:
    case NODE_GREATER:
    case NODE_GREATER_EQUAL: {
        feel_value left = eval_node(run, frame, node->left);
        return eval_comparison(run, node, left, eval_node(run, frame, node->right));
    }
    case NODE_AND:
        return eval_logic(run, frame, node, 0);
    case NODE_OR:
        return eval_logic(run, frame, node, 1);
    case NODE_BETWEEN:
        return eval_between(run, frame, node);
    case NODE_IN:
        return eval_in(run, frame, node);
    case NODE_INSTANCE_OF:
        return feel_bool(type_has_instance(run, eval_node(run, frame, node->base), node->type));
    case NODE_IF:
        return eval_if(run, frame, node);
    case NODE_FOR:
    case NODE_SOME:
    case NODE_EVERY:
        return eval_loop(run, frame, node);
    case NODE_PATH:
        return eval_path(run, node, eval_node(run, frame, node->base));
    case NODE_FILTER:
        return eval_filter(run, frame, node);
    case NODE_LIST:
        return eval_list(run, frame, node);
    case NODE_CONTEXT:
        return eval_context(run, frame, node);
    case NODE_RANGE:
        return eval_range(run, frame, node);
    case NODE_FUNCTION:
        return function_close(run, frame, node);
    case NODE_CALL:
        return eval_call(run, frame, node);
    case NODE_BUILTIN:
        return eval_builtin(run, frame, node);
    case NODE_TESTS:
        return eval_tests(run, frame, node);
    }
    check_unreachable();
}

feel_value eval_inner(struct feel_run *run, struct frame *frame, const struct node *node)
{
    if (!run_spend(run, 1))
        return feel_null();
    if (run->arena->used - run->bytes_start > run->limits.bytes)
        return run_stop(run, FEEL_OUT_OF_BYTES);
    if (++run->depth > run->limits.depth) {
        run->depth--;
        return run_stop(run, FEEL_TOO_DEEP);
    }
    feel_value value = eval_form(run, frame, node);
    run->depth--;
    return value;
}

// ---- programs ----

static feel_value evaluate(const struct feel_program *program, struct feel_run *run,
                           const feel_value *input)
{
    feel_value few[FRAME_ON_STACK], *slots = few;
    if (program->slot_count > FRAME_ON_STACK)
        slots = run_alloc(run, program->slot_count * sizeof *slots);
    if (!slots || run->stopped)
        return feel_null();
    memset(slots, 0, program->slot_count * sizeof *slots);
    if (input && program->slot_count)
        slots[0] = *input;
    struct frame frame = {slots, program->slot_count, NULL};
    const struct feel_program *outer = run->program;
    run->program = program;
    feel_value result = eval_node(run, &frame, program->root);
    run->program = outer;
    return run->stopped ? feel_null() : result;
}

feel_value feel_evaluate(const struct feel_program *program, struct feel_run *run)
{
    return evaluate(program, run, NULL);
}

feel_value feel_evaluate_tests(const struct feel_program *program, struct feel_run *run,
                               feel_value input)
{
    return from_truth(truth(evaluate(program, run, &input)));
}

// ---- constants ----

static bool is_constant(const struct node *node)
{
    return node == NULL || node->kind == NODE_CONSTANT;
}

static bool all_constant(const struct node *const *nodes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_constant(nodes[i]))
            return false;
    return true;
}

static bool is_foldable(const struct node *node)
{
    switch ((int)node->kind) {
    case NODE_NEGATE:
    case NODE_ADD:
    case NODE_SUBTRACT:
    case NODE_MULTIPLY:
    case NODE_DIVIDE:
    case NODE_POWER:
        return is_constant(node->left) && is_constant(node->right);
    case NODE_RANGE:
        return is_constant(node->start) && is_constant(node->end);
    case NODE_LIST:
        return all_constant(node->items, node->count);
    case NODE_BUILTIN:
        return node->builtin->is_pure && all_constant(node->arguments, node->argument_count);
    default:
        return false;
    }
}

struct node *eval_fold(struct arena *arena, const struct zone_db *zones, struct node *node)
{
    if (!is_foldable(node))
        return node;
    struct feel_run run = feel_run_new(arena, NULL);
    run.zones = zones;
    run.fuel = FOLD_FUEL;
    run.limits.bytes = FOLD_BYTES;
    feel_value value = eval_node(&run, &(struct frame){NULL, 0, NULL}, node);
    if (run.stopped || feel_is_null(value))
        return node; // evaluated each time, so that the warning appears
    struct node *constant = ARENA_NEW(arena, struct node);
    *constant = (struct node){.kind = NODE_CONSTANT, .position = node->position, .height = 1};
    constant->constant = value;
    return constant;
}
