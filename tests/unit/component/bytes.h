/* Puts WebAssembly binaries together, for what no text format can say. */
#ifndef PK_TESTS_COMPONENT_BYTES_H
#define PK_TESTS_COMPONENT_BYTES_H

#include "base/buf.h"
#include "base/must.h"
#include "component/component.h"

#define ADD(buf, ...)                                                                              \
    do {                                                                                           \
        const uint8_t bytes_[] = {__VA_ARGS__};                                                    \
        must(buf_add((buf), bytes_, sizeof bytes_));                                               \
    } while (0)

static inline struct buf bytes_new(void) {
    struct buf buf;
    buf_init(&buf, (size_t)1 << 30);
    return buf;
}

static inline void bytes_leb(struct buf *buf, uint32_t value) {
    while (value >= 0x80) {
        ADD(buf, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    ADD(buf, (uint8_t)value);
}

static inline void bytes_name(struct buf *buf, const char *name) {
    bytes_leb(buf, (uint32_t)strlen(name));
    must(buf_add(buf, name, strlen(name)));
}

/* A section with these contents, which are freed. */
static inline void bytes_section(struct buf *buf, uint8_t id, struct buf *contents) {
    ADD(buf, id);
    bytes_leb(buf, (uint32_t)contents->size);
    if (contents->size > 0) must(buf_add(buf, contents->data, contents->size));
    buf_free(contents);
}

/* A section that is a vector: `count` items are in `items`, which are freed. */
static inline void bytes_vector(struct buf *buf, uint8_t id, uint32_t count, struct buf *items) {
    struct buf contents = bytes_new();
    bytes_leb(&contents, count);
    if (items->size > 0) must(buf_add(&contents, items->data, items->size));
    buf_free(items);
    bytes_section(buf, id, &contents);
}

static inline struct buf bytes_module(void) {
    struct buf buf = bytes_new();
    ADD(&buf, 0, 'a', 's', 'm', 1, 0, 0, 0);
    return buf;
}

static inline struct buf bytes_component(void) {
    struct buf buf = bytes_new();
    ADD(&buf, 0, 'a', 's', 'm', 0x0d, 0, 1, 0);
    return buf;
}

static inline struct slice bytes_slice(const struct buf *buf) {
    return (struct slice){.data = buf->data, .size = (uint32_t)buf->size};
}

#endif
