/* Safetensors files: written and read back, golden files, every truncation.
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
#include <dirent.h>

#include "base/file.h"
#include "interop/safetensors.h"

#define GOLDEN TESTS_DIR "/interop/golden"

static char *scratch_path(void)
{
    char name[] = "/tmp/dogberry-safetensors-XXXXXX";
    int file = mkstemp(name);
    assert_true(file >= 0);
    close(file);
    return strdup(name);
}

static const float MATRIX[6] = {1, -2, 3.5f, 0, 1e-30f, -1e30f};
static const float VECTOR[3] = {7, 8, 9};

static char *write_sample(void)
{
    const db_safetensor tensors[] = {
        {.name = "m.weight", .rank = 2, .shape = {2, 3}, .count = 6, .values = MATRIX},
        {.name = "m.bias", .rank = 1, .shape = {3}, .count = 3, .values = VECTOR},
    };
    char *path = scratch_path();
    assert_int_equal(db_safetensors_write(path, tensors, 2, NULL), 0);
    return path;
}

static void written_file_reads_back(void **state)
{
    (void)state;
    char *path = write_sample();
    db_safetensors file;
    db_error error;
    assert_int_equal(db_safetensors_read(&file, path, true, &error), 0);
    assert_int_equal(file.count, 2);
    assert_int_equal(file.value_count, 9);
    const db_safetensor *matrix = db_safetensors_find(&file, "m.weight");
    assert_non_null(matrix);
    assert_int_equal(matrix->rank, 2);
    assert_int_equal(matrix->shape[0], 2);
    assert_int_equal(matrix->shape[1], 3);
    assert_memory_equal(matrix->values, MATRIX, sizeof MATRIX);
    assert_memory_equal(db_safetensors_find(&file, "m.bias")->values, VECTOR, sizeof VECTOR);
    assert_null(db_safetensors_find(&file, "m"));
    db_safetensors_free(&file);
    unlink(path);
    free(path);
}

static void header_is_padded_to_eight(void **state)
{
    (void)state;
    char *path = write_sample();
    void *bytes;
    size_t length;
    assert_int_equal(db_file_read(path, &bytes, &length, NULL), 0);
    uint64_t header;
    memcpy(&header, bytes, 8);
    assert_int_equal(header % 8, 0);
    assert_int_equal(length, 8 + header + 9 * sizeof(float));
    free(bytes);
    unlink(path);
    free(path);
}

/* A cut file is refused at every length, read from memory that ends there. */
static void every_truncation_is_refused(void **state)
{
    (void)state;
    char *path = write_sample();
    void *bytes;
    size_t length;
    assert_int_equal(db_file_read(path, &bytes, &length, NULL), 0);
    for (size_t cut = 0; cut < length; cut++) {
        char *part = malloc(cut ? cut : 1);
        assert_non_null(part);
        memcpy(part, bytes, cut);
        db_safetensors file;
        db_error error = {""};
        assert_int_equal(db_safetensors_parse(&file, part, cut, true, "cut", &error), -1);
        assert_true(error.message[0] != 0);
        free(part);
    }
    free(bytes);
    unlink(path);
    free(path);
}

/* Any single changed byte of the header gives an answer, right or refused, never a crash. */
static void every_header_byte_may_change(void **state)
{
    (void)state;
    char *path = write_sample();
    void *bytes;
    size_t length;
    assert_int_equal(db_file_read(path, &bytes, &length, NULL), 0);
    for (size_t at = 0; at < length; at++) {
        for (int bit = 0; bit < 8; bit++) {
            ((uint8_t *)bytes)[at] ^= (uint8_t)(1 << bit);
            db_safetensors file;
            if (db_safetensors_parse(&file, bytes, length, true, "changed", NULL) == 0)
                db_safetensors_free(&file);
            ((uint8_t *)bytes)[at] ^= (uint8_t)(1 << bit);
        }
    }
    free(bytes);
    unlink(path);
    free(path);
}

static size_t read_all(const char *folder, int expected)
{
    size_t files = 0;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *item; (item = readdir(listing));) {
        if (item->d_name[0] == '.')
            continue;
        char *path = db_path_join(folder, item->d_name);
        db_safetensors file;
        db_error error = {""};
        int result = db_safetensors_read(&file, path, true, &error);
        if (result != expected)
            fail_msg("%s: %d, expected %d: %s", path, result, expected, error.message);
        if (result != 0)
            assert_non_null(strstr(error.message, item->d_name)); /* it says which file */
        db_safetensors_free(&file);
        free(path);
        files++;
    }
    closedir(listing);
    return files;
}

static void golden_files_are_read(void **state)
{
    (void)state;
    assert_true(read_all(GOLDEN "/ok", 0) >= 8);
}

static void golden_bad_files_are_refused(void **state)
{
    (void)state;
    assert_true(read_all(GOLDEN "/must-fail", -1) >= 30);
}

static void python_file_has_its_values(void **state)
{
    (void)state;
    db_safetensors file;
    assert_int_equal(db_safetensors_read(&file, GOLDEN "/ok/python.safetensors", true, NULL), 0);
    const db_safetensor *weight = db_safetensors_find(&file, "b.weight");
    assert_non_null(weight);
    assert_int_equal(weight->shape[0], 3);
    assert_int_equal(weight->shape[1], 4);
    for (int i = 0; i < 12; i++)
        assert_true(weight->values[i] == (float)i);
    db_safetensors_free(&file);
}

static void non_finite_values_pass_where_not_asked(void **state)
{
    (void)state;
    db_safetensors file;
    assert_int_equal(db_safetensors_read(&file, GOLDEN "/must-fail/not-a-number.safetensors", false, NULL), 0);
    db_safetensors_free(&file);
}

static void failure_to_write_is_reported(void **state)
{
    (void)state;
    const db_safetensor tensor = {.name = "a", .rank = 1, .shape = {3}, .count = 3, .values = VECTOR};
    db_error error = {""};
    assert_int_equal(db_safetensors_write("/nonexistent/folder/file", &tensor, 1, &error), -1);
    assert_non_null(strstr(error.message, "/nonexistent/folder/file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_file_reads_back),      cmocka_unit_test(header_is_padded_to_eight),
        cmocka_unit_test(every_truncation_is_refused),  cmocka_unit_test(every_header_byte_may_change),
        cmocka_unit_test(golden_files_are_read),        cmocka_unit_test(golden_bad_files_are_refused),
        cmocka_unit_test(python_file_has_its_values),   cmocka_unit_test(non_finite_values_pass_where_not_asked),
        cmocka_unit_test(failure_to_write_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
