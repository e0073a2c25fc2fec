/*
 * The class-factored output: logits of both levels, scores, and draws against the exact
 * two-level distribution in double precision, without the unknown token.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dogberry.h"
#include "factored.h"
#include "sampling_reference.h"
#include "tiny_image.h"
#include "tokenizer.h"

enum { VOCAB = 90, CLASSES = 9, HIDDEN = 24, DRAWS = 100000 };

typedef struct {
    uint8_t *bytes;
    dogberry_image image;
    int8_t hidden[32];
    int32_t scratch[VOCAB / 2 + 128];
    int16_t *logits;
    uint16_t heap[DOGBERRY_TOP_K_MAX];
    int16_t changed[VOCAB];
    uint32_t shares[VOCAB];
    dogberry_factored_room room;
    dogberry_history history;
    uint16_t banned[DOGBERRY_BANNED_MAX];
    uint32_t banned_count;
    const uint16_t *first, *places, *tokens; /* the image's tables */
    double by_class[VOCAB], words[VOCAB];    /* logits in nats; words by place */
} fixture;

static tiny_config factored_config(void)
{
    tiny_config config = tiny_default();

    config.output = DOGBERRY_FACTORED;
    config.vocab = VOCAB;
    config.classes = CLASSES;
    config.hidden = HIDDEN;
    return config;
}

static fixture *start(const tiny_config *config, uint32_t seed)
{
    fixture *f = calloc(1, sizeof *f);
    size_t length;

    assert_non_null(f);
    f->bytes = tiny_build(config, &length);
    assert_int_equal(dogberry_open(&f->image, f->bytes, length), DOGBERRY_OK);
    for (int i = 0; i < HIDDEN; i++)
        f->hidden[i] = (int8_t)((int)tiny_random(&seed, 255) - 127);
    f->logits = (int16_t *)f->scratch;
    f->room = (dogberry_factored_room){
        {&dogberry_kernels_ref, f->scratch, sizeof f->scratch / 4, {&f->image.source, NULL, 0}},
        f->hidden,
        f->logits,
        f->heap,
        f->changed,
        f->shares};
    f->first = tiny_at(&f->image, f->image.factored.first);
    f->places = tiny_at(&f->image, f->image.factored.places);
    f->tokens = tiny_at(&f->image, f->image.factored.tokens);
    assert_int_equal(dogberry_class_logits(&f->image, &f->room), DOGBERRY_OK);
    for (uint32_t c = 0; c < f->image.classes; c++)
        f->by_class[c] = ldexp(f->logits[c], -(int)f->image.logit_frac);
    for (uint32_t c = 0; c < f->image.classes; c++) {
        uint32_t first, count;

        assert_int_equal(dogberry_word_logits(&f->image, c, &first, &count, &f->room), DOGBERRY_OK);
        assert_int_equal(count, f->first[c + 1] - f->first[c]);
        for (uint32_t p = f->first[c]; p < f->first[c + 1]; p++)
            f->words[p] = ldexp(f->logits[p - f->first[c]], -(int)f->image.logit_frac);
    }
    return f;
}

static uint32_t class_at(const fixture *f, uint32_t place)
{
    uint32_t index;
    int c = dogberry_token_class(&f->image, f->tokens[place], &index);

    assert_true(c >= 0 && f->first[c] + index == place && place < f->first[c + 1]);
    return (uint32_t)c;
}

static void stop(fixture *f)
{
    free(f->bytes);
    free(f);
}

/* What the history's penalty and the bars make of the logits, in nats and by place. */
typedef struct {
    double words[VOCAB];
    uint8_t barred[VOCAB];
} edited;

static void edit(edited *e, const fixture *f, const dogberry_sampling *sampling)
{
    const dogberry_history *history = &f->history;
    const uint16_t *places = f->places;
    uint32_t n = sampling->no_repeat, window = sampling->repeat_window ? sampling->repeat_window : 128;
    uint8_t seen[VOCAB] = {0};

    memcpy(e->words, f->words, sizeof e->words);
    memset(e->barred, 0, sizeof e->barred);
    for (uint32_t i = 0; i < history->count; i++) { /* the test's histories are not full: ids[0] is the first */
        uint32_t token = history->ids[i], same = 0;
        dogberry_entry entry;

        assert_int_equal(dogberry_entry_at(&f->image.tokenizer, token, &entry, NULL), DOGBERRY_OK);
        if (i + window >= history->count && entry.flags == 0 && token != TINY_LINE && token != TINY_PARAGRAPH &&
            !seen[token]++)
            e->words[places[token]] -= sampling->repeat_penalty / 1000.0;
        while (n > 0 && i + 1 >= n && same < n - 1 &&
               history->ids[i - 1 - same] == history->ids[history->count - 1 - same])
            same++;
        if (n > 0 && i + 1 >= n && same == n - 1 && token != TINY_END)
            e->barred[places[token]] = 1;
    }
    for (uint32_t i = 0; i < f->banned_count; i++)
        e->barred[places[f->banned[i]]] = 1;
    if (f->image.unknown_token != DOGBERRY_NO_TOKEN)
        e->barred[places[f->image.unknown_token]] = 1;
}

/* p [VOCAB] by token, as docs/NUMERICS.md has it: the class's probability times that of the token under the logits that
 * the model gave, where what the penalty and the bars take away goes to all classes alike. */
static void exact_distribution(double *p, const fixture *f, const dogberry_sampling *sampling)
{
    const dogberry_image *image = &f->image;
    const uint16_t *first = f->first;
    double by_class[VOCAB], kept[VOCAB], t = sampling->temperature / 1000.0;
    uint8_t out[VOCAB];
    edited e;

    edit(&e, f, sampling);
    for (uint32_t c = 0; c < image->classes; c++) {
        out[c] = 1;
        for (uint32_t i = first[c]; i < first[c + 1]; i++)
            out[c] &= e.barred[i];
    }
    reference_keep(by_class, f->by_class, out, image->classes, sampling);
    for (uint32_t c = 0; c < image->classes; c++) {
        double of = 0;

        if (!out[c])
            reference_keep(kept, e.words + first[c], e.barred + first[c], (uint32_t)first[c + 1] - first[c], sampling);
        for (uint32_t i = first[c]; i < first[c + 1]; i++)
            of += e.barred[i] || kept[i - first[c]] > 0 ? exp(f->words[i] / t) : 0;
        for (uint32_t i = first[c]; i < first[c + 1]; i++)
            p[f->tokens[i]] = !out[c] && kept[i - first[c]] > 0 ? by_class[c] * exp(e.words[i] / t) / of : 0;
    }
    reference_normalize(p, VOCAB);
}

static uint32_t sample(fixture *f, const dogberry_sampler *sampler, dogberry_random *random)
{
    dogberry_rules rules = {.tokenizer = &f->image.tokenizer,
                            .history = &f->history,
                            .banned = f->banned,
                            .banned_count = f->banned_count,
                            .unknown = f->image.unknown_token};

    dogberry_rules_settle(&rules, sampler);
    return (uint32_t)dogberry_sample_factored(sampler, &rules, &f->image, &f->room, random);
}

static void check_draws(fixture *f, dogberry_sampling sampling)
{
    dogberry_sampler sampler = dogberry_sampler_make(&sampling, f->image.logit_frac);
    dogberry_random random = dogberry_random_seeded(sampling.temperature + sampling.top_k);
    uint32_t counts[VOCAB] = {0};
    double p[VOCAB];
    char what[200];

    exact_distribution(p, f, &sampling);
    for (int i = 0; i < DRAWS; i++)
        counts[sample(f, &sampler, &random)]++;
    snprintf(what, sizeof what, "temperature %u, top-k %u, min-p %u, top-p %u, penalty %u, n %u, %u banned",
             sampling.temperature, sampling.top_k, sampling.min_p, sampling.top_p, sampling.repeat_penalty,
             sampling.no_repeat, f->banned_count);
    check_counts(what, counts, p, VOCAB, DRAWS);
}

/* Gives the unknown token's word or its class another bias, in Q(logit_frac). */
static void raise(fixture *f, int level, int16_t bias)
{
    uint32_t place = f->places[f->image.unknown_token], c = class_at(f, place);

    memcpy(f->bytes + (level ? f->image.output_bias + 2 * place : f->image.factored.bias + 2 * c), &bias, 2);
}

static void draws_follow_the_distribution(void **state)
{
    static const dogberry_sampling settings[] = {
        {.temperature = 1000},
        {.temperature = 800},
        {.temperature = 3000},
        {.temperature = 1000, .top_k = 3},
        {.temperature = 2000, .top_k = 1},
        {.temperature = 700, .top_k = 40},
        {.temperature = 1000, .top_p = 700},
        {.temperature = 2000, .min_p = 300},
        {.temperature = 1500, .top_k = 6, .min_p = 100, .top_p = 800},
    };
    tiny_config config = factored_config();

    (void)state;
    for (uint32_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        config.seed = 30 + i;
        config.int4_roles = i & 1 ? TINY_INT4 : 0;
        fixture *f = start(&config, i);

        check_draws(f, settings[i]);
        stop(f);
    }
}

/* The unknown token's probability goes to all other tokens alike, however large it is. */
static void unknown_is_excluded_exactly(void **state)
{
    static const struct {
        int16_t of_class, of_word;
        uint32_t top_k;
    } cases[] = {{900, 600, 0}, {700, 900, 0}, {900, 900, 4}, {-900, 900, 0}, {0, 1500, 2}};
    tiny_config config = factored_config();

    (void)state;
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config.seed = 50 + i;
        fixture *f = start(&config, 1);

        raise(f, 0, cases[i].of_class);
        raise(f, 1, cases[i].of_word);
        assert_int_equal(dogberry_class_logits(&f->image, &f->room), DOGBERRY_OK);
        uint32_t place = f->places[f->image.unknown_token], c = class_at(f, place);

        f->by_class[c] = ldexp(f->logits[c], -(int)f->image.logit_frac);
        uint32_t first, count;

        assert_int_equal(dogberry_word_logits(&f->image, c, &first, &count, &f->room), DOGBERRY_OK);
        assert_int_equal(first, f->first[c]);
        assert_int_equal(count, f->first[c + 1] - f->first[c]);
        f->words[place] = ldexp(f->logits[place - f->first[c]], -(int)f->image.logit_frac);
        check_draws(f, (dogberry_sampling){.temperature = 1000, .top_k = cases[i].top_k});
        stop(f);
    }
}

/* A past in which tokens and pairs of them come several times. */
static void live(fixture *f, uint32_t tokens, uint32_t few, uint32_t seed)
{
    for (uint32_t i = 0; i < tokens; i++)
        dogberry_history_add(&f->history, tiny_random(&seed, few));
}

static void rules_follow_the_distribution(void **state)
{
    static const dogberry_sampling settings[] = {
        {.temperature = 1000, .repeat_penalty = 1000},
        {.temperature = 1000, .repeat_penalty = 10000, .repeat_window = 20},
        {.temperature = 500, .repeat_penalty = 2000, .top_k = 5},
        {.temperature = 1000, .no_repeat = 1},
        {.temperature = 1000, .no_repeat = 2, .top_k = 4},
        {.temperature = 2000, .no_repeat = 3},
        {.temperature = 1000, .repeat_penalty = 700, .no_repeat = 2, .top_p = 800},
        {.temperature = 1000, .repeat_penalty = 700, .no_repeat = 1, .min_p = 150},
    };
    tiny_config config = factored_config();

    (void)state;
    for (uint32_t i = 0; i < 2 * sizeof settings / sizeof settings[0]; i++) {
        config.seed = 70 + i;
        fixture *f = start(&config, i);

        live(f, 40 + 10 * (i % 7), i & 1 ? 6 : VOCAB, i);
        for (uint32_t k = 0; i & 2 && k < 20; k++) /* some of them twice, one the unknown token's */
            f->banned[f->banned_count++] = (uint16_t)(k * k % 61);
        check_draws(f, settings[i / 2]);
        stop(f);
    }
}

/* A class of which nothing may be drawn does not count among the k best, and what is left is drawn exactly. */
static void classes_without_a_token_are_out(void **state)
{
    tiny_config config = factored_config();

    (void)state;
    for (uint32_t i = 0; i < 6; i++) {
        config.seed = 90 + i;
        fixture *f = start(&config, i);
        uint32_t best = 0;

        for (uint32_t c = 1; c < CLASSES; c++)
            best = f->by_class[c] > f->by_class[best] ? c : best;
        for (uint32_t p = f->first[best]; p < f->first[best + 1]; p++)
            f->banned[f->banned_count++] = f->tokens[p];
        check_draws(f, (dogberry_sampling){.temperature = 1000, .top_k = i % 3});
        stop(f);
    }
}

/* Everything in the past forbidden, and what is not there banned: first the n-grams are lifted, then the bans. */
static void something_is_always_left(void **state)
{
    tiny_config config = factored_config();
    dogberry_random random = dogberry_random_seeded(3);

    (void)state;
    for (uint32_t t = 0; t <= 1000; t += 1000) {
        dogberry_sampling sampling = {.temperature = t, .no_repeat = 1, .repeat_penalty = 10000};
        fixture *f = start(&config, 5);
        dogberry_sampler sampler = dogberry_sampler_make(&sampling, f->image.logit_frac);

        for (uint32_t id = 0; id < VOCAB; id++)
            if (id % 2)
                dogberry_history_add(&f->history, id);
            else
                f->banned[f->banned_count++] = (uint16_t)id;
        for (int i = 0; i < 50; i++) /* the end token may always repeat */
            assert_int_equal(sample(f, &sampler, &random), TINY_END);
        f->banned[f->banned_count++] = TINY_END;
        for (int i = 0; i < 200; i++) {
            uint32_t token = sample(f, &sampler, &random);

            assert_true(token % 2 == 1 && token != TINY_END);
        }
        stop(f);
    }
}

/* Greedy: the class that is the best once each has paid for its best token. */
static void greedy_pays_the_penalty(void **state)
{
    tiny_config config = factored_config();
    dogberry_sampling sampling = {.repeat_penalty = 1500};
    dogberry_random random = dogberry_random_seeded(1), kept = random;
    uint32_t moved = 0;

    (void)state;
    for (uint32_t seed = 1; seed < 100; seed++) {
        fixture *f = start(&config, seed);
        dogberry_sampler sampler = dogberry_sampler_make(&sampling, f->image.logit_frac);
        double best = -1e9;
        uint32_t expected = 0, plain;
        edited e;

        plain = sample(f, &sampler, &random);
        live(f, 120, VOCAB, seed);
        edit(&e, f, &sampling);
        for (uint32_t c = 0; c < CLASSES; c++) {
            double top = -1e9, before = -1e9;
            uint32_t at = VOCAB;

            for (uint32_t p = f->first[c]; p < f->first[c + 1]; p++) {
                if (e.barred[p])
                    continue;
                before = fmax(before, f->words[p]);
                if (e.words[p] > top) {
                    top = e.words[p];
                    at = p;
                }
            }
            if (at < VOCAB && f->by_class[c] - (before - top) > best) {
                best = f->by_class[c] - (before - top);
                expected = f->tokens[at];
            }
        }
        assert_int_equal(sample(f, &sampler, &random), expected);
        moved += expected != plain;
        stop(f);
    }
    assert_true(moved > 20);
    assert_memory_equal(&random, &kept, sizeof kept);
}

/* Where nothing but the unknown token has any weight, something else is drawn all the same: of its class, where that is
 * the only one; never of its class, where that holds nothing else. */
static void nearly_certain_unknown(void **state)
{
    tiny_config config = factored_config();
    uint32_t alone = 0;

    (void)state;
    for (config.seed = 1; config.seed < 200; config.seed++) {
        fixture *f = start(&config, 1);
        uint32_t place = f->places[f->image.unknown_token], c = class_at(f, place);
        uint32_t size = (uint32_t)f->first[c + 1] - f->first[c];
        dogberry_random random = dogberry_random_seeded(config.seed);

        alone += size == 1;
        raise(f, 0, 32767);
        raise(f, 1, 32767);
        for (uint32_t top_k = 0; top_k < 3; top_k++) {
            for (uint32_t t = 0; t <= 1000; t += 500) {
                dogberry_sampling sampling = {.temperature = t, .top_k = top_k};
                dogberry_sampler sampler = dogberry_sampler_make(&sampling, f->image.logit_frac);

                for (int i = 0; i < 20; i++) {
                    uint32_t token = sample(f, &sampler, &random);
                    uint32_t drawn = class_at(f, f->places[token]);

                    assert_int_not_equal(token, f->image.unknown_token);
                    if (size == 1 || t == 0 || top_k == 1)
                        assert_true(size == 1 ? drawn != c : drawn == c);
                }
            }
        }
        stop(f);
    }
    assert_true(alone > 0);
}

static void greedy_takes_the_best_of_the_best_class(void **state)
{
    tiny_config config = factored_config();
    dogberry_sampling greedy = {0};
    dogberry_random random = dogberry_random_seeded(1), kept = random;

    (void)state;
    for (uint32_t seed = 1; seed < 40; seed++) {
        fixture *f = start(&config, seed);
        dogberry_sampler sampler = dogberry_sampler_make(&greedy, f->image.logit_frac);
        uint32_t token = sample(f, &sampler, &random);
        uint32_t place = f->places[token], c = class_at(f, place);

        for (uint32_t other = 1; other < CLASSES; other++) /* class 0 has one token, which may be the unknown one */
            assert_true(f->by_class[other] <= f->by_class[c]);
        for (uint32_t p = f->first[c]; p < f->first[c + 1]; p++)
            assert_true(f->words[p] <= f->words[place] || f->tokens[p] == f->image.unknown_token);
        stop(f);
    }
    assert_memory_equal(&random, &kept, sizeof kept);
}

/* Scores are the softmax of both levels, in any order of questions, and do not disturb the conversation. */
static void scores_are_the_two_levels(void **state)
{
    tiny_config config = factored_config();
    fixture *f = start(&config, 3);
    size_t bytes = dogberry_session_bytes(&f->image);
    void *arena = malloc(bytes);
    dogberry_session *session;
    dogberry_choice choice;
    double total = 0;

    (void)state;
    assert_int_equal(f->image.factored.largest, 12);
    assert_int_equal(bytes, 416 + 544 + 16 + 32 + 48 + 32 + 48);
    assert_int_equal(dogberry_start(&session, &f->image, arena, bytes), DOGBERRY_OK);
    int16_t by_class[CLASSES];

    memcpy(by_class, dogberry_logits(session), sizeof by_class);
    for (uint32_t t = 0; t < VOCAB; t++) {
        double p = 1;

        for (uint32_t level = 0; dogberry_score(session, t, level, &choice) == 1; level++) {
            double sum = 0;

            assert_true(level < 2 && choice.target < choice.count);
            for (uint32_t i = 0; i < choice.count; i++)
                sum += exp(ldexp(choice.logits[i] - choice.logits[choice.target], -(int)f->image.logit_frac));
            p /= sum;
        }
        total += p;
    }
    assert_true(fabs(total - 1) < 1e-9);
    assert_memory_equal(by_class, dogberry_logits(session), sizeof by_class);
    assert_int_equal(dogberry_score(session, VOCAB, 0, &choice), DOGBERRY_ERR_TOKEN);
    assert_int_equal(dogberry_score(session, 1, 2, &choice), 0);
    assert_int_equal(dogberry_score(session, 1, 0, NULL), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_score(NULL, 1, 0, &choice), DOGBERRY_ERR_ARGUMENT);
    free(arena);
    stop(f);
}

/* A piece that does not fit draws nothing: the same token comes when there is room. */
static void too_small_a_piece_draws_nothing(void **state)
{
    tiny_config config = factored_config();
    fixture *f = start(&config, 3);
    size_t bytes = dogberry_session_bytes(&f->image);
    void *arena = malloc(bytes);
    dogberry_session *session;
    char piece[DOGBERRY_PIECE_MAX];
    uint32_t digest = 0;

    (void)state;
    for (int tries = 0; tries < 2; tries++) {
        assert_int_equal(dogberry_start(&session, &f->image, arena, bytes), DOGBERRY_OK);
        for (int i = 0; i < 50; i++) {
            if (tries)
                assert_int_equal(dogberry_next(session, piece, 0, NULL), DOGBERRY_ERR_SPACE);
            assert_true(dogberry_next(session, piece, sizeof piece, NULL) >= 0);
        }
        if (tries)
            assert_int_equal(dogberry_digest(session), digest);
        digest = dogberry_digest(session);
    }
    free(arena);
    stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_follow_the_distribution),
        cmocka_unit_test(unknown_is_excluded_exactly),
        cmocka_unit_test(rules_follow_the_distribution),
        cmocka_unit_test(classes_without_a_token_are_out),
        cmocka_unit_test(something_is_always_left),
        cmocka_unit_test(nearly_certain_unknown),
        cmocka_unit_test(greedy_takes_the_best_of_the_best_class),
        cmocka_unit_test(greedy_pays_the_penalty),
        cmocka_unit_test(scores_are_the_two_levels),
        cmocka_unit_test(too_small_a_piece_draws_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
