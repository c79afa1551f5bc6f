/* Decode and link any bytes. When every core module of the component is valid by itself, what the
 * linker makes of them is valid too (function bodies are not typed by us), the same twice, and
 * within the stated multiple of the input. What does not begin as a component becomes a function's
 * body, in a module where index 0 of everything is there: taken as it is, or (after a byte 0xff)
 * made of instructions that the bytes choose, valid by construction. */
#include <stdlib.h>
#include <string.h>
#include <wasm.h>
#include <wasmtime.h>

#include "base/must.h"
#include "link/encode.h"
#include "link/link.h"
#include "link/opcode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static wasm_engine_t *engine;

static bool valid(const uint8_t *bytes, size_t size) {
    wasmtime_error_t *error = wasmtime_module_validate(engine, bytes, size);
    if (!error) return true;
    wasmtime_error_delete(error);
    return false;
}

static bool modules_valid(const struct component *component) {
    for (uint32_t i = 0; i < component->module_count; i++)
        if (!valid(component->modules[i].bytes.data, component->modules[i].bytes.size))
            return false;
    return true;
}

static void try_link(const struct component *component, struct arena *arena, bool strict,
                     size_t size) {
    struct link_settings settings = {.strict_memory = strict};
    struct link_result first, second;
    struct err err = {0};
    if (!link_component(component, &settings, arena, &first, &err)) {
        must(err.kind != ERR_NONE && err.kind != ERR_INTERNAL && err.text[0]);
        return;
    }
    must(first.code.size <= size * LINK_OUTPUT_FACTOR + (64 << 10));
    if (modules_valid(component)) must(valid(first.code.data, first.code.size));
    must(link_component(component, &settings, arena, &second, &err));
    must(first.code.size == second.code.size &&
         memcmp(first.code.data, second.code.data, first.code.size) == 0);
    must(first.interface.size == second.interface.size &&
         memcmp(first.interface.data, second.interface.data, first.interface.size) == 0);
    link_free(&second);
    link_free(&first);
}

static void add_section(struct buf *out, uint8_t id, const char *bytes, size_t size) {
    buf_byte(out, id);
    put_name(out, bytes, size);
}

#define ADD(out, id, bytes) add_section(out, id, bytes, sizeof bytes - 1)

/* A module whose function 1 has this body: two types, two tables (one with a limit), a memory,
 * globals, element segments and data segments. */
static void add_module(struct buf *out, const uint8_t *body, size_t size) {
    struct buf code;
    buf_init(&code, size + 64);
    buf_add(out, "\0asm\1\0\0\0", 8);
    ADD(out, SECTION_TYPE, "\2\x60\0\0\x60\2\x7f\x7e\2\x7f\x7e");
    ADD(out, SECTION_FUNCTION, "\2\0\1");
    ADD(out, SECTION_TABLE, "\2\x70\0\4\x70\1\1\x64");
    ADD(out, SECTION_MEMORY, "\1\0\1");
    ADD(out, SECTION_GLOBAL,
        "\3\x7f\1\x41\0\x0b\x7e\0\x42\1\x0b\x7b\1\xfd\x0c"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0b");
    ADD(out, SECTION_EXPORT, "\1\1f\0\1");
    ADD(out, SECTION_ELEMENT, "\2\1\0\2\0\0\0\x41\1\x0b\1\0");
    ADD(out, SECTION_DATA_COUNT, "\2");
    buf_add(&code, "\2\2\0\x0b", 4);
    put_name(&code, body, size);
    put_section(out, SECTION_CODE, &code);
    ADD(out, SECTION_DATA, "\2\1\3abc\0\x41\1\x0b\1d");
    buf_free(&code);
}

/* Bytes as a source of choices; 0 when there are none left. */
struct choices {
    const uint8_t *at, *end;
};

static uint32_t choose(struct choices *choices, uint32_t below) {
    uint32_t byte = choices->at < choices->end ? *choices->at++ : 0;
    return byte % below;
}

/* The type of a block, and what it holds. An `if` with results needs both branches. */
static void put_block(struct choices *choices, struct buf *out, bool is_if) {
    static const char types[] = "\x40\x7f\x7e\x7d\x7c\x7b\x70\x6f\0\1";
    buf_byte(out, (uint8_t)types[choose(choices, sizeof types - 1)]);
    put_op(out, OP_UNREACHABLE);
    if (is_if) buf_add(out, (uint8_t[]){OP_ELSE, OP_UNREACHABLE}, 2);
    put_op(out, OP_END);
}

/* A number below `below`, in one byte or in more than it takes. */
static void put_choice(struct choices *choices, struct buf *out, uint32_t below) {
    uint8_t value = (uint8_t)choose(choices, below);
    if (choose(choices, 8) == 0)
        buf_add(out, (uint8_t[]){value | 0x80, 0x80, 0}, 3);
    else
        buf_byte(out, value);
}

static void put_random(struct choices *choices, struct buf *out, uint32_t size) {
    for (uint32_t i = 0; i < size; i++) buf_byte(out, (uint8_t)choose(choices, 256));
}

static void put_memarg(struct choices *choices, struct buf *out) {
    bool multi = choose(choices, 2) == 1;
    buf_byte(out, multi ? 0x40 : 0);
    if (multi) put_choice(choices, out, 1);
    put_u32(out, choose(choices, 256) << choose(choices, 24));
}

/* Immediates that validate. `returns`: only function 1 returns what function 1 does. */
static void put_immediates(struct choices *choices, struct buf *out, enum opcode_immediates kind,
                           bool returns, bool sets) {
    uint8_t same = (uint8_t)choose(choices, 2);
    switch (kind) {
    case OPCODE_UNKNOWN:
    case IMMEDIATES_NONE:
        break;
    case IMMEDIATES_BLOCK:
        put_block(choices, out, out->data[out->size - 1] == OP_IF);
        break;
    case IMMEDIATES_LABELS:
        buf_add(out, "\2\0\0\0", 4);
        break;
    case IMMEDIATES_FUNC:
        buf_byte(out, returns ? 1 : same);
        break;
    case IMMEDIATES_INDIRECT:
        buf_add(out, (uint8_t[]){returns ? 1 : same, 0}, 2);
        break;
    case IMMEDIATES_TYPES:
        buf_byte(out, 1);
        buf_byte(out, (uint8_t)(0x7b + choose(choices, 5)));
        break;
    case IMMEDIATES_GLOBAL:
        buf_byte(out, sets ? (uint8_t)(2 * same) : (uint8_t)choose(choices, 3));
        break;
    case IMMEDIATES_LOCAL:
    case IMMEDIATES_TABLE:
    case IMMEDIATES_TABLE_GROW:
    case IMMEDIATES_TABLE_FILL:
    case IMMEDIATES_REF_FUNC:
    case IMMEDIATES_DATA:
    case IMMEDIATES_ELEM:
        put_choice(choices, out, 2);
        break;
    case IMMEDIATES_LABEL:
    case IMMEDIATES_MEMORY_SIZE:
    case IMMEDIATES_MEMORY_GROW:
    case IMMEDIATES_MEMORY_FILL:
        put_choice(choices, out, 1);
        break;
    case IMMEDIATES_MEMARG:
        put_memarg(choices, out);
        break;
    case IMMEDIATES_MEMARG_LANE:
        put_memarg(choices, out);
        buf_byte(out, same);
        break;
    case IMMEDIATES_LANE:
        buf_byte(out, same);
        break;
    case IMMEDIATES_BYTES16: /* shuffle takes lanes below 32 */
        for (int i = 0; i < 16; i++) buf_byte(out, (uint8_t)choose(choices, 32));
        break;
    case IMMEDIATES_I32:
        put_s64(out, (int32_t)(choose(choices, 256) << choose(choices, 32)));
        break;
    case IMMEDIATES_I64:
        put_s64(out, (int64_t)((uint64_t)choose(choices, 256) << choose(choices, 64)));
        break;
    case IMMEDIATES_F32:
        put_random(choices, out, 4);
        break;
    case IMMEDIATES_F64:
        put_random(choices, out, 8);
        break;
    case IMMEDIATES_REFTYPE:
        buf_byte(out, same ? VALTYPE_FUNCREF : VALTYPE_EXTERNREF);
        break;
    case IMMEDIATES_MEMORY_INIT:
    case IMMEDIATES_TABLE_INIT:
        put_choice(choices, out, 2);
        put_choice(choices, out, 1);
        break;
    case IMMEDIATES_MEMORY_COPY:
        put_choice(choices, out, 1);
        put_choice(choices, out, 1);
        break;
    case IMMEDIATES_TABLE_COPY:
        buf_add(out, (uint8_t[]){same, same}, 2);
        break;
    }
}

/* One instruction of the table, before and after it unreachable: so its operands and results may be
 * anything. At times the length of a bulk instruction is a constant. */
static void put_instruction(struct choices *choices, struct buf *out) {
    static const uint8_t prefixes[] = {0, 0, OPCODE_PREFIX_MISC, OPCODE_PREFIX_SIMD};
    uint8_t prefix = prefixes[choose(choices, 4)];
    uint32_t code =
        prefix == OPCODE_PREFIX_MISC ? choose(choices, OPCODE_MISC_COUNT) : choose(choices, 256);
    if (prefix == OPCODE_PREFIX_SIMD) code += choose(choices, 2) * 20;
    enum opcode_immediates kind = opcode_immediates(prefix, code);
    bool nests = prefix == 0 && (code == OP_ELSE || code == OP_END);
    if (kind == OPCODE_UNKNOWN || nests) return;
    put_op(out, OP_UNREACHABLE);
    if (kind >= IMMEDIATES_MEMORY_INIT && kind != IMMEDIATES_DATA && kind != IMMEDIATES_ELEM &&
        choose(choices, 2) == 1)
        put_i32(out, (int32_t)(choose(choices, 256) << choose(choices, 28)));
    if (prefix == 0)
        buf_byte(out, (uint8_t)code);
    else
        put_op1(out, (enum wasm_op)prefix, code);
    bool returns = prefix == 0 && (code == 0x12 || code == 0x13);
    put_immediates(choices, out, kind, returns, prefix == 0 && code == OP_GLOBAL_SET);
}

static void make_body(struct buf *out, const uint8_t *bytes, size_t size) {
    struct choices choices = {bytes, bytes + size};
    put_u32(out, 1);
    put_choice(&choices, out, 100);
    buf_byte(out, VALTYPE_V128);
    while (choices.at < choices.end && out->size < 20000) put_instruction(&choices, out);
    put_op(out, OP_UNREACHABLE);
    put_op(out, OP_END);
}

static void wrap_body(struct buf *out, const uint8_t *body, size_t size) {
    struct buf module;
    buf_init(&module, size + 512);
    add_module(&module, body, size);
    buf_add(out, "\0asm\x0d\0\1\0", 8);
    buf_byte(out, 1);
    put_name(out, module.data, module.size);
    ADD(out, 2, "\1\0\0\0");
    ADD(out, 5, "\1\1\0");
    ADD(out, 11, "\1\0\x21pharia:skill/skill-handler@0.3.11\5\0\0");
    buf_free(&module);
}

/* The module is valid, so it must be taken, and what comes out be valid. */
static void try_made(const uint8_t *choices, size_t size) {
    struct buf body, wrapped;
    struct arena arena;
    struct component component;
    struct link_settings settings = {.strict_memory = size % 2 == 1};
    struct link_result result;
    struct err err;
    buf_init(&body, 32768);
    buf_init(&wrapped, 65536);
    arena_init(&arena, (size_t)16 << 20);
    make_body(&body, choices, size);
    wrap_body(&wrapped, body.data, body.size);
    must(component_decode(wrapped.data, wrapped.size, &arena, &component, &err));
    must(modules_valid(&component));
    must(link_component(&component, &settings, &arena, &result, &err));
    must(valid(result.code.data, result.code.size));
    link_free(&result);
    arena_free(&arena);
    buf_free(&body);
    buf_free(&wrapped);
}

static void try_component(const uint8_t *data, size_t size) {
    struct arena arena;
    struct component component;
    struct err err = {0};
    arena_init(&arena, (size_t)256 << 20);
    if (component_decode(data, size, &arena, &component, &err)) {
        try_link(&component, &arena, false, size);
        try_link(&component, &arena, true, size);
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!engine) engine = wasm_engine_new();
    if (component_layer(data, size) == LAYER_COMPONENT) {
        try_component(data, size);
        return 0;
    }
    if (size > 0 && data[0] == 0xff) {
        try_made(data + 1, size - 1);
        return 0;
    }
    struct buf wrapped;
    buf_init(&wrapped, size + 1024);
    wrap_body(&wrapped, data, size);
    must(!wrapped.failed);
    try_component(wrapped.data, wrapped.size);
    buf_free(&wrapped);
    return 0;
}
