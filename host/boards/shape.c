/* SPDX-License-Identifier: MIT */
#include "boards/shape.h"

#include <assert.h>
#include <math.h>

#include "boards/cost.h"
#include "nn/factored.h"
#include "pack/pack.h"

enum { ALIGNMENT = 16, TABLE_ENTRY = 32 };

/* Of a tokenizer section, besides 16 bytes and 10 an entry: bytes of the pool an entry, and what there is once. Words
 * of the Shakespeare texts have 7.4; learned pieces about 3.5. */
enum { POOL_WORD = 8, POOL_SUBWORD = 4, POOL_CHARACTER = 2, BYTE_IDS = 512, MERGE_BYTES = 8 };
enum { PROVENANCE = 3072 }; /* training, packing and spelling of a usual model */

/* What some of a transformer's matrices have in any image: db_matrix_bits(). */
enum { WIDE_BITS = 8 };

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static dogberry_matrix matrix_shape(uint32_t rows, uint32_t cols, uint32_t bits)
{
    dogberry_matrix matrix = {.rows = rows, .cols = cols, .bits = (uint16_t)bits};
    matrix.stride = (bits == 4 ? 4 : 1) * (uint32_t)aligned(cols);
    if (bits == 4)
        matrix.groups = (matrix.stride / 4 + DOGBERRY_I4_GROUP - 1) / DOGBERRY_I4_GROUP;
    return matrix;
}

/* By column: a byte or a nibble for each row, in blocks of eight. */
static dogberry_matrix columns_shape(uint32_t rows, uint32_t cols, uint32_t bits)
{
    dogberry_matrix matrix = matrix_shape(rows, cols, bits);
    matrix.by_column = 1;
    matrix.stride = (rows + DOGBERRY_I4_BLOCK - 1) / DOGBERRY_I4_BLOCK * bits;
    return matrix;
}

/* Data and scales, each from a multiple of 16 on. */
static uint64_t matrix_bytes(const dogberry_matrix *matrix)
{
    uint64_t blocks = (matrix->rows + DOGBERRY_I4_BLOCK - 1) / DOGBERRY_I4_BLOCK;
    uint64_t lines = matrix->by_column ? matrix->cols : matrix->bits == 4 ? blocks : matrix->rows;
    if (matrix->bits != 4)
        return aligned(lines * matrix->stride) + aligned(4 * (uint64_t)matrix->rows);
    return aligned(lines * matrix->stride) + aligned(blocks * DOGBERRY_I4_BLOCK * (4 + matrix->groups));
}

static uint64_t layers_bytes(const dogberry_image *image, uint64_t *tensors)
{
    bool gru = image->architecture == DOGBERRY_GRU;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < image->layers; i++) {
        bytes += matrix_bytes(&image->layer[i].input) + matrix_bytes(&image->layer[i].recurrent);
        bytes += aligned(2 * (uint64_t)image->layer[i].input.rows) + (gru ? aligned(2 * (uint64_t)image->hidden) : 0);
        *tensors += gru ? 4 : 3;
    }
    return bytes;
}

static bool is_opened(const dogberry_image *image)
{
    return image->source.bytes || image->source.reader;
}

/* A transformer's shape keeps the bits of all its layers where a recurrent one has those of its first. */
dogberry_matrix db_shape_block(const dogberry_image *shape, uint32_t layer, uint32_t part)
{
    dogberry_matrix matrix;
    if (is_opened(shape) && dogberry_block_matrix(shape, layer, part, &matrix) == DOGBERRY_OK)
        return matrix;
    uint32_t wide = shape->embedding, inner = shape->hidden, bits = shape->layer[0].input.bits;
    uint32_t heads = shape->transformer.heads + 2 * shape->transformer.kv_heads;
    switch (part) {
    case DOGBERRY_BLOCK_ATTENTION:
        return matrix_shape(heads * shape->transformer.head, wide, bits);
    case DOGBERRY_BLOCK_ATTENTION_OUTPUT:
        return matrix_shape(wide, wide, bits);
    case DOGBERRY_BLOCK_INNER:
        return matrix_shape(shape->transformer.feed_forward == DOGBERRY_SWIGLU ? 2 * inner : inner, wide, bits);
    default:
        return (db_is_rectified(shape->transformer.feed_forward) ? columns_shape : matrix_shape)(wide, inner,
                                                                                                 WIDE_BITS);
    }
}

/* Of each layer four matrices, their biases with SiLU's scales, and scale words of norms and heads; then the last norm
 * and the turns. */
static uint64_t blocks_bytes(const dogberry_image *image, uint64_t *tensors)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < image->layers; i++) {
        uint64_t rows = 0;
        for (uint32_t part = DOGBERRY_BLOCK_ATTENTION; part <= DOGBERRY_BLOCK_OUTER; part++) {
            dogberry_matrix matrix = db_shape_block(image, i, part);
            bytes += matrix_bytes(&matrix);
            rows += matrix.rows;
        }
        if (image->transformer.feed_forward == DOGBERRY_SILU)
            rows += image->hidden; /* scales behind the biases */
        bytes += aligned(2 * rows) + aligned(4 * (2 + (uint64_t)image->transformer.heads));
    }
    bool turns = image->transformer.head > 1;
    *tensors += 6 * (uint64_t)image->layers + 1 + turns;
    return bytes + aligned(4) + (turns ? aligned(4 * (uint64_t)(image->transformer.head / 2)) : 0);
}

uint64_t db_shape_tensor_bytes(const dogberry_image *image)
{
    uint64_t tensors = 3; /* embedding, output (tied: its scales), output bias */
    bool transformer = image->architecture == DOGBERRY_TRANSFORMER;
    uint64_t bytes = matrix_bytes(&image->embeddings) +
                     (transformer ? blocks_bytes(image, &tensors) : layers_bytes(image, &tensors)) +
                     aligned(2 * (uint64_t)image->vocab);
    if (image->output == DOGBERRY_TIED)
        bytes += aligned(4 * (uint64_t)image->vocab);
    else
        bytes += matrix_bytes(&image->output_matrix);
    if (image->output == DOGBERRY_FACTORED) {
        bytes += matrix_bytes(&image->factored.matrix) + aligned(2 * (uint64_t)image->classes);
        bytes += 2 * aligned(2 * (uint64_t)image->vocab) + aligned(2 * ((uint64_t)image->classes + 1));
        tensors += 5;
    }
    return aligned(DOGBERRY_HEADER_BYTES + TABLE_ENTRY * tensors) + bytes;
}

static uint64_t tokenizer_bytes(uint32_t kind, uint64_t vocab)
{
    uint64_t bytes = 16 + 8 * vocab;
    switch (kind) {
    case DOGBERRY_BPE:
        return bytes + BYTE_IDS + (MERGE_BYTES + POOL_SUBWORD) * vocab;
    case DOGBERRY_CHAR:
        return bytes + (2 + POOL_CHARACTER) * vocab;
    case DOGBERRY_SUBWORD:
        return bytes + (2 + POOL_SUBWORD) * vocab;
    default:
        return bytes + (2 + POOL_WORD) * vocab;
    }
}

static void fill_factored(dogberry_image *shape, uint32_t bits)
{
    shape->factored.matrix = matrix_shape(shape->classes, shape->hidden, bits);
    for (uint32_t c = 0; c < shape->classes; c++) {
        uint32_t size =
            db_factored_start(shape->vocab, shape->classes, c + 1) - db_factored_start(shape->vocab, shape->classes, c);
        if (size > shape->factored.largest)
            shape->factored.largest = size;
    }
}

/* All matrices from the sizes in `shape`. */
static void fill_matrices(dogberry_image *shape, uint32_t bits)
{
    uint32_t gates = shape->architecture == DOGBERRY_GRU ? 3 : 4;
    bool transformer = shape->architecture == DOGBERRY_TRANSFORMER;
    uint32_t outside = transformer ? WIDE_BITS : bits;
    shape->embeddings = matrix_shape(shape->vocab, shape->embedding, outside);
    shape->layer[0].input.bits = (uint16_t)bits; /* of all of a transformer's layers: db_shape_block() */
    for (uint32_t i = 0; i < shape->layers && !transformer; i++) {
        shape->layer[i].input = matrix_shape(gates * shape->hidden, i ? shape->hidden : shape->embedding, bits);
        shape->layer[i].recurrent = matrix_shape(gates * shape->hidden, shape->hidden, bits);
    }
    shape->output_matrix = matrix_shape(shape->vocab, transformer ? shape->embedding : shape->hidden, outside);
    if (shape->output == DOGBERRY_FACTORED)
        fill_factored(shape, bits);
}

static dogberry_image sizes_of(const dogberry_image *image)
{
    dogberry_image sizes = {.architecture = image->architecture,
                            .output = image->output,
                            .vocab = image->vocab,
                            .embedding = image->embedding,
                            .hidden = image->hidden,
                            .layers = image->layers,
                            .classes = image->classes};
    sizes.transformer.heads = image->transformer.heads;
    sizes.transformer.kv_heads = image->transformer.kv_heads;
    sizes.transformer.head = image->transformer.head;
    sizes.transformer.context = image->transformer.context;
    sizes.transformer.feed_forward = image->transformer.feed_forward;
    sizes.transformer.key_bits = image->transformer.key_bits;
    return sizes;
}

bool db_shape_make(dogberry_image *shape, const db_model_config *config, uint32_t tokenizer, uint32_t bits)
{
    assert(bits == 8 || bits == 4);
    *shape = (dogberry_image){0};
    bool transformer = config->architecture == DOGBERRY_TRANSFORMER;
    if (!transformer && config->architecture != DOGBERRY_LSTM && config->architecture != DOGBERRY_GRU)
        return false;
    *shape = (dogberry_image){.architecture = config->architecture,
                              .output = config->output,
                              .vocab = config->vocab,
                              .embedding = config->embedding,
                              .hidden = config->hidden,
                              .layers = config->layers,
                              .classes = config->classes};
    if (transformer) {
        shape->transformer.heads = config->heads;
        shape->transformer.kv_heads = config->kv_heads;
        shape->transformer.head = db_model_config_head(config);
        shape->transformer.context = config->context;
        shape->transformer.feed_forward = config->feed_forward;
        shape->transformer.key_bits = db_pack_key_bits(config);
    }
    fill_matrices(shape, bits);
    uint64_t length =
        db_shape_tensor_bytes(shape) + aligned(tokenizer_bytes(tokenizer, config->vocab)) + aligned(PROVENANCE);
    shape->length = length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
    return true;
}

/* The rest of an image, which another shape of the same model keeps. */
static uint32_t length_with_rest_of(const dogberry_image *shape, const dogberry_image *image)
{
    uint64_t tensors = db_shape_tensor_bytes(image);
    uint64_t rest = image->length > tensors ? image->length - tensors : 0;
    return (uint32_t)(db_shape_tensor_bytes(shape) + rest);
}

void db_shape_int4(dogberry_image *shape, const dogberry_image *image)
{
    *shape = sizes_of(image);
    fill_matrices(shape, 4);
    shape->length = length_with_rest_of(shape, image);
}

void db_shape_factored(dogberry_image *shape, const dogberry_image *image)
{
    *shape = sizes_of(image);
    shape->output = DOGBERRY_FACTORED;
    shape->classes = (uint32_t)sqrt(image->vocab);
    fill_matrices(shape, image->output_matrix.bits);
    shape->length = length_with_rest_of(shape, image);
}
