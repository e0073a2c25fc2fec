/*
 * Entries of a transformer's layers, which are looked up in the table for every token: in memory they are where they
 * are, and were checked when the image was opened; streamed ones are read and checked each time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_BLOCKS_H
#define DOGBERRY_BLOCKS_H

#include "image.h"
#include "kinds.h"

/* A layer's vectors, behind its matrices as in enum dogberry_block_part: int16, the biases of its four matrices in
 * their order, then SiLU's scales; and scale words: of the norms before attention and before feed-forward, then of the
 * heads. */
enum { DOGBERRY_BLOCK_BIAS = DOGBERRY_BLOCK_OUTER + 1, DOGBERRY_BLOCK_SCALES, DOGBERRY_BLOCK_ENTRIES };

/* The table begins with the embedding; then come the layers. */
static inline uint32_t dogberry_block_index(uint32_t layer, uint32_t part)
{
    return 1u + layer * DOGBERRY_BLOCK_ENTRIES + part;
}

/* The matrix of an entry that is one. */
static inline void dogberry_set_matrix(dogberry_matrix *m, const dogberry_tensor *t)
{
    m->weights = t->offset;
    m->scales = t->scales;
    m->rows = t->rows;
    m->cols = t->cols;
    m->stride = t->stride;
    m->by_column = (uint16_t)dogberry_is_by_column(t);
    if (t->type == DOGBERRY_TENSOR_INT4) {
        m->bits = 4;
        m->group_scales = t->scales + 4u * dogberry_padded_rows(t->rows);
        m->groups = dogberry_groups_of(t->cols);
    } else {
        m->bits = 8;
        m->group_scales = m->groups = 0;
    }
}

/* Where an image in memory has it. */
static inline const dogberry_tensor *dogberry_block_entry(const dogberry_image *image, uint32_t layer, uint32_t part)
{
    uint32_t index = dogberry_block_index(layer, part);

    return dogberry_fetch(&image->source, DOGBERRY_TABLE_AT + index * DOGBERRY_TABLE_ENTRY, DOGBERRY_TABLE_ENTRY, NULL);
}

/* The functions below, where images may be streamed: so the entry is not on the stack while it is used. */
int dogberry_read_vector(const dogberry_image *image, uint32_t layer, uint32_t part, uint32_t *offset);
int dogberry_read_detail(const dogberry_image *image, uint32_t layer, uint32_t part);

/* A layer's matrix. Returns DOGBERRY_OK or ERR_READ. */
static inline int dogberry_find_matrix(const dogberry_image *image, uint32_t layer, uint32_t part,
                                       dogberry_matrix *matrix)
{
    if (DOGBERRY_HAS_STREAM)
        return dogberry_block_matrix(image, layer, part, matrix);
    dogberry_set_matrix(matrix, dogberry_block_entry(image, layer, part));
    return DOGBERRY_OK;
}

/* Where the values of a layer's vector are. Returns DOGBERRY_OK or ERR_READ. */
static inline int dogberry_find_vector(const dogberry_image *image, uint32_t layer, uint32_t part, uint32_t *offset)
{
    if (DOGBERRY_HAS_STREAM)
        return dogberry_read_vector(image, layer, part, offset);
    *offset = dogberry_block_entry(image, layer, part)->offset;
    return DOGBERRY_OK;
}

/* What an entry says beside its sizes: of the first matrix the fraction bits of scores, 8..16, of the last one whether
 * it is by column. Returns that, or ERR_READ. */
static inline int dogberry_find_detail(const dogberry_image *image, uint32_t layer, uint32_t part)
{
    if (DOGBERRY_HAS_STREAM)
        return dogberry_read_detail(image, layer, part);
    return dogberry_block_entry(image, layer, part)->detail;
}

#endif
