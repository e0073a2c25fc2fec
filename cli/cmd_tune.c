/*
 * dogberry tune: a trained model goes on training with its weights rounded as an image will keep them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "commands.h"
#include "interop/model_dir.h"
#include "measured.h"
#include "resume.h"
#include "texts.h"
#include "train/evaluate.h"
#include "train/rounding.h"
#include "train_record.h"
#include "train_texts.h"
#include "train_view.h"
#include "tune_image.h"

static const double DEFAULT_MINUTES = 3;
enum { LEAST_BYTES = 1000, UNROUNDED = 32 };

/* What was said. Numbers that are 0 (dropout: negative) were not. */
typedef struct {
    const char *input, *output;
    cli_text_set texts;
    unsigned long bits, threads, seed, steps;
    double minutes, epochs, rate, dropout;
    bool quiet, json, resume;
} settings;

/* All that a run works on. */
typedef struct {
    db_model_dir model;
    db_tokens train_tokens, validation_tokens;
    db_sequence train, validation;
    db_train_options options;
    db_weight_rounding rounding;
    db_train_rounding hook;
    db_train_result result;
    db_advice notes;
    float *start;      /* [layout.parameters] the weights as they were */
    double float_loss; /* of the model as it was, nats per held-out token */
    double before;     /* of the image that it would have made */
    double tuned;      /* of the one that the tuned weights make; with 32 bits both are the weights' own */
    bool kept;         /* the tuned weights are the ones that are saved */
} job;

static void job_free(job *work)
{
    free(work->start);
    db_weight_rounding_free(&work->rounding);
    db_model_dir_free(&work->model);
    db_tokens_free(&work->train_tokens);
    db_tokens_free(&work->validation_tokens);
}

static void choose_options(job *work, const settings *given)
{
    db_train_options *options = &work->options;
    db_tune_defaults(options, &work->model.config, work->train.count, (uint32_t)given->bits);
    options->threads = (uint32_t)(given->threads ? given->threads : (unsigned long)omp_get_num_procs());
    options->batch = (options->batch + options->threads - 1) / options->threads * options->threads;
    options->seed = given->seed;
    options->folder = given->output;
    options->resume = given->resume;
    options->epochs = given->epochs;
    options->minutes = given->minutes;
    options->steps = given->steps;
    if (given->epochs <= 0 && given->minutes <= 0 && !given->steps)
        options->minutes = DEFAULT_MINUTES;
    if (given->rate > 0)
        options->learning_rate = given->rate;
    if (given->dropout >= 0)
        options->drop_input = options->drop_hidden = options->drop_output = given->dropout;
}

/* Makes the rounding; a transformer's weights become others that compute the same. */
static void choose_rounding(job *work, const settings *given)
{
    if (given->bits == UNROUNDED)
        return;
    db_weight_rounding_make(&work->rounding, &work->model.config, work->model.parameters, &work->train,
                            (uint32_t)given->bits, work->options.threads);
    work->hook = db_weight_rounding_for_training(&work->rounding);
    work->options.rounding = &work->hook;
}

static void take_texts(void *user, cli_texts *texts)
{
    job *work = user;
    db_tokens_append(&work->train_tokens, &work->model.tokenizer, &texts->train);
    db_tokens_append(&work->validation_tokens, &work->model.tokenizer, &texts->validation);
}

/* Those given, or those that the model remembers. */
static int read_texts(job *work, const settings *given, db_error *error)
{
    if (given->texts.paths.count == 0) {
        json_t *sets = NULL;
        const int failed = cli_record_read(work->model.training, given->input, take_texts, work, &sets, error);
        json_decref(sets);
        return failed ? db_fail(error,
                                "%s: the texts that it was trained on cannot be had again as they were; give "
                                "texts after the options, and --val as for `dogberry train`",
                                given->input)
                      : 0;
    }
    cli_texts texts;
    const int failed = cli_train_texts_read(&texts, &given->texts, LEAST_BYTES, true, error);
    if (!failed)
        take_texts(work, &texts);
    cli_train_texts_free(&texts);
    return failed;
}

static int prepare(job *work, const settings *given, db_error *error)
{
    db_model_dir *model = &work->model;
    if (db_model_dir_load(model, given->input, error) || read_texts(work, given, error))
        return -1;
    const uint16_t end = model->tokenizer.view.end;
    work->train = cli_sequence(&work->train_tokens, model->start_token, end);
    work->validation = cli_sequence(&work->validation_tokens, model->start_token, end);
    choose_options(work, given);
    return db_train_options_check(&work->options, error);
}

static double float_loss(const job *work)
{
    const db_loss loss =
        db_evaluate(&work->model.config, work->model.parameters, &work->validation, work->options.threads, NULL);
    return loss.nats / (double)loss.tokens;
}

/* The loss of the image that the model would make now; with 32 bits that of the weights. */
static int image_loss(const job *work, const settings *given, double *loss, db_error *error)
{
    if (given->bits != UNROUNDED && work->validation.count > 0)
        return cli_tune_image_loss(&work->model, (uint32_t)given->bits, &work->train, &work->validation,
                                   work->options.threads, loss, error);
    *loss = float_loss(work);
    return 0;
}

/* Of the image that NEWDIR makes. */
static double final_loss(const job *work)
{
    return work->kept ? work->tuned : work->before;
}

/* What the model will say of its training: the losses are now those of its image. */
static char *describe(const job *work, const settings *given)
{
    db_measure measure;
    db_measure_make(&measure, &work->validation_tokens, final_loss(work) * (double)work->validation.count);
    json_t *training = work->model.training ? json_loads(work->model.training, 0, NULL) : NULL;
    if (!training)
        training = json_object();
    json_object_set_new(training, "validation_nats_per_token", json_real(measure.nats_per_token));
    json_object_set_new(training, "validation_perplexity", json_real(measure.perplexity));
    json_object_set_new(training, "validation_bits_per_character", json_real(measure.bits_per_character));
    json_object_set_new(training, "tuning",
                        json_pack("{s:I, s:f, s:f, s:f, s:f, s:b, s:I, s:f, s:I, s:I}", "bits", (json_int_t)given->bits,
                                  "float_before", work->float_loss, "before", work->before, "tuned_loss", work->tuned,
                                  "after", final_loss(work), "kept", work->kept, "steps",
                                  (json_int_t)work->result.steps, "minutes", work->result.seconds / 60, "seed",
                                  (json_int_t)given->seed, "threads", (json_int_t)work->options.threads));
    char *text = json_dumps(training, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(training);
    return text;
}

static double percent_over(double loss, double base)
{
    return 100 * (loss / base - 1);
}

static void print_end(const job *work, const settings *given)
{
    char elapsed[24];
    const bool stopped = work->result.end == DB_TRAIN_STOPPED;
    printf("%s %.1f epochs in %s\n", stopped ? "Stopped after" : "Tuned", work->result.last.epoch,
           cli_duration(work->result.seconds, elapsed));
    printf("Held out, nats per token: float %.4f; ", work->float_loss);
    if (given->bits == UNROUNDED)
        printf("trained on without rounding %.4f (%+.2f %%)\n", work->tuned,
               percent_over(work->tuned, work->float_loss));
    else
        printf("its image in %lu bits %.4f (%+.2f %%), tuned %.4f (%+.2f %%)\n", given->bits, work->before,
               percent_over(work->before, work->float_loss), work->tuned, percent_over(work->tuned, work->float_loss));
    if (!work->kept)
        printf("Tuning did not make the image better: %s keeps the weights as they were.\n", given->output);
    if (stopped)
        printf("What is saved can be used; the same command with --resume goes on.\n");
    printf("Saved in %s. Next: dogberry pack %s%s -o %s.dog\n", given->output, given->output,
           work->kept || given->bits != 4 ? "" : " --bits 4", work->model.name);
}

/* Runs the trainer from the weights as they are, or on from a checkpoint. */
static int train_on(job *work, const settings *given, db_error *error)
{
    db_model_dir *model = &work->model;
    cli_train_view view = {.config = &model->config,
                           .tokenizer = &model->tokenizer,
                           .special = work->train,
                           .seed = given->seed,
                           .samples = !given->quiet,
                           .silent = given->json,
                           .notes = &work->notes};
    const db_train_callbacks callbacks = cli_train_view_start(&view);
    db_error inner = {0};
    const int failed = db_train_run(&model->config, model->parameters, &work->train, &work->validation, &work->options,
                                    &callbacks, &work->result, &inner);
    cli_train_view_end(&view);
    if (!failed)
        return 0;
    return view.moved ? cli_resume_fail_saving(given->output, &inner, error) : db_fail(error, "%s", inner.message);
}

/* The tuned weights where their image is better than the old one's, else the old weights, which then need not be
 * rounded in tuning's way. Without rounding there is nothing to win: the run is there to be compared with. */
static int keep_the_better(job *work, const settings *given, db_error *error)
{
    db_model_dir *model = &work->model;
    const db_tuned before = model->tuned;
    model->tuned = work->rounding.kind;
    if (image_loss(work, given, &work->tuned, error))
        return -1;
    work->kept = given->bits == UNROUNDED || work->validation.count == 0 || work->tuned < work->before;
    if (!work->kept) {
        memcpy(model->parameters, work->start, model->layout.parameters * sizeof *model->parameters);
        model->tuned = before;
    }
    return 0;
}

/* Trains on, measures and saves. */
static int tune(job *work, const settings *given, db_error *error)
{
    db_model_dir *model = &work->model;
    const size_t bytes = model->layout.parameters * sizeof *model->parameters;
    if (cli_resume_check(given->output, given->resume, given->json, "tune it anew", error) ||
        db_make_folder(given->output, error))
        return -1;
    work->start = db_allocate(bytes);
    memcpy(work->start, model->parameters, bytes);
    work->float_loss = float_loss(work);
    if (image_loss(work, given, &work->before, error))
        return -1;
    choose_rounding(work, given);
    if (train_on(work, given, error) || keep_the_better(work, given, error))
        return -1;
    char *training = describe(work, given);
    free(model->training);
    model->training = training;
    db_error inner;
    if (db_model_dir_save(model, given->output, &inner))
        return cli_resume_fail_saving(given->output, &inner, error);
    if (work->result.end != DB_TRAIN_STOPPED)
        db_train_forget(given->output);
    if (given->json)
        printf("%s\n", model->training);
    else
        print_end(work, given);
    return 0;
}

/* Returns -1 to go on, or the exit status to leave with. */
static int parse(settings *given, int argc, char **argv)
{
    /* clang-format off */
    cli_option options[] = {
        {.name = "bits", .letter = 'b', .kind = CLI_COUNT, .value = &given->bits, .argument = "8|4", .least = 4,
         .most = UNROUNDED, .help = "of a weight in the image to come (32: no rounding, to compare with)"},
        {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = &given->output, .argument = "NEWDIR",
         .help = "the model directory to write"},
        {.name = "val", .kind = CLI_LIST, .value = &given->texts.validation, .argument = "PATH|SHARE",
         .help = "held-out text, as for `dogberry train` (repeatable) [0.05]"},
        {.name = "minutes", .letter = 'm', .kind = CLI_REAL, .value = &given->minutes, .argument = "M", .most = 100000,
         .help = "wall clock to spend (3, unless --epochs)"},
        {.name = "epochs", .letter = 'e', .kind = CLI_REAL, .value = &given->epochs, .argument = "E", .most = 100000,
         .help = "passes over the text"},
        {.name = "steps", .kind = CLI_COUNT, .value = &given->steps, .argument = "N", .most = 1e12,
         .help = "updates of the weights, as an earlier run reported them, to repeat it"},
        {.name = "threads", .letter = 'j', .kind = CLI_COUNT, .value = &given->threads, .argument = "N", .least = 1,
         .most = 64, .help = "cores to use (all)"},
        {.name = "seed", .letter = 's', .kind = CLI_COUNT, .value = &given->seed, .argument = "N",
         .help = "same seed, steps and threads: the same weights"},
        {.name = "rate", .kind = CLI_REAL, .value = &given->rate, .argument = "R", .most = 1,
         .help = "learning rate (3 % of training's, transformers 5 %)"},
        {.name = "dropout", .kind = CLI_REAL, .value = &given->dropout, .argument = "P", .most = 0.9,
         .help = "share of activations dropped (training's)"},
        {.name = "resume", .kind = CLI_FLAG, .value = &given->resume,
         .help = "go on with an interrupted run in NEWDIR, to the same weights"},
        {.name = "lossy", .kind = CLI_FLAG, .value = &given->texts.lossy,
         .help = "replace bytes that are not UTF-8 instead of refusing the file"},
        {.name = "quiet", .letter = 'q', .kind = CLI_FLAG, .value = &given->quiet, .help = "no samples on the way"},
        {.name = "json", .kind = CLI_FLAG, .value = &given->json, .help = "only one JSON object at the end"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_tune, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count < 1)
        status = cli_misused(&cli_tune, "give a model directory");
    else if (status < 0 && operands.count < 2 && given->texts.validation.count)
        status = cli_misused(&cli_tune, "--val goes with texts; without any, both are those of the training");
    else if (status < 0 && given->bits != 8 && given->bits != 4 && given->bits != UNROUNDED)
        status = cli_misused(&cli_tune, "say for which weights: --bits 8 or --bits 4");
    else if (status < 0 && (!given->output || strcmp(given->output, operands.items[0]) == 0))
        status = cli_misused(&cli_tune, "say where the tuned model goes, another place than the old one: -o NEWDIR");
    if (status < 0) {
        given->input = operands.items[0];
        given->texts.paths = (cli_list){.items = db_allocate(operands.count * sizeof *operands.items)};
        for (size_t i = 1; i < operands.count; i++)
            given->texts.paths.items[given->texts.paths.count++] = operands.items[i];
    }
    cli_list_free(&operands);
    return status;
}

static int run(int argc, char **argv)
{
    settings given = {.seed = 1, .dropout = -1};
    db_error error;
    int status = parse(&given, argc, argv);
    if (status < 0) {
        job work = {0};
        status =
            prepare(&work, &given, &error) || tune(&work, &given, &error) ? cli_failed(&cli_tune, error.message) : 0;
        job_free(&work);
    }
    cli_list_free(&given.texts.paths);
    cli_list_free(&given.texts.validation);
    return status;
}

const cli_command cli_tune = {
    .name = "tune",
    .synopsis = "DIR --bits 8|4 -o NEWDIR [--minutes M] [TEXT... [--val PATH|SHARE]]",
    .summary = "prepare a trained model for its 8- or 4-bit image",
    .details = "Trains DIR's weights a little further on the texts they were trained on (or on TEXT...), rounded in\n"
               "every pass as the image will keep them. `dogberry pack NEWDIR` then makes an image of these bits.\n"
               "Where that image would not be better than DIR's own, NEWDIR gets DIR's weights.\n"
               "Ctrl-C ends the run and keeps the best weights so far; --resume goes on.",
    .examples = "  dogberry tune bard --bits 4 -o bard4\n  dogberry pack bard4 -o bard4.dog",
    .run = run,
};
