/* SPDX-License-Identifier: MIT */
#include "pack/pack.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/factored.h"
#include "pack/calibrate.h"
#include "pack/image.h"
#include "pack/matrix.h"
#include "pack/packing.h"
#include "pack/provenance.h"
#include "pack/quantize.h"
#include "pack/quantize_fixed.h"
#include "pack/quantize_i4.h"

/* Arguments of the gates are Q12, outputs of a layer Q0.7 (docs/NUMERICS.md). */
enum { GATE_FRAC = 12, OUTPUT_FRAC = 7 };

/* What the calibration text may be exceeded by before a cell or a logit saturates. */
#define CELL_HEADROOM 1.25
#define LOGIT_HEADROOM 1.5

void db_pack_defaults(db_pack_options *options)
{
    *options = (db_pack_options){.sampling = db_pack_sampling(DOGBERRY_WORD), .golden_seed = 1, .golden_tokens = 32};
}

/* Words that repeat are a loop; characters and parts of words that do are spelling, and there an unlikely one spoils a
 * word: the best 40 of 64 would leave all of those in. */
dogberry_sampling db_pack_sampling(enum dogberry_tokenizer_kind kind)
{
    if (kind == DOGBERRY_WORD)
        return (dogberry_sampling){.temperature = 800, .top_k = 40, .no_repeat = 4};
    return (dogberry_sampling){.temperature = 800, .min_p = 50};
}

/* ---- Helpers ---- */

void *db_packing_own(db_packing *pack, void *memory)
{
    assert(pack->owned_count < sizeof pack->owned / sizeof pack->owned[0]);
    return pack->owned[pack->owned_count++] = memory;
}

static const db_tensor *layer_tensor(const db_packing *pack, uint32_t layer, const char *name)
{
    char full[sizeof pack->model->layout.tensors[0].name];
    snprintf(full, sizeof full, "layers.%u.%s", layer, name);
    return db_layout_find(&pack->model->layout, full);
}

const float *db_packing_values(const db_packing *pack, const db_tensor *tensor)
{
    return pack->model->parameters + tensor->offset;
}

/* A bias as doubles, to be corrected before it is rounded. */
static double *bias_values(const db_packing *pack, const db_tensor *tensor)
{
    double *values = db_allocate(tensor->rows * sizeof(double));
    for (uint32_t i = 0; i < tensor->rows; i++)
        values[i] = (double)db_packing_values(pack, tensor)[i];
    return values;
}

/* Largest number of fraction bits in [least, most] with which `value` still fits int16. */
uint32_t db_packing_fraction_bits(double value, uint32_t least, uint32_t most)
{
    uint32_t frac = most;
    while (frac > least && ldexp(value, (int)frac) > INT16_MAX)
        frac--;
    return frac;
}

db_image_tensor *db_packing_add_tensor(db_packing *pack, db_image_tensor tensor)
{
    assert(pack->parts.tensor_count < DB_IMAGE_TENSORS_MAX);
    db_image_tensor *place = &pack->parts.tensors[pack->parts.tensor_count++];
    *place = tensor;
    return place;
}

void db_packing_add_bias(db_packing *pack, uint8_t role, uint32_t layer, const double *values, uint32_t count,
                         uint32_t frac)
{
    int16_t *rounded = db_packing_own(pack, db_allocate(count * sizeof *rounded));
    db_quantize_bias(rounded, values, count, frac);
    db_packing_add_tensor(pack, (db_image_tensor){.role = role,
                                                  .layer = (uint8_t)layer,
                                                  .type = DB_TYPE_INT16,
                                                  .rows = count,
                                                  .cols = 1,
                                                  .stride = 2,
                                                  .data = rounded});
}

/* Adds rows whose sums are to be multiplied with their steps and `factor`. Takes over the matrix's memory. */
int db_packing_add_matrix(db_packing *pack, uint8_t role, uint32_t layer, const db_matrix *matrix, double factor,
                          const char *what, db_error *error)
{
    uint32_t *words = db_packing_own(pack, db_allocate(matrix->rows * sizeof *words));
    db_matrix *kept = &pack->matrices[pack->matrix_count++];
    assert(pack->matrix_count <= DB_IMAGE_TENSORS_MAX);
    *kept = *matrix;
    if (db_matrix_words(kept, factor, words, what, error) != 0)
        return -1;
    db_packing_add_tensor(pack, db_matrix_tensor(kept, role, layer, words));
    return 0;
}

/* Adds to bias[r] what rounding took from row r's product on average over the calibration text:
 * the rounding errors of a row times the mean of what it is multiplied with. Tuned biases know it already. */
void db_packing_correct_bias(const db_packing *pack, double *bias, const float *values, const db_matrix *matrix,
                             const double *mean)
{
    if (pack->tuned)
        return;
    for (uint32_t r = 0; r < matrix->rows; r++)
        for (uint32_t c = 0; c < matrix->cols; c++)
            bias[r] += ((double)*values++ - db_matrix_value(matrix, r, c)) * mean[c];
}

db_matrix_kind db_packing_kind(const db_packing *pack, const db_tensor *tensor)
{
    db_matrix_kind kind = pack->kind;
    kind.bits = pack->tensor_bits ? pack->tensor_bits[tensor - pack->model->layout.tensors]
                                  : db_matrix_bits(&pack->model->config, tensor, kind.bits);
    return kind;
}

void db_packing_quantize(const db_packing *pack, db_matrix *matrix, db_matrix_kind kind, const float *values,
                         uint32_t rows, uint32_t cols, const double *importance, const double *moments)
{
    const bool feeds_back = moments && kind.bits == 4 && !kind.fixed && !pack->nearest;
    db_gptq gptq = {0};
    if (feeds_back)
        db_gptq_make(&gptq, moments, cols);
    const db_matrix_inputs inputs = {.importance = importance, .feedback = feeds_back ? &gptq : NULL};
    db_matrix_quantize(matrix, kind, values, rows, cols, &inputs);
    db_gptq_free(&gptq);
}

static void quantize(const db_packing *pack, db_matrix *matrix, const db_tensor *tensor, const double *importance,
                     const double *moments)
{
    db_packing_quantize(pack, matrix, db_packing_kind(pack, tensor), db_packing_values(pack, tensor), tensor->rows,
                        tensor->cols, importance, moments);
}

/* Returns the covariance [width][width]: what is left of errors once the bias has taken up their mean. */
static double *covariance(db_packing *pack, const db_moments *moments)
{
    const size_t width = moments->width;
    double *out = db_packing_own(pack, db_allocate(width * width * sizeof *out));
    for (size_t r = 0; r < width; r++)
        for (size_t c = 0; c < width; c++)
            out[r * width + c] = moments->products[r * width + c] - moments->mean[r] * moments->mean[c];
    return out;
}

/* Quantizes one matrix of a product with activations of these moments and adds it. */
static int add_product(db_packing *pack, uint8_t role, uint32_t layer, const db_tensor *tensor,
                       const db_moments *moments, double factor, double *bias, db_error *error)
{
    db_matrix matrix;
    assert(moments->width == tensor->cols);
    quantize(pack, &matrix, tensor, moments->square, covariance(pack, moments));
    db_packing_correct_bias(pack, bias, db_packing_values(pack, tensor), &matrix, moments->mean);
    return db_packing_add_matrix(pack, role, layer, &matrix, factor, tensor->name, error);
}

/* ---- The parts of a model ---- */

/* A tied output: the embedding's rows once more, with scales of their own. */
static int add_tied_output(db_packing *pack, const db_matrix *matrix, const float *values, double *bias,
                           db_error *error)
{
    uint32_t *words = db_packing_own(pack, db_allocate(matrix->rows * sizeof *words));
    db_packing_correct_bias(pack, bias, values, matrix, pack->calibration.hidden[pack->model->config.layers - 1].mean);
    if (db_matrix_words(matrix, ldexp(1, (int)pack->parts.logit_frac - OUTPUT_FRAC), words, "tied output", error) != 0)
        return -1;
    db_packing_add_tensor(pack, (db_image_tensor){.role = DB_ROLE_TIED_SCALES,
                                                  .type = DB_TYPE_SCALES,
                                                  .rows = matrix->rows,
                                                  .cols = 1,
                                                  .stride = 4,
                                                  .data = words});
    return 0;
}

/* One unit for the embedded words of all tokens. */
static double best_input_step(db_packing *pack, const db_tensor *tensor)
{
    double *weights = db_packing_own(pack, db_allocate(tensor->rows * sizeof *weights));
    for (uint32_t r = 0; r < tensor->rows; r++)
        weights[r] = pack->calibration.counts[r] + 0.25; /* words that the text lacks count a little */
    return db_common_step(db_packing_values(pack, tensor), tensor->rows, tensor->cols, weights);
}

/* Returns W^T W [embedding][embedding] of the matrix W that reads the embedded words: an error e in a word's row makes
 * one of W e, whose square is e^T (W^T W) e. */
static double *readers(db_packing *pack)
{
    const db_tensor *tensor = layer_tensor(pack, 0, "weight_input");
    const size_t width = tensor->cols;
    const float *row = db_packing_values(pack, tensor);
    double *out = db_packing_own(pack, db_allocate(width * width * sizeof *out));
    for (uint32_t r = 0; r < tensor->rows; r++, row += width)
        for (size_t i = 0; i < width; i++)
            for (size_t k = 0; k < width; k++)
                out[i * width + k] += (double)row[i] * (double)row[k];
    return out;
}

/* The embedding and, where it is the output matrix too, that. */
static int add_embedding(db_packing *pack, double *output_bias, db_error *error)
{
    const db_model_config *config = &pack->model->config;
    const db_tensor *tensor = db_layout_find(&pack->model->layout, "embedding.weight");
    const float *values = db_packing_values(pack, tensor);
    const bool tied = config->output == DOGBERRY_TIED;
    const db_moments *last = &pack->calibration.hidden[config->layers - 1];
    pack->input_step = pack->tuned ? pack->model->tuned.input_step : best_input_step(pack, tensor);

    db_matrix matrix = {.bits = 8, .rows = tensor->rows, .cols = tensor->cols};
    if (!tied && db_packing_kind(pack, tensor).bits == 8)
        db_quantize_with_step(&matrix.i8, values, tensor->rows, tensor->cols, pack->input_step);
    else
        quantize(pack, &matrix, tensor, tied ? last->square : NULL, tied ? covariance(pack, last) : readers(pack));
    if (db_packing_add_matrix(pack, DB_ROLE_EMBEDDING, 0, &matrix, 1 / pack->input_step, tensor->name, error) != 0)
        return -1;
    return tied ? add_tied_output(pack, &matrix, values, output_bias, error) : 0;
}

static int add_layer(db_packing *pack, uint32_t index, db_error *error)
{
    const db_model_config *config = &pack->model->config;
    const bool lstm = config->architecture == DOGBERRY_LSTM;
    const uint32_t hidden = config->hidden;
    const db_tensor *bias_tensor = layer_tensor(pack, index, "bias");
    double *bias = db_packing_own(pack, bias_values(pack, bias_tensor));
    double *recurrent_bias = db_packing_own(pack, db_allocate(bias_tensor->rows * sizeof(double)));
    double input_unit = index == 0 ? pack->input_step : ldexp(1, -OUTPUT_FRAC);
    const db_moments *input = index == 0 ? &pack->calibration.input : &pack->calibration.hidden[index - 1];

    if (add_product(pack, DB_ROLE_INPUT, index, layer_tensor(pack, index, "weight_input"), input,
                    ldexp(input_unit, GATE_FRAC), bias, error) != 0)
        return -1;
    if (lstm)
        pack->parts.tensors[pack->parts.tensor_count - 1].detail =
            (uint8_t)db_packing_fraction_bits(pack->calibration.cell_max[index] * CELL_HEADROOM, 8, 14);
    if (add_product(pack, DB_ROLE_RECURRENT, index, layer_tensor(pack, index, "weight_recurrent"),
                    &pack->calibration.hidden[index], ldexp(1, GATE_FRAC - OUTPUT_FRAC), recurrent_bias, error) != 0)
        return -1;

    /* All gates of an LSTM and two of a GRU add both products; a GRU's new gate has its own second bias. */
    uint32_t shared = lstm ? 4 * hidden : 2 * hidden;
    for (uint32_t r = 0; r < shared; r++)
        bias[r] += recurrent_bias[r];
    db_packing_add_bias(pack, DB_ROLE_BIAS, index, bias, bias_tensor->rows, GATE_FRAC);
    if (!lstm) {
        const float *own_bias = db_packing_values(pack, layer_tensor(pack, index, "bias_recurrent"));
        for (uint32_t r = 0; r < hidden; r++)
            recurrent_bias[shared + r] += (double)own_bias[r];
        db_packing_add_bias(pack, DB_ROLE_RECURRENT_BIAS, index, recurrent_bias + shared, hidden, GATE_FRAC);
    }
    return 0;
}

static void add_numbers(db_packing *pack, uint8_t role, const uint16_t *values, uint32_t count)
{
    db_packing_add_tensor(
        pack,
        (db_image_tensor){.role = role, .type = DB_TYPE_UINT16, .rows = count, .cols = 1, .stride = 2, .data = values});
}

/* Class-factored output: which token is where (nn/factored.h). */
static int add_places(db_packing *pack, db_error *error)
{
    const db_model_config *config = &pack->model->config;
    const uint32_t vocab = config->vocab, classes = config->classes;
    const float *order = db_packing_values(pack, db_layout_find(&pack->model->layout, "output.order"));
    uint16_t *places = db_packing_own(pack, db_allocate(vocab * sizeof *places));
    uint16_t *tokens = db_packing_own(pack, db_allocate(vocab * sizeof *tokens));
    uint16_t *first = db_packing_own(pack, db_allocate((classes + (size_t)1) * sizeof *first));
    if (db_factored_places(vocab, order, places, error) != 0)
        return -1;
    for (uint32_t t = 0; t < vocab; t++)
        tokens[places[t]] = (uint16_t)t;
    for (uint32_t c = 0; c <= classes; c++)
        first[c] = (uint16_t)db_factored_start(vocab, classes, c);
    add_numbers(pack, DB_ROLE_PLACE_TOKENS, tokens, vocab);
    add_numbers(pack, DB_ROLE_TOKEN_PLACES, places, vocab);
    add_numbers(pack, DB_ROLE_CLASS_FIRST, first, classes + 1);
    return 0;
}

/* Class-factored output: the rows of the classes. */
static int add_classes(db_packing *pack, db_error *error)
{
    const db_layout *layout = &pack->model->layout;
    const db_tensor *bias_tensor = db_layout_find(layout, "output.class_bias");
    double *bias = db_packing_own(pack, bias_values(pack, bias_tensor));
    if (add_product(pack, DB_ROLE_CLASSES, 0, db_layout_find(layout, "output.class_weight"),
                    &pack->calibration.hidden[pack->model->config.layers - 1],
                    ldexp(1, (int)pack->parts.logit_frac - OUTPUT_FRAC), bias, error) != 0)
        return -1;
    db_packing_add_bias(pack, DB_ROLE_CLASS_BIAS, 0, bias, bias_tensor->rows, pack->parts.logit_frac);
    return add_places(pack, error);
}

static int add_tensors(db_packing *pack, db_error *error)
{
    const db_model_config *config = &pack->model->config;
    if (config->architecture == DOGBERRY_TRANSFORMER)
        return db_packing_add_transformer(pack, error);
    const db_tensor *bias_tensor = db_layout_find(&pack->model->layout, "output.bias");
    double *bias = db_packing_own(pack, bias_values(pack, bias_tensor));
    if (add_embedding(pack, bias, error) != 0)
        return -1;
    for (uint32_t i = 0; i < config->layers; i++)
        if (add_layer(pack, i, error) != 0)
            return -1;
    if (config->output == DOGBERRY_FACTORED && add_classes(pack, error) != 0)
        return -1;
    if (config->output != DOGBERRY_TIED &&
        add_product(pack, DB_ROLE_OUTPUT, 0, db_layout_find(&pack->model->layout, "output.weight"),
                    &pack->calibration.hidden[config->layers - 1], ldexp(1, (int)pack->parts.logit_frac - OUTPUT_FRAC),
                    bias, error) != 0)
        return -1;
    db_packing_add_bias(pack, DB_ROLE_OUTPUT_BIAS, 0, bias, bias_tensor->rows, pack->parts.logit_frac);
    return 0;
}

/* ---- The whole ---- */

static int check(const db_pack_options *options, db_error *error)
{
    if (options->bits != 0 && options->bits != 8 && options->bits != 4)
        return db_fail(error, "pack: weights have 8 or 4 bits, not %u", options->bits);
    if (options->key_bits != 0 && options->key_bits != 8 && options->key_bits != 12)
        return db_fail(error, "pack: keys have 8 or 12 bits, not %u", options->key_bits);
    if (!dogberry_sampling_is_valid(&options->sampling))
        return db_fail(error, "pack: the sampling is out of range; temperature is 0..%d thousandths, top-k 0..%d",
                       DOGBERRY_TEMPERATURE_MAX, DOGBERRY_TOP_K_MAX);
    if (options->name && strlen(options->name) > DB_IMAGE_NAME_MAX)
        return db_fail(error, "pack: the name is longer than %d bytes", DB_IMAGE_NAME_MAX);
    if (options->golden_prompt && strlen(options->golden_prompt) > DB_IMAGE_PROMPT_MAX)
        return db_fail(error, "pack: the golden prompt is longer than %d bytes", DB_IMAGE_PROMPT_MAX);
    if (options->golden_tokens < 1 || options->golden_tokens > DB_IMAGE_GOLDEN_MAX)
        return db_fail(error, "pack: the golden vector must have 1..%d tokens", DB_IMAGE_GOLDEN_MAX);
    return 0;
}

/* The first words of the calibration text that stand on one line: something the model may know. */
static void default_prompt(char prompt[DB_IMAGE_PROMPT_MAX + 1], const db_model_dir *model)
{
    enum { WANTED = 40 };
    const char *text = model->calibration.count ? model->calibration.documents[0].text : "";
    text += strspn(text, " \t\n");
    size_t length = strcspn(text, "\n");
    if (length > WANTED) {
        length = WANTED;
        while (length > 0 && text[length] != ' ')
            length--;
    }
    memcpy(prompt, text, length);
    prompt[length] = 0;
}

static void fill_header(db_packing *pack, const db_pack_options *options)
{
    const db_model_dir *model = pack->model;
    pack->parts.config = model->config;
    pack->parts.logit_frac = db_packing_fraction_bits(pack->calibration.logit_max * LOGIT_HEADROOM, 4, 12);
    pack->parts.parameters = (uint32_t)model->layout.trained;
    pack->parts.sampling = options->sampling;
    pack->parts.start_token = model->start_token;
    pack->parts.end_token = model->tokenizer.view.end;
    pack->parts.unknown_token = model->tokenizer.view.unknown;
    pack->parts.name = options->name ? options->name : model->name;
    pack->parts.tokenizer = model->tokenizer.section;
    pack->parts.tokenizer_bytes = model->tokenizer.section_bytes;
}

static void choose_kind(db_packing *pack, const db_pack_options *options)
{
    const db_tuned *tuned = &pack->model->tuned;
    const uint32_t own_bits = tuned->bits != 0 ? tuned->bits : 8, bits = options->bits != 0 ? options->bits : own_bits;
    pack->tuned = !options->tensor_bits && bits == tuned->bits;
    pack->kind = (db_matrix_kind){.bits = bits, .fixed = pack->tuned || options->fixed_scales};
}

static int pack_calibrated(db_packing *pack, const db_pack_options *options, void **image, size_t *bytes,
                           db_error *error)
{
    char prompt[DB_IMAGE_PROMPT_MAX + 1];
    uint8_t *out;
    fill_header(pack, options);
    const db_packing_record record = {.bits = pack->kind.bits,
                                      .tensor_bits = options->tensor_bits,
                                      .calibration_tokens = pack->calibration.tokens,
                                      .command = options->command};
    char *provenance = db_provenance_make(pack->model, &record, error);
    if (!provenance)
        return -1;
    pack->parts.provenance = db_packing_own(pack, provenance);
    if (add_tensors(pack, error) != 0)
        return -1;
    if (options->golden_prompt)
        memcpy(prompt, options->golden_prompt, strlen(options->golden_prompt) + 1);
    else
        default_prompt(prompt, pack->model);
    db_image_write(&pack->parts, &out, bytes);
    if (db_image_set_golden(out, *bytes, prompt, options->golden_seed, options->golden_tokens, error) != 0) {
        free(out);
        return -1;
    }
    *image = out;
    return 0;
}

/* The weights as the image will have them, [layout.parameters]. */
static float *rounded_weights(db_packing *pack)
{
    const db_layout *layout = &pack->model->layout;
    float *out = db_packing_own(pack, db_allocate(layout->parameters * sizeof *out));
    for (size_t i = 0; i < layout->count; i++) {
        const db_tensor *tensor = &layout->tensors[i];
        (db_packing_kind(pack, tensor).bits == 4 ? db_round_i4_fixed : db_round_fixed)(
            out + tensor->offset, db_packing_values(pack, tensor), tensor->rows, tensor->cols);
    }
    return out;
}

/* A tuned transformer's units are those of the weights that it was tuned with: what they were rounded from was never
 * run. (A recurrent one's are fixed.) */
static void calibrate(db_packing *pack, const uint16_t *ids, size_t count)
{
    const db_model_dir *model = pack->model;
    const bool as_rounded = pack->tuned && model->config.architecture == DOGBERRY_TRANSFORMER;
    db_calibrate(&pack->calibration, &model->config, as_rounded ? rounded_weights(pack) : model->parameters,
                 model->start_token, model->tokenizer.view.end, ids, count);
}

int db_pack(const db_model_dir *model, const uint16_t *calibration_tokens, size_t count, const db_pack_options *options,
            void **image, size_t *bytes, db_error *error)
{
    if (check(options, error) != 0)
        return -1;
    db_tokens kept = {0};
    if (count == 0) {
        db_tokens_append(&kept, &model->tokenizer, &model->calibration);
        calibration_tokens = kept.ids;
        count = kept.count;
    }
    int result = -1;
    db_packing pack = {.model = model,
                       .tensor_bits = options->tensor_bits,
                       .nearest = options->nearest,
                       .key_bits = options->key_bits,
                       .by_row = options->by_row};
    choose_kind(&pack, options);
    if (count == 0) {
        db_fail(error, "pack: no text to calibrate on; give one, or train again so that calibration.txt is kept");
    } else {
        calibrate(&pack, calibration_tokens, count);
        result = pack_calibrated(&pack, options, image, bytes, error);
    }
    for (size_t i = 0; i < pack.owned_count; i++)
        free(pack.owned[i]);
    for (size_t i = 0; i < pack.matrix_count; i++)
        db_matrix_free(&pack.matrices[i]);
    db_calibration_free(&pack.calibration);
    db_tokens_free(&kept);
    return result;
}
