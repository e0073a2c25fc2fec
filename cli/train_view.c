/* SPDX-License-Identifier: MIT */
#include "train_view.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>

#include "train/evaluate.h"

enum { SAMPLE_TOKENS = 40, BASE_EVERY = 10 };
static const double SAMPLE_TEMPERATURE = 0.7;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static int show_progress(void *user, const db_train_progress *now)
{
    cli_train_view *view = user;
    view->moved = true;
    if (view->silent)
        return interrupted;
    char note[64];
    snprintf(note, sizeof note, "epoch %.1f  loss %.3f", now->epoch, now->train_loss);
    double done = now->steps ? (double)now->step : now->elapsed;
    double total = now->steps ? (double)now->steps : now->elapsed + now->remaining;
    cli_progress_update(&view->bar, done, total, now->words_per_second, "words/s", note, now->remaining);
    return interrupted;
}

static void print_sample(const cli_train_view *view, const float *parameters)
{
    uint16_t ids[SAMPLE_TOKENS];
    size_t count = db_train_sample(view->config, parameters, &view->special, view->tokenizer->view.unknown, NULL, 0,
                                   SAMPLE_TEMPERATURE, view->seed + view->evaluations, ids, SAMPLE_TOKENS);
    dogberry_decoder decoder = {0};
    fputs("    ", stdout);
    for (size_t i = 0; i < count; i++) {
        char piece[DOGBERRY_PIECE_MAX];
        if (dogberry_decode(&view->tokenizer->view, &decoder, ids[i], piece, sizeof piece) < 0)
            continue;
        for (const char *c = piece; *c; c++) /* a sample stays on its one line */
            if (*c != '\n')
                putchar(*c);
            else if (c == piece)
                fputs(" /", stdout);
    }
    putchar('\n');
}

/* The base's loss too, but no more often than every ten times as long as it takes: evaluations of a short text come
 * fast. */
static void print_base_loss(cli_train_view *view, const float *parameters)
{
    const double start = cli_now();
    if (!view->base || view->base->count == 0 || start - view->base_at < BASE_EVERY * view->base_cost)
        return;
    db_loss loss = db_evaluate_quickly(view->config, parameters, view->base, view->threads);
    view->base_at = cli_now();
    view->base_cost = view->base_at - start;
    double mean = loss.nats / (double)loss.tokens;
    printf("  base %.3f (perplexity %.1f)", mean, exp(mean));
}

static void print_losses(cli_train_view *view, const db_train_progress *now, const float *parameters)
{
    if (!isnan(now->validation_loss))
        printf("  %s %.3f (perplexity %.1f)%s", view->base ? "persona" : "held out", now->validation_loss,
               exp(now->validation_loss), now->best_step == now->step ? "  best" : "");
    print_base_loss(view, parameters);
}

static void show_evaluation(void *user, const db_train_progress *now, const float *parameters)
{
    cli_train_view *view = user;
    char elapsed[24];
    view->fall = view->evaluations++ ? view->last_loss - now->validation_loss : INFINITY;
    view->last_loss = now->validation_loss;
    view->moved = true;
    if (view->silent)
        return;
    cli_progress_clear(&view->bar);
    printf("epoch %5.1f  %8s  training %.3f", now->epoch, cli_duration(now->elapsed, elapsed), now->train_loss);
    print_losses(view, now, parameters);
    printf("  %.0f words/s\n", now->words_per_second);
    if (view->samples)
        print_sample(view, parameters);
    fflush(stdout);
}

static void show_note(void *user, const char *line)
{
    cli_train_view *view = user;
    bool said = !db_advice_add(view->notes, "%s", line);
    if (view->silent || said)
        return;
    cli_progress_clear(&view->bar);
    printf("note: %s\n", line);
    fflush(stdout);
}

static void handle_signals(const struct sigaction *action)
{
    sigaction(SIGINT, action, NULL);
    sigaction(SIGTERM, action, NULL);
}

db_train_callbacks cli_train_view_start(cli_train_view *view)
{
    interrupted = 0;
    handle_signals(&(struct sigaction){.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND});
    if (!view->silent)
        cli_progress_start(&view->bar, "training");
    return (db_train_callbacks){
        .user = view, .progress = show_progress, .evaluated = show_evaluation, .note = show_note};
}

void cli_train_view_end(cli_train_view *view)
{
    if (!view->silent)
        cli_progress_clear(&view->bar);
    handle_signals(&(struct sigaction){.sa_handler = SIG_DFL});
}
