/* room: levels by bytes, the real memory, promises, one turn for all, who holds most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "runtime/room.h"

#define MIB (1ull << 20)

static struct room make(uint64_t limit) {
    struct room room;
    struct err err;
    assert_true(room_init(&room, limit, 3, &err));
    return room;
}

static void levels_of_bytes(void **state) {
    (void)state;
    struct room room = make(8000 * MIB);
    assert_int_equal(room_level_of(&room, 0), ROOM_AMPLE);
    assert_int_equal(room_level_of(&room, 4000 * MIB - 1), ROOM_AMPLE);
    assert_int_equal(room_level_of(&room, 4000 * MIB), ROOM_SCARCE);
    assert_int_equal(room_level_of(&room, 8000 * MIB - 1), ROOM_SCARCE);
    assert_int_equal(room_level_of(&room, 8000 * MIB), ROOM_OVER);
    assert_int_equal(room_level_of(&room, 9000 * MIB - 1), ROOM_OVER);
    assert_int_equal(room_level_of(&room, 9000 * MIB), ROOM_DIRE);
    room_free(&room);
    room = make(64 * MIB); /* little: an eighth is written between two looks */
    assert_int_equal(room_level_of(&room, 128 * MIB - 1), ROOM_OVER);
    assert_int_equal(room_level_of(&room, 128 * MIB), ROOM_DIRE);
    room_free(&room);
}

/* The level follows what the process really has, a few milliseconds later. */
static void the_process_is_looked_at(void **state) {
    (void)state;
    struct room room = make(256 * MIB);
    uint64_t now = clock_monotonic();
    assert_int_equal(room_look(&room, now), ROOM_AMPLE);
    char *held = malloc(300 * MIB);
    assert_non_null(held);
    memset(held, 1, 300 * MIB);
    assert_int_equal(room_look(&room, now + CLOCK_MS), ROOM_AMPLE);
    assert_in_range(room_look(&room, now + 3 * CLOCK_MS), ROOM_OVER, ROOM_DIRE);
    assert_int_equal(room_left(&room), 0);
    assert_int_equal(held[299 * MIB], 1);
    free(held);
    assert_int_equal(room_look(&room, now + 6 * CLOCK_MS), ROOM_AMPLE);
    assert_int_equal(room_look(&room, now), ROOM_AMPLE); /* an older clock */
    room_free(&room);
}

static void promises_take_room(void **state) {
    (void)state;
    struct room room = make(256 * MIB);
    atomic_store(&room.bytes, 56 * MIB);
    assert_true(room_promise(&room, 120 * MIB, room.limit));
    assert_int_equal(room_left(&room), 80 * MIB);
    assert_false(room_promise(&room, 81 * MIB, room.limit));
    assert_true(room_promise(&room, 80 * MIB, room.limit));
    assert_int_equal(room_left(&room), 0);
    room_promise_change(&room, -(int64_t)(200 * MIB));
    assert_int_equal(room_left(&room), 200 * MIB);
    room_free(&room);
}

static void one_has_the_turn(void **state) {
    (void)state;
    struct room room = make(256 * MIB);
    assert_true(room_take_turn(&room, 0));
    assert_true(room_take_turn(&room, 0));
    assert_false(room_take_turn(&room, 1));
    room_give_turn(&room, 1); /* it has none */
    assert_false(room_take_turn(&room, 1));
    room_give_turn(&room, 0);
    assert_true(room_take_turn(&room, 1));
    room_free(&room);
}

static void one_holds_most(void **state) {
    (void)state;
    struct room room = make(256 * MIB);
    assert_false(room_has_most(&room, 0, 0)); /* nobody holds anything */
    assert_true(room_has_most(&room, 1, 5));
    assert_false(room_has_most(&room, 0, 4));
    assert_false(room_has_most(&room, 2, 5)); /* of equal ones the first */
    assert_true(room_has_most(&room, 0, 5));
    assert_false(room_has_most(&room, 1, 5));
    room_free(&room);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_of_bytes),    cmocka_unit_test(the_process_is_looked_at),
        cmocka_unit_test(promises_take_room), cmocka_unit_test(one_has_the_turn),
        cmocka_unit_test(one_holds_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
