/*
 * The tensor table: every entry is one that the architecture needs, of exactly its shape,
 * inside the image and apart from the others.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bytes.h"
#include "image.h"
#include "kinds.h"
#include "rescale.h"
#include "seam.h"
#include "transformer.h"

enum role {
    ROLE_EMBEDDING = 1,
    ROLE_INPUT,
    ROLE_RECURRENT,
    ROLE_BIAS,
    ROLE_RECURRENT_BIAS,
    ROLE_OUTPUT,
    ROLE_OUTPUT_BIAS,
    ROLE_OUTPUT_SCALES,
    ROLE_CLASSES,
    ROLE_CLASS_BIAS,
    ROLE_PLACE_TOKENS,
    ROLE_TOKEN_PLACES,
    ROLE_CLASS_FIRST,
    ROLE_ATTENTION, /* of a transformer's layer, to ROLE_BLOCK_SCALES */
    ROLE_ATTENTION_OUTPUT,
    ROLE_INNER,
    ROLE_OUTER,
    ROLE_BLOCK_BIAS,
    ROLE_BLOCK_SCALES,
    ROLE_LAST_NORM,
    ROLE_ROTARY,
    ROLE_LAST = ROLE_ROTARY
};

/* MATRIX is not in images: a place for either of int8 and int4. */
enum type { TYPE_INT8 = 1, TYPE_INT4, TYPE_INT16, TYPE_SCALES, TYPE_UINT16, TYPE_UINT32, TYPE_MATRIX };

enum { TENSORS_MAX = 128, TENSOR_COUNT_AT = 44, TABLE_OFFSET_AT = 48 };

/* The most that the group scales of an int4 row may add up to, times the group's columns: the sum of the
 * row's products is at most 2^10 times that. */
enum { I4_SUM_MAX = 1 << 20 };

typedef struct {
    uint32_t role, layer, type, detail, rows, cols, stride, offset, bytes, scales;
} entry;

/* What the architecture wants in the place of an entry. */
typedef struct {
    uint32_t type, rows, cols;
} shape;

static uint32_t tensor_count(const dogberry_image *image)
{
    return dogberry_le32(image->bytes + TENSOR_COUNT_AT);
}

static entry entry_at(const dogberry_image *image, uint32_t index)
{
    const uint8_t *p = image->bytes + DOGBERRY_TABLE_AT + index * DOGBERRY_TABLE_ENTRY;
    entry e = {p[0],
               p[1],
               p[2],
               p[3],
               dogberry_le32(p + 4),
               dogberry_le32(p + 8),
               dogberry_le32(p + 12),
               dogberry_le32(p + 16),
               dogberry_le32(p + 20),
               dogberry_le32(p + 24)};

    return e;
}

int dogberry_region_is_inside(const dogberry_image *image, uint32_t offset, uint32_t length)
{
    return (offset & 15u) == 0 && offset >= DOGBERRY_HEADER_BYTES && offset <= image->length &&
           length <= image->length - offset;
}

/* Entries of a transformer's layer stand together, in the order of their roles, right behind the embedding. */
static uint32_t block_entry(uint32_t role, uint32_t layer)
{
    return 1u + layer * (ROLE_BLOCK_SCALES - ROLE_ATTENTION + 1u) + role - ROLE_ATTENTION;
}

static int is_block_role(uint32_t role)
{
    return DOGBERRY_HAS_TRANSFORMER && role >= ROLE_ATTENTION && role <= ROLE_BLOCK_SCALES;
}

uint32_t dogberry_attention_rows(const dogberry_image *image)
{
    return (image->transformer.heads + 2u * image->transformer.kv_heads) * image->transformer.head;
}

uint32_t dogberry_inner_rows(const dogberry_image *image)
{
    return image->transformer.feed_forward == DOGBERRY_SWIGLU ? 2u * image->hidden : image->hidden;
}

/* shape_of() for roles that only a transformer has. */
static shape block_shape(const dogberry_image *image, uint32_t role)
{
    uint32_t width = image->embedding, rows = dogberry_attention_rows(image), inner = dogberry_inner_rows(image);

    switch (role) {
    case ROLE_ATTENTION:
        return (shape){TYPE_MATRIX, rows, width};
    case ROLE_ATTENTION_OUTPUT:
        return (shape){TYPE_MATRIX, width, width};
    case ROLE_INNER:
        return (shape){TYPE_MATRIX, inner, width};
    case ROLE_OUTER:
        return (shape){TYPE_MATRIX, width, image->hidden};
    case ROLE_BLOCK_BIAS:
        return (shape){TYPE_INT16, rows + width + inner + width, 1};
    case ROLE_BLOCK_SCALES:
        return (shape){TYPE_SCALES, 2u + image->transformer.heads, 1};
    case ROLE_LAST_NORM:
        return (shape){TYPE_SCALES, 1, 1};
    default: /* ROLE_ROTARY; heads of one component are not turned */
        return (shape){image->transformer.head > 1u ? TYPE_UINT32 : 0, image->transformer.head / 2u, 1};
    }
}

/* The shape that `role` has in this model; type 0 where the model has no such tensor. */
static shape shape_of(const dogberry_image *image, uint32_t role, uint32_t layer)
{
    uint32_t gates = dogberry_is_gru(image) ? 3u : 4u, tied = image->output == DOGBERRY_TIED;
    int factored = dogberry_is_factored(image), transformer = dogberry_is_transformer(image);
    int recurrent_role = role >= ROLE_INPUT && role <= ROLE_RECURRENT_BIAS;
    uint32_t width = dogberry_output_width(image);
    shape none = {0, 0, 0};

    if (layer >= (recurrent_role || is_block_role(role) ? image->layers : 1u) ||
        (transformer ? recurrent_role : role >= ROLE_ATTENTION))
        return none;
    if (transformer && role >= ROLE_ATTENTION && role <= ROLE_LAST)
        return block_shape(image, role);
    switch (role) {
    case ROLE_EMBEDDING:
        return (shape){TYPE_MATRIX, image->vocab, image->embedding};
    case ROLE_INPUT:
        return (shape){TYPE_MATRIX, gates * image->hidden, layer == 0 ? image->embedding : image->hidden};
    case ROLE_RECURRENT:
        return (shape){TYPE_MATRIX, gates * image->hidden, image->hidden};
    case ROLE_BIAS:
        return (shape){TYPE_INT16, gates * image->hidden, 1};
    case ROLE_RECURRENT_BIAS:
        return dogberry_is_gru(image) ? (shape){TYPE_INT16, image->hidden, 1} : none;
    case ROLE_OUTPUT:
        return tied ? none : (shape){TYPE_MATRIX, image->vocab, width};
    case ROLE_OUTPUT_BIAS:
        return (shape){TYPE_INT16, image->vocab, 1};
    case ROLE_OUTPUT_SCALES:
        return tied ? (shape){TYPE_SCALES, image->vocab, 1} : none;
    case ROLE_CLASSES:
        return factored ? (shape){TYPE_MATRIX, image->classes, image->hidden} : none;
    case ROLE_CLASS_BIAS:
        return factored ? (shape){TYPE_INT16, image->classes, 1} : none;
    case ROLE_PLACE_TOKENS:
    case ROLE_TOKEN_PLACES:
        return factored ? (shape){TYPE_UINT16, image->vocab, 1} : none;
    case ROLE_CLASS_FIRST:
        return factored ? (shape){TYPE_UINT16, image->classes + 1u, 1} : none;
    default:
        return none;
    }
}

/* How many tensors the model has. */
static uint32_t wanted_count(const dogberry_image *image)
{
    uint32_t count = 0;

    for (uint32_t role = ROLE_EMBEDDING; role <= ROLE_LAST; role++) {
        for (uint32_t layer = 0; layer < image->layers; layer++)
            count += shape_of(image, role, layer).type != 0;
    }
    return count;
}

/* A scale word for sums of at most 2^14 * `terms`. */
static int scale_is_valid(uint32_t word, uint32_t terms)
{
    uint32_t m = word & 0x7FFFu, s = word >> 16;

    if ((word & 0x8000u) != 0 || (m != 0 && m < DOGBERRY_MANTISSA_MIN))
        return 0;
    return s >= DOGBERRY_SHIFT_MIN && s <= DOGBERRY_SHIFT_MAX && (s >= 16u || terms <= 1u << s);
}

static int scales_are_valid(const uint32_t *scales, uint32_t rows, uint32_t cols)
{
    for (uint32_t r = 0; r < rows; r++) {
        if (!scale_is_valid(scales[r], cols))
            return 0;
    }
    return 1;
}

/* Words of a norm (s from 11 on: what it makes of a vector is shifted by 1 at least), and behind them those of heads,
 * which are at least 1 (s up to 14). None is 0. docs/NUMERICS.md, "Transformer". */
static int block_scales_are_valid(const uint32_t *words, uint32_t norms, uint32_t heads)
{
    for (uint32_t i = 0; i < norms + heads; i++) {
        uint32_t s = words[i] >> 16;

        if (!scale_is_valid(words[i], 1) || (words[i] & 0x7FFFu) == 0 ||
            (i < norms ? s < DOGBERRY_NORM_SHIFT_MIN : s > DOGBERRY_HEAD_SHIFT_MAX))
            return 0;
    }
    return 1;
}

static int padding_is_zero(const int8_t *weights, uint32_t rows, uint32_t cols, uint32_t stride)
{
    for (uint32_t r = 0; cols < stride && r < rows; r++) {
        for (uint32_t c = cols; c < stride; c++) {
            if (weights[(size_t)r * stride + c] != 0)
                return 0;
        }
    }
    return 1;
}

/* ---- int4 ---- */

static uint32_t padded_rows(uint32_t rows)
{
    return (rows + DOGBERRY_I4_BLOCK - 1u) / DOGBERRY_I4_BLOCK * DOGBERRY_I4_BLOCK;
}

static uint32_t groups_of(uint32_t cols)
{
    return (cols + DOGBERRY_I4_GROUP - 1u) / DOGBERRY_I4_GROUP;
}

/* The sum of a row's group scales, or 0 where one of them is 0. */
static uint32_t group_scale_sum(const uint8_t *group_scales, uint32_t groups, uint32_t row)
{
    const uint8_t *at = group_scales + (size_t)(row / DOGBERRY_I4_BLOCK) * groups * DOGBERRY_I4_BLOCK;
    uint32_t sum = 0;

    for (uint32_t g = 0; g < groups; g++, at += DOGBERRY_I4_BLOCK) {
        if (at[row % DOGBERRY_I4_BLOCK] == 0)
            return 0;
        sum += at[row % DOGBERRY_I4_BLOCK];
    }
    return sum;
}

/* A weight is at most 8 in size and an activation 128, so the products of a row add up to at most
 * 2^10 * columns of a group * sum of group scales = 2^14 * terms. */
static int i4_scales_are_valid(const uint32_t *scales, const uint8_t *group_scales, uint32_t rows, uint32_t groups)
{
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t sum = group_scale_sum(group_scales, groups, r) * DOGBERRY_I4_GROUP;

        if (sum == 0 || sum > I4_SUM_MAX || !scale_is_valid(scales[r], (sum + 15u) / 16u))
            return 0;
    }
    return 1;
}

/* Rows and columns beyond the matrix have weights 0, scale words 0 and group scales 0. */
static int i4_padding_is_zero(const uint32_t *words, const uint32_t *scales, const uint8_t *group_scales, uint32_t rows,
                              uint32_t cols, uint32_t columns)
{
    uint32_t all = padded_rows(rows), extra = all - rows, groups = groups_of(cols);
    uint32_t beyond = extra == 0 ? 0 : 0xFFFFFFFFu << 4u * (DOGBERRY_I4_BLOCK - extra);

    for (uint32_t b = 0; b < all / DOGBERRY_I4_BLOCK; b++) {
        uint32_t mask = (b + 1u) * DOGBERRY_I4_BLOCK == all ? beyond : 0;

        for (uint32_t c = 0; c < columns; c++) {
            if (((words[(size_t)b * columns + c] ^ 0x88888888u) & (c < cols ? mask : 0xFFFFFFFFu)) != 0)
                return 0;
        }
    }
    for (uint32_t r = rows; r < all; r++) {
        for (uint32_t g = 0; g < groups; g++) {
            if (group_scales[((size_t)(r / DOGBERRY_I4_BLOCK) * groups + g) * DOGBERRY_I4_BLOCK +
                             r % DOGBERRY_I4_BLOCK] != 0)
                return 0;
        }
        if (scales[r] != 0)
            return 0;
    }
    return 1;
}

/* ---- Entries ---- */

static int is_int8(const entry *e)
{
    return DOGBERRY_HAS_INT8 && e->type == TYPE_INT8;
}

static uint32_t stride_of(const entry *e)
{
    switch (e->type) {
    case TYPE_INT8:
        return (e->cols + 15u) & ~15u;
    case TYPE_INT4:
        return 4u * ((e->cols + 15u) & ~15u);
    case TYPE_SCALES:
    case TYPE_UINT32:
        return 4u;
    default:
        return 2u;
    }
}

/* Bytes at the scales' offset. */
static uint32_t scale_bytes(const entry *e)
{
    if (is_int8(e))
        return 4u * e->rows;
    return e->type == TYPE_INT4 ? padded_rows(e->rows) * (4u + groups_of(e->cols)) : 0;
}

static int contents_are_valid(const dogberry_image *image, const entry *e)
{
    const uint8_t *data = image->bytes + e->offset, *scales = image->bytes + e->scales;
    const uint32_t *words = (const uint32_t *)(const void *)scales;

    if (DOGBERRY_HAS_TRANSFORMER && e->role == ROLE_LAST_NORM)
        return block_scales_are_valid((const uint32_t *)(const void *)data, 1, 0);
    if (DOGBERRY_HAS_TRANSFORMER && e->role == ROLE_BLOCK_SCALES)
        return block_scales_are_valid((const uint32_t *)(const void *)data, 2, e->rows - 2u);
    if (e->type == TYPE_SCALES)
        return scales_are_valid((const uint32_t *)(const void *)data, e->rows, dogberry_output_width(image));
    if (is_int8(e))
        return scales_are_valid(words, e->rows, e->cols) &&
               padding_is_zero((const int8_t *)data, e->rows, e->cols, e->stride);
    if (e->type == TYPE_INT4) {
        const uint8_t *group_scales = scales + 4u * padded_rows(e->rows);

        return i4_scales_are_valid(words, group_scales, e->rows, groups_of(e->cols)) &&
               i4_padding_is_zero((const uint32_t *)(const void *)data, words, group_scales, e->rows, e->cols,
                                  e->stride / 4u);
    }
    return 1;
}

/* Offsets, sizes and contents of an entry whose shape is the wanted one. */
static int data_is_valid(const dogberry_image *image, const entry *e)
{
    uint32_t lines = e->type == TYPE_INT4 ? padded_rows(e->rows) / DOGBERRY_I4_BLOCK : e->rows;

    if (e->stride != stride_of(e) || (uint64_t)lines * e->stride != e->bytes ||
        !dogberry_region_is_inside(image, e->offset, e->bytes))
        return 0;
    if (scale_bytes(e) == 0 ? e->scales != 0 : !dogberry_region_is_inside(image, e->scales, scale_bytes(e)))
        return 0;
    return contents_are_valid(image, e);
}

/* Fraction bits of an LSTM's cell, and of a transformer's scores. */
static int detail_is_valid(const dogberry_image *image, const entry *e)
{
    if (e->role == ROLE_INPUT && image->architecture == DOGBERRY_LSTM)
        return e->detail >= 8u && e->detail <= 14u;
    if (DOGBERRY_HAS_TRANSFORMER && e->role == ROLE_ATTENTION)
        return e->detail >= 8u && e->detail <= 16u;
    return e->detail == 0;
}

/* Whether the entry stands where a transformer's must; elsewhere any order will do. */
static int is_in_place(const dogberry_image *image, const entry *e, uint32_t index)
{
    if (!dogberry_is_transformer(image))
        return 1;
    return is_block_role(e->role) ? index == block_entry(e->role, e->layer) : (e->role != ROLE_EMBEDDING || index == 0);
}

static int check_entry(const dogberry_image *image, uint32_t index)
{
    entry e = entry_at(image, index);
    shape wanted = shape_of(image, e.role, e.layer);

    if (wanted.type == 0)
        return DOGBERRY_ERR_IMAGE;
    if (wanted.type == TYPE_MATRIX ? e.type != TYPE_INT8 && e.type != TYPE_INT4 : e.type != wanted.type)
        return DOGBERRY_ERR_IMAGE;
    if (e.rows != wanted.rows || e.cols != wanted.cols)
        return DOGBERRY_ERR_IMAGE;
    if (!detail_is_valid(image, &e) || !is_in_place(image, &e, index))
        return DOGBERRY_ERR_IMAGE;
    if (dogberry_le32(image->bytes + DOGBERRY_TABLE_AT + index * DOGBERRY_TABLE_ENTRY + 28u) != 0)
        return DOGBERRY_ERR_IMAGE;
    for (uint32_t other = 0; other < index; other++) {
        entry before = entry_at(image, other);

        if (before.role == e.role && before.layer == e.layer)
            return DOGBERRY_ERR_IMAGE;
    }
    if (e.type == TYPE_INT8 && !DOGBERRY_HAS_INT8)
        return DOGBERRY_ERR_UNSUPPORTED;
    return data_is_valid(image, &e) ? DOGBERRY_OK : DOGBERRY_ERR_IMAGE;
}

static dogberry_matrix matrix_of(const dogberry_image *image, const entry *e)
{
    const uint8_t *scales = image->bytes + e->scales;
    dogberry_matrix m = {(const int8_t *)(image->bytes + e->offset),
                         (const uint32_t *)(const void *)scales,
                         e->rows,
                         e->cols,
                         e->stride,
                         8,
                         NULL,
                         0};

    if (e->type == TYPE_INT4) {
        m.bits = 4;
        m.group_scales = scales + 4u * padded_rows(e->rows);
        m.groups = groups_of(e->cols);
    }
    return m;
}

static void attach(dogberry_image *image, const entry *e)
{
    dogberry_layer *layer = &image->layer[DOGBERRY_HAS_TRANSFORMER ? e->layer % DOGBERRY_LAYERS_MAX : e->layer];
    const void *data = image->bytes + e->offset;

    switch (e->role) {
    case ROLE_EMBEDDING:
        image->embeddings = matrix_of(image, e);
        break;
    case ROLE_INPUT:
        layer->input = matrix_of(image, e);
        layer->cell_frac = e->detail;
        break;
    case ROLE_RECURRENT:
        layer->recurrent = matrix_of(image, e);
        break;
    case ROLE_BIAS:
        layer->bias = data;
        break;
    case ROLE_RECURRENT_BIAS:
        layer->recurrent_bias = data;
        break;
    case ROLE_OUTPUT:
        image->output_matrix = matrix_of(image, e);
        break;
    case ROLE_OUTPUT_BIAS:
        image->output_bias = data;
        break;
    case ROLE_OUTPUT_SCALES: /* the weights are the embedding's */
        image->output_matrix.scales = data;
        break;
    case ROLE_CLASSES:
        image->factored.matrix = matrix_of(image, e);
        break;
    case ROLE_CLASS_BIAS:
        image->factored.bias = data;
        break;
    case ROLE_PLACE_TOKENS:
        image->factored.tokens = data;
        break;
    case ROLE_TOKEN_PLACES:
        image->factored.places = data;
        break;
    case ROLE_CLASS_FIRST:
        image->factored.first = data;
        break;
    case ROLE_LAST_NORM:
        if (DOGBERRY_HAS_TRANSFORMER)
            image->transformer.norm = *(const uint32_t *)data;
        break;
    case ROLE_ROTARY:
        if (DOGBERRY_HAS_TRANSFORMER)
            image->transformer.rotary = data;
        break;
    default: /* of a transformer's layer: dogberry_block_matrix() */
        break;
    }
}

dogberry_matrix dogberry_block_matrix(const dogberry_image *image, uint32_t layer, uint32_t part)
{
    entry e = entry_at(image, block_entry(ROLE_ATTENTION + part, layer));

    return matrix_of(image, &e);
}

const void *dogberry_block_vector(const dogberry_image *image, uint32_t layer, uint32_t vector)
{
    entry e = entry_at(image, block_entry(ROLE_BLOCK_BIAS + vector, layer));

    return image->bytes + e.offset;
}

uint32_t dogberry_score_frac(const dogberry_image *image, uint32_t layer)
{
    return entry_at(image, block_entry(ROLE_ATTENTION, layer)).detail;
}

/* A tied output's own scales over the embedding's rows. */
static int finish_tied(dogberry_image *image)
{
    const uint32_t *scales = image->output_matrix.scales;
    dogberry_matrix *matrix = &image->output_matrix;

    *matrix = image->embeddings;
    matrix->scales = scales;
    if (dogberry_is_int4(matrix) && !i4_scales_are_valid(scales, matrix->group_scales, matrix->rows, matrix->groups))
        return DOGBERRY_ERR_IMAGE;
    return DOGBERRY_OK;
}

/* No class is empty, and every token has one place: two tokens cannot share one, because it holds one token. */
static int finish_factored(dogberry_image *image)
{
    const uint16_t *first = image->factored.first;

    for (uint32_t t = 0; t < image->vocab; t++) {
        uint32_t place = image->factored.places[t];

        if (place >= image->vocab || image->factored.tokens[place] != t)
            return DOGBERRY_ERR_IMAGE;
    }
    if (first[0] != 0 || first[image->classes] != image->vocab)
        return DOGBERRY_ERR_IMAGE;
    for (uint32_t c = 0; c < image->classes; c++) {
        if (first[c] >= first[c + 1u])
            return DOGBERRY_ERR_IMAGE;
        if ((uint32_t)first[c + 1u] - first[c] > image->factored.largest)
            image->factored.largest = (uint32_t)first[c + 1u] - first[c];
    }
    return DOGBERRY_OK;
}

int dogberry_open_tensors(dogberry_image *image)
{
    uint32_t count = tensor_count(image);

    if (count > TENSORS_MAX || dogberry_le32(image->bytes + TABLE_OFFSET_AT) != DOGBERRY_TABLE_AT ||
        !dogberry_region_is_inside(image, DOGBERRY_TABLE_AT, count * DOGBERRY_TABLE_ENTRY))
        return DOGBERRY_ERR_IMAGE;
    if (count != wanted_count(image))
        return DOGBERRY_ERR_IMAGE;
    for (uint32_t i = 0; i < count; i++) {
        int status = check_entry(image, i);

        if (status != DOGBERRY_OK)
            return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        entry e = entry_at(image, i);

        attach(image, &e);
    }
    if (image->output == DOGBERRY_TIED)
        return finish_tied(image);
    return dogberry_is_factored(image) ? finish_factored(image) : DOGBERRY_OK;
}

/* Region number `index`: the table, the tokenizer, the provenance, then data and scales of each
 * tensor. The header is in front of all of them by dogberry_region_is_inside(). */
static void region_at(const dogberry_image *image, uint32_t index, uint32_t *first, uint32_t *end)
{
    const uint8_t *p = image->bytes;

    if (index == 0) {
        *first = DOGBERRY_TABLE_AT;
        *end = DOGBERRY_TABLE_AT + tensor_count(image) * DOGBERRY_TABLE_ENTRY;
    } else if (index < 3u) {
        *first = dogberry_le32(p + 44u + 8u * index);
        *end = *first + dogberry_le32(p + 48u + 8u * index);
    } else {
        entry e = entry_at(image, (index - 3u) / 2u);

        *first = (index & 1u) != 0 ? e.offset : e.scales;
        *end = *first + ((index & 1u) != 0 ? e.bytes : scale_bytes(&e));
    }
}

int dogberry_regions_are_apart(const dogberry_image *image)
{
    uint32_t count = 3u + 2u * tensor_count(image);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t first, end;

        region_at(image, i, &first, &end);
        for (uint32_t j = 0; j < i; j++) {
            uint32_t other_first, other_end;

            region_at(image, j, &other_first, &other_end);
            if (first < other_end && other_first < end)
                return 0;
        }
    }
    return 1;
}
