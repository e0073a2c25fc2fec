/*
 * Streams, windows and phases.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/batches.h"

#include <assert.h>

#include "base/random.h"
#include "dogberry.h"

/* An epoch shorter than this many windows would update too seldom. */
enum { WINDOWS_MIN = 4 };

/* Enough to make the products of weights' gradients long. */
enum { POSITIONS_AT_ONCE = 256 };

void db_epoch_plan_make(db_epoch_plan *plan, size_t count, uint32_t streams, uint32_t window, uint32_t divisor)
{
    assert(divisor >= 1 && count >= divisor && window >= 1);
    const size_t most = count / ((size_t)window * WINDOWS_MIN);
    if (streams > most) {
        streams = (uint32_t)most;
    }
    streams -= streams % divisor;
    plan->streams = streams > 0 ? streams : divisor;
    plan->length = count / plan->streams;
    plan->windows = (uint32_t)((plan->length + window - 1) / window);
    if (plan->windows < WINDOWS_MIN && plan->length >= WINDOWS_MIN) {
        plan->windows = WINDOWS_MIN;
    }
    plan->window = (uint32_t)((plan->length + plan->windows - 1) / plan->windows);
}

uint32_t db_streams_at_once(uint32_t streams, uint32_t window)
{
    uint32_t parts = 1;
    while (parts < streams && (streams % parts != 0 || streams / parts * window > POSITIONS_AT_ONCE)) {
        parts++;
    }
    return streams / parts;
}

/* The first target of window `index` within a stream. */
static size_t window_start(const db_epoch_plan *plan, uint32_t index)
{
    return (size_t)((uint64_t)plan->length * index / plan->windows);
}

uint32_t db_epoch_window_length(const db_epoch_plan *plan, uint32_t index)
{
    return (uint32_t)(window_start(plan, index + 1) - window_start(plan, index));
}

size_t db_epoch_phase(uint64_t seed, uint64_t epoch, size_t count)
{
    db_random random;
    db_random_seed(&random, seed ^ ((epoch + 1) * UINT64_C(0x9E3779B97F4A7C15)));
    return (size_t)db_random_below(&random, count);
}

void db_epoch_window(const db_epoch_plan *plan, const db_sequence *text, size_t phase, uint32_t index, uint32_t first,
                     uint32_t streams, uint16_t *inputs, uint16_t *targets, uint8_t *resets)
{
    const size_t start = window_start(plan, index);
    const uint32_t length = db_epoch_window_length(plan, index);
    for (uint32_t b = 0; b < streams; b++) {
        const size_t origin = (size_t)((uint64_t)text->count * (first + b) / plan->streams);
        size_t at = (phase + origin + start) % text->count;
        for (uint32_t t = 0; t < length; t++) {
            const uint16_t before = text->ids[at == 0 ? text->count - 1 : at - 1];
            const int opens = at == 0 || (text->end_token != DOGBERRY_NO_TOKEN && before == text->end_token);
            const size_t slot = (size_t)t * streams + b;
            inputs[slot] = opens ? text->start_token : before;
            targets[slot] = text->ids[at];
            resets[slot] = (uint8_t)opens;
            at = at + 1 == text->count ? 0 : at + 1;
        }
    }
}
