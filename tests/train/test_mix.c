/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "train/mix.h"

enum { END = 1, BASE = 100, PERSONA = 200, MOST = 4096 };

/* `documents` documents of `length` tokens each, end token counted; token values tell the document. */
static db_sequence make(uint16_t *ids, uint16_t first, size_t documents, size_t length)
{
    size_t count = 0;
    for (size_t d = 0; d < documents; d++) {
        for (size_t i = 1; i < length; i++)
            ids[count++] = (uint16_t)(first + d);
        ids[count++] = END;
    }
    return (db_sequence){ids, count, END, END};
}

static double share_of(const db_mix *mix)
{
    return (double)mix->base / (double)mix->count;
}

/* Documents in order and whole; counts tokens of each text. */
static void check_documents(const db_mix *mix, const db_sequence *base, const db_sequence *persona)
{
    const db_sequence *texts[2] = {base, persona};
    size_t at[2] = {0, 0}, tokens[2] = {0, 0}, passes[2] = {0, 0};
    for (size_t i = 0; i < mix->count;) {
        const int which = mix->ids[i] >= PERSONA;
        const db_sequence *text = texts[which];
        uint16_t id;
        do {
            id = mix->ids[i++];
            assert_int_equal(id, text->ids[at[which]]);
            tokens[which]++;
            if (++at[which] == text->count) {
                at[which] = 0;
                passes[which]++;
            }
        } while (id != END);
    }
    assert_int_equal(tokens[0], mix->base);
    assert_int_equal(tokens[1], mix->persona);
    assert_true(passes[1] > 0);
    assert_true(mix->base == 0 || passes[0] > 0);
}

static void mix_texts(size_t base_documents, size_t base_length, size_t documents, size_t length, double share,
                      double within)
{
    uint16_t base_ids[MOST], ids[MOST];
    const db_sequence base = make(base_ids, BASE, base_documents, base_length);
    const db_sequence persona = make(ids, PERSONA, documents, length);
    db_mix mix;
    db_error error;
    assert_int_equal(db_mix_make(&mix, &base, &persona, share, &error), 0);
    assert_true(share_of(&mix) > share - within && share_of(&mix) < share + within);
    check_documents(&mix, &base, &persona);
    db_mix_free(&mix);
}

static void test_share_holds(void **state)
{
    (void)state;
    mix_texts(40, 50, 2, 20, 0.95, 0.005);
    mix_texts(40, 50, 2, 20, 0.5, 0.01);
    mix_texts(1, 4000, 1, 10, 0.95, 0.002); /* one long document: the persona is repeated behind it */
    mix_texts(2, 10, 10, 100, 0.9, 0.01);   /* the base is the small one and is repeated */
    mix_texts(5, 30, 3, 30, 0.0, 0.001);
}

static void test_spread_evenly(void **state)
{
    (void)state;
    uint16_t base_ids[MOST], ids[MOST];
    const db_sequence base = make(base_ids, BASE, 80, 50), persona = make(ids, PERSONA, 4, 10);
    db_mix mix;
    db_error error;
    assert_int_equal(db_mix_make(&mix, &base, &persona, 0.95, &error), 0);
    const size_t quarter = mix.count / 4;
    for (size_t part = 0; part < 4; part++) {
        size_t found = 0;
        for (size_t i = part * quarter; i < (part + 1) * quarter; i++)
            found += mix.ids[i] >= PERSONA;
        assert_in_range(found, quarter / 20 / 2, quarter / 20 * 2);
    }
    db_mix_free(&mix);
}

static void test_refuses(void **state)
{
    (void)state;
    uint16_t base_ids[MOST], ids[MOST];
    const db_sequence base = make(base_ids, BASE, 4, 5), persona = make(ids, PERSONA, 4, 5);
    const db_sequence empty = {ids, 0, END, END};
    db_mix mix;
    db_error error;
    assert_int_equal(db_mix_make(&mix, &base, &persona, 1, &error), -1);
    assert_non_null(strstr(error.message, "it must be 0 to 0.99"));
    assert_int_equal(db_mix_make(&mix, &base, &persona, -0.1, &error), -1);
    assert_int_equal(db_mix_make(&mix, &base, &empty, 0.5, &error), -1);
    assert_non_null(strstr(error.message, "persona"));
    assert_int_equal(db_mix_make(&mix, &empty, &persona, 0.5, &error), -1);
    assert_non_null(strstr(error.message, "base"));
    assert_int_equal(db_mix_make(&mix, &base, &persona, 1e-8, &error), -1);
    assert_null(mix.ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share_holds),
        cmocka_unit_test(test_spread_evenly),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
