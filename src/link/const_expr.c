/* Constant expressions, evaluated: everything they may refer to is known when a component is
 * linked, so that globals, segments' offsets and elements become plain constants. (The engine fills
 * tables lazily only when offsets and elements are plain.) Source: core specification 2.0, 3.3.13,
 * and the extended-const proposal. */
#include "component/reader.h"
#include "link/encode.h"
#include "link/merge.h"

enum { STACK_MAX = 256 };

struct machine {
    struct merge *merge;
    const struct merged *instance;
    struct reader reader;
    struct constant *stack;
    uint32_t depth;
};

static bool push(struct machine *machine, struct constant value) {
    if (machine->depth == STACK_MAX)
        return reader_fail(&machine->reader, ERR_LIMIT, "constant expression is deeper than %d",
                           STACK_MAX);
    value.known = true;
    machine->stack[machine->depth++] = value;
    return true;
}

static bool global_get(struct machine *machine) {
    const struct core_module *module = machine->instance->module;
    uint32_t index = reader_u32(&machine->reader);
    if (machine->reader.failed) return false;
    if (index >= module->count[CORE_GLOBAL])
        return reader_fail(&machine->reader, ERR_INVALID, "there is no global %u", index);
    uint32_t merged = machine->instance->map[CORE_GLOBAL][index];
    if (machine->merge->globals[merged].mutable || !machine->merge->values[merged].known)
        return reader_fail(&machine->reader, ERR_INVALID,
                           "constant expression reads global %u, which is mutable or not yet known",
                           index);
    return push(machine, machine->merge->values[merged]);
}

static bool ref_func(struct machine *machine) {
    uint32_t index = reader_u32(&machine->reader);
    if (machine->reader.failed) return false;
    if (index >= machine->instance->module->count[CORE_FUNC])
        return reader_fail(&machine->reader, ERR_INVALID, "there is no function %u", index);
    uint32_t merged = machine->instance->map[CORE_FUNC][index];
    return push(machine, (struct constant){.valtype = VALTYPE_FUNCREF, .bits = merged});
}

static bool ref_null(struct machine *machine) {
    uint8_t type = reader_byte(&machine->reader);
    if (type != VALTYPE_FUNCREF && type != VALTYPE_EXTERNREF)
        return reader_fail(&machine->reader, ERR_UNSUPPORTED,
                           "typed reference in a constant expression");
    return push(machine, (struct constant){.valtype = type, .null = true});
}

static bool number(struct machine *machine, uint8_t opcode) {
    struct reader *reader = &machine->reader;
    struct constant value = {.valtype = VALTYPE_I32};
    if (opcode == OP_I32_CONST) {
        value.bits = (uint32_t)reader_s32(reader);
    } else if (opcode == OP_I64_CONST) {
        value.valtype = VALTYPE_I64;
        value.bits = (uint64_t)reader_s64(reader);
    } else {
        uint32_t size = opcode == OP_F32_CONST ? 4 : 8;
        value.valtype = opcode == OP_F32_CONST ? VALTYPE_F32 : VALTYPE_F64;
        struct slice bytes = reader_bytes(reader, size);
        if (reader->failed) return false;
        for (uint32_t i = 0; i < size; i++) value.bits |= (uint64_t)bytes.data[i] << 8 * i;
    }
    return push(machine, value);
}

static bool vector(struct machine *machine) {
    struct constant value = {.valtype = VALTYPE_V128};
    if (reader_u32(&machine->reader) != SIMD_V128_CONST)
        return reader_fail(&machine->reader, ERR_INVALID,
                           "constant expression has an instruction that is not constant");
    struct slice bytes = reader_bytes(&machine->reader, 16);
    if (machine->reader.failed) return false;
    memcpy(value.v128, bytes.data, 16);
    return push(machine, value);
}

static uint64_t compute(uint64_t a, uint64_t b, uint8_t opcode) {
    switch (opcode) {
    case OP_I32_ADD:
    case OP_I64_ADD:
        return a + b;
    case OP_I32_SUB:
    case OP_I64_SUB:
        return a - b;
    default:
        return a * b;
    }
}

static bool arithmetic(struct machine *machine, uint8_t opcode) {
    bool is_32 = opcode <= OP_I32_MUL;
    uint8_t valtype = is_32 ? VALTYPE_I32 : VALTYPE_I64;
    struct constant *top = machine->stack + machine->depth;
    if (machine->depth < 2 || top[-1].valtype != valtype || top[-2].valtype != valtype)
        return reader_fail(&machine->reader, ERR_INVALID,
                           "constant expression computes with values of another type");
    uint64_t bits = compute(top[-2].bits, top[-1].bits, opcode);
    top[-2].bits = is_32 ? (uint32_t)bits : bits;
    machine->depth--;
    return true;
}

static bool step(struct machine *machine, uint8_t opcode) {
    switch (opcode) {
    case OP_I32_CONST:
    case OP_I64_CONST:
    case OP_F32_CONST:
    case OP_F64_CONST:
        return number(machine, opcode);
    case OP_GLOBAL_GET:
        return global_get(machine);
    case OP_REF_FUNC:
        return ref_func(machine);
    case OP_REF_NULL:
        return ref_null(machine);
    case OP_PREFIX_SIMD:
        return vector(machine);
    case OP_I32_ADD:
    case OP_I32_SUB:
    case OP_I32_MUL:
    case OP_I64_ADD:
    case OP_I64_SUB:
    case OP_I64_MUL:
        return arithmetic(machine, opcode);
    default:
        return reader_fail(&machine->reader, ERR_INVALID,
                           "constant expression has instruction 0x%02x, which is not constant",
                           opcode);
    }
}

static bool run(struct machine *machine) {
    for (;;) {
        uint8_t opcode = reader_byte(&machine->reader);
        if (machine->reader.failed) return false;
        if (opcode == OP_END) return true;
        if (!step(machine, opcode) || machine->reader.failed) return false;
    }
}

static bool fail_type(struct machine *machine, struct slice expression) {
    return err_set(machine->merge->err, ERR_INVALID,
                   "its constant expression at 0x%x gives a value of another type",
                   expression.offset);
}

bool const_eval(struct merge *merge, const struct merged *instance, struct slice expression,
                uint8_t valtype, const char *what, struct constant *value) {
    struct constant stack[STACK_MAX];
    struct machine machine = {.merge = merge, .instance = instance, .stack = stack};
    reader_init(&machine.reader, expression, merge->err);
    bool ok = run(&machine) && ((machine.depth == 1 && stack[0].valtype == valtype) ||
                                fail_type(&machine, expression));
    if (!ok) {
        err_prefix(merge->err, "%s", what);
        return merge_at(merge, instance);
    }
    *value = stack[0];
    if (valtype == VALTYPE_FUNCREF && !value->null) merge->declared[value->bits] = 1;
    return true;
}

static void write_number(struct buf *out, const struct constant *value, uint8_t opcode,
                         uint32_t size) {
    uint8_t bytes[8];
    for (uint32_t i = 0; i < size; i++) bytes[i] = (uint8_t)(value->bits >> 8 * i);
    buf_byte(out, opcode);
    buf_add(out, bytes, size);
}

void const_write(struct buf *out, const struct constant *value) {
    switch (value->valtype) {
    case VALTYPE_I32:
        put_i32(out, (int32_t)(uint32_t)value->bits);
        break;
    case VALTYPE_I64:
        put_i64(out, (int64_t)value->bits);
        break;
    case VALTYPE_F32:
        write_number(out, value, OP_F32_CONST, 4);
        break;
    case VALTYPE_F64:
        write_number(out, value, OP_F64_CONST, 8);
        break;
    case VALTYPE_V128:
        buf_byte(out, OP_PREFIX_SIMD);
        put_u32(out, SIMD_V128_CONST);
        buf_add(out, value->v128, 16);
        break;
    default:
        if (value->null)
            put_op1(out, OP_REF_NULL, value->valtype);
        else
            put_op1(out, OP_REF_FUNC, (uint32_t)value->bits);
    }
    put_op(out, OP_END);
}
