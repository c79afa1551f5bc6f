/* What the files of src/abi share among themselves. Not for other folders. */
#ifndef PK_ABI_INTERNAL_H
#define PK_ABI_INTERNAL_H

#include "abi/instance.h"

/* ---- type.c */

/* Derive size, alignment, flat types and flags of a type from kind, count, types and resource. The
 * types inside are finished. Returns NULL, or the static text of what is wrong. `arena` gets the
 * offsets. */
const char *abi_type_finish(struct abi_type *type, struct arena *arena);
static inline bool abi_is_bytes(const struct abi_type *type) {
    return type->kind == ABI_LIST && type->types[0]->kind == ABI_U8;
}

/* ---- interface_types.c, interface_signatures.c: parts of the JSON text that interface.c reads.
 * Each fails with a text in `err`. */

enum { ABI_MAX_NAME = 1000, ABI_MAX_PARAMS = 1000 };
typedef struct json_t json_t;

bool abi_read_types(struct abi_interface *interface, json_t *root, struct err *err);
bool abi_read_signature(struct abi_interface *interface, json_t *object, bool is_export,
                        struct abi_signature *signature, struct err *err);
/* Derive what follows from the types: the parameters as one tuple, and the core function
 * ("Flattening" of function types). NULL, or the static text of what is wrong. */
const char *abi_signature_finish(struct abi_signature *signature, bool is_export,
                                 struct arena *arena);
/* A member of `object`: a text of 1 to ABI_MAX_NAME bytes, copied; an array; a number up to `max`.
 */
bool abi_read_name(struct abi_interface *interface, json_t *object, const char *key,
                   struct str *out, struct err *err);
bool abi_read_array(json_t *object, const char *key, uint32_t max, json_t **out, struct err *err);
bool abi_read_number(json_t *object, const char *key, uint32_t max, uint32_t *out, struct err *err);
/* A type that was read already: this is what keeps types free of cycles. NULL for null. */
bool abi_read_type_index(const struct abi_interface *interface, json_t *value, bool may_be_null,
                         const struct abi_type **out, struct err *err);
bool abi_read_label(struct abi_interface *interface, json_t *value, struct str *out,
                    struct err *err);
/* Letters, digits and hyphens, first a letter. The pieces of a type's text must not be able to look
 * like another type's text: host functions trust a value whose type has their own text. */
bool abi_is_label(const char *text);
/* A core type's letter: i I f F. */
bool abi_read_core(char letter, uint8_t *out);

/* ---- utf.c: text of a guest whose encoding is not UTF-8. Code units are little-endian and may lie
 * at any address. */

/* The bytes that the text takes as UTF-8; false: a lone surrogate. */
bool utf16_measure(const uint8_t *units, uint32_t count, uint64_t *utf8_size);
void utf16_to_utf8(const uint8_t *units, uint32_t count, uint8_t *out);
uint64_t latin1_measure(const uint8_t *bytes, uint32_t count);
void latin1_to_utf8(const uint8_t *bytes, uint32_t count, uint8_t *out);
/* From UTF-8; bytes that are not well-formed count as U+FFFD each. */
uint32_t utf8_count_utf16(const uint8_t *bytes, uint32_t size);
void utf8_to_utf16(const uint8_t *bytes, uint32_t size, uint8_t *out);
/* Are all characters at most U+00FF? Then *count is their number. */
bool utf8_fits_latin1(const uint8_t *bytes, uint32_t size, uint32_t *count);
void utf8_to_latin1(const uint8_t *bytes, uint32_t size, uint8_t *out);

/* ---- instance.c */

/* The one place where an offset of the guest becomes a pointer: `size` bytes at `offset`, aligned;
 * NULL after abi_fail with `what`. The end of the memory is a valid place for no bytes. */
static inline uint8_t *abi_memory_at(struct abi_instance *instance, uint32_t offset, uint64_t size,
                                     uint32_t align, const char *what) {
    if (__builtin_expect((offset & (align - 1)) != 0, 0)) {
        abi_fail(instance, "%s is not aligned", what);
        return NULL;
    }
    if (__builtin_expect(size > instance->memory_size || offset > instance->memory_size - size,
                         0)) {
        abi_fail(instance, "%s out of bounds of memory", what);
        return NULL;
    }
    return instance->memory + offset;
}

/* ---- handles.c */

bool abi_take_own(struct abi_instance *instance, uint32_t resource, uint32_t index, uint32_t *rep);
bool abi_lend(struct abi_instance *instance, uint32_t resource, uint32_t index, uint32_t *rep);
/* A new handle of an own or a borrow. 0 after abi_fail. */
uint32_t abi_give(struct abi_instance *instance, uint32_t resource, uint32_t rep, bool own);
void abi_handles_end(struct abi_instance *instance, abi_drop_fn drop, void *context);

/* ---- lift.c */

struct abi_lift {
    struct abi_instance *instance;
    enum abi_encoding encoding;
};

/* `at`: type->size bytes that were checked to be in memory and aligned. */
bool abi_load(struct abi_lift *lift, const struct abi_type *type, const uint8_t *at,
              struct abi_value *out);
/* A payload's core value that was joined with wider ones is in the low bits of its slot. */
bool abi_lift_flat(struct abi_lift *lift, const struct abi_type *type, const uint64_t *core,
                   struct abi_value *out);

/* ---- lower.c: two passes over a value, which visit strings and lists in the same order */

struct abi_request {
    uint32_t size, align, address;
};

struct abi_requests {
    struct abi_request *at; /* malloc */
    uint32_t count, room;
    uint32_t done; /* addresses told; in the second pass: used */
};

struct abi_pass {
    struct abi_instance *instance;
    struct abi_requests *requests; /* NULL where nothing has pointers */
    enum abi_encoding encoding;
};

/* First pass: note what must be allocated. */
bool abi_request(struct abi_pass *pass, uint64_t size, uint32_t align);
bool abi_plan(struct abi_pass *pass, const struct abi_type *type, const struct abi_value *value);
/* Second pass: write. `at` as for abi_load; flat slots that a case does not use become 0. */
bool abi_store(struct abi_pass *pass, const struct abi_type *type, const struct abi_value *value,
               uint8_t *at);
bool abi_lower_flat(struct abi_pass *pass, const struct abi_type *type,
                    const struct abi_value *value, uint64_t *core);

/* ---- calls.c */

void abi_lower_reset(struct abi_instance *instance);
void abi_lower_free(struct abi_instance *instance);

#endif
