/*
 * The line editor.
 * SPDX-License-Identifier: MIT
 */
#include "line.h"

enum { CTRL_U = 0x15, BACKSPACE = 0x08, DELETE = 0x7F, ESCAPE = 0x1B };
enum escape_state { NO_ESCAPE, ESCAPE_BEGUN, ESCAPE_SEQUENCE };

void line_clear(struct line *line)
{
    line->length = 0;
    line->dropped = 0;
    line->text[0] = '\0';
}

static bool continues_character(char c)
{
    return ((uint8_t)c & 0xC0) == 0x80;
}

/* Takes the last character, all its UTF-8 bytes, off the line and the screen. */
static void rub_out(struct line *line, console_write echo)
{
    if (line->length == 0)
        return;
    do
        line->length--;
    while (line->length > 0 && continues_character(line->text[line->length]));
    echo("\b \b", 3);
}

static enum line_event end_line(struct line *line, console_write echo)
{
    echo("\r\n", 2);
    if (line->dropped > 0)
        return LINE_TOO_LONG;
    line->text[line->length] = '\0';
    return LINE_DONE;
}

/* Swallows what arrow and function keys send: ESC, perhaps [ or O, up to a letter or ~. */
static bool in_escape(struct line *line, uint8_t byte)
{
    switch (line->escape) {
    case ESCAPE_BEGUN:
        line->escape = byte == '[' || byte == 'O' ? ESCAPE_SEQUENCE : NO_ESCAPE;
        return line->escape == ESCAPE_SEQUENCE;
    case ESCAPE_SEQUENCE:
        if (byte >= 0x40 && byte <= 0x7E)
            line->escape = NO_ESCAPE;
        return true;
    default:
        return false;
    }
}

static void insert(struct line *line, uint8_t byte, console_write echo)
{
    char c = (char)byte;

    if (line->length + 1 < LINE_BYTES) {
        line->text[line->length++] = c;
        echo(&c, 1);
    } else if (line->dropped++ == 0) {
        echo("\a", 1);
    }
}

enum line_event line_put(struct line *line, uint8_t byte, console_write echo)
{
    bool after_return = line->after_return;

    line->after_return = byte == '\r';
    if (byte == '\n' && after_return)
        return LINE_MORE;
    if (in_escape(line, byte))
        return LINE_MORE;
    switch (byte) {
    case '\r':
    case '\n':
        return end_line(line, echo);
    case CTRL_C:
        echo("^C\r\n", 4);
        return LINE_CANCELLED;
    case CTRL_U:
        line->dropped = 0;
        while (line->length > 0)
            rub_out(line, echo);
        return LINE_MORE;
    case BACKSPACE:
    case DELETE:
        if (line->dropped > 0)
            line->dropped--;
        else
            rub_out(line, echo);
        return LINE_MORE;
    case ESCAPE:
        line->escape = ESCAPE_BEGUN;
        return LINE_MORE;
    case '\t':
        byte = ' ';
        break;
    default:
        break;
    }
    if (byte >= ' ')
        insert(line, byte, echo);
    return LINE_MORE;
}
