/*
 * Dogberry runtime: small language models on microcontrollers.
 *
 * C99, freestanding. Integers only. Nothing here allocates, prints, exits, or
 * keeps a global variable: the caller owns every byte.
 *
 *     dogberry_image image;
 *     dogberry_session *session;
 *     static uint64_t arena[2048];
 *
 *     dogberry_open(&image, bytes, length);                validates everything, once
 *     dogberry_start(&session, &image, arena, sizeof arena);
 *     dogberry_feed(session, "who goes there", 14);
 *     while ((token = dogberry_next(session, piece, sizeof piece, &n)) >= 0 && token != image.end_token)
 *         put(piece, n);
 *
 * An image (docs/FORMAT.md) is read in place, so `bytes` must stay where it is,
 * unchanged, while any session on it lives. The arithmetic is docs/NUMERICS.md:
 * the same image, prompt and seed give the same tokens on every machine.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_H
#define DOGBERRY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DOGBERRY_VERSION "0.1.0"

/* ---- Errors -------------------------------------------------------------- */

/* Every function that can fail returns one of these (or a count or id >= 0).
 * The numbers are part of the interface and never change. */
enum dogberry_status {
    DOGBERRY_OK = 0,
    DOGBERRY_ERR_ARGUMENT = -1,    /* a caller's mistake: null pointer, zero size */
    DOGBERRY_ERR_TRUNCATED = -2,   /* fewer bytes than the header promises */
    DOGBERRY_ERR_MAGIC = -3,       /* not a Dogberry image */
    DOGBERRY_ERR_VERSION = -4,     /* an image of a newer format */
    DOGBERRY_ERR_CHECKSUM = -5,    /* the CRC-32 does not match: damaged */
    DOGBERRY_ERR_IMAGE = -6,       /* a field, offset or size in the image is impossible */
    DOGBERRY_ERR_UNSUPPORTED = -7, /* well-formed, but this build has no code for it */
    DOGBERRY_ERR_ARENA = -8,       /* the arena is smaller than dogberry_session_bytes(), or a buffer is too small */
    DOGBERRY_ERR_TOKEN = -9,       /* a token id outside the vocabulary */
    DOGBERRY_ERR_SPACE = -10,      /* the caller's output buffer is too small */
    DOGBERRY_ERR_ALIGNMENT = -11,  /* image or arena not aligned as required */
    DOGBERRY_ERR_GOLDEN = -12,     /* the golden vector's digest was not reproduced */
    DOGBERRY_ERR_READ = -13,       /* a streamed image could not be read */
    DOGBERRY_STOPPED = -100        /* no error: a stop string has come, see dogberry_next() */
};

/* Names a status for messages ("DOGBERRY_ERR_CHECKSUM"); "unknown" for others.
 * Never fails. Returns a constant string. */
const char *dogberry_status_name(int status);

/* ---- Image --------------------------------------------------------------- */

#define DOGBERRY_FORMAT_VERSION 1
#define DOGBERRY_HEADER_BYTES 256
#define DOGBERRY_LAYERS_MAX 4       /* recurrent layers */
#define DOGBERRY_BLOCKS_MAX 16      /* layers of a transformer */
#define DOGBERRY_IMAGE_ALIGNMENT 16 /* required of `bytes` in dogberry_open() */
#define DOGBERRY_ARENA_ALIGNMENT 8  /* required of `arena` in dogberry_start(); 16 is faster on an ESP32-S3 */
#define DOGBERRY_NO_TOKEN 0xFFFFu   /* start, end or unknown token that does not exist */

enum dogberry_architecture { DOGBERRY_LSTM = 1, DOGBERRY_GRU = 2, DOGBERRY_TRANSFORMER = 3 };
enum dogberry_feed_forward { DOGBERRY_RELU = 1, DOGBERRY_RELU2 = 2, DOGBERRY_SWIGLU = 3, DOGBERRY_SILU = 4 };
enum dogberry_output { DOGBERRY_DENSE = 0, DOGBERRY_TIED = 1, DOGBERRY_FACTORED = 2 };

/* Reads an image that is not memory-mapped: on a card, in a serial flash, in a file. Kept by the caller as
 * long as any session on the image lives. */
typedef struct {
    /* Copies `bytes` (> 0) bytes from `offset` of the image to `to`. Called with any offset and number of bytes
     * inside `length`, again and again, never beyond it.
     * Returns 0, or any other number where not all of them could be read. */
    int (*read)(void *context, uint32_t offset, uint32_t bytes, void *to);
    void *context; /* handed to `read` */
    size_t length; /* what may be read; may be longer than the image */
} dogberry_reader;

/* Where bytes are: in memory, or behind a reader. Offsets count from their first byte. */
typedef struct {
    const uint8_t *bytes;          /* NULL: streamed */
    const dogberry_reader *reader; /* NULL: in memory */
} dogberry_source;

/* A quantized matrix inside the image, by offsets. Row r stands for the real numbers
 * weight(r, c) * (a per-row scale); scales[r] turns the row's integer
 * dot product into the units of its destination: see dogberry_rescale in
 * docs/NUMERICS.md. Bits 0..14 hold the mantissa m, bits 16..21 the shift s.
 * With 4 bits, weight(r, c) is a nibble less 8, times the scale of its group of
 * DOGBERRY_I4_GROUP columns. A matrix by column, which only the second one of a ReLU's feed-forward part may be, has
 * each column in one piece, so that those of zeros need not be read. */
typedef struct {
    uint32_t weights; /* 8 bits: int8 [rows][stride], columns beyond cols are zero. 4 bits: 32-bit words
                       * [rows / 8, rounded up][stride / 4], one a column; row 8 b + k of block b is nibble k.
                       * By column: int8 [cols][stride], or words [cols][stride / 4], one for each block of 8 rows */
    uint32_t scales;  /* uint32 [rows] */
    uint32_t rows, cols;
    uint32_t stride;       /* bytes from row to row (8 bits) or block to block (4 bits), a multiple of 16; or from
                            * column to column */
    uint16_t bits;         /* 8 or 4 */
    uint16_t by_column;    /* 1 or 0 */
    uint32_t group_scales; /* 4 bits: uint8 [rows / 8, rounded up][groups][8], by column [groups][rows / 8, rounded
                            * up][8]; else 0 */
    uint32_t groups;       /* 4 bits: of a row */
} dogberry_matrix;

#define DOGBERRY_I4_GROUP 64u /* columns that share a group scale */
#define DOGBERRY_I4_BLOCK 8u  /* rows that share a word */

/* One recurrent layer. G = 4 gates (LSTM: input, forget, cell, output) or
 * 3 (GRU: reset, update, new); H = hidden. */
typedef struct {
    dogberry_matrix input;     /* [G*H][embedding, or H above the first layer] */
    dogberry_matrix recurrent; /* [G*H][H] */
    uint32_t bias;             /* offset of int16 [G*H], Q12 */
    uint32_t recurrent_bias;   /* offset of int16 [H], Q12: the new gate's; GRU only, else 0 */
    uint32_t cell_frac;        /* fraction bits of the int16 cell state, 8..14 (LSTM) */
} dogberry_layer;

/* The matrices of a transformer's layer, of width D = embedding and H = hidden. */
enum dogberry_block_part {
    DOGBERRY_BLOCK_ATTENTION,        /* [(heads + 2 kv_heads) D / heads][D]: queries, keys, values, by head */
    DOGBERRY_BLOCK_ATTENTION_OUTPUT, /* [D][D] */
    DOGBERRY_BLOCK_INNER,            /* [H][D]; SwiGLU: [2 H][D], gates, then what they let through */
    DOGBERRY_BLOCK_OUTER             /* [D][H] */
};

/* The tokenizer inside an image, or one opened alone. Treat as opaque. */
typedef struct {
    dogberry_source source;
    uint32_t entries; /* offset of [count] records of 8 bytes */
    uint32_t sorted;  /* offset of uint16 [count] ids, ascending by key bytes; BPE: [256] ids by byte */
    uint32_t merges;  /* BPE only: offset of [merge_count] records of 8 bytes */
    uint32_t pool;    /* offset of key and display text */
    uint32_t pool_bytes;
    uint32_t count; /* vocabulary size */
    uint32_t merge_count;
    uint32_t kind;    /* enum dogberry_tokenizer_kind */
    uint32_t flags;   /* the section flags below */
    uint16_t unknown; /* id, or DOGBERRY_NO_TOKEN */
    uint16_t end;     /* id that is never made from text, or DOGBERRY_NO_TOKEN */
} dogberry_tokenizer;

/* How the next token is drawn; 0 turns each off but the temperature. docs/NUMERICS.md, "Sampling", says exactly what
 * they do, docs/SAMPLING.md how they read. In this order: the penalty is taken off the logits, tokens that may not
 * be drawn go, then of the others top_k, min_p and top_p each keep the likeliest that the one before has left. */
typedef struct {
    uint32_t temperature;    /* thousandths, 0..10000; 800 = 0.8; 0 = always the likeliest */
    uint32_t top_k;          /* 0..128: only the k likeliest are drawn from */
    uint32_t top_p;          /* thousandths, 0..1000: only the likeliest that have this probability together */
    uint32_t min_p;          /* thousandths, 0..1000: only those with this share of the likeliest one's probability */
    uint32_t repeat_penalty; /* thousandths of a nat, 0..10000, off the logit of a word that was there lately */
    uint32_t repeat_window;  /* 0..128 tokens that the penalty looks back, prompt included; 0 = 128 */
    uint32_t no_repeat;      /* n, 0..32: no n tokens in a row come again as long as the last 128 hold them */
} dogberry_sampling;

/* Whether every value is in its range. Returns 1 or 0. */
int dogberry_sampling_is_valid(const dogberry_sampling *sampling);

#define DOGBERRY_TOP_K_MAX 128
#define DOGBERRY_TEMPERATURE_MAX 10000
#define DOGBERRY_PENALTY_MAX 10000
#define DOGBERRY_HISTORY_MAX 128 /* tokens of the past that a session keeps */
#define DOGBERRY_NGRAM_MAX 32
#define DOGBERRY_BANNED_MAX 64 /* tokens */
#define DOGBERRY_STOPS_MAX 8   /* strings */
#define DOGBERRY_STOP_MAX 32   /* bytes of one */

/* The inner loops, which an instruction set may have its own version of. kernels/ref defines what each
 * computes; every other set gives the same bits. A caller may supply a set of its own, for instance one that shares
 * the rows between two cores. Nothing fails. */

/* What only transformers need: attention, one head at a time, and the gate (docs/NUMERICS.md). `count` tokens, 1..4096,
 * have rows of `width` components, 1..256, `stride` components apart. keys, values and stride are multiples of the
 * largest power of two that divides width, at most of 4 components; nothing beyond a row's components is read. scores,
 * weights, query and sums are aligned to 4 and overlap nothing else. */
typedef struct {
    /* scores[j] = sum over c of query[c] * keys[j * stride + c]. Returns the highest of them.
     * i8: query is -2^15..2^15 - 1. i16: query and keys are -2^11..2^11 - 1. So no sum, in any order, leaves 2^30. */
    int32_t (*scores_i8)(int32_t *scores, const int32_t *query, const int8_t *keys, uint32_t stride, uint32_t count,
                         uint32_t width);
    int32_t (*scores_i16)(int32_t *scores, const int32_t *query, const int16_t *keys, uint32_t stride, uint32_t count,
                          uint32_t width);
    /* scores[j] becomes its weight: with below = most - scores[j], 2^(bits - below / 2^frac), rounded as NUMERICS.md
     * says; 0 from below = 25 * 2^frac on. most is the highest score; frac 8..16, bits 11..23, count at most
     * 2^(23 - bits). Returns the sum of the weights, 2^bits..2^23. */
    uint32_t (*weigh)(int32_t *scores, uint32_t count, int32_t most, uint32_t frac, uint32_t bits);
    /* sums[c] = sum over j of weights[j] * values[j * stride + c]. No weight is negative, and their sum is at most
     * 2^23, so no sum leaves 2^30. */
    void (*mix_i8)(int32_t *sums, const int32_t *weights, const int8_t *values, uint32_t stride, uint32_t count,
                   uint32_t width);
    /* out[i] = the feed-forward part's gate times its other half, as NUMERICS.md says, for i < count: any values of
     * gates and ups, which are aligned to 4. out lies elsewhere. */
    void (*swiglu)(int8_t *out, const int32_t *gates, const int32_t *ups, uint32_t count);
    /* What the terms of a sparse vector add to the product of a matrix by column with it. There are `count` of them,
     * each index * 256 + value with a value of 1..127, in ascending order of indices. Columns, `stride` bytes apart,
     * are aligned to 4, sums and terms too; nothing else is read of the matrix. int8, group_scales NULL: sums[r] += sum
     * over terms of value * columns[index * stride + r], for r < 8 * blocks. int4: sums[8 b + k] += sum over terms of z
     * * value * (nibble k of the column's word b - 8), for b < blocks and k < 8, where z = group_scales[index /
     * DOGBERRY_I4_GROUP * 2 * stride + 8 b + k]. */
    void (*add_columns)(int32_t *sums, const void *columns, const uint8_t *group_scales, uint32_t stride,
                        uint32_t blocks, const uint32_t *terms, uint32_t count);
    /* Calls work(context, first, items, part) for one or two runs of items that make up 0..count - 1 together: part 0
     * has the first of them, part 1, where there is one, the others, perhaps at the same time on another core. Returns
     * when all is done. work() calls other kernels of the set, but not this. */
    void (*share)(void (*work)(void *context, uint32_t first, uint32_t items, uint32_t part), void *context,
                  uint32_t count);
} dogberry_transformer_kernels;

#define DOGBERRY_PARTS_MAX 2u /* parts that share() makes */

/* What a logit weighs in a draw: 2^(24 - (highest - logit) * slope / 2^26) (docs/NUMERICS.md, "Sampling"). */
typedef struct {
    int32_t least; /* of the logits that weigh anything: those below do not */
    int32_t highest;
    uint32_t slope; /* (highest - least) * slope is less than 25 * 2^26 */
} dogberry_weighing;

/* Weights and x lie on multiples of 16 bytes from the start of the image and of the arena, so weights in a mapped image
 * are aligned to 16 and x to DOGBERRY_ARENA_ALIGNMENT at least; out is aligned to 4. */
typedef struct dogberry_kernels {
    const char *name; /* "ref", "armv6m", ... */
    /* out[r] = sum over c < stride of weights[r * stride + c] * x[c], for r < rows.
     * `stride` is a multiple of 16; x has that many values, zero where the matrix has padding. */
    void (*matvec_i8)(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows, const int8_t *x);
    /* out[8 b + k] = sum over groups g of group_scales[(b * groups + g) * 8 + k] * dot(g), for b < blocks and
     * k < 8, where dot(g) = sum over the group's columns c of (nibble k of weights[b * columns + c] - 8) * x[c].
     * `columns` is a multiple of 16; groups = columns / DOGBERRY_I4_GROUP, rounded up, the last one
     * shorter. x as above. dogberry_open() makes sure that no sum leaves 2^30. */
    void (*matvec_i4)(int32_t *out, const uint32_t *weights, const uint8_t *group_scales, uint32_t columns,
                      uint32_t blocks, const int8_t *x);
    /* out[r] = sums[r] in the units of its destination: rescale(sums[r], scales[r]) of NUMERICS.md, plus bias[r] where
     * bias is not NULL, for r < count. Sums are within what their scale words bound. out is sums, or begins before it
     * and may reach into it, or lies elsewhere. */
    void (*rescale)(int32_t *out, const int32_t *sums, const uint32_t *scales, const int16_t *bias, uint32_t count);
    /* Takes the weights of logits number `at` .. end - 1 off `left`, as far as there is enough of it. Logits are
     * aligned to 2 and none is above the highest. Returns the number of the first whose weight is more than what is
     * left, else `end`. */
    uint32_t (*take)(const int16_t *logits, uint32_t at, uint32_t end, const dogberry_weighing *how, uint64_t *left);
    /* As share() of transformers, for other work: rows of a matrix, whose weights begin at `weights` and of which
     * `bytes` bytes are read, or logits (0 bytes). NULL: it is not shared. Unused in a build without transformers. */
    void (*share)(void (*work)(void *context, uint32_t first, uint32_t items, uint32_t part), void *context,
                  uint32_t count, const void *weights, uint32_t bytes);
    const dogberry_transformer_kernels *transformer; /* NULL where transformers were left out */
} dogberry_kernels;

extern const dogberry_kernels dogberry_kernels_ref; /* plain C, on every machine */

/* The fastest set that this build has for its target (on x86: for the processor it runs on).
 * Never fails. Returns a constant set. */
const dogberry_kernels *dogberry_kernels_best(void);

/* A set by its name. Never fails.
 * Returns a constant set, or NULL where this build has none of that name or the processor cannot run it. */
const dogberry_kernels *dogberry_kernels_named(const char *name);

/* An opened image: small, constant, points into the image's bytes. Fields are
 * for reading, but for `kernels` and `stream.chunk`, which the caller may replace before
 * dogberry_start(). Filled by dogberry_open() or dogberry_open_stream() only. */
typedef struct {
    dogberry_source source;
    const dogberry_kernels *kernels; /* dogberry_kernels_best() */
    struct {
        uint32_t row;   /* bytes of the longest row (4 bits: block of rows, with its group scales): the least chunk */
        uint32_t chunk; /* bytes of the row buffer in each session's arena; 0 in memory */
    } stream;
    uint32_t length; /* the image's own length; the region may be longer */
    uint32_t architecture, output;
    uint32_t vocab, embedding, hidden, layers, classes;
    uint32_t parameters;  /* weights of the float model it was made from */
    uint32_t logit_frac;  /* fraction bits of the int16 logits, 4..12 */
    uint16_t start_token; /* fed first, by dogberry_start() and dogberry_reset() */
    uint16_t end_token;   /* the model's own end of text */
    uint16_t unknown_token;
    char name[33]; /* NUL-terminated UTF-8 */
    dogberry_tokenizer tokenizer;
    dogberry_matrix embeddings; /* [vocab][embedding], scales to the first layer's input */
    dogberry_layer layer[DOGBERRY_LAYERS_MAX];
    dogberry_matrix output_matrix; /* [vocab][hidden], scales to logits; factored: rows by place */
    uint32_t output_bias;          /* offset of int16 [vocab], Q(logit_frac); factored: by place */
    struct {                       /* class-factored output: tokens have places, in order of their classes */
        dogberry_matrix matrix;    /* [classes][hidden], scales to logits */
        uint32_t bias;             /* offset of int16 [classes], Q(logit_frac) */
        uint32_t tokens;           /* offset of uint16 [vocab], the token at each place */
        uint32_t places;           /* offset of uint16 [vocab], the place of each token */
        uint32_t first;   /* offset of uint16 [classes + 1], first place of each class, ascending; then vocab */
        uint32_t largest; /* places of the largest class */
    } factored;
    struct {                      /* transformer; its layers by dogberry_block_matrix() */
        uint32_t heads, kv_heads; /* of queries; of keys and values */
        uint32_t head;            /* width of one, embedding / heads, 1..256 */
        uint32_t context;         /* tokens whose keys and values a session holds, 1..4096 */
        uint32_t key_bits;        /* of a key in the session: 8 in a byte, 12 in two */
        uint32_t feed_forward;    /* enum dogberry_feed_forward */
        uint32_t epsilon;         /* of the norms, in squared units of the stream, times embedding; >= 1 */
        uint32_t norm;            /* offset of the last norm's scale word */
        uint32_t rotary;          /* offset of uint32 [head / 2], turns by position in 2^-32 of a full one */
    } transformer;
    dogberry_sampling sampling; /* what the image was made to be sampled with */
    struct {
        const char *prompt; /* not NUL-terminated; NULL where streamed */
        uint32_t prompt_bytes;
        uint32_t seed;
        uint32_t tokens; /* how many follow the prompt */
        uint32_t digest; /* of those tokens */
    } golden;
    const char *provenance; /* JSON, not NUL-terminated; NULL where streamed */
    uint32_t provenance_at, provenance_bytes;
    uint32_t tokenizer_at, tokenizer_bytes; /* where the tokenizer's section is */
} dogberry_image;

/* Validates an image completely and points `image` into it. `bytes` is aligned
 * to DOGBERRY_IMAGE_ALIGNMENT; `length` is what may be read there (a flash
 * region may be longer than the image). Reads the whole image once (checksum).
 * After this only token ids need checking. On error `image` is not to be used.
 * Returns DOGBERRY_OK, or ERR_ARGUMENT, ERR_ALIGNMENT, ERR_TRUNCATED, ERR_MAGIC,
 * ERR_VERSION, ERR_CHECKSUM, ERR_IMAGE, ERR_UNSUPPORTED. */
int dogberry_open(dogberry_image *image, const void *bytes, size_t length);

/* The same for an image behind a reader, which is checked as completely: the whole image once in one go
 * (checksum), its tables and scales a second time, and the tokenizer's texts one by one. `buffer` (aligned
 * to DOGBERRY_ARENA_ALIGNMENT, at least DOGBERRY_STREAM_BUFFER_MIN bytes) is scratch for that; it may be what
 * becomes the arena. Sets stream.chunk to `bytes`, or stream.row where that is more; the caller may set
 * any number from stream.row up instead, at most DOGBERRY_STREAM_BUFFER_MAX more. Tokens do not depend on it, only
 * speed does.
 * A section of tokenizer_bytes at tokenizer_at that the caller has read into memory may be opened
 * there: dogberry_tokenizer_open(&image->tokenizer, ...). Words are found faster then.
 * Returns what dogberry_open() would, or ERR_ARENA (buffer too small), ERR_READ. */
int dogberry_open_stream(dogberry_image *image, const dogberry_reader *reader, void *buffer, size_t bytes);

#define DOGBERRY_STREAM_BUFFER_MIN 256
#define DOGBERRY_STREAM_BUFFER_MAX (1u << 24) /* what is longer is not used */

/* A matrix of layer `layer` (0-based, < image->layers) of an opened image of a transformer: `part` is one of enum
 * dogberry_block_part. Returns DOGBERRY_OK, or ERR_READ where the image is streamed and cannot be read. */
int dogberry_block_matrix(const dogberry_image *image, uint32_t layer, uint32_t part, dogberry_matrix *matrix);

/* CRC-32 (IEEE 802.3, reflected 0xEDB88320, the one of zip and PNG). Start with
 * crc = 0; pass the last result to go on. Never fails. Returns the checksum. */
uint32_t dogberry_crc32(uint32_t crc, const void *bytes, size_t length);

/* ---- Store --------------------------------------------------------------- */

#define DOGBERRY_STORE_ALIGNMENT 4096 /* where images may begin in a store: a flash sector */

/* A place in a store where an image begins, sound or not. */
typedef struct {
    size_t offset; /* from the store's first byte, a multiple of DOGBERRY_STORE_ALIGNMENT */
    size_t length; /* the image's, 0 where it is damaged */
    int status;    /* what dogberry_open() said: DOGBERRY_OK, or why the image cannot be used */
} dogberry_place;

/* The next image of a store, a region of several (docs/FORMAT.md, "Store"). `store` is aligned to
 * DOGBERRY_IMAGE_ALIGNMENT; *cursor is 0 at first and then kept by the function, which has no other
 * memory. `image` is opened only where place->status is DOGBERRY_OK, and is not to be used else.
 * A damaged image does not hide those behind it. Reads every image once (checksum).
 * Returns 1, 0 at the end of the store, or ERR_ARGUMENT, ERR_ALIGNMENT. */
int dogberry_store_next(const void *store, size_t length, size_t *cursor, dogberry_image *image, dogberry_place *place);

/* Opens the sound image of that name (NUL-terminated), the first one where several have it. Reads
 * every image of the store, the one that it opens twice.
 * Returns how many sound images have the name: 0 (`image` is not to be used), 1, or more where the name
 * is ambiguous; or ERR_ARGUMENT, ERR_ALIGNMENT. */
int dogberry_store_find(const void *store, size_t length, const char *name, dogberry_image *image);

/* ---- Session ------------------------------------------------------------- */

/* The mutable state of one conversation. Lives in the caller's arena; there is
 * nothing to free. Sessions share nothing, so several may run at once. */
typedef struct dogberry_session dogberry_session;

/* The arena size that dogberry_start() needs, to the byte; the same number on
 * every machine, so a PC can plan a microcontroller. For a streamed image it contains
 * image->stream.chunk, rounded up to 16. Never fails.
 * Returns bytes. */
size_t dogberry_session_bytes(const dogberry_image *image);

/* Lays a session out in `arena` (aligned to DOGBERRY_ARENA_ALIGNMENT, living as
 * long as the session), sampling as the image says and seed 1, and resets it.
 * Returns DOGBERRY_OK, or ERR_ARGUMENT, ERR_ALIGNMENT, ERR_ARENA (also where a streamed image's chunk
 * holds no row), ERR_READ. */
int dogberry_start(dogberry_session **session, const dogberry_image *image, void *arena, size_t bytes);

/* Forgets the conversation: zero state, the start token fed, random generator
 * seeded with `seed` (any value), digest restarted. Only streamed images can fail here and in the
 * functions below: a session of which one returned ERR_READ does nothing but return it again until
 * dogberry_reset() succeeds, after which it is as good as new.
 * Returns DOGBERRY_OK or ERR_READ. */
int dogberry_reset(dogberry_session *session, uint32_t seed);

/* Replaces how tokens are drawn.
 * Returns DOGBERRY_OK, or ERR_ARGUMENT where a value is out of range (nothing changed). */
int dogberry_set_sampling(dogberry_session *session, const dogberry_sampling *sampling);

/* Tokens that are never drawn, besides the unknown one: `count` ids, 0..DOGBERRY_BANNED_MAX, in any order; they must
 * stay where they are. Replaces those of before; dogberry_reset() keeps them. Where everything would be banned, the
 * ban of repeated n-grams is lifted for that token, and if need be this one.
 * Returns DOGBERRY_OK, or ERR_ARGUMENT, ERR_TOKEN (nothing changed). */
int dogberry_set_banned(dogberry_session *session, const uint16_t *tokens, uint32_t count);

/* Strings that end a reply as soon as the text drawn since the last feed or reset contains one, wherever tokens
 * begin and end: `count`, 0..DOGBERRY_STOPS_MAX, NUL-terminated, of 1..DOGBERRY_STOP_MAX bytes; array and strings
 * must stay where they are. Replaces those of before; dogberry_reset() keeps them. See dogberry_next().
 * Returns DOGBERRY_OK, or ERR_ARGUMENT (nothing changed). */
int dogberry_set_stops(dogberry_session *session, const char *const *strings, uint32_t count);

/* Encodes `length` bytes of UTF-8 and runs every token through the model.
 * Invalid bytes are read as unknown text, never an error.
 * Returns the number of tokens fed, or ERR_ARGUMENT, ERR_READ. */
int dogberry_feed(dogberry_session *session, const char *text, size_t length);

/* Draws the next token, feeds it back, and writes its text, with the space that belongs before it, NUL-terminated,
 * into `piece` (`capacity` bytes; DOGBERRY_PIECE_MAX is always enough). The unknown token is never drawn. `*length`
 * (may be NULL) receives the text's length; the end token's text is empty.
 * With stop strings the text may come later than its token: what a stop string could begin with is held back until
 * that is decided, and is part of a later piece. The piece of the token that completes a stop string is the text
 * before it; after that this draws nothing and returns DOGBERRY_STOPPED until something is fed or the session reset.
 * Returns the token's id (>= 0), or DOGBERRY_STOPPED, or ERR_ARGUMENT, ERR_SPACE (nothing drawn), ERR_READ. */
int dogberry_next(dogberry_session *session, char *piece, size_t capacity, size_t *length);

#define DOGBERRY_PIECE_MAX 96 /* capacity that dogberry_next() never exceeds */

/* Writes what is held back, NUL-terminated, for a caller that will not call dogberry_next() again for this reply; it
 * is printed then, and no stop string begins in it any more.
 * Returns the text's length, or ERR_ARGUMENT, ERR_SPACE (nothing changed). */
int dogberry_flush(dogberry_session *session, char *piece, size_t capacity);

/* Receives text piece by piece; `bytes` of it, not NUL-terminated, gone after the call. */
typedef void (*dogberry_put)(void *context, const char *text, size_t bytes);

/* For the start of a firmware: multiplies made-up numbers, extremes among them, with the set and with ref, and hands
 * one line to `say`, as "kernels xtensa-s3: pass 12345678" (the digest is the same on every machine) or "kernels
 * xtensa-s3: FAIL int4, using scalar32". Attention is not tried. Some hundred small products; takes about 900 bytes of
 * stack besides those of the set. Returns `kernels` where all was equal, else a set in C. */
const dogberry_kernels *dogberry_kernels_checked(const dogberry_kernels *kernels, dogberry_put say, void *context);

/* Feed and next in one: feeds the prompt (NUL-terminated) and hands the reply to `put`, token by token,
 * until the model ends its text, a stop string comes or `tokens` were drawn. `context` is for `put` alone.
 * Returns the number of tokens drawn (the end token counts), or ERR_ARGUMENT, or what dogberry_feed() and
 * dogberry_next() return. */
int dogberry_say(dogberry_session *session, const char *prompt, uint32_t tokens, dogberry_put put, void *context);

/* The lower level of feed and next: one token id through the model, without text.
 * Returns DOGBERRY_OK, or ERR_TOKEN, ERR_READ. */
int dogberry_feed_token(dogberry_session *session, uint32_t token);

/* The scores after the last token fed: `vocab` values (class-factored output: one a class,
 * `classes` values) in Q(logit_frac); nats, up to a constant. Computed on the first call after
 * a token was fed, so a prompt does not pay for the output layer. Valid until the session's
 * next call. Returns a pointer into the arena, or NULL where a streamed image could not be read. */
const int16_t *dogberry_logits(dogberry_session *session);

/* One softmax on the way to a token. */
typedef struct {
    const int16_t *logits; /* [count], Q(logit_frac), in the arena: valid until the session's next call */
    uint32_t count;
    uint32_t target; /* which of them leads to the token */
} dogberry_choice;

/* What the model gives to `token` as the next: its probability is the product, over level = 0, 1, ...
 * as long as this returns 1, of the softmax of choice->logits at choice->target. A dense or tied
 * output has one level, a class-factored one two: the class, then the token among the class's.
 * Feeds nothing. Returns 1, 0 where there is no such level, or ERR_TOKEN, ERR_ARGUMENT, ERR_READ. */
int dogberry_score(dogberry_session *session, uint32_t token, uint32_t level, dogberry_choice *choice);

/* CRC-32 over the ids drawn since the last reset, each as two bytes, low first:
 * equal digests mean equal conversations. Never fails. Returns the digest. */
uint32_t dogberry_digest(const dogberry_session *session);

/* What a transformer with ReLU or squared ReLU was spared since the last reset: of the columns of its feed-forward
 * parts' second matrices, one for each hidden unit, layer and token, those that were neither read nor multiplied
 * because a zero stood there. `*columns` receives how many there were in all. Both count modulo 2^32, and are 0 where
 * the matrices lie by row, or the model is another. Never fails. Returns the columns that were skipped. */
uint32_t dogberry_skipped(const dogberry_session *session, uint32_t *columns);

/* Runs the image's golden vector in the given arena (as for dogberry_start()).
 * Returns DOGBERRY_OK, ERR_GOLDEN, or what dogberry_start() returns. */
int dogberry_verify(const dogberry_image *image, void *arena, size_t bytes);

/* ---- Tokenizer ----------------------------------------------------------- */

enum dogberry_tokenizer_kind { DOGBERRY_WORD = 1, DOGBERRY_CHAR = 2, DOGBERRY_BPE = 3, DOGBERRY_SUBWORD = 4 };

#define DOGBERRY_CAPITALIZE_SENTENCES 1u /* section flags: first letter after . ! ? */
#define DOGBERRY_CAPITALIZE_LINES 2u     /* first letter of a line */
#define DOGBERRY_FOLD_CAPITALS 4u        /* subwords: A to Z are read as a to z */
#define DOGBERRY_BYTE_FALLBACK 8u        /* BPE: a text begins as if behind a space; characters before bytes */
#define DOGBERRY_ACROSS_PIECES 16u       /* subwords: the longest key that fits, in whatever pieces */

/* Per-token flags of a word tokenizer. */
#define DOGBERRY_GLUE_LEFT 1u     /* no space before it, as "," */
#define DOGBERRY_GLUE_RIGHT 2u    /* no space after it, as "(" */
#define DOGBERRY_ENDS_SENTENCE 4u /* as "." */

#define DOGBERRY_KEY_MAX 48 /* longest key and display text, bytes */

/* A place in a text that is being split or encoded. Zero-initialise, then set
 * text and length; the other fields are kept by the functions. */
typedef struct {
    const char *text;
    size_t length;
    size_t at;      /* first byte not yet read */
    size_t start;   /* where the last piece began: the piece is text[start .. at) */
    uint8_t before; /* character class before `at`; BPE, subwords: bytes of the piece before `at` */
} dogberry_cursor;

/* What a word tokenizer sees as one unit: a word, a punctuation mark, a line
 * break ("\n") or a paragraph break ("\n\n"), in normal form: lower case, straight
 * quotes turned into opening or closing ones (docs/FORMAT.md, "Word pieces").
 * Writes at most `capacity` bytes; a longer piece is cut but its full length is
 * returned. This is the one splitter: the learner, the encoder, host and device
 * all use it. Returns the piece's length in normal form, 0 at the end of the text. */
size_t dogberry_split(dogberry_cursor *cursor, char *piece, size_t capacity);

/* What a byte-level BPE sees as one unit: merges never cross its ends. The piece is
 * text[cursor->start .. cursor->at), at most 64 bytes; together the pieces are the text to
 * the byte (docs/FORMAT.md, "BPE pieces"). Learner, encoder, host and device all use it.
 * Returns the piece's length in bytes, 0 at the end of the text. */
size_t dogberry_split_bpe(dogberry_cursor *cursor);

/* Validates a tokenizer section by itself (host tools; dogberry_open() does it for
 * images). `section` aligned to 4 bytes; must outlive the tokenizer. On error `tokenizer` is as it was.
 * Returns DOGBERRY_OK, or ERR_ARGUMENT, ERR_ALIGNMENT, ERR_TRUNCATED, ERR_IMAGE, ERR_UNSUPPORTED. */
int dogberry_tokenizer_open(dogberry_tokenizer *tokenizer, const void *section, size_t length);

/* The next token of cursor's text. cursor->start..at is the source it stands for.
 * Returns the id (unknown words: tokenizer->unknown), -1 at the end of the text, or ERR_READ. */
int dogberry_encode(const dogberry_tokenizer *tokenizer, dogberry_cursor *cursor);

/* What was printed last, so that spacing and capitals come out right.
 * Zero-initialise for the start of a text. */
typedef struct {
    uint8_t state;
} dogberry_decoder;

/* Writes the text of one token as it follows what was decoded before (a space
 * first where one belongs), NUL-terminated. DOGBERRY_PIECE_MAX is always enough.
 * Returns the text's length, or ERR_TOKEN, ERR_SPACE, ERR_READ (decoder unchanged). */
int dogberry_decode(const dogberry_tokenizer *tokenizer, dogberry_decoder *decoder, uint32_t token, char *piece,
                    size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
