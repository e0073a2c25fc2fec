/* SPDX-License-Identifier: MIT */
#include "plan_view.h"

#include <stdio.h>

#define SPEED_NOTE                                                                                                  \
    "Speed is modelled, not measured: cycles a weight of the core's kernels (docs/BENCHMARKS.md), and the time\n"   \
    "that the bytes of a token take from flash (docs/BOARDS.md). The lower figure adds the two, the higher takes\n" \
    "the larger. One core; what a transformer does with keys and values is not counted.\n"

json_t *cli_speed_json(const db_plan *plan)
{
    json_t *object =
        json_pack("{s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:f, s:f}", "modelled_cycles_per_token", plan->cycles_per_token,
                  "modelled_tokens_per_second", plan->tokens_per_second, "modelled_tokens_per_second_least",
                  plan->tokens_per_second_least, "flash_bytes_per_token", (json_int_t)plan->cost.image_bytes,
                  "ram_bytes_per_token", (json_int_t)plan->cost.input_bytes, "weights_int8",
                  (json_int_t)plan->cost.weights_i8, "weights_int4", (json_int_t)plan->cost.weights_i4,
                  "modelled_core_seconds", plan->core_seconds, "modelled_flash_seconds", plan->flash_seconds);
    if (plan->psram_seconds > 0)
        json_object_update_new(
            object, json_pack("{s:b, s:f, s:f, s:f}", "copy_to_psram", plan->copy_to_psram, "modelled_psram_seconds",
                              plan->psram_seconds, "modelled_psram_tokens_per_second", plan->psram_tokens_per_second,
                              "modelled_psram_tokens_per_second_least", plan->psram_tokens_per_second_least));
    return object;
}

json_t *cli_plan_json(const db_plan *plan)
{
    json_t *object =
        json_pack("{s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s}", "board",
                  plan->board->name, "fits", plan->fits, "firmware_known", plan->has_firmware, "firmware_bytes",
                  (json_int_t)plan->firmware_bytes, "model_offset", (json_int_t)plan->model_offset, "image_bytes",
                  (json_int_t)plan->image_bytes, "flash_needed", (json_int_t)plan->flash_end, "flash_bytes",
                  (json_int_t)plan->flash_bytes, "session_bytes", (json_int_t)plan->session_bytes, "arena_bytes",
                  (json_int_t)plan->arena_bytes, "static_bytes", (json_int_t)plan->static_bytes, "stack_bytes",
                  (json_int_t)plan->stack_bytes, "ram_needed", (json_int_t)plan->ram_needed, "ram_bytes",
                  (json_int_t)plan->ram_bytes, "verdict", plan->verdict, "advice", plan->advice);
    json_object_update_new(object, cli_speed_json(plan));
    json_object_update_new(object, json_pack("{s:s, s:s, s:s}", "kernels", plan->board->core->kernels, "core_basis",
                                             plan->board->core->basis, "flash_basis", plan->board->flash_basis));
    return object;
}

void cli_plan_print(const db_plan *plan)
{
    const db_board *board = plan->board;
    printf("%s\n", board->title);
    printf("  flash  firmware, reserved  %10u bytes", plan->model_offset);
    if (plan->has_firmware)
        printf("  (%u used)", plan->firmware_bytes);
    printf("\n         image               %10u bytes\n         in all              %10llu of %u bytes\n",
           plan->image_bytes, (unsigned long long)plan->flash_end, plan->flash_bytes);
    printf("  RAM    session             %10zu bytes", plan->session_bytes);
    if (plan->has_firmware)
        printf("  (the firmware's arena has %u)\n         firmware            %10u bytes\n         stack               "
               "%10u bytes",
               plan->arena_bytes, plan->static_bytes, plan->stack_bytes);
    printf("\n         in all              %10llu of %u bytes\n", (unsigned long long)plan->ram_needed,
           plan->ram_bytes);
    printf("  speed  about %.1f to %.1f tokens/s at %u MHz, modelled\n", plan->tokens_per_second_least,
           plan->tokens_per_second, board->clock_hz / 1000000);
    if (plan->copy_to_psram)
        printf("         about %.1f to %.1f from PSRAM: copy the image there at the start\n",
               plan->psram_tokens_per_second_least, plan->psram_tokens_per_second);
    printf("         core %s: %s\n", board->core->kernels, board->core->basis);
    printf("         flash %.1f MB/s: %s\n", board->flash_bandwidth / 1e6, board->flash_basis);
    printf("%s\n", plan->verdict);
    if (plan->advice[0])
        printf("%s\n", plan->advice);
    if (board->note)
        printf("note: %s\n", board->note);
}

void cli_plan_heading(void)
{
    printf("%-18s %-4s %10s %10s %9s %9s %14s\n", "board", "fits", "flash", "of", "RAM", "of", "tokens/s");
}

void cli_plan_row(const db_plan *plan)
{
    char speed[32];
    snprintf(speed, sizeof speed, "%.1f-%.1f", plan->tokens_per_second_least, plan->tokens_per_second);
    printf("%-18s %-4s %10llu %10u %9llu %9u %14s\n", plan->board->name, plan->fits ? "yes" : "no",
           (unsigned long long)plan->flash_end, plan->flash_bytes, (unsigned long long)plan->ram_needed,
           plan->ram_bytes, speed);
    if (!plan->fits)
        printf("    %s\n", plan->advice);
    if (plan->board->note)
        printf("    note: %s\n", plan->board->note);
}

void cli_plan_footing(void)
{
    printf("\nFlash and RAM are exact; RAM is the session, with the firmware's own where that is known.\n" SPEED_NOTE);
}

/* ---- Where the time goes ---- */

static void explain_memory(const char *name, double bandwidth, double seconds)
{
    printf("  %-13s %6.1f MB/s  %7.2f ms a token  at most %7.1f tokens/s\n", name, bandwidth / 1e6, 1e3 * seconds,
           1 / seconds);
}

void cli_plan_explain(const db_plan *plan, const dogberry_image *image)
{
    const db_board *board = plan->board;
    const db_token_cost *cost = &plan->cost;
    double products = board->core->cycles_per_weight_i8 * (double)cost->weights_i8 +
                      board->core->cycles_per_weight_i4 * (double)cost->weights_i4;
    printf("%s on %s\n", image->name, board->title);
    printf("Read for one token\n  image        %10llu of %u bytes: weights, scales, biases, one embedding row\n",
           (unsigned long long)cost->image_bytes, image->length);
    printf("  inner RAM    %10llu bytes of products' vectors; the session, %zu bytes, holds everything else\n",
           (unsigned long long)cost->input_bytes, plan->session_bytes);
    printf("Computed for one token\n  products     %10llu weights at %.3g (int8), %llu at %.3g cycles (int4)\n",
           (unsigned long long)cost->weights_i8, board->core->cycles_per_weight_i8,
           (unsigned long long)cost->weights_i4, board->core->cycles_per_weight_i4);
    printf("  in all       %10.0f cycles, %.0f of them products: %.2f ms at %u MHz, at most %.1f tokens/s\n",
           plan->cycles_per_token, products, 1e3 * plan->core_seconds, board->clock_hz / 1000000,
           1 / plan->core_seconds);
    printf("  basis        %s\n", board->core->basis);
    printf("Reading the image from\n");
    explain_memory("flash", board->flash_bandwidth, plan->flash_seconds);
    if (plan->psram_seconds > 0)
        explain_memory("PSRAM, a copy", board->psram_bandwidth, plan->psram_seconds);
    printf("  basis        %s\n", board->flash_basis);
    printf("From flash: %.1f tokens/s where the core waits for every read, %.1f where reads and products overlap.\n",
           plan->tokens_per_second_least, plan->tokens_per_second);
    if (plan->psram_seconds > 0) {
        printf("From PSRAM: %.1f to %.1f. ", plan->psram_tokens_per_second_least, plan->psram_tokens_per_second);
        printf("%s\n", plan->copy_to_psram ? "PSRAM is the faster memory here: copy the image there at the start."
                                           : "A copy in PSRAM gains nothing.");
    }
    printf(SPEED_NOTE);
    if (board->note)
        printf("note: %s\n", board->note);
}
