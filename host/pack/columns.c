/* SPDX-License-Identifier: MIT */
#include "pack/columns.h"

#include <string.h>

#include "base/memory.h"

enum { BLOCK = DOGBERRY_I4_BLOCK };

static uint32_t blocks_of(const db_image_tensor *tensor)
{
    return (tensor->rows + BLOCK - 1) / BLOCK;
}

static void turn_i8(db_image_tensor *tensor, db_packing *pack)
{
    const int8_t *from = tensor->data;
    const uint32_t stride = BLOCK * blocks_of(tensor);
    int8_t *to = db_packing_own(pack, db_allocate((size_t)tensor->cols * stride));
    for (uint32_t c = 0; c < tensor->cols; c++)
        for (uint32_t r = 0; r < stride; r++)
            to[(size_t)c * stride + r] = r < tensor->rows ? from[(size_t)r * tensor->stride + c] : 0;
    tensor->stride = stride;
    tensor->data = to;
}

/* A word is a column of a block before and after; group scales of a block move with its words. */
static void turn_i4(db_image_tensor *tensor, db_packing *pack)
{
    const uint32_t blocks = blocks_of(tensor), columns = tensor->stride / 4;
    const uint32_t groups = tensor->group_scale_bytes / (blocks * BLOCK);
    const uint32_t *from = tensor->data;
    uint32_t *to = db_packing_own(pack, db_allocate((size_t)tensor->cols * blocks * sizeof *to));
    uint8_t *scales = db_packing_own(pack, db_allocate(tensor->group_scale_bytes));
    for (uint32_t b = 0; b < blocks; b++) {
        for (uint32_t c = 0; c < tensor->cols; c++)
            to[(size_t)c * blocks + b] = from[(size_t)b * columns + c];
        for (uint32_t g = 0; g < groups; g++)
            memcpy(scales + (size_t)(g * blocks + b) * BLOCK, tensor->group_scales + (size_t)(b * groups + g) * BLOCK,
                   BLOCK);
    }
    tensor->stride = 4 * blocks;
    tensor->data = to;
    tensor->group_scales = scales;
}

void db_packing_turn_matrix(db_packing *pack)
{
    db_image_tensor *tensor = &pack->parts.tensors[pack->parts.tensor_count - 1];
    if (tensor->type == DB_TYPE_INT4_ROWS)
        turn_i4(tensor, pack);
    else
        turn_i8(tensor, pack);
    tensor->by_column = true;
    tensor->detail = 1;
}
