/* An invocation for the tests of wasi: state, instance, arena, and what was printed. */
#ifndef PK_TESTS_UNIT_WASI_FIXTURE_H
#define PK_TESTS_UNIT_WASI_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "wasi/internal.h"

struct fixture {
    struct wasi_state wasi; /* first, as in the invocation's own */
    struct abi_interface interface;
    struct abi_instance instance;
    struct arena arena;
    struct abi_call call;
};

static struct buf printed; /* "stdout|line\n" */

static inline void note_print(const char *skill, const char *stream, const void *bytes,
                              size_t size) {
    assert_string_equal(skill, "ns/skill");
    buf_format(&printed, "%s|%.*s\n", stream, (int)size, (const char *)bytes);
}

static inline void fixture_open(struct fixture *fixture) {
    *fixture = (struct fixture){0};
    buf_init(&printed, 1 << 20);
    arena_init(&fixture->arena, 64 << 20);
    abi_instance_init(&fixture->instance, &fixture->interface, &fixture->arena);
    wasi_state_begin(&fixture->wasi, "ns/skill");
    fixture->wasi.print = note_print;
}

static inline void fixture_close(struct fixture *fixture) {
    wasi_state_end(&fixture->wasi);
    wasi_state_free(&fixture->wasi);
    abi_instance_end(&fixture->instance, NULL, NULL);
    arena_free(&fixture->arena);
    buf_free(&printed);
}

/* A call by its name. */
static inline enum host_outcome call_named(struct fixture *fixture, const char *interface,
                                           const char *name, const struct abi_value *args) {
    const struct host_function *function = host_find(&wasi_table, str_of(interface), str_of(name));
    assert_non_null(function);
    assert_non_null(function->call);
    fixture->instance.error[0] = '\0';
    fixture->call = (struct abi_call){
        .instance = &fixture->instance, .context = fixture, .args = args, .wake_at = UINT64_MAX};
    return function->call(&fixture->call);
}

#define CALL(fixture, interface, name, ...)                                                        \
    call_named(fixture, "wasi:" interface, name, (struct abi_value[]){__VA_ARGS__, {0}})
#define NUMBER(number)                                                                             \
    { .u = (number) }

#endif
