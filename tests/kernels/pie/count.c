/*
 * What a weight costs on an ESP32-S3: instructions of runtime/kernels/xtensa_s3, and cycles as TRM 1.7 has them, memory
 * answering at once; in products of a matrix of 1024 rows and as many columns as the first line says. Nothing here is
 * measured.
 *
 * SPDX-License-Identifier: MIT
 */
#include "pie_set.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 1024, MOST_COLUMNS = 512 };

static void count(const char *kind, uint32_t columns, uint32_t rows)
{
    static int32_t out[ROWS];
    int8_t *weights = aligned_alloc(16, (size_t)MOST_COLUMNS * ROWS), *x = aligned_alloc(16, MOST_COLUMNS);
    uint8_t *scales = calloc(MOST_COLUMNS / DOGBERRY_I4_GROUP, ROWS);

    if (!weights || !x || !scales)
        exit(2);
    for (uint32_t i = 0; i < columns * rows; i++)
        weights[i] = (int8_t)(i * 37u);
    for (uint32_t i = 0; i < columns; i++)
        x[i] = (int8_t)(i * 11u);
    pie_set_forget();
    if (kind[3] == '8')
        dogberry_kernels_xtensa_s3.matvec_i8(out, weights, columns, rows, x);
    else
        dogberry_kernels_xtensa_s3.matvec_i4(out, (const uint32_t *)(const void *)weights, scales, columns,
                                             rows / DOGBERRY_I4_BLOCK, x);
    const pie_machine *machine = pie_set_machine();
    double all = (double)columns * rows;

    printf("| %s | %" PRIu32 " | %.3f | %.3f |\n", kind, columns, (double)machine->instructions / all,
           (double)machine->cycles / all);
    free(scales);
    free(x);
    free(weights);
}

int main(void)
{
    static const uint32_t columns[] = {64, 128, 256, 320, 512};

    printf("| kernel | columns | instructions a weight | cycles a weight |\n|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        count("int8", columns[i], ROWS);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        count("int4", columns[i], ROWS);
    return 0;
}
