/*
 * dogberry train: texts in, a model directory out.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "commands.h"
#include "measured.h"
#include "resume.h"
#include "texts.h"
#include "train_report.h"
#include "train/classes.h"
#include "train_view.h"

enum { CALIBRATION_BYTES = 65536, PERSONA_CALIBRATION_BYTES = 8192, LEAST_BYTES = 6000, PERSONA_LEAST_BYTES = 600 };

static void job_free(cli_train_job *work)
{
    cli_persona_free(&work->persona);
    cli_train_texts_free(&work->texts);
    db_tokens_free(&work->train_tokens);
    db_tokens_free(&work->validation_tokens);
    db_model_dir_free(&work->model);
}

/* ---- Before training ---- */

static int learn_tokenizer(cli_train_job *work, uint32_t kind, db_error *error)
{
    db_tokenizer *tokenizer = &work->model.tokenizer;
    const db_corpus *corpus = &work->texts.train;
    const uint32_t vocab = work->model.config.vocab;
    switch (kind) {
    case DOGBERRY_CHAR:
        return db_tokenizer_learn_char(tokenizer, corpus, vocab, error);
    case DOGBERRY_BPE:
        return db_tokenizer_learn_bpe(tokenizer, corpus, vocab, error);
    case DOGBERRY_SUBWORD:
        return db_tokenizer_learn_subword(tokenizer, corpus, vocab, error);
    default:
        return db_tokenizer_learn_word(tokenizer, corpus, vocab, error);
    }
}

static void encode(cli_train_job *work)
{
    db_tokens_append(&work->train_tokens, &work->model.tokenizer, &work->texts.train);
    db_tokens_append(&work->validation_tokens, &work->model.tokenizer, &work->texts.validation);
}

static db_sequence sequence(const cli_train_job *work, const db_tokens *tokens)
{
    return cli_sequence(tokens, work->model.start_token, work->model.tokenizer.view.end);
}

static void learn_classes(cli_train_job *work, bool say)
{
    const db_sequence text = sequence(work, &work->train_tokens);
    const db_model_config *config = &work->model.config;
    float *order = work->model.parameters + db_layout_find(&work->model.layout, "output.order")->offset;
    const double gained = db_learn_classes(&text, config->vocab, config->classes, order);
    if (say)
        printf("Classes: %u, learned from what stands before each token (%.2f nats a token better than by frequency)\n",
               config->classes, gained / DB_CLASS_DISTANCES);
}

/* A new model: sizes and tokenizer from the text, weights from the seed. */
static int prepare_new(cli_train_job *work, const cli_train_settings *given, db_error *error)
{
    uint32_t kind;
    db_model_dir *model = &work->model;
    if (cli_train_choose(given, &work->coverage, &model->config, &kind, error) || learn_tokenizer(work, kind, error))
        return -1;
    encode(work);
    model->start_token = model->tokenizer.view.end;
    db_layout_make(&model->layout, &model->config);
    model->parameters = db_allocate(model->layout.parameters * sizeof *model->parameters);
    db_train_initialize(&model->config, given->seed, model->parameters);
    if (model->config.output == DOGBERRY_FACTORED)
        learn_classes(work, !given->json);
    const char *name = given->name ? given->name : given->preset ? given->preset : "model";
    snprintf(model->name, sizeof model->name, "%s", name);
    db_model_dir_set_calibration(model, &work->texts.train, CALIBRATION_BYTES);
    cli_train_options(given, &model->config, work->train_tokens.count, &work->options);
    return 0;
}

/* A model that was loaded: another text for it, mixed with its own. */
static int prepare_persona(cli_train_job *work, const cli_train_settings *given, db_error *error)
{
    db_model_dir *model = &work->model;
    cli_persona *persona = &work->persona;
    encode(work);
    if (cli_persona_prepare(persona, given, model, &work->texts, &work->train_tokens, error))
        return -1;
    cli_persona_calibrate(model, &work->texts.train, PERSONA_CALIBRATION_BYTES);
    cli_train_options(given, &model->config, persona->mix.count, &work->options);
    cli_measure_float(&persona->persona_before, model, &work->validation_tokens, work->options.threads);
    cli_measure_float(&persona->base_before, model, &persona->base_held_out, work->options.threads);
    return 0;
}

static db_advice_text text_facts(const cli_train_job *work, const cli_train_settings *given)
{
    const db_tokens *held_out = &work->validation_tokens;
    return (db_advice_text){.config = &work->model.config,
                            .tokenizer = work->model.tokenizer.view.kind,
                            .sizes_fixed = given->from != NULL,
                            .coverage = &work->coverage,
                            .unknown_share = held_out->count ? (double)held_out->unknown / (double)held_out->count : 0,
                            .held_out_tokens = held_out->count,
                            .held_out_documents = work->texts.validation.count,
                            .held_out_twins = work->texts.across,
                            .held_out_same = work->texts.same,
                            .leaked = work->texts.leaked};
}

/* Reads the texts and gets the model ready; everything but the weights is known after this. */
static int prepare(cli_train_job *work, const cli_train_settings *given, db_error *error)
{
    const cli_text_set set = {given->paths, given->validation, given->lossy, given->dedupe};
    if (given->from && db_model_dir_load(&work->model, given->from, error))
        return -1;
    work->model.tuned = (db_tuned){0}; /* weights that go on without rounding forget what they were tuned for */
    if (cli_train_texts_read(&work->texts, &set, given->from ? PERSONA_LEAST_BYTES : LEAST_BYTES, given->json, error))
        return -1;
    db_coverage_measure(&work->coverage, &work->texts.train);
    if (!given->json)
        cli_train_print_corpus(work);
    if (given->from ? prepare_persona(work, given, error) : prepare_new(work, given, error))
        return -1;
    db_advice_text facts = text_facts(work, given);
    db_advise_text(&work->advice, &facts);
    if (!given->json) {
        cli_train_print_model(work, given->from != NULL);
        cli_train_print_advice(&work->advice, 0);
    }
    return 0;
}

/* ---- Training and after ---- */

/* Runs the trainer; what it says is added to the advice. `*said`: how many lines of that were shown. */
static int run_trainer(cli_train_job *work, const cli_train_settings *given, size_t *said, db_error *error)
{
    db_model_dir *model = &work->model;
    db_sequence text = sequence(work, &work->train_tokens), held_out = sequence(work, &work->validation_tokens);
    db_sequence base = sequence(work, &work->persona.base_held_out);
    if (given->from) {
        text.ids = work->persona.mix.ids;
        text.count = work->persona.mix.count;
    }
    cli_train_view view = {.config = &model->config,
                           .tokenizer = &model->tokenizer,
                           .special = text,
                           .seed = given->seed,
                           .samples = !given->quiet,
                           .silent = given->json,
                           .base = given->from ? &base : NULL,
                           .threads = work->options.threads,
                           .notes = &work->advice};
    db_train_callbacks callbacks = cli_train_view_start(&view);
    db_error inner = {0};
    int failed = db_train_run(&model->config, model->parameters, &text, &held_out, &work->options, &callbacks,
                              &work->result, &inner);
    cli_train_view_end(&view);
    if (failed)
        return view.moved ? cli_resume_fail_saving(given->output, &inner, error) : db_fail(error, "%s", inner.message);
    *said = work->advice.count;
    db_advice_text facts = text_facts(work, given);
    const db_advice_run course = {.training_loss = work->result.last.train_loss,
                                  .validation_loss = view.last_loss,
                                  .fall = view.fall,
                                  .evaluations = view.evaluations,
                                  .rollbacks = work->result.rollbacks,
                                  .diverged = work->result.end == DB_TRAIN_DIVERGED,
                                  .rate = work->options.learning_rate};
    db_advise_run(&work->advice, &facts, &course);
    return 0;
}

/* Trains, measures on the held-out text and saves. */
static int train(cli_train_job *work, const cli_train_settings *given, db_error *error)
{
    db_model_dir *model = &work->model;
    db_measure report;
    size_t said = 0;
    if (db_train_options_check(&work->options, error) ||
        cli_resume_check(given->output, given->resume, given->json, "train it anew, or see --from", error) ||
        db_make_folder(given->output, error) || run_trainer(work, given, &said, error))
        return -1;
    cli_measure_float(&report, model, &work->validation_tokens, work->options.threads);
    if (given->from) {
        work->persona.persona_after = report;
        cli_measure_float(&work->persona.base_after, model, &work->persona.base_held_out, work->options.threads);
    }
    char *training = cli_train_describe(work, given, &report);
    free(model->training);
    model->training = training;
    if (given->from && given->name)
        snprintf(model->name, sizeof model->name, "%s", given->name);
    db_error inner;
    if (db_model_dir_save(model, given->output, &inner))
        return cli_resume_fail_saving(given->output, &inner, error);
    if (work->result.end != DB_TRAIN_STOPPED)
        db_train_forget(given->output);
    if (given->json)
        cli_train_print_json(work);
    else
        cli_train_print_end(work, given, &report, said);
    return 0;
}

static int run(int argc, char **argv)
{
    cli_train_settings given;
    db_error error;
    int status = cli_train_parse(&given, argc, argv);
    if (status < 0) {
        cli_train_job *work = db_allocate(sizeof *work);
        status = prepare(work, &given, &error);
        if (status == 0)
            status = train(work, &given, &error);
        if (status)
            status = cli_failed(&cli_train, error.message);
        job_free(work);
        free(work);
    }
    cli_train_settings_free(&given);
    return status;
}

const cli_command cli_train = {
    .name = "train",
    .synopsis = "TEXT... -o DIR [--val PATH|SHARE] [--preset NAME] [--minutes M]",
    .summary = "learn a model from files and folders of text",
    .details = "Reads UTF-8 text, learns a tokenizer, and trains on all cores. The directory receives\n"
               "model.safetensors, config.json, tokenizer.json, history.jsonl and curve.svg.\n"
               "Ctrl-C ends the run and keeps the best weights so far; --resume goes on.\n"
               "With --from a finished model learns another text beside its own (docs/PERSONA.md).",
    .examples = "  dogberry train stories.txt -o model\n"
                "  dogberry train plays/ -o bard --val macbeth.txt --preset dogberry --minutes 20\n"
                "  dogberry train chat.txt -o chat --epochs 5 --val 0.1\n"
                "  dogberry train --from bard constable.txt --mix base:0.95 -o constable",
    .run = run,
};
