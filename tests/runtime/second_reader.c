/*
 * A second reader of images, written from docs/FORMAT.md alone and in its order; shares no code with the runtime.
 * Prints every field, token and merge, and a checksum of every tensor, or says what is wrong and exits with 1.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned char byte;
typedef unsigned long number;

static byte file[1 << 24];
static number total;

static void demand(int condition, const char *what)
{
    if (!condition) {
        printf("refused: %s\n", what);
        exit(1);
    }
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
    while (bytes > 0 && get(at, 1) == 0)
        at++, bytes--;
    return bytes == 0;
}

/* CRC-32, bit by bit. */
static number crc(number state, number at, number bytes)
{
    for (number bit = 0; bit < 8 * bytes; bit++) {
        state ^= bit % 8 == 0 ? get(at + bit / 8, 1) : 0;
        state = state / 2 ^ (state % 2 ? 0xEDB88320ul : 0);
    }
    return state;
}

enum { LSTM = 1, GRU = 2, TRANSFORMER = 3, ROLES = 22, DENSE = 0, TIED = 1, FACTORED = 2 };

static number architecture, output, layers, vocab, embedding, hidden, classes, unknown, end_token;
static number heads, kv_heads, head, function; /* transformer */
static number data_of[ROLES];                  /* where a role's data lie, of the last layer read */

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
    demand(at <= total && bytes <= total - at, "a text outside the image");
    fwrite(file + at, 1, bytes, stdout);
    printf("\n");
}

static void read_heads(void)
{
    heads = field("heads", 244, 2, 1, embedding);
    kv_heads = field("kv_heads", 246, 2, 1, heads);
    head = embedding / heads;
    demand(embedding % heads == 0 && heads % kv_heads == 0 && head <= 256 && output != FACTORED, "heads");
    demand(layers * field("context", 248, 2, 1, 4096) * kv_heads * head <= 1 << 29, "context");
    function = field("feed_forward", 250, 1, 1, 4);
    demand(field("key_bits", 251, 1, 8, 12) % 4 == 0, "key bits");
    field("epsilon", 252, 4, 1, 0xFFFFFFFF);
}

static void read_header(void)
{
    static const char *const names[] = {"parameters",    "temperature",    "top_k",         "golden_seed",
                                        "golden_tokens", "golden_digest",  "prompt_bytes",  "top_p",
                                        "min_p",         "repeat_penalty", "repeat_window", "no_repeat"};
    static const number most[] = {0xFFFFFFFF, 10000, 128, 0xFFFFFFFF, 1024, 0xFFFFFFFF, 96, 1000, 1000, 10000, 128, 32};
    demand(total >= 256 && memcmp(file, "DOGB", 4) == 0, "magic");
    field("version", 4, 2, 1, 1);
    field("header", 6, 2, 256, 256);
    total = field("total", 8, 4, 256, total);
    demand(total % 16 == 0 && (crc(crc(0xFFFFFFFF, 0, 12), 16, total - 16) ^ 0xFFFFFFFF) == get(12, 4), "CRC-32");
    architecture = field("architecture", 16, 1, LSTM, TRANSFORMER);
    output = field("output", 17, 1, DENSE, FACTORED);
    layers = field("layers", 18, 1, 1, architecture == TRANSFORMER ? 16 : 4);
    field("logit_frac", 19, 1, 4, 12);
    vocab = field("vocab", 20, 4, 16, 65535);
    embedding = field("embedding", 24, 4, 1, 65535);
    hidden = field("hidden", 28, 4, 1, 65535);
    classes = field("classes", 32, 4, output == FACTORED ? 2 : 0, output == FACTORED ? vocab : 0);
    demand(output != TIED || architecture == TRANSFORMER || embedding == hidden, "a tied output needs E = H");
    field("start", 36, 2, 0, vocab - 1);
    end_token = field("end", 38, 2, 0, 65535);
    unknown = field("unknown", 40, 2, 0, 65535);
    demand((end_token < vocab || end_token == 0xFFFF) && (unknown < vocab || unknown == 0xFFFF), "end or unknown");
    demand(is_zero(42, 2) && (architecture == TRANSFORMER || is_zero(244, 12)), "reserved");
    for (number i = 0; i < 12; i++) /* the last five lie behind the prompt */
        field(names[i], (i < 7 ? 68 : 196) + 4 * i, 4, 0, most[i]);
    if (architecture == TRANSFORMER)
        read_heads();
    text("name", 96, strnlen((char *)file + 96, 32));
    text("prompt", 128, get(92, 4));
    demand(is_zero(128 + get(92, 4), 96 - get(92, 4)), "prompt");
}

static void scale_word(number word, number products)
{
    number m = word % 32768, s = word >> 16;
    demand((word & 0x8000) == 0 && (m == 0 || m >= 16384) && s >= 8 && s <= 46 && products <= 1ull << s, "scale word");
}

/* Scale words of sums of `terms` products, those of roles 19 and 20 with bounds of their own; prints their checksum. */
static void read_scales(number at, number rows, number terms, number role)
{
    demand(at % 16 == 0, "scales offset");
    for (number r = 0; r < rows; r++) {
        number m = get(at + 4 * r, 2), s = get(at + 4 * r + 2, 2);
        scale_word(get(at + 4 * r, 4), terms);
        demand(role < 19 || (m != 0 && (r < 2 ? s >= 11 : s <= 14)), "norm or head");
    }
    printf(" scales %08lx", crc(0xFFFFFFFF, at, 4 * rows) ^ 0xFFFFFFFF);
}

/* int4: nibbles of padding are 8 (by column anything), and scale words and group scales beyond the rows 0. */
static void read_int4(number at, number scales, number rows, number cols, number by_column)
{
    number groups = (cols + 63) / 64, end = (rows + 7) / 8 * 8, wide = (cols + 15) / 16 * 16;
    demand(scales % 16 == 0, "scales offset");
    for (number r = 0; r < end; r++) {
        number sum = 0, group_scales = scales + 4 * end + (by_column ? r : r / 8 * groups * 8 + r % 8);
        for (number c = r < rows ? cols : 0; c < wide && !by_column; c++)
            demand((get(at + 4 * (r / 8 * wide + c), 4) >> 4 * (r % 8)) % 16 == 8, "padding");
        for (number g = 0; g < groups; g++) {
            number scale = get(group_scales + (by_column ? end : 8) * g, 1);
            demand((scale != 0) == (r < rows), "group scale");
            sum += 64 * scale;
        }
        demand(sum <= 1 << 20 && (r < rows || get(scales + 4 * r, 4) == 0), "bounds");
        if (r < rows)
            scale_word(get(scales + 4 * r, 4), (sum + 15) / 16);
    }
    printf(" scales %08lx", crc(0xFFFFFFFF, scales, end * (4 + groups)) ^ 0xFFFFFFFF);
}

/* What the table of roles says: rows 0 for a role that the model lacks, type 1 where int4 will do too. */
static void shape_of(number role, number layer, number *type, number *rows, number *cols)
{
    static const byte types[] = {0, 1, 1, 1, 3, 3, 1, 3, 4, 1, 3, 5, 5, 5, 1, 1, 1, 1, 3, 4, 4, 6};
    int transformer = architecture == TRANSFORMER, layered = (role >= 2 && role <= 5) || (role >= 14 && role <= 19);
    number gates = transformer ? 0 : (architecture == GRU ? 3 : 4) * hidden, tied = output == TIED;
    number fused = embedding + 2 * kv_heads * head, inner = function == 3 ? 2 * hidden : hidden;
    number first[] = {0, vocab, gates, gates, gates, architecture == GRU ? hidden : 0};
    number last[] = {tied ? 0 : vocab, vocab, tied ? vocab : 0, classes, classes, vocab, vocab, classes + 1};
    number vector = fused + 2 * embedding + inner + (function == 4 ? hidden : 0);
    number block[] = {fused, embedding, inner, embedding, vector, 2 + heads, 1, head / 2};
    *type = role < ROLES ? types[role] : 0;
    *cols = *type != 1 ? 1 : role == 17 || (role != 1 && !transformer && (role != 2 || layer > 0)) ? hidden : embedding;
    *rows = 0;
    if (role < 14 && layer < (layered ? layers : 1))
        *rows = role < 6 ? first[role] : role < 9 || output == FACTORED ? last[role - 6] : 0;
    else if (role < ROLES && layer < (layered ? layers : 1) && transformer)
        *rows = block[role - 14];
}

static void read_tensor(number e, byte seen[ROLES][16])
{
    static const byte sizes[] = {0, 1, 4, 2, 4, 2, 4};
    number role = get(e, 1), layer = get(e + 1, 1), type = get(e + 2, 1), detail = get(e + 3, 1);
    number rows = get(e + 4, 4), cols = get(e + 8, 4), stride = get(e + 12, 4), at = get(e + 16, 4);
    number want_type, want_rows, want_cols, wide = (cols + 15) / 16 * 16, blocks = (rows + 7) / 8;
    number by_column = role == 17 && detail == 1, lines = by_column ? cols : type == 2 ? blocks : rows;
    number most = role == 2 && architecture == LSTM ? 14 : role == 14 ? 16 : role == 17 && function < 3 ? 1 : 0;
    number terms = type == 1 ? cols : architecture == TRANSFORMER ? embedding : hidden;
    number place = role == 1 ? 0 : 1 + 6 * layer + role - 14; /* in a transformer's table */
    printf("tensor %lu layer %lu type %lu detail %lu: %lu x %lu", role, layer, type, detail, rows, cols);
    shape_of(role, layer, &want_type, &want_rows, &want_cols);
    demand(want_rows != 0 && (type == want_type || (type == 2 && want_type == 1)), "type");
    demand(rows == want_rows && cols == want_cols && !seen[role][layer]++, "shape, or a tensor that is there twice");
    demand(detail <= most && (most <= 1 || detail >= 8), "detail");
    demand(stride == (by_column ? 8 * blocks / type : sizes[type] * (type <= 2 ? wide : 1)), "stride");
    demand(at % 16 == 0 && at >= 256 && get(e + 20, 4) == lines * stride, "data");
    demand(is_zero(e + 28, 4) && (type < 3 || get(e + 24, 4) == 0), "reserved, scales of a vector");
    demand(architecture != TRANSFORMER || (role != 1 && (role < 14 || role > 19)) || e == 256 + 32 * place, "order");
    for (number r = 0; r < rows && type == 1 && !by_column; r++)
        demand(is_zero(at + r * stride + cols, stride - cols), "padding");
    printf(" data %08lx", crc(0xFFFFFFFF, at, lines * stride) ^ 0xFFFFFFFF);
    data_of[role] = at;
    if (type == 1 || type == 4)
        read_scales(type == 1 ? get(e + 24, 4) : at, rows, terms, role);
    if (type == 2)
        read_int4(at, get(e + 24, 4), rows, cols, by_column);
    printf("\n");
}

/* Every token has one place, and every class at least one. */
static void read_order(void)
{
    for (number t = 0, place; t < vocab; t++)
        demand((place = get(data_of[12] + 2 * t, 2)) < vocab && get(data_of[11] + 2 * place, 2) == t, "order");
    demand(get(data_of[13], 2) == 0 && get(data_of[13] + 2 * classes, 2) == vocab, "classes' places");
    for (number c = 0; c < classes; c++)
        demand(get(data_of[13] + 2 * c, 2) < get(data_of[13] + 2 * c + 2, 2), "an empty class");
}

static void read_tensors(void)
{
    byte seen[ROLES][16] = {{0}};
    number count = field("tensors", 44, 4, 1, 128), type, rows, cols;
    field("table", 48, 4, 256, 256);
    for (number i = 0; i < count; i++)
        read_tensor(256 + 32 * i, seen);
    for (number i = 0; i < ROLES * 16; i++) {
        shape_of(i / 16, i % 16, &type, &rows, &cols);
        demand(rows == 0 || seen[i / 16][i % 16], "a tensor that is missing");
    }
    if (output == FACTORED)
        read_order();
}

static void read_entry(number id, number e, number pool, number pool_bytes)
{
    number key = get(e, 3), length = get(e + 3, 1), own = get(e + 5, 1), flags = get(e + 6, 1);
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
    number at = get(52, 4), bytes = get(56, 4), kind = get(at, 1), merges = get(at + 6, 2);
    number pool = at + 16 + 8 * vocab + (kind == 3 ? 512 + 8 * merges : 2 * vocab), pool_bytes = get(at + 12, 4);
    demand(at % 16 == 0 && kind >= 1 && kind <= 4 && (kind == 3 || merges == 0), "tokenizer");
    demand((get(at + 1, 1) & ~(kind == 1 ? 3ul : kind == 3 ? 8ul : kind == 4 ? 20ul : 0)) == 0, "tokenizer flags");
    demand(get(at + 2, 2) == unknown && get(at + 4, 2) == end_token && get(at + 8, 4) == vocab, "tokenizer's tokens");
    demand(pool - at + pool_bytes <= bytes && at + bytes <= total, "tokenizer bytes");
    for (number id = 0; id < vocab; id++)
        read_entry(id, at + 16 + 8 * id, pool, pool_bytes);
    if (kind == 3)
        read_merges(at, pool, merges);
    else
        read_index(at, pool);
}

int main(int count, char **arguments)
{
    FILE *stream = count == 2 ? fopen(arguments[1], "rb") : NULL;
    demand(stream != NULL, "usage: second_reader IMAGE, which can be read");
    total = fread(file, 1, sizeof file, stream), fclose(stream);
    read_header();
    read_tensors();
    read_tokenizer();
    text("provenance", get(60, 4), get(64, 4));
    return 0;
}
