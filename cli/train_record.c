/* SPDX-License-Identifier: MIT */
#include "train_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "interop/json.h"

static json_t *list_to_json(const cli_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_string(list->items[i]));
    return array;
}

static void hash_text(const db_corpus *corpus, char text[24])
{
    snprintf(text, 24, "%016llx", (unsigned long long)db_corpus_hash(corpus));
}

json_t *cli_record_texts(const cli_text_set *set, const cli_texts *texts)
{
    char train[24], validation[24];
    hash_text(&texts->train, train);
    hash_text(&texts->validation, validation);
    return json_pack("{s:o, s:o, s:b, s:b, s:s, s:s}", "paths", list_to_json(&set->paths), "held_out",
                     list_to_json(&set->validation), "lossy", set->lossy, "dedupe", set->dedupe, "hash", train,
                     "held_out_hash", validation);
}

/* The items point into the array. Anything but a text is left out. */
static cli_list list_from_json(const json_t *array)
{
    cli_list list = {.items = db_allocate((json_array_size(array) + 1) * sizeof *list.items)};
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text)
            list.items[list.count++] = text;
    }
    return list;
}

static bool same_hash(const json_t *set, const char *key, const db_corpus *corpus)
{
    char hash[24];
    const char *recorded = json_string_value(json_object_get(set, key));
    hash_text(corpus, hash);
    return recorded && strcmp(recorded, hash) == 0;
}

static int read_set(const json_t *recorded, const char *folder, cli_record_take *take, void *user, db_error *error)
{
    cli_text_set set = {.paths = list_from_json(json_object_get(recorded, "paths")),
                        .validation = list_from_json(json_object_get(recorded, "held_out")),
                        .lossy = json_is_true(json_object_get(recorded, "lossy")),
                        .dedupe = json_is_true(json_object_get(recorded, "dedupe"))};
    cli_texts texts;
    db_error inner = {0};
    int failed = cli_train_texts_read(&texts, &set, 1, true, &inner);
    if (failed)
        db_fail(error,
                "%s: the texts that it was trained on cannot be read (%.300s); go where they are, or name them "
                "with --mix PATH:SHARE",
                folder, inner.message);
    else if (!same_hash(recorded, "hash", &texts.train) || !same_hash(recorded, "held_out_hash", &texts.validation))
        failed = db_fail(error,
                         "%s: the texts that it was trained on have changed since then; name the text to replay "
                         "with --mix PATH:SHARE",
                         folder);
    else
        take(user, &texts);
    cli_train_texts_free(&texts);
    cli_list_free(&set.paths);
    cli_list_free(&set.validation);
    return failed;
}

int cli_record_read(const char *training, const char *folder, cli_record_take *take, void *user, json_t **sets,
                    db_error *error)
{
    json_t *root = training ? db_json_object(training, strlen(training), folder, error) : json_object();
    if (!root)
        return -1;
    *sets = json_incref(json_object_get(root, "texts"));
    json_decref(root);
    if (json_array_size(*sets) == 0)
        return db_fail(error,
                       "%s: does not say which texts it was trained on; name the text to replay with "
                       "--mix PATH:SHARE",
                       folder);
    int failed = 0;
    for (size_t i = 0; i < json_array_size(*sets) && !failed; i++)
        failed = read_set(json_array_get(*sets, i), folder, take, user, error);
    return failed;
}
