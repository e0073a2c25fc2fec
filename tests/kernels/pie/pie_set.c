/*
 * The routines of runtime/kernels/xtensa_s3, called as on the chip and run by the machine beside.
 *
 * SPDX-License-Identifier: MIT
 */
#include "pie_set.h"

#include "../../../runtime/kernels/xtensa_s3/xtensa_s3.h"
#include "dogberry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the chip has such things: flash and PSRAM are mapped at 0x3C000000, inner RAM is at 0x3FC88000 (TRM 4.3). */
enum {
    WEIGHTS = 0x3C000000,
    SCALES = 0x3D000000,
    X = 0x3FC90000,
    OUT = 0x3FCB0000,
    STACK = 0x3FCE0000,
    STACK_BYTES = 256
};

static struct {
    pie_program i8, i4;
    pie_machine machine;
    uint8_t stack[STACK_BYTES];
    int is_ready;
} chip;

/* From the folder that the environment names, or the project's. */
static void read_from(pie_program *program, const char *file)
{
    const char *folder = getenv("KERNELS_S3");
    char path[512];

    snprintf(path, sizeof path, "%s/%s", folder ? folder : KERNELS_S3, file);
    pie_read(program, path);
}

static void prepare(void)
{
    if (!chip.is_ready) {
        read_from(&chip.i8, "matvec_i8.S");
        read_from(&chip.i4, "matvec_i4.S");
        chip.is_ready = 1;
    }
    chip.machine.segments = 0;
}

/* Offsets in the low bits stay, so that a wrong alignment shows. */
static uint32_t map(uint32_t address, const void *memory, size_t bytes, int is_writable)
{
    pie_segment *segment = &chip.machine.segment[chip.machine.segments++];

    *segment = (pie_segment){address + ((uint32_t)(uintptr_t)memory & 15u), (uint32_t)bytes, NULL, is_writable};
    memcpy(&segment->memory, &memory, sizeof memory); /* without its const; is_writable holds */
    return segment->address;
}

static void call(const pie_program *program, const uint32_t *arguments, int count)
{
    memset(chip.stack, 0xA5, sizeof chip.stack);
    map(STACK, chip.stack, sizeof chip.stack, 1);
    /* The uppermost 32 bytes of a frame are those of the calling convention. */
    chip.machine.segment[chip.machine.segments - 1].bytes -= 32;
    chip.machine.a[1] = chip.machine.segment[chip.machine.segments - 1].address + STACK_BYTES;
    pie_call(&chip.machine, program, arguments, count);
}

void dogberry_matvec_i8_xtensa_s3(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x)
{
    prepare();
    const uint32_t arguments[] = {map(OUT, out, 4u * rows, 1), map(WEIGHTS, weights, (size_t)stride * rows, 0), stride,
                                  rows, map(X, x, stride, 0)};
    call(&chip.i8, arguments, 5);
}

void dogberry_matvec_i4_xtensa_s3(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                                  uint32_t blocks, const int8_t *x)
{
    uint32_t groups = (columns + DOGBERRY_I4_GROUP - 1u) / DOGBERRY_I4_GROUP;

    prepare();
    const uint32_t arguments[] = {map(OUT, out, 32u * blocks, 1),
                                  map(WEIGHTS, weights, 4u * (size_t)columns * blocks, 0),
                                  map(SCALES, group_scales, 8u * groups * blocks, 0),
                                  columns,
                                  blocks,
                                  map(X, x, columns, 0)};
    call(&chip.i4, arguments, 6);
}

const pie_machine *pie_set_machine(void)
{
    return &chip.machine;
}

void pie_set_forget(void)
{
    memset(&chip.machine, 0, sizeof chip.machine);
}

const dogberry_kernels *pie_set_named(const char *name)
{
    if (strcmp(name, dogberry_kernels_ref.name) == 0)
        return &dogberry_kernels_ref;
    return strcmp(name, dogberry_kernels_xtensa_s3.name) == 0 ? &dogberry_kernels_xtensa_s3 : NULL;
}
