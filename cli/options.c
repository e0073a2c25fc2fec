/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

int cli_failed(const cli_command *command, const char *message)
{
    fprintf(stderr, "dogberry %s: %s\n", command->name, message);
    return 1;
}

int cli_misused(const cli_command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "dogberry %s: ", command->name);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, " (try: dogberry %s --help)\n", command->name);
    va_end(arguments);
    return 2;
}

static void list_add(cli_list *list, const char *item)
{
    const char **items = db_allocate((list->count + 1) * sizeof *items);
    if (list->count)
        memcpy(items, list->items, list->count * sizeof *items);
    free(list->items);
    list->items = items;
    list->items[list->count++] = item;
}

void cli_list_free(cli_list *list)
{
    free(list->items);
    *list = (cli_list){0};
}

static void print_default(const cli_option *option)
{
    switch (option->kind) {
    case CLI_TEXT:
        if (*(const char **)option->value)
            printf(" [%s]", *(const char **)option->value);
        break;
    case CLI_COUNT:
        if (*(unsigned long *)option->value)
            printf(" [%lu]", *(unsigned long *)option->value);
        break;
    case CLI_REAL:
        if (*(double *)option->value > 0) /* 0 and less stand for "not given" */
            printf(" [%g]", *(double *)option->value);
        break;
    case CLI_FLAG:
    case CLI_LIST:
        break;
    }
}

static void print_help(const cli_command *command, const cli_option *options, size_t count)
{
    printf("Usage: dogberry %s %s\n\n%s\n", command->name, command->synopsis, command->summary);
    if (command->details)
        printf("\n%s\n", command->details);
    printf("\nOptions:\n");
    for (size_t i = 0; i < count; i++) {
        char left[64];
        char letter[8] = "    ";
        if (options[i].letter)
            snprintf(letter, sizeof letter, "-%c, ", options[i].letter);
        snprintf(left, sizeof left, "  %s--%s%s%s", letter, options[i].name, options[i].argument ? " " : "",
                 options[i].argument ? options[i].argument : "");
        printf("%-30s %s", left, options[i].help);
        print_default(&options[i]);
        printf("\n");
    }
    printf("%-30s %s\n", "      --help", "this text");
    if (command->examples)
        printf("\nExamples:\n%s\n", command->examples);
}

/* A decimal count with an optional k, M or G, or KiB, MiB, GiB. Returns false when `text` is not one. */
static bool parse_count(const char *text, unsigned long *value)
{
    char *end;
    errno = 0;
    if (text[0] < '0' || text[0] > '9')
        return false;
    unsigned long number = strtoul(text, &end, 10), scale = 1;
    static const struct {
        const char *name;
        unsigned long scale;
    } units[] = {{"k", 1000},        {"M", 1000000},     {"G", 1000000000},
                 {"KiB", 1UL << 10}, {"MiB", 1UL << 20}, {"GiB", 1UL << 30}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].name) == 0) {
            scale = units[i].scale;
            end += strlen(end);
            break;
        }
    if (errno || *end || number > (unsigned long)-1 / scale)
        return false;
    *value = number * scale;
    return true;
}

static bool parse_real(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && !*end && isfinite(*value);
}

/* Stores the option's value. Returns -1, or the exit status after a mistake. */
static int set_value(const cli_command *command, cli_option *option, const char *text)
{
    double number = 0;
    switch (option->kind) {
    case CLI_FLAG:
        *(bool *)option->value = true;
        break;
    case CLI_TEXT:
        *(const char **)option->value = text;
        break;
    case CLI_LIST:
        list_add(option->value, text);
        break;
    case CLI_COUNT: {
        unsigned long count;
        if (!parse_count(text, &count))
            return cli_misused(command, "--%s takes a whole number, not '%s'", option->name, text);
        number = (double)count;
        *(unsigned long *)option->value = count;
        break;
    }
    case CLI_REAL:
        if (!parse_real(text, &number))
            return cli_misused(command, "--%s takes a number, not '%s'", option->name, text);
        *(double *)option->value = number;
        break;
    }
    if (option->least != option->most && (number < option->least || number > option->most))
        return cli_misused(command, "--%s takes %g to %g, not %s", option->name, option->least, option->most, text);
    option->given = true;
    return -1;
}

static cli_option *find_option(cli_option *options, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        bool by_letter = length == 2 && name[0] == '-' && options[i].letter && name[1] == options[i].letter;
        bool by_name = length > 2 && name[0] == '-' && name[1] == '-' && strlen(options[i].name) == length - 2 &&
                       memcmp(options[i].name, name + 2, length - 2) == 0;
        if (by_letter || by_name)
            return &options[i];
    }
    return NULL;
}

int cli_parse(const cli_command *command, cli_option *options, size_t count, int argc, char **argv, cli_list *operands)
{
    bool only_operands = false;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (only_operands || word[0] != '-' || !word[1]) {
            list_add(operands, word);
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_operands = true;
            continue;
        }
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            print_help(command, options, count);
            return 0;
        }
        const char *equals = strchr(word, '=');
        size_t length = equals ? (size_t)(equals - word) : strlen(word);
        cli_option *option = find_option(options, count, word, length);
        if (!option)
            return cli_misused(command, "there is no option '%.*s'", (int)length, word);
        const char *value = equals ? equals + 1 : NULL;
        if (option->kind == CLI_FLAG && value)
            return cli_misused(command, "--%s takes no value", option->name);
        if (option->kind != CLI_FLAG && !value) {
            if (i + 1 == argc)
                return cli_misused(command, "--%s needs a value: %s", option->name, option->argument);
            value = argv[++i];
        }
        int status = set_value(command, option, value);
        if (status >= 0)
            return status;
    }
    return -1;
}
