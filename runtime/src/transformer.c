/*
 * A token's way through the layers of a transformer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "transformer.h"

#include "rescale.h"

/* A small vocabulary's logits are made in one go: dogberry_dense(). */
enum { LOGITS_AT_ONCE = 128 };

int dogberry_is_head_scale(uint32_t word)
{
    return dogberry_scale_is_valid(word, 1) && (word & 0x7FFFu) != 0 && word >> 16 <= DOGBERRY_HEAD_SHIFT_MAX;
}

int dogberry_fetch_norm(const dogberry_source *source, uint32_t offset, uint32_t *word)
{
    const uint32_t *there = dogberry_fetch(source, offset, 4, word);

    if (there == NULL)
        return DOGBERRY_ERR_READ;
    *word = *there;
    return dogberry_scale_is_valid(*word, 1) && (*word & 0x7FFFu) != 0 && *word >> 16 >= DOGBERRY_NORM_SHIFT_MIN
               ? DOGBERRY_OK
               : DOGBERRY_ERR_IMAGE;
}

int dogberry_check_block_scales(const dogberry_source *source, uint32_t offset, uint32_t norms, uint32_t words)
{
    int status = DOGBERRY_OK;

    for (uint32_t i = 0, word; i < words && status == DOGBERRY_OK; i++, offset += 4u) {
        status = dogberry_fetch_norm(source, offset, &word);
        if (i >= norms && status != DOGBERRY_ERR_READ)
            status = dogberry_is_head_scale(word) ? DOGBERRY_OK : DOGBERRY_ERR_IMAGE;
    }
    return status;
}

static uint32_t shared_width(const dogberry_image *image)
{
    return image->transformer.kv_heads * image->transformer.head;
}

uint32_t dogberry_block_biases(const dogberry_image *image)
{
    return dogberry_attention_rows(image) + 2u * image->embedding + dogberry_inner_rows(image);
}

uint32_t dogberry_silu_scales(const dogberry_image *image)
{
    return image->transformer.feed_forward == DOGBERRY_SILU ? image->hidden : 0;
}

uint32_t dogberry_transformer_words(const dogberry_image *image)
{
    uint32_t attention = dogberry_attention_rows(image) + DOGBERRY_PARTS_MAX * image->transformer.context +
                         image->transformer.head;                   /* sines and cosines of the pairs of components */
    uint32_t inner = dogberry_inner_rows(image) + image->embedding; /* terms of a ReLU, and sums beside them */
    uint32_t vocab = image->vocab < LOGITS_AT_ONCE ? image->vocab : LOGITS_AT_ONCE, logits = vocab + vocab / 2u + 2u;

    if (attention < inner)
        attention = inner;
    return (attention > logits ? attention : logits) + DOGBERRY_PROJECT_SLACK;
}

uint32_t dogberry_transformer_layer_bytes(const dogberry_image *image)
{
    uint32_t key_bytes = image->transformer.key_bits == 8u ? 1u : 2u;

    return image->transformer.context * shared_width(image) * (key_bytes + 1u);
}

uint32_t dogberry_transformer_cache_bytes(const dogberry_image *image)
{
    return image->layers * dogberry_transformer_layer_bytes(image);
}

/* When the cache is full its older half goes. Returns the place for the next token. */
static uint32_t make_room(const dogberry_image *image, const dogberry_blocks *blocks)
{
    uint32_t context = image->transformer.context, kept = context / 2u, values = 0;
    int8_t *plane = blocks->caches; /* one head's keys, or its values, of all tokens */

    if (blocks->context->cached < context)
        return blocks->context->cached;
    for (uint32_t half = 0; half < 2u * image->layers; half++, values = !values) {
        uint32_t row = image->transformer.head << (!values && image->transformer.key_bits > 8u);

        for (uint32_t h = 0; h < image->transformer.kv_heads; h++, plane += context * row)
            dogberry_copy(plane, plane + (context - kept) * row, kept * row);
    }
    blocks->context->cached = kept;
    return kept;
}

/* The counts may go round. */
static void count_skipped(dogberry_context *context, uint32_t columns, uint32_t terms)
{
    context->columns += columns;
    context->skipped += columns - terms;
}

/* How far a token has come in a layer. */
typedef struct {
    uint32_t index;
    uint32_t bias;  /* offset of those of the next matrix */
    uint32_t terms; /* for the outer matrix: dogberry_feed_forward() */
} passage;

/* The start of the scratch = the layer's next matrix times x, plus its bias. Of one by column the terms stand there,
 * and not x. */
__attribute__((noinline)) static int block_project(const dogberry_image *image, const dogberry_blocks *blocks,
                                                   const int8_t *x, uint32_t part, passage *layer)
{
    dogberry_matrix matrix;

    if (dogberry_unread(dogberry_find_matrix(image, layer->index, part, &matrix)))
        return DOGBERRY_ERR_READ;
    dogberry_product product = {&matrix, 0, matrix.rows, layer->bias, x, blocks->work.scratch, NULL, 0};

    layer->bias += 2u * matrix.rows;
    if (matrix.by_column) {
        count_skipped(blocks->context, matrix.cols, layer->terms);
        if (dogberry_unread(dogberry_sum_terms(&blocks->work, &matrix, layer->terms)))
            return DOGBERRY_ERR_READ;
        product.x = NULL;
    }
    return dogberry_project(&blocks->work, &product);
}

/* stream += matrix times branch + bias. */
static int add_branch(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t part, passage *layer)
{
    if (dogberry_unread(block_project(image, blocks, blocks->branch, part, layer)))
        return DOGBERRY_ERR_READ;
    const int32_t *added = blocks->work.scratch;

    DOGBERRY_UNROLL(2)
    for (int16_t *x = blocks->stream, *end = x + image->embedding; x < end; x++)
        *x = dogberry_saturate16(*x + *added++);
    return DOGBERRY_OK;
}

/* norm = the stream normalised by the scale word at an offset. */
static int normalize(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t offset)
{
    uint32_t word;

    if (!dogberry_is_streamed(&image->source))
        word = *(const uint32_t *)dogberry_fetch(&image->source, offset, 4, &word);
    else if (dogberry_fetch_norm(&image->source, offset, &word) != DOGBERRY_OK)
        return DOGBERRY_ERR_READ;
    dogberry_rmsnorm(blocks->norm, blocks->stream, image->embedding, image->transformer.epsilon, word);
    return DOGBERRY_OK;
}

/* blocks->branch, or terms in the scratch, = what the outer matrix reads. */
static int feed_forward(const dogberry_image *image, const dogberry_blocks *blocks, passage *layer)
{
    int by_column = dogberry_find_detail(image, layer->index, DOGBERRY_BLOCK_OUTER);

    if (DOGBERRY_HAS_STREAM && by_column < 0)
        return DOGBERRY_ERR_READ;
    return dogberry_feed_forward(image, blocks, layer->index, by_column ? &layer->terms : NULL);
}

int dogberry_transformer_step(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t token)
{
    uint32_t slot = make_room(image, blocks);

    if (dogberry_unread(dogberry_embed(&blocks->work, &image->embeddings, token, NULL, blocks->stream)))
        return DOGBERRY_ERR_READ;
    for (uint32_t l = 0; l < image->layers; l++) {
        passage layer = {.index = l};
        uint32_t scales;

        if (dogberry_unread(dogberry_find_vector(image, l, DOGBERRY_BLOCK_SCALES, &scales)) ||
            dogberry_unread(dogberry_find_vector(image, l, DOGBERRY_BLOCK_BIAS, &layer.bias)) ||
            dogberry_unread(normalize(image, blocks, scales)) ||
            dogberry_unread(block_project(image, blocks, blocks->norm, DOGBERRY_BLOCK_ATTENTION, &layer)) ||
            dogberry_unread(dogberry_attention(image, blocks, l, slot)) ||
            dogberry_unread(add_branch(image, blocks, DOGBERRY_BLOCK_ATTENTION_OUTPUT, &layer)) ||
            dogberry_unread(normalize(image, blocks, scales + 4u)) ||
            dogberry_unread(block_project(image, blocks, blocks->norm, DOGBERRY_BLOCK_INNER, &layer)) ||
            dogberry_unread(feed_forward(image, blocks, &layer)) ||
            dogberry_unread(add_branch(image, blocks, DOGBERRY_BLOCK_OUTER, &layer)))
            return DOGBERRY_ERR_READ;
    }
    if (dogberry_unread(normalize(image, blocks, image->transformer.norm)))
        return DOGBERRY_ERR_READ;
    blocks->context->cached = slot + 1u;
    blocks->context->position++;
    return DOGBERRY_OK;
}
