/*
 * The rules of the tales, and tale after tale until there is enough text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "text/tales.h"

#include "text/corpus.h"
#include "text/grammar.h"

enum { TALES_EACH = 5, TABLES = 2 };

/* "?more " and "?most " begin what the second and the third level add. */
static const db_rule words[] = {
    {"hero", "name he",
     DB_CHOICES("Tom/he", "Sam/he", "Joe/he", "Ann/she", "Mia/she", "Sue/she", "?more Ben/he", "?more Zoe/she",
                "?more Kim/she", "?most Max/he", "?most Lily/she", "?most Jack/he")},
    {"animal", NULL, DB_CHOICES("dog", "cat", "bird", "pig", "?more fox", "?more frog", "?most bear", "?most hen")},
    {"colour", NULL, DB_CHOICES("red", "blue", "green")},
    {"size", NULL, DB_CHOICES("big", "small", "?most little", "?most old")},
    {"thing", NULL,
     DB_CHOICES("ball", "hat", "box", "toy", "?more cup", "?more kite", "?more boat", "?most bag", "?most drum")},
    {"food", NULL, DB_CHOICES("bun", "cake", "egg", "?more pear", "?more fig", "?most apple")},
    {"place", NULL,
     DB_CHOICES("in the tree", "in the house", "?more on the hill", "?more in the bed", "?more at the pond",
                "?most by the river")},
    {NULL, NULL, NULL},
};

static const db_rule plots[] = {
    {"tale", NULL,
     DB_CHOICES("{h=hero}{a=animal}{s=size}{o=thing}{c=colour}{p=place}{q=place}{lost}",
                "{h=hero}{a=animal}{s=size}{f=food}{p=place}{hungry}",
                "{h=hero}{g=hero}{a=animal}{s=size}{p=place}{meet}", "?more {h=hero}{g=hero}{o=thing}{c=colour}{gift}",
                "?more {h=hero}{a=animal}{night}", "?most {h=hero}{a=animal}{f=food}{rain}",
                "?most {h=hero}{g=hero}{a=animal}{song}")},

    {"lost", NULL, DB_CHOICES("{lost1} {lost2} {lost3} {lost4}")},
    {"lost1", NULL, DB_CHOICES("{h} had a {c} {o}.", "{h} had a {o}. It was {c}.", "{h} had a {o} and it was {c}.")},
    {"lost2", NULL,
     DB_CHOICES("{h} could not see the {o}. {H.he} was sad.", "The {o} was not {q}. {H.he} was sad.",
                "\"I do not see the {o},\" said {h}.")},
    {"lost3", NULL,
     DB_CHOICES("A {s} {a} came. \"The {o} is {p},\" said the {a}. {h} ran to see. The {o} was {p}.",
                "{h} saw a {s} {a}. The {a} had the {o}.", "A {s} {a} sat {p}. It had the {o}.",
                "?more {h} looked {p} and found it.")},
    {"lost4", NULL,
     DB_CHOICES("{h} was happy.", "{H.he} was happy.", "\"I like you,\" said {h}.", "{h} and the {a} were happy.")},

    {"hungry", NULL, DB_CHOICES("{hungry1} {hungry2} {hungry3}")},
    {"hungry1", NULL,
     DB_CHOICES("A {s} {a} sat {p}. It was sad. {h} came to see it.", "{h} saw a {a}. It was {s} and sad.",
                "{h} saw a {s} {a} {p}. It was sad.")},
    {"hungry2", NULL,
     DB_CHOICES("{h} had a {f}. \"Do you like it?\" said {h}. \"I do!\" said the {a}. It ate the {f}.",
                "\"I see you have a {f},\" said the {a}. It ate the {f}.", "{h} had a {f}. The {a} ate it.",
                "\"Do you have a {f}?\" said the {a}. \"Yes,\" said {h}.")},
    {"hungry3", NULL, DB_CHOICES("It was happy.", "They were happy.", "The {a} was happy.")},

    {"meet", NULL, DB_CHOICES("{meet1} {meet2} {meet3}")},
    {"meet1", NULL, DB_CHOICES("{h} saw {g} {p}.", "{h} came to see {g}.", "{h} ran to {g}.")},
    {"meet2", NULL,
     DB_CHOICES("{g} had a {s} {a}. The {a} ran to {h}.", "They saw a {s} {a} {p}.", "{h} and {g} sat {p}.")},
    {"meet3", NULL,
     DB_CHOICES("They were happy.", "\"I like you,\" said {h}.", "\"I like you, {h},\" said {g}.",
                "{g} was happy and {h} was happy.")},

    {"gift", NULL, DB_CHOICES("{gift1} {gift2} {gift3}")},
    {"gift1", NULL,
     DB_CHOICES("{h} gave {g} a {c} {o}.", "{h} took a {c} {o} to {g}.",
                "It was a good day. {h} had a {c} {o} for {g}.")},
    {"gift2", NULL,
     DB_CHOICES("\"It is new,\" said {h}. \"It is for you.\"", "\"I like the {o}!\" said {g}.",
                "{g} jumped up and took it.")},
    {"gift3", NULL, DB_CHOICES("They played with it.", "{g} took the {o} home.", "{g} was happy all day.")},

    {"night", NULL, DB_CHOICES("{night1} {night2} {night3}")},
    {"night1", NULL, DB_CHOICES("It was night. {h} was in bed.", "At night {h} could not sleep.")},
    {"night2", NULL, DB_CHOICES("The {a} was not home. {h} was sad.", "\"I have no {a},\" said {h}. {H.he} was sad.")},
    {"night3", NULL,
     DB_CHOICES("The {a} came home and jumped up on the bed.", "The {a} came home. {h} was happy.",
                "{h} saw the {a} in the bed. {H.he} gave it a bun.")},

    {"rain", NULL, DB_CHOICES("{rain1} {rain2} {rain3}")},
    {"rain1", NULL,
     DB_CHOICES("One day the rain came. {h} was cold and wet.", "{h} was by the river. Then the rain came.",
                "The rain came, and {h} was wet.")},
    {"rain2", NULL,
     DB_CHOICES("An old {a} opened a door. \"Come in,\" said the {a}.",
                "{h} saw a little house. An old {a} opened the door.")},
    {"rain3", NULL,
     DB_CHOICES("They ate a {f}, and {h} was warm.", "The house was warm. They ate a {f}.",
                "Then the sun came, and they were happy.")},

    {"song", NULL, DB_CHOICES("{song1} {song2} {song3}")},
    {"song1", NULL, DB_CHOICES("One day {h} wanted to sing.", "\"I want to sing,\" said {h}.")},
    {"song2", NULL, DB_CHOICES("\"Sing for me,\" said {g}.", "{g} had a drum.", "\"You can sing with me,\" said {g}.")},
    {"song3", NULL,
     DB_CHOICES("Then {h} sang, and {g} laughed.", "They sang all day, and the {a} sang with them.",
                "{h} sang, and the {a} jumped up. \"You are a good friend,\" said {h}.")},
    {NULL, NULL, NULL},
};

static const db_rule *const tables[TABLES] = {words, plots};

static void write_document(db_grammar *grammar, db_tales_level level, db_text *out)
{
    for (int tale = 0; tale < TALES_EACH; tale++) {
        if (tale > 0) {
            db_text_append(out, "\n\n", 2);
        }
        db_grammar_clear(grammar);
        if (level >= DB_TALES_96) {
            db_grammar_bind(grammar, "more", "yes");
        }
        if (level >= DB_TALES_128) {
            db_grammar_bind(grammar, "most", "yes, too");
        }
        db_grammar_write(grammar, "tale", out);
    }
    db_text_append(out, "\n", 1);
}

void db_tales_make(char **text, size_t *bytes, size_t at_least, uint64_t seed, db_tales_level level)
{
    static const char separator[] = DB_DOCUMENT_SEPARATOR "\n";
    db_grammar grammar;
    db_text out = {0};
    db_grammar_init(&grammar, tables, TABLES, seed);
    do {
        if (out.bytes) {
            db_text_append(&out, separator, sizeof separator - 1);
        }
        write_document(&grammar, level, &out);
    } while (out.bytes < at_least);
    db_grammar_free(&grammar);
    *text = out.text;
    *bytes = out.bytes;
}
