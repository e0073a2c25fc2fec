/* Other programs' models: as they compute, as they encode, damaged.
 * With DOGBERRY_DATA, also what the original programs gave for their own models.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/file.h"
#include "foreign_reference.h"
#include "interop/llama2c.h"
#include "interop/rp2040.h"
#include "nn/model.h"
#include "text/fallback.h"
#include "tiny_foreign.h"

enum { VOCAB_MOST = 512, TEXT_MOST = 4096 };

static made_file file, other; /* large; one test runs at a time */

/* Float logits behind the last of `count` tokens, at most the context. */
static void run_model(const db_model_dir *model, const uint16_t *tokens, size_t count, float *logits)
{
    db_pass *pass = db_pass_new(&model->config, 1, 1, false);
    for (size_t i = 0; i < count; i++)
        db_pass_step(pass, model->parameters, &tokens[i], logits);
    db_pass_free(pass);
}

static size_t encode(const db_tokenizer *tokenizer, const char *text, size_t length, uint16_t *ids)
{
    dogberry_cursor cursor = {.text = text, .length = length};
    size_t count = 0, covered = 0;
    for (int id; (id = dogberry_encode(&tokenizer->view, &cursor)) >= 0; covered = cursor.at) {
        assert_true(cursor.start == covered && cursor.at <= length && count < TEXT_MOST);
        ids[count++] = (uint16_t)id;
    }
    assert_int_equal(covered, length);
    return count;
}

/* The folder of data that is not part of the project. NULL after saying so where a file is not there. */
static void *data_file(const char *name, size_t *length, char path[512])
{
    const char *folder = getenv("DOGBERRY_DATA");
    void *bytes = NULL;
    snprintf(path, 512, "%s/%s", folder ? folder : "", name);
    if (!folder || access(path, R_OK) != 0 || db_file_read(path, &bytes, length, NULL) != 0)
        printf("skipped: no data (%s)\n", name);
    return bytes;
}

/* The tokenizer as it comes back from its tokenizer.json. */
static void reload(const db_tokenizer *tokenizer, db_tokenizer *again)
{
    char path[] = "/tmp/dogberry-import-XXXXXX", *extra = NULL;
    db_error error;
    close(mkstemp(path));
    assert_int_equal(db_tokenizer_save(tokenizer, path, &extra, &error), 0);
    if (db_tokenizer_load(again, path, extra, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(again->section_bytes, tokenizer->section_bytes);
    assert_memory_equal(again->section, tokenizer->section, tokenizer->section_bytes);
    free(extra);
    unlink(path);
}

/* ---- llama2.c ---- */

static void llama_is_close(const uint8_t *bytes, size_t length, const uint16_t *tokens, size_t count)
{
    db_model_dir model = {0};
    db_error error;
    double *wanted = db_allocate(VOCAB_MOST * sizeof *wanted);
    float *got = db_allocate(VOCAB_MOST * sizeof *got);
    if (db_llama2c_read(&model, bytes, length, "file", &error) != 0)
        fail_msg("%s", error.message);
    llama_reference(bytes, tokens, count, wanted);
    run_model(&model, tokens, count, got);
    for (uint32_t v = 0; v < model.config.vocab; v++)
        assert_float_equal(got[v], wanted[v], 1e-4);
    free(wanted);
    free(got);
    db_model_dir_free(&model);
}

static void llama_computes_alike(void **state)
{
    (void)state;
    const uint16_t tokens[] = {1, 261, 7, 280, 270, 3, 261, 266, 262, 259, 279, 278, 277, 5};
    for (int shared = -1; shared <= 1; shared += 2) {
        make_llama(&file, shared);
        for (size_t count = 1; count <= sizeof tokens / sizeof *tokens; count += 4)
            llama_is_close(file.bytes, file.length, tokens, count);
    }
}

static void last_gain_unties(void **state)
{
    (void)state;
    db_model_dir model = {0};
    make_llama(&file, 1);
    assert_int_equal(db_llama2c_read(&model, file.bytes, file.length, "file", NULL), 0);
    assert_int_equal(model.config.output, DOGBERRY_DENSE);
    db_model_dir_free(&model);
    float one = 1;
    uint8_t *gain = file.bytes + file.length - 4 * (size_t)(LLAMA_DIM + LLAMA_CONTEXT * (LLAMA_DIM / LLAMA_HEADS));
    for (size_t i = 0; i < LLAMA_DIM; i++)
        memcpy(gain + 4 * i, &one, sizeof one);
    model = (db_model_dir){0};
    assert_int_equal(db_llama2c_read(&model, file.bytes, file.length, "file", NULL), 0);
    assert_int_equal(model.config.output, DOGBERRY_TIED);
    db_model_dir_free(&model);
    llama_is_close(file.bytes, file.length, (const uint16_t[]){1, 5, 270}, 3);
}

/* Lines one by one, as the reference takes time in the square. Returns how many tokens there were. */
static size_t encodes_lines_alike(const db_tokenizer *tokenizer, const scored *pieces, size_t vocab, const char *text)
{
    static uint16_t wanted[TEXT_MOST], got[TEXT_MOST];
    size_t tokens = 0;
    while (*text) {
        size_t length = strcspn(text, "\n");
        length += text[length] == '\n';
        assert_true(length < TEXT_MOST / 4);
        const size_t count = llama_encode(pieces, vocab, text, length, wanted);
        assert_int_equal(encode(tokenizer, text, length, got), count);
        assert_memory_equal(got, wanted, count * sizeof *got);
        tokens += count;
        text += length;
    }
    return tokens;
}

static const char HARD_TEXT[] =
    "the thing\n \"he\"  the\tcaf\xC3\xA9 \xE2\x80\x9Cin\xE2\x80\x9D\n\n  in\n\"The\" 2023 "
    "\xE2\x80\x9E\xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x98\x80.\n'the' thethethe nging hang aaaa\n"
    " \n   \n\xC2\xA0the\x01\x7F\nthe";

static void llama_encodes_alike(void **state)
{
    (void)state;
    db_tokenizer tokenizer, again;
    size_t lost;
    db_error error;
    make_llama_tokenizer(&file);
    scored *pieces = llama_pieces(file.bytes, LLAMA_VOCAB);
    if (db_llama2c_read_tokenizer(&tokenizer, file.bytes, file.length, LLAMA_VOCAB, &lost, "file", &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(lost, 0);
    assert_int_equal(tokenizer.view.end, 1);
    assert_true(encodes_lines_alike(&tokenizer, pieces, LLAMA_VOCAB, HARD_TEXT) > 80);
    reload(&tokenizer, &again);
    encodes_lines_alike(&again, pieces, LLAMA_VOCAB, HARD_TEXT);
    db_tokenizer_free(&tokenizer);
    db_tokenizer_free(&again);
    free(pieces);
}

/* The longest piece there is, a quote and fifteen letters of four bytes each, begins a text, so that a space goes
 * before it: 64 tokens to merge at once, for which an encoder has no room to spare. */
static void longest_piece_is_led(void **state)
{
    (void)state;
    enum { LETTERS = 15, BYTES = 3 + 4 * LETTERS };
    char text[BYTES + 1] = "\u2019";
    db_tokenizer tokenizer;
    size_t lost;
    db_error error;
    for (int i = 0; i < LETTERS; i++)
        strcat(text, "\U00010330");
    dogberry_cursor cursor = {.text = text, .length = BYTES};
    assert_int_equal(strlen(text), BYTES);
    assert_int_equal(dogberry_split_bpe(&cursor), BYTES);
    make_llama_tokenizer(&file);
    scored *pieces = llama_pieces(file.bytes, LLAMA_VOCAB);
    if (db_llama2c_read_tokenizer(&tokenizer, file.bytes, file.length, LLAMA_VOCAB, &lost, "file", &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(encodes_lines_alike(&tokenizer, pieces, LLAMA_VOCAB, text), BYTES + 1);
    free(pieces);
    db_tokenizer_free(&tokenizer);
}

/* A text comes back without the space that encoding puts before it. */
static void llama_decodes(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    uint16_t ids[TEXT_MOST];
    char text[TEXT_MOST] = "";
    size_t lost, length = 0;
    make_llama_tokenizer(&file);
    assert_int_equal(db_llama2c_read_tokenizer(&tokenizer, file.bytes, file.length, LLAMA_VOCAB, &lost, "f", NULL), 0);
    const size_t count = encode(&tokenizer, HARD_TEXT, sizeof HARD_TEXT - 1, ids);
    dogberry_decoder decoder = {0};
    for (size_t i = 0; i < count; i++) {
        const int used = dogberry_decode(&tokenizer.view, &decoder, ids[i], text + length, DOGBERRY_PIECE_MAX);
        assert_true(used >= 0);
        length += (size_t)used;
    }
    assert_string_equal(text, HARD_TEXT);
    db_tokenizer_free(&tokenizer);
}

/* A token that no single piece of text can be is kept, but counted. */
static void crossing_tokens_are_counted(void **state)
{
    (void)state;
    db_tokenizer tokenizer;
    size_t lost;
    uint16_t ids[8];
    make_llama_tokenizer(&file);
    put_token(&file, -0.5f, "e.");
    assert_int_equal(
        db_llama2c_read_tokenizer(&tokenizer, file.bytes, file.length, LLAMA_VOCAB + 1, &lost, "file", NULL), 0);
    assert_int_equal(lost, 1);
    assert_int_equal(encode(&tokenizer, "the.", 4, ids), 2);
    db_tokenizer_free(&tokenizer);
}

static void llama_refuses(size_t length, const char *reason)
{
    db_model_dir model = {0};
    db_error error = {""};
    uint8_t *bytes = malloc(length ? length : 1); /* its end is watched by the sanitizer */
    memcpy(bytes, file.bytes, length);
    assert_int_equal(db_llama2c_read(&model, bytes, length, "file", &error), -1);
    if (!strstr(error.message, reason) || strchr(error.message, '\n'))
        fail_msg("no \"%s\" in: %s", reason, error.message);
    db_model_dir_free(&model);
    free(bytes);
}

static void set_field(size_t field, uint32_t value)
{
    make_llama(&file, 1);
    memcpy(file.bytes + 4 * field, &value, sizeof value);
}

static void damaged_llama_is_refused(void **state)
{
    (void)state;
    make_llama(&file, 1);
    for (size_t length = 0; length < file.length; length += length < 40 ? 1 : 97)
        llama_refuses(length, "file: ");
    llama_refuses(file.length - 1, "cut off");
    llama_refuses(file.length + 4, "another kind");
    set_field(0, 0);
    llama_refuses(file.length, "dim is 0");
    set_field(1, 7);
    llama_refuses(file.length, "its sizes make");
    set_field(2, 17);
    llama_refuses(file.length, "n_layers is 17");
    set_field(3, 3);
    llama_refuses(file.length, "3 heads do not divide");
    set_field(3, 8);
    llama_refuses(file.length, "odd width 1");
    set_field(4, 0x80000000);
    llama_refuses(file.length, "n_kv_heads is -2147483648");
    set_field(5, 0x80000000);
    llama_refuses(file.length, "a vocabulary of -2147483648");
    set_field(5, LLAMA_VOCAB - 1);
    llama_refuses(file.length, "another kind");
    set_field(6, 5000);
    llama_refuses(file.length, "seq_len is 5000");
    set_field(0, 0x616B3432);
    llama_refuses(file.length, "--version 0");
    make_llama(&file, 1);
    memcpy(file.bytes + 28 + 4 * 5, &(float){NAN}, 4);
    llama_refuses(file.length, "weight 5 of");
    make_llama(&file, 1); /* a weight and its gain, each finite */
    const size_t gain = 28 + 4 * (size_t)LLAMA_VOCAB * LLAMA_DIM, query = gain + 4 * (size_t)LLAMA_LAYERS * LLAMA_DIM;
    memcpy(file.bytes + gain, &(float){1e30f}, 4);
    memcpy(file.bytes + query, &(float){-1e30f}, 4);
    llama_refuses(file.length, "times the gain");
}

static void tokenizer_refuses(size_t length, uint32_t vocab, const char *reason)
{
    db_tokenizer tokenizer;
    size_t lost;
    db_error error = {""};
    uint8_t *bytes = malloc(length ? length : 1);
    memcpy(bytes, file.bytes, length);
    assert_int_equal(db_llama2c_read_tokenizer(&tokenizer, bytes, length, vocab, &lost, "file", &error), -1);
    if (!strstr(error.message, reason) || strchr(error.message, '\n'))
        fail_msg("no \"%s\" in: %s", reason, error.message);
    db_tokenizer_free(&tokenizer);
    free(bytes);
}

static void damaged_tokenizers_are_refused(void **state)
{
    (void)state;
    make_llama_tokenizer(&file);
    for (size_t length = 0; length < file.length; length += 3)
        tokenizer_refuses(length, LLAMA_VOCAB, "file: ");
    tokenizer_refuses(file.length, LLAMA_VOCAB + 1, "of another model");
    tokenizer_refuses(file.length, LLAMA_VOCAB - 1, "larger vocabulary");
    tokenizer_refuses(file.length, 16, "larger vocabulary");
    const size_t last = file.length - strlen(LLAMA_PIECES[LLAMA_PIECE_COUNT - 1]);
    file.bytes[last] = 'c';
    tokenizer_refuses(file.length, LLAMA_VOCAB, "both \"c\"");
    file.bytes[last] = 0xFF;
    tokenizer_refuses(file.length, LLAMA_VOCAB, "not UTF-8");
    memcpy(file.bytes + last - 8, &(float){NAN}, 4);
    tokenizer_refuses(file.length, LLAMA_VOCAB, "not a finite number");
    memcpy(file.bytes + last - 4, &(uint32_t){49}, 4);
    tokenizer_refuses(file.length, LLAMA_VOCAB, "49 bytes");
    make_llama_tokenizer(&file);
    memcpy(file.bytes + 4 + 13 + 13 + 14 + 0x41 * 14 + 8, "<0x40>", 6);
    tokenizer_refuses(file.length, LLAMA_VOCAB, "is not \"<0x41>\"");
}

/* What run.c gave for the published model: logits behind a prompt, and 200 tokens of greedy text. */
static const char PROMPT[] =
    "Lily said, \xE2\x80\x9CI don\xE2\x80\x99t know the caf\xC3\xA9\xE2\x80\xA6\xE2\x80\x9D Then "
    "she went home";
static const double PROMPT_LOGITS[] = {
/* tokens 0, 8, 16, ... */
#include "golden/stories260k.inc"
};
enum { GREEDY_TOKENS = 200, GREEDY_BYTES = 464 };
#define GREEDY_CRC 0x85797442u

static void greedy_text(const db_model_dir *model, char *text, size_t *length)
{
    db_pass *pass = db_pass_new(&model->config, 1, 1, false);
    float *logits = db_allocate(model->config.vocab * sizeof *logits);
    dogberry_decoder decoder = {0};
    uint16_t token = model->start_token;
    for (int i = 0; i < GREEDY_TOKENS; i++) {
        db_pass_step(pass, model->parameters, &token, logits);
        token = 0;
        for (uint32_t v = 1; v < model->config.vocab; v++)
            token = logits[v] > logits[token] ? (uint16_t)v : token;
        *length += (size_t)dogberry_decode(&model->tokenizer.view, &decoder, token, text + *length, DOGBERRY_PIECE_MAX);
    }
    free(logits);
    db_pass_free(pass);
}

static void published_llama(const db_model_dir *model)
{
    uint16_t ids[64] = {1};
    char *text = db_allocate((size_t)GREEDY_TOKENS * DOGBERRY_PIECE_MAX);
    float *logits = db_allocate(model->config.vocab * sizeof *logits);
    size_t length = 0;
    const size_t count = 1 + encode(&model->tokenizer, PROMPT, sizeof PROMPT - 1, ids + 1);
    assert_int_equal(count, 29);
    run_model(model, ids, count, logits);
    for (size_t i = 0; i < sizeof PROMPT_LOGITS / sizeof *PROMPT_LOGITS; i++)
        assert_float_equal(logits[8 * i], PROMPT_LOGITS[i], 1e-4);
    greedy_text(model, text, &length);
    assert_int_equal(length, GREEDY_BYTES);
    assert_int_equal(dogberry_crc32(0, text, length), GREEDY_CRC);
    free(text);
    free(logits);
}

static void published_llama_is_the_same(void **state)
{
    (void)state;
    char path[512];
    size_t weights_length = 0, words_length = 0, text_length = 0, lost;
    uint8_t *weights = data_file("llama2c/stories260K.bin", &weights_length, path);
    uint8_t *words = weights ? data_file("llama2c/tok512.bin", &words_length, path) : NULL;
    if (words) {
        db_model_dir model = {0};
        assert_int_equal(db_llama2c_read(&model, weights, weights_length, path, NULL), 0);
        assert_int_equal(db_llama2c_read_tokenizer(&model.tokenizer, words, words_length, 512, &lost, path, NULL), 0);
        assert_int_equal(lost, 0);
        published_llama(&model);
        char *text = data_file("tinystories-sample.txt", &text_length, path);
        scored *pieces = llama_pieces(words, 512);
        if (text) {
            text[text_length < 60000 ? text_length : 60000] = 0; /* the reference is slow */
            assert_true(encodes_lines_alike(&model.tokenizer, pieces, 512, text) > 1000);
        }
        free(pieces);
        free(text);
        db_model_dir_free(&model);
    }
    free(weights);
    free(words);
}

/* ---- tiny-transformers-rp2040 ---- */

/* Ids there of the tokens that are kept here. */
static size_t kept_ids(const uint8_t *words, uint32_t *ids)
{
    const size_t all = (size_t)words[0] | (size_t)words[1] << 8;
    size_t kept = 0, at = 2;
    for (uint32_t id = 0; id < all; id++) {
        const size_t length = words[at++];
        at += length;
        if (length)
            ids[kept++] = id;
    }
    return kept;
}

static void tiny_is_close(const db_foreign_file *weights, const db_foreign_file *words, const char *text)
{
    db_model_dir model = {0};
    db_error error;
    size_t empty;
    uint32_t there[65536 / 64];
    uint16_t here[64] = {1}, tokens[64];
    double *wanted = db_allocate(65536 * sizeof *wanted);
    float *got = db_allocate(65536 * sizeof *got);
    if (db_rp2040_read(&model, weights, words, &empty, &error) != 0)
        fail_msg("%s", error.message);
    const size_t kept = kept_ids(words->bytes, there),
                 count = 1 + encode(&model.tokenizer, text, strlen(text), here + 1);
    assert_int_equal(kept, model.config.vocab);
    for (size_t i = 0; i < count; i++)
        tokens[i] = (uint16_t)there[here[i]];
    tiny_reference(weights->bytes, tokens, count, wanted);
    run_model(&model, here, count, got);
    for (size_t v = 0; v < kept; v++)
        assert_float_equal(got[v], wanted[there[v]], 1e-4);
    free(wanted);
    free(got);
    db_model_dir_free(&model);
}

static db_foreign_file as_file(const made_file *made, const char *path)
{
    return (db_foreign_file){made->bytes, made->length, path};
}

static void tiny_computes_alike(void **state)
{
    (void)state;
    make_tiny(&file);
    make_tiny_vocabulary(&other);
    const db_foreign_file weights = as_file(&file, "model"), words = as_file(&other, "words");
    tiny_is_close(&weights, &words, "h");
    tiny_is_close(&weights, &words, "The thing ate Z");
}

/* The longest token wherever it ends, capitals as small letters, one unknown for each character, specials never. */
static void tiny_encodes(void **state)
{
    (void)state;
    db_model_dir model = {0};
    db_tokenizer again;
    size_t empty;
    uint16_t ids[64];
    make_tiny(&file);
    make_tiny_vocabulary(&other);
    const db_foreign_file weights = as_file(&file, "model"), words = as_file(&other, "words");
    assert_int_equal(db_rp2040_read(&model, &weights, &words, &empty, NULL), 0);
    assert_int_equal(empty, 3);
    assert_int_equal(model.config.vocab, 21);
    /* "n", "ing ", "t", "he", " ", unknown, unknown, "ab", "." */
    const uint16_t wanted[] = {10, 16, 6, 14, 4, 3, 3, 20, 18};
    const char text[] = "nING the \xC3\xA9!ab.";
    for (int round = 0; round < 2; round++) {
        const db_tokenizer *tokenizer = round ? &again : &model.tokenizer;
        assert_int_equal(encode(tokenizer, text, sizeof text - 1, ids), 9);
        assert_memory_equal(ids, wanted, sizeof wanted);
        assert_int_equal(encode(tokenizer, "<s>", 3, ids), 3);
        if (!round)
            reload(&model.tokenizer, &again);
    }
    db_tokenizer_free(&again);
    db_model_dir_free(&model);
}

static void tiny_refuses(size_t weights_length, size_t words_length, const char *reason)
{
    db_model_dir model = {0};
    db_error error = {""};
    size_t empty;
    uint8_t *bytes = malloc(weights_length + 1), *texts = malloc(words_length + 1);
    memcpy(bytes, file.bytes, weights_length);
    memcpy(texts, other.bytes, words_length);
    const db_foreign_file weights = {bytes, weights_length, "model"}, words = {texts, words_length, "words"};
    assert_int_equal(db_rp2040_read(&model, &weights, &words, &empty, &error), -1);
    if (!strstr(error.message, reason) || strchr(error.message, '\n'))
        fail_msg("no \"%s\" in: %s", reason, error.message);
    db_model_dir_free(&model);
    free(bytes);
    free(texts);
}

static void damaged_tiny_is_refused(void **state)
{
    (void)state;
    make_tiny(&file);
    make_tiny_vocabulary(&other);
    for (size_t length = 0; length < file.length; length += length < 40 ? 1 : 7)
        tiny_refuses(length, other.length, "model: ");
    for (size_t length = 0; length < other.length; length++)
        tiny_refuses(file.length, length, "words: ");
    tiny_refuses(file.length - 1, other.length, "cut off or quantized");
    tiny_refuses(file.length + 1, other.length, "another kind");
    other.length++;
    tiny_refuses(file.length, other.length, "1 bytes behind");
    make_tiny_vocabulary(&other);
    other.bytes[0]--;
    tiny_refuses(file.length, other.length, "do not belong together");
    make_tiny_vocabulary(&other);
    memcpy(other.bytes + other.length - 4, "he", 2); /* for "ab" */
    tiny_refuses(file.length, other.length, "\"he\" is there twice");
    make_tiny_vocabulary(&other);
    memcpy(file.bytes + file.length - 4, &(float){INFINITY}, 4);
    tiny_refuses(file.length, other.length, "not a finite number");
    make_tiny(&file);
    memcpy(file.bytes + 20, &(uint32_t){0}, 4);
    tiny_refuses(file.length, other.length, "context is 0");
}

static void config_is_compared(void **state)
{
    (void)state;
    db_model_dir model = {0};
    db_error error;
    size_t empty;
    make_tiny(&file);
    make_tiny_vocabulary(&other);
    const db_foreign_file weights = as_file(&file, "model"), words = as_file(&other, "words");
    assert_int_equal(db_rp2040_read(&model, &weights, &words, &empty, NULL), 0);
    const char good[] = "{\"vocab_size\": 24, \"dim\": 6, \"n_heads\": 3}", bad[] = "{\"n_layers\": 3}", none[] = "[";
    assert_int_equal(db_rp2040_check(&model, empty, &(db_foreign_file){good, sizeof good - 1, "c"}, &error), 0);
    assert_int_equal(db_rp2040_check(&model, empty, &(db_foreign_file){bad, sizeof bad - 1, "c"}, &error), -1);
    assert_non_null(strstr(error.message, "\"n_layers\" is not 2"));
    assert_int_equal(db_rp2040_check(&model, empty, &(db_foreign_file){none, sizeof none - 1, "c"}, &error), -1);
    db_model_dir_free(&model);
}

/* Logits of tokens 0, 8, 16, ... that the original program gave behind a prompt. */
typedef struct {
    const char *folder, *number;
    size_t tokens;
    double logits[15];
} published;

static const published PUBLISHED[] = {
#include "golden/rp2040.inc"
};

static void published_tiny(const published *it, const db_foreign_file *weights, const db_foreign_file *words)
{
    db_model_dir model = {0};
    size_t empty;
    uint16_t ids[64] = {1};
    float logits[VOCAB_MOST];
    static const char prompt[] = "Once upon a time, the king's DOG";
    assert_int_equal(db_rp2040_read(&model, weights, words, &empty, NULL), 0);
    const size_t count = 1 + encode(&model.tokenizer, prompt, sizeof prompt - 1, ids + 1);
    assert_int_equal(count, it->tokens);
    run_model(&model, ids, count, logits);
    for (uint32_t i = 0; 8 * i < model.config.vocab && i < 15; i++)
        assert_float_equal(logits[8 * i], it->logits[i], 1e-4);
    db_model_dir_free(&model);
}

static void published_tiny_is_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof PUBLISHED / sizeof *PUBLISHED; i++) {
        const published *it = &PUBLISHED[i];
        char name[256], path[512];
        db_foreign_file weights = {.path = "model"}, words = {.path = "words"};
        snprintf(name, sizeof name, "rp2040-v4/%s/model_%sp.bin", it->folder, it->number);
        void *bytes = data_file(name, &weights.length, path);
        snprintf(name, sizeof name, "rp2040-v4/%s/vocab_%sp.bin", it->folder, it->number);
        void *texts = bytes ? data_file(name, &words.length, path) : NULL;
        weights.bytes = bytes;
        words.bytes = texts;
        if (texts) {
            published_tiny(it, &weights, &words);
            tiny_is_close(&weights, &words, "Good morning. How are you?");
        }
        free(bytes);
        free(texts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(llama_computes_alike),
        cmocka_unit_test(last_gain_unties),
        cmocka_unit_test(llama_encodes_alike),
        cmocka_unit_test(longest_piece_is_led),
        cmocka_unit_test(llama_decodes),
        cmocka_unit_test(crossing_tokens_are_counted),
        cmocka_unit_test(damaged_llama_is_refused),
        cmocka_unit_test(damaged_tokenizers_are_refused),
        cmocka_unit_test(published_llama_is_the_same),
        cmocka_unit_test(tiny_computes_alike),
        cmocka_unit_test(tiny_encodes),
        cmocka_unit_test(damaged_tiny_is_refused),
        cmocka_unit_test(config_is_compared),
        cmocka_unit_test(published_tiny_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
