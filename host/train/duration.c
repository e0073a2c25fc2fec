/*
 * How long a run goes on, by steps, epochs, minutes or patience, and the learning rate on the way.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdbool.h>

#include "train/run.h"
#include "train/schedule.h"

uint64_t db_run_step_limit(const db_run *run)
{
    uint64_t limit = run->options->steps;
    if (run->options->epochs > 0) {
        const uint64_t by_epochs = (uint64_t)ceil(run->options->epochs * run->plan.windows);
        limit = limit == 0 || by_epochs < limit ? by_epochs : limit;
    }
    return limit;
}

void db_run_fix_steps(db_run *run, uint64_t steps)
{
    run->state.steps = steps;
    run->state.decay_start = db_schedule_decay_start(steps, run->options->decay);
}

uint64_t db_run_steps_by_minutes(const db_run *run)
{
    const db_run_state *s = &run->state;
    const double budget = run->options->minutes * 60;
    if (s->step < 5 || s->elapsed < fmin(2, 0.05 * budget)) {
        return 0;
    }
    const double reserve =
        s->evaluation_seconds * ((run->arrays.average != NULL ? 2 : 1) + (run->options->half ? 2 : 0));
    const double left = fmax(budget - s->elapsed - reserve, 0);
    return s->step + (uint64_t)(left * (double)s->step / s->elapsed);
}

/* With minutes: while the rate is constant nothing depends on how long the run will be. The plan is made at
 * the moment when the rate has to start down, and then only shortened if the machine has become slower. */
void db_run_plan_by_minutes(db_run *run)
{
    db_run_state *s = &run->state;
    const uint64_t limit = db_run_step_limit(run);
    uint64_t possible = db_run_steps_by_minutes(run);
    if (possible == 0) {
        return;
    }
    possible = limit > 0 && limit < possible ? limit : possible;
    if (s->steps == 0) {
        if (s->step >= db_schedule_decay_start(possible, run->options->decay)) {
            const uint64_t steps = (uint64_t)floor((double)s->step / (1 - run->options->decay));
            db_run_fix_steps(run, possible == limit ? limit : steps > s->step ? steps : s->step + 1);
        }
    } else if (possible < s->steps && (double)(s->steps - possible) > 0.02 * (double)s->steps) {
        if (!s->replanned) {
            db_run_note(run, "the machine is slower than at first: ending sooner, after fewer steps than planned");
        }
        s->steps = possible > s->step ? possible : s->step + 1;
        s->replanned = 1;
    }
}

double db_run_learning_rate(const db_run *run)
{
    const db_run_state *s = &run->state;
    return run->options->learning_rate * s->rate_factor *
           db_schedule_factor(run->options->schedule, s->step, s->steps, run->options->warmup, s->decay_start);
}

void db_run_lose_patience(db_run *run)
{
    db_run_state *s = &run->state;
    const db_train_options *o = run->options;
    if (o->patience == 0 || s->waits < o->patience) {
        return;
    }
    const bool constant = o->schedule == DB_SCHEDULE_TRAPEZOID && (s->steps == 0 || s->step < s->decay_start);
    const uint64_t short_end = (uint64_t)((double)s->step / fmax(1 - o->decay, 0.05));
    if (constant && o->decay > 0 && (s->steps == 0 || short_end < s->steps)) {
        db_run_note(run, "validation loss no longer falls: lowering the learning rate from here on");
        s->steps = short_end > s->step ? short_end : s->step + 1;
        s->decay_start = s->step;
        s->waits = 0;
    } else {
        db_run_note(run, "validation loss no longer falls: stopping");
        s->ended = 1;
        s->end = DB_TRAIN_PATIENCE;
    }
}
