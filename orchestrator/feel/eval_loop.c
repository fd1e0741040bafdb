// SPDX-License-Identifier: Apache-2.0
//
// What walks lists: for, some, every (DMN 10.3.2.14 and .15) and filters (10.3.2.5.2).
#include "feel/eval.h"
#include "feel/number.h"
#include "feel/run.h"
#include "feel/temporal.h"
#include "feel/value.h"

// One source of values: a list, or the integers or dates from `next` up or down to `last`.
struct source {
    const feel_value *items;
    size_t count, at;
    bool is_range, is_dates;
    int64_t next, last, step;
    bool done;
};

static bool ordinal(feel_value value, int64_t *ret_number)
{
    if (value.kind == FEEL_DATE) {
        *ret_number = temporal_days(value.date.year, value.date.month, value.date.day);
        return true;
    }
    return feel_to_i64(value, ret_number);
}

static bool open_range(struct source *source, feel_value from, feel_value to)
{
    *source = (struct source){.is_range = true, .is_dates = from.kind == FEEL_DATE};
    if (from.kind != to.kind || !ordinal(from, &source->next) || !ordinal(to, &source->last))
        return false;
    source->step = source->next <= source->last ? 1 : -1;
    return true;
}

static bool open_value(struct feel_run *run, struct source *source, feel_value value)
{
    if (value.kind == FEEL_RANGE) {
        const struct feel_range *range = value.range;
        if (range->is_comparison || !open_range(source, range->start, range->end))
            return false;
        source->next += range->start_included ? 0 : source->step;
        source->last -= range->end_included ? 0 : source->step;
        source->done = source->step > 0 ? source->next > source->last : source->next < source->last;
        return true;
    }
    if (value.kind == FEEL_NULL)
        return false;
    if (value.kind != FEEL_LIST) {
        feel_value *single = run_alloc(run, sizeof *single);
        if (!single)
            return false;
        *single = value;
        value = feel_list(single, 1);
    }
    *source = (struct source){.items = value.list.items, .count = value.list.count};
    source->done = source->count == 0;
    return true;
}

static feel_value source_next(struct source *source)
{
    if (!source->is_range) {
        feel_value value = source->items[source->at++];
        source->done = source->at == source->count;
        return value;
    }
    int64_t number = source->next;
    source->done = number == source->last;
    source->next += source->done ? 0 : source->step;
    return source->is_dates ? temporal_date_from_days(number) : feel_i64(number);
}

struct loop {
    struct feel_run *run;
    struct frame *frame;
    const struct node *node;
    struct list_builder results;
    bool decided;
    bool unknown; // some result was neither true nor false
};

// True: go on.
static bool visit(struct loop *loop)
{
    const struct node *node = loop->node;
    if (node->kind == NODE_FOR) {
        loop->frame->slots[node->slot] = feel_list(loop->results.items, loop->results.count);
        feel_value value = eval_node(loop->run, loop->frame, node->body);
        return list_add(&loop->results, value) && !loop->run->stopped;
    }
    feel_value value = eval_node(loop->run, loop->frame, node->body);
    if (value.kind != FEEL_BOOLEAN) {
        loop->unknown = true;
        return !loop->run->stopped;
    }
    loop->decided = value.boolean == (node->kind == NODE_SOME);
    return !loop->decided;
}

static bool open_iteration(struct loop *loop, const struct node_iteration *iteration,
                           struct source *source)
{
    feel_value from = eval_node(loop->run, loop->frame, iteration->from);
    if (!iteration->to)
        return open_value(loop->run, source, from);
    return open_range(source, from, eval_node(loop->run, loop->frame, iteration->to));
}

enum walk { WALK_ON, WALK_ENDED, WALK_FAILED };

// The last iteration turns fastest. Recursion is as deep as the source has iterations, which run
// depth bounds.
static enum walk walk(struct loop *loop, size_t level)
{
    struct source source;
    const struct node_iteration *iteration = &loop->node->iterations[level];
    if (loop->run->depth >= loop->run->limits.depth) {
        run_stop(loop->run, FEEL_TOO_DEEP);
        return WALK_FAILED;
    }
    if (!open_iteration(loop, iteration, &source))
        return WALK_FAILED;
    while (!source.done) {
        loop->frame->slots[iteration->slot] = source_next(&source);
        if (!run_spend(loop->run, 1))
            return WALK_FAILED;
        if (level + 1 == loop->node->iteration_count) {
            if (!visit(loop))
                return WALK_ENDED;
            continue;
        }
        loop->run->depth++;
        enum walk inner = walk(loop, level + 1);
        loop->run->depth--;
        if (inner != WALK_ON)
            return inner;
    }
    return WALK_ON;
}

feel_value eval_loop(struct feel_run *run, struct frame *frame, const struct node *node)
{
    struct loop loop = {.run = run, .frame = frame, .node = node, .results = list_builder_new(run)};
    if (walk(&loop, 0) == WALK_FAILED)
        return run_warn(run, node->position, "there is nothing to iterate over");
    if (node->kind == NODE_FOR)
        return list_value(&loop.results);
    if (loop.decided)
        return feel_bool(node->kind == NODE_SOME);
    return loop.unknown ? feel_null() : feel_bool(node->kind == NODE_EVERY);
}

// ---- filters ----

static feel_value item_at(struct feel_run *run, const struct node *node, feel_value list,
                          feel_value index)
{
    int64_t at;
    size_t count = list.list.count;
    if (!feel_to_i64(index, &at) || at == 0 || at > (int64_t)count || at < -(int64_t)count)
        return run_warn(run, node->position, "the list has %zu items, none at that index", count);
    return list.list.items[at > 0 ? at - 1 : (int64_t)count + at];
}

// A single value is a list of one; null stays null.
static feel_value as_list(struct feel_run *run, feel_value value)
{
    if (value.kind == FEEL_LIST || value.kind == FEEL_NULL)
        return value;
    feel_value *single = run_alloc(run, sizeof *single);
    if (!single)
        return feel_null();
    *single = value;
    return feel_list(single, 1);
}

// A condition of the form `amount > 250` or `item.amount > 250`: what most filters are. They are
// decided without walking the condition's tree for every item.
struct quick {
    str member;
    bool through_item; // written with `item.`
    enum node_kind operator;
    feel_value than;
    uint8_t hint;
};

static bool is_member_of(const struct node *node, uint16_t slot)
{
    return node->kind == NODE_CANDIDATES && node->candidates[0].kind == CANDIDATE_MEMBER &&
           node->candidates[0].hops == 0 && node->candidates[0].slot == slot;
}

static bool is_quick(const struct node *filter, struct quick *ret_quick)
{
    const struct node *c = filter->condition;
    if (c->kind < NODE_EQUAL || c->kind > NODE_GREATER_EQUAL || c->right->kind != NODE_CONSTANT)
        return false;
    const struct node *left = c->left;
    *ret_quick = (struct quick){.operator=(enum node_kind) c->kind, .than = c->right->constant};
    if (is_member_of(left, filter->slot)) {
        ret_quick->member = left->name;
        return true;
    }
    ret_quick->through_item = true;
    ret_quick->member = left->member;
    return left->kind == NODE_PATH && is_member_of(left->base, filter->slot) &&
           str_equal(left->base->name, STR("item"));
}

// 1 selected, 0 not, -1: the condition has to be evaluated.
static int quick_test(struct feel_run *run, struct quick *q, feel_value item)
{
    const feel_value *found = context_guess(item, q->member, &q->hint);
    if (!found || found->kind != q->than.kind)
        return -1;
    if (q->through_item && context_find(item.context, STR("item")))
        return -1;
    bool are_plain = number_is_plain(found) && number_is_plain(&q->than);
    int order = are_plain ? (found->integer > q->than.integer) - (found->integer < q->than.integer)
                          : run_compare(run, *found, q->than);
    if (order == ORDER_NONE)
        return -1;
    switch ((int)q->operator) {
    case NODE_EQUAL:
        return order == 0;
    case NODE_NOT_EQUAL:
        return order != 0;
    case NODE_LESS:
        return order < 0;
    case NODE_LESS_EQUAL:
        return order <= 0;
    case NODE_GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

enum { STEPS_PER_ITEM = 3 };

static bool reserve(struct list_builder *list, size_t count)
{
    list->capacity = count < 1024 ? count : 1024;
    list->items = run_alloc(list->run, (list->capacity + 1) * sizeof *list->items);
    return list->items != NULL;
}

static feel_value select_items(struct feel_run *run, struct frame *frame, const struct node *node,
                               feel_value list)
{
    struct list_builder kept = list_builder_new(run);
    struct quick quick = {0};
    bool tries_quick = is_quick(node, &quick);
    if (!reserve(&kept, list.list.count))
        return feel_null();
    for (size_t i = 0; i < list.list.count && run_spend(run, STEPS_PER_ITEM); i++) {
        int decided = tries_quick ? quick_test(run, &quick, list.list.items[i]) : -1;
        if (decided >= 0) {
            if (decided && !list_add(&kept, list.list.items[i]))
                return feel_null();
            continue;
        }
        frame->slots[node->slot] = list.list.items[i];
        feel_value wanted = eval_node(run, frame, node->condition);
        if (wanted.kind == FEEL_NUMBER)
            return item_at(run, node, list, wanted);
        if (wanted.kind != FEEL_BOOLEAN && wanted.kind != FEEL_NULL)
            return run_warn(run, node->position, "the filter is a %s, neither boolean nor number",
                            feel_kind_name(wanted.kind));
        if (feel_is_true(wanted) && !list_add(&kept, list.list.items[i]))
            return feel_null();
    }
    return list_value(&kept);
}

feel_value eval_filter(struct feel_run *run, struct frame *frame, const struct node *node)
{
    feel_value list = as_list(run, eval_node(run, frame, node->base));
    if (list.kind == FEEL_NULL)
        return run_warn(run, node->position, "null cannot be filtered");
    if (node->condition->kind == NODE_CONSTANT && node->condition->constant.kind == FEEL_NUMBER)
        return item_at(run, node, list, node->condition->constant);
    if (list.list.count > 0)
        return select_items(run, frame, node, list);
    frame->slots[node->slot] = feel_null();
    feel_value index = eval_node(run, frame, node->condition);
    return index.kind == FEEL_NUMBER ? item_at(run, node, list, index) : list;
}
