/*
 * What the original programs compute, in double precision, straight from their files: the definition that imported
 * models are held to. Files are taken to be sound.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FOREIGN_REFERENCE_H
#define FOREIGN_REFERENCE_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static inline const float *floats_behind(const uint8_t *file, size_t header)
{
    return (const float *)(const void *)(file + header);
}

/* out [rows] = W [rows][cols] in */
static inline void multiply_rows(const float *w, size_t rows, size_t cols, const double *in, double *out)
{
    for (size_t r = 0; r < rows; r++) {
        out[r] = 0;
        for (size_t c = 0; c < cols; c++)
            out[r] += (double)w[r * cols + c] * in[c];
    }
}

/* out [cols] = in W [rows][cols] */
static inline void multiply_columns(const float *w, size_t rows, size_t cols, const double *in, double *out)
{
    for (size_t c = 0; c < cols; c++) {
        out[c] = 0;
        for (size_t r = 0; r < rows; r++)
            out[c] += in[r] * (double)w[r * cols + c];
    }
}

/* One head: out [width] of a query over `count` keys and values that are `row` apart. */
static inline void attend(const double *query, const double *keys, const double *values, size_t count, size_t row,
                          size_t width, double *out)
{
    double weights[1024], most = -INFINITY, sum = 0;
    for (size_t j = 0; j < count; j++) {
        weights[j] = 0;
        for (size_t i = 0; i < width; i++)
            weights[j] += query[i] * keys[j * row + i];
        weights[j] /= sqrt((double)width);
        most = fmax(most, weights[j]);
    }
    for (size_t j = 0; j < count; j++)
        sum += weights[j] = exp(weights[j] - most);
    for (size_t i = 0; i < width; i++) {
        out[i] = 0;
        for (size_t j = 0; j < count; j++)
            out[i] += weights[j] / sum * values[j * row + i];
    }
}

/* ---- llama2.c ---- */

static inline void llama_norm(size_t d, const double *x, const float *gain, double *out)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++)
        sum += x[i] * x[i] / (double)d;
    for (size_t i = 0; i < d; i++)
        out[i] = x[i] / sqrt(sum + 1e-5) * (double)gain[i];
}

/* Neighbours in pairs. */
static inline void llama_turn(size_t heads, size_t width, size_t position, double *x)
{
    for (size_t i = 0; i < heads * width; i += 2) {
        const double angle = (double)position * pow(10000, -(double)(i % width) / (double)width);
        const double a = x[i], b = x[i + 1];
        x[i] = a * cos(angle) - b * sin(angle);
        x[i + 1] = a * sin(angle) + b * cos(angle);
    }
}

/* Logits [V] behind the last of `count` tokens, at most 1024. */
static inline void llama_reference(const uint8_t *file, const uint16_t *tokens, size_t count, double *logits)
{
    const int32_t *header = (const int32_t *)(const void *)file;
    const size_t d = (size_t)header[0], h = (size_t)header[1], L = (size_t)header[2], N = (size_t)header[3];
    const size_t M = (size_t)header[4], V = (size_t)abs(header[5]), C = (size_t)header[6], w = d / N, kv = M * w;
    const float *embedding = floats_behind(file, 28), *gain1 = embedding + V * d, *wq = gain1 + L * d;
    const float *wk = wq + L * d * d, *wv = wk + L * d * kv, *wo = wv + L * d * kv, *gain2 = wo + L * d * d;
    const float *w1 = gain2 + L * d, *w2 = w1 + L * d * h, *w3 = w2 + L * d * h, *last = w3 + L * d * h;
    const float *output = header[5] > 0 ? embedding : last + d + C * w;
    double *keys = db_allocate(L * count * kv * sizeof(double)), *values = db_allocate(L * count * kv * sizeof(double));
    double *work = db_allocate((5 * d + 2 * h) * sizeof(double));
    double *x = work, *n = x + d, *q = n + d, *a = q + d, *o = a + d, *gate = o + d, *up = gate + h;
    for (size_t p = 0; p < count; p++) {
        for (size_t i = 0; i < d; i++)
            x[i] = (double)embedding[tokens[p] * d + i];
        for (size_t l = 0; l < L; l++) {
            double *k = keys + l * count * kv, *v = values + l * count * kv;
            llama_norm(d, x, gain1 + l * d, n);
            multiply_rows(wq + l * d * d, d, d, n, q);
            multiply_rows(wk + l * d * kv, kv, d, n, k + p * kv);
            multiply_rows(wv + l * d * kv, kv, d, n, v + p * kv);
            llama_turn(N, w, p, q);
            llama_turn(M, w, p, k + p * kv);
            for (size_t head = 0; head < N; head++) {
                const size_t shared = head * M / N * w;
                attend(q + head * w, k + shared, v + shared, p + 1, kv, w, a + head * w);
            }
            multiply_rows(wo + l * d * d, d, d, a, o);
            for (size_t i = 0; i < d; i++)
                x[i] += o[i];
            llama_norm(d, x, gain2 + l * d, n);
            multiply_rows(w1 + l * d * h, h, d, n, gate);
            multiply_rows(w3 + l * d * h, h, d, n, up);
            for (size_t i = 0; i < h; i++)
                gate[i] *= up[i] / (1 + exp(-gate[i]));
            multiply_rows(w2 + l * d * h, d, h, gate, o);
            for (size_t i = 0; i < d; i++)
                x[i] += o[i];
        }
    }
    llama_norm(d, x, last, n);
    multiply_rows(output, V, d, n, logits);
    free(keys);
    free(values);
    free(work);
}

/* A vocabulary with scores, and text through it: characters, or their bytes, then again and again the two in a row that
 * make the token of the best score. */
typedef struct {
    float score;
    int length;
    const char *text;
} scored;

static inline scored *llama_pieces(const uint8_t *file, size_t vocab)
{
    scored *pieces = db_allocate(vocab * sizeof *pieces);
    const uint8_t *at = file + 4;
    for (size_t i = 0; i < vocab; i++) {
        memcpy(&pieces[i].score, at, 4);
        memcpy(&pieces[i].length, at + 4, 4);
        pieces[i].text = (const char *)at + 8;
        at += 8 + pieces[i].length;
    }
    return pieces;
}

static inline int llama_find(const scored *pieces, size_t vocab, const char *text, int length)
{
    for (size_t i = 0; i < vocab; i++)
        if (pieces[i].length == length && memcmp(pieces[i].text, text, (size_t)length) == 0)
            return (int)i;
    return -1;
}

static inline size_t llama_start(const scored *pieces, size_t vocab, const char *text, size_t length, uint16_t *ids)
{
    size_t count = 0;
    ids[count++] = (uint16_t)llama_find(pieces, vocab, " ", 1);
    for (size_t at = 0, next; at < length; at = next) {
        next = at + 1;
        while (next < length && next - at < 4 && ((uint8_t)text[next] & 0xC0) == 0x80)
            next++;
        const int id = llama_find(pieces, vocab, text + at, (int)(next - at));
        if (id >= 0)
            ids[count++] = (uint16_t)id;
        for (size_t i = at; id < 0 && i < next; i++)
            ids[count++] = (uint16_t)((uint8_t)text[i] + 3);
    }
    return count;
}

static inline size_t llama_encode(const scored *pieces, size_t vocab, const char *text, size_t length, uint16_t *ids)
{
    size_t count = length > 0 ? llama_start(pieces, vocab, text, length, ids) : 0;
    for (;;) {
        float best = -1e10f;
        size_t at = count;
        int made = -1;
        for (size_t i = 0; i + 1 < count; i++) {
            const scored *a = &pieces[ids[i]], *b = &pieces[ids[i + 1]];
            char joined[128];
            if (a->length + b->length > 48)
                continue;
            memcpy(joined, a->text, (size_t)a->length);
            memcpy(joined + a->length, b->text, (size_t)b->length);
            const int id = llama_find(pieces, vocab, joined, a->length + b->length);
            if (id >= 0 && pieces[id].score > best) {
                best = pieces[id].score;
                made = id;
                at = i;
            }
        }
        if (made < 0)
            return count;
        ids[at] = (uint16_t)made;
        memmove(ids + at + 1, ids + at + 2, (count - at - 2) * sizeof *ids);
        count--;
    }
}

/* ---- tiny-transformers-rp2040 ---- */

static inline void tiny_norm(size_t d, const double *x, const float *gain, double *out)
{
    double mean = 0, variance = 0;
    for (size_t i = 0; i < d; i++)
        mean += x[i] / (double)d;
    for (size_t i = 0; i < d; i++)
        variance += (x[i] - mean) * (x[i] - mean) / (double)d;
    for (size_t i = 0; i < d; i++)
        out[i] = (x[i] - mean) / sqrt(variance + 1e-6) * (double)gain[i];
}

/* Logits [V] behind the last of `count` tokens, at most 1024. */
static inline void tiny_reference(const uint8_t *file, const uint16_t *tokens, size_t count, double *logits)
{
    const uint32_t *header = (const uint32_t *)(const void *)file;
    const size_t V = header[0], d = header[1], h = header[2], L = header[3], layer = 2 * d + 4 * d * d + 2 * d * h;
    const float *embedding = floats_behind(file, 32), *last = embedding + V * d + L * layer;
    double *keys = db_allocate(L * count * d * sizeof(double)), *values = db_allocate(L * count * d * sizeof(double));
    double *work = db_allocate((5 * d + h) * sizeof(double));
    double *x = work, *n = x + d, *q = n + d, *a = q + d, *o = a + d, *u = o + d;
    for (size_t p = 0; p < count; p++) {
        for (size_t i = 0; i < d; i++)
            x[i] = (double)embedding[tokens[p] * d + i];
        for (size_t l = 0; l < L; l++) {
            const float *gains = embedding + V * d + l * layer, *w = gains + 2 * d;
            double *k = keys + l * count * d, *v = values + l * count * d;
            tiny_norm(d, x, gains, n);
            multiply_columns(w, d, d, n, q);
            multiply_columns(w + d * d, d, d, n, k + p * d);
            multiply_columns(w + 2 * d * d, d, d, n, v + p * d);
            attend(q, k, v, p + 1, d, d, a);
            multiply_columns(w + 3 * d * d, d, d, a, o);
            for (size_t i = 0; i < d; i++)
                x[i] += o[i];
            tiny_norm(d, x, gains + d, n);
            multiply_columns(w + 4 * d * d, d, h, n, u);
            for (size_t i = 0; i < h; i++)
                u[i] /= 1 + exp(-fmax(-10, fmin(10, u[i])));
            multiply_columns(w + 4 * d * d + d * h, h, d, u, o);
            for (size_t i = 0; i < d; i++)
                x[i] += o[i];
        }
    }
    tiny_norm(d, x, last, n);
    multiply_rows(embedding, V, d, n, logits);
    free(keys);
    free(values);
    free(work);
}

#endif
