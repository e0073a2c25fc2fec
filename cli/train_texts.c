/* SPDX-License-Identifier: MIT */
#include "train_texts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "texts.h"

enum { PAIRS_SHOWN = 10 };

void cli_duplicates_print(const db_duplicates *found, const db_corpus *training, const db_corpus *validation)
{
    for (size_t i = 0; i < found->count && i < PAIRS_SHOWN; i++) {
        const db_duplicate *pair = &found->pairs[i];
        printf("note: %s and %s%s %s\n", db_duplicates_document(&pair->first, training, validation)->name,
               db_duplicates_document(&pair->second, training, validation)->name,
               pair->second.in_validation && !pair->first.in_validation ? " (held out)" : "",
               pair->exact ? "are the same text" : "share most of their text");
    }
    if (found->count > PAIRS_SHOWN)
        printf("note: and %zu more pairs like these\n", found->count - PAIRS_SHOWN);
}

/* Sums up what stands on both sides. */
static void judge_split(cli_texts *texts, const db_duplicates *found)
{
    bool *twin = db_allocate(texts->validation.count + 1);
    size_t exact = 0;
    texts->across = 0;
    for (size_t i = 0; i < found->count; i++) {
        const db_duplicate *pair = &found->pairs[i];
        if (pair->first.in_validation || !pair->second.in_validation || twin[pair->second.index])
            continue;
        twin[pair->second.index] = true;
        texts->across++;
        exact += pair->exact;
    }
    texts->same = texts->validation.count > 0 && exact == texts->validation.count;
    texts->leaked = found->leaked;
    free(twin);
}

/* Tells of what stands twice, on one side or across, and removes it where asked to. `told`: the pairs on one side were
 * shown already. */
static void look_for_duplicates(cli_texts *texts, const cli_text_set *set, bool quiet, bool told)
{
    db_duplicates found;
    db_duplicates_find(&found, &texts->train, &texts->validation, DB_DUPLICATE_SHARE);
    judge_split(texts, &found);
    if (!quiet && !told)
        cli_duplicates_print(&found, &texts->train, &texts->validation);
    if (found.count > found.across && !set->dedupe && !quiet && !told)
        printf("note: a text that stands twice is learnt by heart; --dedupe leaves each once\n");
    if (found.count && set->dedupe) {
        db_removed removed = db_duplicates_remove(&found, &texts->train, &texts->validation);
        if (!quiet)
            printf("note: --dedupe removed %zu documents from the training text, %zu from the held-out text\n",
                   removed.training, removed.validation);
        db_duplicates_free(&found);
        db_duplicates_find(&found, &texts->train, &texts->validation, DB_DUPLICATE_SHARE);
        judge_split(texts, &found);
    }
    db_duplicates_free(&found);
}

int cli_train_texts_read(cli_texts *texts, const cli_text_set *set, size_t least, bool quiet, db_error *error)
{
    *texts = (cli_texts){0};
    if (cli_texts_read(&texts->train, &set->paths, set->lossy, error))
        return -1;
    if (texts->train.bytes < least)
        return db_fail(error,
                       "%zu bytes of text are too few to learn from; %zu would be the least, and 500,000 begin to "
                       "be useful (`dogberry corpus stories` makes some)",
                       texts->train.bytes, least);
    if (cli_texts_take(&texts->train, &texts->validation, &set->validation, set->lossy, error))
        return -1;
    look_for_duplicates(texts, set, quiet, false);
    if (texts->train.count == 0)
        return db_fail(error, "without the documents that stand twice there is nothing left to train on");
    int splits = cli_texts_split(&texts->train, &texts->validation, &set->validation, error);
    if (splits < 0)
        return -1;
    if (splits)
        look_for_duplicates(texts, set, quiet, true);
    if (texts->train.count == 0 || texts->validation.count == 0)
        return db_fail(error, "without the documents that stand twice there is nothing left to %s",
                       texts->train.count ? "hold out; give other texts to --val" : "train on");
    return 0;
}

void cli_train_texts_free(cli_texts *texts)
{
    db_corpus_free(&texts->train);
    db_corpus_free(&texts->validation);
}
