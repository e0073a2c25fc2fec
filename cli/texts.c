/* SPDX-License-Identifier: MIT */
#include "texts.h"

#include <stdlib.h>
#include <sys/stat.h>

static const double DEFAULT_SHARE = 0.05;

int cli_texts_read(db_corpus *corpus, const cli_list *paths, bool lossy, db_error *error)
{
    for (size_t i = 0; i < paths->count; i++)
        if (db_corpus_add(corpus, paths->items[i], lossy, error))
            return -1;
    return 0;
}

static bool is_share(const char *text, double *share)
{
    char *end;
    *share = strtod(text, &end);
    return end != text && *end == 0;
}

int cli_texts_take(db_corpus *corpus, db_corpus *validation, const cli_list *where, bool lossy, db_error *error)
{
    for (size_t i = 0; i < where->count; i++) {
        const char *item = where->items[i];
        struct stat status;
        double share;
        if (is_share(item, &share)) {
            if (!(share > 0 && share <= 0.5))
                return db_fail(error, "--val %s: a share is more than 0 and at most 0.5", item);
        } else if (db_corpus_take(corpus, item, validation, error) < 0) {
            if (stat(item, &status) != 0)
                return db_fail(error,
                               "--val %s: neither a text among those given nor another file; give a path, "
                               "the name of one of the texts, or a share such as 0.05",
                               item);
            if (db_corpus_add(validation, item, lossy, error))
                return -1;
        }
    }
    if (corpus->count == 0)
        return db_fail(error, "--val takes every text, nothing is left to train on");
    return 0;
}

int cli_texts_split(db_corpus *corpus, db_corpus *validation, const cli_list *where, db_error *error)
{
    int splits = 0;
    double share = DEFAULT_SHARE;
    if (where->count == 0)
        return db_corpus_split(corpus, share, validation, error) ? -1 : 1;
    for (size_t i = 0; i < where->count; i++) {
        if (!is_share(where->items[i], &share))
            continue;
        if (db_corpus_split(corpus, share, validation, error))
            return -1;
        splits++;
    }
    return splits;
}

db_sequence cli_sequence(const db_tokens *tokens, uint16_t start_token, uint16_t end_token)
{
    return (db_sequence){
        .ids = tokens->ids, .count = tokens->count, .start_token = start_token, .end_token = end_token};
}
