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
#include "text/tales.h"

/* Makes the text of that name. Returns false where there is none. */
static bool make(const char *name, unsigned long tokens, char **text, size_t *length, size_t bytes, uint64_t seed)
{
    if (strcmp(name, "stories") == 0)
        db_stories_make(text, length, bytes, seed);
    else if (strcmp(name, "chat") == 0)
        db_chat_make(text, length, bytes, seed);
    else if (strcmp(name, "tales") == 0)
        db_tales_make(text, length, bytes, seed,
                      tokens >= DB_TALES_128  ? DB_TALES_128
                      : tokens >= DB_TALES_96 ? DB_TALES_96
                                              : DB_TALES_64);
    else
        return false;
    return true;
}

static int run(int argc, char **argv)
{
    unsigned long bytes = 1000000, seed = 1, tokens = DB_TALES_64;
    const char *output = NULL;
    /* clang-format off */
    cli_option options[] = {
        {.name = "bytes", .letter = 'b', .kind = CLI_COUNT, .value = &bytes, .argument = "N", .least = 1, .most = 1e9,
         .help = "make at least so much; k, M and G count thousands"},
        {.name = "seed", .letter = 's', .kind = CLI_COUNT, .value = &seed, .argument = "N",
         .help = "same seed, same text"},
        {.name = "tokens", .letter = 't', .kind = CLI_COUNT, .value = &tokens, .argument = "N", .least = DB_TALES_64,
         .most = 65535, .help = "tales: words and marks there may be; levels are 64, 96 and 128"},
        {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = &output, .argument = "FILE",
         .help = "where to write (standard output if not given)"},
    };
    /* clang-format on */
    cli_list operands = {0};
    int status = cli_parse(&cli_corpus, options, sizeof options / sizeof *options, argc, argv, &operands);
    char *text = NULL;
    size_t length = 0;
    db_error error;
    if (status < 0 && (operands.count != 1 || !make(operands.items[0], tokens, &text, &length, bytes, seed)))
        status = cli_misused(&cli_corpus, "say which: stories, chat or tales");
    cli_list_free(&operands);
    if (status >= 0)
        return status;

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
    .synopsis = "stories|chat|tales [--bytes N] [--seed S] [-o FILE]",
    .summary = "write simple stories, small talk or tiny tales to train on",
    .details = "All of them are made by a grammar that is part of this program. Tales have so few different\n"
               "words that a model of 1300 weights learns them, with a token for each word. Documents are\n"
               "separated by a line \"<|endoftext|>\", which `dogberry train` understands.",
    .examples = "  dogberry corpus stories --bytes 2M -o stories.txt\n  dogberry corpus chat --bytes 500k --seed 7 -o "
                "chat.txt\n"
                "  dogberry corpus tales -o tales.txt && dogberry train tales.txt --preset story-1k --tokenizer word",
    .run = run,
};
