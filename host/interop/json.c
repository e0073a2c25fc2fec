/* SPDX-License-Identifier: MIT */
#include "interop/json.h"

#include <inttypes.h>
#include <string.h>

json_t *db_json_object(const char *text, size_t length, const char *where, db_error *error)
{
    json_error_t problem;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
    if (!root) {
        db_fail(error, "%s: not JSON: line %d: %s", where, problem.line, problem.text);
        return NULL;
    }
    if (!json_is_object(root)) {
        db_fail(error, "%s: a JSON object was expected", where);
        json_decref(root);
        return NULL;
    }
    return root;
}

int db_json_integer(const json_t *object, const char *key, uint64_t least, uint64_t most, uint64_t *value,
                    const char *where, db_error *error)
{
    const json_t *field = json_object_get(object, key);
    if (!field)
        return db_fail(error, "%s: \"%s\" is missing", where, key);
    if (!json_is_integer(field))
        return db_fail(error, "%s: \"%s\" must be a whole number", where, key);
    json_int_t number = json_integer_value(field);
    if (number < 0 || (uint64_t)number < least || (uint64_t)number > most)
        return db_fail(error, "%s: \"%s\" is %" JSON_INTEGER_FORMAT ", must be %" PRIu64 "..%" PRIu64, where, key,
                       number, least, most);
    *value = (uint64_t)number;
    return 0;
}

int db_json_u32(const json_t *object, const char *key, uint32_t least, uint32_t most, uint32_t *value,
                const char *where, db_error *error)
{
    uint64_t wide = 0;
    if (db_json_integer(object, key, least, most, &wide, where, error) != 0)
        return -1;
    *value = (uint32_t)wide;
    return 0;
}

int db_json_text(const json_t *object, const char *key, const char **value, const char *where, db_error *error)
{
    const json_t *field = json_object_get(object, key);
    if (!field)
        return db_fail(error, "%s: \"%s\" is missing", where, key);
    if (!json_is_string(field) || strlen(json_string_value(field)) != json_string_length(field))
        return db_fail(error, "%s: \"%s\" must be a text", where, key);
    *value = json_string_value(field);
    return 0;
}
