/*
 * Class-factored output: logits of the classes, logits of one class's tokens, and the draw.
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

/* A token of class c; `unknown` says how the one at place `unknown.id` of the class is treated. */
static dogberry_drawn draw_word(const dogberry_sampler *sampler, const dogberry_image *image, uint32_t c,
                                const dogberry_exception *unknown, const dogberry_factored_room *room,
                                dogberry_random *random)
{
    dogberry_word_logits(image, c, room);
    return dogberry_draw(sampler, room->logits, size_of(image, c), unknown, room->heap, random);
}

static dogberry_drawn draw_class(const dogberry_sampler *sampler, const dogberry_image *image,
                                 const dogberry_exception *class_of_unknown, const dogberry_factored_room *room,
                                 dogberry_random *random)
{
    dogberry_class_logits(image, room);
    return dogberry_draw(sampler, room->logits, image->classes, class_of_unknown, room->heap, random);
}

/* Where the unknown token comes out, its share of its class is known, and a second draw without
 * that share is exactly what drawing again and again until another token comes would give. */
uint32_t dogberry_sample_factored(const dogberry_sampler *sampler, const dogberry_image *image,
                                  const dogberry_factored_room *room, dogberry_random *random)
{
    dogberry_exception of_class = {image->classes, 1, 1, 1}, of_word = {image->vocab, 0, 0, 1};
    const dogberry_exception none = {image->vocab, 0, 0, 1};
    uint32_t unknown_class = image->classes, c;
    dogberry_drawn word;

    if (image->unknown_token != DOGBERRY_NO_TOKEN) {
        uint32_t place = image->factored.places[image->unknown_token];

        unknown_class = dogberry_class_at(image, place);
        of_word.id = place - image->factored.first[unknown_class];
        if (size_of(image, unknown_class) == 1u) /* nothing else in it: never drawn, and does not count */
            of_class = (dogberry_exception){unknown_class, 0, 0, 1};
        else if (sampler->slope != 0)
            of_word.share = 1;
    }
    c = draw_class(sampler, image, &of_class, room, random).id;
    word = draw_word(sampler, image, c, c == unknown_class ? &of_word : &none, room, random);
    if (c == unknown_class && word.id == of_word.id) {
        of_class = (dogberry_exception){unknown_class, 1, word.total - word.weight, word.total};
        of_word.share = 0;
        c = draw_class(sampler, image, &of_class, room, random).id;
        word = draw_word(sampler, image, c, c == unknown_class ? &of_word : &none, room, random);
    }
    return image->factored.tokens[image->factored.first[c] + word.id];
}
