/* Printing: lines, pieces of lines, the cap; the streams' operations. */
#include "fixture.h"

static enum host_outcome write_text(struct fixture *fixture, uint64_t stream, const char *text) {
    struct abi_value args[] = {NUMBER(stream), abi_string(text, (uint32_t)strlen(text))};
    return call_named(fixture, "wasi:io/streams", "[method]output-stream.write", args);
}

static void assert_printed(const char *expected) {
    assert_string_equal(printed.size == 0 ? "" : buf_cstr(&printed), expected);
    buf_clear(&printed);
}

static void lines_and_pieces(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    assert_int_equal(write_text(&fixture, WASI_STDOUT, "one\ntwo\nthr"), HOST_DONE);
    assert_printed("stdout|one\nstdout|two\n");
    write_text(&fixture, WASI_STDERR, "other");
    write_text(&fixture, WASI_STDOUT, "ee\n\n\nfour");
    assert_printed("stdout|three\n"); /* empty lines are left out */
    write_text(&fixture, WASI_STDOUT, "");
    write_text(&fixture, WASI_STDOUT, "\n");
    assert_printed("stdout|four\n");
    write_text(&fixture, WASI_STDOUT, "last");
    assert_printed("");
    wasi_state_end(&fixture.wasi);
    assert_printed("stdout|last\nstderr|other\n");
    wasi_state_end(&fixture.wasi); /* nothing twice */
    assert_printed("");
    fixture_close(&fixture);
}

static void long_lines_become_several(void **state) {
    struct fixture fixture;
    static char text[2 * WASI_LINE_MAX + 12];
    (void)state;
    fixture_open(&fixture);
    memset(text, 'x', sizeof text - 2);
    text[sizeof text - 2] = '\n';
    write_text(&fixture, WASI_STDOUT, text);
    const char *expected[] = {text + WASI_LINE_MAX + 11, text + WASI_LINE_MAX + 11,
                              text + 2 * WASI_LINE_MAX + 1};
    const char *at = buf_cstr(&printed);
    for (int i = 0; i < 3; i++) {
        assert_memory_equal(at, "stdout|", 7);
        assert_true(strncmp(at + 7, expected[i], strlen(expected[i]) - 1) == 0);
        at = strchr(at, '\n') + 1;
    }
    assert_int_equal(*at, '\0');
    fixture_close(&fixture);
}

static void a_line_of_exactly_the_maximum(void **state) {
    struct fixture fixture;
    static char text[WASI_LINE_MAX + 2];
    (void)state;
    fixture_open(&fixture);
    memset(text, 'y', WASI_LINE_MAX);
    write_text(&fixture, WASI_STDOUT,
               text); /* without its newline: goes out when the buffer is full */
    write_text(&fixture, WASI_STDOUT, "\nz\n");
    assert_int_equal(printed.size, 7 + WASI_LINE_MAX + 1 + 9);
    buf_clear(&printed);
    text[WASI_LINE_MAX] = '\n';
    write_text(&fixture, WASI_STDOUT, text);
    assert_int_equal(printed.size, 7 + WASI_LINE_MAX + 1);
    fixture_close(&fixture);
}

static void output_is_cut(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    fixture.wasi.output_cap = 100;
    for (int i = 0; i < 50; i++)
        write_text(&fixture, i % 2 == 0 ? WASI_STDOUT : WASI_STDERR, "0123456789\nrest");
    wasi_state_end(&fixture.wasi);
    /* 100 / (10 + 16): three lines; "rest0123456789" is a line of 14 */
    assert_printed("stdout|0123456789\nstderr|0123456789\nstdout|rest0123456789\nstderr|output cut "
                   "after 34 bytes\n");
    assert_int_equal(fixture.wasi.output_bytes, 34);
    assert_int_equal(fixture.wasi.output_dropped, 50 * 14 - 34);
    fixture_close(&fixture);
}

/* A line of one byte is some eighty in the log. */
static void short_lines_are_charged_for_more_than_their_bytes(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    for (int i = 0; i < 10000; i++) write_text(&fixture, WASI_STDOUT, "x\n\n\n\n\n");
    assert_int_equal(fixture.wasi.output_bytes, WASI_OUTPUT_CAP / (1 + WASI_LINE_COST));
    assert_in_range(fixture.wasi.output_used, WASI_OUTPUT_CAP - WASI_LINE_COST, WASI_OUTPUT_CAP);
    assert_int_equal(fixture.wasi.output_bytes + fixture.wasi.output_dropped, 10000);
    fixture_close(&fixture);
}

static void a_gigabyte_is_dropped_quickly(void **state) {
    struct fixture fixture;
    static char text[WASI_WRITE_MAX];
    (void)state;
    fixture_open(&fixture);
    memset(text, 'a', sizeof text);
    struct abi_value args[] = {NUMBER(WASI_STDOUT), abi_string(text, sizeof text)};
    for (int i = 0; i < 16384; i++)
        assert_int_equal(
            call_named(&fixture, "wasi:io/streams", "[method]output-stream.write", args),
            HOST_DONE);
    wasi_state_end(&fixture.wasi);
    assert_in_range(printed.size, 1000, WASI_OUTPUT_CAP + 1000);
    assert_int_equal(fixture.wasi.output_bytes + fixture.wasi.output_dropped, 1ull << 30);
    fixture_close(&fixture);
}

static void writes_are_bounded(void **state) {
    static const char text[WASI_WRITE_MAX + 1];
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    assert_int_equal(
        CALL(&fixture, "io/streams", "[method]output-stream.check-write", NUMBER(WASI_STDOUT)),
        HOST_DONE);
    assert_int_equal(fixture.call.result.n, 0);
    assert_int_equal(fixture.call.result.items->u, WASI_WRITE_MAX);
    struct abi_value args[] = {NUMBER(WASI_STDOUT), abi_string(text, WASI_WRITE_MAX + 1)};
    assert_int_equal(call_named(&fixture, "wasi:io/streams", "[method]output-stream.write", args),
                     HOST_FAIL);
    args[1].n = 4097;
    assert_int_equal(call_named(&fixture, "wasi:io/streams",
                                "[method]output-stream.blocking-write-and-flush", args),
                     HOST_FAIL);
    assert_int_equal(CALL(&fixture, "io/streams", "[method]output-stream.write-zeroes",
                          NUMBER(WASI_STDOUT), NUMBER(65537)),
                     HOST_FAIL);
    assert_int_equal(CALL(&fixture, "io/streams",
                          "[method]output-stream.blocking-write-zeroes-and-flush",
                          NUMBER(WASI_STDOUT), NUMBER(4097)),
                     HOST_FAIL);
    args[1].n = 4096;
    assert_int_equal(call_named(&fixture, "wasi:io/streams",
                                "[method]output-stream.blocking-write-and-flush", args),
                     HOST_DONE);
    assert_int_equal(CALL(&fixture, "io/streams", "[method]output-stream.write-zeroes",
                          NUMBER(WASI_STDERR), NUMBER(10)),
                     HOST_DONE);
    assert_int_equal(fixture.wasi.output[1].size, 10);
    args[0].u = WASI_STDIN;
    assert_int_equal(call_named(&fixture, "wasi:io/streams", "[method]output-stream.write", args),
                     HOST_FAIL);
    assert_string_equal(fixture.instance.error, "unknown stream");
    fixture_close(&fixture);
}

static void stdin_is_closed(void **state) {
    static const char *const names[] = {
        "[method]input-stream.read", "[method]input-stream.blocking-read",
        "[method]input-stream.skip", "[method]input-stream.blocking-skip"};
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    for (int i = 0; i < 4; i++) {
        struct abi_value args[] = {NUMBER(WASI_STDIN), NUMBER(100)};
        assert_int_equal(call_named(&fixture, "wasi:io/streams", names[i], args), HOST_DONE);
        assert_int_equal(fixture.call.result.n, 1);        /* error */
        assert_int_equal(fixture.call.result.items->n, 1); /* closed */
    }
    fixture_close(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_pieces),
        cmocka_unit_test(long_lines_become_several),
        cmocka_unit_test(a_line_of_exactly_the_maximum),
        cmocka_unit_test(output_is_cut),
        cmocka_unit_test(short_lines_are_charged_for_more_than_their_bytes),
        cmocka_unit_test(a_gigabyte_is_dropped_quickly),
        cmocka_unit_test(writes_are_bounded),
        cmocka_unit_test(stdin_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
