/*
 * Classes of tokens for a class-factored output, learned from the text before training.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_CLASSES_H
#define DB_TRAIN_CLASSES_H

#include <stdint.h>

#include "train/batches.h"

enum { DB_CLASS_DISTANCES = 2 }; /* contexts are the token before and the one before that */

/* Puts tokens that follow the same tokens into the same class: p(class | the token before it), and the one before
 * that, are made as likely as possible by exchanging tokens between classes (the exchange of Kneser and Ney,
 * "Improved clustering techniques for class-based statistical language modelling", 1993; here two tokens
 * change places, so that the classes keep the sizes of nn/factored.h).
 *
 * order [vocab] holds the token at each place, on entry any order of all tokens, which is the start of the search, on
 * return the learned one. classes in 1..vocab; the text's ids are below vocab. A text without tokens changes nothing.
 * The same input gives the same order. Memory: about 8 bytes a token of the text + 64 KiB * classes, freed at the end.
 * Returns nats per token by which the text became likelier, summed over the two contexts, >= 0. */
double db_learn_classes(const db_sequence *text, uint32_t vocab, uint32_t classes, float *order);

#endif
