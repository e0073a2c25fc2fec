/*
 * A table: one line for each set of kernels.
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"
#include "models.h"

#define TOKENS 32u
#define NAME_WIDTH 16u

struct cost {
    uint32_t tokens, micros, reads, hits;
};

static bool draw(struct console *console, struct cost *cost)
{
    const struct console_port *port = console->port;
    char piece[DOGBERRY_PIECE_MAX];
    uint32_t started;

    *cost = (struct cost){0};
    dogberry_reset(console->session, 1);
    (void)dogberry_next(console->session, piece, sizeof piece, NULL); /* caches, and logits of the start token */
    if (port->flash_reads)
        port->flash_reads(&cost->reads, &cost->hits);
    started = port->micros();
    while (cost->tokens < TOKENS && !port->interrupted() &&
           dogberry_next(console->session, piece, sizeof piece, NULL) >= 0)
        cost->tokens++;
    cost->micros = port->micros() - started;
    if (port->flash_reads)
        port->flash_reads(&cost->reads, &cost->hits);
    return cost->tokens == TOKENS;
}

static void put_right(console_write write, uint32_t number, uint32_t width)
{
    uint32_t digits = 1;

    for (uint32_t rest = number / 10; rest > 0; rest /= 10)
        digits++;
    for (; digits < width; digits++)
        write(" ", 1);
    text_put_number(write, number);
}

static void put_cost(const struct console *console, const char *name, const struct cost *cost)
{
    console_write write = console->port->write;
    uint64_t cycles = (uint64_t)cost->micros * (console->board->clock_hz / 1000000u);
    uint32_t length = 0;

    for (text_put(write, name); name[length] && length < NAME_WIDTH;)
        length++;
    for (; length < NAME_WIDTH; length++)
        write(" ", 1);
    put_right(write, cost->micros / TOKENS, 12);
    put_right(write, (uint32_t)(cycles / TOKENS), 14);
    if (console->port->flash_reads) {
        put_right(write, cost->reads / TOKENS, 13);
        put_right(write, (cost->reads - cost->hits) / TOKENS, 13);
    }
    text_put(write, "  ");
    text_put_tenths(write, cost->micros > 0 ? (uint32_t)(TOKENS * 10000000ull / cost->micros) : 0);
    text_put(write, "  ");
    text_put_hex(write, dogberry_digest(console->session));
    text_put(write, "\n");
}

/* What zeros of ReLU have spared. */
static void put_skipped(const struct console *console)
{
    console_write write = console->port->write;
    uint32_t columns, skipped = dogberry_skipped(console->session, &columns);

    if (columns == 0)
        return;
    text_put(write, "zeros skipped ");
    text_put_tenths(write, (uint32_t)(1000ull * skipped / columns));
    text_put(write, " % of the columns of second feed-forward matrices\n");
}

void bench_run(struct console *console)
{
    console_write write = console->port->write;
    const dogberry_kernels *own[2] = {console->image.kernels, NULL};
    const dogberry_kernels *const *kernels = console->board->kernels ? console->board->kernels : own;
    struct cost cost;

    if (models_is_copy(console))
        text_put(write, "the model runs from RAM; /copy 0 reads flash\n");
    text_put(write, "kernels           us a token  cycles a token");
    text_put(write, console->port->flash_reads ? "  flash reads  not in cache" : "");
    text_put(write, "  tokens/s  digest\n");
    for (size_t i = 0; kernels[i]; i++) {
        bool whole;

        console->image.kernels = kernels[i];
        console_working(console, true);
        whole = draw(console, &cost);
        console_working(console, false);
        if (!whole)
            break;
        put_cost(console, kernels[i]->name, &cost);
    }
    console->image.kernels = kernels[0];
    put_skipped(console);
    if (console->port->interrupted()) {
        console->port->discard_input();
        text_put(write, "^C\n");
    }
    dogberry_reset(console->session, console->seed);
}
