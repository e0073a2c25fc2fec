/*
 * What is in the tensors: scales that keep every sum inside 32 bits, padding of zeros, and the tables of a
 * class-factored output. Long tables are read in pieces as large as the room is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "image.h"
#include "kinds.h"
#include "rescale.h"
#include "seam.h"

/* The most that the group scales of an int4 row may add up to: the sum of the row's products is at most 2^16 times
 * that, 2^14 times I4_TERMS. A group scale 0 counts for more than all others together. */
#define I4_SUM_MAX 0x4000u
#define I4_TERMS 4u
#define I4_ZERO_SCALE 0x100000u

/* Nibbles of weights 0. */
#define I4_ZEROS 0x88888888u

int dogberry_scale_is_valid(uint32_t word, uint32_t terms)
{
    uint32_t m = word & 0x7FFFu, s = word >> 16;

    if ((word & 0x8000u) != 0 || (m != 0 && m < DOGBERRY_MANTISSA_MIN))
        return 0;
    return s >= DOGBERRY_SHIFT_MIN && s <= DOGBERRY_SHIFT_MAX && (s >= 16u || terms <= 1u << s);
}

static int check_scales(const dogberry_window *window, uint32_t offset, uint32_t rows, uint32_t cols)
{
    while (rows > 0) {
        uint32_t count = dogberry_fit(window, 4, rows);
        const uint32_t *scales = dogberry_fetch(window->source, offset, 4u * count, window->room);

        if (scales == NULL)
            return DOGBERRY_ERR_READ;
        for (uint32_t r = 0; r < count; r++) {
            if (!dogberry_scale_is_valid(scales[r], cols))
                return DOGBERRY_ERR_IMAGE;
        }
        offset += 4u * count;
        rows -= count;
    }
    return DOGBERRY_OK;
}

static int check_i8_padding(const dogberry_source *source, const dogberry_tensor *t)
{
    uint32_t room[4], bytes = t->stride - t->cols;

    for (uint32_t r = 0; bytes > 0 && r < t->rows; r++) {
        const uint8_t *padding = dogberry_fetch(source, t->offset + r * t->stride + t->cols, bytes, room);

        if (padding == NULL)
            return DOGBERRY_ERR_READ;
        for (uint32_t i = 0; i < bytes; i++) {
            if (padding[i] != 0)
                return DOGBERRY_ERR_IMAGE;
        }
    }
    return DOGBERRY_OK;
}

/* ---- int4 ---- */

/* What an int4 matrix is scaled by: a word a row, of which a tied output has none for rows beyond the matrix. */
typedef struct {
    uint32_t words, word_count, group_scales; /* offsets, but for the count */
    uint32_t rows, groups;
} scaling;

/* Checks the words of eight rows from `first` on, whose group scales add up to sums[8], and clears those. A weight is
 * at most 8 in size and an activation 128, so the products of a row add up to at most 2^10 * columns of a group * sum
 * of group scales = 2^14 * terms. No group scale is 0, but for those of rows beyond the matrix, which all are, as their
 * words. */
static int check_block(const dogberry_source *source, const scaling *s, uint32_t first, uint32_t *sums)
{
    uint32_t room[DOGBERRY_I4_BLOCK], count = s->word_count - first;

    if (count > DOGBERRY_I4_BLOCK)
        count = DOGBERRY_I4_BLOCK;
    const uint32_t *words = dogberry_fetch(source, s->words + 4u * first, 4u * count, room);

    if (words == NULL)
        return DOGBERRY_ERR_READ;
    for (uint32_t k = 0; k < DOGBERRY_I4_BLOCK; k++) {
        uint32_t word = k < count ? words[k] : 0, sum = sums[k];

        if (first + k >= s->rows ? word != 0 || sum != s->groups * I4_ZERO_SCALE
                                 : sum > I4_SUM_MAX || !dogberry_scale_is_valid(word, sum * I4_TERMS))
            return DOGBERRY_ERR_IMAGE;
        sums[k] = 0;
    }
    return DOGBERRY_OK;
}

/* by_group: group scales lie by group, not by block. */
static int check_i4_scales(const dogberry_window *window, const scaling *s, int by_group)
{
    uint32_t left = dogberry_padded_rows(s->rows) / DOGBERRY_I4_BLOCK * s->groups, group = 0, first = 0;
    uint32_t sums[DOGBERRY_I4_BLOCK] = {0}, offset = s->group_scales;

    while (left > 0) {
        uint32_t count = by_group ? 1u : dogberry_fit(window, DOGBERRY_I4_BLOCK, left);

        if (by_group)
            offset = s->group_scales + group * dogberry_padded_rows(s->rows) + first;
        const uint8_t *at = dogberry_fetch(window->source, offset, count * DOGBERRY_I4_BLOCK, window->room);

        if (at == NULL)
            return DOGBERRY_ERR_READ;
        for (uint32_t i = 0; i < count; i++, at += DOGBERRY_I4_BLOCK) {
            for (uint32_t k = 0; k < DOGBERRY_I4_BLOCK; k++)
                sums[k] += at[k] != 0 ? at[k] : I4_ZERO_SCALE;
            if (++group == s->groups) {
                int status = check_block(window->source, s, first, sums);

                if (status != DOGBERRY_OK)
                    return status;
                first += DOGBERRY_I4_BLOCK;
                group = 0;
            }
        }
        offset += count * DOGBERRY_I4_BLOCK;
        left -= count;
    }
    return DOGBERRY_OK;
}

/* Weights of rows and columns beyond the matrix are 0. */
static int check_i4_padding(const dogberry_window *window, const dogberry_tensor *t)
{
    uint32_t all = dogberry_padded_rows(t->rows), offset = t->offset;
    uint32_t extra = all == t->rows ? 0 : 0xFFFFFFFFu << 4u * (DOGBERRY_I4_BLOCK - (all - t->rows));

    for (uint32_t row = DOGBERRY_I4_BLOCK; row <= all; row += DOGBERRY_I4_BLOCK, offset += t->stride) {
        uint32_t mask = row == all ? extra : 0, count;

        for (uint32_t c = mask != 0 ? 0 : t->cols; c < t->stride / 4u; c += count) {
            count = dogberry_fit(window, 4, t->stride / 4u - c);
            const uint32_t *words = dogberry_fetch(window->source, offset + 4u * c, 4u * count, window->room);

            if (words == NULL)
                return DOGBERRY_ERR_READ;
            for (uint32_t i = 0; i < count; i++) {
                if (((words[i] ^ I4_ZEROS) & (c + i < t->cols ? mask : 0xFFFFFFFFu)) != 0)
                    return DOGBERRY_ERR_IMAGE;
            }
        }
    }
    return DOGBERRY_OK;
}

int dogberry_check_contents(const dogberry_opening *opening, const dogberry_tensor *tensor)
{
    const dogberry_window *window = &opening->window;
    int status = DOGBERRY_OK, by_column = dogberry_is_by_column(tensor);

    if (DOGBERRY_HAS_INT8 && tensor->type == DOGBERRY_TENSOR_INT8) {
        status = check_scales(window, tensor->scales, tensor->rows, tensor->cols);
        return status == DOGBERRY_OK && !by_column ? check_i8_padding(window->source, tensor) : status;
    }
    if (tensor->type == DOGBERRY_TENSOR_INT4) {
        uint32_t all = dogberry_padded_rows(tensor->rows);
        scaling s = {tensor->scales, all, tensor->scales + 4u * all, tensor->rows, dogberry_groups_of(tensor->cols)};

        status = check_i4_scales(window, &s, by_column);
        return status == DOGBERRY_OK && !by_column ? check_i4_padding(window, tensor) : status;
    }
    return status;
}

int dogberry_check_tied_scales(const dogberry_opening *opening, const dogberry_matrix *matrix)
{
    scaling s = {matrix->scales, matrix->rows, matrix->group_scales, matrix->rows, matrix->groups};

    if (!dogberry_is_int4(matrix))
        return check_scales(&opening->window, matrix->scales, matrix->rows, matrix->cols);
    return check_i4_scales(&opening->window, &s, 0);
}

/* ---- Class-factored output ---- */

/* Every token has one place: two tokens cannot share one, because it holds one token. */
static int check_places(const dogberry_image *image)
{
    for (uint32_t token = 0; token < image->vocab; token++) {
        int32_t place = dogberry_fetch_u16(&image->source, image->factored.places + 2u * token), held;

        if (place < 0)
            return place;
        if ((uint32_t)place >= image->vocab)
            return DOGBERRY_ERR_IMAGE;
        held = dogberry_fetch_u16(&image->source, image->factored.tokens + 2u * (uint32_t)place);
        if (held != (int32_t)token)
            return held < 0 ? held : DOGBERRY_ERR_IMAGE;
    }
    return DOGBERRY_OK;
}

/* No class is empty; together they are all places. */
int dogberry_check_classes(const dogberry_opening *opening)
{
    dogberry_image *image = opening->image;
    int32_t before = 0, first;
    int status = check_places(image);

    for (uint32_t c = 0; c <= image->classes && status == DOGBERRY_OK; c++, before = first) {
        first = dogberry_fetch_u16(&image->source, image->factored.first + 2u * c);
        if (first < 0)
            return first;
        if (c == 0 ? first != 0 : first <= before)
            return DOGBERRY_ERR_IMAGE;
        if ((uint32_t)(first - before) > image->factored.largest)
            image->factored.largest = (uint32_t)(first - before);
    }
    return status != DOGBERRY_OK || before == (int32_t)image->vocab ? status : DOGBERRY_ERR_IMAGE;
}
