/*
 * Command lines by table: a subcommand lists its options once, and gets parsing,
 * checking and --help from the list.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    CLI_FLAG,  /* bool *: present or not */
    CLI_TEXT,  /* const char **: points into argv */
    CLI_COUNT, /* unsigned long *: decimal, may end in k, M or G (1000s) or KiB, MiB or GiB (1024s) */
    CLI_REAL,  /* double *: finite */
    CLI_LIST   /* cli_list *: may be given several times */
} cli_kind;

typedef struct {
    const char **items; /* point into argv; the array is freed by cli_list_free() */
    size_t count;
} cli_list;

typedef struct {
    const char *name; /* long name without dashes */
    cli_kind kind;
    void *value;          /* holds the default before parsing */
    const char *argument; /* "N", "FILE"; NULL for flags */
    const char *help;     /* one line; the default is added by the command where it says more than the value */
    double least, most;   /* range of CLI_COUNT and CLI_REAL; both 0: any */
    char letter;          /* short form, or 0 */
    bool given;           /* set when it was on the command line */
} cli_option;

typedef struct {
    const char *name;     /* "train" */
    const char *synopsis; /* "TEXT... -o DIR" */
    const char *summary;  /* one line, for the list of commands */
    const char *details;  /* paragraphs for --help, or NULL */
    const char *examples; /* lines for --help */
    int (*run)(int argc, char **argv);
} cli_command;

/* Parses argv[1..] (argv[0] is the command's name). Options and operands may be mixed;
 * "--name=value", "--name value", "-x value" and "--" are understood. --help prints the
 * command's help. `operands` receives what is not an option.
 * Returns -1 to go on, or the exit status to leave with (0 after --help, 2 after a mistake). */
int cli_parse(const cli_command *command, cli_option *options, size_t count, int argc, char **argv, cli_list *operands);

void cli_list_free(cli_list *list);

/* Prints "dogberry COMMAND: MESSAGE" in one line on stderr. Returns 1, the exit status. */
int cli_failed(const cli_command *command, const char *message);

/* The same for mistakes in the command line, with a pointer to --help. Returns 2. */
int cli_misused(const cli_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Every subcommand, ending with an empty record. */
extern const cli_command *const cli_commands[];

#endif
