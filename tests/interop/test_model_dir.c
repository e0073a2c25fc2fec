/* Model directories: saved and loaded, damaged, mixed.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <dirent.h>
#include <sys/resource.h>

#include "../pack/tiny_model.h"
#include "base/file.h"

static const db_model_config LSTM = {
    .architecture = DOGBERRY_LSTM, .output = DOGBERRY_DENSE, .embedding = 6, .hidden = 5, .layers = 2};
static const db_model_config GRU = {
    .architecture = DOGBERRY_GRU, .output = DOGBERRY_TIED, .embedding = 7, .hidden = 7, .layers = 1};

static const db_model_config TRANSFORMER = {.architecture = DOGBERRY_TRANSFORMER,
                                            .output = DOGBERRY_DENSE,
                                            .embedding = 12,
                                            .hidden = 7,
                                            .layers = 5,
                                            .heads = 4,
                                            .kv_heads = 2,
                                            .context = 9,
                                            .feed_forward = DB_SWIGLU,
                                            .rotary_base = 500};

static const char *const FILES[] = {"model.safetensors", "tokenizer.json", "config.json", "calibration.txt"};
enum { FILE_COUNT = sizeof FILES / sizeof FILES[0] };

static char folder[] = "/tmp/dogberry-model-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    for (int i = 0; i < FILE_COUNT; i++) {
        char *path = db_path_join(folder, FILES[i]);
        unlink(path);
        free(path);
    }
    return rmdir(folder);
}

static void save(db_model_config config, uint64_t seed)
{
    db_model_dir model;
    db_error error = {""};
    if (tiny_model(&model, config, seed, &error) != 0 || db_model_dir_save(&model, folder, &error) != 0)
        fail_msg("%s", error.message);
    db_model_dir_free(&model);
}

static void saved_model_loads_whole(void **state)
{
    (void)state;
    db_model_config tied = TRANSFORMER;
    tied.output = DOGBERRY_TIED;
    tied.feed_forward = DB_RELU2;
    const db_model_config configs[] = {LSTM, GRU, TRANSFORMER, tied};
    for (int i = 0; i < 4; i++) {
        db_model_dir model, loaded;
        db_error error = {""};
        assert_int_equal(tiny_model(&model, configs[i], 11, NULL), 0);
        assert_int_equal(db_model_dir_save(&model, folder, NULL), 0);
        if (db_model_dir_load(&loaded, folder, &error) != 0)
            fail_msg("%s", error.message);
        assert_string_equal(loaded.name, "tiny");
        assert_memory_equal(&loaded.config, &model.config, sizeof model.config);
        assert_memory_equal(loaded.parameters, model.parameters, model.layout.parameters * sizeof(float));
        assert_int_equal(loaded.start_token, model.start_token);
        assert_string_equal(loaded.training, model.training);
        assert_int_equal(loaded.tokenizer.section_bytes, model.tokenizer.section_bytes);
        assert_memory_equal(loaded.tokenizer.section, model.tokenizer.section, model.tokenizer.section_bytes);
        assert_int_equal(loaded.tokenizer.spelling.count, model.tokenizer.spelling.count);
        assert_int_equal(loaded.calibration.count, 1);
        assert_string_equal(loaded.calibration.documents[0].text, TINY_TEXT);
        db_model_dir_free(&loaded);
        db_model_dir_free(&model);
    }
}

/* Loading must fail with a message that has `word` in it. */
static void load_refused(const char *word)
{
    db_model_dir model;
    db_error error = {""};
    if (db_model_dir_load(&model, folder, &error) != -1)
        fail_msg("loaded, though \"%s\" is wrong", word);
    if (!strstr(error.message, word))
        fail_msg("\"%s\" does not speak of \"%s\"", error.message, word);
    db_model_dir_free(&model);
}

static void read_file(const char *name, void **bytes, size_t *length)
{
    char *path = db_path_join(folder, name);
    assert_int_equal(db_file_read(path, bytes, length, NULL), 0);
    free(path);
}

static void write_file(const char *name, const char *text, size_t length)
{
    char *path = db_path_join(folder, name);
    assert_int_equal(db_file_write(path, text, length, NULL), 0);
    free(path);
}

static void missing_files_are_named(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        char *path = db_path_join(folder, FILES[i]);
        save(LSTM, 1);
        unlink(path);
        load_refused(FILES[i]);
        free(path);
    }
    db_model_dir model;
    assert_int_equal(db_model_dir_load(&model, "/nonexistent", NULL), -1);
    db_model_dir_free(&model);
}

/* Every file cut at many lengths: an error, never a crash. A calibration text may be any text. */
static void cut_files_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        size_t length;
        save(LSTM, 1);
        void *bytes;
        read_file(FILES[i], &bytes, &length);
        char *text = bytes;
        size_t step = length / 200 + 1;
        while (length > 0 && strchr(" \n", text[length - 1])) /* what follows the last brace is not missed */
            length--;
        for (size_t cut = 0; cut < length; cut += step) {
            write_file(FILES[i], text, cut);
            load_refused("");
        }
        free(text);
    }
}

/* Replaces the one occurrence of `from` in config.json by `to`. */
static void change_config_of(db_model_config config, const char *from, const char *to)
{
    char changed[65536];
    size_t length;
    save(config, 1);
    void *bytes;
    read_file("config.json", &bytes, &length);
    char *text = bytes;
    assert_true(length + strlen(to) < sizeof changed);
    char *place = strstr(text, from);
    if (!place)
        fail_msg("config.json has no %s", from);
    int used = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(place - text), text, to, place + strlen(from));
    write_file("config.json", changed, (size_t)used);
    free(text);
}

static void change_config(const char *from, const char *to)
{
    change_config_of(LSTM, from, to);
}

static void damaged_fields_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *word;
    } changes[] = {
        {"\"format_version\": 1", "\"format_version\": 2", "newer"},
        {"\"format_version\": 1", "\"format_version\": 0", "format_version"},
        {"\"format_version\": 1", "\"format_version\": \"1\"", "format_version"},
        {"\"format_version\": 1,", "", "format_version"},
        {"\"tiny\"", "7", "name"},
        {"\"tiny\"", "\"a name that is far longer than thirty-two bytes\"", "name"},
        {"\"lstm\"", "\"lstn\"", "architecture"},
        {"\"lstm\"", "\"gru\"", ""},
        {"\"dense\"", "\"tied\"", ""},
        {"\"dense\"", "\"wide\"", "output"},
        {"\"vocabulary_size\": 40", "\"vocabulary_size\": 0", "vocabulary_size"},
        {"\"vocabulary_size\": 40", "\"vocabulary_size\": -40", "vocabulary_size"},
        {"\"vocabulary_size\": 40", "\"vocabulary_size\": 41", ""},
        {"\"vocabulary_size\": 40", "\"vocabulary_size\": 40.5", "vocabulary_size"},
        {"\"vocabulary_size\": 40", "\"vocabulary_size\": 99999999999999999999", ""},
        {"\"embedding_size\": 6", "\"embedding_size\": 65536", "embedding_size"},
        {"\"hidden_size\": 5", "\"hidden_size\": 65535", ""},
        {"\"layers\": 2", "\"layers\": 5", "layers"},
        {"\"layers\": 2", "\"layers\": 1", ""},
        {"\"classes\": 0", "\"classes\": 3", "classes"},
        {"\"parameters\": ", "\"parameters\": 1", "parameters"},
        {"\"start_token\": ", "\"start_token\": 4", "start_token"},
        {"\"tokenizer\": {", "\"tokenizer\": 5, \"x\": {", "tokenizer"},
        {"\"training\": {", "\"training\": [], \"x\": {", "training"},
        {"\"layers\": 2", "\"layers\": 2, \"layers\": 2", "duplicate"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        change_config(changes[i].from, changes[i].to);
        load_refused(changes[i].word);
    }
}

static void damaged_transformer_fields_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *word;
    } changes[] = {
        {"\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", "hidden_act"},
        {"\"hidden_act\": \"silu\"", "\"hidden_act\": \"relu\"", ""},
        {"\"hidden_act\": \"silu\",", "", "hidden_act"},
        {"\"num_attention_heads\": 4", "\"num_attention_heads\": 5", "heads"},
        {"\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3", "keys and values"},
        {"\"num_key_value_heads\": 2", "\"num_key_value_heads\": 0", "num_key_value_heads"},
        {"\"num_key_value_heads\": 2", "\"num_key_value_heads\": 4", ""},
        {"\"max_position_embeddings\": 9", "\"max_position_embeddings\": 0", "max_position_embeddings"},
        {"\"max_position_embeddings\": 9", "\"max_position_embeddings\": 9999", "max_position_embeddings"},
        {"\"rope_theta\": 500", "\"rope_theta\": 100000001", "rope_theta"},
        {"\"intermediate_size\": 7", "\"intermediate_size\": 65536", "intermediate_size"},
        {"\"hidden_size\": 12", "\"hidden_size\": 16", ""},
        {"\"layers\": 5", "\"layers\": 17", "layers"},
        {"\"output\": \"dense\"", "\"output\": \"factored\"", "output"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        change_config_of(TRANSFORMER, changes[i].from, changes[i].to);
        load_refused(changes[i].word);
    }
}

/* Sizes that agree with each other but not with the weights must not make room for themselves first. */
static void giant_sizes_are_refused_cheaply(void **state)
{
    (void)state;
    change_config("\"hidden_size\": 5", "\"hidden_size\": 65535");
    size_t length;
    void *bytes;
    read_file("config.json", &bytes, &length);
    char *text = bytes;
    const db_model_config giant = {.architecture = DOGBERRY_LSTM,
                                   .output = DOGBERRY_DENSE,
                                   .vocab = 40,
                                   .embedding = 6,
                                   .hidden = 65535,
                                   .layers = 2};
    db_layout layout;
    db_layout_make(&layout, &giant);
    char *place = strstr(text, "\"parameters\": "), changed[65536];
    assert_non_null(place);
    int used = snprintf(changed, sizeof changed, "%.*s\"parameters\": %zu%s", (int)(place - text), text,
                        layout.parameters, strchr(place, ','));
    write_file("config.json", changed, (size_t)used);
    free(text);
    load_refused("model.safetensors");
}

static void files_of_different_models_are_refused(void **state)
{
    (void)state;
    size_t length;
    save(GRU, 1);
    void *weights;
    read_file("model.safetensors", &weights, &length);
    save(LSTM, 1);
    write_file("model.safetensors", weights, length);
    load_refused("model.safetensors");
    free(weights);
}

/* Of the same sizes, even: another seed's weights, another text's words. */
static void files_of_similar_models_are_refused(void **state)
{
    (void)state;
    void *weights;
    size_t length;
    save(LSTM, 2);
    read_file("model.safetensors", &weights, &length);
    save(LSTM, 1);
    write_file("model.safetensors", weights, length);
    load_refused("model.safetensors: not the file");
    free(weights);

    void *tokenizer;
    save(LSTM, 1);
    read_file("tokenizer.json", &tokenizer, &length);
    char *blank = strchr(tokenizer, ' ');
    assert_non_null(blank);
    *blank = '\n'; /* still the same JSON */
    write_file("tokenizer.json", tokenizer, length);
    load_refused("tokenizer.json: not the file");
    free(tokenizer);
}

/* Who changes files on purpose takes the checksums away. */
static void checksums_may_be_left_out(void **state)
{
    (void)state;
    change_config("\"checksums\"", "\"was_checksums\"");
    db_model_dir model;
    assert_int_equal(db_model_dir_load(&model, folder, NULL), 0);
    db_model_dir_free(&model);
}

static void weights_that_are_not_numbers_are_refused(void **state)
{
    (void)state;
    db_model_dir model;
    assert_int_equal(tiny_model(&model, LSTM, 1, NULL), 0);
    model.parameters[17] = NAN;
    assert_int_equal(db_model_dir_save(&model, folder, NULL), 0);
    load_refused("finite");
    db_model_dir_free(&model);
}

/* Files limited to ever more bytes, as on a disk that fills up: saving fails, the old model stays whole and
 * nothing else is left; until there is room. */
static void full_disk_leaves_the_old_model(void **state)
{
    (void)state;
    db_model_dir old, fresh, loaded;
    struct rlimit unlimited, limit;
    size_t failed = 0;
    int saved = -1;
    save(LSTM, 1);
    assert_int_equal(tiny_model(&old, LSTM, 1, NULL), 0);
    assert_int_equal(tiny_model(&fresh, LSTM, 2, NULL), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    signal(SIGXFSZ, SIG_IGN);
    for (size_t bytes = 0; saved != 0; bytes += 97) {
        db_error error = {""};
        limit = unlimited;
        limit.rlim_cur = bytes;
        setrlimit(RLIMIT_FSIZE, &limit);
        saved = db_model_dir_save(&fresh, folder, &error);
        setrlimit(RLIMIT_FSIZE, &unlimited);
        assert_int_equal(db_model_dir_load(&loaded, folder, NULL), 0);
        const db_model_dir *expected = saved == 0 ? &fresh : &old;
        assert_memory_equal(loaded.parameters, expected->parameters, old.layout.parameters * sizeof(float));
        assert_true(saved == 0 || error.message[0] != 0);
        failed += saved != 0;
        db_model_dir_free(&loaded);
    }
    assert_true(failed > 20);
    size_t names = 0;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *item; (item = readdir(listing));)
        names += item->d_name[0] != '.';
    closedir(listing);
    assert_int_equal(names, FILE_COUNT);
    db_model_dir_free(&old);
    db_model_dir_free(&fresh);
}

static void calibration_takes_the_middle_of_documents(void **state)
{
    (void)state;
    db_model_dir model = {0};
    db_corpus validation = {0};
    char text[10000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 50 == 49 ? '\n' : (char)('a' + i / 400);
    db_corpus_add_text(&validation, "one", text, sizeof text);
    db_corpus_add_text(&validation, "short", "only this\n", 10);
    db_corpus_add_text(&validation, "two", text, sizeof text);
    db_model_dir_set_calibration(&model, &validation, 13000);
    assert_int_equal(model.calibration.count, 3);
    assert_true(model.calibration.bytes > 12000 && model.calibration.bytes <= 13000);
    assert_string_equal(model.calibration.documents[1].text, "only this\n");
    const db_document *first = &model.calibration.documents[0];
    assert_int_equal(first->text[0], first->text[48]); /* whole lines */
    assert_int_equal(first->text[49], '\n');
    assert_true(first->text[0] > 'f' && first->text[0] < 'j'); /* around the middle */
    db_corpus_free(&validation);
    db_model_dir_free(&model);
}

/* Many short documents: some of them, whole, from first to last; a blank one is left out. */
static void calibration_takes_short_documents_whole(void **state)
{
    (void)state;
    db_model_dir model = {0};
    db_corpus validation = {0};
    for (int i = 0; i < 1000; i++) {
        char text[64];
        snprintf(text, sizeof text, i == 0 ? "\n" : "Story %d was short.\nIt ended.\n", i);
        db_corpus_add_text(&validation, "story", text, strlen(text));
    }
    db_model_dir_set_calibration(&model, &validation, 3000);
    assert_true(model.calibration.count > 80 && model.calibration.bytes > 2500 && model.calibration.bytes <= 3000);
    for (size_t i = 0; i < model.calibration.count; i++)
        assert_int_equal(strncmp(model.calibration.documents[i].text, "Story ", 6), 0);
    int last = atoi(model.calibration.documents[model.calibration.count - 1].text + 6);
    assert_true(last > 950);
    db_corpus_free(&validation);
    db_model_dir_free(&model);
}

static void calibration_documents_stay_apart(void **state)
{
    (void)state;
    db_model_dir model, loaded;
    assert_int_equal(tiny_model(&model, LSTM, 1, NULL), 0);
    db_corpus_add_text(&model.calibration, "second", "No line end", 11);
    assert_int_equal(db_model_dir_save(&model, folder, NULL), 0);
    assert_int_equal(db_model_dir_load(&loaded, folder, NULL), 0);
    assert_int_equal(loaded.calibration.count, 2);
    db_model_dir_free(&loaded);
    db_corpus_free(&model.calibration); /* none: the old file goes */
    assert_int_equal(db_model_dir_save(&model, folder, NULL), 0);
    assert_int_equal(db_model_dir_load(&loaded, folder, NULL), 0);
    assert_int_equal(loaded.calibration.count, 0);
    db_model_dir_free(&loaded);
    db_model_dir_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_model_loads_whole),
        cmocka_unit_test(missing_files_are_named),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(damaged_fields_are_named),
        cmocka_unit_test(damaged_transformer_fields_are_named),
        cmocka_unit_test(giant_sizes_are_refused_cheaply),
        cmocka_unit_test(files_of_different_models_are_refused),
        cmocka_unit_test(files_of_similar_models_are_refused),
        cmocka_unit_test(checksums_may_be_left_out),
        cmocka_unit_test(weights_that_are_not_numbers_are_refused),
        cmocka_unit_test(full_disk_leaves_the_old_model),
        cmocka_unit_test(calibration_takes_the_middle_of_documents),
        cmocka_unit_test(calibration_takes_short_documents_whole),
        cmocka_unit_test(calibration_documents_stay_apart),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
