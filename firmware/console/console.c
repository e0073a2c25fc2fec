/*
 * Boot, greeting, replies.
 * SPDX-License-Identifier: MIT
 */
#include "console.h"
#include "commands.h"

static void open_model(struct console *console)
{
    const struct console_board *board = console->board;

    console->session = NULL;
    console->golden = DOGBERRY_OK;
    console->status = dogberry_open(&console->image, board->model, board->model_space);
    if (console->status != DOGBERRY_OK)
        return;
    if (dogberry_session_bytes(&console->image) > board->arena_bytes) {
        console->status = DOGBERRY_ERR_ARENA;
        return;
    }
    if (console->image.golden.tokens > 0)
        console->golden = dogberry_verify(&console->image, board->arena, board->arena_bytes);
    console->status = dogberry_start(&console->session, &console->image, board->arena, board->arena_bytes);
    if (console->status != DOGBERRY_OK) {
        console->session = NULL;
        return;
    }
    console->sampling = console->image.sampling;
}

void console_put_problem(const struct console *console)
{
    console_write write = console->port->write;
    bool absent = console->status == DOGBERRY_ERR_MAGIC;

    text_put(write, absent ? "no model" : "the model cannot be used");
    text_put(write, ": ");
    text_put(write, dogberry_status_name(console->status));
    text_put(write, " at flash offset ");
    text_put_number(write, console->board->model_offset);
    if (console->status == DOGBERRY_ERR_ARENA) {
        text_put(write, "; it needs ");
        text_put_number(write, (uint32_t)dogberry_session_bytes(&console->image));
        text_put(write, " bytes of RAM, there are ");
        text_put_number(write, console->board->arena_bytes);
    }
    text_put(write, "\nflash one: dogberry export MODEL.dog --to uf2 -o MODEL.uf2, then copy MODEL.uf2 to the board\n");
}

static void put_golden(const struct console *console)
{
    console_write write = console->port->write;

    if (console->image.golden.tokens == 0) {
        text_put(write, "no golden vector\n");
    } else if (console->golden == DOGBERRY_OK) {
        text_put(write, "golden vector ok\n");
    } else {
        text_put(write, "golden vector FAILED (");
        text_put(write, dogberry_status_name(console->golden));
        text_put(write, "): this board's words are not the PC's\n");
    }
}

static void prompt(const struct console *console)
{
    console->port->write("> ", 2);
}

void console_greet(struct console *console)
{
    console_write write = console->port->write;

    text_put(write, "\nDogberry " DOGBERRY_VERSION " on ");
    text_put(write, console->board->name);
    text_put(write, "\n");
    if (console->session) {
        text_put(write, "model ");
        text_put(write, console->image.name);
        text_put(write, ": ");
        text_put_number(write, console->image.parameters);
        text_put(write, " parameters, ");
        text_put_number(write, console->image.length);
        text_put(write, " bytes, seed ");
        text_put_number(write, console->seed);
        text_put(write, "\n");
        put_golden(console);
        text_put(write, "Type a line and I will go on from it. /help lists the commands.\n");
    } else {
        console_put_problem(console);
    }
    line_clear(&console->line);
    prompt(console);
}

void console_start(struct console *console, const struct console_port *port, const struct console_board *board)
{
    *console = (struct console){.port = port,
                                .board = board,
                                .seed = 1, /* as dogberry_start() */
                                .length = CONSOLE_LENGTH};
    text_put(port->write, "\nchecking the model in flash...\n");
    open_model(console);
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

/* As dogberry_feed(), but Ctrl-C is heard between tokens. */
static void feed(struct console *console)
{
    dogberry_cursor cursor = {.text = console->line.text, .length = console->line.length};

    while (!console->port->interrupted()) {
        int token = dogberry_encode(&console->image.tokenizer, &cursor);

        if (token < 0)
            break;
        dogberry_feed_token(console->session, (uint32_t)token);
    }
}

static void reply(struct console *console)
{
    const struct console_port *port = console->port;
    char piece[DOGBERRY_PIECE_MAX];
    uint32_t tokens = 0, started;
    bool blank = true; /* nothing printed yet: the first word needs no space before it */

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
        console_put_problem(console);
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
