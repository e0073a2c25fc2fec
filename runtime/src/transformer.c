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
    uint32_t context = image->transformer.context, width = image->embedding;
    uint32_t attention = width + 2u * shared_width(image) + context;
    uint32_t inner = image->transformer.feed_forward == DOGBERRY_SWIGLU ? 2u * image->hidden : image->hidden;

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

/* stream += matrix times branch + bias. */
static void add_branch(const dogberry_blocks *blocks, const dogberry_matrix *matrix, const int16_t *bias)
{
    int32_t *product = blocks->work.scratch;

    dogberry_project(&blocks->work, product, matrix, bias, 0, matrix->rows, blocks->branch);
    for (uint32_t c = 0; c < matrix->rows; c++)
        blocks->stream[c] = dogberry_saturate16(blocks->stream[c] + product[c]);
}

static void run_block(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index, uint32_t slot)
{
    uint32_t width = image->embedding, epsilon = image->transformer.epsilon;
    dogberry_block block;

    (void)dogberry_block_at(image, index, &block);
    dogberry_rmsnorm(blocks->norm, blocks->stream, width, epsilon, block.scales[0]);
    dogberry_attention(image, blocks, &block, index, slot);
    add_branch(blocks, &block.attention_output, block.bias + block.attention.rows);
    dogberry_rmsnorm(blocks->norm, blocks->stream, width, epsilon, block.scales[1]);
    dogberry_feed_forward(image, blocks, &block);
    add_branch(blocks, &block.outer, block.bias + block.attention.rows + width + block.inner.rows);
}

void dogberry_transformer_step(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t token)
{
    uint32_t slot = make_room(image, blocks);

    dogberry_embed16(&image->embeddings, token, blocks->stream);
    for (uint32_t l = 0; l < image->layers; l++)
        run_block(image, blocks, l, slot);
    dogberry_rmsnorm(blocks->norm, blocks->stream, image->embedding, image->transformer.epsilon,
                     image->transformer.norm);
    blocks->context->cached = slot + 1u;
    blocks->context->position++;
}
