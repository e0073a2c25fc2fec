/*
 * Boot, greeting, replies.
 * SPDX-License-Identifier: MIT
 */
#include "console.h"
#include "commands.h"
#include "models.h"

void console_working(const struct console *console, bool working)
{
    if (console->port->working)
        console->port->working(working ? console->models[console->current].place : CONSOLE_IDLE);
}

static void prompt(const struct console *console)
{
    console->port->write("> ", 2);
}

static void put_check(const struct console *console)
{
    console_write write = console->port->write;
    uint32_t bytes = 0;

    for (uint32_t i = 0; i < console->model_count; i++)
        bytes += console->models[i].length;
    text_put_number(write, console->model_count);
    text_put(write, console->model_count == 1 ? " model, " : " models, ");
    text_put_number(write, bytes);
    text_put(write, " bytes checked in ");
    text_put_number(write, console->check_micros / 1000);
    text_put(write, " ms\n");
}

static void put_model(const struct console *console)
{
    console_write write = console->port->write;

    text_put(write, "model ");
    text_put(write, console->image.name);
    text_put(write, ": ");
    text_put_number(write, console->image.parameters);
    text_put(write, " parameters, ");
    text_put_number(write, console->image.length);
    text_put(write, " bytes, seed ");
    text_put_number(write, console->seed);
    text_put(write, "\n");
    models_put_golden(console);
    if (console->model_count > 1) {
        text_put_number(write, console->model_count + console->models_left_out);
        text_put(write, " models in flash: /models lists them, /use NAME takes another one.\n");
    }
    text_put(write, "Type a line and I will go on from it. /help lists the commands.\n");
}

void console_greet(struct console *console)
{
    console_write write = console->port->write;

    text_put(write, "\nDogberry " DOGBERRY_VERSION " on ");
    text_put(write, console->board->name);
    text_put(write, "\n");
    if (console->board->restarted)
        text_put(write, console->board->hung_place == CONSOLE_IDLE
                            ? "The watchdog restarted the board: the firmware hung.\n"
                            : "The watchdog restarted the board: the firmware hung at work on a model.\n");
    put_check(console);
    if (console->session) {
        models_put_skipped(console);
        put_model(console);
    } else {
        models_put_problem(console);
    }
    line_clear(&console->line);
    prompt(console);
}

void console_start(struct console *console, const struct console_port *port, const struct console_board *board)
{
    uint32_t started = port->micros();

    *console = (struct console){.port = port,
                                .board = board,
                                .seed = 1, /* as dogberry_start() */
                                .length = CONSOLE_LENGTH,
                                .copy = board->copies};
    text_put(port->write, "\nchecking the models in flash...\n");
    models_scan(console);
    console->check_micros = port->micros() - started;
    models_use_first(console);
}

/* The line below a reply: what it cost and what it was. */
static void put_summary(const struct console *console, uint32_t tokens, uint32_t micros)
{
    console_write write = console->port->write;
    uint64_t tenths = micros > 0 ? ((uint64_t)tokens * 10000000u + micros / 2) / micros : 0;

    text_put(write, "\n[");
    text_put_number(write, tokens);
    text_put(write, tokens == 1 ? " token, " : " tokens, ");
    text_put_tenths(write, (uint32_t)tenths);
    text_put(write, " tokens/s, seed ");
    text_put_number(write, console->seed);
    text_put(write, ", digest ");
    text_put_hex(write, dogberry_digest(console->session));
    text_put(write, "]\n");
}

/* As dogberry_feed(), but Ctrl-C is heard between tokens. Says so where the line alone is more than the context holds.
 */
static void feed(struct console *console)
{
    dogberry_cursor cursor = {.text = console->line.text, .length = console->line.length};
    uint32_t tokens = 0;

    while (!console->port->interrupted()) {
        int token = dogberry_encode(&console->image.tokenizer, &cursor);

        if (token < 0)
            break;
        dogberry_feed_token(console->session, (uint32_t)token);
        tokens++;
    }
    if (console->image.architecture == DOGBERRY_TRANSFORMER && tokens > console->image.transformer.context) {
        text_put(console->port->write, "(that is longer than the context of ");
        text_put_number(console->port->write, console->image.transformer.context);
        text_put(console->port->write, " tokens; its beginning is forgotten)\n");
    }
}

static void reply(struct console *console)
{
    const struct console_port *port = console->port;
    char piece[DOGBERRY_PIECE_MAX];
    uint32_t tokens = 0, started;
    bool blank = true; /* nothing printed yet: the first word needs no space before it */

    console_working(console, true);
    feed(console);
    started = port->micros();
    while (tokens < console->length && !port->interrupted()) {
        int token = dogberry_next(console->session, piece, sizeof piece, NULL);

        if (token < 0)
            break;
        tokens++;
        if ((uint32_t)token == console->image.end_token)
            break;
        text_put(port->write, blank && piece[0] == ' ' ? piece + 1 : piece);
        blank = blank && piece[0] == '\0';
    }
    started = port->micros() - started;
    console_working(console, false);
    console->token_micros = tokens > 0 ? started / tokens : 0;
    if (port->interrupted()) {
        port->discard_input();
        text_put(port->write, "^C");
    }
    put_summary(console, tokens, started);
}

static void refuse_long_line(const struct console *console)
{
    console_write write = console->port->write;

    text_put(write, "line too long: ");
    text_put_number(write, (uint32_t)(console->line.length + console->line.dropped));
    text_put(write, " bytes, at most ");
    text_put_number(write, LINE_BYTES - 1);
    text_put(write, "; ignored\n");
}

static void obey(struct console *console)
{
    if (console->line.length == 0)
        return;
    if (console->line.text[0] == '/')
        command_run(console, console->line.text + 1);
    else if (console->session)
        reply(console);
    else
        models_put_problem(console);
}

bool console_poll(struct console *console)
{
    bool any = false;

    for (int byte = console->port->read(); byte >= 0; byte = console->port->read()) {
        enum line_event event = line_put(&console->line, (uint8_t)byte, console->port->write);

        any = true;
        if (event == LINE_MORE)
            continue;
        if (event == LINE_DONE)
            obey(console);
        else if (event == LINE_TOO_LONG)
            refuse_long_line(console);
        line_clear(&console->line);
        prompt(console);
    }
    return any;
}
