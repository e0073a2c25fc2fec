/*
 * dogberry train: texts in, a model directory out.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "commands.h"
#include "interop/model_dir.h"
#include "measured.h"
#include "texts.h"
#include "train_view.h"

/* What the command line said; training options are overridden only where given. */
typedef struct {
    const char *output, *preset, *name;
    cli_list validation;
    bool lossy, quiet, json;
    unsigned long vocab, embedding, hidden, layers, threads, seed, batch, window, patience, steps;
    double epochs, minutes, rate, dropout;
} settings;

/* All that a run works on. */
typedef struct {
    db_corpus train, validation;
    db_tokens train_tokens, validation_tokens;
    db_model_dir model;
    db_train_options options;
    db_train_result result;
} job;

enum { CALIBRATION_BYTES = 32768, LEAST_BYTES = 6000 };
static const double DEFAULT_MINUTES = 10;

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

/* The preset asked for, or the largest of its family that the text can fill. */
static int choose_config(const settings *given, const db_coverage *coverage, db_model_config *config, db_error *error)
{
    const char *name = given->preset;
    if (!name)
        name = coverage->types >= 8000 && coverage->tokens >= 200000 ? "dogberry" : "word-1k";
    const db_preset *preset = db_preset_find(name);
    if (!preset)
        return db_fail(error, "--preset %s: there is no such preset; `dogberry presets` lists them", name);
    *config = preset->config;
    if (!given->preset && !given->vocab && coverage->types + 4 < config->vocab)
        config->vocab = (uint32_t)coverage->types + 4; /* a short text: every word it has */
    if (given->vocab)
        config->vocab = (uint32_t)given->vocab;
    if (given->embedding)
        config->embedding = (uint32_t)given->embedding;
    if (given->hidden)
        config->hidden = (uint32_t)given->hidden;
    if (given->layers)
        config->layers = (uint32_t)given->layers;
    return db_model_config_check(config, error);
}

/* Reads the texts and learns the tokenizer; the model's sizes are known after this. */
static int prepare(job *work, const settings *given, const cli_list *paths, db_error *error)
{
    db_coverage coverage;
    if (cli_texts_read(&work->train, paths, given->lossy, error))
        return -1;
    if (work->train.bytes < LEAST_BYTES)
        return db_fail(error, "%zu bytes of text are too few to learn from; %d would be the least, and 500,000 begin to "
                              "be useful (`dogberry corpus stories` makes some)", work->train.bytes, LEAST_BYTES);
    if (cli_texts_divide(&work->train, &work->validation, &given->validation, given->lossy, error))
        return -1;
    db_coverage_measure(&coverage, &work->train);
    if (!given->json)
        print_corpus(work, &coverage);
    db_model_dir *model = &work->model;
    if (choose_config(given, &coverage, &model->config, error) ||
        db_tokenizer_learn_word(&model->tokenizer, &work->train, model->config.vocab, error))
        return -1;
    db_tokens_append(&work->train_tokens, &model->tokenizer, &work->train);
    db_tokens_append(&work->validation_tokens, &model->tokenizer, &work->validation);
    model->start_token = model->tokenizer.view.end;
    db_layout_make(&model->layout, &model->config);
    model->parameters = db_allocate(model->layout.parameters * sizeof *model->parameters);
    snprintf(model->name, sizeof model->name, "%s", given->name ? given->name : given->preset ? given->preset : "model");
    db_model_dir_set_calibration(model, &work->validation, CALIBRATION_BYTES);
    return 0;
}

static void print_model(const job *work)
{
    const db_model_config *config = &work->model.config;
    printf("Model: %s, vocabulary %u, embedding %u, hidden %u, layers %u: %zu parameters\n",
           config->architecture == DOGBERRY_GRU ? "GRU" : "LSTM", config->vocab, config->embedding, config->hidden,
           config->layers, work->model.layout.parameters);
    printf("Unknown words: %.2f %% in training, %.2f %% held out\n",
           100.0 * (double)work->train_tokens.unknown / (double)work->train_tokens.count,
           100.0 * (double)work->validation_tokens.unknown / (double)work->validation_tokens.count);
}

static void set_options(job *work, const settings *given)
{
    db_train_options *options = &work->options;
    db_train_defaults(options, &work->model.config, work->train_tokens.count);
    options->threads = (uint32_t)(given->threads ? given->threads : (unsigned long)omp_get_num_procs());
    options->seed = given->seed;
    options->folder = given->output;
    options->epochs = given->epochs;
    options->minutes = given->minutes;
    options->steps = given->steps;
    if (given->epochs <= 0 && given->minutes <= 0 && !given->steps)
        options->minutes = DEFAULT_MINUTES;
    if (given->batch)
        options->batch = (uint32_t)given->batch;
    if (given->window)
        options->window = (uint32_t)given->window;
    if (given->patience)
        options->patience = (uint32_t)given->patience;
    if (given->rate > 0)
        options->learning_rate = given->rate;
    if (given->dropout >= 0)
        options->drop_input = options->drop_hidden = options->drop_output = given->dropout;
    options->batch = (options->batch + options->threads - 1) / options->threads * options->threads;
}

static char *describe_training(const job *work, const settings *given, const db_measure *report)
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

static void print_end(const job *work, const settings *given, const db_measure *report)
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
static int train(job *work, const settings *given, db_error *error)
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

static int parse(settings *given, int argc, char **argv, cli_list *paths)
{
    cli_option options[] = {
        {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = &given->output, .argument = "DIR",
         .help = "the model directory to write"},
        {.name = "val", .kind = CLI_LIST, .value = &given->validation, .argument = "PATH|SHARE",
         .help = "held-out text: a file, one of the texts by name, or a share (repeatable) [0.05]"},
        {.name = "preset", .letter = 'p', .kind = CLI_TEXT, .value = &given->preset, .argument = "NAME",
         .help = "sizes of the model, see `dogberry presets` (as the text allows)"},
        {.name = "minutes", .letter = 'm', .kind = CLI_REAL, .value = &given->minutes, .argument = "M", .most = 100000,
         .help = "wall clock to spend; the rate is lowered to zero in time (10, unless --epochs)"},
        {.name = "epochs", .letter = 'e', .kind = CLI_REAL, .value = &given->epochs, .argument = "E", .most = 100000,
         .help = "passes over the text"},
        {.name = "steps", .kind = CLI_COUNT, .value = &given->steps, .argument = "N", .most = 1e12,
         .help = "updates of the weights, as an earlier run reported them, to repeat it"},
        {.name = "threads", .letter = 'j', .kind = CLI_COUNT, .value = &given->threads, .argument = "N", .least = 1,
         .most = 64, .help = "cores to use (all)"},
        {.name = "seed", .letter = 's', .kind = CLI_COUNT, .value = &given->seed, .argument = "N",
         .help = "same seed, steps and threads: the same weights"},
        {.name = "name", .kind = CLI_TEXT, .value = &given->name, .argument = "NAME", .help = "what the model is called"},
        {.name = "vocab", .kind = CLI_COUNT, .value = &given->vocab, .argument = "N", .least = 16, .most = 65535,
         .help = "words and marks (the preset's)"},
        {.name = "embedding", .kind = CLI_COUNT, .value = &given->embedding, .argument = "N", .least = 1, .most = 4096,
         .help = "width of the embedding (the preset's)"},
        {.name = "hidden", .kind = CLI_COUNT, .value = &given->hidden, .argument = "N", .least = 1, .most = 4096,
         .help = "width of the recurrent layers (the preset's)"},
        {.name = "layers", .kind = CLI_COUNT, .value = &given->layers, .argument = "N", .least = 1,
         .most = DOGBERRY_LAYERS_MAX, .help = "recurrent layers (the preset's)"},
        {.name = "batch", .kind = CLI_COUNT, .value = &given->batch, .argument = "N", .least = 1, .most = 4096,
         .help = "streams read side by side"},
        {.name = "window", .kind = CLI_COUNT, .value = &given->window, .argument = "N", .least = 1, .most = 1024,
         .help = "words between two updates"},
        {.name = "rate", .kind = CLI_REAL, .value = &given->rate, .argument = "R", .most = 1, .help = "learning rate"},
        {.name = "dropout", .kind = CLI_REAL, .value = &given->dropout, .argument = "P", .least = -1, .most = 0.9,
         .help = "share of activations dropped"},
        {.name = "patience", .kind = CLI_COUNT, .value = &given->patience, .argument = "N", .most = 1000,
         .help = "stop after so many evaluations without a better one"},
        {.name = "lossy", .kind = CLI_FLAG, .value = &given->lossy,
         .help = "replace bytes that are not UTF-8 instead of refusing the file"},
        {.name = "quiet", .letter = 'q', .kind = CLI_FLAG, .value = &given->quiet, .help = "no samples on the way"},
        {.name = "json", .kind = CLI_FLAG, .value = &given->json, .help = "only one JSON object at the end"},
    };
    given->dropout = -1;
    int status = cli_parse(&cli_train, options, sizeof options / sizeof *options, argc, argv, paths);
    if (status >= 0)
        return status;
    if (paths->count == 0)
        return cli_misused(&cli_train, "give the files or folders to learn from");
    if (!given->output)
        return cli_misused(&cli_train, "say where the model goes: -o DIR");
    return -1;
}

static int run(int argc, char **argv)
{
    settings given = {.seed = 1};
    cli_list paths = {0};
    db_error error;
    int status = parse(&given, argc, argv, &paths);
    if (status < 0) {
        job work = {0};
        status = prepare(&work, &given, &paths, &error);
        if (status == 0) {
            if (!given.json)
                print_model(&work);
            set_options(&work, &given);
            status = train(&work, &given, &error);
        }
        if (status)
            status = cli_failed(&cli_train, error.message);
        job_free(&work);
    }
    cli_list_free(&given.validation);
    cli_list_free(&paths);
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
