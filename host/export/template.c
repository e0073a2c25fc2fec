/* SPDX-License-Identifier: MIT */
#include "export/template.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dogberry.h"
#include "export/names.h"
#include "export/sources.h"

enum { PATH_BYTES = 256 };

/* ---- Templates ---- */

typedef struct {
    const char *mark, *text;
} replacement;

/* The replacement whose mark stands at `at`, or NULL. */
static const replacement *mark_at(const replacement *marks, size_t count, const char *at, const char *end)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(marks[i].mark);
        if ((size_t)(end - at) >= length && memcmp(at, marks[i].mark, length) == 0)
            return &marks[i];
    }
    return NULL;
}

void db_templates_add(db_package *package, const char *folder, const char *prefix, const char *url)
{
    char capitals[DB_IDENTIFIER_MAX], below[PATH_BYTES];
    db_identifier_capitals(capitals, prefix);
    const replacement marks[] = {
        {"@PREFIX@", prefix}, {"@CAPITALS@", capitals}, {"@VERSION@", DOGBERRY_VERSION}, {"@URL@", url}};
    snprintf(below, sizeof below, "packages/%s/", folder);
    for (const db_source *source = db_sources; source->path; source++) {
        if (strncmp(source->path, below, strlen(below)) != 0)
            continue;
        FILE *out = db_package_text(package, source->path + strlen(below));
        for (const char *at = source->bytes; at < source->end;) {
            const replacement *found =
                *at == '@' ? mark_at(marks, sizeof marks / sizeof *marks, at, source->end) : NULL;
            fputs(found ? found->text : "", out);
            if (!found)
                fputc(*at, out);
            at += found ? strlen(found->mark) : 1;
        }
    }
}

/* ---- The runtime ---- */

static bool is_header_of_src(const char *name, size_t length)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "runtime/src/%.*s", (int)length, name);
    for (const db_source *source = db_sources; source->path; source++)
        if (strcmp(source->path, path) == 0)
            return true;
    return false;
}

/* A kernel's file, with includes of headers in runtime/src/ made relative. */
static void add_kernel(db_package *package, const char *path, const db_source *source)
{
    static const char include[] = "#include \"";
    FILE *out = db_package_text(package, path);
    for (const char *line = source->bytes; line < source->end;) {
        const char *end = memchr(line, '\n', (size_t)(source->end - line));
        end = end ? end + 1 : source->end;
        const char *name = line + sizeof include - 1;
        const char *quote = name < end ? memchr(name, '"', (size_t)(end - name)) : NULL;
        if (quote && memcmp(line, include, sizeof include - 1) == 0 && is_header_of_src(name, (size_t)(quote - name))) {
            fprintf(out, "%s../../runtime/", include);
            line = name;
        }
        fwrite(line, 1, (size_t)(end - line), out);
        line = end;
    }
}

void db_runtime_add(db_package *package)
{
    static const char include[] = "runtime/include/", src[] = "runtime/src/", kernels[] = "runtime/kernels/";
    for (const db_source *source = db_sources; source->path; source++) {
        char path[PATH_BYTES];
        size_t length = (size_t)(source->end - source->bytes);
        if (strcmp(source->path, "LICENSE") == 0) {
            db_package_bytes(package, "LICENSE", source->bytes, length);
        } else if (strncmp(source->path, include, sizeof include - 1) == 0) {
            snprintf(path, sizeof path, "src/%s", source->path + sizeof include - 1);
            db_package_bytes(package, path, source->bytes, length);
        } else if (strncmp(source->path, src, sizeof src - 1) == 0) {
            snprintf(path, sizeof path, "src/runtime/%s", source->path + sizeof src - 1);
            db_package_bytes(package, path, source->bytes, length);
        } else if (strncmp(source->path, kernels, sizeof kernels - 1) == 0) {
            snprintf(path, sizeof path, "src/kernels/%s", source->path + sizeof kernels - 1);
            add_kernel(package, path, source);
        }
    }
}
