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
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dogberry.h"
#include "factored.h"
#include "tiny_image.h"

enum { VOCAB = 90, CLASSES = 9, HIDDEN = 24, DRAWS = 100000 };

typedef struct {
    uint8_t *bytes;
    dogberry_image image;
    int8_t hidden[32];
    int32_t scratch[VOCAB / 2 + 128];
    int16_t *logits;
    uint16_t heap[DOGBERRY_TOP_K_MAX];
    dogberry_factored_room room;
    double by_class[VOCAB], words[VOCAB]; /* logits in nats; words by place */
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
        {&dogberry_kernels_ref, f->scratch, sizeof f->scratch / 4}, f->hidden, f->logits, f->heap};
    dogberry_class_logits(&f->image, &f->room);
    for (uint32_t c = 0; c < f->image.classes; c++)
        f->by_class[c] = ldexp(f->logits[c], -(int)f->image.logit_frac);
    for (uint32_t c = 0; c < f->image.classes; c++) {
        dogberry_word_logits(&f->image, c, &f->room);
        for (uint32_t p = f->image.factored.first[c]; p < f->image.factored.first[c + 1]; p++)
            f->words[p] = ldexp(f->logits[p - f->image.factored.first[c]], -(int)f->image.logit_frac);
    }
    return f;
}

static void stop(fixture *f)
{
    free(f->bytes);
    free(f);
}

/* p[i] = softmax at a temperature over the k best (the lower index of equals first; 0: all), where `apart` does not
 * count among them and is kept. */
static void softmax(double *p, const double *logits, uint32_t count, const dogberry_sampling *sampling, uint32_t apart)
{
    double sum = 0, highest = -INFINITY;

    for (uint32_t i = 0; i < count; i++)
        highest = fmax(highest, logits[i]);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t rank = 0;

        for (uint32_t other = 0; other < count; other++)
            rank += other != apart && (logits[other] > logits[i] || (logits[other] == logits[i] && other < i));
        p[i] = i == apart || sampling->top_k == 0 || rank < sampling->top_k
                   ? exp((logits[i] - highest) * 1000 / sampling->temperature)
                   : 0;
        sum += p[i];
    }
    for (uint32_t i = 0; i < count; i++)
        p[i] /= sum;
}

/* p [VOCAB] by token: the two-level distribution given that the unknown token does not come. */
static void exact_distribution(double *p, const fixture *f, const dogberry_sampling *sampling)
{
    const dogberry_image *image = &f->image;
    const uint16_t *first = image->factored.first;
    uint32_t unknown = image->unknown_token == DOGBERRY_NO_TOKEN ? VOCAB : image->factored.places[image->unknown_token];
    double by_class[VOCAB], words[VOCAB], rest = 1;

    softmax(by_class, f->by_class, image->classes, sampling, image->classes);
    for (uint32_t c = 0; c < image->classes; c++) {
        uint32_t size = (uint32_t)first[c + 1] - first[c];
        uint32_t apart = unknown >= first[c] && unknown < first[c + 1] ? unknown - first[c] : size;

        softmax(words, f->words + first[c], size, sampling, apart);
        for (uint32_t i = 0; i < size; i++)
            p[image->factored.tokens[first[c] + i]] = by_class[c] * words[i];
    }
    if (unknown < VOCAB) {
        rest = 1 - p[image->unknown_token];
        p[image->unknown_token] = 0;
    }
    for (uint32_t t = 0; t < VOCAB; t++)
        p[t] /= rest;
}

/* Wilson and Hilferty's bound for a chi-square with `degrees` of freedom, at z = 5 (p = 3e-7). */
static double chi_square_bound(double degrees)
{
    double a = 2 / (9 * degrees);

    return degrees * pow(1 - a + 5 * sqrt(a), 3);
}

static void check_draws(fixture *f, dogberry_sampling sampling)
{
    dogberry_sampler sampler = dogberry_sampler_make(&sampling, f->image.logit_frac);
    dogberry_random random = dogberry_random_seeded(sampling.temperature + sampling.top_k);
    uint32_t counts[VOCAB] = {0};
    double p[VOCAB], chi = 0, pooled = 0, pooled_expected = 0, degrees = -1;

    exact_distribution(p, f, &sampling);
    for (int i = 0; i < DRAWS; i++)
        counts[dogberry_sample_factored(&sampler, &f->image, &f->room, &random)]++;
    for (uint32_t t = 0; t < VOCAB; t++) {
        double expected = p[t] * DRAWS;

        if (p[t] == 0)
            assert_int_equal(counts[t], 0);
        if (expected < 10) {
            pooled += counts[t];
            pooled_expected += expected;
            continue;
        }
        chi += pow(counts[t] - expected, 2) / expected;
        degrees++;
    }
    if (pooled_expected > 10) {
        chi += pow(pooled - pooled_expected, 2) / pooled_expected;
        degrees++;
    } else {
        assert_true(pooled < 50);
    }
    print_message("temperature %u, top-k %u: chi-square %.1f with %.0f degrees of freedom\n", sampling.temperature,
                  sampling.top_k, chi, degrees);
    assert_true(degrees < 1 || chi < chi_square_bound(degrees));
}

/* Gives the unknown token's word or its class another bias, in Q(logit_frac). */
static void raise(fixture *f, int level, int16_t bias)
{
    uint32_t place = f->image.factored.places[f->image.unknown_token], c = dogberry_class_at(&f->image, place);
    const int16_t *where = level ? &f->image.output_bias[place] : &f->image.factored.bias[c];

    memcpy(f->bytes + ((const uint8_t *)where - f->bytes), &bias, 2);
}

static void draws_follow_the_distribution(void **state)
{
    static const dogberry_sampling settings[] = {{1000, 0}, {800, 0}, {3000, 0}, {1000, 3}, {2000, 1}, {700, 40}};
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
        dogberry_class_logits(&f->image, &f->room);
        uint32_t place = f->image.factored.places[f->image.unknown_token], c = dogberry_class_at(&f->image, place);

        f->by_class[c] = ldexp(f->logits[c], -(int)f->image.logit_frac);
        dogberry_word_logits(&f->image, c, &f->room);
        f->words[place] = ldexp(f->logits[place - f->image.factored.first[c]], -(int)f->image.logit_frac);
        check_draws(f, (dogberry_sampling){1000, cases[i].top_k});
        stop(f);
    }
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
        uint32_t place = f->image.factored.places[f->image.unknown_token], c = dogberry_class_at(&f->image, place);
        uint32_t size = (uint32_t)f->image.factored.first[c + 1] - f->image.factored.first[c];
        dogberry_random random = dogberry_random_seeded(config.seed);

        alone += size == 1;
        raise(f, 0, 32767);
        raise(f, 1, 32767);
        for (uint32_t top_k = 0; top_k < 3; top_k++) {
            for (uint32_t t = 0; t <= 1000; t += 500) {
                dogberry_sampling sampling = {t, top_k};
                dogberry_sampler sampler = dogberry_sampler_make(&sampling, f->image.logit_frac);

                for (int i = 0; i < 20; i++) {
                    uint32_t token = dogberry_sample_factored(&sampler, &f->image, &f->room, &random);
                    uint32_t drawn = dogberry_class_at(&f->image, f->image.factored.places[token]);

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
    dogberry_sampling greedy = {0, 0};
    dogberry_random random = dogberry_random_seeded(1), kept = random;

    (void)state;
    for (uint32_t seed = 1; seed < 40; seed++) {
        fixture *f = start(&config, seed);
        dogberry_sampler sampler = dogberry_sampler_make(&greedy, f->image.logit_frac);
        uint32_t token = dogberry_sample_factored(&sampler, &f->image, &f->room, &random);
        uint32_t place = f->image.factored.places[token], c = dogberry_class_at(&f->image, place);

        for (uint32_t other = 1; other < CLASSES; other++) /* class 0 has one token, which may be the unknown one */
            assert_true(f->by_class[other] <= f->by_class[c]);
        for (uint32_t p = f->image.factored.first[c]; p < f->image.factored.first[c + 1]; p++)
            assert_true(f->words[p] <= f->words[place] || f->image.factored.tokens[p] == f->image.unknown_token);
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
    assert_int_equal(bytes, 64 + 544 + 16 + 32 + 32 + 48);
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
        cmocka_unit_test(draws_follow_the_distribution), cmocka_unit_test(unknown_is_excluded_exactly),
        cmocka_unit_test(nearly_certain_unknown),        cmocka_unit_test(greedy_takes_the_best_of_the_best_class),
        cmocka_unit_test(scores_are_the_two_levels),     cmocka_unit_test(too_small_a_piece_draws_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
