/* SPDX-License-Identifier: MIT */
#include "train_settings.h"

#include <assert.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "train/advice.h"

static const double DEFAULT_MINUTES = 10;

/* Where --arch transformer begins. */
static const char DEFAULT_TRANSFORMER[] = "assistant-45k";

/* Another text taught to a finished model (docs/PERSONA.md has the measurements). */
static const double PERSONA_MINUTES = 3, PERSONA_RATE = 1e-3;

enum {
    DEFAULT_BPE_VOCAB = 1024,
    DEFAULT_SUBWORD_VOCAB = 512,
    LEAST_VOCAB = 16,
    FIXED_ENTRIES = 4,
    LEAST_TYPES = LEAST_VOCAB - FIXED_ENTRIES
};

/* A word and the number it stands for. */
typedef struct {
    const char *word;
    uint32_t value;
} choice;

static const choice tokenizers[] = {
    {"word", DOGBERRY_WORD}, {"char", DOGBERRY_CHAR}, {"bpe", DOGBERRY_BPE}, {"subword", DOGBERRY_SUBWORD}, {0}};
static const choice cells[] = {{"lstm", DOGBERRY_LSTM}, {"gru", DOGBERRY_GRU}, {0}};
static const choice architectures[] = {
    {"lstm", DOGBERRY_LSTM}, {"gru", DOGBERRY_GRU}, {"transformer", DOGBERRY_TRANSFORMER}, {0}};
static const choice feed_forwards[] = {
    {"relu", DB_RELU}, {"relu2", DB_RELU2}, {"swiglu", DB_SWIGLU}, {"silu", DB_SILU}, {0}};
static const choice heads[] = {
    {"dense", DOGBERRY_DENSE}, {"tied", DOGBERRY_TIED}, {"factored", DOGBERRY_FACTORED}, {0}};

/* Sets *value where `word` was given. Returns 0, or -1 with the error set. */
static int choose(const choice *choices, const char *option, const char *word, uint32_t *value, db_error *error)
{
    if (!word)
        return 0;
    for (const choice *c = choices; c->word; c++)
        if (strcmp(c->word, word) == 0) {
            *value = c->value;
            return 0;
        }
    return db_fail(error, "--%s %s: there is no such thing; the choices are in `dogberry train --help`", option, word);
}

static void override(uint32_t *field, unsigned long given)
{
    if (given)
        *field = (uint32_t)given;
}

static void override_share(double *field, double given)
{
    if (given >= 0)
        *field = given;
}

/* About sqrt(V) classes read the fewest rows; a little fewer suit balanced classes of common words. */
static uint32_t default_classes(uint32_t vocab)
{
    uint32_t classes = 2;
    while (classes * classes < vocab)
        classes++;
    return classes;
}

/* The commonest words and marks with their kinds fixed, so that no more is asked of a text than it has. */
static void limit_vocab(db_model_config *config, uint32_t kind, const db_coverage *coverage)
{
    if (kind == DOGBERRY_WORD && coverage->types + FIXED_ENTRIES < config->vocab)
        config->vocab = coverage->types < LEAST_TYPES ? LEAST_VOCAB : (uint32_t)coverage->types + FIXED_ENTRIES;
    if (kind == DOGBERRY_BPE)
        config->vocab = DEFAULT_BPE_VOCAB;
    if (kind == DOGBERRY_SUBWORD)
        config->vocab = DEFAULT_SUBWORD_VOCAB;
}

/* The preset asked for, or the one to begin with where only sizes are. Returns NULL with the error set. */
static const db_preset *choose_preset(const cli_train_settings *given, const db_coverage *coverage, db_error *error)
{
    uint32_t architecture = 0;
    const char *name = given->preset;
    if (choose(architectures, "arch", given->architecture, &architecture, error))
        return NULL;
    if (!name && architecture == DOGBERRY_TRANSFORMER)
        name = DEFAULT_TRANSFORMER;
    if (!name)
        name = coverage->types >= 8000 && coverage->tokens >= 200000 ? "dogberry" : "word-1k";
    const db_preset *preset = db_preset_find(name);
    if (!preset) {
        db_fail(error, "--preset %s: there is no such preset; `dogberry presets` lists them", name);
    } else if (architecture &&
               (architecture == DOGBERRY_TRANSFORMER) != (preset->config.architecture == DOGBERRY_TRANSFORMER)) {
        db_fail(error, "--arch %s does not go with --preset %s, which is %s; leave one of them away",
                given->architecture, name, architecture == DOGBERRY_TRANSFORMER ? "recurrent" : "a transformer");
        return NULL;
    }
    return preset;
}

static int choose_recurrent_sizes(const cli_train_settings *given, db_model_config *config, db_error *error)
{
    if (given->heads || given->kv_heads || given->context || given->rotary_base || given->feed_forward)
        return db_fail(error, "--heads, --kv-heads, --context, --ffn and --rotary-base go with --arch transformer");
    if (choose(architectures, "arch", given->architecture, &config->architecture, error) ||
        choose(cells, "cell", given->cell, &config->architecture, error))
        return -1;
    if (config->output == DOGBERRY_TIED && !given->embedding)
        config->embedding = config->hidden;
    return 0;
}

static int choose_transformer_sizes(const cli_train_settings *given, db_model_config *config, db_error *error)
{
    if (given->cell)
        return db_fail(error, "--cell %s does not go with a transformer; give --arch %s", given->cell, given->cell);
    override(&config->heads, given->heads);
    if (given->heads)
        config->kv_heads = config->heads;
    override(&config->kv_heads, given->kv_heads);
    override(&config->context, given->context);
    override(&config->rotary_base, given->rotary_base);
    return choose(feed_forwards, "ffn", given->feed_forward, &config->feed_forward, error);
}

int cli_train_choose(const cli_train_settings *given, const db_coverage *coverage, db_model_config *config,
                     uint32_t *tokenizer, db_error *error)
{
    const db_preset *preset = choose_preset(given, coverage, error);
    if (!preset)
        return -1;
    *config = preset->config;
    *tokenizer = preset->tokenizer;
    if (choose(tokenizers, "tokenizer", given->tokenizer, tokenizer, error) ||
        choose(heads, "head", given->head, &config->output, error))
        return -1;
    if (given->preset && !given->vocab && *tokenizer == DOGBERRY_WORD && preset->tokenizer == DOGBERRY_WORD &&
        coverage->types + FIXED_ENTRIES < config->vocab)
        return db_fail(error,
                       "--preset %s: knows %u words, but the text has only %zu different ones; --preset %s fits "
                       "it, or give more text",
                       preset->name, config->vocab, coverage->types,
                       db_advice_preset(false, coverage->tokens, coverage->types)->name);
    if (*tokenizer != preset->tokenizer || (!given->preset && config->architecture != DOGBERRY_TRANSFORMER))
        limit_vocab(config, *tokenizer, coverage);
    override(&config->vocab, given->vocab);
    override(&config->embedding, given->embedding);
    override(&config->hidden, given->hidden);
    override(&config->layers, given->layers);
    if (config->architecture == DOGBERRY_TRANSFORMER ? choose_transformer_sizes(given, config, error)
                                                     : choose_recurrent_sizes(given, config, error))
        return -1;
    if (config->output != DOGBERRY_FACTORED)
        config->classes = 0;
    else if (!config->classes || given->vocab)
        config->classes = default_classes(config->vocab);
    override(&config->classes, given->classes);
    return db_model_config_check(config, error);
}

void cli_train_options(const cli_train_settings *given, const db_model_config *config, size_t tokens,
                       db_train_options *options)
{
    db_train_defaults(options, config, tokens);
    options->threads = (uint32_t)(given->threads ? given->threads : (unsigned long)omp_get_num_procs());
    options->seed = given->seed;
    options->folder = given->output;
    options->resume = given->resume;
    options->epochs = given->epochs;
    options->minutes = given->minutes;
    options->steps = given->steps;
    if (given->epochs <= 0 && given->minutes <= 0 && !given->steps)
        options->minutes = given->from ? PERSONA_MINUTES : DEFAULT_MINUTES;
    if (given->from)
        options->learning_rate = PERSONA_RATE;
    override(&options->batch, given->batch);
    override(&options->window, given->window);
    override(&options->patience, given->patience);
    if (given->rate > 0)
        options->learning_rate = given->rate;
    if (given->average > 0)
        options->average = given->average;
    if (given->dropout >= 0)
        options->drop_input = options->drop_hidden = options->drop_output = given->dropout;
    override_share(&options->drop_embedding, given->drop_embedding);
    override_share(&options->drop_input, given->drop_input);
    override_share(&options->drop_output, given->drop_output);
    override_share(&options->drop_recurrent, given->drop_recurrent);
    override_share(&options->drop_attention, given->drop_attention);
    override_share(&options->weight_decay, given->weight_decay);
    options->batch = (options->batch + options->threads - 1) / options->threads * options->threads;
}

void cli_train_settings_free(cli_train_settings *given)
{
    cli_list_free(&given->paths);
    cli_list_free(&given->validation);
}

/* A finished model has its words and sizes. Returns -1 to go on, or the exit status. */
static int check_from(const cli_train_settings *given, const cli_option *options, size_t count)
{
    static const char *const fixed[] = {"preset",    "tokenizer", "vocab",    "cell",    "head", "arch",
                                        "dim",       "heads",     "kv-heads", "context", "ffn",  "rotary-base",
                                        "embedding", "hidden",    "layers",   "classes"};
    if (!given->from)
        return given->mix ? cli_misused(&cli_train, "--mix goes with --from DIR, the model that is taught more") : -1;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sizeof fixed / sizeof *fixed; j++)
            if (options[i].given && strcmp(options[i].name, fixed[j]) == 0)
                return cli_misused(&cli_train, "--%s does not go with --from: %s keeps its words and sizes", fixed[j],
                                   given->from);
    char *from = realpath(given->from, NULL), *output = realpath(given->output, NULL);
    bool same = from && output && strcmp(from, output) == 0;
    free(from);
    free(output);
    return same ? cli_misused(&cli_train, "-o %s is the model to learn from; give the new one another directory",
                              given->output)
                : -1;
}

/* What no single option can tell. Returns -1 to go on, or the exit status. */
static int check(const cli_train_settings *given, const cli_option *options, size_t count)
{
    if (given->paths.count == 0)
        return cli_misused(&cli_train, "give the files or folders to learn from");
    if (!given->output)
        return cli_misused(&cli_train, "say where the model goes: -o DIR");
    return check_from(given, options, count);
}

enum { OPTIONS_MOST = 64 };

/* What is read, written and spent. */
static size_t run_options(cli_train_settings *given, cli_option *to)
{
    /* clang-format off */
    const cli_option options[] = {
        {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = &given->output, .argument = "DIR",
         .help = "the model directory to write"},
        {.name = "val", .kind = CLI_LIST, .value = &given->validation, .argument = "PATH|SHARE",
         .help = "held-out text: a file, one of the texts by name, or a share (repeatable) [0.05]"},
        {.name = "from", .kind = CLI_TEXT, .value = &given->from, .argument = "DIR",
         .help = "teach the text to this model, which keeps its words and sizes"},
        {.name = "mix", .kind = CLI_TEXT, .value = &given->mix, .argument = "PATH:SHARE",
         .help = "with --from: text to replay so that it is not forgotten, and its share [base:0.95]"},
        {.name = "preset", .letter = 'p', .kind = CLI_TEXT, .value = &given->preset, .argument = "NAME",
         .help = "sizes of the model, see `dogberry presets` (as the text allows)"},
        {.name = "minutes", .letter = 'm', .kind = CLI_REAL, .value = &given->minutes, .argument = "M", .most = 100000,
         .help = "wall clock to spend; the rate is lowered to zero in time (10, unless --epochs)"},
        {.name = "epochs", .letter = 'e', .kind = CLI_REAL, .value = &given->epochs, .argument = "E", .most = 100000,
         .help = "passes over the text"},
        {.name = "steps", .kind = CLI_COUNT, .value = &given->steps, .argument = "N", .most = 1e12,
         .help = "updates of the weights, as an earlier run reported them, to repeat it"},
        {.name = "resume", .kind = CLI_FLAG, .value = &given->resume,
         .help = "go on with an interrupted run in DIR; the other options must be the same"},
        {.name = "dedupe", .kind = CLI_FLAG, .value = &given->dedupe,
         .help = "remove documents that stand twice, or on both sides of the split"},
        {.name = "threads", .letter = 'j', .kind = CLI_COUNT, .value = &given->threads, .argument = "N", .least = 1,
         .most = 64, .help = "cores to use (all)"},
        {.name = "seed", .letter = 's', .kind = CLI_COUNT, .value = &given->seed, .argument = "N",
         .help = "same seed, steps and threads: the same weights"},
        {.name = "name", .kind = CLI_TEXT, .value = &given->name, .argument = "NAME",
         .help = "what the model is called"},
    };
    /* clang-format on */
    memcpy(to, options, sizeof options);
    return sizeof options / sizeof *options;
}

/* Tokenizer and sizes. */
static size_t model_options(cli_train_settings *given, cli_option *to)
{
    /* clang-format off */
    const cli_option options[] = {
        {.name = "tokenizer", .kind = CLI_TEXT, .value = &given->tokenizer, .argument = "KIND",
         .help = "word, char, bpe or subword (the preset's)"},
        {.name = "vocab", .kind = CLI_COUNT, .value = &given->vocab, .argument = "N", .least = 16, .most = 65535,
         .help = "entries of the tokenizer (the preset's; bpe: 1024, subword: 512)"},
        {.name = "arch", .letter = 'a', .kind = CLI_TEXT, .value = &given->architecture, .argument = "KIND",
         .help = "lstm, gru or transformer (the preset's)"},
        {.name = "cell", .kind = CLI_TEXT, .value = &given->cell, .argument = "KIND", .help = "lstm or gru, as --arch"},
        {.name = "head", .kind = CLI_TEXT, .value = &given->head, .argument = "KIND",
         .help = "output layer: dense, tied or factored"},
        {.name = "embedding", .kind = CLI_COUNT, .value = &given->embedding, .argument = "N", .least = 1, .most = 4096,
         .help = "width of the embedding (the preset's)"},
        {.name = "dim", .kind = CLI_COUNT, .value = &given->embedding, .argument = "N", .least = 1, .most = 4096,
         .help = "the same: the width of a transformer"},
        {.name = "hidden", .kind = CLI_COUNT, .value = &given->hidden, .argument = "N", .least = 1, .most = 16384,
         .help = "width of the recurrent layers, or of a transformer's feed-forward part (the preset's)"},
        {.name = "layers", .kind = CLI_COUNT, .value = &given->layers, .argument = "N", .least = 1,
         .most = DB_LAYERS_MAX, .help = "layers (the preset's)"},
        {.name = "heads", .kind = CLI_COUNT, .value = &given->heads, .argument = "N", .least = 1, .most = 4096,
         .help = "of a transformer's attention; they divide its width (the preset's)"},
        {.name = "kv-heads", .kind = CLI_COUNT, .value = &given->kv_heads, .argument = "N", .least = 1, .most = 4096,
         .help = "heads of keys and values, shared by the others (as many as heads)"},
        {.name = "context", .kind = CLI_COUNT, .value = &given->context, .argument = "N", .least = 1,
         .most = DB_CONTEXT_MAX, .help = "tokens that a transformer looks back to (the preset's)"},
        {.name = "ffn", .kind = CLI_TEXT, .value = &given->feed_forward, .argument = "KIND",
         .help = "a transformer's feed-forward part: relu, relu2, silu or swiglu (the preset's)"},
        {.name = "rotary-base", .kind = CLI_COUNT, .value = &given->rotary_base, .argument = "N", .least = 1,
         .most = 100000000, .help = "of a transformer's positions (the preset's, 100)"},
        {.name = "classes", .kind = CLI_COUNT, .value = &given->classes, .argument = "N", .least = 2, .most = 4096,
         .help = "of a factored output (about the root of the vocabulary)"},
    };
    /* clang-format on */
    memcpy(to, options, sizeof options);
    return sizeof options / sizeof *options;
}

/* How it learns, and what is printed. */
static size_t learning_options(cli_train_settings *given, cli_option *to)
{
    /* clang-format off */
    const cli_option options[] = {
        {.name = "batch", .kind = CLI_COUNT, .value = &given->batch, .argument = "N", .least = 1, .most = 4096,
         .help = "streams read side by side"},
        {.name = "window", .kind = CLI_COUNT, .value = &given->window, .argument = "N", .least = 1, .most = 1024,
         .help = "tokens between two updates"},
        {.name = "rate", .kind = CLI_REAL, .value = &given->rate, .argument = "R", .most = 1, .help = "learning rate"},
        {.name = "dropout", .kind = CLI_REAL, .value = &given->dropout, .argument = "P", .most = 0.9,
         .help = "share of activations dropped: inputs, between layers and outputs"},
        {.name = "drop-embedding", .kind = CLI_REAL, .value = &given->drop_embedding, .argument = "P", .most = 0.9,
         .help = "share of words dropped out of the embedding"},
        {.name = "drop-input", .kind = CLI_REAL, .value = &given->drop_input, .argument = "P", .most = 0.9,
         .help = "share of the embedded words alone"},
        {.name = "drop-output", .kind = CLI_REAL, .value = &given->drop_output, .argument = "P", .most = 0.9,
         .help = "share of the last layer's outputs alone"},
        {.name = "drop-recurrent", .kind = CLI_REAL, .value = &given->drop_recurrent, .argument = "P", .most = 0.9,
         .help = "share of the recurrent weights"},
        {.name = "drop-attention", .kind = CLI_REAL, .value = &given->drop_attention, .argument = "P", .most = 0.9,
         .help = "share of the values that a transformer looks at"},
        {.name = "weight-decay", .kind = CLI_REAL, .value = &given->weight_decay, .argument = "D", .most = 1,
         .help = "pull of the weights towards zero"},
        {.name = "average", .kind = CLI_REAL, .value = &given->average, .argument = "D", .most = 0.99999,
         .help = "decay of the moving average of the weights"},
        {.name = "patience", .kind = CLI_COUNT, .value = &given->patience, .argument = "N", .most = 1000,
         .help = "stop after so many evaluations without a better one"},
        {.name = "lossy", .kind = CLI_FLAG, .value = &given->lossy,
         .help = "replace bytes that are not UTF-8 instead of refusing the file"},
        {.name = "quiet", .letter = 'q', .kind = CLI_FLAG, .value = &given->quiet, .help = "no samples on the way"},
        {.name = "json", .kind = CLI_FLAG, .value = &given->json, .help = "only one JSON object at the end"},
    };
    /* clang-format on */
    memcpy(to, options, sizeof options);
    return sizeof options / sizeof *options;
}

int cli_train_parse(cli_train_settings *given, int argc, char **argv)
{
    *given = (cli_train_settings){.seed = 1};
    given->dropout = given->drop_embedding = given->drop_input = given->drop_output = given->drop_recurrent =
        given->drop_attention = -1;
    given->weight_decay = -1;
    cli_option options[OPTIONS_MOST];
    size_t count = run_options(given, options);
    count += model_options(given, options + count);
    count += learning_options(given, options + count);
    assert(count <= OPTIONS_MOST);
    int status = cli_parse(&cli_train, options, count, argc, argv, &given->paths);
    return status < 0 ? check(given, options, count) : status;
}
