/* Odd names become valid identifiers and harmless texts; folders are written whole or not at all.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "export/names.h"
#include "export/package.h"

static void identifiers_are_valid(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"dogberry", "dogberry"},
        {"My Model", "my_model"},
        {"  spaced  out  ", "spaced_out"},
        {"K\xC3\xB6nig Lear!", "k_nig_lear"},
        {"\xE4\xBD\xA0\xE5\xA5\xBD", "model"},
        {"", "model"},
        {"___", "model"},
        {"_Bool", "bool_"},
        {"int", "int_"},
        {"Class", "class_"},
        {"3.14 pies", "m3_14_pies"},
        {"a-b--c", "a_b_c"},
        {"*/ #include", "include"},
        {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyzabcdefghijk"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char identifier[DB_IDENTIFIER_MAX], capitals[DB_IDENTIFIER_MAX];
        db_identifier(identifier, cases[i][0]);
        assert_string_equal(identifier, cases[i][1]);
        db_identifier_capitals(capitals, identifier);
        assert_int_equal(strlen(capitals), strlen(identifier));
        assert_int_equal(strspn(capitals, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"), strlen(capitals));
    }
}

static void plain_names_end_no_comment_and_no_string(void **state)
{
    (void)state;
    char text[33];
    db_plain_name(text, "a*/b\"c\\d\ne'f K\xC3\xB6nig");
    assert_string_equal(text, "a__b_c_d_e_f K\xC3\xB6nig");
}

static void a_folder_with_files_is_refused_without_force(void **state)
{
    (void)state;
    char folder[] = "/tmp/dogberry-package-XXXXXX", path[64];
    db_package package = {0};
    db_error error = {""};
    void *bytes;
    size_t length;
    assert_non_null(mkdtemp(folder));
    fputs("first", db_package_text(&package, "a/b/one.txt"));
    db_package_bytes(&package, "two.bin", "\0\1", 2);
    fprintf(db_package_text(&package, "a/three.txt"), "%d", 3);
    assert_int_equal(db_package_write(&package, folder, false, &error), 0);
    assert_int_equal(db_package_write(&package, folder, false, &error), -1);
    assert_non_null(strstr(error.message, "--force"));
    assert_int_equal(db_package_write(&package, folder, true, &error), 0);

    snprintf(path, sizeof path, "%s/a/b/one.txt", folder);
    assert_int_equal(db_file_read(path, &bytes, &length, &error), 0);
    assert_string_equal(bytes, "first");
    free(bytes);
    unlink(path);
    static const char *const rest[] = {"two.bin", "a/three.txt"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, rest[i]);
        assert_int_equal(unlink(path), 0);
    }
    static const char *const folders[] = {"a/b", "a", ""};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        assert_int_equal(rmdir(path), 0);
    }
    db_package_free(&package);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifiers_are_valid),
        cmocka_unit_test(plain_names_end_no_comment_and_no_string),
        cmocka_unit_test(a_folder_with_files_is_refused_without_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
