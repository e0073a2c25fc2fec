/*
 * Character classes and lower case from compact range tables.
 *
 * SPDX-License-Identifier: MIT
 */
#include "unicode.h"

#include "kinds.h"

typedef struct {
    uint16_t first, last;
} range;

/* Letters, digits and what combines with them, above ASCII. */
static const range words[] = {
    {0xAA, 0xAA},     {0xB5, 0xB5},     {0xBA, 0xBA},     {0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x1FFF},
    {0x2C00, 0x2DFF}, {0xA4D0, 0xABFF}, {0xFB00, 0xFDFF}, {0xFE20, 0xFE2F}, {0xFE70, 0xFEFE},
};
#define WORDS_ABOVE 0x10000u
#define WORDS_LAST 0x1EFFFu

/* Punctuation that lies inside those ranges. */
static const range marks[] = {
    {0x37E, 0x37E},   {0x387, 0x387},   {0x55A, 0x55F},   {0x589, 0x58A},   {0x5BE, 0x5BE}, {0x5C0, 0x5C0},
    {0x5C3, 0x5C3},   {0x5C6, 0x5C6},   {0x5F3, 0x5F4},   {0x60C, 0x60D},   {0x61B, 0x61B}, {0x61D, 0x61F},
    {0x66A, 0x66D},   {0x6D4, 0x6D4},   {0x700, 0x70D},   {0x964, 0x965},   {0xE5A, 0xE5B}, {0x104A, 0x104F},
    {0x10FB, 0x10FB}, {0x1360, 0x1368}, {0x17D4, 0x17DA}, {0x1800, 0x180A},
};

static const range blanks[] = {
    {0x85, 0x85},     {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200F}, {0x2028, 0x202F},
    {0x205F, 0x206F}, {0x3000, 0x3000}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},
};

static int within(uint32_t point, const range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (point <= ranges[i].last)
            return point >= ranges[i].first;
    }
    return 0;
}

#define WITHIN(point, table) within((point), (table), sizeof(table) / sizeof((table)[0]))

static enum dogberry_class class_of_ascii(uint32_t point)
{
    if ((point >= 'a' && point <= 'z') || (point >= '0' && point <= '9') || (point >= 'A' && point <= 'Z'))
        return DOGBERRY_CLASS_WORD;
    if (point == '\n')
        return DOGBERRY_CLASS_BREAK;
    if (point == ' ' || (point >= '\t' && point <= '\r'))
        return DOGBERRY_CLASS_BLANK;
    if (point == '(' || point == '[' || point == '{' || point == '-')
        return DOGBERRY_CLASS_OPEN;
    return DOGBERRY_CLASS_MARK;
}

enum dogberry_class dogberry_class_of(uint32_t point)
{
    if (point < 0x80u)
        return class_of_ascii(point);
    if (point >= WORDS_ABOVE)
        return point <= WORDS_LAST ? DOGBERRY_CLASS_WORD : DOGBERRY_CLASS_MARK;
    if (WITHIN(point, words))
        return WITHIN(point, marks)    ? DOGBERRY_CLASS_MARK
               : WITHIN(point, blanks) ? DOGBERRY_CLASS_BLANK
                                       : DOGBERRY_CLASS_WORD;
    if (WITHIN(point, blanks))
        return DOGBERRY_CLASS_BLANK;
    /* Guillemet, hyphens and dashes, opening single and double quotes. */
    if (point == 0xABu || (point >= 0x2010u && point <= 0x2015u) || point == 0x2018u || point == 0x201Cu)
        return DOGBERRY_CLASS_OPEN;
    return DOGBERRY_CLASS_MARK;
}

uint32_t dogberry_lower(uint32_t point)
{
    uint32_t low = 0, high = dogberry_case_supplementary, plane = point & ~0xFFFFu;

    if (point < 0x80u)
        return point >= 'A' && point <= 'Z' ? point + 32u : point;
    if (!DOGBERRY_HAS_UNICODE_CASE)
        return point;
    if (plane > 0x10000u)
        return point;
    if (plane != 0) {
        low = dogberry_case_supplementary;
        high = dogberry_case_count;
    }
    while (low < high) { /* the last run that begins at or before the point */
        uint32_t middle = (low + high) / 2u;

        if (dogberry_case_runs[middle].first <= (point & 0xFFFFu))
            low = middle + 1u;
        else
            high = middle;
    }
    if (low == (plane != 0 ? dogberry_case_supplementary : 0u))
        return point;
    const dogberry_case_run *run = &dogberry_case_runs[low - 1u];
    uint32_t past = (point & 0xFFFFu) - run->first;

    if (past > run->span || past % run->step != 0)
        return point;
    return plane | ((point + run->delta) & 0xFFFFu);
}
