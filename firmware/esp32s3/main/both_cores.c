/*
 * The task that calls takes the first half of the rows, a helper on the other core the second.
 * SPDX-License-Identifier: MIT
 */
#include "both_cores.h"

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#define HELPER_STACK 3072
#define HELPER_PRIORITY 5

/* Below this many weights the other core's help costs more than it brings: waking it takes some ten microseconds. */
#define LEAST_WEIGHTS 8192u

/* A product, or the half of one: what matvec_i8 (group_scales == NULL) or matvec_i4 takes. */
struct product {
    int32_t *out;
    const void *weights;
    const uint8_t *group_scales;
    uint32_t width, rows; /* stride and rows, or columns and blocks */
    const int8_t *x;
};

static struct {
    struct product work; /* for the helper, valid while it is awake */
    TaskHandle_t caller, helper;
    const dogberry_kernels *kernels; /* of one core */
} both;

static void multiply(const struct product *product)
{
    if (product->group_scales == NULL)
        both.kernels->matvec_i8(product->out, product->weights, product->width, product->rows, product->x);
    else
        both.kernels->matvec_i4(product->out, product->weights, product->group_scales, product->width, product->rows,
                                product->x);
}

static void help(void *unused)
{
    (void)unused;
    for (;;) {
        ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
        multiply(&both.work);
        xTaskNotifyGive(both.caller);
    }
}

static void share(struct product first)
{
    both.work = first;
    both.work.rows = first.rows - first.rows / 2;
    first.rows /= 2;
    if (first.group_scales == NULL) {
        both.work.out += first.rows;
        both.work.weights = (const int8_t *)first.weights + (size_t)first.rows * first.width;
    } else {
        uint32_t groups = (first.width + DOGBERRY_I4_GROUP - 1u) / DOGBERRY_I4_GROUP;

        both.work.out += first.rows * DOGBERRY_I4_BLOCK;
        both.work.weights = (const uint32_t *)first.weights + (size_t)first.rows * first.width;
        both.work.group_scales += (size_t)first.rows * groups * DOGBERRY_I4_BLOCK;
    }
    xTaskNotifyGive(both.helper);
    multiply(&first);
    ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
}

static void matvec_i8(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    struct product product = {out, weights, NULL, stride, rows, x};

    if (stride * rows < LEAST_WEIGHTS)
        multiply(&product);
    else
        share(product);
}

static void matvec_i4(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                      uint32_t blocks, const int8_t *x)
{
    struct product product = {out, weights, group_scales, columns, blocks, x};

    if (columns * blocks * DOGBERRY_I4_BLOCK < LEAST_WEIGHTS)
        multiply(&product);
    else
        share(product);
}

const dogberry_kernels *both_cores_start(const dogberry_kernels *kernels)
{
    static dogberry_kernels both_cores;

    both.kernels = kernels;
    both_cores = *both.kernels;
    both_cores.name = "both-cores";
    both_cores.matvec_i8 = matvec_i8;
    both_cores.matvec_i4 = matvec_i4;
    both.caller = xTaskGetCurrentTaskHandle();
    if (xTaskCreatePinnedToCore(help, "dogberry", HELPER_STACK, NULL, HELPER_PRIORITY, &both.helper,
                                1 - xPortGetCoreID()) != pdPASS)
        return kernels;
    return &both_cores;
}
