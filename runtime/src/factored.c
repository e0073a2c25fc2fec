/*
 * Class-factored output: logits of the classes, and logits of one class's tokens.
 *
 * SPDX-License-Identifier: MIT
 */
#include "factored.h"

int dogberry_class_places(const dogberry_image *image, uint32_t c, uint32_t *first, uint32_t *count)
{
    uint16_t room[2];
    const uint16_t *bounds = dogberry_fetch(&image->source, image->factored.first + 2u * c, sizeof room, room);

    if (bounds == NULL || bounds[0] >= bounds[1] || bounds[1] > image->vocab ||
        (uint32_t)bounds[1] - bounds[0] > image->factored.largest)
        return DOGBERRY_ERR_READ;
    *first = bounds[0];
    *count = (uint32_t)bounds[1] - bounds[0];
    return DOGBERRY_OK;
}

int dogberry_class_logits(const dogberry_image *image, const dogberry_factored_room *room)
{
    int32_t highest;

    return dogberry_dense(&room->work, &image->factored.matrix, image->factored.bias, 0, image->classes, room->hidden,
                          &highest);
}

int dogberry_word_logits(const dogberry_image *image, uint32_t c, uint32_t *first, uint32_t *count,
                         const dogberry_factored_room *room)
{
    int32_t highest;

    if (dogberry_unread(dogberry_class_places(image, c, first, count)))
        return DOGBERRY_ERR_READ;
    return dogberry_dense(&room->work, &image->output_matrix, image->output_bias + 2u * *first, *first, *count,
                          room->hidden, &highest);
}

int dogberry_token_class(const dogberry_image *image, uint32_t token, uint32_t *index)
{
    uint32_t low = 0, high = image->classes; /* the place is not before low's first, and before high's */
    int32_t place = dogberry_fetch_u16(&image->source, image->factored.places + 2u * token), first = place;

    while (first >= 0 && high - low > 1u) {
        uint32_t middle = (low + high) / 2u;

        first = dogberry_fetch_u16(&image->source, image->factored.first + 2u * middle);
        if (first <= place)
            low = middle;
        else
            high = middle;
    }
    if (first >= 0)
        first = dogberry_fetch_u16(&image->source, image->factored.first + 2u * low);
    if (first < 0)
        return DOGBERRY_ERR_READ;
    *index = (uint32_t)(place - first);
    return (int)low;
}

int dogberry_token_at(const dogberry_image *image, uint32_t place)
{
    int32_t token = dogberry_fetch_u16(&image->source, image->factored.tokens + 2u * place);

    return token < (int32_t)image->vocab ? token : DOGBERRY_ERR_READ;
}
