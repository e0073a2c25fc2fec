/* SPDX-License-Identifier: MIT */
#include "export/package.h"

#include <assert.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

static void end_text(db_package *package)
{
    if (!package->stream)
        return;
    int failed = fclose(package->stream);
    assert(!failed);
    (void)failed;
    package->stream = NULL;
}

static db_package_file *add(db_package *package, const char *path)
{
    end_text(package);
    package->files = db_grow(package->files, &package->capacity, package->count + 1, sizeof *package->files);
    db_package_file *file = &package->files[package->count++];
    *file = (db_package_file){.path = db_copy_string(path)};
    return file;
}

FILE *db_package_text(db_package *package, const char *path)
{
    /* The stream's target must not move while it is open; add() ends it before the array grows. */
    db_package_file *file = add(package, path);
    package->stream = open_memstream(&file->bytes, &file->length);
    assert(package->stream);
    return package->stream;
}

void db_package_bytes(db_package *package, const char *path, const void *bytes, size_t length)
{
    db_package_file *file = add(package, path);
    file->bytes = db_allocate(length + 1);
    file->length = length;
    memcpy(file->bytes, bytes, length);
}

/* Whether a folder is there and holds anything. */
static bool has_files(const char *folder)
{
    DIR *open = opendir(folder);
    bool found = false;
    if (!open)
        return false;
    for (struct dirent *entry; !found && (entry = readdir(open));)
        found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(open);
    return found;
}

/* Makes every folder on the way to a file, but not the file's own. */
static int make_folders(const char *folder, const char *path, db_error *error)
{
    char *whole = db_path_join(folder, path);
    int result = 0;
    for (char *slash = strchr(whole + strlen(folder) + 1, '/'); slash && result == 0; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        result = db_make_folder(whole, error);
        *slash = '/';
    }
    free(whole);
    return result;
}

int db_package_write(db_package *package, const char *folder, bool force, db_error *error)
{
    end_text(package);
    if (!force && has_files(folder))
        return db_fail(error, "%s: the folder is not empty; choose another, or replace files in it with --force",
                       folder);
    int result = db_make_folder(folder, error);
    for (size_t i = 0; i < package->count && result == 0; i++) {
        const db_package_file *file = &package->files[i];
        char *path = db_path_join(folder, file->path);
        result = make_folders(folder, file->path, error);
        if (result == 0)
            result = db_file_write(path, file->bytes, file->length, error);
        free(path);
    }
    return result;
}

void db_package_free(db_package *package)
{
    end_text(package);
    for (size_t i = 0; i < package->count; i++) {
        free(package->files[i].path);
        free(package->files[i].bytes);
    }
    free(package->files);
    *package = (db_package){0};
}
