/*
 * The little that the splitter knows about characters. docs/FORMAT.md, "Word pieces",
 * lists every range.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_UNICODE_H
#define DOGBERRY_UNICODE_H

#include "seam.h"

/* Kept in dogberry_cursor.before; 0 is the start of a text. */
enum dogberry_class {
    DOGBERRY_CLASS_START = 0,
    DOGBERRY_CLASS_BLANK, /* separates, dropped */
    DOGBERRY_CLASS_BREAK, /* line feed */
    DOGBERRY_CLASS_OPEN,  /* opening bracket or quote, dash: a straight quote after it opens */
    DOGBERRY_CLASS_WORD,  /* letters and digits: runs of them are words */
    DOGBERRY_CLASS_MARK   /* everything else, one piece each */
};

/* Returns the class of a code point in lower case; straight quotes are marks. */
enum dogberry_class dogberry_class_of(uint32_t point);

/* Simple lower case of Unicode 14, one code point to one. */
uint32_t dogberry_lower(uint32_t point);

/* A run of upper-case code points first .. first + span, every step-th of which becomes
 * itself + delta (modulo 65536). Supplementary ones lie 0x10000 higher. */
typedef struct {
    uint16_t first;
    uint8_t span, step;
    uint16_t delta;
} dogberry_case_run;

extern const dogberry_case_run dogberry_case_runs[];
extern const uint16_t dogberry_case_count, dogberry_case_supplementary; /* runs in all; first of plane 1 */

#endif
