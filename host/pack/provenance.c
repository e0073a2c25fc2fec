/* SPDX-License-Identifier: MIT */
#include "pack/provenance.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "interop/json.h"

/* An image travels; where its texts lay on somebody's machine does not. The hashes beside the paths stay. */
static void forget_paths(json_t *texts)
{
    for (size_t i = 0; i < json_array_size(texts); i++) {
        json_object_del(json_array_get(texts, i), "paths");
        json_object_del(json_array_get(texts, i), "held_out");
    }
}

static json_t *packing_to_json(const db_layout *layout, const db_packing_record *record)
{
    json_t *packing = json_object();
    if (record->tensor_bits) {
        json_t *tensors = json_object();
        for (size_t i = 0; i < layout->count; i++)
            if (strstr(layout->tensors[i].name, "weight"))
                json_object_set_new(tensors, layout->tensors[i].name, json_integer(record->tensor_bits[i]));
        json_object_set_new(packing, "bits", json_string("mixed"));
        json_object_set_new(packing, "tensors", tensors);
    } else {
        json_object_set_new(packing, "bits", json_integer((json_int_t)record->bits));
    }
    json_object_set_new(packing, "calibration_tokens", json_integer((json_int_t)record->calibration_tokens));
    json_object_set_new(packing, "version", json_string(DOGBERRY_VERSION));
    if (record->command)
        json_object_set_new(packing, "command", json_string(record->command));
    return packing;
}

char *db_provenance_make(const db_model_dir *model, const db_packing_record *record, db_error *error)
{
    json_t *root = json_object();
    const char *training = model->training ? model->training : "{}";
    json_t *object = db_json_object(training, strlen(training), "training", error);
    if (!object) {
        json_decref(root);
        return NULL;
    }
    forget_paths(json_object_get(object, "texts"));
    json_object_set_new(root, "training", object);
    json_object_set_new(root, "packing", packing_to_json(&model->layout, record));
    if (model->tokenizer.spelling.count > 0) {
        char *spelling = db_spelling_to_json(&model->tokenizer.spelling);
        json_object_set_new(root, "spelling", db_json_object(spelling, strlen(spelling), "spelling", NULL));
        free(spelling);
    }
    char *text = json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(root);
    assert(text);
    return text;
}

int db_provenance_spelling(db_spelling *spelling, const dogberry_image *image, db_error *error)
{
    *spelling = (db_spelling){0};
    if (image->provenance_bytes == 0)
        return 0;
    json_t *root = db_json_object(image->provenance, image->provenance_bytes, "provenance", error);
    if (!root)
        return -1;
    const json_t *object = json_object_get(root, "spelling");
    int result = 0;
    if (object) {
        char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
        result = db_spelling_from_json(spelling, text, error);
        free(text);
    }
    json_decref(root);
    return result;
}
