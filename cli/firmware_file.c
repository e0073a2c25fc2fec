/* SPDX-License-Identifier: MIT */
#include "firmware_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

int cli_firmware_read(db_firmware *firmware, const char *path, const db_board *board, db_error *error)
{
    if (path)
        return db_firmware_read(firmware, path, error);
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return db_fail(error, "cannot tell where this program lies; name the firmware with --firmware FILE");
    program[length] = 0;
    char *slash = strrchr(program, '/');
    size_t room = (size_t)(slash - program) + strlen(board->name) + sizeof "/firmware/.bin";
    char *beside = db_allocate(room);
    *slash = 0;
    snprintf(beside, room, "%s/firmware/%s.bin", program, board->name);
    int failed = access(beside, R_OK) != 0
                     ? db_fail(error,
                               "%s: there is no firmware for %s yet; build it with `make firmware`, or name one "
                               "with --firmware FILE",
                               beside, board->name)
                     : db_firmware_read(firmware, beside, error);
    free(beside);
    return failed;
}

const db_board *cli_board_find(const char *name, db_error *error)
{
    const db_board *board = db_board_find(name);
    if (board)
        return board;
    char names[256] = "";
    for (const db_board *other = db_boards(); other->name; other++)
        snprintf(names + strlen(names), sizeof names - strlen(names), " %s", other->name);
    db_fail(error, "--board %s: there is no such board; these are:%s", name, names);
    return NULL;
}
