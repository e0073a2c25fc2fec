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
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dogberry.h"
#include "random.h"
#include "sampler.h"
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

/* Wilson and Hilferty's bound for a chi-square with `degrees` of freedom, at z = 5 (p = 3e-7). */
static double chi_square_bound(double degrees)
{
    double a = 2 / (9 * degrees);

    return degrees * pow(1 - a + 5 * sqrt(a), 3);
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

/* Rank by logit, the lower id of equals first; the banned one last. */
static uint32_t rank_of(const int16_t *logits, uint32_t id, uint32_t banned)
{
    uint32_t rank = 0;

    for (uint32_t other = 0; other < VOCAB; other++)
        rank += other != banned && (logits[other] > logits[id] || (logits[other] == logits[id] && other < id));
    return rank;
}

static void expected_distribution(double *p, const int16_t *logits, const dogberry_sampling *sampling, uint32_t frac,
                                  uint32_t banned)
{
    double sum = 0;
    int highest = -32768;

    for (uint32_t id = 0; id < VOCAB; id++)
        highest = id != banned && logits[id] > highest ? logits[id] : highest;
    for (uint32_t id = 0; id < VOCAB; id++) {
        int kept = id != banned && (sampling->top_k == 0 || rank_of(logits, id, banned) < sampling->top_k);

        p[id] = kept ? exp((logits[id] - highest) / ldexp(1, (int)frac) / (sampling->temperature / 1000.0)) : 0;
        sum += p[id];
    }
    for (uint32_t id = 0; id < VOCAB; id++)
        p[id] /= sum;
}

/* Chi-square over the ids that are expected often enough, the others pooled. */
static void check_draws(const int16_t *logits, dogberry_sampling sampling, uint32_t frac, uint32_t banned)
{
    dogberry_sampler sampler = dogberry_sampler_make(&sampling, frac);
    dogberry_random random = dogberry_random_seeded(sampling.temperature + sampling.top_k);
    static uint32_t counts[VOCAB];
    uint16_t heap[DOGBERRY_TOP_K_MAX];
    double p[VOCAB], chi = 0, pooled = 0, pooled_expected = 0, degrees = -1;

    memset(counts, 0, sizeof counts);
    expected_distribution(p, logits, &sampling, frac, banned);
    for (int i = 0; i < DRAWS; i++)
        counts[dogberry_sample(&sampler, logits, VOCAB, banned, heap, &random)]++;
    for (uint32_t id = 0; id < VOCAB; id++) {
        double expected = p[id] * DRAWS;

        if (p[id] == 0)
            assert_int_equal(counts[id], 0);
        if (expected < 10) {
            pooled += counts[id];
            pooled_expected += expected;
            continue;
        }
        chi += pow(counts[id] - expected, 2) / expected;
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

static void draws_follow_the_distribution(void **state)
{
    static const dogberry_sampling settings[] = {{1000, 0}, {800, 0},  {300, 0},  {3000, 0},  {10000, 0}, {50, 0},
                                                 {1, 0},    {1000, 1}, {1000, 2}, {1000, 40}, {2000, 128}};
    int16_t logits[VOCAB];
    uint32_t random = 11;

    (void)state;
    for (uint32_t frac = 4; frac <= 12; frac += 4) {
        for (uint32_t id = 0; id < VOCAB; id++) /* about normal, 1.5 nats wide, with ties */
            logits[id] = (int16_t)(((int32_t)tiny_random(&random, 60) + (int32_t)tiny_random(&random, 60) +
                                    (int32_t)tiny_random(&random, 60) - 60) *
                                   (1 << frac) / 20);
        for (size_t i = 0; i < (frac == 8 ? sizeof settings / sizeof settings[0] : 2); i++)
            check_draws(logits, settings[i], frac, i & 1 ? 0 : 17);
    }
}

static void the_whole_range_of_logits(void **state)
{
    int16_t logits[VOCAB];

    (void)state;
    for (uint32_t id = 0; id < VOCAB; id++)
        logits[id] = id == 150 ? 32767 : -32768;
    check_draws(logits, (dogberry_sampling){1000, 0}, 8, DOGBERRY_NO_TOKEN);
    check_draws(logits, (dogberry_sampling){10000, 0}, 12, DOGBERRY_NO_TOKEN);
    check_draws(logits, (dogberry_sampling){10000, 100}, 12, DOGBERRY_NO_TOKEN);
    for (uint32_t id = 0; id < VOCAB; id++)
        logits[id] = -32768;
    check_draws(logits, (dogberry_sampling){1000, 0}, 8, 3);
    check_draws(logits, (dogberry_sampling){1000, 7}, 8, 3);
}

static void greedy_takes_the_lowest_of_equals(void **state)
{
    dogberry_sampling greedy = {0, 5};
    dogberry_sampler sampler = dogberry_sampler_make(&greedy, 8);
    dogberry_random random = dogberry_random_seeded(1), kept = random;
    int16_t logits[4] = {50, 90, 90, -5};
    uint16_t heap[DOGBERRY_TOP_K_MAX];

    (void)state;
    assert_int_equal(dogberry_sample(&sampler, logits, 4, 3, heap, &random), 1);
    assert_int_equal(dogberry_sample(&sampler, logits, 4, 1, heap, &random), 2);
    logits[0] = 90;
    assert_int_equal(dogberry_sample(&sampler, logits, 4, DOGBERRY_NO_TOKEN, heap, &random), 0);
    assert_int_equal(dogberry_sample(&sampler, logits, 4, 0, heap, &random), 1);
    assert_memory_equal(&random, &kept, sizeof kept);
}

static void settings_as_documented(void **state)
{
    static const struct {
        uint32_t temperature, frac, slope, reach;
    } rows[] = {{800, 8, 472742, 3548}, {1000, 10, 94548, 17744}, {1, 4, 4294967295u, 0}, {10000, 12, 2364, 709696}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        dogberry_sampling sampling = {rows[i].temperature, 3};
        dogberry_sampler sampler = dogberry_sampler_make(&sampling, rows[i].frac);

        assert_int_equal(sampler.slope, rows[i].slope);
        assert_int_equal(sampler.reach, rows[i].reach);
        assert_int_equal(sampler.top_k, 3);
    }
    for (uint32_t t = 1; t <= DOGBERRY_TEMPERATURE_MAX; t++) { /* no setting loses its slope */
        for (uint32_t frac = 4; frac <= 12; frac++) {
            dogberry_sampling sampling = {t, 0};
            double real = 1000.0 * 67108864 / log(2) / t / ldexp(1, (int)frac);
            double slope = dogberry_sampler_make(&sampling, frac).slope;

            assert_true(fabs(slope - real) <= real / 4000 || slope == 4294967295.0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generator_as_documented),   cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(settings_as_documented),    cmocka_unit_test(draws_follow_the_distribution),
        cmocka_unit_test(the_whole_range_of_logits), cmocka_unit_test(greedy_takes_the_lowest_of_equals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
