/*
 * The tokenizer section of a tiny image, for tiny_image.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TINY_TOKENIZER_H
#define TINY_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

/* More bytes than a section of this size takes. */
size_t tiny_tokenizer_room(uint32_t vocab);

/* A flag of the section where the kind has any. */
uint32_t tiny_tokenizer_flags(uint32_t kind);

/* Writes a section into zeroed memory of that room. Returns its bytes. */
size_t tiny_tokenizer_write(uint8_t *section, uint32_t kind, uint32_t vocab, uint32_t flags);

#endif
