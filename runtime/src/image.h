/*
 * The parts of dogberry_open(): src/image.c reads the header, src/tensors.c the table.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_IMAGE_H
#define DOGBERRY_IMAGE_H

#include "dogberry.h"

/* Where the tensor table lies and what one entry takes. */
#define DOGBERRY_TABLE_AT 256u
#define DOGBERRY_TABLE_ENTRY 32u

/* Whether bytes offset .. offset + length - 1 lie in the image behind the header, and offset is
 * a multiple of 16. */
int dogberry_region_is_inside(const dogberry_image *image, uint32_t offset, uint32_t length);

/* Checks the tensor table and points the image's matrices and vectors at their data. Sizes in
 * `image` are already checked. Returns DOGBERRY_OK, ERR_IMAGE, ERR_UNSUPPORTED. */
int dogberry_open_tensors(dogberry_image *image);

/* Whether header, table, tensors, scales, tokenizer and provenance, each already known to lie
 * inside, do not overlap. */
int dogberry_regions_are_apart(const dogberry_image *image);

#endif
