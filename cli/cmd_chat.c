/*
 * dogberry chat: the board's console on a PC. Lines in, words out; the context carries
 * on from line to line, and the same lines give the same words as on the board.
 *
 * SPDX-License-Identifier: MIT
 */
#include <histedit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "image_file.h"
#include "progress.h"

enum { OWN_OPTIONS = 2 };

typedef struct {
    cli_image file;
    unsigned long length, seed;
} conversation;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void print_info(const conversation *talk)
{
    const dogberry_image *image = &talk->file.image;
    printf("%s: %u parameters, %u bytes of flash, %zu bytes of RAM, vocabulary %u, seed %lu, ", image->name,
           image->parameters, image->length, talk->file.arena_bytes, image->vocab, talk->seed);
    cli_sampling_print(&talk->file.sampling);
    putchar('\n');
}

static bool show(void *context, const char *piece, size_t bytes)
{
    (void)context;
    fwrite(piece, 1, bytes, stdout);
    fflush(stdout);
    return !interrupted;
}

static void answer(conversation *talk, const char *line)
{
    bool colour = cli_colour(1);
    double started = cli_now();
    interrupted = 0;
    unsigned long tokens = cli_reply(&talk->file, line, talk->length, show, NULL);
    double seconds = cli_now() - started;
    printf("\n%s[%lu tokens, %.0f tokens/s, seed %lu, digest %08x]%s\n", colour ? "\033[2m" : "", tokens,
           seconds > 0 ? (double)tokens / seconds : 0, talk->seed, dogberry_digest(talk->file.session),
           colour ? "\033[0m" : "");
}

/* "/name value": reads the value as a number in [0, most]. Says so and returns false when it is not one. */
static bool command_number(const char *text, double most, double *value)
{
    char *end;
    *value = strtod(text, &end);
    if (end != text && *end == 0 && *value >= 0 && *value <= most)
        return true;
    printf("that takes a number from 0 to %g\n", most);
    return false;
}

/* "/temp 0.8" and the like. Returns false for other commands. */
static bool obey_setting(conversation *talk, const char *line)
{
    dogberry_sampling *sampling = &talk->file.sampling;
    const struct {
        const char *name;
        uint32_t *value;
        double scale, most;
    } settings[] = {
        {"/temp ", &sampling->temperature, 1000, DOGBERRY_TEMPERATURE_MAX / 1000.0},
        {"/top-k ", &sampling->top_k, 1, DOGBERRY_TOP_K_MAX},
        {"/top-p ", &sampling->top_p, 1000, 1},
        {"/min-p ", &sampling->min_p, 1000, 1},
        {"/repeat ", &sampling->repeat_penalty, 1000, DOGBERRY_PENALTY_MAX / 1000.0},
        {"/no-repeat ", &sampling->no_repeat, 1, DOGBERRY_NGRAM_MAX},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const size_t bytes = strlen(settings[i].name);
        double value;
        if (strncmp(line, settings[i].name, bytes) != 0)
            continue;
        if (command_number(line + bytes, settings[i].most, &value)) {
            *settings[i].value = (uint32_t)(value * settings[i].scale + 0.5);
            dogberry_set_sampling(talk->file.session, sampling);
        }
        return true;
    }
    return false;
}

/* Returns false when the conversation is over. */
static bool obey(conversation *talk, const char *line)
{
    double value;
    if (strcmp(line, "/quit") == 0 || strcmp(line, "/exit") == 0)
        return false;
    if (strcmp(line, "/info") == 0) {
        print_info(talk);
    } else if (strcmp(line, "/reset") == 0) {
        dogberry_reset(talk->file.session, (uint32_t)talk->seed);
    } else if (strncmp(line, "/seed ", 6) == 0) {
        if (command_number(line + 6, 4294967295.0, &value)) {
            talk->seed = (unsigned long)value;
            dogberry_reset(talk->file.session, (uint32_t)talk->seed);
        }
    } else if (strncmp(line, "/length ", 8) == 0) {
        if (command_number(line + 8, 100000, &value) && value >= 1)
            talk->length = (unsigned long)value;
    } else if (!obey_setting(talk, line)) {
        printf("/info  /seed N  /reset  /temp X  /top-k N  /top-p P  /min-p P  /repeat X  /no-repeat N  /length N  "
               "/quit; anything else is a prompt\n");
    }
    return true;
}

static bool handle(conversation *talk, const char *line)
{
    if (line[0] == '/')
        return obey(talk, line);
    answer(talk, line);
    return true;
}

static char *prompt(EditLine *editor)
{
    (void)editor;
    static char text[] = "> ";
    return text;
}

/* A person at a terminal: line editing and history from libedit. */
static void converse_at_terminal(conversation *talk)
{
    EditLine *editor = el_init("dogberry", stdin, stdout, stderr);
    History *past = history_init();
    HistEvent event;
    history(past, &event, H_SETSIZE, 200);
    el_set(editor, EL_PROMPT, prompt);
    el_set(editor, EL_EDITOR, "emacs");
    el_set(editor, EL_SIGNAL, 1);
    el_set(editor, EL_HIST, history, past);
    printf("%s. /help tells the commands; Ctrl-C stops a reply, Ctrl-D leaves.\n", talk->file.image.name);
    for (;;) {
        int count;
        const char *typed = el_gets(editor, &count);
        if (!typed || count <= 0) {
            if (interrupted) {
                interrupted = 0;
                putchar('\n');
                continue;
            }
            break;
        }
        char *line = strndup(typed, strcspn(typed, "\r\n"));
        history(past, &event, H_ENTER, line);
        bool more = handle(talk, line);
        free(line);
        if (!more)
            break;
    }
    history_end(past);
    el_end(editor);
}

/* Lines from a file or a pipe. */
static void converse_by_lines(conversation *talk)
{
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        line[strcspn(line, "\r\n")] = 0;
        if (!handle(talk, line))
            break;
    }
    free(line);
}

static int run(int argc, char **argv)
{
    conversation talk = {.length = 40, .seed = 1};
    cli_sampling sampling = {0};
    /* clang-format off */
    cli_option options[OWN_OPTIONS + CLI_SAMPLING_OPTIONS] = {
        {.name = "seed", .letter = 's', .kind = CLI_COUNT, .value = &talk.seed, .argument = "N", .most = 4294967295.0,
         .help = "same seed and lines, same words"},
        {.name = "length", .letter = 'n', .kind = CLI_COUNT, .value = &talk.length, .argument = "N", .least = 1,
         .most = 1e9, .help = "at most so many tokens a reply"},
    };
    /* clang-format on */
    cli_sampling_options(options + OWN_OPTIONS, &sampling);
    cli_list operands = {0};
    int status = cli_parse(&cli_chat, options, sizeof options / sizeof *options, argc, argv, &operands);
    if (status < 0 && operands.count != 1)
        status = cli_misused(&cli_chat, "give one image");
    if (status >= 0) {
        cli_sampling_free(&sampling);
        cli_list_free(&operands);
        return status;
    }
    db_error error;
    status = 1;
    if (cli_image_open(&talk.file, operands.items[0], &error) ||
        cli_session_start(&talk.file, &sampling, talk.seed, &error)) {
        cli_failed(&cli_chat, error.message);
    } else {
        sigaction(SIGINT, &(struct sigaction){.sa_handler = on_interrupt}, NULL);
        if (isatty(0) && isatty(1))
            converse_at_terminal(&talk);
        else
            converse_by_lines(&talk);
        status = 0;
    }
    cli_image_close(&talk.file);
    cli_sampling_free(&sampling);
    cli_list_free(&operands);
    return status;
}

const cli_command cli_chat = {
    .name = "chat",
    .synopsis = "IMAGE",
    .summary = "talk with an image, as at the board's console",
    .details = "Each line goes on where the last reply ended; /reset begins anew. The board's console\n"
               "knows the same commands and, given the same lines, says the same words.",
    .examples = "  dogberry chat model.dog\n  echo \"who goes there\" | dogberry chat model.dog --seed 3",
    .run = run,
};
