/*
 * The sampler against double precision, by 10^5 draws a setting, and the generator against
 * its worked numbers.
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
#include "random.h"
#include "sampler.h"
#include "sampling_reference.h"
#include "tiny_image.h"

enum { VOCAB = 160, DRAWS = 100000 };

static void generator_as_documented(void **state)
{
    static const uint32_t expected[2][4] = {{0x35FE4495, 0xE4638D7B, 0x0DE89831, 0x4F4620D6},
                                            {0x6A3A9A13, 0xFE039245, 0x474500EA, 0xD4C43B15}};

    (void)state;
    for (uint32_t seed = 0; seed < 2; seed++) {
        dogberry_random random = dogberry_random_seeded(seed);

        for (int i = 0; i < 4; i++)
            assert_int_equal(dogberry_random_next(&random), expected[seed][i]);
    }
    for (uint32_t i = 0; i < 16; i++) { /* seeds that zero one word of the state */
        dogberry_random random = dogberry_random_seeded((i & 1 ? 0u - 0x9E3779B9u : 0u - 0x3C6EF372u));

        assert_true(random.a != 0 || random.b != 0);
        assert_int_not_equal(dogberry_random_next(&random), dogberry_random_next(&random));
    }
}

static void below_is_uniform(void **state)
{
    static const uint64_t bounds[] = {1, 2, 3, 10, 1u << 16, 0xFFFFFFFF, 0x100000000, 0x100000001, 5000000000};
    dogberry_random random = dogberry_random_seeded(9);

    (void)state;
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
        double counts[10] = {0}, chi = 0;
        uint64_t parts = bounds[b] < 10 ? bounds[b] : 10;

        for (int i = 0; i < DRAWS; i++) {
            uint64_t value = dogberry_random_below(&random, bounds[b]);

            assert_true(value < bounds[b]);
            counts[(int)((double)value / (double)bounds[b] * (double)parts)] += 1;
        }
        for (uint64_t p = 0; p < parts; p++)
            chi += pow(counts[p] - DRAWS / (double)parts, 2) / (DRAWS / (double)parts);
        assert_true(parts == 1 || chi < chi_square_bound((double)parts - 1));
    }
}

/* Draws from `logits` [VOCAB], never `banned`, against the reference. */
static void check_draws(const int16_t *logits, dogberry_sampling sampling, uint32_t frac, uint32_t banned)
{
    dogberry_sampler sampler = dogberry_sampler_make(&sampling, frac);
    dogberry_random random = dogberry_random_seeded(sampling.temperature + sampling.top_k);
    dogberry_candidates candidates = {
        .kernels = &dogberry_kernels_ref, .logits = logits, .count = VOCAB, .apart = banned};
    static uint32_t counts[VOCAB];
    uint16_t heap[DOGBERRY_TOP_K_MAX];
    uint8_t barred[VOCAB] = {0};
    double p[VOCAB], nats[VOCAB];
    char what[100];

    memset(counts, 0, sizeof counts);
    for (uint32_t id = 0; id < VOCAB; id++) {
        nats[id] = ldexp(logits[id], -(int)frac);
        barred[id] = id == banned;
    }
    reference_keep(p, nats, barred, VOCAB, &sampling);
    reference_normalize(p, VOCAB);
    for (int i = 0; i < DRAWS; i++)
        counts[dogberry_draw(&candidates, &sampler, heap, &random)]++;
    snprintf(what, sizeof what, "temperature %u, top-k %u, min-p %u, top-p %u", sampling.temperature, sampling.top_k,
             sampling.min_p, sampling.top_p);
    check_counts(what, counts, p, VOCAB, DRAWS);
}

/* About normal, 1.5 nats wide, with ties. */
static void make_logits(int16_t *logits, uint32_t frac, uint32_t *random)
{
    for (uint32_t id = 0; id < VOCAB; id++)
        logits[id] = (int16_t)(((int32_t)tiny_random(random, 60) + (int32_t)tiny_random(random, 60) +
                                (int32_t)tiny_random(random, 60) - 60) *
                               (1 << frac) / 20);
}

static void draws_follow_the_distribution(void **state)
{
    static const uint32_t settings[][2] = {{1000, 0}, {800, 0},  {300, 0},  {3000, 0},  {10000, 0}, {50, 0},
                                           {1, 0},    {1000, 1}, {1000, 2}, {1000, 40}, {2000, 128}};
    int16_t logits[VOCAB];
    uint32_t random = 11;

    (void)state;
    for (uint32_t frac = 4; frac <= 12; frac += 4) {
        make_logits(logits, frac, &random);
        for (size_t i = 0; i < (frac == 8 ? sizeof settings / sizeof settings[0] : 2); i++)
            check_draws(logits, (dogberry_sampling){.temperature = settings[i][0], .top_k = settings[i][1]}, frac,
                        i & 1 ? 0 : 17);
    }
}

static void cuts_follow_the_distribution(void **state)
{
    static const dogberry_sampling settings[] = {
        {.temperature = 1000, .top_p = 900},
        {.temperature = 1000, .top_p = 1},
        {.temperature = 3000, .top_p = 500},
        {.temperature = 1000, .top_p = 999},
        {.temperature = 1000, .top_p = 1000},
        {.temperature = 10000, .top_p = 777},
        {.temperature = 1000, .min_p = 50},
        {.temperature = 3000, .min_p = 300},
        {.temperature = 1000, .min_p = 1000}, /* those as likely as the likeliest */
        {.temperature = 10000, .min_p = 1},
        {.temperature = 1500, .top_k = 30, .top_p = 600},
        {.temperature = 1500, .top_k = 30, .min_p = 200, .top_p = 950},
        {.temperature = 800, .top_k = 1, .min_p = 1000, .top_p = 1},
        {.temperature = 50, .min_p = 10, .top_p = 990},
    };
    int16_t logits[VOCAB];
    uint32_t random = 12;

    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        uint32_t frac = 4 + 4 * (uint32_t)(i % 3);

        make_logits(logits, frac, &random);
        check_draws(logits, settings[i], frac, i & 1 ? 0 : 17);
    }
}

/* All equal: a cut goes through the middle of what is tied, by id. */
static void cuts_go_by_id_among_equals(void **state)
{
    int16_t logits[VOCAB];

    (void)state;
    for (uint32_t id = 0; id < VOCAB; id++)
        logits[id] = -700;
    check_draws(logits, (dogberry_sampling){.temperature = 1000, .top_p = 250}, 8, 5);
    check_draws(logits, (dogberry_sampling){.temperature = 1000, .top_p = 1, .min_p = 1000}, 8, 0);
    check_draws(logits, (dogberry_sampling){.temperature = 1000, .top_p = 300, .top_k = 100}, 8, VOCAB);
    check_draws(logits, (dogberry_sampling){.temperature = 1000, .min_p = 1000, .top_k = 100}, 8, VOCAB);
}

static void the_whole_range_of_logits(void **state)
{
    int16_t logits[VOCAB];

    (void)state;
    for (uint32_t id = 0; id < VOCAB; id++)
        logits[id] = id == 150 ? 32767 : -32768;
    check_draws(logits, (dogberry_sampling){.temperature = 1000}, 8, DOGBERRY_NO_TOKEN);
    check_draws(logits, (dogberry_sampling){.temperature = 10000}, 12, DOGBERRY_NO_TOKEN);
    check_draws(logits, (dogberry_sampling){.temperature = 10000, .top_k = 100}, 12, DOGBERRY_NO_TOKEN);
    check_draws(logits, (dogberry_sampling){.temperature = 10000, .top_p = 990}, 12, DOGBERRY_NO_TOKEN);
    check_draws(logits, (dogberry_sampling){.temperature = 10000, .min_p = 1}, 12, DOGBERRY_NO_TOKEN);
    for (uint32_t id = 0; id < VOCAB; id++)
        logits[id] = -32768;
    check_draws(logits, (dogberry_sampling){.temperature = 1000}, 8, 3);
    check_draws(logits, (dogberry_sampling){.temperature = 1000, .top_k = 7}, 8, 3);
    check_draws(logits, (dogberry_sampling){.temperature = 1000, .min_p = 7, .top_p = 500}, 8, 3);
}

static uint32_t greedy(const int16_t *logits, uint32_t count, uint32_t banned, dogberry_random *random)
{
    dogberry_sampling sampling = {.top_k = 5, .top_p = 10, .min_p = 900};
    dogberry_sampler sampler = dogberry_sampler_make(&sampling, 8);
    dogberry_candidates candidates = {
        .kernels = &dogberry_kernels_ref, .logits = logits, .count = count, .apart = banned};
    uint16_t heap[DOGBERRY_TOP_K_MAX];

    return dogberry_draw(&candidates, &sampler, heap, random);
}

static void greedy_takes_the_lowest_of_equals(void **state)
{
    dogberry_random random = dogberry_random_seeded(1), kept = random;
    int16_t logits[4] = {50, 90, 90, -5};

    (void)state;
    assert_int_equal(greedy(logits, 4, 3, &random), 1);
    assert_int_equal(greedy(logits, 4, 1, &random), 2);
    logits[0] = 90;
    assert_int_equal(greedy(logits, 4, DOGBERRY_NO_TOKEN, &random), 0);
    assert_int_equal(greedy(logits, 4, 0, &random), 1);
    assert_memory_equal(&random, &kept, sizeof kept);
}

static void settings_as_documented(void **state)
{
    static const struct {
        uint32_t temperature, frac, slope, reach;
    } rows[] = {{800, 8, 472742, 3548}, {1000, 10, 94548, 17744}, {1, 4, 4294967295u, 0}, {10000, 12, 2364, 709696}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        dogberry_sampling sampling = {.temperature = rows[i].temperature, .top_k = 3};
        dogberry_sampler sampler = dogberry_sampler_make(&sampling, rows[i].frac);

        assert_int_equal(sampler.slope, rows[i].slope);
        assert_int_equal(sampler.reach, rows[i].reach);
        assert_int_equal(sampler.top_k, 3);
    }
    for (uint32_t t = 1; t <= DOGBERRY_TEMPERATURE_MAX; t++) { /* no setting loses its slope */
        for (uint32_t frac = 4; frac <= 12; frac++) {
            dogberry_sampling sampling = {.temperature = t};
            double real = 1000.0 * 67108864 / log(2) / t / ldexp(1, (int)frac);
            double slope = dogberry_sampler_make(&sampling, frac).slope;

            assert_true(fabs(slope - real) <= real / 4000 || slope == 4294967295.0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generator_as_documented),      cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(settings_as_documented),       cmocka_unit_test(draws_follow_the_distribution),
        cmocka_unit_test(cuts_follow_the_distribution), cmocka_unit_test(cuts_go_by_id_among_equals),
        cmocka_unit_test(the_whole_range_of_logits),    cmocka_unit_test(greedy_takes_the_lowest_of_equals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
