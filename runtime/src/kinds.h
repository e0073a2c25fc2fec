/*
 * What this build can run. By default everything; to make the code smaller, define any of
 *
 *     DOGBERRY_NO_GRU  DOGBERRY_NO_FACTORED  DOGBERRY_NO_INT8  DOGBERRY_NO_CHAR  DOGBERRY_NO_BPE
 *     DOGBERRY_NO_SUBWORD  DOGBERRY_NO_TRANSFORMER  DOGBERRY_NO_STREAM
 *
 * for the whole of the runtime. An image of a kind that was left out is refused with
 * DOGBERRY_ERR_UNSUPPORTED. The questions below are constants then, and what only a kind that is
 * not there needs goes with the linker's --gc-sections. LSTM, int4 and words always stay.
 * DOGBERRY_NO_RULES leaves out what a draw heeds besides the model: repetition penalty, no-repeat n-grams,
 * banned tokens and stop strings, DOGBERRY_NO_TOP_P top-p and min-p. An image that asks for what is not there is
 * refused. DOGBERRY_NO_FAST_KERNELS leaves runtime/kernels/ref alone in dogberry_kernels_best() and _named().
 *
 * DOGBERRY_NO_UNICODE_CASE leaves a table out, too: of what is fed, only A to Z are made small then, and a
 * word with other capitals is unknown unless it stands in the vocabulary like that. Nothing else changes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_KINDS_H
#define DOGBERRY_KINDS_H

#include "dogberry.h"

#ifdef DOGBERRY_NO_GRU
#define DOGBERRY_HAS_GRU 0
#else
#define DOGBERRY_HAS_GRU 1
#endif
#ifdef DOGBERRY_NO_FACTORED
#define DOGBERRY_HAS_FACTORED 0
#else
#define DOGBERRY_HAS_FACTORED 1
#endif
#ifdef DOGBERRY_NO_INT8
#define DOGBERRY_HAS_INT8 0
#else
#define DOGBERRY_HAS_INT8 1
#endif
#ifdef DOGBERRY_NO_CHAR
#define DOGBERRY_HAS_CHAR 0
#else
#define DOGBERRY_HAS_CHAR 1
#endif
#ifdef DOGBERRY_NO_BPE
#define DOGBERRY_HAS_BPE 0
#else
#define DOGBERRY_HAS_BPE 1
#endif
#ifdef DOGBERRY_NO_SUBWORD
#define DOGBERRY_HAS_SUBWORD 0
#else
#define DOGBERRY_HAS_SUBWORD 1
#endif
#ifdef DOGBERRY_NO_RULES
#define DOGBERRY_HAS_RULES 0
#else
#define DOGBERRY_HAS_RULES 1
#endif
#ifdef DOGBERRY_NO_TOP_P
#define DOGBERRY_HAS_TOP_P 0
#else
#define DOGBERRY_HAS_TOP_P 1
#endif
#ifdef DOGBERRY_NO_TRANSFORMER
#define DOGBERRY_HAS_TRANSFORMER 0
#else
#define DOGBERRY_HAS_TRANSFORMER 1
#endif
#ifdef DOGBERRY_NO_UNICODE_CASE
#define DOGBERRY_HAS_UNICODE_CASE 0
#else
#define DOGBERRY_HAS_UNICODE_CASE 1
#endif

#ifdef DOGBERRY_NO_STREAM /* dogberry_open_stream() returns DOGBERRY_ERR_UNSUPPORTED */
#define DOGBERRY_HAS_STREAM 0
#else
#define DOGBERRY_HAS_STREAM 1
#endif

/* Whether the sampling asks for what is not there. */
static inline int dogberry_is_unsupported(const dogberry_sampling *sampling)
{
    return (!DOGBERRY_HAS_RULES && (sampling->repeat_penalty != 0 || sampling->no_repeat != 0)) ||
           (!DOGBERRY_HAS_TOP_P && (sampling->min_p != 0 || sampling->top_p % 1000u != 0));
}

static inline int dogberry_is_gru(const dogberry_image *image)
{
    return DOGBERRY_HAS_GRU && image->architecture == DOGBERRY_GRU;
}

static inline int dogberry_is_transformer(const dogberry_image *image)
{
    return DOGBERRY_HAS_TRANSFORMER && image->architecture == DOGBERRY_TRANSFORMER;
}

/* Whether a set of kernels shares work. For transformers' sake: without them, products alone may be shared, by matvecs.
 */
static inline int dogberry_shares(const dogberry_kernels *kernels)
{
    return DOGBERRY_HAS_TRANSFORMER && kernels->share != NULL;
}

/* Whether a transformer's second feed-forward matrix reads what a ReLU, squared or not, leaves: 0..127, many zeros. */
static inline int dogberry_is_rectified(const dogberry_image *image)
{
    return image->transformer.feed_forward <= DOGBERRY_RELU2;
}

/* Columns of the output matrix. */
static inline uint32_t dogberry_output_width(const dogberry_image *image)
{
    return dogberry_is_transformer(image) ? image->embedding : image->hidden;
}

static inline int dogberry_is_factored(const dogberry_image *image)
{
    return DOGBERRY_HAS_FACTORED && image->output == DOGBERRY_FACTORED;
}

static inline int dogberry_is_int4(const dogberry_matrix *matrix)
{
    return !DOGBERRY_HAS_INT8 || matrix->bits == 4u;
}

static inline int dogberry_is_char(const dogberry_tokenizer *tokenizer)
{
    return DOGBERRY_HAS_CHAR && tokenizer->kind == DOGBERRY_CHAR;
}

static inline int dogberry_is_bpe(const dogberry_tokenizer *tokenizer)
{
    return DOGBERRY_HAS_BPE && tokenizer->kind == DOGBERRY_BPE;
}

static inline int dogberry_is_subword(const dogberry_tokenizer *tokenizer)
{
    return DOGBERRY_HAS_SUBWORD && tokenizer->kind == DOGBERRY_SUBWORD;
}

/* None of them. */
static inline int dogberry_is_word(const dogberry_tokenizer *tokenizer)
{
    return (!DOGBERRY_HAS_CHAR && !DOGBERRY_HAS_BPE && !DOGBERRY_HAS_SUBWORD) || tokenizer->kind == DOGBERRY_WORD;
}

#endif
