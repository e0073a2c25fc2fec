/*
 * The tensor table: every entry is one that the architecture needs, of exactly its shape,
 * inside the image and apart from the others.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bytes.h"
#include "blocks.h"
#include "image.h"
#include "kinds.h"
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
    ROLE_ATTENTION, /* of a transformer's layer, to ROLE_BLOCK_SCALES: in the order of blocks.h */
    ROLE_ATTENTION_OUTPUT,
    ROLE_INNER,
    ROLE_OUTER,
    ROLE_BLOCK_BIAS,
    ROLE_BLOCK_SCALES,
    ROLE_LAST_NORM,
    ROLE_ROTARY,
    ROLE_LAST = ROLE_ROTARY
};

/* Not in images: a place for either of int8 and int4. */
enum { MATRIX = DOGBERRY_TENSOR_UINT32 + 1 };

enum { TENSORS_MAX = 128 };

/* What the architecture wants in the place of an entry. */
typedef struct {
    uint32_t type, rows, cols;
} shape;

static int tensor_at(const dogberry_source *source, uint32_t index, dogberry_tensor *tensor)
{
    const dogberry_tensor *there =
        dogberry_fetch(source, DOGBERRY_TABLE_AT + index * DOGBERRY_TABLE_ENTRY, DOGBERRY_TABLE_ENTRY, tensor);

    if (there == NULL)
        return DOGBERRY_ERR_READ;
    *tensor = *there;
    return DOGBERRY_OK;
}

int dogberry_region_is_inside(const dogberry_image *image, uint32_t offset, uint32_t length)
{
    return (offset & 15u) == 0 && offset >= DOGBERRY_HEADER_BYTES && offset <= image->length &&
           length <= image->length - offset;
}

static int is_block_role(uint32_t role)
{
    return DOGBERRY_HAS_TRANSFORMER && role >= ROLE_ATTENTION && role <= ROLE_BLOCK_SCALES;
}

/* shape_of() for roles that only a transformer has. */
static shape block_shape(const dogberry_image *image, uint32_t role)
{
    uint32_t width = image->embedding, rows = dogberry_attention_rows(image), inner = dogberry_inner_rows(image);

    switch (role) {
    case ROLE_ATTENTION:
        return (shape){MATRIX, rows, width};
    case ROLE_ATTENTION_OUTPUT:
        return (shape){MATRIX, width, width};
    case ROLE_INNER:
        return (shape){MATRIX, inner, width};
    case ROLE_OUTER:
        return (shape){MATRIX, width, image->hidden};
    case ROLE_BLOCK_BIAS:
        return (shape){DOGBERRY_TENSOR_INT16, dogberry_block_biases(image) + dogberry_silu_scales(image), 1};
    case ROLE_BLOCK_SCALES:
        return (shape){DOGBERRY_TENSOR_SCALES, 2u + image->transformer.heads, 1};
    case ROLE_LAST_NORM:
        return (shape){DOGBERRY_TENSOR_SCALES, 1, 1};
    default: /* ROLE_ROTARY; heads of one component are not turned */
        return (shape){image->transformer.head > 1u ? DOGBERRY_TENSOR_UINT32 : 0, image->transformer.head / 2u, 1};
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
        return (shape){MATRIX, image->vocab, image->embedding};
    case ROLE_INPUT:
        return (shape){MATRIX, gates * image->hidden, layer == 0 ? image->embedding : image->hidden};
    case ROLE_RECURRENT:
        return (shape){MATRIX, gates * image->hidden, image->hidden};
    case ROLE_BIAS:
        return (shape){DOGBERRY_TENSOR_INT16, gates * image->hidden, 1};
    case ROLE_RECURRENT_BIAS:
        return dogberry_is_gru(image) ? (shape){DOGBERRY_TENSOR_INT16, image->hidden, 1} : none;
    case ROLE_OUTPUT:
        return tied ? none : (shape){MATRIX, image->vocab, width};
    case ROLE_OUTPUT_BIAS:
        return (shape){DOGBERRY_TENSOR_INT16, image->vocab, 1};
    case ROLE_OUTPUT_SCALES:
        return tied ? (shape){DOGBERRY_TENSOR_SCALES, image->vocab, 1} : none;
    case ROLE_CLASSES:
        return factored ? (shape){MATRIX, image->classes, image->hidden} : none;
    case ROLE_CLASS_BIAS:
        return factored ? (shape){DOGBERRY_TENSOR_INT16, image->classes, 1} : none;
    case ROLE_PLACE_TOKENS:
    case ROLE_TOKEN_PLACES:
        return factored ? (shape){DOGBERRY_TENSOR_UINT16, image->vocab, 1} : none;
    case ROLE_CLASS_FIRST:
        return factored ? (shape){DOGBERRY_TENSOR_UINT16, image->classes + 1u, 1} : none;
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

static uint32_t stride_of(const dogberry_tensor *t)
{
    if (dogberry_is_by_column(t))
        return dogberry_padded_rows(t->rows) >> (t->type - 1u);
    switch (t->type) {
    case DOGBERRY_TENSOR_INT8:
        return (t->cols + 15u) & ~15u;
    case DOGBERRY_TENSOR_INT4:
        return 4u * ((t->cols + 15u) & ~15u);
    case DOGBERRY_TENSOR_SCALES:
    case DOGBERRY_TENSOR_UINT32:
        return 4u;
    default:
        return 2u;
    }
}

/* Bytes at the scales' offset. */
static uint32_t scale_bytes(const dogberry_tensor *t)
{
    if (DOGBERRY_HAS_INT8 && t->type == DOGBERRY_TENSOR_INT8)
        return 4u * t->rows;
    return t->type == DOGBERRY_TENSOR_INT4 ? dogberry_padded_rows(t->rows) * (4u + dogberry_groups_of(t->cols)) : 0;
}

/* Whether offsets and sizes are those of the shape, which is the wanted one. */
static int is_inside(const dogberry_image *image, const dogberry_tensor *t)
{
    uint32_t lines = t->type == DOGBERRY_TENSOR_INT4 ? dogberry_padded_rows(t->rows) / DOGBERRY_I4_BLOCK : t->rows;

    if (dogberry_is_by_column(t))
        lines = t->cols;
    if (t->stride != stride_of(t) || (uint64_t)lines * t->stride != t->bytes ||
        !dogberry_region_is_inside(image, t->offset, t->bytes))
        return 0;
    return scale_bytes(t) == 0 ? t->scales == 0 : dogberry_region_is_inside(image, t->scales, scale_bytes(t));
}

/* Fraction bits of an LSTM's cell, and of a transformer's scores; how its outer matrix lies. */
static int detail_is_valid(const dogberry_image *image, const dogberry_tensor *t)
{
    if (t->role == ROLE_INPUT && !dogberry_is_gru(image))
        return t->detail >= 8u && t->detail <= 14u;
    if (DOGBERRY_HAS_TRANSFORMER && t->role == ROLE_ATTENTION)
        return t->detail >= 8u && t->detail <= 16u;
    if (DOGBERRY_HAS_TRANSFORMER && t->role == ROLE_OUTER)
        return t->detail <= (dogberry_is_rectified(image) ? 1u : 0u);
    return t->detail == 0;
}

/* Whether entry `index` is one that the model needs, and stands where a transformer's must; elsewhere any order will
 * do. */
static int is_wanted(const dogberry_image *image, const dogberry_tensor *t, uint32_t index)
{
    shape wanted = shape_of(image, t->role, t->layer);

    if (wanted.type == 0 || t->rows != wanted.rows || t->cols != wanted.cols || t->reserved != 0)
        return 0;
    if (wanted.type == MATRIX ? t->type != DOGBERRY_TENSOR_INT8 && t->type != DOGBERRY_TENSOR_INT4
                              : t->type != wanted.type)
        return 0;
    if (dogberry_is_transformer(image) &&
        (is_block_role(t->role) ? index != dogberry_block_index(t->layer, t->role - ROLE_ATTENTION)
                                : t->role == ROLE_EMBEDDING && index != 0))
        return 0;
    return detail_is_valid(image, t);
}

/* Reads an entry and checks it by itself. */
static int read_tensor(const dogberry_image *image, uint32_t index, dogberry_tensor *t)
{
    if (dogberry_unread(tensor_at(&image->source, index, t)))
        return DOGBERRY_ERR_READ;
    if (!is_wanted(image, t, index))
        return DOGBERRY_ERR_IMAGE;
    if (t->type == DOGBERRY_TENSOR_INT8 && !DOGBERRY_HAS_INT8)
        return DOGBERRY_ERR_UNSUPPORTED;
    return is_inside(image, t) ? DOGBERRY_OK : DOGBERRY_ERR_IMAGE;
}

/* Where in the image struct a role's matrix belongs, or its offset; of the first layer, where each has one. 0: none,
 * which is looked up in the table when it is needed. */
static const uint16_t homes[] = {[ROLE_EMBEDDING] = offsetof(dogberry_image, embeddings),
                                 [ROLE_INPUT] = offsetof(dogberry_image, layer[0].input),
                                 [ROLE_RECURRENT] = offsetof(dogberry_image, layer[0].recurrent),
                                 [ROLE_BIAS] = offsetof(dogberry_image, layer[0].bias),
                                 [ROLE_RECURRENT_BIAS] = offsetof(dogberry_image, layer[0].recurrent_bias),
                                 [ROLE_OUTPUT] = offsetof(dogberry_image, output_matrix),
                                 [ROLE_OUTPUT_BIAS] = offsetof(dogberry_image, output_bias),
                                 /* of a tied output, whose weights are the embedding's */
                                 [ROLE_OUTPUT_SCALES] = offsetof(dogberry_image, output_matrix.scales),
                                 [ROLE_CLASSES] = offsetof(dogberry_image, factored.matrix),
                                 [ROLE_CLASS_BIAS] = offsetof(dogberry_image, factored.bias),
                                 [ROLE_PLACE_TOKENS] = offsetof(dogberry_image, factored.tokens),
                                 [ROLE_TOKEN_PLACES] = offsetof(dogberry_image, factored.places),
                                 [ROLE_CLASS_FIRST] = offsetof(dogberry_image, factored.first),
                                 [ROLE_LAST_NORM] = offsetof(dogberry_image, transformer.norm),
                                 [ROLE_ROTARY] = offsetof(dogberry_image, transformer.rotary)};

/* What is fetched at once at least: a row or a block of them with its group scales, or a column with all those of its
 * group, which are twice as long as 4-bit columns. */
static uint32_t line_bytes(const dogberry_matrix *m)
{
    if (DOGBERRY_HAS_TRANSFORMER && m->by_column)
        return 3u * m->stride;
    return m->stride + m->groups * DOGBERRY_I4_BLOCK;
}

static void attach(dogberry_image *image, const dogberry_tensor *t)
{
    uint32_t home = homes[t->role];
    void *there = (uint8_t *)image + home + t->layer * sizeof(dogberry_layer); /* others with a home have layer 0 */
    dogberry_matrix homeless, *m = there;

    if (home == 0)
        m = &homeless; /* written before it is read */

    if (t->type != DOGBERRY_TENSOR_INT4 && t->type != DOGBERRY_TENSOR_INT8) {
        if (home != 0)
            *(uint32_t *)there = t->offset;
        if (DOGBERRY_HAS_STREAM && DOGBERRY_HAS_TRANSFORMER && t->role > ROLE_BLOCK_BIAS &&
            4u * t->rows > image->stream.row)
            image->stream.row = 4u * t->rows; /* read whole */
        return;
    }
    dogberry_set_matrix(m, t);
    if (t->role == ROLE_INPUT) /* the first member of its layer */
        ((dogberry_layer *)there)->cell_frac = t->detail;
    uint32_t line = DOGBERRY_HAS_STREAM ? line_bytes(m) : 0;

    if (line > image->stream.row)
        image->stream.row = line;
}

/* An entry of a layer: in memory where it is, which was checked when the image was opened, else read into a room.
 * Returns NULL where it could not be read, or where no image has any. */
static const dogberry_tensor *read_block(const dogberry_image *image, uint32_t layer, uint32_t part,
                                         dogberry_tensor *room)
{
    if (!DOGBERRY_HAS_TRANSFORMER)
        return NULL;
    if (!dogberry_is_streamed(&image->source))
        return dogberry_block_entry(image, layer, part);
    return read_tensor(image, dogberry_block_index(layer, part), room) == DOGBERRY_OK ? room : NULL;
}

int dogberry_read_vector(const dogberry_image *image, uint32_t layer, uint32_t part, uint32_t *offset)
{
    dogberry_tensor room;
    const dogberry_tensor *t = read_block(image, layer, part, &room);

    if (t == NULL)
        return DOGBERRY_ERR_READ;
    *offset = t->offset;
    return DOGBERRY_OK;
}

int dogberry_read_detail(const dogberry_image *image, uint32_t layer, uint32_t part)
{
    dogberry_tensor room;
    const dogberry_tensor *t = read_block(image, layer, part, &room);

    return t != NULL ? t->detail : DOGBERRY_ERR_READ;
}

int dogberry_block_matrix(const dogberry_image *image, uint32_t layer, uint32_t part, dogberry_matrix *matrix)
{
    dogberry_tensor room;
    const dogberry_tensor *t = read_block(image, layer, part, &room);

    if (t == NULL)
        return DOGBERRY_ERR_READ;
    dogberry_set_matrix(matrix, t);
    return DOGBERRY_OK;
}

/* A tied output's own scales over the embedding's rows. */
static int finish_tied(const dogberry_opening *opening)
{
    dogberry_matrix *matrix = &opening->image->output_matrix;
    uint32_t scales = matrix->scales;

    *matrix = opening->image->embeddings;
    matrix->scales = scales;
    return dogberry_check_tied_scales(opening, matrix);
}

/* Checks an entry and uses it, in one go: what is read again might be another. `seen` has a bit for each role that a
 * layer has already. */
static int open_tensor(const dogberry_opening *opening, uint32_t index, uint32_t *seen)
{
    dogberry_tensor t;
    int status = read_tensor(opening->image, index, &t);

    if (status != DOGBERRY_OK)
        return status;
    if ((seen[t.layer] >> t.role & 1u) != 0)
        return DOGBERRY_ERR_IMAGE;
    seen[t.layer] |= 1u << t.role;
    attach(opening->image, &t);
    if (DOGBERRY_HAS_TRANSFORMER && (t.role == ROLE_LAST_NORM || t.role == ROLE_BLOCK_SCALES))
        return dogberry_check_block_scales(&opening->image->source, t.offset,
                                           t.role == ROLE_LAST_NORM ? 1 : DOGBERRY_NORMS, t.rows);
    return dogberry_check_contents(opening, &t);
}

int dogberry_open_tensors(const dogberry_opening *opening)
{
    dogberry_image *image = opening->image;
    uint32_t count = opening->tensors, seen[DOGBERRY_HAS_TRANSFORMER ? DOGBERRY_BLOCKS_MAX : DOGBERRY_LAYERS_MAX] = {0};
    int status = DOGBERRY_OK;

    if (count > TENSORS_MAX || count != wanted_count(image) ||
        !dogberry_region_is_inside(image, DOGBERRY_TABLE_AT, count * DOGBERRY_TABLE_ENTRY))
        return DOGBERRY_ERR_IMAGE;
    for (uint32_t i = 0; i < count && status == DOGBERRY_OK; i++)
        status = open_tensor(opening, i, seen);
    if (status != DOGBERRY_OK)
        return status;
    if (image->output == DOGBERRY_TIED)
        return finish_tied(opening);
    return dogberry_is_factored(image) ? dogberry_check_classes(opening) : DOGBERRY_OK;
}

/* Region number `index`: the table, the tokenizer, the provenance, then data and scales of each
 * tensor. The header is in front of all of them by dogberry_region_is_inside(). */
static int region_at(const dogberry_opening *opening, uint32_t index, uint32_t *first, uint32_t *end)
{
    const dogberry_image *image = opening->image;
    dogberry_tensor t;

    if (index == 0) {
        *first = DOGBERRY_TABLE_AT;
        *end = DOGBERRY_TABLE_AT + opening->tensors * DOGBERRY_TABLE_ENTRY;
    } else if (index < 3u) {
        *first = index == 1u ? image->tokenizer_at : image->provenance_at;
        *end = *first + (index == 1u ? image->tokenizer_bytes : image->provenance_bytes);
    } else {
        if (dogberry_unread(tensor_at(&image->source, (index - 3u) / 2u, &t)))
            return DOGBERRY_ERR_READ;
        *first = (index & 1u) != 0 ? t.offset : t.scales;
        *end = *first + ((index & 1u) != 0 ? t.bytes : scale_bytes(&t));
    }
    return DOGBERRY_OK;
}

int dogberry_check_regions(const dogberry_opening *opening)
{
    uint32_t count = 3u + 2u * opening->tensors;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t first, end;

        if (dogberry_unread(region_at(opening, i, &first, &end)))
            return DOGBERRY_ERR_READ;
        for (uint32_t j = 0; j < i; j++) {
            uint32_t other_first, other_end;

            if (dogberry_unread(region_at(opening, j, &other_first, &other_end)))
                return DOGBERRY_ERR_READ;
            if (first < other_end && other_first < end)
                return DOGBERRY_ERR_IMAGE;
        }
    }
    return DOGBERRY_OK;
}
