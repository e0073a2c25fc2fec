/* SPDX-License-Identifier: MIT */
#include "export/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Of C23 and C++20. Those with capitals are none in lower case. */
static const char *const KEYWORDS[] = {
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char8_t",
    "char16_t",
    "char32_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "consteval",
    "constexpr",
    "constinit",
    "const_cast",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
};

static bool is_keyword(const char *name)
{
    for (size_t i = 0; i < sizeof KEYWORDS / sizeof *KEYWORDS; i++)
        if (strcmp(KEYWORDS[i], name) == 0)
            return true;
    return false;
}

/* By hand: ctype.h knows other letters in other locales. */
static char kept(char character)
{
    if (character >= 'A' && character <= 'Z')
        return (char)(character - 'A' + 'a');
    bool keeps = (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
    return keeps ? character : '_';
}

void db_identifier(char identifier[DB_IDENTIFIER_MAX], const char *name)
{
    size_t length = 0;
    const size_t most = DB_IDENTIFIER_MAX - 3; /* room for what may be added */
    for (; *name && length < most; name++) {
        char character = kept(*name);
        if (character == '_' && (length == 0 || identifier[length - 1] == '_'))
            continue;
        if (length == 0 && character >= '0' && character <= '9')
            identifier[length++] = 'm';
        identifier[length++] = character;
    }
    while (length && identifier[length - 1] == '_')
        length--;
    identifier[length] = 0;
    if (length == 0)
        memcpy(identifier, "model", sizeof "model");
    else if (is_keyword(identifier))
        memcpy(identifier + length, "_", 2);
}

void db_identifier_capitals(char capitals[DB_IDENTIFIER_MAX], const char *identifier)
{
    size_t i = 0;
    for (; identifier[i] && i + 1 < DB_IDENTIFIER_MAX; i++)
        capitals[i] = identifier[i] >= 'a' && identifier[i] <= 'z' ? (char)(identifier[i] - 'a' + 'A') : identifier[i];
    capitals[i] = 0;
}

void db_plain_name(char text[33], const char *name)
{
    size_t i = 0;
    for (; i < 32 && name[i]; i++) {
        unsigned char byte = (unsigned char)name[i];
        bool plain = byte >= ' ' && byte != 127 && !strchr("\"'\\*/", name[i]);
        text[i] = plain ? name[i] : '_';
    }
    text[i] = 0;
}
