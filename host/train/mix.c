/*
 * Replay.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/mix.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const double SHARE_MOST = 0.99;
static const double TOKENS_MOST = 1u << 28;

/* Where one of the texts is being read. */
typedef struct {
    const db_sequence *text;
    size_t at;
    bool complete; /* every document came up */
} reader;

/* Returns the tokens of the document that comes next, its end token counted. */
static size_t next_length(const reader *r)
{
    size_t end = r->at;
    while (end < r->text->count && r->text->ids[end] != r->text->end_token) {
        end++;
    }
    return end - r->at + (end < r->text->count);
}

static size_t place(db_mix *mix, reader *r, size_t *capacity)
{
    const size_t length = next_length(r);
    mix->ids = db_grow(mix->ids, capacity, mix->count + length, sizeof *mix->ids);
    memcpy(mix->ids + mix->count, r->text->ids + r->at, length * sizeof *mix->ids);
    mix->count += length;
    r->at += length;
    if (r->at == r->text->count) {
        r->at = 0;
        r->complete = true;
    }
    return length;
}

static int check(const db_sequence *base, const db_sequence *persona, double share, db_error *error)
{
    if (!(share >= 0 && share <= SHARE_MOST)) {
        return db_fail(error, "replay: the share of the base is %g; it must be 0 to %g", share, SHARE_MOST);
    }
    if (persona->count == 0) {
        return db_fail(error, "replay: the persona has no text to learn from");
    }
    if (share > 0 && base->count == 0) {
        return db_fail(error, "replay: there is no text of the base to replay; name some, or choose the share 0");
    }
    const double by_base = share > 0 ? (double)base->count / share : 0;
    const double tokens = fmax(by_base, (double)persona->count / (1 - share));
    if (tokens > TOKENS_MOST) {
        return db_fail(error,
                       "replay: the share %g would repeat a text up to %.0f million tokens; choose one nearer to "
                       "the sizes of the texts",
                       share, tokens / 1e6);
    }
    return 0;
}

int db_mix_make(db_mix *mix, const db_sequence *base, const db_sequence *persona, double share, db_error *error)
{
    *mix = (db_mix){0};
    if (check(base, persona, share, error)) {
        return -1;
    }
    reader old = {.text = base, .complete = share == 0}, new = {.text = persona};
    size_t capacity = 0;
    for (;;) {
        /* In tokens times share: how much too much there is of the persona. */
        const double surplus = (double)mix->persona * share - (double)mix->base * (1 - share);
        const bool wants_persona = surplus <= 0;
        const double step = wants_persona ? (double)next_length(&new) * share : (double)next_length(&old) * (1 - share);
        if (old.complete && new.complete && step >= 2 * fabs(surplus)) {
            return 0; /* another document would leave it no nearer to the share */
        }
        if (wants_persona) {
            mix->persona += place(mix, &new, &capacity);
        } else {
            mix->base += place(mix, &old, &capacity);
        }
    }
}

void db_mix_free(db_mix *mix)
{
    free(mix->ids);
    *mix = (db_mix){0};
}
