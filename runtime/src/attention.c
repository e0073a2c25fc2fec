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

/* An angle. */
typedef struct {
    int32_t sine, cosine; /* Q14 */
} rotation;

/* One layer at work. */
typedef struct {
    const dogberry_transformer_kernels *kernels;
    const uint32_t *words; /* [heads] scale words */
    uint32_t head;         /* components of one */
    uint32_t kv_heads;     /* of keys and values */
    uint32_t sharing;      /* heads that have keys and values in common */
    uint32_t context;      /* tokens at most */
    uint32_t seen;         /* tokens, the newest included */
    uint32_t weight_bits;  /* of the largest weight */
    uint32_t score_frac;
    uint32_t key_bits;
    int32_t *queries;     /* [heads][head] */
    int32_t *newest;      /* the newest token's keys [kv_heads][head], then its values */
    int32_t *scores;      /* [DOGBERRY_PARTS_MAX][context] */
    const rotation *turn; /* [head / 2] */
    int8_t *keys;         /* [kv_heads][context][head]; of more than 8 bits: int16 */
    int8_t *values;       /* [kv_heads][context][head] */
    int8_t *out;          /* [heads][head] */
} attention;

static int32_t saturate(int32_t x, uint32_t bits)
{
    int32_t limit = (int32_t)1 << (bits - 1u);

    return x < -limit ? -limit : x >= limit ? limit - 1 : x;
}

/* Components c and c + head / 2 by the angle of their pair. By 0 nothing changes. */
static void turn(const attention *at, int32_t *row)
{
    uint32_t pairs = at->head / 2u;

    for (const rotation *by = at->turn, *end = by + pairs; by < end; by++, row++) {
        int32_t a = dogberry_saturate16(row[0]), b = dogberry_saturate16(row[pairs]);

        row[0] = dogberry_round_shift(a * by->cosine - b * by->sine, SINE_BITS);
        row[pairs] = dogberry_round_shift(a * by->sine + b * by->cosine, SINE_BITS);
    }
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

/* The newest token's key and value in one head's places. A head's are one behind another for all tokens, as they are
 * read. */
static void store(const attention *at, uint32_t group)
{
    uint32_t place = (group * at->context + at->seen - 1u) * at->head;
    int32_t *key = at->newest + (size_t)group * at->head;

    turn(at, key);
    if (at->key_bits == VALUE_BITS)
        store8(at->keys + place, key, at->head);
    else
        store16((int16_t *)(void *)at->keys + place, key, at->head, at->key_bits);
    store8(at->values + place, key + at->kv_heads * at->head, at->head);
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

/* What some heads that read a group's keys and values take from the past. */
static void run_heads(const attention *at, uint32_t first, uint32_t count, uint32_t group, uint32_t part)
{
    int32_t *scores = at->scores + (size_t)part * at->context, *query = at->queries + (size_t)first * at->head;
    uint32_t from = group * at->context * at->head;

    for (uint32_t h = first; h < first + count; h++, query += at->head) {
        turn(at, query);
        for (uint32_t c = 0; c < at->head; c++)
            query[c] = saturate(query[c], QUERY_KEY_BITS - at->key_bits);
        int32_t most = score(at, scores, query, from);
        uint32_t total = at->kernels->weigh(scores, at->seen, most, at->score_frac, at->weight_bits);

        /* The query is done with: the sums take its place. */
        at->kernels->mix_i8(query, scores, at->values + from, at->head, at->seen, at->head);
        divide(at, at->out + (size_t)h * at->head, query, total, at->words[h]);
    }
}

/* Some groups, or of one group alone, whose key and value are stored, some heads. */
static void run_some(void *context, uint32_t first, uint32_t items, uint32_t part)
{
    const attention *at = context;

    if (at->kv_heads == 1u) {
        run_heads(at, first, items, 0, part);
        return;
    }
    for (uint32_t group = first; group < first + items; group++) {
        store(at, group);
        run_heads(at, group * at->sharing, at->sharing, group, part);
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

/* The angles of the token's position. */
static int find_angles(const dogberry_image *image, const dogberry_blocks *blocks, rotation *rotations)
{
    uint32_t pairs = image->transformer.head / 2u;
    const uint32_t *turns =
        dogberry_fetch(&image->source, image->transformer.rotary, 4u * pairs, blocks->work.rows.room);

    if (turns == NULL)
        return DOGBERRY_ERR_READ;
    for (uint32_t p = 0; p < pairs; p++) {
        uint32_t phase = blocks->context->position * turns[p];

        rotations[p].sine = dogberry_sine(phase);
        rotations[p].cosine = dogberry_sine(phase + (uint32_t)QUARTER);
    }
    return DOGBERRY_OK;
}

/* Scale words of the heads: in the image, or in the row buffer. Returns NULL where they could not be read. */
static const uint32_t *head_scales(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index)
{
    uint32_t heads = image->transformer.heads, offset;

    if (dogberry_unread(dogberry_find_vector(image, index, DOGBERRY_BLOCK_SCALES, &offset)))
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
    uint32_t key_bits = image->transformer.key_bits;
    int8_t *keys = blocks->caches + (size_t)index * dogberry_transformer_layer_bytes(image);
    int32_t *products = blocks->work.scratch, *scores = products + queries + 2u * row + DOGBERRY_PROJECT_SLACK;
    rotation *rotations = (rotation *)(void *)(scores + DOGBERRY_PARTS_MAX * context);
    int score_frac = dogberry_find_detail(image, index, DOGBERRY_BLOCK_ATTENTION);

    if ((DOGBERRY_HAS_STREAM && score_frac < 0) || dogberry_unread(find_angles(image, blocks, rotations)))
        return DOGBERRY_ERR_READ;
    const uint32_t *words = head_scales(image, blocks, index);

    if (words == NULL)
        return DOGBERRY_ERR_READ;
    attention at = {blocks->work.kernels->transformer,
                    words,
                    head,
                    kv_heads,
                    heads == kv_heads ? 1u : heads / kv_heads,
                    context,
                    slot + 1u,
                    WEIGHT_BITS - bits_of(context),
                    (uint32_t)score_frac,
                    key_bits,
                    products,
                    products + queries,
                    scores,
                    rotations,
                    keys,
                    keys + (size_t)context * row * (key_bits == VALUE_BITS ? 1u : 2u),
                    blocks->branch};

    dogberry_pad(blocks->branch, queries);
    if (kv_heads == 1u)
        store(&at, 0);
    at.kernels->share(run_some, &at, kv_heads == 1u ? heads : kv_heads);
    return DOGBERRY_OK;
}
