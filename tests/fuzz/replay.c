/*
 * A fuzz target as a plain program:
 *     fuzz_X FILE...             runs the files
 *     fuzz_X -mutate N [DIR]     runs N seeded mutations of the target's own seeds, and the files in DIR
 *     fuzz_X -write DIR          writes the seeds as a starting corpus for libFuzzer
 * A crash or a sanitizer's report is the failure; the number of the mutation or the file comes first.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { CAPACITY = 1 << 16 };

static uint32_t random_state = 1;

static uint32_t below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % bound;
}

/* A few changes: bits, bytes, numbers that like to break things, cuts and repeats. */
static size_t mutate(uint8_t *data, size_t size)
{
    static const uint32_t numbers[] = {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0, 0x10000, 0xFFFF};

    for (uint32_t changes = 1 + below(4); changes > 0 && size > 8; changes--) {
        uint32_t reach = below(2) ? (uint32_t)size : size < 600 ? (uint32_t)size : 600, at = below(reach - 4);

        switch (below(6)) {
        case 0:
            data[at] ^= (uint8_t)(1u << below(8));
            break;
        case 1:
            data[at] = (uint8_t)below(256);
            break;
        case 2:
            memcpy(data + at, &numbers[below(8)], 4);
            break;
        case 3:
            memmove(data + at, data + below((uint32_t)size - 4), 4);
            break;
        case 4:
            if (below(8) == 0)
                size = at + 1;
            break;
        default:
            data[at] = (uint8_t)(data[at] + (below(2) ? 1 : 255));
        }
    }
    return size;
}

static int run_mutations(long count)
{
    static uint8_t data[CAPACITY];
    uint32_t seeds = 0;

    while (fuzz_seed(seeds, data, CAPACITY) > 0)
        seeds++;
    for (long i = 0; i < count; i++) {
        random_state = (uint32_t)i * 2654435761u + 1u;
        size_t size = fuzz_seed((uint32_t)i % seeds, data, CAPACITY);

        if (i % 1000 == 0) {
            printf("\rmutation %ld", i);
            fflush(stdout);
        }
        LLVMFuzzerTestOneInput(data, mutate(data, size));
    }
    printf("\r%ld mutations ran\n", count);
    return 0;
}

static int write_seeds(const char *folder)
{
    static uint8_t data[CAPACITY];
    size_t size;

    for (uint32_t i = 0; (size = fuzz_seed(i, data, CAPACITY)) > 0; i++) {
        char path[512];

        snprintf(path, sizeof path, "%s/seed-%u", folder, i);
        FILE *out = fopen(path, "wb");

        if (!out || fwrite(data, 1, size, out) != size || fclose(out) != 0) {
            perror(path);
            return 1;
        }
    }
    return 0;
}

static int run_file(const char *path)
{
    static uint8_t data[CAPACITY];
    FILE *in = fopen(path, "rb");

    if (!in) {
        perror(path);
        return 1;
    }
    size_t size = fread(data, 1, sizeof data, in);

    fclose(in);
    printf("%s\n", path);
    fflush(stdout);
    return LLVMFuzzerTestOneInput(data, size);
}

/* A folder that is not there has no files. */
static int run_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    int status = 0;

    for (struct dirent *entry; entries && (entry = readdir(entries)) != NULL;) {
        char path[1024];

        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            status |= run_file(path);
    }
    if (entries)
        closedir(entries);
    return status;
}

int main(int count, char **arguments)
{
    int status = 0;

    if ((count == 3 || count == 4) && strcmp(arguments[1], "-mutate") == 0) {
        status = run_mutations(atol(arguments[2]));
        return count == 4 ? status | run_folder(arguments[3]) : status;
    }
    if (count == 3 && strcmp(arguments[1], "-write") == 0)
        return write_seeds(arguments[2]);
    for (int i = 1; i < count; i++)
        status |= run_file(arguments[i]);
    return status;
}
