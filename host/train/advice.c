/*
 * Advice.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/advice.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/duplicates.h"

/* Below this many tokens a parameter a model learns its text by heart; above the second it could hold more. */
static const double TOKENS_TO_SPARE = 5;

static const double UNKNOWN_MUCH = 0.05; /* one word in twenty */
static const double LEAKED_MUCH = 0.5;   /* of what is said, said before in the same words */
static const double FALL_OVER = 0.01;    /* nats between evaluations: no longer learning */

/* So few held-out tokens give a loss that chance decides. */
enum { HELD_OUT_LEAST = 1000, FIXED_ENTRIES = 4 };

bool db_advice_add(db_advice *advice, const char *format, ...)
{
    if (advice->count == DB_ADVICE_LINES) {
        return false;
    }
    char *line = advice->lines[advice->count];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, DB_ADVICE_LENGTH, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < advice->count; i++) {
        if (strcmp(advice->lines[i], line) == 0) {
            return false;
        }
    }
    advice->count++;
    return true;
}

/* Of the different words of a text about half occur once: a vocabulary should not reach into those. */
static size_t useful_words(size_t types)
{
    return types / 2;
}

const db_preset *db_advice_preset(bool transformer, size_t tokens, size_t types)
{
    const db_preset *best = NULL, *smallest = NULL;
    for (const db_preset *p = db_presets(); p->name != NULL; p++) {
        const size_t parameters = db_model_config_trained(&p->config);
        if (p->config.output == DOGBERRY_FACTORED || (p->config.architecture == DOGBERRY_TRANSFORMER) != transformer)
            continue; /* a faster variant of another preset is not a size of its own */
        const bool words = p->tokenizer != DOGBERRY_WORD || p->config.vocab <= useful_words(types) + FIXED_ENTRIES;
        const bool enough = (double)tokens >= DB_TOKENS_PER_PARAMETER * (double)parameters;
        if (words && enough && (best == NULL || parameters > db_model_config_trained(&best->config))) {
            best = p;
        }
        smallest = smallest == NULL || parameters < db_model_config_trained(&smallest->config) ? p : smallest;
    }
    return best != NULL ? best : smallest;
}

static void advise_held_out(db_advice *advice, const db_advice_text *text)
{
    if (text->held_out_same) {
        db_advice_add(advice,
                      "the held-out text is part of the training text, word for word: its loss says nothing about "
                      "new text; give other text to --val, or a share such as --val 0.05");
    } else if (text->held_out_twins > 0) {
        db_advice_add(
            advice,
            "%zu of %zu held-out documents stand in the training text too, all or most of them: the loss will "
            "measure memory, not language; --dedupe removes them, or hold out other text with --val",
            text->held_out_twins, text->held_out_documents);
    } else if (text->leaked > LEAKED_MUCH) {
        db_advice_add(
            advice,
            "%.0f %% of the held-out text's phrases (%d words in a row) stand in the training text too: these "
            "texts repeat themselves, and the loss says little about other text",
            100 * text->leaked, DB_SHINGLE_WORDS);
    }
    if (text->held_out_tokens < HELD_OUT_LEAST) {
        db_advice_add(advice,
                      "only %zu tokens are held out: their loss is a matter of chance; hold out more with --val",
                      text->held_out_tokens);
    }
}

/* The next larger vocabulary for which the coverage is known, or the count of those measured. */
static size_t larger_vocabulary(const db_advice_text *text)
{
    size_t i = 0;
    const size_t count = sizeof text->coverage->vocab / sizeof *text->coverage->vocab;
    while (i < count && text->coverage->vocab[i] <= text->config->vocab) {
        i++;
    }
    return i < count && text->coverage->vocab[i] <= useful_words(text->coverage->types) + FIXED_ENTRIES ? i : count;
}

static void advise_unknown(db_advice *advice, const db_advice_text *text)
{
    const double percent = 100 * text->unknown_share;
    if (text->unknown_share <= UNKNOWN_MUCH || text->tokenizer == DOGBERRY_BPE) {
        return;
    }
    if (text->sizes_fixed) {
        db_advice_add(advice,
                      "%.1f %% of the held-out text is unknown to the model, which keeps its vocabulary: use "
                      "words that it knows, or train a model on both texts together",
                      percent);
    } else if (text->tokenizer == DOGBERRY_CHAR) {
        db_advice_add(advice,
                      "%.1f %% of the held-out characters are unknown: a larger --vocab, or --tokenizer bpe, "
                      "knows them",
                      percent);
    } else {
        const size_t i = larger_vocabulary(text), useful = useful_words(text->coverage->types) + FIXED_ENTRIES;
        if (i < sizeof text->coverage->vocab / sizeof *text->coverage->vocab) {
            db_advice_add(advice,
                          "%.1f %% of the held-out words are unknown: --vocab %u would cover %.1f %% of the "
                          "training words, and --tokenizer bpe knows every word",
                          percent, text->coverage->vocab[i], 100 * text->coverage->covered[i]);
        } else if (useful > text->config->vocab) {
            db_advice_add(advice,
                          "%.1f %% of the held-out words are unknown: the text can teach up to --vocab %zu, and "
                          "--tokenizer bpe knows every word",
                          percent, useful);
        } else {
            db_advice_add(advice,
                          "%.1f %% of the held-out words are unknown, and this text is too small to teach more: "
                          "--tokenizer bpe knows every word, and more text helps",
                          percent);
        }
    }
}

static void advise_rare_words(db_advice *advice, const db_advice_text *text)
{
    const size_t useful = useful_words(text->coverage->types) + FIXED_ENTRIES;
    if (text->tokenizer == DOGBERRY_WORD && !text->sizes_fixed && text->config->vocab > useful && useful >= 16) {
        db_advice_add(advice,
                      "the vocabulary of %u reaches into words that occur once or twice (%zu different words in "
                      "all): --vocab %zu is enough, or give more text",
                      text->config->vocab, text->coverage->types, useful);
    }
}

void db_advise_text(db_advice *advice, const db_advice_text *text)
{
    advise_held_out(advice, text);
    advise_unknown(advice, text);
    advise_rare_words(advice, text);
}

static const db_preset *larger_preset(const db_advice_text *text)
{
    const bool transformer = text->config->architecture == DOGBERRY_TRANSFORMER;
    const db_preset *fits = db_advice_preset(transformer, text->coverage->tokens, text->coverage->types);
    return db_model_config_trained(&fits->config) > db_model_config_trained(text->config) ? fits : NULL;
}

void db_advise_run(db_advice *advice, const db_advice_text *text, const db_advice_run *run)
{
    if (run->diverged) {
        db_advice_add(advice,
                      "the loss was never a number at last, the best weights before that are kept: try --rate %g",
                      run->rate / 10);
    } else if (run->rollbacks > 0) {
        db_advice_add(advice,
                      "the loss was not a number %u times and the learning rate was halved as often: --rate %g "
                      "would save the detours",
                      run->rollbacks, run->rate / 4);
    }
    const double spare = (double)text->coverage->tokens / (double)db_model_config_trained(text->config);
    const bool still = run->evaluations >= 3 && run->fall < FALL_OVER;
    if (still && spare > TOKENS_TO_SPARE && run->training_loss > run->validation_loss - 0.05 && !text->sizes_fixed) {
        const db_preset *larger = larger_preset(text);
        db_advice_add(advice,
                      "the training loss is no lower than the held-out loss and neither falls: the model is "
                      "small for this text; %s%s would learn more",
                      larger ? "preset " : "a larger --hidden", larger ? larger->name : "");
    }
}
