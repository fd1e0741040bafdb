// SPDX-License-Identifier: Apache-2.0
//
// What the settings say about breakers (engine/breaker.c).
#include "node/internal.h"

enum { MOST_FAILURES = 1000000 };

// "charge=50": a job type, and after how many failures in a row its breaker opens.
static bool read_type(struct arena *arena, str entry, struct map *types, struct error *err)
{
    size_t equals = str_find_char(entry, '=');
    uint64_t failures;
    str type = str_trim(str_sub(entry, 0, equals));
    if (equals >= entry.len || str_is_empty(type) ||
        !str_to_u64(str_trim(str_from_index(entry, equals + 1)), &failures) ||
        failures > MOST_FAILURES)
        return error_set(err, ERROR_INVALID, "engine.breaker_types",
                         "expected job types and failures in a row, 0 to %d, as in "
                         "charge=50,mail=0; found '%.*s'",
                         MOST_FAILURES, STR_ARG(entry));
    int64_t *own = ARENA_NEW(arena, int64_t);
    *own = (int64_t)failures;
    map_put(types, type, own);
    return true;
}

bool breakers_read(struct arena *arena, const struct config *config,
                   struct breaker_settings *ret_breakers, struct error *err)
{
    struct map *types = ARENA_NEW(arena, struct map);
    str rest = str_trim(str_of(config_str(config, CONFIG_ENGINE_BREAKER_TYPES)));
    *types = map_new(arena);
    while (!str_is_empty(rest)) {
        size_t comma = str_find_char(rest, ',');
        bool is_last = comma >= rest.len;
        if (!read_type(arena, is_last ? rest : str_sub(rest, 0, comma), types, err))
            return false;
        rest = is_last ? STR_EMPTY : str_from_index(rest, comma + 1);
    }
    *ret_breakers = (struct breaker_settings){
        .failures = config_i64(config, CONFIG_ENGINE_BREAKER_FAILURES),
        .types = types,
        .has_credentials = config_bool(config, CONFIG_ENGINE_BREAKER_AUTH),
        .rest_ms = config_i64(config, CONFIG_ENGINE_BREAKER_REST_MS),
        .longest_rest_ms = config_i64(config, CONFIG_ENGINE_BREAKER_MOST_MS),
        .probes = (uint32_t)config_i64(config, CONFIG_ENGINE_BREAKER_PROBES),
    };
    return true;
}
