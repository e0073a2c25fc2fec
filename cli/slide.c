/* SPDX-License-Identifier: MIT */
#include "slide.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "pack/score.h"
#include "texts.h"
#include "train/slide.h"

/* What was found; bits per character by the whole text's characters per token. */
typedef struct {
    uint32_t context;
    double characters; /* of a token */
    db_slide dropped;
    bool with_anew;
    db_slide anew;
} findings;

static int check(bool is_transformer, const db_slide *slide, db_error *error)
{
    if (!is_transformer)
        return db_fail(error, "eval: --slide is for transformers; others have no context that could be full");
    if (slide->behind.tokens == 0)
        return db_fail(error, "eval: no text here is longer than the context; --slide needs one that is");
    return 0;
}

static double nats_of(const db_loss *loss)
{
    return loss->nats / (double)loss->tokens;
}

static double bits_of(const findings *found, const db_loss *loss)
{
    return nats_of(loss) / (log(2) * found->characters);
}

static void print_line(const findings *found, const char *what, const db_loss *loss)
{
    printf("%-58s %7.4f nats per token, %.4f bits per character\n", what, nats_of(loss), bits_of(found, loss));
}

static json_t *to_json(const findings *found, const db_loss *loss)
{
    return json_pack("{s:I, s:f, s:f}", "tokens", (json_int_t)loss->tokens, "nats_per_token", nats_of(loss),
                     "bits_per_character", bits_of(found, loss));
}

static void show(const findings *found, bool json)
{
    if (json) {
        json_t *object =
            json_pack("{s:I, s:o, s:o}", "context", (json_int_t)found->context, "within",
                      to_json(found, &found->dropped.within), "behind", to_json(found, &found->dropped.behind));
        if (found->with_anew)
            json_object_set_new(object, "behind_read_anew", to_json(found, &found->anew.behind));
        json_dumpf(object, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(object);
        return;
    }
    printf("Context %u; %zu tokens within it, %zu behind\n", found->context, found->dropped.within.tokens,
           found->dropped.behind.tokens);
    print_line(found, "within the context", &found->dropped.within);
    print_line(found, "behind it, the older half dropped", &found->dropped.behind);
    if (found->with_anew)
        print_line(found, "behind it, the half that stays read anew each time", &found->anew.behind);
}

static double characters_of(const db_tokens *tokens)
{
    return (double)tokens->characters / (double)tokens->count;
}

int cli_slide_float(const db_model_dir *model, const db_tokens *tokens, uint32_t threads, bool json, db_error *error)
{
    const db_sequence text = cli_sequence(tokens, model->start_token, model->tokenizer.view.end);
    findings found = {.context = model->config.context, .characters = characters_of(tokens), .with_anew = true};
    const bool is_transformer = model->config.architecture == DOGBERRY_TRANSFORMER;
    float *nats = db_allocate(tokens->count * sizeof *nats);
    db_evaluate(&model->config, model->parameters, &text, threads, nats);
    db_slide_split(&found.dropped, &text, found.context, nats);
    const int failed = check(is_transformer, &found.dropped, error);
    if (!failed) {
        db_evaluate_anew(&model->config, model->parameters, &text, nats);
        db_slide_split(&found.anew, &text, found.context, nats);
        show(&found, json);
    }
    free(nats);
    return failed;
}

int cli_slide_image(const dogberry_image *image, const db_tokens *tokens, uint32_t threads, bool json, db_error *error)
{
    const db_sequence text = cli_sequence(tokens, image->start_token, image->end_token);
    findings found = {.context = image->transformer.context, .characters = characters_of(tokens)};
    float *token_nats = db_allocate(tokens->count * sizeof *token_nats);
    double nats;
    int failed = db_score_image(image, tokens->ids, tokens->count, threads, &nats, token_nats, error);
    if (!failed) {
        db_slide_split(&found.dropped, &text, found.context, token_nats);
        failed = check(image->architecture == DOGBERRY_TRANSFORMER, &found.dropped, error);
    }
    if (!failed)
        show(&found, json);
    free(token_nats);
    return failed;
}
