/* Lowering: from C values to linear memory and core values. Source: CanonicalABI.md, "Storing",
 * "Flat Lowering".
 *
 * A host function cannot call the guest's realloc, so lowering is in two passes over the same
 * value: the first notes every allocation in the order in which the second will need them, the
 * guest gets the memory (link/link.h: put), the second writes. Memory may grow and move in each
 * realloc: offsets become pointers only in the second pass. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "abi/internal.h"
#include "base/must.h"

enum { MAX_ALLOCATION = 0x7fffffff };

/* ---- how a string or list goes to memory */

struct extent {
    uint32_t length; /* what the guest is told, with the tag of latin1+utf16 */
    uint64_t size;   /* bytes */
    uint32_t align;
    enum abi_encoding form; /* latin1 is ABI_LATIN1_UTF16 */
};

static struct extent string_extent(enum abi_encoding encoding, const struct abi_value *value) {
    const uint32_t utf16_tag = 1u << 31;
    uint32_t count;
    if (encoding == ABI_UTF8) return (struct extent){value->n, value->n, 1, ABI_UTF8};
    if (encoding == ABI_LATIN1_UTF16 && utf8_fits_latin1(value->bytes, value->n, &count))
        return (struct extent){count, count, 2, ABI_LATIN1_UTF16};
    count = utf8_count_utf16(value->bytes, value->n);
    uint32_t tag = encoding == ABI_LATIN1_UTF16 ? utf16_tag : 0;
    return (struct extent){count | tag, 2 * (uint64_t)count, 2, ABI_UTF16};
}

static struct extent extent_of(const struct abi_pass *pass, const struct abi_type *type,
                               const struct abi_value *value) {
    if (type->kind == ABI_STRING) return string_extent(pass->encoding, value);
    const struct abi_type *element = type->types[0];
    return (struct extent){value->n, (uint64_t)value->n * element->size, element->align, ABI_UTF8};
}

/* ---- first pass: the requests */

bool abi_request(struct abi_pass *pass, uint64_t size, uint32_t align) {
    struct abi_requests *requests = pass->requests;
    if (size > MAX_ALLOCATION) return abi_fail(pass->instance, "a value is too large for a guest");
    if (requests->count == requests->room) {
        uint32_t room = requests->room == 0 ? 64 : 2 * requests->room;
        struct abi_request *at = room > 0 ? realloc(requests->at, room * sizeof *at) : NULL;
        if (at == NULL) return abi_fail(pass->instance, "no memory for a result");
        requests->at = at;
        requests->room = room;
    }
    requests->at[requests->count++] = (struct abi_request){(uint32_t)size, align, 0};
    return true;
}

static bool plan_list(struct abi_pass *pass, const struct abi_type *type,
                      const struct abi_value *value) {
    struct extent extent = extent_of(pass, type, value);
    if (!abi_request(pass, extent.size, extent.align)) return false;
    if (type->kind == ABI_STRING || !type->types[0]->has_pointer) return true;
    for (uint32_t i = 0; i < value->n; i++)
        if (!abi_plan(pass, type->types[0], &value->items[i])) return false;
    return true;
}

bool abi_plan(struct abi_pass *pass, const struct abi_type *type, const struct abi_value *value) {
    if (!type->has_pointer) return true;
    switch (type->kind) {
    case ABI_STRING:
    case ABI_LIST:
        return plan_list(pass, type, value);
    case ABI_RECORD:
    case ABI_TUPLE:
        for (uint32_t i = 0; i < type->count; i++)
            if (!abi_plan(pass, type->types[i], &value->items[i])) return false;
        return true;
    default:
        must(value->n < type->count);
        return type->types[value->n] == NULL || abi_plan(pass, type->types[value->n], value->items);
    }
}

/* ---- second pass: the values */

static void write_bits(uint8_t *at, uint64_t bits, uint32_t size) {
    switch (size) {
    case 1:
        at[0] = (uint8_t)bits;
        return;
    case 2:
        memcpy(at, &bits, 2);
        return;
    case 4:
        memcpy(at, &bits, 4);
        return;
    default:
        memcpy(at, &bits, 8);
        return;
    }
}

static uint64_t float_bits(enum abi_kind kind, double number) {
    uint64_t bits = 0;
    if (kind == ABI_F64) {
        memcpy(&bits, &number, sizeof number);
        return isnan(number) ? 0x7ff8000000000000 : bits;
    }
    float narrow = (float)number;
    memcpy(&bits, &narrow, sizeof narrow);
    return isnan(number) ? 0x7fc00000 : bits;
}

/* The bits of a scalar, flags or handle in its own size; signed ones fill 32 bits at least. */
static bool scalar_bits(struct abi_pass *pass, const struct abi_type *type,
                        const struct abi_value *value, uint64_t *bits) {
    *bits = value->u;
    switch (type->kind) {
    case ABI_F32:
    case ABI_F64:
        *bits = float_bits(type->kind, value->f);
        return true;
    case ABI_OWN:
    case ABI_BORROW:
        *bits = abi_give(pass->instance, type->resource, (uint32_t)value->u, type->kind == ABI_OWN);
        return *bits != 0;
    case ABI_S64:
    case ABI_U64:
        return true;
    default:
        *bits &= UINT32_MAX;
        return true;
    }
}

static void write_string(struct extent extent, const struct abi_value *value, uint8_t *at) {
    if (value->n == 0) return;
    switch (extent.form) {
    case ABI_UTF8:
        memcpy(at, value->bytes, value->n);
        return;
    case ABI_UTF16:
        utf8_to_utf16(value->bytes, value->n, at);
        return;
    case ABI_LATIN1_UTF16:
        utf8_to_latin1(value->bytes, value->n, at);
        return;
    }
}

/* The contents go to the next allocation; *pointer and *length are for the guest. */
static bool write_list(struct abi_pass *pass, const struct abi_type *type,
                       const struct abi_value *value, uint32_t *pointer, uint32_t *length) {
    must(pass->requests != NULL && pass->requests->done < pass->requests->count);
    struct extent extent = extent_of(pass, type, value);
    const struct abi_request *request = &pass->requests->at[pass->requests->done++];
    must(extent.size == request->size && extent.align == request->align);
    uint8_t *at =
        abi_memory_at(pass->instance, request->address, extent.size, extent.align, "an allocation");
    if (at == NULL) return false;
    *pointer = request->address;
    *length = extent.length;
    if (type->kind == ABI_STRING || abi_is_bytes(type)) {
        write_string(extent, value, at);
        return true;
    }
    for (uint32_t i = 0; i < value->n; i++, at += type->types[0]->size)
        if (!abi_store(pass, type->types[0], &value->items[i], at)) return false;
    return true;
}

static bool store_list(struct abi_pass *pass, const struct abi_type *type,
                       const struct abi_value *value, uint8_t *at) {
    uint32_t pointer, length;
    if (!write_list(pass, type, value, &pointer, &length)) return false;
    write_bits(at, pointer, 4);
    write_bits(at + 4, length, 4);
    return true;
}

static bool store_record(struct abi_pass *pass, const struct abi_type *type,
                         const struct abi_value *value, uint8_t *at) {
    for (uint32_t i = 0; i < type->count; i++)
        if (!abi_store(pass, type->types[i], &value->items[i], at + type->offsets[i])) return false;
    return true;
}

static const struct abi_type *payload_of(const struct abi_type *type,
                                         const struct abi_value *value) {
    must(value->n < type->count);
    return type->types == NULL ? NULL : type->types[value->n];
}

static bool store_variant(struct abi_pass *pass, const struct abi_type *type,
                          const struct abi_value *value, uint8_t *at) {
    const struct abi_type *payload = payload_of(type, value);
    write_bits(at, value->n, type->tag_size);
    return payload == NULL || abi_store(pass, payload, value->items, at + type->payload);
}

/* `at`: type->size bytes that were checked to be in memory. */
bool abi_store(struct abi_pass *pass, const struct abi_type *type, const struct abi_value *value,
               uint8_t *at) {
    uint64_t bits;
    switch (type->kind) {
    case ABI_STRING:
    case ABI_LIST:
        return store_list(pass, type, value, at);
    case ABI_RECORD:
    case ABI_TUPLE:
        return store_record(pass, type, value, at);
    case ABI_VARIANT:
    case ABI_ENUM:
    case ABI_OPTION:
    case ABI_RESULT:
        return store_variant(pass, type, value, at);
    default:
        if (!scalar_bits(pass, type, value, &bits)) return false;
        write_bits(at, bits, type->size);
        return true;
    }
}

static bool lower_flat_list(struct abi_pass *pass, const struct abi_type *type,
                            const struct abi_value *value, uint64_t *core) {
    uint32_t pointer, length;
    if (!write_list(pass, type, value, &pointer, &length)) return false;
    core[0] = pointer;
    core[1] = length;
    return true;
}

static bool lower_flat_record(struct abi_pass *pass, const struct abi_type *type,
                              const struct abi_value *value, uint64_t *core) {
    for (uint32_t i = 0; i < type->count; core += type->types[i++]->flat_count)
        if (!abi_lower_flat(pass, type->types[i], &value->items[i], core)) return false;
    return true;
}

/* Slots that the case does not use are 0. A narrower payload is zero-extended in its slot, which is
 * what joining asks for. */
static bool lower_flat_variant(struct abi_pass *pass, const struct abi_type *type,
                               const struct abi_value *value, uint64_t *core) {
    const struct abi_type *payload = payload_of(type, value);
    memset(core, 0, type->flat_count * sizeof *core);
    core[0] = value->n;
    return payload == NULL || abi_lower_flat(pass, payload, value->items, core + 1);
}

bool abi_lower_flat(struct abi_pass *pass, const struct abi_type *type,
                    const struct abi_value *value, uint64_t *core) {
    switch (type->kind) {
    case ABI_STRING:
    case ABI_LIST:
        return lower_flat_list(pass, type, value, core);
    case ABI_RECORD:
    case ABI_TUPLE:
        return lower_flat_record(pass, type, value, core);
    case ABI_VARIANT:
    case ABI_ENUM:
    case ABI_OPTION:
    case ABI_RESULT:
        return lower_flat_variant(pass, type, value, core);
    default:
        return scalar_bits(pass, type, value, core);
    }
}
