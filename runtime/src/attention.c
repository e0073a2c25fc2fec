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
enum { WEIGHT_BITS = 23, EXP_BITS = 24 };

/* One layer at work. */
typedef struct {
    uint32_t head, row;   /* components of one head, and of all of a token's keys */
    uint32_t seen;        /* tokens */
    uint32_t weight_bits; /* of the largest weight */
    uint32_t score_frac;
    uint32_t key_bits;
    int32_t *scores; /* [seen] */
    int8_t *keys;    /* [context][row]; of more than 8 bits: int16 */
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

static void store_keys(const attention *at, uint32_t slot, const int32_t *products)
{
    int8_t *narrow = at->keys + (size_t)slot * at->row;
    int16_t *wide = (int16_t *)(void *)at->keys + (size_t)slot * at->row;

    if (at->key_bits == VALUE_BITS) {
        store8(narrow, products, at->row);
        return;
    }
    for (uint32_t i = 0; i < at->row; i++)
        wide[i] = (int16_t)saturate(dogberry_round_shift(products[i], PRODUCT_BITS - at->key_bits), at->key_bits);
}

static int32_t dot8(const int32_t *query, const int8_t *key, uint32_t count)
{
    int32_t sum = 0;

    for (uint32_t c = 0; c < count; c++)
        sum += query[c] * key[c];
    return sum;
}

static int32_t dot16(const int32_t *query, const int16_t *key, uint32_t count)
{
    int32_t sum = 0;

    for (uint32_t c = 0; c < count; c++)
        sum += query[c] * key[c];
    return sum;
}

/* Scores of one head's query [head] against the keys, whose components are `from` on. Returns the highest. */
static int32_t score(const attention *at, const int32_t *query, uint32_t from)
{
    const int8_t *narrow = at->keys + from;
    const int16_t *wide = (const int16_t *)(const void *)at->keys + from;
    int32_t most = INT32_MIN;

    for (uint32_t j = 0; j < at->seen; j++, narrow += at->row, wide += at->row) {
        int32_t sum = at->key_bits == VALUE_BITS ? dot8(query, narrow, at->head) : dot16(query, wide, at->head);

        at->scores[j] = sum;
        if (sum > most)
            most = sum;
    }
    return most;
}

/* Scores become weights: 2^(score - most), the largest 2^weight_bits. Returns their sum. */
static uint32_t weigh(const attention *at, int32_t most)
{
    uint32_t reach = 25u << at->score_frac, total = 0, drop = EXP_BITS - at->weight_bits;

    for (uint32_t j = 0; j < at->seen; j++) {
        uint32_t below = (uint32_t)most - (uint32_t)at->scores[j], weight = 0;

        if (below < reach)
            weight = (dogberry_exp2(below << (26u - at->score_frac)) + (1u << (drop - 1u))) >> drop;
        at->scores[j] = (int32_t)weight;
        total += weight;
    }
    return total;
}

/* sums[c] = weights times values from `values` on. */
static void mix(const attention *at, int32_t *sums, const int8_t *values)
{
    for (uint32_t c = 0; c < at->head; c++)
        sums[c] = 0;
    for (uint32_t j = 0; j < at->seen; j++, values += at->row) {
        int32_t weight = at->scores[j];

        if (weight == 0)
            continue;
        for (uint32_t c = 0; c < at->head; c++)
            sums[c] += weight * values[c];
    }
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

/* log2 of `context`, rounded up. */
static uint32_t bits_of(uint32_t context)
{
    uint32_t bits = 0;

    while (1u << bits < context)
        bits++;
    return bits;
}

void dogberry_attention(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index, uint32_t slot)
{
    uint32_t heads = image->transformer.heads, kv_heads = image->transformer.kv_heads, head = image->transformer.head;
    uint32_t context = image->transformer.context, queries = heads * head, row = kv_heads * head, pairs = head / 2u;
    const uint32_t *words = dogberry_block_vector(image, index, DOGBERRY_BLOCK_SCALES);
    uint32_t key_bits = image->transformer.key_bits, rows = queries + 2u * row;
    int8_t *keys = blocks->caches + (size_t)index * dogberry_transformer_layer_bytes(image);
    int8_t *values = keys + (size_t)context * row * (key_bits == VALUE_BITS ? 1u : 2u);
    int32_t *products = blocks->work.scratch;
    attention at = {head,
                    row,
                    slot + 1u,
                    WEIGHT_BITS - bits_of(context),
                    dogberry_score_frac(image, index),
                    key_bits,
                    products + rows + DOGBERRY_PROJECT_SLACK,
                    keys};

    dogberry_block_project(image, blocks, blocks->norm, index, DOGBERRY_BLOCK_ATTENTION);
    for (uint32_t p = 0; p < pairs; p++)
        turn(products + p, heads + kv_heads, head, pairs, blocks->context->position * image->transformer.rotary[p]);
    store_keys(&at, slot, products + queries);
    store8(values + (size_t)slot * row, products + queries + row, row);
    for (uint32_t i = 0; i < queries; i++)
        products[i] = saturate(products[i], QUERY_KEY_BITS - key_bits);
    for (uint32_t h = 0; h < heads; h++) {
        uint32_t from = h / (heads / kv_heads) * head;
        int32_t *query = products + (size_t)h * head;
        uint32_t total = weigh(&at, score(&at, query, from));

        mix(&at, query, values + from); /* the query is done with */
        divide(&at, blocks->branch + (size_t)h * head, query, total, words[2u + h]);
    }
    dogberry_pad(blocks->branch, queries);
}
