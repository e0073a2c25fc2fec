/*
 * dogberry train: texts in, a model directory out.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "commands.h"
#include "interop/model_dir.h"
#include "measured.h"
#include "text/duplicates.h"
#include "texts.h"
#include "train_settings.h"
#include "train_view.h"

/* All that a run works on. */
typedef struct {
    db_corpus train, validation;
    db_tokens train_tokens, validation_tokens;
    db_model_dir model;
    db_train_options options;
    db_train_result result;
} job;

enum { CALIBRATION_BYTES = 32768, LEAST_BYTES = 6000, DUPLICATES_SHOWN = 10 };

static void job_free(job *work)
{
    db_corpus_free(&work->train);
    db_corpus_free(&work->validation);
    db_tokens_free(&work->train_tokens);
    db_tokens_free(&work->validation_tokens);
    db_model_dir_free(&work->model);
}

static void print_corpus(const job *work, const db_coverage *coverage)
{
    printf("Training on %zu documents, %.2f MB; held out: %zu, %.2f MB\n", work->train.count,
           (double)work->train.bytes / 1e6, work->validation.count, (double)work->validation.bytes / 1e6);
    printf("%zu words and marks, %zu different; the commonest cover\n", coverage->tokens, coverage->types);
    for (int i = 0; i < 4; i++)
        printf("  %5u: %5.1f %%", coverage->vocab[i], 100 * coverage->covered[i]);
    printf("\n");
}

/* Says which documents stand twice, and with --dedupe removes them. */
static int look_for_duplicates(job *work, const cli_train_settings *given, db_error *error)
{
    db_duplicates found = {0};
    db_duplicates_find(&found, &work->train, &work->validation, DB_DUPLICATE_SHARE);
    for (size_t i = 0; i < found.count && i < DUPLICATES_SHOWN && !given->json; i++) {
        const db_duplicate *pair = &found.pairs[i];
        printf("note: %s and %s%s %s\n", db_duplicates_document(&pair->first, &work->train, &work->validation)->name,
               db_duplicates_document(&pair->second, &work->train, &work->validation)->name,
               pair->second.in_validation && !pair->first.in_validation ? " (held out)" : "",
               pair->exact ? "are the same text" : "share most of their text");
    }
    if (found.count > DUPLICATES_SHOWN && !given->json)
        printf("note: and %zu more pairs of documents share most of their text\n", found.count - DUPLICATES_SHOWN);
    if (found.count && given->dedupe) {
        db_removed removed = db_duplicates_remove(&found, &work->train, &work->validation);
        if (!given->json)
            printf("note: removed %zu documents from training, %zu from the held-out text\n", removed.training,
                   removed.validation);
    } else if (found.across && !given->json) {
        printf("note: %.0f %% of the held-out text stands in the training text too: its loss will measure memory, not "
               "language; --dedupe removes it\n", 100 * found.leaked);
    }
    db_duplicates_free(&found);
    if (work->train.count == 0 || work->validation.count == 0)
        return db_fail(error, "without the documents that stand twice there is nothing left to %s",
                       work->train.count ? "hold out; give other texts to --val" : "train on");
    return 0;
}

static int learn_tokenizer(job *work, uint32_t kind, db_error *error)
{
    db_tokenizer *tokenizer = &work->model.tokenizer;
    const uint32_t vocab = work->model.config.vocab;
    switch (kind) {
    case DOGBERRY_CHAR:
        return db_tokenizer_learn_char(tokenizer, &work->train, vocab, error);
    case DOGBERRY_BPE:
        return db_tokenizer_learn_bpe(tokenizer, &work->train, vocab, error);
    default:
        return db_tokenizer_learn_word(tokenizer, &work->train, vocab, error);
    }
}

/* Reads the texts and divides them. */
static int read_texts(job *work, const cli_train_settings *given, db_error *error)
{
    if (cli_texts_read(&work->train, &given->paths, given->lossy, error))
        return -1;
    if (work->train.bytes < LEAST_BYTES)
        return db_fail(error, "%zu bytes of text are too few to learn from; %d would be the least, and 500,000 begin to "
                              "be useful (`dogberry corpus stories` makes some)", work->train.bytes, LEAST_BYTES);
    if (cli_texts_divide(&work->train, &work->validation, &given->validation, given->lossy, error))
        return -1;
    return look_for_duplicates(work, given, error);
}

/* Reads the texts and learns the tokenizer; the model's sizes are known after this. */
static int prepare(job *work, const cli_train_settings *given, db_error *error)
{
    db_coverage coverage;
    uint32_t kind;
    db_model_dir *model = &work->model;
    if (read_texts(work, given, error))
        return -1;
    db_coverage_measure(&coverage, &work->train);
    if (!given->json)
        print_corpus(work, &coverage);
    if (cli_train_choose(given, &coverage, &model->config, &kind, error) || learn_tokenizer(work, kind, error))
        return -1;
    db_tokens_append(&work->train_tokens, &model->tokenizer, &work->train);
    db_tokens_append(&work->validation_tokens, &model->tokenizer, &work->validation);
    model->start_token = model->tokenizer.view.end;
    db_layout_make(&model->layout, &model->config);
    model->parameters = db_allocate(model->layout.parameters * sizeof *model->parameters);
    snprintf(model->name, sizeof model->name, "%s", given->name ? given->name : given->preset ? given->preset : "model");
    db_model_dir_set_calibration(model, &work->validation, CALIBRATION_BYTES);
    cli_train_options(given, &model->config, work->train_tokens.count, &work->options);
    return 0;
}

static void print_model(const job *work)
{
    const db_model_config *config = &work->model.config;
    static const char *const heads[] = {"dense", "tied", "factored"};
    printf("Model: %s, vocabulary %u, embedding %u, hidden %u, layers %u, %s output: %zu parameters\n",
           config->architecture == DOGBERRY_GRU ? "GRU" : "LSTM", config->vocab, config->embedding, config->hidden,
           config->layers, heads[config->output], work->model.layout.parameters);
    printf("Unknown words: %.2f %% in training, %.2f %% held out\n",
           100.0 * (double)work->train_tokens.unknown / (double)work->train_tokens.count,
           100.0 * (double)work->validation_tokens.unknown / (double)work->validation_tokens.count);
}

static char *describe_training(const job *work, const cli_train_settings *given, const db_measure *report)
{
    char hash[24], date[32];
    time_t now = time(NULL);
    struct tm parts;
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)db_corpus_hash(&work->train));
    strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&now, &parts));
    json_t *object = json_pack(
        "{s:s, s:s, s:f, s:f, s:f, s:f, s:I, s:f, s:I, s:I, s:s}", "corpus_hash", hash, "date", date,
        "validation_nats_per_token", report->nats_per_token, "validation_perplexity", report->perplexity,
        "validation_bits_per_character", report->bits_per_character, "validation_unknown_share", report->unknown_share,
        "steps", (json_int_t)work->result.steps, "minutes", work->result.seconds / 60, "seed", (json_int_t)given->seed,
        "threads", (json_int_t)work->options.threads, "preset", given->preset ? given->preset : "");
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

static void print_end(const job *work, const cli_train_settings *given, const db_measure *report)
{
    static const char *const endings[] = {"", "; the held-out loss no longer fell", "; stopped early as asked",
                                          "; the loss was not a number again and again"};
    char elapsed[24];
    printf("Trained %.1f epochs in %s, %.0f words/s%s\n", work->result.last.epoch,
           cli_duration(work->result.seconds, elapsed),
           work->result.training_seconds > 0 ? (double)work->result.last.words / work->result.training_seconds : 0,
           endings[work->result.end]);
    printf("Held out: ");
    cli_measure_print(report);
    printf("Saved in %s. Next: dogberry pack %s -o %s.dog\n", given->output, given->output, work->model.name);
}

/* Trains, measures on the held-out text and saves. */
static int train(job *work, const cli_train_settings *given, db_error *error)
{
    db_model_dir *model = &work->model;
    uint16_t end = model->tokenizer.view.end;
    db_sequence text = cli_sequence(&work->train_tokens, model->start_token, end);
    db_sequence held_out = cli_sequence(&work->validation_tokens, model->start_token, end);
    cli_train_view view = {.config = &model->config, .tokenizer = &model->tokenizer, .special = text,
                           .seed = given->seed, .samples = !given->quiet};
    if (db_make_folder(given->output, error) || db_train_options_check(&work->options, error))
        return -1;
    db_train_initialize(&model->config, given->seed, model->parameters);
    db_train_callbacks callbacks = {0};
    if (!given->json)
        callbacks = cli_train_view_start(&view);
    int failed = db_train_run(&model->config, model->parameters, &text, &held_out, &work->options, &callbacks,
                              &work->result, error);
    if (!given->json)
        cli_train_view_end(&view);
    if (failed)
        return -1;
    db_measure report;
    cli_measure_float(&report, model, &work->validation_tokens, work->options.threads);
    model->training = describe_training(work, given, &report);
    if (db_model_dir_save(model, given->output, error))
        return -1;
    if (given->json)
        printf("%s\n", model->training);
    else
        print_end(work, given, &report);
    return 0;
}

static int run(int argc, char **argv)
{
    cli_train_settings given;
    db_error error;
    int status = cli_train_parse(&given, argc, argv);
    if (status < 0) {
        job work = {0};
        status = prepare(&work, &given, &error);
        if (status == 0) {
            if (!given.json)
                print_model(&work);
            status = train(&work, &given, &error);
        }
        if (status)
            status = cli_failed(&cli_train, error.message);
        job_free(&work);
    }
    cli_train_settings_free(&given);
    return status;
}

const cli_command cli_train = {
    .name = "train",
    .synopsis = "TEXT... -o DIR [--val PATH|SHARE] [--preset NAME] [--minutes M]",
    .summary = "learn a model from files and folders of text",
    .details = "Reads UTF-8 text, learns a tokenizer, and trains on both cores. The directory receives\n"
               "model.safetensors, config.json, tokenizer.json, history.jsonl and curve.svg.\n"
               "Ctrl-C ends the run and keeps the best weights so far.",
    .examples = "  dogberry train stories.txt -o model\n"
                "  dogberry train plays/ -o bard --val macbeth.txt --preset dogberry --minutes 20\n"
                "  dogberry train chat.txt -o chat --epochs 5 --val 0.1",
    .run = run,
};
