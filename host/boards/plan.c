/* SPDX-License-Identifier: MIT */
#include "boards/plan.h"

#include <stdio.h>
#include <string.h>

#include "boards/uf2.h"

/* Rows of the output that one token reads: of a class-factored one the classes' and those of the largest class. */
static uint64_t output_rows(const dogberry_image *image)
{
    if (image->output == DOGBERRY_FACTORED)
        return (uint64_t)image->classes + image->factored.largest;
    return image->vocab;
}

static uint64_t matrix_weights(const dogberry_matrix *matrix)
{
    return (uint64_t)matrix->rows * matrix->cols;
}

uint64_t db_plan_weights_per_token(const dogberry_image *image)
{
    uint64_t weights = image->embedding;
    for (uint32_t i = 0; i < image->layers; i++)
        weights += matrix_weights(&image->layer[i].input) + matrix_weights(&image->layer[i].recurrent);
    return weights + output_rows(image) * image->hidden;
}

/* Columns that are multiplied: padding too. */
static uint32_t columns_of(const dogberry_matrix *matrix)
{
    return matrix->bits == 4 ? matrix->stride / 4 : matrix->stride;
}

/* The recurrent layers' matrices have a row for each gate of each unit. */
static double modelled_cycles(const dogberry_image *image, const db_board *board)
{
    const double logits = (double)output_rows(image);
    double weights = logits * columns_of(&image->output_matrix), rows = 0;
    for (uint32_t i = 0; i < image->layers; i++) {
        const dogberry_matrix *input = &image->layer[i].input, *recurrent = &image->layer[i].recurrent;
        rows += (double)input->rows + recurrent->rows;
        weights += (double)input->rows * columns_of(input) + (double)recurrent->rows * columns_of(recurrent);
    }
    return board->cycles_per_weight * weights + board->cycles_per_row * rows + board->cycles_per_logit * logits +
           board->cycles_per_token;
}

static void judge_flash(db_plan *plan)
{
    uint64_t over = plan->flash_end - plan->flash_bytes;
    plan->fits = false;
    snprintf(plan->verdict, sizeof plan->verdict,
             "does not fit: flash needs %llu bytes (image %u from offset %u) and has %u, %llu too many",
             (unsigned long long)plan->flash_end, plan->image_bytes, plan->model_offset, plan->flash_bytes,
             (unsigned long long)over);
    snprintf(
        plan->advice, sizeof plan->advice,
        "make the image smaller by %llu bytes: a smaller vocabulary or hidden size; or take a board with more flash",
        (unsigned long long)over);
}

static void judge_arena(db_plan *plan)
{
    plan->fits = false;
    snprintf(plan->verdict, sizeof plan->verdict,
             "does not fit: a session needs %zu bytes and the firmware's arena has %u, %zu too few",
             plan->session_bytes, plan->arena_bytes, plan->session_bytes - plan->arena_bytes);
    snprintf(plan->advice, sizeof plan->advice,
             "build the firmware with an arena of %zu bytes, or train with a smaller vocabulary or hidden size",
             plan->session_bytes);
}

static void judge_ram(db_plan *plan)
{
    plan->fits = false;
    snprintf(plan->verdict, sizeof plan->verdict,
             "does not fit: %llu bytes of RAM needed, the chip has %u, %llu too few",
             (unsigned long long)plan->ram_needed, plan->ram_bytes,
             (unsigned long long)(plan->ram_needed - plan->ram_bytes));
    snprintf(plan->advice, sizeof plan->advice,
             "train with a smaller vocabulary or hidden size: both are in the session");
}

static void judge(db_plan *plan)
{
    if (plan->flash_end > plan->flash_bytes) {
        judge_flash(plan);
    } else if (plan->has_firmware && plan->session_bytes > plan->arena_bytes) {
        judge_arena(plan);
    } else if (plan->ram_needed > plan->ram_bytes) {
        judge_ram(plan);
    } else {
        plan->fits = true;
        snprintf(plan->verdict, sizeof plan->verdict, "fits: %llu bytes of flash and %llu bytes of RAM to spare%s",
                 (unsigned long long)(plan->flash_bytes - plan->flash_end),
                 (unsigned long long)(plan->ram_bytes - plan->ram_needed),
                 plan->has_firmware ? "" : " (without the firmware's own RAM)");
    }
}

void db_plan_make(db_plan *plan, const dogberry_image *image, const db_board *board, const db_firmware *firmware)
{
    *plan = (db_plan){
        .board = board,
        .has_firmware = firmware != NULL,
        .model_offset = firmware ? firmware->model_offset : board->model_offset,
        .image_bytes = image->length,
        .flash_bytes = board->flash_bytes,
        .session_bytes = dogberry_session_bytes(image),
        .ram_bytes = board->ram_bytes,
        .weights_per_token = db_plan_weights_per_token(image),
    };
    if (firmware) {
        plan->firmware_bytes = firmware->flash_bytes;
        plan->arena_bytes = firmware->arena_bytes;
        plan->static_bytes = firmware->ram_bytes - firmware->arena_bytes;
        plan->stack_bytes = firmware->stack_bytes;
    }
    plan->flash_end = (uint64_t)plan->model_offset + plan->image_bytes;
    plan->ram_needed = (uint64_t)plan->static_bytes + plan->stack_bytes + plan->session_bytes;
    plan->cycles_per_token = modelled_cycles(image, board);
    plan->tokens_per_second = board->clock_hz / plan->cycles_per_token;
    judge(plan);
}

int db_export_uf2(const dogberry_image *image, const db_board *board, const db_firmware *firmware, uint8_t **bytes,
                  size_t *length, db_error *error)
{
    if (board->uf2_family == 0)
        return db_fail(error, "%s: this board does not take UF2 files", board->name);
    db_plan plan;
    db_plan_make(&plan, image, board, firmware);
    if (!plan.fits)
        return db_fail(error, "%s: %s; %s", board->name, plan.verdict, plan.advice);
    db_uf2_part parts[2];
    size_t count = 0;
    if (firmware)
        parts[count++] = (db_uf2_part){board->flash_address, firmware->bytes, firmware->length};
    parts[count++] = (db_uf2_part){board->flash_address + plan.model_offset, image->bytes, image->length};
    db_uf2_make(parts, count, board->uf2_family, bytes, length);
    return 0;
}
