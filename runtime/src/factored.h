/*
 * The class-factored output: p(token) = p(class) p(token | class) (Goodman 2001).
 * docs/NUMERICS.md, "Class-factored output".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_FACTORED_H
#define DOGBERRY_FACTORED_H

#include "history.h"
#include "layers.h"
#include "sampler.h"

/* What a draw needs besides the image. */
typedef struct {
    dogberry_work work;
    const int8_t *hidden; /* the last layer's output */
    int16_t *logits;      /* the work's scratch: room for one a class and for the largest class's tokens */
    uint16_t *heap;       /* [DOGBERRY_TOP_K_MAX] room for dogberry_cut() */
    int16_t *edited;      /* room for one a token of the largest class */
    uint32_t *shares;     /* [classes] */
} dogberry_factored_room;

/* logits[c] of all classes. Returns DOGBERRY_OK or ERR_READ. */
int dogberry_class_logits(const dogberry_image *image, const dogberry_factored_room *room);

/* The places of class c: *count from *first on. Returns DOGBERRY_OK or ERR_READ. */
int dogberry_class_places(const dogberry_image *image, uint32_t c, uint32_t *first, uint32_t *count);

/* logits[i] of the tokens at the places of class c, in order. Returns DOGBERRY_OK or ERR_READ. */
int dogberry_word_logits(const dogberry_image *image, uint32_t c, uint32_t *first, uint32_t *count,
                         const dogberry_factored_room *room);

/* The class of a token; *index is the token's place in it. Returns the class, or ERR_READ. */
int dogberry_token_class(const dogberry_image *image, uint32_t token, uint32_t *index);

/* Returns the token at a place, or ERR_READ. */
int dogberry_token_at(const dogberry_image *image, uint32_t place);

/* Draws a token; the unknown token never. Returns its id, or ERR_READ. */
int dogberry_sample_factored(const dogberry_sampler *sampler, const dogberry_rules *rules, const dogberry_image *image,
                             const dogberry_factored_room *room, dogberry_random *random);

#endif
