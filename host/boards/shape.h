/*
 * Images that do not exist yet: what a preset, or another way of packing a model, would take.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_BOARDS_SHAPE_H
#define DB_BOARDS_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "dogberry.h"
#include "nn/config.h"

/* The shape of an image of a model of these sizes packed with `bits` (8 or 4): sizes, matrices and length are
 * as if it had been opened, pointers are NULL; good for db_plan_make() and for nothing that reads it. The length has
 * tensors to the byte; tokenizer and provenance, which depend on the text, are estimated.
 * Returns whether there is integer code for such models; else *shape is all zero. */
bool db_shape_make(dogberry_image *shape, const db_model_config *config, uint32_t tokenizer, uint32_t bits);

/* A matrix of a layer of a transformer's shape, or of its opened image: `part` is one of enum dogberry_block_part. */
dogberry_matrix db_shape_block(const dogberry_image *shape, uint32_t layer, uint32_t part);

/* Bytes of header, tensor table and tensors of a shape or an opened image of ours: without tokenizer and provenance. */
uint64_t db_shape_tensor_bytes(const dogberry_image *image);

/* The shape of an opened image packed again with 4 bits; tokenizer and provenance as they are. */
void db_shape_int4(dogberry_image *shape, const dogberry_image *image);

/* The shape of an opened image with a dense output with a class-factored one instead, of the same bits. */
void db_shape_factored(dogberry_image *shape, const dogberry_image *image);

#endif
