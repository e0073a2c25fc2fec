/*
 * Drawing from a class-factored output: docs/NUMERICS.md, "Drawing from a class-factored output".
 *
 * SPDX-License-Identifier: MIT
 */
#include "factored.h"
#include "seam.h"

/* A class's share is what of its weight barred and penalized tokens leave it, in Q32; at temperature 0 how much
 * the penalty lowers its best token's logit. Classes that no draw has come to yet have none. */
#define SHARE_MAX 0xFFFFFFFDu
#define OUT 0xFFFFFFFEu /* all its tokens are barred */
#define NEW 0xFFFFFFFFu

#define REJECTED 0xFFFFFFFFu

typedef struct {
    const dogberry_sampler *sampler;
    const dogberry_rules *rules;
    const dogberry_image *image;
    const dogberry_factored_room *room;
    dogberry_random *random;
    uint32_t unknown_class, unknown_index; /* the class of the unknown token, or beyond the last; its index there */
    uint32_t alone;                        /* unknown_class where nothing else is in it, else none */
    uint64_t left, of;                     /* the share of unknown_class, exactly */
} two_level;

static int find_unknown(two_level *d)
{
    const dogberry_image *image = d->image;
    uint32_t first, count;

    d->unknown_class = d->alone = image->classes;
    if (image->unknown_token == DOGBERRY_NO_TOKEN)
        return DOGBERRY_OK;
    int c = dogberry_token_class(image, image->unknown_token, &d->unknown_index);

    if (c < 0 || dogberry_class_places(image, (uint32_t)c, &first, &count) != DOGBERRY_OK)
        return DOGBERRY_ERR_READ;
    d->unknown_class = (uint32_t)c;
    if (count == 1u)
        d->alone = d->unknown_class;
    return DOGBERRY_OK;
}

/* Which classes have nothing that may be drawn. */
static int count_barred(const two_level *d)
{
    const dogberry_image *image = d->image;
    uint32_t *shares = d->room->shares, slots = dogberry_barred_slots(d->rules), first, count = 0;

    for (uint32_t c = 0; c < image->classes; c++)
        shares[c] = c == d->unknown_class;
    for (uint32_t slot = 0; slot < slots; slot++) {
        uint32_t token = dogberry_barred_token(d->rules, slot);
        int c = token == DOGBERRY_NO_TOKEN ? 0 : dogberry_token_class(image, token, &first);

        if (c < 0)
            return c;
        shares[c] += token != DOGBERRY_NO_TOKEN;
    }
    for (uint32_t c = 0; c < image->classes; c++) {
        if (shares[c] != 0 && dogberry_class_places(image, c, &first, &count) != DOGBERRY_OK)
            return DOGBERRY_ERR_READ;
        shares[c] = shares[c] != 0 && shares[c] == count ? OUT : NEW;
    }
    return DOGBERRY_OK;
}

/* Something is left to draw in any image that was opened, unless its bytes have changed since. */
static int check_candidates(const two_level *d, const dogberry_candidates *c)
{
    return dogberry_is_streamed(&d->image->source) && dogberry_likeliest(c) == c->count ? DOGBERRY_ERR_READ
                                                                                        : DOGBERRY_OK;
}

static int classes_of(const two_level *d, dogberry_candidates *c)
{
    int status = dogberry_class_logits(d->image, d->room);

    if (dogberry_unread(status))
        return status;
    dogberry_set_candidates(c, d->image->kernels, d->room->logits, d->image->classes, d->alone);
    c->bars = (uint32_t)dogberry_rules_apply(d->rules);
    for (uint32_t i = 0; c->bars && i < c->count; i++) {
        int16_t *logit = &d->room->logits[i];

        *logit = d->room->shares[i] == OUT ? DOGBERRY_BARRED : (int16_t)(*logit + (*logit == DOGBERRY_BARRED));
    }
    return check_candidates(d, c);
}

/* The logits of a class's tokens as they are drawn from; what the model gave stays in room->logits. */
static int words_of(const two_level *d, uint32_t class, dogberry_candidates *c)
{
    const dogberry_image *image = d->image;
    dogberry_logit_range range = {d->room->edited, &image->source, image->factored.places, 0, 0};
    int status = dogberry_word_logits(image, class, &range.first, &range.count, d->room);

    if (dogberry_unread(status))
        return status;
    dogberry_set_candidates(c, d->image->kernels, d->room->logits, range.count, range.count);
    if (class == d->unknown_class)
        c->apart = d->unknown_index;
    if (dogberry_rules_apply(d->rules)) {
        dogberry_copy(range.logits, d->room->logits, 2u * range.count);
        if (dogberry_unread(dogberry_rules_edit(d->rules, &range)))
            return DOGBERRY_ERR_READ;
        c->logits = range.logits;
        c->bars = 1;
    }
    return check_candidates(d, c);
}

static int has_no_share(const two_level *d, uint32_t class)
{
    return class == d->unknown_class ? d->left == 0 : d->room->shares[class] == 0;
}

static uint32_t class_weight(const two_level *d, const dogberry_candidates *c, uint32_t id)
{
    uint32_t share = d->room->shares[id], weight;

    if (!dogberry_is_kept(c, id) || has_no_share(d, id))
        return 0;
    weight = dogberry_weight(d->sampler, (uint32_t)(c->highest - c->logits[id]));
    if (id == d->unknown_class && d->left != d->of)
        return (uint32_t)(weight * d->left / d->of); /* below 2^24 * 2^40 */
    return share <= SHARE_MAX ? (uint32_t)((uint64_t)weight * share >> 32) : weight;
}

/* Returns the class, or ERR_READ. Not inlined, as try_words(): what they need is not on the stack then while the other
 * products run. */
__attribute__((noinline)) static int draw_class(const two_level *d)
{
    dogberry_candidates c;
    uint64_t total = 0, at;

    if (dogberry_unread(classes_of(d, &c)))
        return DOGBERRY_ERR_READ;
    uint32_t best = dogberry_likeliest(&c);

    dogberry_cut(&c, d->sampler, d->room->heap);
    c.highest = -32768;
    for (uint32_t id = 0; id < c.count; id++) {
        if (!has_no_share(d, id) && !dogberry_is_barred(&c, id) && c.logits[id] > c.highest)
            c.highest = c.logits[id];
    }
    for (uint32_t id = 0; id < c.count; id++)
        total += class_weight(d, &c, id);
    if (total == 0)
        return (int)best;
    at = dogberry_random_below(d->random, total);
    for (uint32_t id = 0;; id++) {
        uint32_t weight = class_weight(d, &c, id);

        if (at < weight)
            return (int)id;
        at -= weight;
    }
}

/* The weights of a token in the draw from a class that is new: as the model gave it, and what the rules leave. */
typedef struct {
    uint32_t whole, left;
} pair;

static pair weights_of(const two_level *d, const dogberry_candidates *c, uint32_t id, int32_t highest)
{
    int barred = dogberry_is_barred(c, id);
    int32_t before = d->room->logits[id];
    pair weights = {0, 0};

    if (!barred && !dogberry_is_kept(c, id))
        return weights;
    weights.whole = dogberry_weight(d->sampler, (uint32_t)(highest - before));
    if (!barred)
        weights.left =
            c->logits[id] >= before ? weights.whole : dogberry_weight(d->sampler, (uint32_t)(highest - c->logits[id]));
    return weights;
}

static void remember(two_level *d, uint32_t class, uint64_t left, uint64_t of)
{
    uint32_t shift = of >> 32 != 0 ? 8u : 0u;
    uint64_t share = of == 0 ? 0 : ((left >> shift) << 32) / (of >> shift);

    d->room->shares[class] = share < SHARE_MAX ? (uint32_t)share : SHARE_MAX;
    if (class == d->unknown_class) {
        d->left = left;
        d->of = of;
    }
}

/* Draws from a class that is new. What falls on what the rules have taken away is rejected, and then the class's
 * share is known. Returns the index in the class, or REJECTED. */
__attribute__((noinline)) static uint32_t try_words(two_level *d, uint32_t class, dogberry_candidates *c)
{
    uint64_t of = 0, left = 0, at;
    int32_t highest = -32768;

    dogberry_cut(c, d->sampler, d->room->heap);
    for (uint32_t id = 0; id < c->count; id++) {
        if ((dogberry_is_barred(c, id) || dogberry_is_kept(c, id)) && d->room->logits[id] > highest)
            highest = d->room->logits[id];
    }
    for (uint32_t id = 0; id < c->count; id++) {
        pair weights = weights_of(d, c, id, highest);

        of += weights.whole;
        left += weights.left;
    }
    at = dogberry_random_below(d->random, of);
    for (uint32_t id = 0;; id++) {
        pair weights = weights_of(d, c, id, highest);

        if (at < weights.left)
            return id;
        if (at < weights.whole)
            break;
        at -= weights.whole;
    }
    remember(d, class, left, of);
    return REJECTED;
}

/* Temperature 0: the class whose logit is the highest once each is lowered by what the penalty takes off the
 * class's best token. A class's amount is known once it has been the highest. Returns the index in the class, or
 * ERR_READ. */
static int likeliest_word(const two_level *d, uint32_t *class)
{
    uint32_t *shares = d->room->shares;
    dogberry_candidates c;

    for (;;) {
        if (dogberry_unread(classes_of(d, &c)))
            return DOGBERRY_ERR_READ;
        uint32_t best = c.count, word, plain;
        int32_t best_score = 0;

        for (uint32_t id = 0; id < c.count; id++) {
            int32_t score = c.logits[id] - (shares[id] <= SHARE_MAX ? (int32_t)shares[id] : 0);

            if (!dogberry_is_barred(&c, id) && (best == c.count || score > best_score)) {
                best = id;
                best_score = score;
            }
        }
        if (dogberry_unread(words_of(d, best, &c)))
            return DOGBERRY_ERR_READ;
        word = dogberry_likeliest(&c);
        *class = best;
        if (shares[best] != NEW)
            return (int)word;
        plain = word;
        for (uint32_t id = 0; id < c.count; id++) {
            if (!dogberry_is_barred(&c, id) && d->room->logits[id] > d->room->logits[plain])
                plain = id;
        }
        if (d->room->logits[plain] <= c.logits[word])
            return (int)word;
        shares[best] = (uint32_t)(d->room->logits[plain] - c.logits[word]);
    }
}

/* Returns the index in the class, or ERR_READ. */
static int draw_word(two_level *d, uint32_t *class)
{
    dogberry_candidates c;

    for (;;) { /* a class is rejected once at most: then it is not new */
        int drawn = draw_class(d);

        if (drawn < 0 || dogberry_unread(words_of(d, (uint32_t)drawn, &c)))
            return DOGBERRY_ERR_READ;
        *class = (uint32_t)drawn;
        if (d->room->shares[*class] != NEW)
            return (int)dogberry_draw(&c, d->sampler, d->room->heap, d->random);
        uint32_t word = try_words(d, *class, &c);

        if (word != REJECTED)
            return (int)word;
    }
}

int dogberry_sample_factored(const dogberry_sampler *sampler, const dogberry_rules *rules, const dogberry_image *image,
                             const dogberry_factored_room *room, dogberry_random *random)
{
    two_level d = {sampler, rules, image, room, random, 0, 0, 0, 1, 1};
    uint32_t class, first, count;

    if (dogberry_unread(find_unknown(&d)) || dogberry_unread(count_barred(&d)))
        return DOGBERRY_ERR_READ;
    int word = sampler->slope == 0 ? likeliest_word(&d, &class) : draw_word(&d, &class);

    if (word < 0 || dogberry_unread(dogberry_class_places(image, class, &first, &count)))
        return DOGBERRY_ERR_READ;
    return dogberry_token_at(image, first + (uint32_t)word);
}
