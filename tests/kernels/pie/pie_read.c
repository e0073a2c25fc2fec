/*
 * Reads assembly: labels, .equ, .macro, instructions; C comments; lines of the preprocessor are left out, and other
 * directives.
 *
 * SPDX-License-Identifier: MIT
 */
#include "pie.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 48, LINE = 200, NAMES = 64, MACROS = 8, PARAMETERS = 4, BODY = 32 };

typedef struct {
    char name[NAME];
    int32_t value;
} symbol;

typedef struct {
    char name[NAME], parameter[PARAMETERS][NAME], body[BODY][LINE];
    int parameters, lines;
} macro;

typedef struct {
    pie_program *program;
    symbol constant[NAMES], label[NAMES];
    int constants, labels, macros;
    macro macro[MACROS], *open;                 /* open: being defined */
    char target[PIE_INSTRUCTIONS][NAME];        /* a label to be looked up at the end */
    int target_operand[PIE_INSTRUCTIONS], line; /* which operand it is, or -1 */
} reader;

static void fail(const reader *r, const char *what, const char *where)
{
    fprintf(stderr, "%s:%d: %s: %s\n", r->program->path, r->line, what, where);
    exit(2);
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    for (size_t length = strlen(text); length > 0 && isspace((unsigned char)text[length - 1]); length--)
        text[length - 1] = '\0';
    return text;
}

static void copy_name(const reader *r, char *to, const char *from)
{
    if (strlen(from) >= NAME)
        fail(r, "too long", from);
    strcpy(to, from);
}

/* Parts at commas, trimmed. Returns how many. */
static int split(char *text, char **parts, int most)
{
    int count = 0;

    for (char *part = strtok(text, ","); part && count < most; part = strtok(NULL, ","))
        parts[count++] = trim(part);
    return count;
}

static const symbol *look_up(const symbol *symbols, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(symbols[i].name, name) == 0)
            return &symbols[i];
    return NULL;
}

static int32_t value_of(const reader *r, char *text)
{
    char *end;
    const symbol *found = look_up(r->constant, r->constants, trim(text));
    long value = strtol(trim(text), &end, 0);

    if (found)
        return found->value;
    if (*end != '\0' || end == text)
        fail(r, "not a number", text);
    return (int32_t)value;
}

/* Sums of products. */
static int32_t evaluate(const reader *r, const char *text)
{
    char copy[LINE], *plus, *times, *sum = copy;
    int32_t result = 0;

    snprintf(copy, sizeof copy, "%s", text);
    while (sum) {
        int32_t product = 1;
        char *factor = sum;

        plus = strchr(sum, '+');
        if (plus)
            *plus++ = '\0';
        while (factor) {
            times = strchr(factor, '*');
            if (times)
                *times++ = '\0';
            product *= value_of(r, factor);
            factor = times;
        }
        result += product;
        sum = plus;
    }
    return result;
}

static int32_t register_of(const reader *r, const char *text, char kind, int count)
{
    char *end;
    long number = strtol(text + 1, &end, 10);

    if (text[0] != kind || !isdigit((unsigned char)text[1]) || *end != '\0' || number >= count)
        fail(r, "not such a register", text);
    return (int32_t)number;
}

static void add_instruction(reader *r, char *text)
{
    char *operands = text + strcspn(text, " \t"), *part[PIE_OPERANDS];
    int at = r->program->count++;

    if (at >= PIE_INSTRUCTIONS)
        fail(r, "too many instructions", text);
    if (*operands != '\0')
        *operands++ = '\0';
    pie_instruction *instruction = &r->program->code[at];
    *instruction = (pie_instruction){.operation = pie_find(text), .line = r->line};
    if (!instruction->operation)
        fail(r, "unknown instruction", text);
    const char *signature = pie_signature(instruction->operation);
    if (split(operands, part, PIE_OPERANDS) != (int)strlen(signature))
        fail(r, "wrong number of operands", text);
    r->target_operand[at] = -1;
    for (int i = 0; signature[i] != '\0'; i++) {
        if (signature[i] == 'l') {
            copy_name(r, r->target[at], part[i]);
            r->target_operand[at] = i;
        } else if (signature[i] == 'i') {
            instruction->operand[i] = evaluate(r, part[i]);
            if (!pie_can_hold(instruction->operation, instruction->operand[i]))
                fail(r, "the instruction cannot hold this", part[i]);
        } else if (strchr("qRQS", signature[i])) {
            instruction->operand[i] = register_of(r, part[i], 'q', PIE_VECTORS);
        } else {
            instruction->operand[i] = register_of(r, part[i], 'a', PIE_ADDRESS_REGISTERS);
        }
    }
}

static void take_line(reader *r, char *text);

/* A line of a macro's body, with \parameters replaced. */
static void expand(reader *r, const macro *m, const char *body, char **arguments)
{
    char line[LINE] = "";

    while (*body != '\0') {
        size_t length = strlen(line);
        int i = 0;

        while (*body == '\\' && i < m->parameters && strncmp(body + 1, m->parameter[i], strlen(m->parameter[i])) != 0)
            i++;
        if (*body == '\\' && i < m->parameters) {
            snprintf(line + length, sizeof line - length, "%s", arguments[i]);
            body += 1 + strlen(m->parameter[i]);
        } else {
            snprintf(line + length, sizeof line - length, "%c", *body++);
        }
    }
    take_line(r, line);
}

static int use_macro(reader *r, char *text)
{
    char *argument[PARAMETERS], name[NAME] = "";

    sscanf(text, "%47s", name);
    for (int i = 0; i < r->macros; i++) {
        const macro *m = &r->macro[i];

        if (strcmp(m->name, name) != 0)
            continue;
        if (split(text + strlen(name), argument, PARAMETERS) != m->parameters)
            fail(r, "wrong number of arguments", name);
        for (int k = 0; k < m->lines; k++)
            expand(r, m, m->body[k], argument);
        return 1;
    }
    return 0;
}

static void begin_macro(reader *r, char *text)
{
    char *part[PARAMETERS], name[NAME] = "";

    if (r->macros >= MACROS)
        fail(r, "too many macros", text);
    r->open = &r->macro[r->macros];
    sscanf(text, "%47s", name);
    copy_name(r, r->open->name, name);
    r->open->parameters = split(text + strlen(name), part, PARAMETERS);
    for (int i = 0; i < r->open->parameters; i++)
        copy_name(r, r->open->parameter[i], part[i]);
}

static void take_directive(reader *r, char *text)
{
    char *part[2];

    if (strncmp(text, ".macro", 6) == 0) {
        begin_macro(r, trim(text + 6));
    } else if (strncmp(text, ".equ", 4) == 0) {
        if (r->constants >= NAMES || split(text + 4, part, 2) != 2)
            fail(r, "not a constant", text);
        r->constant[r->constants].value = evaluate(r, part[1]);
        copy_name(r, r->constant[r->constants++].name, part[0]);
    }
}

static void take_line(reader *r, char *text)
{
    char *colon = strchr(text, ':');

    text = trim(text);
    if (r->open && strcmp(text, ".endm") == 0) {
        r->macros++;
        r->open = NULL;
    } else if (r->open) {
        if (r->open->lines >= BODY)
            fail(r, "macro too long", text);
        snprintf(r->open->body[r->open->lines++], LINE, "%s", text);
    } else if (colon) {
        *colon = '\0';
        if (r->labels >= NAMES)
            fail(r, "too many labels", text);
        copy_name(r, r->label[r->labels].name, text);
        r->label[r->labels++].value = r->program->count;
        take_line(r, colon + 1);
    } else if (text[0] == '.') {
        take_directive(r, text);
    } else if (text[0] != '\0' && text[0] != '#' && !use_macro(r, text)) {
        add_instruction(r, text);
    }
}

static void resolve_labels(reader *r)
{
    for (int i = 0; i < r->program->count; i++) {
        if (r->target_operand[i] < 0)
            continue;
        const symbol *found = look_up(r->label, r->labels, r->target[i]);
        if (!found)
            fail(r, "no such label", r->target[i]);
        r->program->code[i].operand[r->target_operand[i]] = found->value;
    }
}

/* Takes comments out, also those over several lines. */
static void drop_comments(char *line, int *inside)
{
    char *to = line;

    for (const char *from = line; *from != '\0';) {
        if (*inside && from[0] == '*' && from[1] == '/') {
            *inside = 0;
            from += 2;
        } else if (!*inside && from[0] == '/' && from[1] == '*') {
            *inside = 1;
            from += 2;
        } else if (*inside) {
            from++;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

void pie_read(pie_program *program, const char *path)
{
    static reader r; /* large */
    char line[LINE];
    int inside = 0;
    FILE *file = fopen(path, "r");

    memset(&r, 0, sizeof r);
    r.program = program;
    *program = (pie_program){.path = path};
    if (!file)
        fail(&r, "cannot be read", path);
    while (fgets(line, sizeof line, file)) {
        r.line++;
        drop_comments(line, &inside);
        take_line(&r, line);
    }
    fclose(file);
    resolve_labels(&r);
}
