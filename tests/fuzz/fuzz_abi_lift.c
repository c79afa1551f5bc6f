/* A random function type, a random memory, random arguments: lift them, and give the first one back
 * as the result, or all of them as the parameters of an entry, through a realloc that moves the
 * memory and sometimes lies. What was lifted must come back the same. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "abi/internal.h"
#include "base/must.h"

enum { MAX_TYPES = 24, MAX_PARAMS = 20, MAX_MEMBERS = 6, MAX_MEMORY = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at, *end;
};

static uint8_t next(struct input *input) {
    return input->at < input->end ? *input->at++ : 0;
}

/* The memory is its own allocation of exactly its size: a sanitizer sees every byte beyond. */
struct guest {
    struct abi_interface interface;
    struct abi_instance instance;
    struct arena arena;
    uint8_t *memory;
    uint32_t size;
};

static void resize(struct guest *guest, uint32_t size) {
    uint8_t *moved = malloc(size == 0 ? 1 : size);
    must(moved != NULL);
    memset(moved, 0, size);
    if (guest->size > 0) memcpy(moved, guest->memory, guest->size < size ? guest->size : size);
    free(guest->memory);
    guest->memory = guest->instance.memory = moved;
    guest->size = size;
    guest->instance.memory_size = size;
}

static const struct abi_type *earlier(struct guest *guest, struct input *input) {
    return guest->interface.types[next(input) % guest->interface.type_count];
}

static void fill_type(struct guest *guest, struct input *input, struct abi_type *type) {
    static const uint16_t counts[] = {1, 2, 3, 4, 5, 6, 9, 17, 32};
    type->kind = (enum abi_kind)(next(input) % (ABI_BORROW + 1));
    if (guest->interface.type_count == 0 && type->kind > ABI_STRING) type->kind = ABI_U8;
    if (type->kind < ABI_LIST) return;
    type->count = 1 + next(input) % MAX_MEMBERS;
    type->resource = next(input) % 2;
    if (type->kind == ABI_FLAGS || type->kind == ABI_ENUM) type->count = counts[next(input) % 9];
    if (type->kind == ABI_OPTION || type->kind == ABI_RESULT) type->count = 2;
    if (type->kind >= ABI_FLAGS || type->kind == ABI_ENUM) return;
    type->types = arena_zalloc(&guest->arena, type->count, sizeof *type->types);
    for (uint32_t i = 0; i < type->count; i++) {
        bool may_be_null = type->kind == ABI_VARIANT || type->kind == ABI_RESULT;
        if (type->kind == ABI_OPTION && i == 0) continue;
        if (!may_be_null || next(input) % 4 != 0) type->types[i] = earlier(guest, input);
    }
}

static void make_types(struct guest *guest, struct input *input) {
    uint32_t count = 1 + next(input) % MAX_TYPES;
    guest->interface.resource_count = 2;
    guest->interface.resources = arena_zalloc(&guest->arena, 2, sizeof *guest->interface.resources);
    guest->interface.types = arena_zalloc(&guest->arena, MAX_TYPES, sizeof *guest->interface.types);
    for (uint32_t i = 0; i < count; i++) {
        struct abi_type *type = arena_zalloc(&guest->arena, 1, sizeof *type);
        fill_type(guest, input, type);
        if (abi_type_finish(type, &guest->arena) == NULL)
            guest->interface.types[guest->interface.type_count++] = type;
    }
}

/* (T, …) -> T, or without a result where T has a borrow. */
static bool make_signature(struct guest *guest, struct input *input, bool is_export,
                           struct abi_signature *signature) {
    if (!is_export) {
        *signature = (struct abi_signature){.encoding = (enum abi_encoding)(next(input) % 3),
                                            .param_count = 1 + next(input) % MAX_PARAMS};
        signature->params =
            arena_zalloc(&guest->arena, signature->param_count, sizeof *signature->params);
        for (uint32_t i = 0; i < signature->param_count; i++)
            signature->params[i] = earlier(guest, input);
        if (!signature->params[0]->has_borrow) signature->result = signature->params[0];
    }
    return abi_signature_finish(signature, is_export, &guest->arena) == NULL;
}

static bool equal(const struct abi_type *type, const struct abi_value *a,
                  const struct abi_value *b);

static bool equal_items(const struct abi_type *type, uint32_t count, const struct abi_value *a,
                        const struct abi_value *b) {
    for (uint32_t i = 0; i < count; i++)
        if (!equal(type->types[type->kind == ABI_LIST ? 0 : i], &a->items[i], &b->items[i]))
            return false;
    return true;
}

static bool equal(const struct abi_type *type, const struct abi_value *a,
                  const struct abi_value *b) {
    if (type->kind == ABI_F32 || type->kind == ABI_F64)
        return memcmp(&a->f, &b->f, sizeof a->f) == 0;
    if (type->kind == ABI_RECORD || type->kind == ABI_TUPLE)
        return equal_items(type, type->count, a, b);
    bool bytes = type->kind == ABI_STRING || (type->kind == ABI_LIST && abi_is_bytes(type));
    if (bytes) return a->n == b->n && (a->n == 0 || memcmp(a->bytes, b->bytes, a->n) == 0);
    if (type->kind == ABI_LIST) return a->n == b->n && equal_items(type, a->n, a, b);
    if (type->kind < ABI_VARIANT || type->kind > ABI_RESULT) return a->u == b->u;
    if (a->n != b->n || type->types == NULL || type->types[a->n] == NULL) return a->n == b->n;
    return equal(type->types[a->n], a->items, b->items);
}

/* The guest's realloc: grows and moves the memory, and lies when the input says so. */
static bool answer(struct guest *guest, struct input *input, uint64_t request, bool *honest) {
    while (request != 0) {
        uint32_t size = (uint32_t)request, align = (uint32_t)(request >> 32);
        uint32_t address = (guest->size + align - 1) & ~(align - 1);
        if (size > 1 << 20) return false;
        resize(guest, address + size);
        if (next(input) == 255) {
            *honest = false;
            address = (uint32_t)(next(input) * 16 + next(input));
        }
        if (!abi_put(&guest->instance, address, &request)) return false;
    }
    return true;
}

/* The result's place: what the guest's code would have allocated; the offset is its last core
 * argument. */
static void make_place(struct guest *guest, const struct abi_signature *signature, uint64_t *core) {
    if (!signature->result_in_memory) return;
    uint32_t at = (guest->size + 7) & ~7u;
    resize(guest, at + signature->result->size);
    core[signature->core_param_count - 1] = at;
}

static void give_back(struct guest *guest, struct input *input, struct abi_signature *signature,
                      const uint64_t *core, const struct abi_value *value) {
    struct abi_value copy, result;
    uint64_t returned = 0, request = 0;
    bool honest = true;
    if (!abi_value_copy(&guest->arena, signature->result, value, &copy)) return;
    must(equal(signature->result, value, &copy));
    if (signature->result->has_pointer) {
        if (!abi_plan_result(&guest->instance, signature, core, &copy, &request)) return;
        if (!answer(guest, input, request, &honest)) return;
    } else if (!abi_lower_result(&guest->instance, signature, core, &copy, &returned)) {
        return;
    }
    if (signature->result_in_memory) returned = core[signature->core_param_count - 1];
    must(make_signature(guest, input, true, signature));
    bool lifted = abi_result(&guest->instance, signature, &returned, &result);
    must(!honest || (lifted && equal(signature->result, &copy, &result)));
}

static bool copy_all(struct guest *guest, const struct abi_signature *signature,
                     const struct abi_value *values, struct abi_value *copies) {
    for (uint32_t i = 0; i < signature->param_count; i++)
        if (!abi_value_copy(&guest->arena, signature->params[i], &values[i], &copies[i]))
            return false;
    return true;
}

/* What the guest would find as its parameters is lifted as those of an import of the same type. */
static void enter(struct guest *guest, struct input *input, struct abi_signature *signature,
                  const struct abi_value *values) {
    struct abi_value copies[MAX_PARAMS], found[MAX_PARAMS];
    uint64_t core[ABI_MAX_FLAT_PARAMS + 1], request;
    bool honest = true;
    signature->result = NULL;
    if (!copy_all(guest, signature, values, copies)) return;
    must(abi_signature_finish(signature, true, &guest->arena) == NULL);
    if (!abi_enter(&guest->instance, signature, copies, &request)) return;
    if (!answer(guest, input, request, &honest)) return;
    must(abi_args(&guest->instance, core));
    must(abi_signature_finish(signature, false, &guest->arena) == NULL);
    bool lifted = abi_lift_params(&guest->instance, signature, core, found);
    must(lifted || !honest);
    for (uint32_t i = 0; honest && i < signature->param_count; i++)
        must(equal(signature->params[i], &copies[i], &found[i]));
}

static void call(struct guest *guest, struct input *input) {
    struct abi_signature signature;
    struct abi_value values[MAX_PARAMS];
    uint64_t core[ABI_MAX_FLAT_PARAMS + 1];
    bool enters = input->at < input->end && *input->at / 3 % 2 == 1; /* its rest: the encoding */
    if (!make_signature(guest, input, false, &signature)) return;
    for (int i = 0; i < 4; i++) abi_handle_new(&guest->instance, next(input) % 2, next(input));
    for (uint8_t i = 0; i < signature.core_param_count; i++) {
        core[i] = (uint64_t)next(input) * (next(input) % 16);
        if (next(input) == 255) core[i] = ~core[i];
    }
    size_t left = (size_t)(input->end - input->at);
    resize(guest, left > MAX_MEMORY ? MAX_MEMORY : (uint32_t)left);
    if (guest->size > 0) memcpy(guest->memory, input->at, guest->size);
    make_place(guest, &signature, core);
    if (!abi_lift_params(&guest->instance, &signature, core, values)) return;
    for (uint32_t i = 0; i < signature.param_count; i++)
        must(equal(signature.params[i], &values[i], &values[i]));
    abi_end_lends(&guest->instance);
    if (enters)
        enter(guest, input, &signature, values);
    else if (signature.result != NULL)
        give_back(guest, input, &signature, core, &values[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct guest guest;
    struct input input = {data, data + size};
    guest = (struct guest){0};
    arena_init(&guest.arena, 64 << 20);
    abi_instance_init(&guest.instance, &guest.interface, &guest.arena);
    make_types(&guest, &input);
    if (guest.interface.type_count > 0) call(&guest, &input);
    abi_instance_end(&guest.instance, NULL, NULL);
    arena_free(&guest.arena);
    free(guest.memory);
    return 0;
}
