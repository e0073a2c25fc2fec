/*
 * The command `dogberry`: finds the subcommand and runs it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dogberry.h"
#include "nn/cpu.h"
#include "options.h"

static void print_commands(FILE *stream)
{
    fprintf(stream,
            "Dogberry %s: from your text to a language model that talks from a microcontroller.\n\n"
            "Usage: dogberry COMMAND [OPTION...]\n\nCommands:\n",
            DOGBERRY_VERSION);
    for (size_t i = 0; cli_commands[i]; i++)
        fprintf(stream, "  %-10s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    fprintf(stream, "\nStart with:\n"
                    "  dogberry corpus stories --bytes 1M -o stories.txt\n"
                    "  dogberry train stories.txt -o model\n"
                    "  dogberry pack model -o model.dog\n"
                    "  dogberry chat model.dog\n\n"
                    "`dogberry COMMAND --help` tells more.\n");
}

/* OpenBLAS picks its kernels while the program loads, and does not know every processor:
 * where the features of this one allow better ones, start again with the name in the
 * environment. A value the user has set stands. */
static void choose_blas_kernels(char **argv)
{
    const char *core = db_cpu_blas_core();
    if (!core || getenv("OPENBLAS_CORETYPE") || setenv("OPENBLAS_CORETYPE", core, 1) != 0)
        return;
    execv("/proc/self/exe", argv); /* comes back only where there is no such thing: then go on as is */
}

static bool needs_blas(const char *name)
{
    return strcmp(name, "train") == 0 || strcmp(name, "eval") == 0 || strcmp(name, "tune") == 0;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_DFL);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_commands(argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("dogberry %s (image format %d, kernels %s)\n", DOGBERRY_VERSION, DOGBERRY_FORMAT_VERSION,
               dogberry_kernels_best()->name);
        return 0;
    }
    for (size_t i = 0; cli_commands[i]; i++) {
        if (strcmp(argv[1], cli_commands[i]->name) != 0)
            continue;
        if (needs_blas(argv[1]))
            choose_blas_kernels(argv);
        int status = cli_commands[i]->run(argc - 1, argv + 1);
        if (fflush(stdout) != 0 || ferror(stdout)) {
            fprintf(stderr, "dogberry: cannot write the output: is the disk full?\n");
            return 1;
        }
        return status;
    }
    fprintf(stderr, "dogberry: there is no command '%s' (try: dogberry --help)\n", argv[1]);
    return 2;
}
