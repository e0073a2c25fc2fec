/* SPDX-License-Identifier: MIT */
#include "train_report.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "measured.h"
#include "progress.h"
#include "train_record.h"

void cli_train_print_corpus(const cli_train_job *work)
{
    const db_corpus *train = &work->texts.train, *validation = &work->texts.validation;
    const db_coverage *coverage = &work->coverage;
    printf("Training on %zu documents, %.2f MB; held out: %zu, %.2f MB\n", train->count, (double)train->bytes / 1e6,
           validation->count, (double)validation->bytes / 1e6);
    printf("%zu words and marks, %zu different; the commonest cover\n", coverage->tokens, coverage->types);
    for (int i = 0; i < 4; i++)
        printf("  %5u: %5.1f %%", coverage->vocab[i], 100 * coverage->covered[i]);
    printf("\n");
}

void cli_train_print_model(const cli_train_job *work, bool persona)
{
    const db_model_config *config = &work->model.config;
    static const char *const architectures[] = {"", "LSTM", "GRU", "transformer"};
    static const char *const heads[] = {"dense", "tied", "factored"};
    static const char *const feed_forwards[] = {"", "ReLU", "squared ReLU", "SwiGLU", "SiLU"};
    printf("Model: %s, vocabulary %u, embedding %u, hidden %u, layers %u, %s output: %zu parameters\n",
           architectures[config->architecture], config->vocab, config->embedding, config->hidden, config->layers,
           heads[config->output], work->model.layout.trained);
    if (config->architecture == DOGBERRY_TRANSFORMER)
        printf("Attention: %u heads (%u of keys and values), context %u; feed-forward: %s\n", config->heads,
               config->kv_heads, config->context, feed_forwards[config->feed_forward]);
    if (persona)
        cli_persona_print(&work->persona, &work->train_tokens);
    else
        printf("Unknown words: %.2f %% in training, %.2f %% held out\n",
               100.0 * (double)work->train_tokens.unknown / (double)work->train_tokens.count,
               100.0 * (double)work->validation_tokens.unknown / (double)work->validation_tokens.count);
}

void cli_train_print_advice(const db_advice *advice, size_t from)
{
    for (size_t i = from; i < advice->count; i++)
        printf("note: %s\n", advice->lines[i]);
}

char *cli_train_describe(const cli_train_job *work, const cli_train_settings *given, const db_measure *report)
{
    char hash[24], date[32];
    time_t now = time(NULL);
    struct tm parts;
    const cli_text_set set = {given->paths, given->validation, given->lossy, given->dedupe};
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)db_corpus_hash(&work->texts.train));
    strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&now, &parts));
    json_t *object = json_pack(
        "{s:s, s:s, s:f, s:f, s:f, s:f, s:I, s:f, s:I, s:I, s:s}", "corpus_hash", hash, "date", date,
        "validation_nats_per_token", report->nats_per_token, "validation_perplexity", report->perplexity,
        "validation_bits_per_character", report->bits_per_character, "validation_unknown_share", report->unknown_share,
        "steps", (json_int_t)work->result.steps, "minutes", work->result.seconds / 60, "seed", (json_int_t)given->seed,
        "threads", (json_int_t)work->options.threads, "preset", given->preset ? given->preset : "");
    json_t *sets = given->from ? json_copy(work->persona.sets) : json_array();
    json_array_append_new(sets, cli_record_texts(&set, &work->texts));
    json_object_set_new(object, "texts", sets);
    if (given->from)
        json_object_set_new(object, "persona", cli_persona_record(&work->persona));
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

void cli_train_print_json(const cli_train_job *work)
{
    json_t *object = json_loads(work->model.training, 0, NULL), *lines = json_array();
    for (size_t i = 0; i < work->advice.count; i++)
        json_array_append_new(lines, json_string(work->advice.lines[i]));
    json_object_set_new(object, "stopped", json_boolean(work->result.end == DB_TRAIN_STOPPED));
    json_object_set_new(object, "advice", lines);
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

void cli_train_print_end(const cli_train_job *work, const cli_train_settings *given, const db_measure *report,
                         size_t said)
{
    static const char *const endings[] = {"", "; the held-out loss no longer fell", "; stopped early as asked",
                                          "; the loss was not a number again and again"};
    char elapsed[24];
    const db_train_result *result = &work->result;
    printf("Trained %.1f epochs in %s, %.0f words/s%s\n", result->last.epoch, cli_duration(result->seconds, elapsed),
           result->training_seconds > 0 ? (double)result->last.words / result->training_seconds : 0,
           endings[result->end]);
    cli_train_print_advice(&work->advice, said);
    if (given->from) {
        cli_persona_print_end(&work->persona);
    } else {
        printf("Held out: ");
        cli_measure_print(report);
    }
    if (result->end == DB_TRAIN_STOPPED)
        printf("The best weights so far are saved in %s and can be used; the same command with --resume goes on.\n",
               given->output);
    else
        printf("Saved in %s. Next: dogberry pack %s -o %s.dog\n", given->output, given->output, work->model.name);
}
