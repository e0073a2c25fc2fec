/*
 * talk_host IMAGE KERNELS: the same on this machine.
 * talk_host --has KERNELS: whether this machine has them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "dogberry.h"
#include "talk.h"

void talk_put(const char *text, size_t length)
{
    fwrite(text, 1, length, stdout);
}

int main(int argc, char **argv)
{
    void *bytes;
    size_t length;
    db_error error;
    if (argc != 3)
        return fprintf(stderr, "usage: talk_host IMAGE|--has KERNELS\n"), 2;
    if (strcmp(argv[1], "--has") == 0) {
        if (dogberry_kernels_named(argv[2]))
            return 0;
        return printf("skipped: no such kernels for this processor: %s\n", argv[2]), 1;
    }
    if (db_file_read(argv[1], &bytes, &length, &error))
        return fprintf(stderr, "%s\n", error.message), 1;
    int status = talk(bytes, length, argv[2]);
    free(bytes);
    return status;
}
