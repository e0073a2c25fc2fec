/*
 * A second reader of images, written from docs/FORMAT.md alone and in its order; shares no
 * code with the runtime. Prints every field and a checksum of every tensor, or says what is
 * wrong and exits with 1.
 *
 *     second_reader IMAGE
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned char byte;
typedef unsigned long number;

static byte *file;
static number total;

static void demand(int condition, const char *what)
{
    if (condition)
        return;
    printf("refused: %s\n", what);
    exit(1);
}

/* `bytes` little-endian bytes at an offset. */
static number get(number at, int bytes)
{
    number value = 0;

    demand(at + (number)bytes <= total, "an offset outside the image");
    for (int i = bytes - 1; i >= 0; i--)
        value = value * 256 + file[at + (number)i];
    return value;
}

static int is_zero(number at, number bytes)
{
    for (number i = 0; i < bytes; i++) {
        if (get(at + i, 1) != 0)
            return 0;
    }
    return 1;
}

static void read_file(const char *path)
{
    FILE *stream = fopen(path, "rb");

    demand(stream != NULL, "cannot open");
    file = malloc(1 << 24);
    demand(file != NULL, "no memory");
    total = fread(file, 1, 1 << 24, stream);
    fclose(stream);
}

/* CRC-32, bit by bit. */
static number crc(number state, number at, number bytes)
{
    for (number i = 0; i < bytes; i++) {
        state ^= get(at + i, 1);
        for (int bit = 0; bit < 8; bit++)
            state = state / 2 ^ (state % 2 ? 0xEDB88320ul : 0);
    }
    return state;
}

/* ---- Header ---- */

enum { LSTM = 1, GRU = 2, DENSE = 0, TIED = 1 };

static number architecture, output, layers, vocab, embedding, hidden, unknown, end_token;

/* A field in its range. */
static number field(const char *name, number at, int bytes, number least, number most)
{
    number value = get(at, bytes);

    printf("%s %lu\n", name, value);
    demand(value >= least && value <= most, name);
    return value;
}

static void text(const char *name, number at, number bytes)
{
    printf("%s ", name);
    for (number i = 0; i < bytes; i++)
        printf("%c", (char)get(at + i, 1));
    printf("\n");
}

static void token_or_none(const char *name, number at, number *value)
{
    *value = field(name, at, 2, 0, 65535);
    demand(*value < vocab || *value == 0xFFFF, name);
}

static void read_header(void)
{
    number start, prompt;

    demand(total >= 256 && memcmp(file, "DOGB", 4) == 0, "magic");
    field("version", 4, 2, 1, 1);
    field("header", 6, 2, 256, 256);
    total = field("total", 8, 4, 256, total);
    demand(total % 16 == 0, "total");
    demand((crc(crc(0xFFFFFFFF, 0, 12), 16, total - 16) ^ 0xFFFFFFFF) == get(12, 4), "CRC-32");
    architecture = field("architecture", 16, 1, LSTM, GRU);
    output = field("output", 17, 1, DENSE, TIED);
    layers = field("layers", 18, 1, 1, 4);
    field("logit_frac", 19, 1, 4, 12);
    vocab = field("vocab", 20, 4, 16, 65535);
    embedding = field("embedding", 24, 4, 1, 65535);
    hidden = field("hidden", 28, 4, 1, 65535);
    field("classes", 32, 4, 0, 0);
    demand(output != TIED || embedding == hidden, "a tied output needs E = H");
    start = field("start", 36, 2, 0, vocab - 1);
    (void)start;
    token_or_none("end", 38, &end_token);
    token_or_none("unknown", 40, &unknown);
    demand(is_zero(42, 2) && is_zero(224, 32), "reserved");
    field("parameters", 68, 4, 0, 0xFFFFFFFF);
    field("temperature", 72, 4, 0, 10000);
    field("top_k", 76, 4, 0, 128);
    field("golden_seed", 80, 4, 0, 0xFFFFFFFF);
    field("golden_tokens", 84, 4, 0, 1024);
    field("golden_digest", 88, 4, 0, 0xFFFFFFFF);
    prompt = field("prompt_bytes", 92, 4, 0, 96);
    text("name", 96, strnlen((char *)file + 96, 32));
    text("prompt", 128, prompt);
    demand(is_zero(128 + prompt, 96 - prompt), "prompt");
}

/* ---- Tensor table ---- */

static number padded(number cols)
{
    return (cols + 15) / 16 * 16;
}

/* The scale words of `rows` rows with `cols` columns; prints their checksum. */
static void read_scales(number at, number rows, number cols)
{
    demand(at % 16 == 0, "scales offset");
    for (number r = 0; r < rows; r++) {
        number word = get(at + 4 * r, 4), m = word % 32768, s = word >> 16;

        demand(m == 0 || m >= 16384, "mantissa");
        demand((word & 0x8000) == 0 && s >= 8 && s <= 46 && cols <= 1ull << s, "shift");
    }
    printf(" scales %08lx", crc(0xFFFFFFFF, at, 4 * rows) ^ 0xFFFFFFFF);
}

/* What the table of roles says; rows 0 for a role that the model lacks. */
static void shape_of(number role, number layer, number *type, number *rows, number *cols)
{
    number gates = architecture == LSTM ? 4 : 3;

    *type = role == 4 || role == 5 || role == 7 ? 3 : role == 8 ? 4 : 1;
    *rows = role == 1 || role >= 6 ? vocab : role == 5 ? hidden : gates * hidden;
    *cols = *type != 1 ? 1 : role == 1 || (role == 2 && layer == 0) ? embedding : hidden;
    if (role < 1 || role > 8 || (role == 5 && architecture != GRU) || (role == 6 && output == TIED) ||
        (role == 8 && output != TIED) || layer >= (role >= 2 && role <= 5 ? layers : 1))
        *rows = 0;
}

static void read_tensor(number e, byte seen[9][4])
{
    number role = get(e, 1), layer = get(e + 1, 1), type = get(e + 2, 1), detail = get(e + 3, 1);
    number rows = get(e + 4, 4), cols = get(e + 8, 4), stride = get(e + 12, 4), at = get(e + 16, 4);
    number want_type, want_rows, want_cols;

    printf("tensor %lu layer %lu type %lu detail %lu: %lu x %lu", role, layer, type, detail, rows, cols);
    shape_of(role, layer, &want_type, &want_rows, &want_cols);
    demand(want_rows != 0 && type == want_type && rows == want_rows && cols == want_cols, "shape");
    demand(!seen[role][layer]++, "a tensor that is there twice");
    demand(role == 2 && architecture == LSTM ? detail >= 8 && detail <= 14 : detail == 0, "detail");
    demand(stride == (type == 1 ? padded(cols) : type == 3 ? 2 : 4), "stride");
    demand(at % 16 == 0 && at >= 256 && get(e + 20, 4) == rows * stride, "data");
    demand(is_zero(e + 28, 4), "reserved");
    for (number r = 0; r < rows && type == 1; r++)
        demand(is_zero(at + r * stride + cols, stride - cols), "padding");
    printf(" data %08lx", crc(0xFFFFFFFF, at, rows * stride) ^ 0xFFFFFFFF);
    if (type == 1)
        read_scales(get(e + 24, 4), rows, cols);
    else
        demand(get(e + 24, 4) == 0, "scales of a vector");
    if (type == 4)
        read_scales(at, rows, hidden);
    printf("\n");
}

static void read_tensors(void)
{
    byte seen[9][4] = {{0}};
    number count = field("tensors", 44, 4, 1, 64), wanted = 0, type, rows, cols;

    field("table", 48, 4, 256, 256);
    for (number i = 0; i < count; i++)
        read_tensor(256 + 32 * i, seen);
    for (number role = 1; role <= 8; role++) {
        for (number layer = 0; layer < 4; layer++) {
            shape_of(role, layer, &type, &rows, &cols);
            wanted += rows != 0;
        }
    }
    demand(count == wanted, "a tensor that is missing");
}

/* ---- Tokenizer section ---- */

static void read_entry(number id, number section, number pool, number pool_bytes)
{
    number e = section + 16 + 8 * id, key = get(e, 3), length = get(e + 3, 1), own = get(e + 5, 1),
           flags = get(e + 6, 1);

    demand(length >= 1 && length <= 48 && own <= 48 && key + length + own <= pool_bytes, "key");
    demand(get(e + 4, 1) <= 3 && (own == 0 || get(e + 4, 1) == 3) && flags <= 15 && get(e + 7, 1) == 0, "entry");
    demand((id != unknown && id != end_token) || flags >= 8, "a special token that is not");
    printf("token %lu display %lu flags %lu key ", id, get(e + 4, 1), flags);
    for (number i = 0; i < length + own; i++)
        printf("%s%02lx", i == length ? " own " : "", get(pool + key + i, 1));
    printf("\n");
}

/* Ids in ascending order of their keys. */
static void read_index(number section, number pool)
{
    number index = section + 16 + 8 * vocab;

    for (number i = 1; i < vocab; i++) {
        number a = section + 16 + 8 * get(index + 2 * i - 2, 2), b = section + 16 + 8 * get(index + 2 * i, 2);
        number a_bytes = get(a + 3, 1), b_bytes = get(b + 3, 1);
        int order = memcmp(file + pool + get(a, 3), file + pool + get(b, 3), a_bytes < b_bytes ? a_bytes : b_bytes);

        demand(order < 0 || (order == 0 && a_bytes < b_bytes), "order of the index");
    }
}

/* BPE: a token for every byte, and the merges. */
static void read_merges(number section, number pool, number merges)
{
    number bytes = section + 16 + 8 * vocab, last = 0;

    for (number i = 0; i < 256; i++) {
        number id = get(bytes + 2 * i, 2), e = section + 16 + 8 * id;

        if (id != 0xFFFF || !(i == 0xC0 || i == 0xC1 || i >= 0xF5))
            demand(id < vocab && get(e + 3, 1) == 1 && get(pool + get(e, 3), 1) == i, "byte ids");
    }
    for (number i = 0; i < merges; i++) {
        number at = bytes + 512 + 8 * i, left = get(at, 2), right = get(at + 2, 2), pair = left * 65536 + right;

        printf("merge %lu %lu %lu %lu\n", left, right, get(at + 4, 2), get(at + 6, 2));
        demand(left < vocab && right < vocab && get(at + 4, 2) < vocab && get(at + 6, 2) < merges, "merge");
        demand(i == 0 || pair > last, "order of the merges");
        last = pair;
    }
}

static void read_tokenizer(void)
{
    number at = get(52, 4), bytes = get(56, 4), kind = get(at, 1), merges = get(at + 6, 2),
           pool_bytes = get(at + 12, 4);
    number pool = at + 16 + 8 * vocab + (kind == 3 ? 512 + 8 * merges : 2 * vocab);

    demand(at % 16 == 0 && kind >= 1 && kind <= 3 && get(at + 1, 1) <= (kind == 1 ? 3 : 0), "tokenizer");
    demand(get(at + 2, 2) == unknown && get(at + 4, 2) == end_token && get(at + 8, 4) == vocab, "tokenizer's tokens");
    demand(kind == 3 || merges == 0, "merges");
    demand(pool - at + pool_bytes <= bytes && at + bytes <= total, "tokenizer bytes");
    for (number id = 0; id < vocab; id++)
        read_entry(id, at, pool, pool_bytes);
    if (kind == 3)
        read_merges(at, pool, merges);
    else
        read_index(at, pool);
}

int main(int count, char **arguments)
{
    demand(count == 2, "usage: second_reader IMAGE");
    read_file(arguments[1]);
    read_header();
    read_tensors();
    read_tokenizer();
    text("provenance", get(60, 4), get(64, 4));
    free(file);
    return 0;
}
