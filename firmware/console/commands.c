/*
 * /help, /info and the settings.
 * SPDX-License-Identifier: MIT
 */
#include "commands.h"

#include "bench.h"
#include "models.h"

#include <stddef.h>

struct command {
    const char *name, *argument, *help;
    void (*run)(struct console *console, const char *argument);
};

/* A number of dogberry_sampling. */
struct setting {
    const char *name, *argument, *help, *range;
    size_t offset;
    unsigned decimals;
};

static const struct setting settings[] = {
    {"temp", " X", "temperature, 0 (always the likeliest word) to 10",
     "/temp takes a number from 0 to 10, as /temp 0.8", offsetof(dogberry_sampling, temperature), 3},
    {"top-k", " N", "draw from the N likeliest words only, 0 to 128; 0: all",
     "/top-k takes a whole number from 0 (all) to 128, as /top-k 40", offsetof(dogberry_sampling, top_k), 0},
    {"top-p", " X", "draw from the likeliest that have probability X together; 0: all",
     "/top-p takes a number from 0 (all) to 1, as /top-p 0.9", offsetof(dogberry_sampling, top_p), 3},
    {"min-p", " X", "draw from those at least X times as likely as the likeliest",
     "/min-p takes a number from 0 (all) to 1, as /min-p 0.05", offsetof(dogberry_sampling, min_p), 3},
    {"repeat", " X", "nats off words that were there lately, 0 to 10",
     "/repeat takes a number from 0 (none) to 10, as /repeat 0.5", offsetof(dogberry_sampling, repeat_penalty), 3},
    {"no-repeat", " N", "no N words in a row come again for a while; 0: they may",
     "/no-repeat takes a whole number from 0 (they may) to 32, as /no-repeat 4", offsetof(dogberry_sampling, no_repeat),
     0},
};

#define SETTINGS (sizeof settings / sizeof settings[0])

static void help(struct console *console, const char *argument);

static void put_amount(console_write write, const char *before, uint32_t number, const char *after)
{
    text_put(write, before);
    text_put_number(write, number);
    text_put(write, after);
}

static uint32_t *value_of(const struct setting *setting, dogberry_sampling *sampling)
{
    return (uint32_t *)(void *)((char *)sampling + setting->offset);
}

/* Temperature, and of the others those that are on. */
static void put_settings(const struct console *console)
{
    console_write write = console->port->write;
    dogberry_sampling sampling = console->sampling;

    text_put(write, "sampling: temperature ");
    text_put_thousandths(write, sampling.temperature);
    for (size_t i = 1; i < SETTINGS; i++) {
        uint32_t value = *value_of(&settings[i], &sampling);

        if (value == 0)
            continue;
        text_put(write, ", ");
        text_put(write, settings[i].name);
        text_put(write, " ");
        text_put_thousandths(write, settings[i].decimals > 0 ? value : value * 1000);
    }
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
    uint32_t place = console->models[console->current].place;

    (void)argument;
    if (console->session)
        put_model(console);
    else
        models_put_problem(console);
    put_amount(write, "flash: firmware ", board->firmware_bytes, "");
    put_amount(write, " bytes, model ", console->session ? console->image.length : 0, "");
    put_amount(write, " bytes at ", board->store_offset + (console->session ? place : 0), "");
    put_amount(write, ", chip ", board->flash_bytes, " bytes\n");
    put_amount(write, "RAM: static ", board->ram_static, " bytes (arena included)");
    put_amount(write, ", stack ", board->stack_bytes, " bytes");
    put_amount(write, ", chip ", board->ram_bytes, " bytes\n");
    put_amount(write, "arena: ", console->session ? (uint32_t)dogberry_session_bytes(&console->image) : 0, " of ");
    put_amount(write, "", board->arena_bytes, " bytes used");
    if (models_is_copy(console))
        put_amount(write, ", and ", console->image.length, " by a copy of the model");
    text_put(write, "\n");
    put_amount(write, "stack: ", console->port->stack_peak(), " of ");
    put_amount(write, "", board->stack_bytes, " bytes used at most\n");
    if (console->token_micros > 0) {
        put_amount(write, "last reply: ", console->token_micros, " us a token");
        put_amount(write, ", ", console->token_micros * (board->clock_hz / 1000000u), " cycles\n");
    }
    put_settings(console);
}

static void complain(struct console *console, const char *what)
{
    text_put(console->port->write, what);
    text_put(console->port->write, "\n");
}

static void set(struct console *console, const struct setting *setting, const char *argument)
{
    dogberry_sampling sampling = console->sampling;

    if (!console->session) {
        models_put_problem(console);
    } else if (text_number(argument, setting->decimals, value_of(setting, &sampling)) &&
               dogberry_set_sampling(console->session, &sampling) == DOGBERRY_OK) {
        console->sampling = sampling;
        put_settings(console);
    } else {
        complain(console, setting->range);
    }
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

static void models(struct console *console, const char *argument)
{
    (void)argument;
    models_put_list(console);
}

static void bench(struct console *console, const char *argument)
{
    (void)argument;
    if (console->session)
        bench_run(console);
    else
        models_put_problem(console);
}

static void reset(struct console *console, const char *argument)
{
    (void)argument;
    if (!console->session) {
        models_put_problem(console);
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
    {"models", "", "the models in flash", models},
    {"use", " NAME", "talk with another model; its number in the list does, too", models_use},
    {"info", "", "the model, memory and settings", info},
    {"copy", " N", "1: models that fit run from a copy in RAM, 0: from flash; starts over", models_set_copy},
    {"bench", "", "what a token costs on this board; starts over", bench},
    {"seed", " N", "start over with random numbers from N", seed},
    {"reset", "", "start over with the same seed", reset},
    {"length", " N", "tokens in a reply, 1 to 1000", length},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void put_help(console_write write, const char *name, const char *argument, const char *text)
{
    text_put(write, "/");
    text_put(write, name);
    text_put(write, argument);
    text_put(write, ": ");
    text_put(write, text);
    text_put(write, "\n");
}

static void help(struct console *console, const char *argument)
{
    console_write write = console->port->write;

    (void)argument;
    for (size_t i = 0; i < COMMANDS; i++)
        put_help(write, commands[i].name, commands[i].argument, commands[i].help);
    for (size_t i = 0; i < SETTINGS; i++)
        put_help(write, settings[i].name, settings[i].argument, settings[i].help);
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
    for (size_t i = 0; i < SETTINGS; i++) {
        const char *argument = match(line, settings[i].name);

        if (argument) {
            set(console, &settings[i], argument);
            return;
        }
    }
    text_put(console->port->write, "unknown command /");
    text_put(console->port->write, line);
    text_put(console->port->write, "; /help lists them\n");
}
