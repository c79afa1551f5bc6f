/* The table of instructions against the engine's validator: what it has validates with immediates
 * of the kind that it says, what it does not have is no instruction of WebAssembly 2.0, SIMD,
 * relaxed SIMD and tail calls. */
#include "cases.h"

#include <wasm.h>
#include <wasmtime.h>

#include "link/encode.h"
#include "link/opcode.h"

static wasm_engine_t *engine;

static wasm_engine_t *engine_of_the_table(void) {
    wasm_config_t *config = wasm_config_new();
    wasmtime_config_wasm_threads_set(config, false);
    wasmtime_config_wasm_exceptions_set(config, false);
    wasmtime_config_wasm_gc_set(config, false);
    wasmtime_config_wasm_function_references_set(config, false);
    wasmtime_config_wasm_wide_arithmetic_set(config, false);
    wasmtime_config_wasm_memory64_set(config, false);
    wasmtime_config_wasm_stack_switching_set(config, false);
    wasmtime_config_wasm_relaxed_simd_set(config, true);
    wasmtime_config_wasm_tail_call_set(config, true);
    return wasm_engine_new_with_config(config);
}

static void add_section(struct buf *module, enum wasm_section id, const char *bytes, size_t size) {
    buf_byte(module, (uint8_t)id);
    put_name(module, bytes, size);
}

/* A module of which a body with any instruction can be a part: index 0 of every kind is there.
 * `ops`: the instructions. */
static bool validates(const struct buf *ops) {
    struct buf module, code;
    buf_init(&module, 4096);
    buf_init(&code, 4096);
    buf_add(&module, "\0asm\1\0\0\0", 8);
    add_section(&module, SECTION_TYPE, "\1\x60\0\0", 4);
    add_section(&module, SECTION_FUNCTION, "\1\0", 2);
    add_section(&module, SECTION_TABLE, "\1\x70\0\1", 4);
    add_section(&module, SECTION_MEMORY, "\1\0\1", 3);
    add_section(&module, SECTION_GLOBAL, "\1\x7f\1\x41\0\x0b", 6);
    add_section(&module, SECTION_ELEMENT, "\1\0\x41\0\x0b\1\0", 7);
    add_section(&module, SECTION_DATA_COUNT, "\1", 1);
    buf_byte(&code, 1);
    put_u32(&code, (uint32_t)ops->size + 2);
    buf_add(&code, "\1\1\x7f", 3); /* a local of type i32 */
    code.data[1]++;
    buf_add(&code, ops->data, ops->size);
    put_section(&module, SECTION_CODE, &code);
    add_section(&module, SECTION_DATA, "\1\1\0", 3);
    wasmtime_error_t *error = wasmtime_module_validate(engine, module.data, module.size);
    bool valid = error == NULL;
    if (error != NULL) wasmtime_error_delete(error);
    buf_free(&module);
    buf_free(&code);
    return valid;
}

static void put_immediates(struct buf *ops, enum opcode_immediates immediates, uint8_t lane) {
    switch (immediates) {
    case OPCODE_UNKNOWN:
    case IMMEDIATES_NONE:
        break;
    case IMMEDIATES_BLOCK:
        buf_byte(ops, BLOCK_EMPTY);
        break;
    case IMMEDIATES_LABELS:
        buf_add(ops, "\2\0\0\0", 4);
        break;
    case IMMEDIATES_TYPES:
        buf_add(ops, "\1\x7f", 2);
        break;
    case IMMEDIATES_REFTYPE:
        buf_byte(ops, VALTYPE_FUNCREF);
        break;
    case IMMEDIATES_MEMARG_LANE:
        buf_add(ops, "\0\0", 2);
        buf_byte(ops, lane);
        break;
    case IMMEDIATES_LANE:
        buf_byte(ops, lane);
        break;
    case IMMEDIATES_INDIRECT:
    case IMMEDIATES_MEMARG:
    case IMMEDIATES_MEMORY_INIT:
    case IMMEDIATES_MEMORY_COPY:
    case IMMEDIATES_TABLE_INIT:
    case IMMEDIATES_TABLE_COPY:
        buf_add(ops, "\0\0", 2);
        break;
    case IMMEDIATES_F32:
        buf_add(ops, "\0\0\0\0", 4);
        break;
    case IMMEDIATES_F64:
        buf_add(ops, "\0\0\0\0\0\0\0\0", 8);
        break;
    case IMMEDIATES_BYTES16:
        buf_add(ops, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
        break;
    default:
        buf_byte(ops, 0);
    }
}

/* unreachable, the instruction, unreachable: its operands and results may be anything. */
static bool instruction_validates(uint8_t prefix, uint32_t code,
                                  enum opcode_immediates immediates) {
    struct buf ops;
    buf_init(&ops, 200);
    bool is_else = prefix == 0 && code == OP_ELSE, is_end = prefix == 0 && code == OP_END;
    bool opens = immediates == IMMEDIATES_BLOCK || is_else || is_end;
    buf_byte(&ops, OP_UNREACHABLE);
    if (is_else || is_end) buf_add(&ops, "\4\x40", 2);
    if (prefix != 0) {
        buf_byte(&ops, prefix);
        put_u32(&ops, code);
    } else {
        buf_byte(&ops, (uint8_t)code);
    }
    put_immediates(&ops, immediates, 0);
    buf_byte(&ops, OP_UNREACHABLE);
    if (opens && !is_end) buf_byte(&ops, OP_END);
    buf_byte(&ops, OP_END);
    bool valid = validates(&ops);
    buf_free(&ops);
    return valid;
}

/* Nothing that is not in the table validates, whatever follows it. */
static bool is_an_instruction(uint8_t prefix, uint32_t code) {
    for (int kind = IMMEDIATES_NONE; kind <= IMMEDIATES_TABLE_FILL; kind++)
        if (instruction_validates(prefix, code, (enum opcode_immediates)kind)) return true;
    return false;
}

static void check_prefix(uint8_t prefix, uint32_t count) {
    for (uint32_t code = 0; code < count; code++) {
        enum opcode_immediates immediates = opcode_immediates(prefix, code);
        const char *name = opcode_name(prefix, code);
        assert_int_equal(immediates != OPCODE_UNKNOWN, name != NULL);
        bool right = name != NULL ? instruction_validates(prefix, code, immediates)
                                  : !is_an_instruction(prefix, code);
        if (!right)
            fail_msg("0x%02x 0x%02x %s", prefix, code, name == NULL ? "is an instruction" : name);
    }
}

static void plain_instructions(void **state) {
    (void)state;
    for (uint32_t code = 0; code < 256; code++) {
        if (code >= 0xfb && code <= 0xfe) continue; /* prefixes */
        assert_int_equal(opcode_plain[code], opcode_immediates(0, code));
    }
    check_prefix(0, 0xfb);
    assert_null(opcode_name(0, 0xff));
}

static void misc_instructions(void **state) {
    (void)state;
    check_prefix(OPCODE_PREFIX_MISC, 40);
}

static void simd_instructions(void **state) {
    (void)state;
    check_prefix(OPCODE_PREFIX_SIMD, 0x140);
}

static void proposals_are_named(void **state) {
    (void)state;
    assert_non_null(strstr(opcode_proposal(0, 0x1f), "exception"));
    assert_non_null(strstr(opcode_proposal(0, 0x14), "typed function references"));
    assert_non_null(strstr(opcode_proposal(0xfb, 3), "GC"));
    assert_non_null(strstr(opcode_proposal(0xfe, 16), "threads"));
    assert_non_null(strstr(opcode_proposal(OPCODE_PREFIX_MISC, 0x13), "wide arithmetic"));
    assert_non_null(strstr(opcode_proposal(0, 0xff), "no proposal"));
    assert_string_equal(opcode_name(OPCODE_PREFIX_MISC, 10), "memory.copy");
    assert_string_equal(opcode_name(OPCODE_PREFIX_SIMD, 0x113),
                        "i32x4.relaxed_dot_i8x16_i7x16_add_s");
}

int main(void) {
    engine = engine_of_the_table();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_instructions),
        cmocka_unit_test(misc_instructions),
        cmocka_unit_test(simd_instructions),
        cmocka_unit_test(proposals_are_named),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wasm_engine_delete(engine);
    return failed;
}
