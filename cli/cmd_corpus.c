/*
 * dogberry corpus: text from the built-in generators, so that nothing has to be downloaded.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "commands.h"
#include "text/chat.h"
#include "text/stories.h"

static int run(int argc, char **argv)
{
    unsigned long bytes = 1000000, seed = 1;
    const char *output = NULL;
    /* clang-format off */
    cli_option options[] = {
        {.name = "bytes", .letter = 'b', .kind = CLI_COUNT, .value = &bytes, .argument = "N", .least = 1, .most = 1e9,
         .help = "make at least so much; k, M and G count thousands"},
        {.name = "seed", .letter = 's', .kind = CLI_COUNT, .value = &seed, .argument = "N",
         .help = "same seed, same text"},
        {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = &output, .argument = "FILE",
         .help = "where to write (standard output if not given)"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_corpus, options, sizeof options / sizeof *options, argc, argv, &operands);
    bool stories = operands.count == 1 && strcmp(operands.items[0], "stories") == 0;
    bool chat = operands.count == 1 && strcmp(operands.items[0], "chat") == 0;
    if (status < 0 && !stories && !chat)
        status = cli_misused(&cli_corpus, "say which: stories or chat");
    cli_list_free(&operands);
    if (status >= 0)
        return status;

    char *text;
    size_t length;
    db_error error;
    if (stories)
        db_stories_make(&text, &length, bytes, seed);
    else
        db_chat_make(&text, &length, bytes, seed);
    status = 0;
    if (!output)
        fwrite(text, 1, length, stdout);
    else if (db_file_write(output, text, length, &error))
        status = cli_failed(&cli_corpus, error.message);
    free(text);
    return status;
}

const cli_command cli_corpus = {
    .name = "corpus",
    .synopsis = "stories|chat [--bytes N] [--seed S] [-o FILE]",
    .summary = "write simple stories or small talk to train on",
    .details = "The stories and dialogues are made by a grammar that is part of this program. Documents are\n"
               "separated by a line \"<|endoftext|>\", which `dogberry train` understands.",
    .examples =
        "  dogberry corpus stories --bytes 2M -o stories.txt\n  dogberry corpus chat --bytes 500k --seed 7 -o chat.txt",
    .run = run,
};
