/*
 * Stores: several images in one region, sound and damaged, with anything between them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dogberry.h"
#include "tiny_image.h"

enum { SECTOR = DOGBERRY_STORE_ALIGNMENT, IMAGES = 3, PLACES_MAX = 16 };

/* A store in memory: erased flash with images in it. */
typedef struct {
    uint8_t *bytes;
    size_t length;
    size_t offsets[IMAGES], lengths[IMAGES];
} store;

static uint8_t *named_image(uint32_t index, const char *name, size_t *length)
{
    tiny_config config = tiny_default();

    config.architecture = index == 1 ? DOGBERRY_GRU : DOGBERRY_LSTM;
    config.int4_roles = index == 2 ? TINY_INT4 : 0;
    config.hidden = 8 + 12 * index; /* of different lengths: in one sector and in several */
    config.seed = index;
    uint8_t *bytes = tiny_build(&config, length);

    memset(bytes + 96, 0, 32);
    strcpy((char *)bytes + 96, name);
    tiny_set_golden(bytes, "the usa", index, 10);
    return bytes;
}

static store make_store(const char *const names[IMAGES], size_t gap)
{
    store s = {NULL, 0, {0}, {0}};
    uint8_t *images[IMAGES];

    for (uint32_t i = 0; i < IMAGES; i++) {
        images[i] = named_image(i, names[i], &s.lengths[i]);
        s.offsets[i] = s.length;
        s.length += (s.lengths[i] + SECTOR - 1) / SECTOR * SECTOR + gap;
    }
    uint8_t *whole = malloc(s.length);

    assert_non_null(whole);
    memset(whole, 0xFF, s.length);
    for (int i = 0; i < IMAGES; i++) {
        memcpy(whole + s.offsets[i], images[i], s.lengths[i]);
        free(images[i]);
    }
    s.bytes = tiny_copy(whole, s.length);
    free(whole);
    return s;
}

static const char *const abc[IMAGES] = {"a", "b", "c"};

/* Every place of a store. Returns how many. */
static int scan(const void *bytes, size_t length, dogberry_place places[PLACES_MAX])
{
    dogberry_image image;
    size_t cursor = 0;
    int count = 0, more;

    while ((more = dogberry_store_next(bytes, length, &cursor, &image, &places[count])) > 0) {
        assert_true(cursor > places[count].offset && count < PLACES_MAX - 1);
        if (places[count].status == DOGBERRY_OK)
            assert_ptr_equal(image.source.bytes, (const uint8_t *)bytes + places[count].offset);
        count++;
    }
    assert_int_equal(more, 0);
    assert_int_equal(dogberry_store_next(bytes, length, &cursor, &image, &places[count]), 0); /* and stays there */
    return count;
}

static void finds_all(void **state)
{
    (void)state;
    for (size_t gap = 0; gap <= 2 * SECTOR; gap += SECTOR) {
        store s = make_store(abc, gap);
        dogberry_place places[PLACES_MAX];

        assert_int_equal(scan(s.bytes, s.length, places), IMAGES);
        for (int i = 0; i < IMAGES; i++) {
            assert_int_equal(places[i].offset, s.offsets[i]);
            assert_int_equal(places[i].length, s.lengths[i]);
            assert_int_equal(places[i].status, DOGBERRY_OK);
        }
        free(s.bytes);
    }
}

static void finds_nothing(void **state)
{
    dogberry_place places[PLACES_MAX];
    dogberry_image image;
    uint8_t *bytes = tiny_copy((const uint8_t *)"", 0), *sectors;
    uint32_t random = 1;

    (void)state;
    assert_int_equal(scan(bytes, 0, places), 0);
    assert_int_equal(dogberry_store_find(bytes, 0, "a", &image), 0);
    free(bytes);
    for (uint32_t fill = 0; fill < 4; fill++) {
        static const uint8_t fills[] = {0xFF, 0x00, 'D'};

        sectors = malloc(8 * SECTOR);
        assert_non_null(sectors);
        for (size_t i = 0; i < 8 * SECTOR; i++)
            sectors[i] = fill < 3 ? fills[fill] : (uint8_t)tiny_random(&random, 256);
        for (size_t length = 0; length <= 8 * SECTOR; length += length < 40 ? 1 : 1021) {
            uint8_t *copy = tiny_copy(sectors, length);

            assert_int_equal(scan(copy, length, places), 0);
            free(copy);
        }
        free(sectors);
    }
}

static void refuses_arguments(void **state)
{
    store s = make_store(abc, 0);
    dogberry_place place;
    dogberry_image image;
    size_t cursor = 0;

    (void)state;
    assert_int_equal(dogberry_store_next(NULL, s.length, &cursor, &image, &place), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_store_next(s.bytes, s.length, NULL, &image, &place), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_store_next(s.bytes, s.length, &cursor, NULL, &place), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_store_next(s.bytes, s.length, &cursor, &image, NULL), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_store_next(s.bytes + 4, s.length - 4, &cursor, &image, &place), DOGBERRY_ERR_ALIGNMENT);
    assert_int_equal(dogberry_store_find(s.bytes, s.length, NULL, &image), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_store_find(NULL, s.length, "a", &image), DOGBERRY_ERR_ARGUMENT);
    assert_int_equal(dogberry_store_find(s.bytes + 4, s.length - 4, "a", &image), DOGBERRY_ERR_ALIGNMENT);
    assert_int_equal(cursor, 0);
    for (cursor = SIZE_MAX; cursor > SIZE_MAX - 3; cursor--) { /* a cursor of someone else's */
        size_t at = cursor;

        assert_int_equal(dogberry_store_next(s.bytes, s.length, &at, &image, &place), 0);
    }
    cursor = 1; /* the next place is a sector's start */
    assert_int_equal(dogberry_store_next(s.bytes, s.length, &cursor, &image, &place), 1);
    assert_int_equal(place.offset, s.offsets[1]);
    free(s.bytes);
}

/* A byte of one image changed: that one is damaged, or gone where its magic is, and the others are there. */
static void one_damaged(void **state)
{
    store s = make_store(abc, 0);

    (void)state;
    for (int damaged = 0; damaged < IMAGES; damaged++) {
        for (size_t at = 0; at < s.lengths[damaged]; at += at < 800 ? 1 : 17) {
            uint8_t *byte = s.bytes + s.offsets[damaged] + at;
            dogberry_place places[PLACES_MAX];
            int count, missing = at < 4;

            *byte ^= (uint8_t)(1u << at % 8);
            count = scan(s.bytes, s.length, places);
            assert_int_equal(count, IMAGES - missing);
            for (int i = 0; i < count; i++) {
                int image = missing && i >= damaged ? i + 1 : i;

                assert_int_equal(places[i].offset, s.offsets[image]);
                assert_true((places[i].status == DOGBERRY_OK) == (image != damaged));
                assert_int_equal(places[i].length, image == damaged ? 0 : s.lengths[image]);
            }
            *byte ^= (uint8_t)(1u << at % 8);
        }
    }
    free(s.bytes);
}

/* Sectors of one image erased, as by a power cut while it was written. */
static void half_written(void **state)
{
    (void)state;
    for (int damaged = 0; damaged < IMAGES; damaged++) {
        store s = make_store(abc, 0);

        for (size_t end = s.lengths[damaged] / SECTOR * SECTOR; end > 0; end -= SECTOR) {
            dogberry_place places[PLACES_MAX];

            memset(s.bytes + s.offsets[damaged] + end, 0xFF, s.lengths[damaged] - end);
            assert_int_equal(scan(s.bytes, s.length, places), IMAGES);
            for (int i = 0; i < IMAGES; i++)
                assert_int_equal(places[i].status, i == damaged ? DOGBERRY_ERR_CHECKSUM : DOGBERRY_OK);
        }
        free(s.bytes);
    }
}

static void truncated(void **state)
{
    store s = make_store(abc, 0);

    (void)state;
    for (size_t length = 0; length < s.length; length += length % SECTOR < 8 ? 1 : 97) {
        uint8_t *part = tiny_copy(s.bytes, length);
        dogberry_place places[PLACES_MAX];
        int count = scan(part, length, places), expected = 0;

        for (int i = 0; i < IMAGES; i++) {
            if (length < s.offsets[i] + 4)
                continue;
            assert_true(expected < count);
            assert_int_equal(places[expected].offset, s.offsets[i]);
            assert_int_equal(places[expected].status,
                             length < s.offsets[i] + s.lengths[i] ? DOGBERRY_ERR_TRUNCATED : DOGBERRY_OK);
            expected++;
        }
        assert_int_equal(count, expected);
        free(part);
    }
    free(s.bytes);
}

/* What begins anywhere but at a sector's start is not seen; garbage between images hides nothing. */
static void garbage_between(void **state)
{
    store s = make_store(abc, 2 * SECTOR);
    dogberry_place places[PLACES_MAX];
    uint32_t random = 5;

    (void)state;
    for (int i = 0; i < IMAGES; i++) {
        size_t end = s.offsets[i] + s.lengths[i], next = i + 1 < IMAGES ? s.offsets[i + 1] : s.length;

        for (size_t at = end; at < next; at++)
            s.bytes[at] = (uint8_t)tiny_random(&random, 256);
        memcpy(s.bytes + next - SECTOR + 16, s.bytes + s.offsets[0], SECTOR - 16);
    }
    assert_int_equal(scan(s.bytes, s.length, places), IMAGES);
    for (int i = 0; i < IMAGES; i++)
        assert_int_equal(places[i].offset, s.offsets[i]);
    free(s.bytes);
}

/* Weights of a sound image that look like a place are none; behind the header of a damaged one they are. */
static void magic_in_the_weights(void **state)
{
    store s = make_store(abc, 0);
    dogberry_place places[PLACES_MAX];
    size_t last = s.offsets[2];

    (void)state;
    assert_true(s.lengths[2] > SECTOR + 256);
    memcpy(s.bytes + last + SECTOR, "DOGB\x01\x00\x00\x01", 8);
    tiny_seal(s.bytes + last);
    int count = scan(s.bytes, s.length, places);

    assert_int_equal(count, IMAGES);
    s.bytes[last + 8] ^= 16; /* its length */
    count = scan(s.bytes, s.length, places);
    assert_int_equal(count, IMAGES + 1);
    assert_int_equal(places[2].offset, last);
    assert_true(places[2].status < 0 && places[3].status < 0);
    assert_int_equal(places[3].offset, last + SECTOR);
    free(s.bytes);
}

static void picks_by_name(void **state)
{
    static const char *const names[IMAGES] = {"chat", "chat small", "chat"};
    store s = make_store(names, 0);
    dogberry_image image;

    (void)state;
    assert_int_equal(dogberry_store_find(s.bytes, s.length, "chat small", &image), 1);
    assert_ptr_equal(image.source.bytes, s.bytes + s.offsets[1]);
    assert_int_equal(dogberry_store_find(s.bytes, s.length, "chat", &image), 2);
    assert_ptr_equal(image.source.bytes, s.bytes + s.offsets[0]);
    assert_string_equal(image.name, "chat");
    s.bytes[300] ^= 1;
    assert_int_equal(dogberry_store_find(s.bytes, s.length, "chat", &image), 1);
    assert_ptr_equal(image.source.bytes, s.bytes + s.offsets[2]);
    s.bytes[s.offsets[2] + 300] ^= 1;
    assert_int_equal(dogberry_store_find(s.bytes, s.length, "chat", &image), 0);
    assert_int_equal(dogberry_store_find(s.bytes, s.length, "cha", &image), 0);
    assert_int_equal(dogberry_store_find(s.bytes, s.length, "", &image), 0);
    free(s.bytes);
}

/* A conversation with one image of the store. Returns its digest. */
static uint32_t talk(const store *s, const char *name, dogberry_image *image, void *arena, size_t bytes)
{
    dogberry_session *session;
    char piece[DOGBERRY_PIECE_MAX];

    assert_int_equal(dogberry_store_find(s->bytes, s->length, name, image), 1);
    assert_int_equal(dogberry_start(&session, image, arena, bytes), DOGBERRY_OK);
    assert_int_equal(dogberry_feed(session, "the usa", 7), 2);
    for (int i = 0; i < 3; i++)
        assert_true(dogberry_next(session, piece, sizeof piece, NULL) >= 0);
    return dogberry_digest(session);
}

/* Opening, closing and switching leaves nothing behind: the arena needs no more than the largest session, and
 * a conversation is the same, and leaves the same bytes, whatever was in the arena before. */
static void a_thousand_switches(void **state)
{
    store s = make_store(abc, 0);
    size_t needed = 0, sizes[IMAGES];
    uint32_t digests[IMAGES], random = 3;
    dogberry_image image; /* sessions point to it */

    (void)state;
    for (int i = 0; i < IMAGES; i++) {
        assert_int_equal(dogberry_open(&image, s.bytes + s.offsets[i], s.lengths[i]), DOGBERRY_OK);
        sizes[i] = dogberry_session_bytes(&image);
        needed = sizes[i] > needed ? sizes[i] : needed;
    }
    uint8_t *arena = tiny_copy(s.bytes, needed), *kept[IMAGES];

    for (int i = 0; i < IMAGES; i++) {
        digests[i] = talk(&s, abc[i], &image, arena, needed);
        kept[i] = tiny_copy(arena, sizes[i]);
    }
    for (int round = 0; round < 1000; round++) {
        uint32_t i = tiny_random(&random, IMAGES);
        uint8_t *behind = tiny_copy(arena + sizes[i], needed - sizes[i]);

        assert_int_equal(talk(&s, abc[i], &image, arena, needed), digests[i]);
        assert_memory_equal(arena, kept[i], sizes[i]);
        assert_memory_equal(arena + sizes[i], behind, needed - sizes[i]);
        free(behind);
    }
    for (int i = 0; i < IMAGES; i++)
        free(kept[i]);
    free(arena);
    free(s.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_all),         cmocka_unit_test(finds_nothing),
        cmocka_unit_test(refuses_arguments), cmocka_unit_test(one_damaged),
        cmocka_unit_test(half_written),      cmocka_unit_test(truncated),
        cmocka_unit_test(garbage_between),   cmocka_unit_test(magic_in_the_weights),
        cmocka_unit_test(picks_by_name),     cmocka_unit_test(a_thousand_switches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
