/*
 * The tales: as few different words as their levels promise, well written, the same everywhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "made_text.h"
#include "text/tales.h"

enum { ENOUGH = 400000, GOLDEN_BYTES = 10000, LEVELS = 3, TALES_EACH = 5, OWN_TOKENS = 4, MOST_TYPES = 256 };
#define GOLDEN_CRC UINT32_C(0x77EB2449)

static const db_tales_level levels[LEVELS] = {DB_TALES_64, DB_TALES_96, DB_TALES_128};
static made_text tales[LEVELS];

static void make_64(char **text, size_t *bytes, size_t at_least, uint64_t seed)
{
    db_tales_make(text, bytes, at_least, seed, DB_TALES_64);
}

static void make_96(char **text, size_t *bytes, size_t at_least, uint64_t seed)
{
    db_tales_make(text, bytes, at_least, seed, DB_TALES_96);
}

static void make_128(char **text, size_t *bytes, size_t at_least, uint64_t seed)
{
    db_tales_make(text, bytes, at_least, seed, DB_TALES_128);
}

static int make_tales(void **state)
{
    static made_maker *const makers[LEVELS] = {make_64, make_96, make_128};
    (void)state;
    for (size_t i = 0; i < LEVELS; i++)
        made_add(&tales[i], makers[i], ENOUGH, 1);
    return 0;
}

static int free_tales(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEVELS; i++)
        made_free(&tales[i]);
    return 0;
}

typedef struct {
    char words[MOST_TYPES][MADE_WORD];
    size_t count;
} word_set;

static bool holds(const word_set *set, const char *word)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->words[i], word) == 0)
            return true;
    return false;
}

static void add(word_set *set, const char *word)
{
    if (holds(set, word))
        return;
    assert_true(set->count < MOST_TYPES);
    strcpy(set->words[set->count++], word);
}

/* All words without capitals, and all marks. */
static void collect(const made_text *made, word_set *set)
{
    char word[MADE_WORD];
    for (size_t i = 0; i < made->count; i++) {
        for (const char *at = made->documents[i]; (at = made_word(at, word)) != NULL;) {
            word[0] = (char)tolower((unsigned char)word[0]);
            add(set, word);
        }
        for (const char *at = made->documents[i]; *at; at++)
            if (ispunct((unsigned char)*at))
                add(set, (char[]){*at, '\0'});
    }
}

static void each_level_fills_its_vocabulary(void **state)
{
    (void)state;
    word_set *sets = db_allocate(LEVELS * sizeof *sets);
    for (size_t i = 0; i < LEVELS; i++) {
        collect(&tales[i], &sets[i]);
        assert_int_equal(sets[i].count + OWN_TOKENS, levels[i]);
        for (size_t w = 0; i > 0 && w < sets[i - 1].count; w++)
            assert_true(holds(&sets[i], sets[i - 1].words[w]));
    }
    free(sets);
}

static void every_tale_is_well_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEVELS; i++) {
        for (size_t d = 0; d < tales[i].count; d++) {
            const char *text = tales[i].documents[d], *fault = made_fault(text);
            size_t paragraphs = 1;
            if (fault)
                fail_msg("%s: %s", fault, text);
            for (const char *at = text; (at = strstr(at, "\n\n")) != NULL; at += 2)
                paragraphs++;
            assert_int_equal(paragraphs, TALES_EACH);
        }
    }
}

static void no_document_occurs_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEVELS; i++) {
        const char *which = NULL;
        if (made_commonest(tales[i].documents, tales[i].count, &which) != 1)
            fail_msg("more than once: %s", which);
    }
}

static void a_seed_is_a_text(void **state)
{
    (void)state;
    char *first, *longer, *other;
    size_t first_bytes, longer_bytes, other_bytes;
    make_128(&first, &first_bytes, GOLDEN_BYTES, 1);
    make_128(&longer, &longer_bytes, 3 * GOLDEN_BYTES, 1);
    make_128(&other, &other_bytes, GOLDEN_BYTES, 2);
    assert_in_range(first_bytes, GOLDEN_BYTES, GOLDEN_BYTES + 1500);
    assert_memory_equal(first, longer, first_bytes);
    assert_memory_not_equal(first, other, 1000);
    if (made_crc(first, GOLDEN_BYTES) != GOLDEN_CRC)
        fail_msg("the tales of seed 1 have changed; if that is meant, the CRC is now 0x%08X",
                 (unsigned)made_crc(first, GOLDEN_BYTES));
    free(first);
    free(longer);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_level_fills_its_vocabulary),
        cmocka_unit_test(every_tale_is_well_written),
        cmocka_unit_test(no_document_occurs_twice),
        cmocka_unit_test(a_seed_is_a_text),
    };
    return cmocka_run_group_tests(tests, make_tales, free_tales);
}
