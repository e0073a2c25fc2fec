/*
 * Transposition of all shapes within larger matrices, and nothing else written.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nn/transpose.h"

enum { MOST = 37, STRIDE = 41 };

static void every_element_moves(void **state)
{
    (void)state;
    float from[MOST * STRIDE], to[MOST * STRIDE];
    for (size_t i = 0; i < MOST * STRIDE; i++) {
        from[i] = (float)i;
    }
    for (size_t rows = 1; rows <= MOST; rows++) {
        for (size_t columns = 1; columns <= MOST; columns++) {
            for (size_t i = 0; i < MOST * STRIDE; i++) {
                to[i] = -1;
            }
            db_transpose(rows, columns, from, STRIDE, to, STRIDE);
            for (size_t i = 0; i < MOST * STRIDE; i++) {
                const size_t r = i % STRIDE, c = i / STRIDE;
                assert_true(to[i] == (r < rows && c < columns ? from[r * STRIDE + c] : -1));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_moves),
    };
    return cmocka_run_group_tests_name("transpose", tests, NULL, NULL);
}
