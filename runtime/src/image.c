/*
 * Opening an image: everything in it is checked here, once, so that the rest of the
 * runtime can trust every offset and size. docs/FORMAT.md is what is checked.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bytes.h"
#include "dogberry.h"
#include "image.h"
#include "kinds.h"
#include "seam.h"
#include "tokenizer.h"
#include "utf8.h"

/* Of a transformer. Components of a head are bounded so that no score leaves 2^30, and keys in all so that an
 * arena's size is a 32-bit number. */
enum { HEAD_MAX = 256, CONTEXT_MAX = 4096, CACHE_MAX = 1 << 29 };

enum { SIZE_MAX_FIELD = 65535, VOCAB_MIN = 16, NAME_BYTES = 32, GOLDEN_TOKENS_MAX = 1024 };

/* What can be said from the first bytes, at most a header, of `length`: enough there, ours, readable. */
static int check_beginning(const uint8_t *p, size_t length)
{
    uint32_t total;

    if (length < 6u)
        return DOGBERRY_ERR_TRUNCATED;
    if (dogberry_compare(p, "DOGB", 4) != 0)
        return DOGBERRY_ERR_MAGIC;
    if (dogberry_le16(p + 4) > DOGBERRY_FORMAT_VERSION)
        return DOGBERRY_ERR_VERSION;
    if (length < DOGBERRY_HEADER_BYTES)
        return DOGBERRY_ERR_TRUNCATED;
    total = dogberry_le32(p + 8);
    if (dogberry_le16(p + 4) != DOGBERRY_FORMAT_VERSION || dogberry_le16(p + 6) != DOGBERRY_HEADER_BYTES ||
        total < DOGBERRY_HEADER_BYTES || (total & 15u) != 0)
        return DOGBERRY_ERR_IMAGE;
    return length < total ? DOGBERRY_ERR_TRUNCATED : DOGBERRY_OK;
}

/* Beginning and checksum. */
static int check_envelope(const dogberry_opening *opening, size_t length)
{
    const dogberry_window *window = &opening->window;
    uint32_t first = length < DOGBERRY_HEADER_BYTES ? (uint32_t)length : DOGBERRY_HEADER_BYTES, at = 16, total, crc,
             sum;
    const uint8_t *p = dogberry_fetch(window->source, 0, first, window->room);
    int status = p == NULL ? DOGBERRY_ERR_READ : check_beginning(p, length);

    if (status != DOGBERRY_OK)
        return status;
    total = dogberry_le32(p + 8);
    sum = dogberry_le32(p + 12);
    crc = dogberry_crc32(0, p, 12);
    while (at < total) {
        uint32_t bytes = dogberry_fit(window, 1, total - at);

        p = dogberry_fetch(window->source, at, bytes, window->room);
        if (p == NULL)
            return DOGBERRY_ERR_READ;
        crc = dogberry_crc32(crc, p, bytes);
        at += bytes;
    }
    return crc == sum ? DOGBERRY_OK : DOGBERRY_ERR_CHECKSUM;
}

static int is_zero(const uint8_t *p, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (p[i] != 0)
            return 0;
    }
    return 1;
}

/* Text of `used` bytes in a field of `field`, the rest NUL. */
static int text_is_valid(const uint8_t *p, uint32_t used, uint32_t field)
{
    return dogberry_utf8_valid((const char *)p, used) && is_zero(p + used, field - used);
}

static uint32_t length_before_nul(const uint8_t *p, uint32_t field)
{
    uint32_t length = 0;

    while (length < field && p[length] != 0)
        length++;
    return length;
}

static int in_range(uint32_t value, uint32_t least, uint32_t most)
{
    return value >= least && value <= most;
}

static int token_is_valid(uint16_t token, uint32_t vocab)
{
    return token < vocab || token == DOGBERRY_NO_TOKEN;
}

/* What only a transformer has; its bytes are zero in the others. */
static int read_transformer(dogberry_image *image, const uint8_t *p)
{
    uint32_t heads = dogberry_le16(p + 244), kv_heads = dogberry_le16(p + 246), context = dogberry_le16(p + 248);

    if (!dogberry_is_transformer(image))
        return is_zero(p + 244, 12) ? DOGBERRY_OK : DOGBERRY_ERR_IMAGE;
    if (!in_range(heads, 1, image->embedding) || !in_range(kv_heads, 1, heads) || image->embedding % heads != 0 ||
        heads % kv_heads != 0 || !in_range(image->embedding / heads, 1, HEAD_MAX) ||
        !in_range(context, 1, CONTEXT_MAX) || !in_range(p[250], DOGBERRY_RELU, DOGBERRY_SILU) ||
        !(p[251] == 8 || p[251] == 12) || dogberry_le32(p + 252) == 0 || image->output == DOGBERRY_FACTORED)
        return DOGBERRY_ERR_IMAGE;
    image->transformer.heads = heads;
    image->transformer.kv_heads = kv_heads;
    image->transformer.head = image->embedding / heads;
    image->transformer.context = context;
    image->transformer.feed_forward = p[250];
    image->transformer.key_bits = p[251];
    image->transformer.epsilon = dogberry_le32(p + 252);
    if ((uint64_t)image->layers * context * kv_heads * image->transformer.head > CACHE_MAX)
        return DOGBERRY_ERR_IMAGE;
    return DOGBERRY_OK;
}

/* Sizes and kinds of the model. */
static int read_model(dogberry_image *image, const uint8_t *p)
{
    image->architecture = p[16];
    image->output = p[17];
    image->layers = p[18];
    image->logit_frac = p[19];
    image->vocab = dogberry_le32(p + 20);
    image->embedding = dogberry_le32(p + 24);
    image->hidden = dogberry_le32(p + 28);
    image->classes = dogberry_le32(p + 32);
    image->start_token = dogberry_le16(p + 36);
    image->end_token = dogberry_le16(p + 38);
    image->unknown_token = dogberry_le16(p + 40);
    image->parameters = dogberry_le32(p + 68);
    uint32_t layers_max = dogberry_is_transformer(image) ? DOGBERRY_BLOCKS_MAX : DOGBERRY_LAYERS_MAX;

    if (!in_range(image->architecture, DOGBERRY_LSTM, DOGBERRY_TRANSFORMER) || image->output > DOGBERRY_FACTORED ||
        !in_range(image->layers, 1, layers_max) || !in_range(image->logit_frac, 4, 12) ||
        !in_range(image->vocab, VOCAB_MIN, SIZE_MAX_FIELD) || !in_range(image->embedding, 1, SIZE_MAX_FIELD) ||
        !in_range(image->hidden, 1, SIZE_MAX_FIELD))
        return DOGBERRY_ERR_IMAGE;
    if ((image->architecture == DOGBERRY_GRU && !DOGBERRY_HAS_GRU) ||
        (image->architecture == DOGBERRY_TRANSFORMER && !DOGBERRY_HAS_TRANSFORMER) ||
        (image->output == DOGBERRY_FACTORED && !DOGBERRY_HAS_FACTORED))
        return DOGBERRY_ERR_UNSUPPORTED;
    if (image->output == DOGBERRY_FACTORED ? !in_range(image->classes, 2, image->vocab) : image->classes != 0)
        return DOGBERRY_ERR_IMAGE;
    if (image->output == DOGBERRY_TIED && image->embedding != dogberry_output_width(image))
        return DOGBERRY_ERR_IMAGE;
    if (image->start_token >= image->vocab || !token_is_valid(image->end_token, image->vocab) ||
        !token_is_valid(image->unknown_token, image->vocab) || dogberry_le16(p + 42) != 0)
        return DOGBERRY_ERR_IMAGE;
    return read_transformer(image, p);
}

/* Sampling, golden vector and name. */
static int read_defaults(dogberry_image *image, const uint8_t *p)
{
    uint32_t name_bytes = length_before_nul(p + 96, NAME_BYTES);

    image->sampling.temperature = dogberry_le32(p + 72);
    image->sampling.top_k = dogberry_le32(p + 76);
    image->sampling.top_p = dogberry_le32(p + 224);
    image->sampling.min_p = dogberry_le32(p + 228);
    image->sampling.repeat_penalty = dogberry_le32(p + 232);
    image->sampling.repeat_window = dogberry_le32(p + 236);
    image->sampling.no_repeat = dogberry_le32(p + 240);
    image->golden.seed = dogberry_le32(p + 80);
    image->golden.tokens = dogberry_le32(p + 84);
    image->golden.digest = dogberry_le32(p + 88);
    image->golden.prompt_bytes = dogberry_le32(p + 92);
    if (!dogberry_is_streamed(&image->source))
        image->golden.prompt = (const char *)p + DOGBERRY_PROMPT_AT;
    if (!dogberry_sampling_is_valid(&image->sampling) || image->golden.tokens > GOLDEN_TOKENS_MAX ||
        image->golden.prompt_bytes > DOGBERRY_PROMPT_MAX)
        return DOGBERRY_ERR_IMAGE;
    if (dogberry_is_unsupported(&image->sampling))
        return DOGBERRY_ERR_UNSUPPORTED;
    if (!text_is_valid(p + 96, name_bytes, NAME_BYTES) ||
        !text_is_valid(p + DOGBERRY_PROMPT_AT, image->golden.prompt_bytes, DOGBERRY_PROMPT_MAX))
        return DOGBERRY_ERR_IMAGE;
    dogberry_copy(image->name, p + 96, name_bytes);
    return DOGBERRY_OK;
}

/* Where the other parts are. */
static void read_places(dogberry_opening *opening, const uint8_t *p)
{
    dogberry_image *image = opening->image;

    image->length = dogberry_le32(p + 8);
    opening->tensors = dogberry_le32(p + 44);
    image->tokenizer_at = dogberry_le32(p + 52);
    image->tokenizer_bytes = dogberry_le32(p + 56);
    image->provenance_at = dogberry_le32(p + 60);
    image->provenance_bytes = dogberry_le32(p + 64);
}

/* How many of `bytes` bytes of UTF-8 end with a whole character, as far as the last three of them say. */
static uint32_t whole_characters(const uint8_t *p, uint32_t bytes)
{
    uint32_t end = bytes;

    while (end > 0 && bytes - end < 3u && (p[end - 1u] & 0xC0u) == 0x80u)
        end--;
    return end > 0 && p[end - 1u] >= 0xC0u ? end - 1u : bytes;
}

/* UTF-8 without NUL. A piece that is cut inside a character is read again from there. */
static int check_provenance(const dogberry_opening *opening)
{
    const dogberry_window *window = &opening->window;
    uint32_t at = opening->image->provenance_at, left = opening->image->provenance_bytes;

    while (left > 0) {
        uint32_t bytes = dogberry_fit(window, 1, left);
        const uint8_t *p = dogberry_fetch(window->source, at, bytes, window->room);

        if (p == NULL)
            return DOGBERRY_ERR_READ;
        if (bytes < left)
            bytes = whole_characters(p, bytes);
        if (bytes == 0 || !dogberry_utf8_valid((const char *)p, bytes) || length_before_nul(p, bytes) != bytes)
            return DOGBERRY_ERR_IMAGE;
        at += bytes;
        left -= bytes;
    }
    return DOGBERRY_OK;
}

/* Provenance and tokenizer; the tokenizer must name the same tokens as the header. */
static int read_sections(const dogberry_opening *opening)
{
    dogberry_image *image = opening->image;
    int status;

    if (!dogberry_region_is_inside(image, image->tokenizer_at, image->tokenizer_bytes) ||
        !dogberry_region_is_inside(image, image->provenance_at, image->provenance_bytes))
        return DOGBERRY_ERR_IMAGE;
    if (!dogberry_is_streamed(&image->source))
        image->provenance = (const char *)image->source.bytes + image->provenance_at;
    status = check_provenance(opening);
    if (status != DOGBERRY_OK)
        return status;
    status = dogberry_tokenizer_open_at(&image->tokenizer, &image->source, image->tokenizer_at, image->tokenizer_bytes,
                                        opening->window.room);
    if (status != DOGBERRY_OK)
        return status == DOGBERRY_ERR_UNSUPPORTED || status == DOGBERRY_ERR_READ ? status : DOGBERRY_ERR_IMAGE;
    if (image->tokenizer.count != image->vocab || image->tokenizer.unknown != image->unknown_token ||
        image->tokenizer.end != image->end_token)
        return DOGBERRY_ERR_IMAGE;
    return DOGBERRY_OK;
}

/* Everything behind the source is checked and read. */
static int open_image(dogberry_opening *opening, dogberry_source source, size_t length)
{
    dogberry_image *image = opening->image;
    int status;

    dogberry_fill(image, 0, sizeof *image);
    image->source = source;
    image->kernels = dogberry_kernels_best();
    opening->window.source = &image->source;
    status = check_envelope(opening, length);
    if (status != DOGBERRY_OK)
        return status;
    const uint8_t *p = dogberry_fetch(&image->source, 0, DOGBERRY_HEADER_BYTES, opening->window.room);

    if (p == NULL)
        return DOGBERRY_ERR_READ;
    read_places(opening, p);
    if (dogberry_le32(p + 48) != DOGBERRY_TABLE_AT)
        return DOGBERRY_ERR_IMAGE;
    if ((status = read_model(image, p)) != DOGBERRY_OK || (status = read_defaults(image, p)) != DOGBERRY_OK ||
        (status = dogberry_open_tensors(opening)) != DOGBERRY_OK || (status = read_sections(opening)) != DOGBERRY_OK)
        return status;
    return dogberry_check_regions(opening);
}

int dogberry_open(dogberry_image *image, const void *bytes, size_t length)
{
    dogberry_opening opening = {NULL, {NULL, NULL, 0}, 0};

    if (image == NULL || bytes == NULL)
        return DOGBERRY_ERR_ARGUMENT;
    if (((uintptr_t)bytes & (DOGBERRY_IMAGE_ALIGNMENT - 1u)) != 0)
        return DOGBERRY_ERR_ALIGNMENT;
    opening.image = image;
    return open_image(&opening, (dogberry_source){bytes, NULL}, length);
}

int dogberry_open_stream(dogberry_image *image, const dogberry_reader *reader, void *buffer, size_t bytes)
{
    uint32_t room = bytes > DOGBERRY_STREAM_BUFFER_MAX ? DOGBERRY_STREAM_BUFFER_MAX : (uint32_t)bytes;
    dogberry_opening opening = {image, {NULL, buffer, room}, 0};
    int status;

    if (image == NULL || reader == NULL || reader->read == NULL || buffer == NULL)
        return DOGBERRY_ERR_ARGUMENT;
    if (((uintptr_t)buffer & (DOGBERRY_ARENA_ALIGNMENT - 1u)) != 0)
        return DOGBERRY_ERR_ALIGNMENT;
    if (!DOGBERRY_HAS_STREAM)
        return DOGBERRY_ERR_UNSUPPORTED;
    if (bytes < DOGBERRY_STREAM_BUFFER_MIN)
        return DOGBERRY_ERR_ARENA;
    status = open_image(&opening, (dogberry_source){NULL, reader}, reader->length);
    if (status == DOGBERRY_OK)
        image->stream.chunk = room > image->stream.row ? room : image->stream.row;
    return status;
}
