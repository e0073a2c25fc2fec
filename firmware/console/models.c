/*
 * The list of models, and the one in use.
 * SPDX-License-Identifier: MIT
 */
#include "models.h"

#define NO_MODEL UINT32_MAX

static void copy_name(char *to, const char *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = from[i];
}

static void note(struct console *console, const dogberry_place *place)
{
    struct console_model *model = &console->models[console->model_count];
    const dogberry_image *image = &console->image;

    if (console->model_count == CONSOLE_MODELS) {
        console->models_left_out++;
        return;
    }
    console->model_count++;
    *model = (struct console_model){.place = (uint32_t)place->offset, .status = place->status};
    if (place->status != DOGBERRY_OK)
        return;
    model->length = image->length;
    model->parameters = image->parameters;
    model->session_bytes = (uint32_t)dogberry_session_bytes(image);
    if (model->session_bytes > console->board->arena_bytes)
        model->status = DOGBERRY_ERR_ARENA;
    copy_name(model->name, image->name, sizeof model->name);
}

static uint32_t rounded_up(size_t end)
{
    return (uint32_t)((end + DOGBERRY_STORE_ALIGNMENT - 1) / DOGBERRY_STORE_ALIGNMENT * DOGBERRY_STORE_ALIGNMENT);
}

void models_scan(struct console *console)
{
    const struct console_board *board = console->board;
    dogberry_place place;
    size_t cursor = 0;

    console->model_count = console->models_left_out = console->store_end = 0;
    while (dogberry_store_next(board->store, board->store_bytes, &cursor, &console->image, &place) > 0) {
        note(console, &place);
        console->store_end = rounded_up(place.offset + (place.length > 0 ? place.length : 1));
    }
}

/* Where the model is to be opened: in the store, or if it is wanted and there is room, as a copy behind its session. */
static const uint8_t *place_of(const struct console *console, const struct console_model *model)
{
    const struct console_board *board = console->board;
    const uint8_t *stored = (const uint8_t *)board->store + model->place;
    uintptr_t end = (uintptr_t)board->arena + board->arena_bytes;
    uintptr_t after = (uintptr_t)board->arena + model->session_bytes, last = DOGBERRY_IMAGE_ALIGNMENT - 1;
    uint8_t *copy = (uint8_t *)((after + last) & ~last);

    if (!console->copy || (uintptr_t)copy > end || model->length > end - (uintptr_t)copy)
        return stored;
    __builtin_memcpy(copy, stored, model->length);
    return copy;
}

bool models_is_copy(const struct console *console)
{
    const uint8_t *arena = console->board->arena;

    return console->session && console->image.source.bytes >= arena &&
           console->image.source.bytes < arena + console->board->arena_bytes;
}

/* Opens a model that the list says can be used. Flash has not changed since, so this does not fail; if it does, there
 * is no session. */
static void use(struct console *console, uint32_t index)
{
    const struct console_board *board = console->board;
    const struct console_model *model = &console->models[index];
    const uint8_t *bytes;

    console->session = NULL;
    console->current = index;
    console->token_micros = 0;
    console_working(console, true);
    bytes = place_of(console, model);
    if (dogberry_open(&console->image, bytes, model->length) == DOGBERRY_OK) {
        if (board->kernels)
            console->image.kernels = board->kernels[0];
        console->golden = DOGBERRY_OK;
        if (console->image.golden.tokens > 0)
            console->golden = dogberry_verify(&console->image, board->arena, board->arena_bytes);
        if (dogberry_start(&console->session, &console->image, board->arena, board->arena_bytes) != DOGBERRY_OK)
            console->session = NULL;
    }
    if (console->session) {
        console->sampling = console->image.sampling;
        dogberry_reset(console->session, console->seed);
    }
    console_working(console, false);
}

static bool hung(const struct console *console, const struct console_model *model)
{
    return console->board->restarted && model->place == console->board->hung_place;
}

void models_use_first(struct console *console)
{
    uint32_t i = 0;

    while (i < console->model_count && (console->models[i].status != DOGBERRY_OK || hung(console, &console->models[i])))
        i++;
    if (i < console->model_count)
        use(console, i);
}

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* The first model of that name that can be used, or else the first one of that name; counts all. */
static uint32_t find_name(const struct console *console, const char *name, uint32_t *count)
{
    uint32_t found = NO_MODEL;

    *count = 0;
    for (uint32_t i = 0; i < console->model_count; i++) {
        const struct console_model *model = &console->models[i];

        if (model->length == 0 || !same(model->name, name))
            continue;
        ++*count;
        if (found == NO_MODEL || (console->models[found].status != DOGBERRY_OK && model->status == DOGBERRY_OK))
            found = i;
    }
    return found;
}

static void put_amount(console_write write, const char *before, uint32_t number, const char *after)
{
    text_put(write, before);
    text_put_number(write, number);
    text_put(write, after);
}

/* The reason without the place. */
static void put_reason(const struct console *console, const struct console_model *model)
{
    console_write write = console->port->write;

    text_put(write, dogberry_status_name(model->status));
    put_amount(write, " at flash offset ", console->board->store_offset + model->place, "");
    if (model->status == DOGBERRY_ERR_ARENA) {
        put_amount(write, "; it needs ", model->session_bytes, " bytes of RAM");
        put_amount(write, ", there are ", console->board->arena_bytes, "");
    }
}

void models_use(struct console *console, const char *argument)
{
    console_write write = console->port->write;
    uint32_t count, number, index;

    while (*argument == ' ')
        argument++;
    index = find_name(console, argument, &count);
    if (index == NO_MODEL && text_number(argument, 0, &number) && number >= 1 && number <= console->model_count)
        index = number - 1;
    if (index == NO_MODEL) {
        text_put(write, "/use takes a name or a number of those that /models lists, as /use 1\n");
        return;
    }
    if (console->models[index].status != DOGBERRY_OK) {
        text_put(write, "it cannot be used: ");
        put_reason(console, &console->models[index]);
        text_put(write, "\n");
        return;
    }
    use(console, index);
    if (!console->session) {
        models_put_problem(console);
        return;
    }
    text_put(write, "model ");
    text_put(write, console->image.name);
    put_amount(write, ", number ", index + 1, "");
    put_amount(write, ", seed ", console->seed, "\n");
    if (count > 1)
        put_amount(write, "", count, " models have this name; /use NUMBER chooses another one\n");
    models_put_golden(console);
}

void models_set_copy(struct console *console, const char *argument)
{
    uint32_t wanted;

    if (!console->board->copies || !text_number(argument, 0, &wanted) || wanted > 1) {
        text_put(console->port->write,
                 console->board->copies ? "/copy takes 1 or 0\n" : "this board reads models in place\n");
        return;
    }
    console->copy = wanted;
    if (console->session)
        use(console, console->current);
    text_put(console->port->write,
             models_is_copy(console) ? "the model runs from RAM\n" : "the model runs from flash\n");
}

void models_put_golden(const struct console *console)
{
    console_write write = console->port->write;

    if (console->image.golden.tokens == 0) {
        text_put(write, "no golden vector\n");
    } else if (console->golden == DOGBERRY_OK) {
        text_put(write, "golden vector ok\n");
    } else {
        text_put(write, "golden vector FAILED (");
        text_put(write, dogberry_status_name(console->golden));
        text_put(write, "): this board's words are not the PC's\n");
    }
}

void models_put_list(const struct console *console)
{
    console_write write = console->port->write;
    uint32_t store_bytes = console->board->store_bytes;

    for (uint32_t i = 0; i < console->model_count; i++) {
        const struct console_model *model = &console->models[i];
        bool used = console->session && i == console->current;

        put_amount(write, used ? "* " : "  ", i + 1, " ");
        if (model->length > 0) {
            text_put(write, model->name);
            put_amount(write, ": ", model->parameters, " parameters");
            put_amount(write, ", ", model->length, " bytes");
            put_amount(write, " in slot ", model->place / DOGBERRY_STORE_ALIGNMENT, "");
            put_amount(write, ", RAM ", model->session_bytes, "; ");
        } else {
            put_amount(write, "(damaged, in slot ", model->place / DOGBERRY_STORE_ALIGNMENT, "): ");
        }
        if (model->status != DOGBERRY_OK)
            put_reason(console, model);
        else if (used)
            text_put(write, "in use");
        else
            text_put(write, hung(console, model) ? "the board hung with it; /use tries again" : "ok");
        text_put(write, "\n");
    }
    if (console->models_left_out > 0)
        put_amount(write, "and ", console->models_left_out, " more that this list has no room for\n");
    put_amount(write, "free: ", store_bytes - console->store_end, " bytes");
    put_amount(write, ", from slot ", console->store_end / DOGBERRY_STORE_ALIGNMENT, " on\n");
}

void models_put_skipped(const struct console *console)
{
    console_write write = console->port->write;

    for (uint32_t i = 0; i < console->model_count; i++) {
        const struct console_model *model = &console->models[i];

        if (model->status == DOGBERRY_OK)
            continue;
        put_amount(write, "skipped model ", i + 1, ": ");
        put_reason(console, model);
        text_put(write, "\n");
    }
}

void models_put_problem(const struct console *console)
{
    console_write write = console->port->write;

    if (console->model_count == 0) {
        const struct console_model none = {.status = DOGBERRY_ERR_MAGIC};

        text_put(write, "no model: ");
        put_reason(console, &none);
    } else if (console->models[0].status == DOGBERRY_OK) {
        text_put(write, "no model in use; /models lists them, /use NAME takes one");
    } else {
        text_put(write, "the model cannot be used: ");
        put_reason(console, &console->models[0]);
    }
    text_put(write, "\nflash one: dogberry export MODEL.dog --to uf2 -o MODEL.uf2, then copy MODEL.uf2 to the board\n");
}
