/*
 * The console over a store of several models, on the PC: a board made of arrays.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console.h"
#include "tiny_image.h"

enum { SECTOR = DOGBERRY_STORE_ALIGNMENT, SLOTS = 64, ARENA = 64 * 1024, STORE_OFFSET = 1000000 };

static uint8_t *store; /* SLOTS sectors */
static uint64_t arena[ARENA / 8];
static struct console console;
static char said[65536];
static size_t said_length;
static const char *typed;
static uint32_t clock_micros, worked_on;

static int read_typed(void)
{
    return *typed ? (uint8_t)*typed++ : -1;
}

static void write_said(const char *bytes, size_t length)
{
    assert_true(said_length + length < sizeof said);
    memcpy(said + said_length, bytes, length);
    said_length += length;
    said[said_length] = 0;
}

static bool not_interrupted(void)
{
    return false;
}

static void discard(void)
{
    typed = "";
}

static uint32_t micros(void)
{
    return clock_micros += 100;
}

static uint32_t stack_peak(void)
{
    return 0;
}

static void working(uint32_t place)
{
    worked_on = place;
}

static void flash_reads(uint32_t *reads, uint32_t *hits)
{
    *reads = 3200;
    *hits = 1600;
}

static const struct console_port port = {read_typed, write_said, not_interrupted, discard,
                                         micros,     stack_peak, working,         flash_reads};

/* Slow on purpose under another name: /bench shows both. */
static dogberry_kernels other_kernels;
static const dogberry_kernels *const kernels[] = {&dogberry_kernels_ref, &other_kernels, NULL};

static struct console_board board;

static int setup(void **state)
{
    (void)state;
    store = aligned_alloc(SECTOR, (size_t)SLOTS * SECTOR);
    if (!store)
        return -1;
    memset(store, 0xFF, (size_t)SLOTS * SECTOR);
    other_kernels = dogberry_kernels_ref;
    other_kernels.name = "other";
    board = (struct console_board){.name = "array",
                                   .store = store,
                                   .store_offset = STORE_OFFSET,
                                   .store_bytes = SLOTS * SECTOR,
                                   .arena = arena,
                                   .arena_bytes = ARENA,
                                   .clock_hz = 125000000,
                                   .kernels = kernels,
                                   .hung_place = CONSOLE_IDLE};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(store);
    return 0;
}

/* Puts a model of that name into a slot; returns the slot behind it. */
static uint32_t put_config(uint32_t slot, const char *name, const tiny_config *config)
{
    size_t length;
    uint8_t *bytes = tiny_build(config, &length);
    memset(bytes + 96, 0, 32);
    strcpy((char *)bytes + 96, name);
    tiny_set_golden(bytes, "the usa", 5, 10);
    memcpy(store + (size_t)slot * SECTOR, bytes, length);
    free(bytes);
    return slot + (uint32_t)((length + SECTOR - 1) / SECTOR);
}

/* The same for an LSTM of that size. */
static uint32_t put_model(uint32_t slot, const char *name, uint32_t hidden)
{
    tiny_config config = tiny_default();
    config.hidden = hidden;
    config.seed = hidden;
    return put_config(slot, name, &config);
}

static const char *boot(void)
{
    said_length = 0;
    console_start(&console, &port, &board);
    console_greet(&console);
    assert_int_equal(worked_on, CONSOLE_IDLE);
    return said;
}

static const char *type(const char *line)
{
    said_length = 0;
    said[0] = 0;
    typed = line;
    console_poll(&console);
    return said;
}

static void expect(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in:\n%s", part, text);
}

static void expect_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("there is \"%s\" in:\n%s", part, text);
}

static void models_are_listed_and_switched(void **state)
{
    (void)state;
    uint32_t second = put_model(0, "one", 16);
    uint32_t third = put_model(second, "two", 40);
    put_model(third, "three", 24);
    const char *greeting = boot();
    expect(greeting, "3 models, ");
    expect(greeting, "model one: ");
    expect(greeting, "golden vector ok");
    const char *list = type("/models\r");
    expect(list, "* 1 one: ");
    expect(list, "  2 two: ");
    expect(list, "  3 three: ");
    expect(list, "in use");
    char first[sizeof said];
    strcpy(first, type("the usa\r"));
    expect(first, "digest");
    expect(type("/use two\r"), "model two, number 2, seed 1\r\ngolden vector ok");
    assert_string_not_equal(type("the usa\r"), first);
    expect(type("/use 1\r"), "model one, number 1");
    assert_string_equal(strstr(type("the usa\r"), "digest"), strstr(first, "digest")); /* it starts over */
    expect(type("/info\r"), "us a token");
    type("/use two\r");
    expect_not(type("/info\r"), "us a token"); /* that was another model's */
    type("/use 1\r");
    expect(type("/use four\r"), "/use takes a name or a number");
    expect(type("/use 4\r"), "/use takes a name or a number");
    expect(type("/use 0\r"), "/use takes a name or a number");
    expect(type("/use\r"), "/use takes a name or a number");
    expect(type("/models\r"), "* 1 one: ");
}

static void a_damaged_model_is_skipped_with_its_reason(void **state)
{
    (void)state;
    uint32_t second = put_model(0, "one", 16);
    uint32_t third = put_model(second, "two", 40);
    put_model(third, "three", 24);
    store[300] ^= 1;
    const char *greeting = boot();
    expect(greeting, "skipped model 1: DOGBERRY_ERR_CHECKSUM at flash offset 1000000");
    expect(greeting, "model two: ");
    expect(type("/models\r"), "(damaged, in slot 0): DOGBERRY_ERR_CHECKSUM at flash offset 1000000");
    expect(type("/use 1\r"), "it cannot be used: DOGBERRY_ERR_CHECKSUM");
    expect(type("/use three\r"), "model three");
    char free_from[64];
    snprintf(free_from, sizeof free_from, "from slot %u on", third + 1);
    store[(size_t)third * SECTOR + 300] ^= 1; /* a damaged one has a length no more, but its place is not free */
    boot();
    expect(type("/models\r"), free_from);
}

static void a_model_that_needs_too_much_ram_is_listed_with_the_reason(void **state)
{
    (void)state;
    uint32_t second = put_model(0, "large", 80);
    put_model(second, "small", 8);
    boot();
    board.arena_bytes = console.models[0].session_bytes - 1;
    assert_true(console.models[1].session_bytes <= board.arena_bytes);
    const char *greeting = boot();
    expect(greeting, "skipped model 1: DOGBERRY_ERR_ARENA");
    expect(greeting, "model small: ");
    expect(type("/use large\r"), "bytes of RAM, there are");
    board.arena_bytes++;
    expect(boot(), "model large: ");
}

static void of_two_models_with_one_name_both_can_be_had(void **state)
{
    (void)state;
    uint32_t second = put_model(0, "twin", 16);
    uint32_t third = put_model(second, "twin", 40);
    put_model(third, "other", 16);
    boot();
    const char *used = type("/use twin\r");
    expect(used, "number 1,");
    expect(used, "2 models have this name; /use NUMBER chooses another one");
    expect(type("/use 2\r"), "model twin, number 2");
    expect_not(type("/use other\r"), "have this name");
    store[300] ^= 1; /* the first twin damaged: the name means the other one */
    boot();
    expect(type("/use twin\r"), "number 2,");
    board.arena_bytes = console.models[1].session_bytes - 1;
    put_model(put_model(0, "twin", 40), "twin", 16); /* and where the first one is too large */
    boot();
    expect(type("/use 1\r"), "bytes of RAM, there are");
    const char *smaller = type("/use twin\r");
    expect(smaller, "number 2,");
    expect(smaller, "2 models have this name");
}

static void a_store_of_garbage_is_no_model(void **state)
{
    (void)state;
    uint32_t random = 7;
    for (size_t i = 0; i < (size_t)SLOTS * SECTOR; i++)
        store[i] = (uint8_t)tiny_random(&random, 256);
    expect(boot(), "no model: DOGBERRY_ERR_MAGIC at flash offset 1000000");
    expect(type("/models\r"), "free: 262144 bytes, from slot 0 on");
    expect(type("the usa\r"), "no model: DOGBERRY_ERR_MAGIC");
    expect(type("/bench\r"), "no model: DOGBERRY_ERR_MAGIC");
    expect(type("/use 1\r"), "/use takes a name or a number");
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        memcpy(store + (size_t)slot * SECTOR, "DOGB", 4); /* every slot pretends */
    const char *greeting = boot();
    expect(greeting, "the model cannot be used: DOGBERRY_ERR_");
    expect(type("/models\r"), "and 48 more that this list has no room for");
    put_model(5, "survivor", 16);
    expect(boot(), "model survivor: ");
}

static void a_model_that_hung_the_board_is_not_used_unasked(void **state)
{
    (void)state;
    uint32_t second = put_model(0, "one", 16);
    put_model(second, "two", 40);
    board.restarted = true;
    expect(boot(), "The watchdog restarted the board: the firmware hung.");
    expect(type("/models\r"), "* 1 one");
    board.hung_place = 0;
    const char *greeting = boot();
    expect(greeting, "The watchdog restarted the board: the firmware hung at work on a model.");
    expect(greeting, "model two: ");
    expect(type("/models\r"), "the board hung with it; /use tries again");
    expect(type("/use one\r"), "model one, number 1");
}

/* A line longer than the context is said to be, and the reply comes all the same. */
static void a_prompt_longer_than_the_context_is_said(void **state)
{
    (void)state;
    static const char forgotten[] = "(that is longer than the context of ";
    tiny_config config = tiny_transformer();
    config.context = 3;
    const uint32_t second = put_config(0, "short", &config);
    config.context = 1;
    put_config(second, "least", &config);
    boot();
    expect_not(type("the usa the\r"), forgotten);
    const char *reply = type("the usa the usa\r");
    expect(reply, "(that is longer than the context of 3 tokens; its beginning is forgotten)\r\n");
    expect(reply, "digest");
    expect(type("/use least\r"), "golden vector ok");
    expect_not(type("the\r"), forgotten);
    expect(type("the usa\r"), "context of 1 tokens");
}

/* A copy runs behind the session, for as long as both fit. */
static void a_model_that_fits_runs_from_a_copy(void **state)
{
    (void)state;
    put_model(0, "one", 16);
    expect(boot(), "golden vector ok");
    expect(type("/copy 0\r"), "this board reads models in place");
    expect_not(type("/info\r"), "by a copy of the model");
    char said_before[64];
    snprintf(said_before, sizeof said_before, "%.40s", strstr(type("the usa\r"), "digest"));
    board.copies = true;
    expect(boot(), "golden vector ok");
    assert_true(console.image.source.bytes > (uint8_t *)arena && console.image.source.bytes < (uint8_t *)arena + ARENA);
    assert_true(console.image.source.bytes >= (uint8_t *)arena + console.models[0].session_bytes);
    expect(type("/info\r"), "by a copy of the model");
    expect(type("/bench\r"), "the model runs from RAM; /copy 0 reads flash");
    type("/reset\r");
    memset(store, 0, SECTOR); /* nobody looks there any more */
    expect(type("the usa\r"), said_before);
    put_model(0, "one", 16);
    expect(type("/copy 0\r"), "the model runs from flash");
    assert_ptr_equal(console.image.source.bytes, store);
    expect(type("the usa\r"), said_before);
    expect(type("/copy 2\r"), "/copy takes 1 or 0");
    expect(type("/copy 1\r"), "the model runs from RAM");
    board.arena_bytes = (uint32_t)(console.image.source.bytes - (uint8_t *)arena) + console.image.length;
    boot();
    expect(type("/info\r"), "by a copy of the model");
    board.arena_bytes--;
    expect(boot(), "golden vector ok");
    assert_ptr_equal(console.image.source.bytes, store);
}

static void bench_measures_every_set_of_kernels(void **state)
{
    (void)state;
    put_model(0, "one", 16);
    boot();
    char before[sizeof said];
    strcpy(before, type("the usa\r"));
    const char *table = type("/bench\r");
    expect(table, "flash reads  not in cache");
    expect(table, "\nref ");
    const char *other = strstr(table, "\nother ");
    assert_non_null(other);
    /* both draw the same tokens, so the digests at the ends of the lines are equal */
    assert_memory_equal(strchr(other, '\r') - 8, other - 9, 8);
    assert_ptr_equal(console.image.kernels, &dogberry_kernels_ref);
    assert_string_equal(strstr(type("the usa\r"), "digest"), strstr(before, "digest"));
    expect(type("/info\r"), "last reply: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(models_are_listed_and_switched, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_model_is_skipped_with_its_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(a_model_that_needs_too_much_ram_is_listed_with_the_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(of_two_models_with_one_name_both_can_be_had, setup, teardown),
        cmocka_unit_test_setup_teardown(a_store_of_garbage_is_no_model, setup, teardown),
        cmocka_unit_test_setup_teardown(a_model_that_hung_the_board_is_not_used_unasked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_prompt_longer_than_the_context_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(a_model_that_fits_runs_from_a_copy, setup, teardown),
        cmocka_unit_test_setup_teardown(bench_measures_every_set_of_kernels, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
