/* SPDX-License-Identifier: MIT */
#include "train_persona.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/intern.h"
#include "train_record.h"

static const double DEFAULT_SHARE = 0.95;
enum { WORDS_SHOWN = 12, LOSS_TEXT = 64 };

/* What --mix says: where the replayed text comes from (the caller frees it) and its share. "base:0.95", "plays/:0.9".
 */
static int parse_mix(const char *mix, char **source, double *share, db_error *error)
{
    const char *colon = mix ? strrchr(mix, ':') : NULL;
    char *end = NULL;
    *share = DEFAULT_SHARE;
    if (colon) {
        *share = strtod(colon + 1, &end);
        if (end == colon + 1 || *end || !(*share >= 0 && *share <= 0.99))
            return db_fail(error,
                           "--mix %s: behind the colon stands the share of replayed text, 0 to 0.99, as in "
                           "base:0.95",
                           mix);
    }
    *source = db_copy_string(mix ? mix : "base");
    if (colon)
        (*source)[colon - mix] = 0;
    return 0;
}

/* The base's held-out text must not hold what the persona is trained on: its loss would fall by memory. */
static void part_from_persona(const cli_persona *persona, db_corpus *held_out)
{
    db_duplicates found;
    db_duplicates_find(&found, persona->text, held_out, DB_DUPLICATE_SHARE);
    bool *gone = db_allocate(held_out->count + 1);
    for (size_t i = 0; i < found.count; i++) {
        const db_duplicate *pair = &found.pairs[i];
        if (pair->first.in_validation || !pair->second.in_validation || gone[pair->second.index])
            continue;
        gone[pair->second.index] = true;
        if (!persona->given->json)
            printf("note: %s of the base's held-out text holds much of the persona's text and is left out\n",
                   held_out->documents[pair->second.index].name);
    }
    db_corpus_drop(held_out, gone);
    free(gone);
    db_duplicates_free(&found);
}

static void take_replayed(void *user, cli_texts *texts)
{
    cli_persona *persona = user;
    part_from_persona(persona, &texts->validation);
    db_tokens_append(&persona->base, &persona->model->tokenizer, &texts->train);
    db_tokens_append(&persona->base_held_out, &persona->model->tokenizer, &texts->validation);
}

/* Text that --mix names by path; a share of it is held out. */
static int read_named(cli_persona *persona, const char *path, db_error *error)
{
    const char *items[] = {path};
    const cli_text_set set = {.paths = {items, 1}, .lossy = persona->given->lossy};
    cli_texts texts;
    int failed = cli_train_texts_read(&texts, &set, 1, true, error);
    if (!failed) {
        persona->sets = json_array();
        json_array_append_new(persona->sets, cli_record_texts(&set, &texts));
        take_replayed(persona, &texts);
    }
    cli_train_texts_free(&texts);
    return failed;
}

int cli_persona_prepare(cli_persona *persona, const cli_train_settings *given, const db_model_dir *model,
                        const cli_texts *texts, const db_tokens *tokens, db_error *error)
{
    char *source = NULL;
    *persona = (cli_persona){.text = &texts->train, .given = given, .model = model};
    if (parse_mix(given->mix, &source, &persona->share, error))
        return -1;
    int failed;
    assert(source);
    if (strcmp(source, "base") == 0)
        failed = cli_record_read(model->training, given->from, take_replayed, persona, &persona->sets, error);
    else
        failed = read_named(persona, source, error);
    free(source);
    if (failed)
        return -1;
    const uint16_t end = model->tokenizer.view.end;
    const db_sequence base = {persona->base.ids, persona->base.count, model->start_token, end};
    const db_sequence new = {tokens->ids, tokens->count, model->start_token, end};
    return db_mix_make(&persona->mix, &base, &new, persona->share, error);
}

void cli_persona_free(cli_persona *persona)
{
    db_tokens_free(&persona->base);
    db_tokens_free(&persona->base_held_out);
    db_mix_free(&persona->mix);
    json_decref(persona->sets);
}

void cli_persona_calibrate(db_model_dir *model, const db_corpus *text, size_t bytes)
{
    db_model_dir excerpt = {0};
    db_model_dir_set_calibration(&excerpt, text, bytes);
    for (size_t i = 0; i < excerpt.calibration.count; i++) {
        const db_document *document = &excerpt.calibration.documents[i];
        db_corpus_add_text(&model->calibration, document->name, document->text, document->bytes);
    }
    db_corpus_free(&excerpt.calibration);
}

/* Words that the tokenizer does not know, each with its count. */
typedef struct {
    db_intern words;
    size_t *counts;
    size_t capacity;
} unknown_words;

static void count_unknown(unknown_words *found, const dogberry_tokenizer *tokenizer, const db_corpus *corpus)
{
    for (size_t d = 0; d < corpus->count; d++) {
        const char *text = corpus->documents[d].text;
        dogberry_cursor cursor = {.text = text, .length = corpus->documents[d].bytes};
        for (int id; (id = dogberry_encode(tokenizer, &cursor)) >= 0;) {
            if (id != tokenizer->unknown)
                continue;
            uint32_t number = db_intern_add(&found->words, text + cursor.start, cursor.at - cursor.start);
            size_t before = found->capacity;
            found->counts = db_grow(found->counts, &found->capacity, number + 1, sizeof *found->counts);
            if (found->capacity > before)
                memset(found->counts + before, 0, (found->capacity - before) * sizeof *found->counts);
            found->counts[number]++;
        }
    }
}

static void print_unknown(const cli_persona *persona)
{
    unknown_words found = {0};
    count_unknown(&found, &persona->model->tokenizer.view, persona->text);
    if (found.words.count)
        printf("The commonest unknown words:");
    for (size_t shown = 0; shown < WORDS_SHOWN && shown < found.words.count; shown++) {
        uint32_t most = 0;
        size_t length;
        for (uint32_t i = 1; i < found.words.count; i++)
            most = found.counts[i] > found.counts[most] ? i : most;
        const char *word = db_intern_text(&found.words, most, &length);
        printf("%s %.*s", shown ? "," : "", (int)length, word);
        found.counts[most] = 0;
    }
    if (found.words.count)
        putchar('\n');
    db_intern_free(&found.words);
    free(found.counts);
}

static const char *loss_text(const db_measure *measure, char text[LOSS_TEXT])
{
    if (measure->tokens)
        snprintf(text, LOSS_TEXT, "%.3f (perplexity %.1f)", measure->nats_per_token, measure->perplexity);
    else
        snprintf(text, LOSS_TEXT, "not measured");
    return text;
}

void cli_persona_print(const cli_persona *persona, const db_tokens *tokens)
{
    const db_mix *mix = &persona->mix;
    printf(
        "Mixed with %zu words and marks of the base: a pass takes %zu of the persona, read %.1f times, and %zu of the "
        "base (%.1f %%), read %.1f times\n",
        persona->base.count, mix->persona, (double)mix->persona / (double)tokens->count, mix->base,
        100 * (double)mix->base / (double)mix->count,
        persona->base.count ? (double)mix->base / (double)persona->base.count : 0);
    printf("Unknown to the model: %.2f %% of the persona's training text\n",
           100 * (double)tokens->unknown / (double)tokens->count);
    print_unknown(persona);
    char text[2][LOSS_TEXT];
    printf("Held out, before: persona %s, base %s\n", loss_text(&persona->persona_before, text[0]),
           loss_text(&persona->base_before, text[1]));
}

void cli_persona_print_end(const cli_persona *persona)
{
    char text[2][LOSS_TEXT];
    printf("Held out, in nats per token:\n");
    printf("  persona  before %s, after %s\n", loss_text(&persona->persona_before, text[0]),
           loss_text(&persona->persona_after, text[1]));
    printf("  base     before %s, after %s\n", loss_text(&persona->base_before, text[0]),
           loss_text(&persona->base_after, text[1]));
}

json_t *cli_persona_record(const cli_persona *persona)
{
    return json_pack("{s:s, s:f, s:f, s:f, s:f, s:f}", "from", persona->model->name, "base_share", persona->share,
                     "persona_nats_before", persona->persona_before.nats_per_token, "persona_nats_after",
                     persona->persona_after.nats_per_token, "base_nats_before", persona->base_before.nats_per_token,
                     "base_nats_after", persona->base_after.nats_per_token);
}
