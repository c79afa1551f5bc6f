/* Opens a guest with the types of layout_cases.h. */
#ifndef PK_TESTS_UNIT_ABI_LAYOUT_H
#define PK_TESTS_UNIT_ABI_LAYOUT_H

#include "guest.h"
#include "layout_cases.h"

#define LAYOUT_CASES (sizeof layout_cases / sizeof *layout_cases)

/* "enum:3" to {"enum":["n0","n1","n2"]}; see layout_cases.h. */
static inline void layout_add(struct buf *text, const char *type) {
    const char *colon = strchr(type, ':');
    if (*type == '\'' || *type == '{') {
        buf_text(text, type);
        return;
    }
    buf_format(text, "{'%.*s':[", (int)(colon - type), type);
    for (int i = 0; i < atoi(colon + 1); i++) {
        static const char *const payloads[] = {"null", "8", "9", "10"};
        bool variant = *type == 'v';
        buf_format(text, "%s%s'n%d'", i == 0 ? "" : ",", variant ? "[" : "", i);
        if (variant) buf_format(text, ",%s]", payloads[i % 4]);
    }
    buf_text(text, "]}");
}

static inline void layout_open(struct guest *guest, const char *imports, const char *exports) {
    struct buf text;
    buf_init(&text, 1 << 24);
    for (size_t i = 0; i < LAYOUT_CASES; i++) {
        if (i > 0) buf_byte(&text, ',');
        layout_add(&text, layout_cases[i].type);
    }
    guest_open(guest, "{'interface':'x','name':'thing'}", buf_cstr(&text), imports, exports);
    buf_free(&text);
}

#endif
