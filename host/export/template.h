/*
 * Files of packages from the sources inside this program.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_EXPORT_TEMPLATE_H
#define DB_EXPORT_TEMPLATE_H

#include "export/package.h"

/* Adds every file below packages/FOLDER/ to the package, under its path from there. In them, @PREFIX@, @CAPITALS@,
 * @VERSION@ and @URL@ stand for the identifier `prefix`, the same in capitals, the version of this program and `url`.
 */
void db_templates_add(db_package *package, const char *folder, const char *prefix, const char *url);

/* Adds the runtime as src/dogberry.h, src/runtime/ and src/kernels/, so that src/ is the one folder a compiler must be
 * told of; and the LICENSE. */
void db_runtime_add(db_package *package);

#endif
