/* SPDX-License-Identifier: MIT */
#include "resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

static bool holds(const char *folder, const char *name)
{
    char *path = db_path_join(folder, name);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

int cli_resume_check(const char *folder, bool resume, bool quiet, const char *instead, db_error *error)
{
    bool interrupted = holds(folder, "checkpoint.bin");
    if (resume && !interrupted && holds(folder, "config.json"))
        return db_fail(error, "--resume: %s holds a finished model and no interrupted run; leave --resume away to %s",
                       folder, instead);
    if (resume && !interrupted && !quiet)
        printf("note: there is no interrupted run in %s to go on with: starting from the beginning\n", folder);
    if (!resume && interrupted && !quiet)
        printf("note: %s holds an interrupted run, which this one replaces; --resume would go on with it\n", folder);
    return 0;
}

int cli_resume_fail_saving(const char *folder, const db_error *why, db_error *error)
{
    return db_fail(error, "%.400s%s", why->message,
                   holds(folder, "checkpoint.bin")
                       ? "; make room, then the same command with --resume goes on from the last state that was saved"
                       : "");
}
