/* Value types of the component model with their layout in 32-bit memory and their flat core types.
 *
 * Source: CanonicalABI.md, "Alignment", "Element Size", "Flattening". Types are made when an
 * interface is read and constant afterwards; they live in the interface's arena and may be read by
 * any thread. */
#ifndef PK_ABI_TYPE_H
#define PK_ABI_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Same names as in the interface file. Primitive kinds come first. */
/* clang-format off */
#define ABI_KINDS(X)                                                                       \
    X(ABI_BOOL, "bool") X(ABI_S8, "s8") X(ABI_U8, "u8") X(ABI_S16, "s16") X(ABI_U16, "u16")\
    X(ABI_S32, "s32") X(ABI_U32, "u32") X(ABI_S64, "s64") X(ABI_U64, "u64") X(ABI_F32, "f32")\
    X(ABI_F64, "f64") X(ABI_CHAR, "char") X(ABI_STRING, "string") X(ABI_LIST, "list")      \
    X(ABI_RECORD, "record") X(ABI_TUPLE, "tuple") X(ABI_VARIANT, "variant") X(ABI_ENUM, "enum")\
    X(ABI_OPTION, "option") X(ABI_RESULT, "result") X(ABI_FLAGS, "flags") X(ABI_OWN, "own")\
    X(ABI_BORROW, "borrow")
/* clang-format on */

enum abi_kind {
#define X(kind, name) kind,
    ABI_KINDS(X)
#undef X
};

enum abi_core { ABI_I32, ABI_I64, ABI_CORE_F32, ABI_CORE_F64 };

enum {
    ABI_MAX_FLAT_PARAMS = 16,
    ABI_MAX_FLAT_RESULTS = 1,
    ABI_MAX_TYPE_DEPTH = 32,     /* bounds the recursion of whoever walks a type or a value */
    ABI_MAX_TYPE_SIZE = 1000000, /* bytes in memory */
    ABI_MAX_MEMBERS = 10000,     /* fields, cases, labels */
};

struct abi_type {
    enum abi_kind kind;
    bool has_pointer; /* a string or list is in it: lowering it needs allocations in the guest */
    bool has_handle;
    bool has_borrow;    /* not allowed in results */
    uint8_t depth;      /* 1: nothing inside; at most ABI_MAX_TYPE_DEPTH */
    uint8_t tag_size;   /* variant, enum, option, result: bytes of the discriminant; flags: bytes of
                           the set */
    uint8_t flat_count; /* ABI_MAX_FLAT_PARAMS + 1: more than that */
    uint8_t flat[ABI_MAX_FLAT_PARAMS]; /* enum abi_core */
    uint32_t size, align;              /* in memory */
    uint32_t payload;                  /* offset of a variant's payload */
    uint32_t count;                    /* fields, cases (option and result: 2), labels */
    uint32_t resource;                 /* own, borrow: index into the interface's resources */
    const struct abi_type **types;     /* fields, cases (NULL: no payload), list's element at [0];
                                          option: [0] NULL, [1] some */
    struct str *names;                 /* record fields, cases, labels; NULL for others */
    uint32_t *offsets;                 /* record, tuple: of the fields */
};

/* The canonical text of a type as WIT writes it, without names of types: "list<u8>", "tuple<u64,
 * u32>", "option<string>", "result<list<u8>, string>", "record{seconds: u64, nanoseconds: u32}",
 * "variant{a, b(u8)}", "enum{a, b}", "flags{a, b}", "own<pollable>", "borrow<pollable>" (the
 * resource's name without its interface). Host functions state their types in this form. */
struct abi_interface;
void abi_type_text(const struct abi_interface *interface, const struct abi_type *type,
                   struct buf *out);

#endif
