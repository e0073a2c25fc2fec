/*
 * A token's way through the layers of a transformer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "transformer.h"

#include "rescale.h"

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

uint32_t dogberry_transformer_words(const dogberry_image *image)
{
    uint32_t attention = dogberry_attention_rows(image) + DOGBERRY_PARTS_MAX * image->transformer.context;
    uint32_t inner = dogberry_inner_rows(image) + image->embedding; /* terms of a ReLU, and sums beside them */

    return (attention > inner ? attention : inner) + DOGBERRY_PROJECT_SLACK;
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
    uint32_t context = image->transformer.context, row = shared_width(image), kept = context / 2u;
    uint32_t key_row = image->transformer.key_bits == 8u ? row : 2u * row;
    int8_t *cache = blocks->caches;

    if (blocks->context->cached < context)
        return blocks->context->cached;
    for (uint32_t l = 0; l < image->layers; l++, cache += dogberry_transformer_layer_bytes(image)) {
        int8_t *values = cache + (size_t)context * key_row;

        dogberry_copy(cache, cache + (size_t)(context - kept) * key_row, (size_t)kept * key_row);
        dogberry_copy(values, values + (size_t)(context - kept) * row, (size_t)kept * row);
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

/* The start of the scratch = a matrix of layer `index` times x, plus its bias. The outer one's x is made first, of what
 * stands there. */
static int block_project(const dogberry_image *image, const dogberry_blocks *blocks, const int8_t *x, uint32_t index,
                         uint32_t part)
{
    dogberry_matrix matrix;
    uint32_t bias, skipped = 0, terms = 0;

    if (dogberry_unread(dogberry_block_matrix(image, index, part, &matrix)) ||
        dogberry_unread(dogberry_block_vector(image, index, DOGBERRY_BLOCK_BIAS, &bias)))
        return DOGBERRY_ERR_READ;
    if (part > DOGBERRY_BLOCK_ATTENTION)
        skipped = dogberry_attention_rows(image);
    if (part > DOGBERRY_BLOCK_ATTENTION_OUTPUT)
        skipped += image->embedding;
    if (part > DOGBERRY_BLOCK_INNER)
        skipped += dogberry_inner_rows(image);
    bias += 2u * skipped;
    if (part == DOGBERRY_BLOCK_OUTER)
        terms = dogberry_feed_forward(image, blocks);
    if (matrix.by_column) {
        count_skipped(blocks->context, matrix.cols, terms);
        return dogberry_project_terms(&blocks->work, &matrix, bias, terms);
    }
    return dogberry_project(&blocks->work, blocks->work.scratch, &matrix, bias, 0, matrix.rows, x);
}

/* stream += matrix times branch + bias. */
static int add_branch(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index, uint32_t part)
{
    if (dogberry_unread(block_project(image, blocks, blocks->branch, index, part)))
        return DOGBERRY_ERR_READ;
    for (uint32_t c = 0; c < image->embedding; c++)
        blocks->stream[c] = dogberry_saturate16(blocks->stream[c] + blocks->work.scratch[c]);
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

int dogberry_transformer_step(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t token)
{
    uint32_t slot = make_room(image, blocks);

    if (dogberry_unread(dogberry_embed(&blocks->work, &image->embeddings, token, NULL, blocks->stream)))
        return DOGBERRY_ERR_READ;
    for (uint32_t l = 0; l < image->layers; l++) {
        uint32_t scales;

        if (dogberry_unread(dogberry_block_vector(image, l, DOGBERRY_BLOCK_SCALES, &scales)) ||
            dogberry_unread(normalize(image, blocks, scales)) ||
            dogberry_unread(block_project(image, blocks, blocks->norm, l, DOGBERRY_BLOCK_ATTENTION)) ||
            dogberry_unread(dogberry_attention(image, blocks, l, slot)) ||
            dogberry_unread(add_branch(image, blocks, l, DOGBERRY_BLOCK_ATTENTION_OUTPUT)) ||
            dogberry_unread(normalize(image, blocks, scales + 4u)) ||
            dogberry_unread(block_project(image, blocks, blocks->norm, l, DOGBERRY_BLOCK_INNER)) ||
            dogberry_unread(add_branch(image, blocks, l, DOGBERRY_BLOCK_OUTER)))
            return DOGBERRY_ERR_READ;
    }
    if (dogberry_unread(normalize(image, blocks, image->transformer.norm)))
        return DOGBERRY_ERR_READ;
    blocks->context->cached = slot + 1u;
    blocks->context->position++;
    return DOGBERRY_OK;
}
