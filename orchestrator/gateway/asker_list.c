// SPDX-License-Identifier: Apache-2.0
#include "gateway/asker_list.h"

#include "base/json.h"

#include <stdlib.h>

struct asker_list *asker_list_new(void)
{
    struct asker_list *list = calloc(1, sizeof *list);
    check(list != NULL);
    list->seen = map_new(&list->arena);
    list->counts = map_new(&list->arena);
    return list;
}

void asker_list_free(struct asker_list *list)
{
    if (list == NULL)
        return;
    arena_done(&list->arena);
    free(list);
}

static size_t *count_of(struct asker_list *list, str name)
{
    size_t *count = map_get(&list->counts, name);
    if (count == NULL) {
        count = ARENA_NEW(&list->arena, size_t);
        *count = 0;
        map_put(&list->counts, str_copy(&list->arena, name), count);
    }
    return count;
}

// Who is refused leaves nothing behind but counts.
static struct asker *keep(struct asker_list *list, const struct asker *asker, str name, str of_type)
{
    size_t *of_tenant = count_of(list, asker->tenant);
    if (list->seen.count >= ASKERS_LISTED || *of_tenant >= ASKERS_OF_TENANT)
        return NULL;
    size_t *of_types = count_of(list, of_type);
    if (*of_types >= ASKERS_OF_TYPE)
        return NULL;
    struct asker *kept = ARENA_NEW(&list->arena, struct asker);
    *kept = (struct asker){.type = str_copy(&list->arena, asker->type),
                           .tenant = str_copy(&list->arena, asker->tenant),
                           .worker = str_copy(&list->arena, asker->worker),
                           .processes = str_copy(&list->arena, asker->processes),
                           .leases = asker->leases};
    map_put(&list->seen, str_copy(&list->arena, name), kept);
    *ARRAY_PUSH(&list->arena, &list->fresh) = kept;
    ++*of_tenant;
    ++*of_types;
    return kept;
}

bool asker_list_add(struct asker_list *list, const struct asker *asker)
{
    struct arena scratch = ARENA_EMPTY;
    str of_type =
        str_format(&scratch, "%.*s%c%.*s", STR_ARG(asker->tenant), '\0', STR_ARG(asker->type));
    str name = str_format(&scratch, "%.*s%c%.*s%c%.*s", STR_ARG(asker->tenant), '\0',
                          STR_ARG(asker->type), '\0', STR_ARG(asker->worker));
    struct asker *kept = map_get(&list->seen, name);
    if (kept == NULL) {
        kept = keep(list, asker, name, of_type);
    } else if (asker->leases && !kept->leases) {
        kept->leases = true;
        *ARRAY_PUSH(&list->arena, &list->fresh) = kept;
    }
    arena_done(&scratch);
    return kept != NULL;
}

str asker_list_take(struct asker_list *list, struct arena *arena)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    if (list->fresh.count == 0)
        return STR_EMPTY;
    json_begin_array(&w);
    for (size_t i = 0; i < list->fresh.count; i++) {
        const struct asker *asker = list->fresh.items[i];
        json_begin_array(&w);
        json_string(&w, asker->type);
        json_string(&w, asker->tenant);
        json_string(&w, asker->worker);
        json_string(&w, asker->processes);
        json_bool(&w, asker->leases);
        json_end_array(&w);
    }
    json_end_array(&w);
    list->fresh.count = 0;
    return strbuf_str(&out);
}
