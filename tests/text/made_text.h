/*
 * What the tests of the made corpora share: documents, words, the rules of writing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_TEXT_MADE_TEXT_H
#define TESTS_TEXT_MADE_TEXT_H

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/corpus.h"
#include "text/grammar.h"
#include "text/stories_words.h"

enum { MADE_WORD = 32 };

typedef void made_maker(char **text, size_t *bytes, size_t at_least, uint64_t seed);

typedef struct {
    char *text;       /* cut up: a NUL ends each document */
    char **documents; /* [count] */
    size_t count, capacity;
} made_text;

static inline void made_add(made_text *made, made_maker *make, size_t at_least, uint64_t seed)
{
    size_t bytes;
    make(&made->text, &bytes, at_least, seed);
    for (char *at = made->text; at;) {
        made->documents = db_grow(made->documents, &made->capacity, made->count + 1, sizeof *made->documents);
        made->documents[made->count++] = at;
        char *end = strstr(at, DB_DOCUMENT_SEPARATOR "\n");
        at = end ? end + strlen(DB_DOCUMENT_SEPARATOR) + 1 : NULL;
        if (end)
            *end = '\0';
    }
}

static inline void made_free(made_text *made)
{
    free(made->text);
    free(made->documents);
}

/* The next word from `at` on (letters and inner apostrophes), or NULL; `word` gets a cut copy. */
static inline const char *made_word(const char *at, char word[MADE_WORD])
{
    while (*at && !isalpha((unsigned char)*at))
        at++;
    if (!*at)
        return NULL;
    size_t length = 0;
    for (; isalpha((unsigned char)at[length]) || (at[length] == '\'' && isalpha((unsigned char)at[length + 1]));
         length++)
        if (length + 1 < MADE_WORD)
            word[length] = at[length];
    word[length < MADE_WORD ? length : MADE_WORD - 1] = '\0';
    return at + length;
}

/* The gender of a name by the tables: 'h' for he, 's' for she, 0 for another word. */
static inline char made_gender(const char *word)
{
    static const char *const lists[] = {"boyname", "girlname"};
    const db_rule *table = db_story_words;
    size_t length = strcspn(word, "'");
    for (size_t i = 0; i < 2; i++) {
        const db_rule *rule = db_rule_find(&table, 1, lists[i], strlen(lists[i]), NULL);
        for (size_t n = 0; rule->choices[n]; n++)
            if (strcspn(rule->choices[n], "/") == length && strncmp(rule->choices[n], word, length) == 0)
                return rule->choices[n][length + 1];
    }
    return 0;
}

/* The word begins with the sound of a vowel. */
static inline bool made_vowel(const char *word)
{
    static const char *const silent[] = {"hour", "honest", "honour"}, *const spoken[] = {"uni", "use", "one", "once"};
    for (size_t i = 0; i < 3; i++)
        if (strncmp(word, silent[i], strlen(silent[i])) == 0)
            return true;
    for (size_t i = 0; i < 4; i++)
        if (strncmp(word, spoken[i], strlen(spoken[i])) == 0)
            return false;
    return strchr("aeiouAEIOU", word[0]) != NULL;
}

/* The first rule of writing that the document breaks, or NULL. */
static inline const char *made_fault(const char *text)
{
    char word[MADE_WORD], last[MADE_WORD] = "";
    for (const char *at = text; *at; at++) {
        bool end = at[1] == '\0' || at[1] == '\n';
        if (*at != '\n' && (*at < ' ' || *at > '~'))
            return "a byte that is not plain ASCII";
        if (strchr("{}[]|<>/_=", *at))
            return "a mark of the template";
        if (*at == ' ' && (end || at[1] == ' ' || strchr(".,!?:", at[1])))
            return "a space too many";
        if (*at == '\n' && at[1] == '\n' && at[2] == '\n')
            return "an empty paragraph";
        if (strchr(".,!?", *at) && isalpha((unsigned char)at[1]))
            return "a space too few";
        if (strchr(".!?", *at) && at[1] == ' ' && islower((unsigned char)at[2]))
            return "a sentence without a capital";
        if (*at != '\n' && end && !strchr(".!?\"", *at))
            return "a line without an end mark";
        if (*at == '\n' && islower((unsigned char)at[1]))
            return "a line without a capital";
    }
    for (const char *at = text; (at = made_word(at, word)) != NULL;) {
        bool vowel = made_vowel(word);
        if ((!strcmp(last, "a") || !strcmp(last, "A")) && vowel)
            return "\"a\" where it must be \"an\"";
        if ((!strcmp(last, "an") || !strcmp(last, "An")) && !vowel)
            return "\"an\" where it must be \"a\"";
        if (!strcmp(last, word) && islower((unsigned char)word[0]) && at[-1 - (long)strlen(word)] == ' ' &&
            isalpha((unsigned char)at[-2 - (long)strlen(word)]))
            return "a word that stands twice";
        strcpy(last, word);
    }
    return NULL;
}

static inline int made_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The largest number of times that one of the strings occurs; sorts them. */
static inline size_t made_commonest(char **strings, size_t count, const char **which)
{
    size_t best = 0, run = 0;
    qsort(strings, count, sizeof *strings, made_compare);
    for (size_t i = 0; i < count; i++) {
        run = i && strcmp(strings[i], strings[i - 1]) == 0 ? run + 1 : 1;
        if (run > best) {
            best = run;
            *which = strings[i];
        }
    }
    return best;
}

/* How many different words, in lower case, the documents hold. */
static inline size_t made_types(const made_text *made)
{
    char **words = NULL, word[MADE_WORD];
    size_t count = 0, capacity = 0, types = 0;
    for (size_t i = 0; i < made->count; i++) {
        for (const char *at = made->documents[i]; (at = made_word(at, word)) != NULL;) {
            for (char *c = word; *c; c++)
                *c = (char)tolower((unsigned char)*c);
            words = db_grow(words, &capacity, count + 1, sizeof *words);
            words[count++] = db_copy_string(word);
        }
    }
    qsort(words, count, sizeof *words, made_compare);
    for (size_t i = 0; i < count; i++)
        types += i == 0 || strcmp(words[i], words[i - 1]) != 0;
    for (size_t i = 0; i < count; i++)
        free(words[i]);
    free(words);
    return types;
}

/* CRC-32 (ISO-HDLC). */
static inline uint32_t made_crc(const char *bytes, size_t count)
{
    uint32_t crc = ~UINT32_C(0);
    for (size_t i = 0; i < count; i++) {
        crc ^= (uint8_t)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (UINT32_C(0xEDB88320) & (0u - (crc & 1u)));
    }
    return ~crc;
}

#endif
