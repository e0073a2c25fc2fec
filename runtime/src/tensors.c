/*
 * The tensor table: every entry is one that the architecture needs, of exactly its shape,
 * inside the image and apart from the others.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bytes.h"
#include "image.h"
#include "rescale.h"
#include "seam.h"

enum role {
    ROLE_EMBEDDING = 1,
    ROLE_INPUT,
    ROLE_RECURRENT,
    ROLE_BIAS,
    ROLE_RECURRENT_BIAS,
    ROLE_OUTPUT,
    ROLE_OUTPUT_BIAS,
    ROLE_OUTPUT_SCALES,
    ROLE_LAST = ROLE_OUTPUT_SCALES
};

enum type { TYPE_INT8 = 1, TYPE_INT4, TYPE_INT16, TYPE_SCALES };

enum { TENSORS_MAX = 64, TENSOR_COUNT_AT = 44, TABLE_OFFSET_AT = 48 };

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

/* The shape that `role` has in this model; type 0 where the model has no such tensor. */
static shape shape_of(const dogberry_image *image, uint32_t role, uint32_t layer)
{
    uint32_t gates = image->architecture == DOGBERRY_GRU ? 3u : 4u, tied = image->output == DOGBERRY_TIED;
    uint32_t per_layer = role >= ROLE_INPUT && role <= ROLE_RECURRENT_BIAS;
    shape none = {0, 0, 0};

    if (layer >= (per_layer ? image->layers : 1u))
        return none;
    switch (role) {
    case ROLE_EMBEDDING:
        return (shape){TYPE_INT8, image->vocab, image->embedding};
    case ROLE_INPUT:
        return (shape){TYPE_INT8, gates * image->hidden, layer == 0 ? image->embedding : image->hidden};
    case ROLE_RECURRENT:
        return (shape){TYPE_INT8, gates * image->hidden, image->hidden};
    case ROLE_BIAS:
        return (shape){TYPE_INT16, gates * image->hidden, 1};
    case ROLE_RECURRENT_BIAS:
        return image->architecture == DOGBERRY_GRU ? (shape){TYPE_INT16, image->hidden, 1} : none;
    case ROLE_OUTPUT:
        return tied ? none : (shape){TYPE_INT8, image->vocab, image->hidden};
    case ROLE_OUTPUT_BIAS:
        return (shape){TYPE_INT16, image->vocab, 1};
    case ROLE_OUTPUT_SCALES:
        return tied ? (shape){TYPE_SCALES, image->vocab, 1} : none;
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

static int scales_are_valid(const uint32_t *scales, uint32_t rows, uint32_t cols)
{
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t m = scales[r] & 0x7FFFu, s = scales[r] >> 16;

        if ((scales[r] & 0x8000u) != 0 || (m != 0 && m < DOGBERRY_MANTISSA_MIN))
            return 0;
        if (s < DOGBERRY_SHIFT_MIN || s > DOGBERRY_SHIFT_MAX || (s < 16u && cols > 1u << s))
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

/* Offsets, sizes and contents of an entry whose shape is the wanted one. */
static int data_is_valid(const dogberry_image *image, const entry *e)
{
    uint32_t stride = e->type == TYPE_INT8 ? (e->cols + 15u) & ~15u : e->type == TYPE_INT16 ? 2u : 4u;
    const uint8_t *data = image->bytes + e->offset;

    if (e->stride != stride || (uint64_t)e->rows * stride != e->bytes ||
        !dogberry_region_is_inside(image, e->offset, e->bytes))
        return 0;
    if (e->type == TYPE_SCALES)
        return e->scales == 0 && scales_are_valid((const uint32_t *)(const void *)data, e->rows, image->hidden);
    if (e->type == TYPE_INT16)
        return e->scales == 0;
    return dogberry_region_is_inside(image, e->scales, 4u * e->rows) &&
           scales_are_valid((const uint32_t *)(const void *)(image->bytes + e->scales), e->rows, e->cols) &&
           padding_is_zero((const int8_t *)data, e->rows, e->cols, e->stride);
}

static int check_entry(const dogberry_image *image, uint32_t index)
{
    entry e = entry_at(image, index);
    shape wanted = shape_of(image, e.role, e.layer);
    uint32_t needs_frac = e.role == ROLE_INPUT && image->architecture == DOGBERRY_LSTM;

    if (wanted.type == 0)
        return DOGBERRY_ERR_IMAGE;
    if (wanted.type == TYPE_INT8 && e.type == TYPE_INT4)
        return DOGBERRY_ERR_UNSUPPORTED;
    if (e.type != wanted.type || e.rows != wanted.rows || e.cols != wanted.cols)
        return DOGBERRY_ERR_IMAGE;
    if (needs_frac ? e.detail < 8u || e.detail > 14u : e.detail != 0)
        return DOGBERRY_ERR_IMAGE;
    if (dogberry_le32(image->bytes + DOGBERRY_TABLE_AT + index * DOGBERRY_TABLE_ENTRY + 28u) != 0)
        return DOGBERRY_ERR_IMAGE;
    for (uint32_t other = 0; other < index; other++) {
        entry before = entry_at(image, other);

        if (before.role == e.role && before.layer == e.layer)
            return DOGBERRY_ERR_IMAGE;
    }
    return data_is_valid(image, &e) ? DOGBERRY_OK : DOGBERRY_ERR_IMAGE;
}

static dogberry_matrix matrix_of(const dogberry_image *image, const entry *e)
{
    dogberry_matrix m = {(const int8_t *)(image->bytes + e->offset),
                         (const uint32_t *)(const void *)(image->bytes + e->scales), e->rows, e->cols, e->stride};

    return m;
}

static void attach(dogberry_image *image, const entry *e)
{
    dogberry_layer *layer = &image->layer[e->layer];
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
    default: /* ROLE_OUTPUT_SCALES; the weights are the embedding's */
        image->output_matrix.scales = data;
        break;
    }
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
    if (image->output == DOGBERRY_TIED) {
        const uint32_t *scales = image->output_matrix.scales;

        image->output_matrix = image->embeddings;
        image->output_matrix.scales = scales;
    }
    return DOGBERRY_OK;
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
        *end = *first + ((index & 1u) != 0 ? e.bytes : e.scales != 0 ? 4u * e.rows : 0);
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
