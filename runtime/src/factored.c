/*
 * Class-factored output: logits of the classes, and logits of one class's tokens.
 *
 * SPDX-License-Identifier: MIT
 */
#include "factored.h"

static uint32_t size_of(const dogberry_image *image, uint32_t c)
{
    return (uint32_t)image->factored.first[c + 1u] - image->factored.first[c];
}

void dogberry_class_logits(const dogberry_image *image, const dogberry_factored_room *room)
{
    dogberry_dense(&room->work, &image->factored.matrix, image->factored.bias, 0, image->classes, room->hidden);
}

void dogberry_word_logits(const dogberry_image *image, uint32_t c, const dogberry_factored_room *room)
{
    uint32_t first = image->factored.first[c];

    dogberry_dense(&room->work, &image->output_matrix, image->output_bias + first, first, size_of(image, c),
                   room->hidden);
}

uint32_t dogberry_class_at(const dogberry_image *image, uint32_t place)
{
    uint32_t low = 0, high = image->classes; /* first[low] <= place < first[high] */

    while (high - low > 1u) {
        uint32_t middle = (low + high) / 2u;

        if (image->factored.first[middle] <= place)
            low = middle;
        else
            high = middle;
    }
    return low;
}
