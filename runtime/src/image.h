/*
 * The parts of opening an image: src/image.c reads the header, src/tensors.c the table and
 * src/contents.c what is in the tensors. What returns a status returns DOGBERRY_OK, ERR_READ, or what is
 * wrong with the image.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_IMAGE_H
#define DOGBERRY_IMAGE_H

#include "dogberry.h"
#include "source.h"

/* Where the tensor table lies and what one entry takes. */
#define DOGBERRY_TABLE_AT 256u
#define DOGBERRY_TABLE_ENTRY 32u

/* The golden prompt in the header. */
#define DOGBERRY_PROMPT_AT 128u
#define DOGBERRY_PROMPT_MAX 96u

/* An image that is being opened. */
typedef struct {
    dogberry_image *image;
    dogberry_window window; /* of the image; its room has at least DOGBERRY_STREAM_BUFFER_MIN bytes */
    uint32_t tensors;       /* entries of the table */
} dogberry_opening;

enum dogberry_tensor_type {
    DOGBERRY_TENSOR_INT8 = 1,
    DOGBERRY_TENSOR_INT4,
    DOGBERRY_TENSOR_INT16,
    DOGBERRY_TENSOR_SCALES,
    DOGBERRY_TENSOR_UINT16,
    DOGBERRY_TENSOR_UINT32
};

#define DOGBERRY_ROLE_OUTER 17u

/* An entry of the table, as it stands there. */
typedef struct {
    uint8_t role, layer, type, detail;
    uint32_t rows, cols, stride, offset, bytes, scales, reserved;
} dogberry_tensor;

DOGBERRY_STATIC_ASSERT(sizeof(dogberry_tensor) == DOGBERRY_TABLE_ENTRY, tensor_size);

/* Whether a matrix's columns lie together, not its rows. */
static inline int dogberry_is_by_column(const dogberry_tensor *t)
{
    return DOGBERRY_HAS_TRANSFORMER && t->role == DOGBERRY_ROLE_OUTER && t->detail != 0;
}

/* Whether bytes offset .. offset + length - 1 lie in the image behind the header, and offset is
 * a multiple of 16. */
int dogberry_region_is_inside(const dogberry_image *image, uint32_t offset, uint32_t length);

/* Checks the tensor table and points the image's matrices and vectors at their data. Sizes in
 * the image are already checked. Returns a status. */
int dogberry_open_tensors(const dogberry_opening *opening);

/* Whether header, table, tensors, scales, tokenizer and provenance, each already known to lie
 * inside, do not overlap. Returns a status. */
int dogberry_check_regions(const dogberry_opening *opening);

/* Rows of int4, rounded up to whole blocks; groups of a row. */
static inline uint32_t dogberry_padded_rows(uint32_t rows)
{
    return (rows + DOGBERRY_I4_BLOCK - 1u) / DOGBERRY_I4_BLOCK * DOGBERRY_I4_BLOCK;
}

static inline uint32_t dogberry_groups_of(uint32_t cols)
{
    return (cols + DOGBERRY_I4_GROUP - 1u) / DOGBERRY_I4_GROUP;
}

/* Whether a word can scale sums of at most 2^14 * `terms`. */
int dogberry_scale_is_valid(uint32_t word, uint32_t terms);

/* Scales and padding of a matrix whose offsets and sizes are sound; nothing of other tensors. Returns a status. */
int dogberry_check_contents(const dogberry_opening *opening, const dogberry_tensor *tensor);

/* Scales of a tied output over the embedding's rows. Returns a status. */
int dogberry_check_tied_scales(const dogberry_opening *opening, const dogberry_matrix *matrix);

/* Places and classes of a class-factored output; finds the largest class. Returns a status. */
int dogberry_check_classes(const dogberry_opening *opening);

#endif
