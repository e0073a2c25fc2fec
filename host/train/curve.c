/*
 * curve.svg: training and validation loss against epochs.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdbool.h>

#include "base/file.h"
#include "train/history.h"

enum { WIDTH = 720, HEIGHT = 420, LEFT = 64, RIGHT = 24, TOP = 44, BOTTOM = 52 };

/* Grey and saturated middle tones: both read well on white and on black. */
#define INK "#808080"
#define TRAIN "#d97706"
#define VALIDATION "#2f86eb"

typedef struct {
    double x0, x1, y0, y1; /* data at the plot's edges */
} frame;

static double place_x(const frame *f, double x)
{
    return LEFT + (x - f->x0) / (f->x1 - f->x0) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const frame *f, double y)
{
    return TOP + (f->y1 - y) / (f->y1 - f->y0) * (HEIGHT - TOP - BOTTOM);
}

/* A step of 1, 2 or 5 times a power of ten that cuts `span` into at most `most` parts. */
static double tick_step(double span, int most)
{
    const double raw = span / most, power = pow(10, floor(log10(raw)));
    const double lead = raw / power;
    return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

static void include(double value, double *low, double *high)
{
    if (isfinite(value)) {
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
}

static frame find_frame(const db_history *history)
{
    double low = INFINITY, high = -INFINITY, last = 0;
    for (size_t i = 0; i < history->count; i++) {
        include(history->records[i].train_loss, &low, &high);
        include(history->records[i].validation_loss, &low, &high);
        last = fmax(last, history->records[i].epoch);
    }
    if (!(low <= high)) {
        low = 0;
        high = 1;
    }
    const double margin = fmax(0.05 * (high - low), 0.01);
    return (frame){0, last > 0 ? last : 1, low - margin, high + margin};
}

static void draw_axes(db_output *out, const frame *f)
{
    const double dx = tick_step(f->x1 - f->x0, 8), dy = tick_step(f->y1 - f->y0, 6);
    for (double y = ceil(f->y0 / dy) * dy; y <= f->y1; y += dy) {
        const double at = place_y(f, y);
        db_output_printf(out, "<path d=\"M%d %.1fH%d\" stroke=\"" INK "\" stroke-opacity=\"0.3\"/>\n", LEFT, at,
                         WIDTH - RIGHT);
        db_output_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>\n", LEFT - 8, at + 4, y);
    }
    for (double x = 0; x <= f->x1 * 1.0001; x += dx) {
        const double at = place_x(f, x);
        db_output_printf(out, "<path d=\"M%.1f %dv5\" stroke=\"" INK "\"/>\n", at, HEIGHT - BOTTOM);
        db_output_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.3g</text>\n", at,
                         HEIGHT - BOTTOM + 20, x);
    }
    db_output_printf(out, "<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"" INK "\"/>\n", LEFT, TOP, HEIGHT - BOTTOM,
                     WIDTH - RIGHT);
    db_output_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">epochs</text>\n", (LEFT + WIDTH - RIGHT) / 2,
                     HEIGHT - 12);
    db_output_printf(out,
                     "<text x=\"16\" y=\"%d\" text-anchor=\"middle\" transform=\"rotate(-90 16 %d)\">"
                     "loss, nats per token</text>\n",
                     (TOP + HEIGHT - BOTTOM) / 2, (TOP + HEIGHT - BOTTOM) / 2);
}

static void draw_line(db_output *out, const frame *f, const db_history *history, bool validation, const char *colour)
{
    bool begun = false;
    db_output_printf(out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"2.5\" stroke-linejoin=\"round\" d=\"",
                     colour);
    for (size_t i = 0; i < history->count; i++) {
        const db_history_record *r = &history->records[i];
        const double y = validation ? r->validation_loss : r->train_loss;
        if (isfinite(y)) {
            db_output_printf(out, "%s%.1f %.1f", begun ? "L" : "M", place_x(f, r->epoch), place_y(f, y));
            begun = true;
        }
    }
    db_output_printf(out, "%s\"/>\n", begun ? "" : "M0 0");
}

static void draw_key(db_output *out, int x, const char *colour, const char *words)
{
    db_output_printf(out, "<path d=\"M%d 24h24\" stroke=\"%s\" stroke-width=\"2.5\"/>\n", x, colour);
    db_output_printf(out, "<text x=\"%d\" y=\"28\">%s</text>\n", x + 32, words);
}

int db_curve_write(const db_history *history, const char *path, db_error *error)
{
    db_output out;
    if (db_output_open(&out, path, error)) {
        return -1;
    }
    const frame f = find_frame(history);
    db_output_printf(&out,
                     "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                     "font-family=\"sans-serif\" font-size=\"13\" fill=\"" INK "\">\n"
                     "<title>Loss during training</title>\n",
                     WIDTH, HEIGHT, WIDTH, HEIGHT);
    draw_axes(&out, &f);
    draw_line(&out, &f, history, false, TRAIN);
    draw_line(&out, &f, history, true, VALIDATION);
    draw_key(&out, LEFT, TRAIN, "training (with dropout)");
    draw_key(&out, LEFT + 220, VALIDATION, "validation");
    db_output_printf(&out, "</svg>\n");
    return db_output_commit(&out, error);
}
