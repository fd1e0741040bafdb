// SPDX-License-Identifier: Apache-2.0
//
// Names: which are bound where inside an expression, and what a use of one compiles to.
#include "feel/builtin.h"
#include "feel/parser.h"

uint16_t scope_slot(struct parser *p)
{
    uint16_t *count = &p->slot_counts.items[p->slot_counts.count - 1];
    if (*count >= SLOTS_MAX) {
        parser_fail_at(p, p->token.start, "more than 4096 variables in one expression");
        return 0;
    }
    return (*count)++;
}

static bool is_listed(const str_array *names, str name)
{
    for (size_t i = 0; i < names->count; i++)
        if (str_equal(names->items[i], name))
            return true;
    return false;
}

uint16_t scope_bind(struct parser *p, str name, enum binding_kind kind)
{
    uint16_t slot = scope_slot(p);
    uint16_t function = (uint16_t)(p->slot_counts.count - 1);
    *ARRAY_PUSH(p->arena, &p->bindings) = (struct binding){name, kind, function, slot};
    if (lexer_is_compound(name))
        *ARRAY_PUSH(p->arena, &p->lexer.names) = name;
    return slot;
}

size_t scope_mark(const struct parser *p)
{
    return p->bindings.count;
}

// Compound names were pushed in the same order.
void scope_leave(struct parser *p, size_t mark)
{
    while (p->bindings.count > mark) {
        str name = p->bindings.items[--p->bindings.count].name;
        if (lexer_is_compound(name))
            p->lexer.names.count--;
    }
}

void scope_enter_function(struct parser *p)
{
    *ARRAY_PUSH(p->arena, &p->slot_counts) = 0;
}

uint16_t scope_leave_function(struct parser *p)
{
    return p->slot_counts.items[--p->slot_counts.count];
}

void scope_add_member(struct parser *p, str name)
{
    if (lexer_is_compound(name) && !is_listed(&p->lexer.members, name))
        *ARRAY_PUSH(p->arena, &p->lexer.members) = name;
}

static bool is_option(const struct parser *p, str name)
{
    for (size_t i = 0; p->options && i < p->options->name_count; i++)
        if (str_equal(p->options->names[i], name))
            return true;
    return false;
}

bool scope_knows(const struct parser *p, str name)
{
    for (size_t i = p->bindings.count; i-- > 0;)
        if (str_equal(p->bindings.items[i].name, name))
            return true;
    return is_option(p, name);
}

typedef ARRAY(struct candidate) candidate_array;

// Innermost first, up to the first that is certain.
static bool collect(struct parser *p, str name, candidate_array *out)
{
    uint16_t here = (uint16_t)(p->slot_counts.count - 1);
    for (size_t i = p->bindings.count; i-- > 0;) {
        const struct binding *b = &p->bindings.items[i];
        uint16_t hops = (uint16_t)(here - b->function);
        if (b->kind == BINDING_ELEMENT)
            *ARRAY_PUSH(p->arena, out) = (struct candidate){CANDIDATE_MEMBER, hops, b->slot};
        if (str_equal(b->name, name)) {
            *ARRAY_PUSH(p->arena, out) = (struct candidate){CANDIDATE_SLOT, hops, b->slot};
            return true;
        }
    }
    *ARRAY_PUSH(p->arena, out) = (struct candidate){CANDIDATE_GLOBAL, 0, 0};
    return false;
}

static void note_global(struct parser *p, str name)
{
    if (!is_listed(&p->globals, name) && (is_option(p, name) || !builtin_find(name, false)))
        *ARRAY_PUSH(p->arena, &p->globals) = str_copy(p->arena, name);
}

// A filter's element may have any entry, so a name inside one is never certainly unknown.
static bool is_unknown(const struct parser *p, str name, const candidate_array *candidates)
{
    return p->options && p->options->only_known_names && candidates->count == 1 &&
           !is_option(p, name) && !builtin_find(name, p->options->standard_only);
}

struct node *scope_resolve(struct parser *p, str name, size_t position)
{
    candidate_array candidates = {0};
    bool bound = collect(p, name, &candidates);
    if (!bound && is_unknown(p, name, &candidates))
        return parser_fail_at(p, position,
                              str_format(p->arena, "nothing is called '%.*s'", STR_ARG(name)).data);
    if (!bound)
        note_global(p, name);
    p->input_uses += str_equal(name, STR("?"));
    struct candidate first = candidates.items[0];
    bool is_local = candidates.count == 1 && first.kind == CANDIDATE_SLOT && first.hops == 0;
    bool is_global = candidates.count == 1 && first.kind == CANDIDATE_GLOBAL;
    enum node_kind kind = is_local ? NODE_SLOT : is_global ? NODE_GLOBAL : NODE_CANDIDATES;
    struct node *node = parser_node(p, kind, position);
    node->slot = first.slot;
    node->name = str_copy(p->arena, name);
    node->candidates = candidates.items;
    node->candidate_count = (uint32_t)candidates.count;
    return node;
}
