/*
 * Causal attention over an int8 cache of keys and values. Keys are kept turned by their positions: a difference of
 * positions is a difference of phases, exactly, however far positions have gone on.
 *
 * SPDX-License-Identifier: MIT
 */
#include "rescale.h"
#include "tables.h"
#include "transformer.h"

/* Products for keys and values have 16 bits, of which a value keeps the upper 8 and a key 8 or 12. */
enum { PRODUCT_BITS = 16, VALUE_BITS = 8, SINE_BITS = 14, QUARTER = 1 << 30 };

/* Bits of a query and a key together: with 256 components no score leaves 2^30. */
enum { QUERY_KEY_BITS = 24 };

/* Weights have as many bits as leave room for the sum over all tokens: docs/NUMERICS.md. */
enum { WEIGHT_BITS = 23 };

/* One layer at work. */
typedef struct {
    const dogberry_transformer_kernels *kernels;
    const uint32_t *words; /* [heads] scale words */
    uint32_t head;         /* components of one */
    uint32_t kv_heads;     /* of keys and values */
    uint32_t sharing;      /* heads that have keys and values in common */
    uint32_t context;      /* tokens at most */
    uint32_t seen;         /* tokens */
    uint32_t weight_bits;  /* of the largest weight */
    uint32_t score_frac;
    uint32_t key_bits;
    int32_t *queries; /* [heads][head] */
    int32_t *scores;  /* [DOGBERRY_PARTS_MAX][context] */
    int8_t *keys;     /* [kv_heads][context][head]; of more than 8 bits: int16 */
    int8_t *values;   /* [kv_heads][context][head] */
    int8_t *out;      /* [heads][head] */
} attention;

/* Components c and c + pairs of `heads` heads by the same angle. */
static void turn(int32_t *rows, uint32_t heads, uint32_t head, uint32_t pairs, uint32_t phase)
{
    int32_t sine = dogberry_sine(phase), cosine = dogberry_sine(phase + (uint32_t)QUARTER);

    for (; heads > 0; heads--, rows += head) {
        int32_t a = dogberry_saturate16(rows[0]), b = dogberry_saturate16(rows[pairs]);

        rows[0] = dogberry_round_shift(a * cosine - b * sine, SINE_BITS);
        rows[pairs] = dogberry_round_shift(a * sine + b * cosine, SINE_BITS);
    }
}

static int32_t saturate(int32_t x, uint32_t bits)
{
    int32_t limit = (int32_t)1 << (bits - 1u);

    return x < -limit ? -limit : x >= limit ? limit - 1 : x;
}

static void store8(int8_t *cache, const int32_t *products, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        cache[i] = dogberry_saturate8(dogberry_round_shift(products[i], PRODUCT_BITS - VALUE_BITS));
}

static void store16(int16_t *cache, const int32_t *products, uint32_t count, uint32_t bits)
{
    for (uint32_t i = 0; i < count; i++)
        cache[i] = (int16_t)saturate(dogberry_round_shift(products[i], PRODUCT_BITS - bits), bits);
}

/* A token's keys and values, which follow each other in `products`, into place number `slot`. A head's are one behind
 * another for all tokens, as they are read. */
static void store(const attention *at, uint32_t slot, const int32_t *products)
{
    uint32_t place = slot * at->head;

    for (uint32_t h = 0; h < at->kv_heads; h++, products += at->head, place += at->context * at->head) {
        if (at->key_bits == VALUE_BITS)
            store8(at->keys + place, products, at->head);
        else
            store16((int16_t *)(void *)at->keys + place, products, at->head, at->key_bits);
        store8(at->values + place, products + at->kv_heads * at->head, at->head);
    }
}

/* Scores of one head's query [head] against the keys, the first of which is component number `from` of all.
 * Returns the highest. */
static int32_t score(const attention *at, int32_t *scores, const int32_t *query, uint32_t from)
{
    const int16_t *wide = (const int16_t *)(const void *)at->keys;

    if (at->key_bits == VALUE_BITS)
        return at->kernels->scores_i8(scores, query, at->keys + from, at->head, at->seen, at->head);
    return at->kernels->scores_i16(scores, query, wide + from, at->head, at->seen, at->head);
}

/* out = sums / total in the units of a head's scale word. */
static void divide(const attention *at, int8_t *out, const int32_t *sums, uint32_t total, uint32_t word)
{
    int32_t exponent = 0;

    for (; total >> 16 != 0; exponent++)
        total >>= 1;
    for (; total >> 15 == 0; exponent--)
        total <<= 1;
    word = dogberry_divide_scale(word, total, exponent);
    for (uint32_t c = 0; c < at->head; c++)
        out[c] = dogberry_saturate8(dogberry_rescale(sums[c], word));
}

/* What some heads take from the past. */
static void run_heads(void *context, uint32_t first, uint32_t items, uint32_t part)
{
    const attention *at = context;
    int32_t *scores = at->scores + (size_t)part * at->context;
    uint32_t group = first / at->sharing, left = (group + 1u) * at->sharing - first;

    for (uint32_t h = first; h < first + items; h++) {
        int32_t *query = at->queries + (size_t)h * at->head;
        uint32_t from = group * at->context * at->head, total;
        int32_t most = score(at, scores, query, from);

        total = at->kernels->weigh(scores, at->seen, most, at->score_frac, at->weight_bits);
        /* The query is done with: the sums take its place. */
        at->kernels->mix_i8(query, scores, at->values + from, at->head, at->seen, at->head);
        divide(at, at->out + (size_t)h * at->head, query, total, at->words[h]);
        if (--left == 0) {
            group++;
            left = at->sharing;
        }
    }
}

/* log2 of `context`, rounded up. */
static uint32_t bits_of(uint32_t context)
{
    uint32_t bits = 0;

    while (1u << bits < context)
        bits++;
    return bits;
}

/* Queries and keys turned by the token's position. */
static int turn_all(const dogberry_image *image, const dogberry_blocks *blocks)
{
    uint32_t head = image->transformer.head, pairs = head / 2u;
    uint32_t heads = image->transformer.heads + image->transformer.kv_heads;
    const uint32_t *turns =
        dogberry_fetch(&image->source, image->transformer.rotary, 4u * pairs, blocks->work.rows.room);

    if (turns == NULL)
        return DOGBERRY_ERR_READ;
    for (uint32_t p = 0; p < pairs; p++) {
        if (turns[p] != 0) /* by 0 nothing changes */
            turn(blocks->work.scratch + p, heads, head, pairs, blocks->context->position * turns[p]);
    }
    return DOGBERRY_OK;
}

/* Scale words of the heads: in the image, or in the row buffer. Returns NULL where they could not be read. */
static const uint32_t *head_scales(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index)
{
    uint32_t heads = image->transformer.heads, offset;

    if (dogberry_unread(dogberry_block_vector(image, index, DOGBERRY_BLOCK_SCALES, &offset)))
        return NULL;
    const uint32_t *words =
        dogberry_fetch(&image->source, offset + 4u * DOGBERRY_NORMS, 4u * heads, blocks->work.rows.room);

    for (uint32_t h = 0; DOGBERRY_HAS_STREAM && words != NULL && h < heads; h++) {
        if (!dogberry_is_head_scale(words[h]))
            return NULL;
    }
    return words;
}

int dogberry_attention(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index, uint32_t slot)
{
    uint32_t heads = image->transformer.heads, kv_heads = image->transformer.kv_heads, head = image->transformer.head;
    uint32_t context = image->transformer.context, queries = heads * head, row = kv_heads * head;
    uint32_t key_bits = image->transformer.key_bits, rows = queries + 2u * row;
    int8_t *keys = blocks->caches + (size_t)index * dogberry_transformer_layer_bytes(image);
    int32_t *products = blocks->work.scratch;
    int score_frac = dogberry_score_frac(image, index);

    if ((DOGBERRY_HAS_STREAM && score_frac < 0) || dogberry_unread(turn_all(image, blocks)))
        return DOGBERRY_ERR_READ;
    const uint32_t *words = head_scales(image, blocks, index);

    if (words == NULL)
        return DOGBERRY_ERR_READ;
    attention at = {blocks->work.kernels->transformer,
                    words,
                    head,
                    kv_heads,
                    heads / kv_heads,
                    context,
                    slot + 1u,
                    WEIGHT_BITS - bits_of(context),
                    (uint32_t)score_frac,
                    key_bits,
                    products,
                    products + rows + DOGBERRY_PROJECT_SLACK,
                    keys,
                    keys + (size_t)context * row * (key_bits == VALUE_BITS ? 1u : 2u),
                    blocks->branch};

    store(&at, slot, products + queries);
    for (uint32_t i = 0; i < queries; i++)
        products[i] = saturate(products[i], QUERY_KEY_BITS - key_bits);
    at.kernels->share(run_heads, &at, heads);
    dogberry_pad(blocks->branch, queries);
    return DOGBERRY_OK;
}
