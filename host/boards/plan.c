/* SPDX-License-Identifier: MIT */
#include "boards/plan.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "boards/shape.h"

static void judge_flash(db_plan *plan)
{
    uint64_t over = plan->flash_end - plan->flash_bytes;
    plan->fits = false;
    snprintf(plan->verdict, sizeof plan->verdict,
             "does not fit: flash needs %llu bytes (image %u from offset %u) and has %u, %llu too many",
             (unsigned long long)plan->flash_end, plan->image_bytes, plan->model_offset, plan->flash_bytes,
             (unsigned long long)over);
    snprintf(plan->advice, sizeof plan->advice, "make the image smaller by %llu bytes: ", (unsigned long long)over);
}

static void judge_arena(db_plan *plan)
{
    plan->fits = false;
    snprintf(plan->verdict, sizeof plan->verdict,
             "does not fit: a session needs %zu bytes and the firmware's arena has %u, %zu too few",
             plan->session_bytes, plan->arena_bytes, plan->session_bytes - plan->arena_bytes);
    snprintf(plan->advice, sizeof plan->advice, "build the firmware with an arena of %zu bytes, or ",
             plan->session_bytes);
}

static void judge_ram(db_plan *plan, bool transformer)
{
    plan->fits = false;
    snprintf(plan->verdict, sizeof plan->verdict,
             "does not fit: %llu bytes of RAM needed, the chip has %u, %llu too few",
             (unsigned long long)plan->ram_needed, plan->ram_bytes,
             (unsigned long long)(plan->ram_needed - plan->ram_bytes));
    snprintf(plan->advice, sizeof plan->advice,
             "%s are in the session: ", transformer ? "keys and values of the context" : "vocabulary and hidden size");
}

static void judge(db_plan *plan, bool transformer)
{
    if (plan->flash_end > plan->flash_bytes) {
        judge_flash(plan);
    } else if (plan->has_firmware && plan->session_bytes > plan->arena_bytes) {
        judge_arena(plan);
    } else if (plan->ram_needed > plan->ram_bytes) {
        judge_ram(plan, transformer);
    } else {
        plan->fits = true;
        snprintf(plan->verdict, sizeof plan->verdict, "fits: %llu bytes of flash and %llu bytes of RAM to spare%s",
                 (unsigned long long)(plan->flash_bytes - plan->flash_end),
                 (unsigned long long)(plan->ram_bytes - plan->ram_needed),
                 plan->has_firmware ? "" : " (without the firmware's own RAM)");
    }
}

static void compute_psram(db_plan *plan)
{
    const db_board *board = plan->board;
    if (board->psram_bytes == 0 || plan->image_bytes > board->psram_bytes)
        return;
    plan->psram_seconds = db_cost_psram_seconds(&plan->cost, board);
    plan->psram_tokens_per_second = 1 / fmax(plan->core_seconds, plan->psram_seconds);
    plan->psram_tokens_per_second_least = 1 / (plan->core_seconds + plan->psram_seconds);
    plan->copy_to_psram = board->psram_bandwidth > board->flash_bandwidth;
}

/* Figures and verdict; no advice yet about other models. */
static void compute(db_plan *plan, const dogberry_image *image, const db_board *board, const db_firmware *firmware)
{
    *plan = (db_plan){
        .board = board,
        .has_firmware = firmware != NULL,
        .model_offset = firmware ? firmware->model_offset : board->model_offset,
        .image_bytes = image->length,
        .flash_bytes = board->flash_bytes,
        .session_bytes = dogberry_session_bytes(image),
        .ram_bytes = board->ram_bytes,
        .cost = db_token_cost_of(image),
    };
    if (firmware) {
        plan->firmware_bytes = firmware->flash_bytes;
        plan->arena_bytes = firmware->arena_bytes;
        plan->static_bytes = firmware->ram_bytes - firmware->arena_bytes;
        plan->stack_bytes = firmware->stack_bytes;
    }
    plan->flash_end = (uint64_t)plan->model_offset + plan->image_bytes;
    plan->ram_needed = (uint64_t)plan->static_bytes + plan->stack_bytes + plan->session_bytes;
    plan->cycles_per_token = db_cost_cycles(&plan->cost, board->core);
    plan->core_seconds = db_cost_core_seconds(&plan->cost, board);
    plan->flash_seconds = db_cost_flash_seconds(&plan->cost, board);
    plan->tokens_per_second = 1 / fmax(plan->core_seconds, plan->flash_seconds);
    plan->tokens_per_second_least = 1 / (plan->core_seconds + plan->flash_seconds);
    compute_psram(plan);
    judge(plan, image->architecture == DOGBERRY_TRANSFORMER);
}

static void add_advice(db_plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_advice(db_plan *plan, const char *format, ...)
{
    size_t length = strlen(plan->advice);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(plan->advice + length, sizeof plan->advice - length, format, arguments);
    va_end(arguments);
}

static bool would_fit(const dogberry_image *shape, const db_plan *plan, const db_firmware *firmware)
{
    db_plan other;
    compute(&other, shape, plan->board, firmware);
    return other.fits;
}

/* The preset with the most parameters that fits, of transformers or of the others, 8 bits before 4. Returns NULL where
 * none does. */
static const db_preset *best_preset(const db_plan *plan, const db_firmware *firmware, bool transformer, uint32_t *bits,
                                    uint32_t *bytes)
{
    const db_preset *best = NULL;
    size_t most = 0;
    for (const db_preset *preset = db_presets(); preset->name; preset++) {
        for (uint32_t b = 8; b >= 4; b -= 4) {
            dogberry_image shape;
            size_t size = db_model_config_trained(&preset->config);
            if (size <= most || (preset->config.architecture == DOGBERRY_TRANSFORMER) != transformer ||
                !db_shape_make(&shape, &preset->config, preset->tokenizer, b) || !would_fit(&shape, plan, firmware))
                continue;
            best = preset;
            most = size;
            *bits = b;
            *bytes = shape.length;
        }
    }
    return best;
}

/* The longest context with which the session would fit, where a shorter one helps. */
static void advise_context(db_plan *plan, const dogberry_image *image, const db_firmware *firmware)
{
    dogberry_image shorter = *image;
    if (plan->flash_end > plan->flash_bytes)
        return; /* the context is not in flash */
    while (--shorter.transformer.context > 0)
        if (would_fit(&shorter, plan, firmware)) {
            add_advice(plan, "a context of %u tokens would fit: train with --context %u; or ",
                       shorter.transformer.context, shorter.transformer.context);
            return;
        }
    add_advice(plan, "no context is short enough; ");
}

/* What to change, only of what would help. Image sizes of other models are estimates. */
static void advise(db_plan *plan, const dogberry_image *image, const db_firmware *firmware)
{
    dogberry_image shape;
    uint32_t bits = 8, bytes = 0;
    bool transformer = image->architecture == DOGBERRY_TRANSFORMER;
    if (transformer)
        advise_context(plan, image, firmware);
    db_shape_int4(&shape, image);
    if (shape.length < image->length && would_fit(&shape, plan, firmware))
        add_advice(plan, "pack with --bits 4 (%u bytes); or ", shape.length);
    if (image->output == DOGBERRY_DENSE && !transformer) {
        db_shape_factored(&shape, image);
        if (would_fit(&shape, plan, firmware))
            add_advice(plan, "train with a class-factored output (preset dogberry-fast; %u bytes); or ", shape.length);
    }
    const db_preset *preset = best_preset(plan, firmware, transformer, &bits, &bytes);
    if (preset)
        add_advice(plan, "train preset %s (about %u bytes at %u bits); or ", preset->name, bytes, bits);
    add_advice(plan, "take a smaller vocabulary or %s, or a larger board", transformer ? "width" : "hidden size");
}

void db_plan_make(db_plan *plan, const dogberry_image *image, const db_board *board, const db_firmware *firmware)
{
    compute(plan, image, board, firmware);
    if (!plan->fits)
        advise(plan, image, firmware);
}
