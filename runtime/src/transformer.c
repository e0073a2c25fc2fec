/*
 * A token's way through the layers of a transformer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "transformer.h"

#include "rescale.h"

static uint32_t shared_width(const dogberry_image *image)
{
    return image->transformer.kv_heads * image->transformer.head;
}

uint32_t dogberry_transformer_words(const dogberry_image *image)
{
    uint32_t attention = dogberry_attention_rows(image) + DOGBERRY_PARTS_MAX * image->transformer.context;
    uint32_t inner = dogberry_inner_rows(image);

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

void dogberry_block_project(const dogberry_image *image, const dogberry_blocks *blocks, const int8_t *x, uint32_t index,
                            uint32_t part)
{
    const int16_t *bias = dogberry_block_vector(image, index, DOGBERRY_BLOCK_BIAS);
    dogberry_matrix matrix = dogberry_block_matrix(image, index, part);

    if (part > DOGBERRY_BLOCK_ATTENTION)
        bias += dogberry_attention_rows(image);
    if (part > DOGBERRY_BLOCK_ATTENTION_OUTPUT)
        bias += image->embedding;
    if (part > DOGBERRY_BLOCK_INNER)
        bias += dogberry_inner_rows(image);
    dogberry_project(&blocks->work, blocks->work.scratch, &matrix, bias, 0, matrix.rows, x);
}

/* stream += matrix times branch + bias. */
static void add_branch(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index, uint32_t part)
{
    dogberry_block_project(image, blocks, blocks->branch, index, part);
    for (uint32_t c = 0; c < image->embedding; c++)
        blocks->stream[c] = dogberry_saturate16(blocks->stream[c] + blocks->work.scratch[c]);
}

static void normalize(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t word)
{
    dogberry_rmsnorm(blocks->norm, blocks->stream, image->embedding, image->transformer.epsilon, word);
}

void dogberry_transformer_step(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t token)
{
    uint32_t slot = make_room(image, blocks);

    dogberry_embed16(&image->embeddings, token, blocks->stream);
    for (uint32_t l = 0; l < image->layers; l++) {
        const uint32_t *words = dogberry_block_vector(image, l, DOGBERRY_BLOCK_SCALES);

        normalize(image, blocks, words[0]);
        dogberry_block_project(image, blocks, blocks->norm, l, DOGBERRY_BLOCK_ATTENTION);
        dogberry_attention(image, blocks, l, slot);
        add_branch(image, blocks, l, DOGBERRY_BLOCK_ATTENTION_OUTPUT);
        normalize(image, blocks, words[1]);
        dogberry_block_project(image, blocks, blocks->norm, l, DOGBERRY_BLOCK_INNER);
        dogberry_feed_forward(image, blocks);
        add_branch(image, blocks, l, DOGBERRY_BLOCK_OUTER);
    }
    normalize(image, blocks, image->transformer.norm);
    blocks->context->cached = slot + 1u;
    blocks->context->position++;
}
