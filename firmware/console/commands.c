/*
 * /help, /info and the settings.
 * SPDX-License-Identifier: MIT
 */
#include "commands.h"

struct command {
    const char *name, *argument, *help;
    void (*run)(struct console *console, const char *argument);
};

static void help(struct console *console, const char *argument);

static void put_amount(console_write write, const char *before, uint32_t number, const char *after)
{
    text_put(write, before);
    text_put_number(write, number);
    text_put(write, after);
}

static void put_settings(const struct console *console)
{
    console_write write = console->port->write;

    text_put(write, "sampling: temperature ");
    text_put_thousandths(write, console->sampling.temperature);
    put_amount(write, ", top-k ", console->sampling.top_k, "");
    put_amount(write, ", seed ", console->seed, "");
    put_amount(write, ", length ", console->length, " tokens\n");
}

static void put_model(const struct console *console)
{
    const dogberry_image *image = &console->image;
    console_write write = console->port->write;

    text_put(write, "model: ");
    text_put(write, image->name);
    put_amount(write, ", ", image->parameters, " parameters");
    put_amount(write, ", vocabulary ", image->vocab, "");
    put_amount(write, ", embedding ", image->embedding, "");
    put_amount(write, ", hidden ", image->hidden, "");
    put_amount(write, ", layers ", image->layers, "\n");
}

static void info(struct console *console, const char *argument)
{
    const struct console_board *board = console->board;
    console_write write = console->port->write;

    (void)argument;
    if (console->session)
        put_model(console);
    else
        console_put_problem(console);
    put_amount(write, "flash: firmware ", board->firmware_bytes, "");
    put_amount(write, " bytes, model ", console->session ? console->image.length : 0, "");
    put_amount(write, " bytes at ", board->model_offset, "");
    put_amount(write, ", chip ", board->flash_bytes, " bytes\n");
    put_amount(write, "RAM: static ", board->ram_static, " bytes (arena included)");
    put_amount(write, ", stack ", board->stack_bytes, " bytes");
    put_amount(write, ", chip ", board->ram_bytes, " bytes\n");
    put_amount(write, "arena: ", console->session ? (uint32_t)dogberry_session_bytes(&console->image) : 0, " of ");
    put_amount(write, "", board->arena_bytes, " bytes used\n");
    put_amount(write, "stack: ", console->port->stack_peak(), " of ");
    put_amount(write, "", board->stack_bytes, " bytes used at most\n");
    put_settings(console);
}

static void complain(struct console *console, const char *what)
{
    text_put(console->port->write, what);
    text_put(console->port->write, "\n");
}

static void set_sampling(struct console *console, dogberry_sampling sampling, const char *range)
{
    if (!console->session) {
        console_put_problem(console);
    } else if (dogberry_set_sampling(console->session, &sampling) == DOGBERRY_OK) {
        console->sampling = sampling;
        put_settings(console);
    } else {
        complain(console, range);
    }
}

static void temperature(struct console *console, const char *argument)
{
    static const char range[] = "/temp takes a number from 0 to 10, as /temp 0.8";
    dogberry_sampling sampling = console->sampling;

    if (text_number(argument, 3, &sampling.temperature))
        set_sampling(console, sampling, range);
    else
        complain(console, range);
}

static void top_k(struct console *console, const char *argument)
{
    static const char range[] = "/top-k takes a whole number from 0 (all) to 128, as /top-k 40";
    dogberry_sampling sampling = console->sampling;

    if (text_number(argument, 0, &sampling.top_k))
        set_sampling(console, sampling, range);
    else
        complain(console, range);
}

static void length(struct console *console, const char *argument)
{
    uint32_t tokens;

    if (!text_number(argument, 0, &tokens) || tokens == 0 || tokens > CONSOLE_LENGTH_MAX) {
        complain(console, "/length takes a whole number from 1 to 1000, as /length 40");
        return;
    }
    console->length = tokens;
    put_settings(console);
}

static void reset(struct console *console, const char *argument)
{
    (void)argument;
    if (!console->session) {
        console_put_problem(console);
        return;
    }
    dogberry_reset(console->session, console->seed);
    put_amount(console->port->write, "forgotten; seed ", console->seed, "\n");
}

static void seed(struct console *console, const char *argument)
{
    uint32_t number;

    if (!text_number(argument, 0, &number)) {
        complain(console, "/seed takes a whole number from 0 to 4294967295, as /seed 7");
        return;
    }
    console->seed = number;
    reset(console, argument);
}

static const struct command commands[] = {
    {"help", "", "this list", help},
    {"info", "", "the model, memory and settings", info},
    {"seed", " N", "start over with random numbers from N", seed},
    {"reset", "", "start over with the same seed", reset},
    {"temp", " X", "temperature, 0 (always the likeliest word) to 10", temperature},
    {"top-k", " N", "draw from the N likeliest words only, 0 to 128; 0: all", top_k},
    {"length", " N", "tokens in a reply, 1 to 1000", length},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void help(struct console *console, const char *argument)
{
    console_write write = console->port->write;

    (void)argument;
    for (size_t i = 0; i < COMMANDS; i++) {
        text_put(write, "/");
        text_put(write, commands[i].name);
        text_put(write, commands[i].argument);
        text_put(write, ": ");
        text_put(write, commands[i].help);
        text_put(write, "\n");
    }
    text_put(write, "Ctrl-C stops a reply; any other line is a prompt\n");
}

/* Where the argument begins if `line` is this command, else NULL. */
static const char *match(const char *line, const char *name)
{
    while (*name && *line == *name) {
        line++;
        name++;
    }
    return *name == '\0' && (*line == '\0' || *line == ' ') ? line : NULL;
}

void command_run(struct console *console, const char *line)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        const char *argument = match(line, commands[i].name);

        if (argument) {
            commands[i].run(console, argument);
            return;
        }
    }
    text_put(console->port->write, "unknown command /");
    text_put(console->port->write, line);
    text_put(console->port->write, "; /help lists them\n");
}
