/*
 * Repetition penalty, n-grams, bans and stop strings: over all tokens against the reference, and in conversations.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dogberry.h"
#include "history.h"
#include "sampling_reference.h"
#include "stop.h"
#include "tiny_image.h"
#include "tokenizer.h"

enum { VOCAB = 150, FRAC = 8, DRAWS = 100000 };

/* ---- Over all tokens ---- */

typedef struct {
    void *section;
    dogberry_tokenizer tokenizer;
    dogberry_history history;
    uint16_t banned[DOGBERRY_BANNED_MAX];
    uint32_t banned_count;
    int16_t logits[VOCAB];
} fixture;

static fixture *start(uint32_t seed)
{
    fixture *f = calloc(1, sizeof *f);
    size_t length;

    assert_non_null(f);
    f->section = tiny_tokenizer(DOGBERRY_WORD, VOCAB, 0, &length);
    assert_int_equal(dogberry_tokenizer_open(&f->tokenizer, f->section, length), DOGBERRY_OK);
    for (uint32_t id = 0; id < VOCAB; id++)
        f->logits[id] = (int16_t)((int32_t)tiny_random(&seed, 1200) - 600);
    return f;
}

static void stop(fixture *f)
{
    free(f->section);
    free(f);
}

static uint32_t sample(const fixture *f, const dogberry_sampler *sampler, dogberry_random *random)
{
    int16_t logits[VOCAB];
    uint16_t heap[DOGBERRY_TOP_K_MAX];
    dogberry_rules rules = {.tokenizer = &f->tokenizer,
                            .history = &f->history,
                            .banned = f->banned,
                            .banned_count = f->banned_count,
                            .unknown = f->tokenizer.unknown};
    dogberry_logit_range range = {logits, NULL, 0, 0, VOCAB};
    dogberry_candidates candidates = {
        .kernels = &dogberry_kernels_ref, .logits = logits, .count = VOCAB, .apart = f->tokenizer.unknown, .bars = 1};

    memcpy(logits, f->logits, sizeof logits);
    dogberry_rules_settle(&rules, sampler);
    assert_int_equal(dogberry_rules_edit(&rules, &range), DOGBERRY_OK);
    return dogberry_draw(&candidates, sampler, heap, random);
}

static int may_repeat(const fixture *f, uint32_t token)
{
    dogberry_entry entry;

    assert_int_equal(dogberry_entry_at(&f->tokenizer, token, &entry, NULL), DOGBERRY_OK);
    return entry.flags != 0 || token == TINY_LINE || token == TINY_PARAGRAPH;
}

/* What is drawn from `past` [count], all of which has been fed, by the definitions. */
static void expect(double *p, uint8_t *barred, const fixture *f, const uint32_t *past, uint32_t count,
                   const dogberry_sampling *sampling)
{
    double nats[VOCAB];
    uint32_t window = sampling->repeat_window ? sampling->repeat_window : 128, n = sampling->no_repeat;
    uint32_t oldest = count > 128 ? count - 128 : 0;

    for (uint32_t id = 0; id < VOCAB; id++) {
        int lately = 0;

        for (uint32_t i = oldest; i < count; i++)
            lately |= past[i] == id && i + window >= count;
        nats[id] = ldexp(f->logits[id], -FRAC) - (lately && !may_repeat(f, id) ? sampling->repeat_penalty / 1000.0 : 0);
        barred[id] = id == f->tokenizer.unknown;
        for (uint32_t i = 0; i < f->banned_count; i++)
            barred[id] |= f->banned[i] == id;
        for (uint32_t end = oldest + n; n > 0 && end <= count && id != TINY_END; end++)
            barred[id] |=
                past[end - 1] == id && memcmp(past + end - n, past + count - n + 1, (n - 1) * sizeof *past) == 0;
    }
    reference_keep(p, nats, barred, VOCAB, sampling);
    reference_normalize(p, VOCAB);
}

static void check_draws(fixture *f, uint32_t tokens, uint32_t few, dogberry_sampling sampling)
{
    dogberry_sampler sampler = dogberry_sampler_make(&sampling, FRAC);
    dogberry_random random = dogberry_random_seeded(tokens);
    uint32_t past[300], seed = tokens + few, counts[VOCAB] = {0};
    uint8_t barred[VOCAB];
    double p[VOCAB];
    char what[200];

    for (uint32_t i = 0; i < tokens; i++) {
        past[i] = tiny_random(&seed, few);
        dogberry_history_add(&f->history, past[i]);
    }
    expect(p, barred, f, past, tokens, &sampling);
    for (int i = 0; i < DRAWS; i++)
        counts[sample(f, &sampler, &random)]++;
    snprintf(what, sizeof what, "%u tokens of %u, penalty %u over %u, n %u, %u banned", tokens, few,
             sampling.repeat_penalty, sampling.repeat_window, sampling.no_repeat, f->banned_count);
    check_counts(what, counts, p, VOCAB, DRAWS);
}

static void rules_follow_the_distribution(void **state)
{
    static const struct {
        uint32_t tokens, few, banned;
        dogberry_sampling sampling;
    } cases[] = {
        {20, VOCAB, 0, {.temperature = 1000, .repeat_penalty = 1000}},
        {300, 140, 0, {.temperature = 1000, .repeat_penalty = 2500}},
        {300, VOCAB, 0, {.temperature = 1000, .repeat_penalty = 700, .repeat_window = 10}},
        {100, 30, 0, {.temperature = 800, .repeat_penalty = 10000, .top_k = 40}},
        {0, 1, 0, {.temperature = 1000, .repeat_penalty = 1000, .no_repeat = 1}}, /* nothing has been yet */
        {1, 9, 0, {.temperature = 1000, .no_repeat = 2}},
        {60, VOCAB, 0, {.temperature = 1000, .no_repeat = 1}},
        {200, 5, 0, {.temperature = 1000, .no_repeat = 2}},
        {200, 5, 64, {.temperature = 1000, .no_repeat = 3, .top_p = 900}},
        {128, 60, 30, {.temperature = 2000, .repeat_penalty = 500, .no_repeat = 1, .min_p = 50}},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture *f = start(i);

        for (uint32_t k = 0; k < cases[i].banned; k++)
            f->banned[f->banned_count++] = (uint16_t)(k * k % VOCAB);
        check_draws(f, cases[i].tokens, cases[i].few, cases[i].sampling);
        stop(f);
    }
}

/* With every token in the window the penalty takes the same off all but marks, and the lowest of logits stay apart
 * from barred ones. */
static void extremes(void **state)
{
    dogberry_sampling sampling = {.temperature = 1000, .repeat_penalty = 10000, .no_repeat = 32};
    dogberry_sampler sampler = dogberry_sampler_make(&sampling, FRAC);
    dogberry_random random = dogberry_random_seeded(1);
    fixture *f = start(1);

    (void)state;
    for (uint32_t id = 0; id < VOCAB; id++)
        f->logits[id] = -32768;
    for (uint32_t id = VOCAB - 100; id < VOCAB; id++)
        dogberry_history_add(&f->history, id);
    f->banned[f->banned_count++] = 5;
    for (int i = 0; i < 2000; i++) {
        uint32_t token = sample(f, &sampler, &random);

        assert_true(token != 5 && token != f->tokenizer.unknown);
    }
    stop(f);
}

/* A vocabulary of TINY_WORDS: 128 tokens and 64 bans can be all of it. */
static void something_is_always_left(void **state)
{
    tiny_config config = tiny_default();
    dogberry_sampling sampling = {.temperature = 1000, .no_repeat = 1};
    dogberry_image image;
    dogberry_session *session;
    uint16_t banned[TINY_WORDS + 2];
    char piece[DOGBERRY_PIECE_MAX];
    size_t length;
    uint8_t *bytes = tiny_build(&config, &length);

    (void)state;
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    void *arena = malloc(dogberry_session_bytes(&image));

    assert_int_equal(dogberry_start(&session, &image, arena, dogberry_session_bytes(&image)), DOGBERRY_OK);
    assert_int_equal(dogberry_set_sampling(session, &sampling), DOGBERRY_OK);
    for (uint16_t id = 0; id < config.vocab; id++)
        banned[id] = id;
    for (uint32_t count = 0; count <= config.vocab; count++) { /* first n-grams give way, then bans */
        uint32_t seen[TINY_WORDS + 2] = {0};

        assert_int_equal(dogberry_set_banned(session, banned, count), DOGBERRY_OK);
        dogberry_reset(session, count);
        for (uint32_t i = 0; i < 60; i++) {
            int token = dogberry_next(session, piece, sizeof piece, NULL);

            assert_true(token >= 0 && token != TINY_UNKNOWN);
            if (count < config.vocab)
                assert_true((uint32_t)token >= count);
            if (i + count + 1 < config.vocab && count != TINY_UNKNOWN && token != TINY_END)
                assert_int_equal(seen[token]++, 0); /* there was something else to say */
        }
    }
    free(arena);
    free(bytes);
}

/* The table of docs/NUMERICS.md. */
static void penalty_as_documented(void **state)
{
    static const struct {
        uint32_t frac, penalty;
        int16_t logit, expected;
    } rows[] = {{8, 1000, 500, 244}, {4, 350, -20, -26}, {12, 10000, -10, -32767}};
    fixture *f = start(1);

    (void)state;
    dogberry_history_add(&f->history, TINY_CLAUDIO);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dogberry_sampling sampling = {.repeat_penalty = rows[i].penalty};
        dogberry_sampler sampler = dogberry_sampler_make(&sampling, rows[i].frac);
        dogberry_rules rules = {.tokenizer = &f->tokenizer, .history = &f->history, .unknown = TINY_UNKNOWN};
        dogberry_logit_range range = {f->logits, NULL, 0, 0, VOCAB};

        f->logits[TINY_CLAUDIO] = rows[i].logit;
        dogberry_rules_settle(&rules, &sampler);
        assert_int_equal(dogberry_rules_edit(&rules, &range), DOGBERRY_OK);
        assert_int_equal(f->logits[TINY_CLAUDIO], rows[i].expected);
    }
    stop(f);
}

/* ---- In conversations ---- */

/* No n tokens in a row come twice within 128, nor does a banned one, whatever the output layer. */
static void conversations_keep_the_rules(void **state)
{
    static const uint16_t banned[] = {TINY_THE, TINY_COMMA, TINY_THE};

    (void)state;
    for (uint32_t kind = 0; kind < 6; kind++) {
        tiny_config config = tiny_default();
        dogberry_image image;
        dogberry_session *session;
        size_t length;
        uint32_t n = 1 + kind / 2 + kind % 2, past[1004] = {TINY_CLAUDIO, TINY_SAYS, TINY_USA, TINY_STOP}, count = 4;
        char piece[DOGBERRY_PIECE_MAX];

        config.vocab = 200;
        config.output = kind % 2 ? DOGBERRY_FACTORED : DOGBERRY_DENSE;
        config.classes = kind % 2 ? 12 : 0;
        config.no_repeat = n;
        config.top_p = 600;
        config.temperature = kind < 4 ? 400 : 0;
        uint8_t *bytes = tiny_build(&config, &length);

        tiny_set_golden(bytes, "the usa", 99, 30);
        assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
        void *arena = malloc(dogberry_session_bytes(&image));

        assert_int_equal(dogberry_verify(&image, arena, dogberry_session_bytes(&image)), DOGBERRY_OK);
        assert_int_equal(dogberry_start(&session, &image, arena, dogberry_session_bytes(&image)), DOGBERRY_OK);
        assert_int_equal(dogberry_set_banned(session, banned, 3), DOGBERRY_OK);
        assert_int_equal(dogberry_feed(session, "claudio says usa.", 17), 4);
        for (; count < 1004; count++) {
            past[count] = (uint32_t)dogberry_next(session, piece, sizeof piece, NULL);
            assert_true(past[count] != TINY_THE && past[count] != TINY_COMMA && past[count] < config.vocab);
            for (uint32_t end = count > 128 ? count - 128 + n : n; past[count] != TINY_END && end <= count; end++)
                assert_false(memcmp(past + end - n, past + count + 1 - n, n * sizeof *past) == 0);
        }
        free(arena);
        free(bytes);
    }
}

static void settings_are_checked(void **state)
{
    static const uint16_t tokens[DOGBERRY_BANNED_MAX + 1] = {3, 2, 200};
    static const char *const strings[DOGBERRY_STOPS_MAX + 1] = {"a", "12345678901234567890123456789012", "", NULL};
    static const char *const long_one[] = {"123456789012345678901234567890123"};
    static const dogberry_sampling bad[] = {
        {.top_p = 1001}, {.min_p = 1001}, {.repeat_penalty = 10001}, {.repeat_window = 129}, {.no_repeat = 33}};
    tiny_config config = tiny_default();
    dogberry_image image;
    dogberry_session *session;
    size_t length;
    uint8_t *bytes = tiny_build(&config, &length);

    (void)state;
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    void *arena = malloc(dogberry_session_bytes(&image));

    assert_int_equal(dogberry_start(&session, &image, arena, dogberry_session_bytes(&image)), DOGBERRY_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(dogberry_set_sampling(session, &bad[i]), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_set_banned(session, tokens, 3), DOGBERRY_ERR_TOKEN);
    assert_int_equal(dogberry_set_banned(session, tokens, 2), DOGBERRY_OK);
    assert_int_equal(dogberry_set_banned(session, tokens, DOGBERRY_BANNED_MAX + 1), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_set_banned(session, NULL, 1), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_set_banned(NULL, tokens, 1), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_set_banned(session, NULL, 0), DOGBERRY_OK);
    assert_int_equal(dogberry_set_stops(session, strings, 2), DOGBERRY_OK);
    assert_int_equal(dogberry_set_stops(session, strings, 3), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_set_stops(session, strings + 3, 1), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_set_stops(session, long_one, 1), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_set_stops(session, strings, DOGBERRY_STOPS_MAX + 1), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_set_stops(session, NULL, 1), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_set_stops(NULL, strings, 1), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_set_stops(session, NULL, 0), DOGBERRY_OK);
    free(arena);
    free(bytes);
}

/* ---- Stop strings ---- */

/* The text in pieces as the dice fall. Returns what was printed before the stop, or all of it. */
static int feed_in_pieces(char *printed, const char *const *stops, uint32_t count, const char *text, uint32_t *random)
{
    dogberry_stop stop_state = {.bytes = 0};
    size_t at = 0, length = strlen(text), out = 0;

    while (at < length && !stop_state.stopped) {
        char piece[DOGBERRY_PIECE_MAX];
        size_t held = stop_state.bytes, more = 1 + tiny_random(random, 5);

        more = more < length - at ? more : length - at;
        memcpy(piece, stop_state.held, held);
        memcpy(piece + held, text + at, more);
        at += more;
        size_t print = dogberry_stop_scan(&stop_state, stops, count, piece, held + more);

        memcpy(printed + out, piece, print);
        out += print;
    }
    memcpy(printed + out, stop_state.held, stop_state.bytes);
    printed[out + stop_state.bytes] = 0;
    return stop_state.stopped;
}

static void stops_do_not_depend_on_pieces(void **state)
{
    static const char *const stops[] = {"\n\nUser:", "aab", "bcbc", "cbcbcd"};
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {"Hello\n\nUse this\n\nUser: what", "Hello\n\nUse this"},
        {"aaaaaab", "aaaa"},
        {"xcbcbcd", "xc"}, /* the one that ends first */
        {"cbc\n\nUser", NULL},
        {"bcb", NULL},
        {"aa", NULL},
        {"bcbaabc", "bcb"},
        {"aab", ""},
    };
    uint32_t random = 5;

    (void)state;
    for (int repeat = 0; repeat < 500; repeat++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            char printed[200];
            int stopped = feed_in_pieces(printed, stops, 4, cases[i].text, &random);

            assert_int_equal(stopped, cases[i].printed != NULL);
            assert_string_equal(printed, stopped ? cases[i].printed : cases[i].text);
        }
}

/* A session without stops says what one with them would; theirs ends where the first of them stands. */
static void a_reply_ends_before_its_stop(void **state)
{
    static const uint16_t end = TINY_END;
    tiny_config config = tiny_default();
    dogberry_image image;
    dogberry_session *session;
    char piece[DOGBERRY_PIECE_MAX], whole[8192] = "", part[8192];
    size_t length;
    uint8_t *bytes = tiny_build(&config, &length);

    (void)state;
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    void *arena = malloc(dogberry_session_bytes(&image));

    assert_int_equal(dogberry_start(&session, &image, arena, dogberry_session_bytes(&image)), DOGBERRY_OK);
    assert_int_equal(dogberry_set_banned(session, &end, 1), DOGBERRY_OK);
    for (uint32_t seed = 0; seed < 100; seed++) {
        char stop_text[8] = "";
        const char *stops[2] = {"no such text", stop_text};
        int token = 0;

        dogberry_set_stops(session, NULL, 0);
        dogberry_reset(session, seed);
        whole[0] = part[0] = 0;
        for (int i = 0; i < 60; i++) {
            token = dogberry_next(session, piece, sizeof piece, &length);
            strcat(whole, piece);
        }
        memcpy(stop_text, whole + 10 + seed % 10, 5);
        assert_int_equal(dogberry_set_stops(session, stops, 2), DOGBERRY_OK);
        dogberry_reset(session, seed);
        do {
            token = dogberry_next(session, piece, sizeof piece, &length);
            assert_int_equal(length, strlen(piece));
            strcat(part, piece);
        } while (token >= 0);
        assert_int_equal(token, DOGBERRY_STOPPED);
        assert_int_equal(strlen(part), strstr(whole, stop_text) - whole);
        assert_memory_equal(part, whole, strlen(part));
        uint32_t digest = dogberry_digest(session);

        assert_int_equal(dogberry_next(session, piece, sizeof piece, NULL), DOGBERRY_STOPPED);
        assert_int_equal(dogberry_digest(session), digest);
        assert_int_equal(dogberry_flush(session, piece, sizeof piece), 0);
        assert_int_equal(dogberry_feed(session, "usa", 3), 1); /* and the conversation goes on */
        assert_true(dogberry_next(session, piece, sizeof piece, NULL) >= 0);
    }
    free(arena);
    free(bytes);
}

/* What is held back comes out by flush, at the end token, or with the next piece; and needs its room. */
static void held_text_is_not_lost(void **state)
{
    static const char *const stops[] = {" w23 w24 w23 w24 w23 w24", ",,,,,,,,,,,,,,,,,,,,,,,,",
                                        "........................", "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
                                        "????????????????????????"};
    tiny_config config = tiny_default();
    dogberry_image image;
    dogberry_session *session;
    char piece[DOGBERRY_PIECE_MAX], whole[8192], part[8192];
    size_t length;
    uint32_t held_sometimes = 0, at_end = 0;
    uint8_t *bytes = tiny_build(&config, &length);

    (void)state;
    assert_int_equal(dogberry_open(&image, bytes, length), DOGBERRY_OK);
    void *arena = malloc(dogberry_session_bytes(&image));

    assert_int_equal(dogberry_start(&session, &image, arena, dogberry_session_bytes(&image)), DOGBERRY_OK);
    for (uint32_t seed = 0; seed < 100; seed++) {
        for (int with = 0; with < 2; with++) {
            char *text = with ? part : whole;

            dogberry_set_stops(session, stops, with ? 5 : 0);
            dogberry_reset(session, seed);
            text[0] = 0;
            for (uint32_t i = 0; i < 1 + seed % 40; i++) {
                uint32_t digest = dogberry_digest(session);

                if (with) { /* no room, no token */
                    assert_int_equal(dogberry_next(session, piece, 0, NULL), DOGBERRY_ERR_SPACE);
                    assert_int_equal(dogberry_digest(session), digest);
                }
                int token = dogberry_next(session, piece, sizeof piece, NULL);

                assert_true(token >= 0);
                strcat(text, piece);
                if (token == TINY_END && with) {
                    assert_int_equal(strlen(text), strlen(whole) < strlen(text) ? 0 : strlen(text));
                    assert_memory_equal(text, whole, strlen(text));
                    assert_int_equal(dogberry_flush(session, piece, sizeof piece), 0);
                    at_end++;
                }
            }
            if (with) {
                int held = dogberry_flush(session, piece, 1);

                if (held != 0) {
                    assert_int_equal(held, DOGBERRY_ERR_SPACE);
                    assert_true(dogberry_flush(session, piece, sizeof piece) > 0);
                    strcat(text, piece);
                    held_sometimes++;
                }
            }
        }
        assert_string_equal(whole, part);
    }
    assert_in_range(held_sometimes, 3, 100);
    assert_in_range(at_end, 5, 1000);
    assert_int_equal(dogberry_flush(NULL, piece, sizeof piece), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_flush(session, NULL, 1), DOGBERRY_ERR_ARGUMENT);
    free(arena);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_follow_the_distribution), cmocka_unit_test(extremes),
        cmocka_unit_test(penalty_as_documented),         cmocka_unit_test(something_is_always_left),
        cmocka_unit_test(conversations_keep_the_rules),  cmocka_unit_test(settings_are_checked),
        cmocka_unit_test(stops_do_not_depend_on_pieces), cmocka_unit_test(a_reply_ends_before_its_stop),
        cmocka_unit_test(held_text_is_not_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
