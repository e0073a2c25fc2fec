/*
 * Rounding, rescaling, sigmoid, tanh, CRC: against 64-bit integers, libm, and the worked
 * numbers of docs/NUMERICS.md.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "dogberry.h"
#include "kernels.h"
#include "rescale.h"
#include "tables.h"
#include "tiny_image.h"

static void rounding_rule(void **state)
{
    (void)state;
    assert_int_equal(dogberry_round_shift(3, 1), 2);
    assert_int_equal(dogberry_round_shift(-3, 1), -1);
    assert_int_equal(dogberry_round_shift(5, 1), 3);
    assert_int_equal(dogberry_round_shift(-5, 1), -2);
    assert_int_equal(dogberry_round_shift(-6, 2), -1);
    assert_int_equal(dogberry_saturate8(128), 127);
    assert_int_equal(dogberry_saturate8(-129), -128);
    assert_int_equal(dogberry_saturate16(32768), 32767);
    assert_int_equal(dogberry_saturate16(-32769), -32768);
}

static int64_t rescale_in_64_bits(int32_t acc, uint32_t m, uint32_t s)
{
    return ((int64_t)acc * m + ((int64_t)1 << (s - 1))) >> s;
}

static void check_rescale(int64_t acc, uint32_t m, uint32_t s)
{
    int64_t bound = s < 16 ? (int64_t)1 << (s + 14) : (int64_t)1 << 30;

    if (acc > bound || acc < -bound)
        return;
    assert_int_equal(dogberry_rescale((int32_t)acc, m | s << 16), rescale_in_64_bits((int32_t)acc, m, s));
}

static void rescale_is_exact(void **state)
{
    static const uint32_t mantissas[] = {0, 16384, 16385, 20000, 32766, 32767};
    uint32_t random = 1;

    (void)state;
    for (uint32_t s = DOGBERRY_SHIFT_MIN; s <= DOGBERRY_SHIFT_MAX; s++) {
        for (size_t i = 0; i < sizeof mantissas / sizeof mantissas[0]; i++) {
            for (int bit = 0; bit <= 30; bit++) {
                for (int64_t near = -2; near <= 2; near++) {
                    check_rescale(((int64_t)1 << bit) + near, mantissas[i], s);
                    check_rescale(-((int64_t)1 << bit) + near, mantissas[i], s);
                }
            }
        }
        for (int i = 0; i < 20000; i++) {
            int64_t acc = ((int64_t)tiny_random(&random, 1u << 24) - (1 << 23)) * (int64_t)tiny_random(&random, 129);

            check_rescale(acc >> tiny_random(&random, 20), 16384 + tiny_random(&random, 16384), s);
        }
    }
}

static void rescale_as_documented(void **state)
{
    (void)state;
    assert_int_equal(dogberry_rescale(12345, 20000u | 16u << 16), 3767);
    assert_int_equal(dogberry_rescale(-12345, 20000u | 16u << 16), -3767);
    assert_int_equal(dogberry_rescale(3, 16384u | 15u << 16), 2);
    assert_int_equal(dogberry_rescale(-3, 16384u | 15u << 16), -1);
    assert_int_equal(dogberry_rescale(1000, 32767u | 8u << 16), 127996);
    assert_int_equal(dogberry_rescale(-7, 16384u | 46u << 16), 0);
}

static void sigmoid_and_tanh(void **state)
{
    double worst_sigmoid = 0, worst_tanh = 0;
    int last_sigmoid = 0, last_tanh = -32768;

    (void)state;
    for (int x = -32768; x <= 32767; x++) {
        int s = dogberry_sigmoid((int16_t)x), t = dogberry_tanh((int16_t)x);

        worst_sigmoid = fmax(worst_sigmoid, fabs(s - 32768.0 / (1.0 + exp(-x / 4096.0))));
        worst_tanh = fmax(worst_tanh, fabs(t - 32768.0 * tanh(x / 4096.0)));
        assert_true(s >= last_sigmoid && t >= last_tanh && s >= 11 && s <= 32757);
        if (x > -32768) {
            assert_int_equal(s + dogberry_sigmoid((int16_t)-x), 32768);
            assert_int_equal(t, -dogberry_tanh((int16_t)-x));
        }
        last_sigmoid = s;
        last_tanh = t;
    }
    print_message("largest error in Q15: sigmoid %.2f, tanh %.2f\n", worst_sigmoid, worst_tanh);
    assert_true(worst_sigmoid < 1.5 && worst_tanh < 5);
    assert_int_equal(dogberry_sigmoid(1000), 18374);
    assert_int_equal(dogberry_sigmoid(-1000), 14394);
    assert_int_equal(dogberry_sigmoid(4096), 23955);
    assert_int_equal(dogberry_sigmoid(-32768), 11);
    assert_int_equal(dogberry_tanh(1000), 7843);
    assert_int_equal(dogberry_tanh(4096), 24956);
    assert_int_equal(dogberry_tanh(-32768), -32767);
}

static void exp2_of_halvings(void **state)
{
    double worst = 0;

    (void)state;
    for (uint32_t halvings = 0; halvings < 25u << 26; halvings += 9973) {
        double real = ldexp(exp2(-ldexp(halvings, -26)), 24);

        worst = fmax(worst, (fabs(dogberry_exp2(halvings) - real) - 1) / real);
    }
    print_message("largest relative error of exp2: %.1e and one unit\n", worst);
    assert_true(worst < 2e-5);
    /* Temperature 0.8 at 8 fraction bits: slope 472742. */
    assert_int_equal(dogberry_exp2(0), 16777216);
    assert_int_equal(dogberry_exp2(472742), 16695767);
    assert_int_equal(dogberry_exp2(100 * 472742), 10295919);
    assert_int_equal(dogberry_exp2(256 * 472742), 4806825);
    assert_int_equal(dogberry_exp2(1000 * 472742), 127100);
    assert_int_equal(dogberry_exp2(3500 * 472742), 1);
}

static void crc(void **state)
{
    (void)state;
    assert_int_equal(dogberry_crc32(0, "123456789", 9), 0xCBF43926u);
    assert_int_equal(dogberry_crc32(dogberry_crc32(0, "1234", 4), "56789", 5), 0xCBF43926u);
    assert_int_equal(dogberry_crc32(0, "", 0), 0);
}

/* Shapes and extremes of the reference kernel, against 64-bit sums. */
static void matvec(void **state)
{
    static int8_t weights[5 * 336], x[336];
    uint32_t random = 3;

    (void)state;
    for (uint32_t stride = 16; stride <= 336; stride += 16) {
        for (int kind = 0; kind < 4; kind++) {
            int32_t out[5];

            for (uint32_t i = 0; i < 5 * stride; i++)
                weights[i] = kind == 0 ? -128 : kind == 1 ? 127 : (int8_t)((int)tiny_random(&random, 256) - 128);
            for (uint32_t i = 0; i < stride; i++)
                x[i] = kind < 2 ? -128 : (int8_t)((int)tiny_random(&random, 256) - 128);
            dogberry_kernels_ref.matvec_i8(out, weights, stride, 5, x);
            for (uint32_t r = 0; r < 5; r++) {
                int64_t sum = 0;

                for (uint32_t c = 0; c < stride; c++)
                    sum += (int64_t)weights[r * stride + c] * x[c];
                assert_int_equal(out[r], sum);
            }
        }
    }
}

static void status_names(void **state)
{
    (void)state;
    assert_string_equal(dogberry_status_name(DOGBERRY_OK), "DOGBERRY_OK");
    assert_string_equal(dogberry_status_name(-5), "DOGBERRY_ERR_CHECKSUM");
    assert_string_equal(dogberry_status_name(-12), "DOGBERRY_ERR_GOLDEN");
    assert_string_equal(dogberry_status_name(1), "unknown");
    for (int status = -12; status < 0; status++)
        assert_string_not_equal(dogberry_status_name(status), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_rule),    cmocka_unit_test(rescale_is_exact), cmocka_unit_test(rescale_as_documented),
        cmocka_unit_test(sigmoid_and_tanh), cmocka_unit_test(exp2_of_halvings), cmocka_unit_test(crc),
        cmocka_unit_test(matvec),           cmocka_unit_test(status_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
