/* The spelling model as JSON: costs as whole units of 1/DB_SPELLING_UNITS nats.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interop/json.h"
#include "text/spelling.h"
#include "text/utf8.h"

#define WHERE "spelling model"

enum { COST_MAX = 100 * DB_SPELLING_UNITS };

static json_int_t units(double nats)
{
    return (json_int_t)llround(nats * DB_SPELLING_UNITS);
}

char *db_spelling_to_json(const db_spelling *spelling)
{
    char *text = db_allocate(spelling->count * 4 + 1);
    size_t length = 0;
    json_t *costs = json_array();
    for (size_t i = 0; i < spelling->count; i++) {
        length += db_utf8_encode(spelling->characters[i], text + length);
        json_array_append_new(costs, json_integer(units(spelling->nats[i])));
    }
    json_t *root = json_pack("{sssosIsI}", "characters", text, "costs", costs, "end", units(spelling->end_nats),
                             "other", units(spelling->other_nats));
    char *json = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    free(text);
    return json;
}

/* Fills the tables; `costs` is as long as the text has code points. */
static int read_costs(db_spelling *spelling, const char *text, const json_t *costs, db_error *error)
{
    size_t length = strlen(text), at = 0;
    for (size_t i = 0; i < spelling->count; i++) {
        json_t *cost = json_array_get(costs, i);
        uint32_t code = 0;
        at += db_utf8_decode(text + at, length - at, &code);
        if (!json_is_integer(cost) || json_integer_value(cost) < 0 || json_integer_value(cost) > COST_MAX)
            return db_fail(error, WHERE ": cost %zu must be a whole number up to %d", i, COST_MAX);
        if (i && code <= spelling->characters[i - 1])
            return db_fail(error, WHERE ": the characters must ascend");
        spelling->characters[i] = code;
        spelling->nats[i] = (double)json_integer_value(cost) / DB_SPELLING_UNITS;
    }
    return 0;
}

static int read_spelling(db_spelling *spelling, const json_t *root, db_error *error)
{
    const char *text;
    uint32_t end, other;
    const json_t *costs = json_object_get(root, "costs");
    if (db_json_text(root, "characters", &text, WHERE, error) ||
        db_json_u32(root, "end", 0, COST_MAX, &end, WHERE, error) ||
        db_json_u32(root, "other", 0, COST_MAX, &other, WHERE, error))
        return -1;
    spelling->count = db_utf8_count(text, strlen(text));
    if (spelling->count > DB_SPELLING_MAX || json_array_size(costs) != spelling->count)
        return db_fail(error, WHERE ": %zu characters but %zu costs (at most %d)", spelling->count,
                       json_array_size(costs), DB_SPELLING_MAX);
    spelling->characters = db_allocate((spelling->count + 1) * sizeof *spelling->characters);
    spelling->nats = db_allocate((spelling->count + 1) * sizeof *spelling->nats);
    spelling->end_nats = (double)end / DB_SPELLING_UNITS;
    spelling->other_nats = (double)other / DB_SPELLING_UNITS;
    return read_costs(spelling, text, costs, error);
}

int db_spelling_from_json(db_spelling *spelling, const char *json, db_error *error)
{
    *spelling = (db_spelling){0};
    json_t *root = db_json_object(json, strlen(json), WHERE, error);
    int result = root ? read_spelling(spelling, root, error) : -1;
    json_decref(root);
    if (result)
        db_spelling_free(spelling);
    return result;
}
