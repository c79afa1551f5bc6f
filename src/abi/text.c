/* Types and signatures as WIT writes them, without names of types. The form is the one in which
 * host functions state theirs. */
#include <stddef.h>

#include "abi/interface.h"
#include "base/must.h"

static const char *kind_name(enum abi_kind kind) {
    static const char *const names[] = {
#define X(kind, name) name,
        ABI_KINDS(X)
#undef X
    };
    return names[kind];
}

static void add_str(struct buf *out, struct str text) {
    buf_add(out, text.data, text.size);
}

/* "{a: u32, b: string}" of a record, "{a, b(u8)}" of a variant, "{a, b}" of the others. */
static void add_members(const struct abi_interface *interface, const struct abi_type *type,
                        struct buf *out) {
    buf_byte(out, '{');
    for (uint32_t i = 0; i < type->count && !out->failed; i++) {
        const struct abi_type *inner = type->types == NULL ? NULL : type->types[i];
        if (i > 0) buf_text(out, ", ");
        add_str(out, type->names[i]);
        if (inner == NULL) continue;
        buf_text(out, type->kind == ABI_RECORD ? ": " : "(");
        abi_type_text(interface, inner, out);
        if (type->kind != ABI_RECORD) buf_byte(out, ')');
    }
    buf_byte(out, '}');
}

/* "<u32, string>" of a tuple or list. */
static void add_types(const struct abi_interface *interface, const struct abi_type *type,
                      struct buf *out) {
    buf_byte(out, '<');
    uint32_t count = type->kind == ABI_LIST ? 1 : type->count;
    for (uint32_t i = 0; i < count && !out->failed; i++) {
        if (i > 0) buf_text(out, ", ");
        abi_type_text(interface, type->types[i], out);
    }
    buf_byte(out, '>');
}

/* "<T, E>", "<_, E>", "<T>", or nothing when neither has a payload. */
static void add_result(const struct abi_interface *interface, const struct abi_type *type,
                       struct buf *out) {
    const struct abi_type *ok = type->types[0], *error = type->types[1];
    if (ok == NULL && error == NULL) return;
    buf_byte(out, '<');
    if (ok == NULL)
        buf_byte(out, '_');
    else
        abi_type_text(interface, ok, out);
    if (error != NULL) {
        buf_text(out, ", ");
        abi_type_text(interface, error, out);
    }
    buf_byte(out, '>');
}

void abi_type_text(const struct abi_interface *interface, const struct abi_type *type,
                   struct buf *out) {
    if (out->failed) return; /* types are a graph: its text can be exponentially long */
    buf_text(out, kind_name(type->kind));
    switch (type->kind) {
    case ABI_LIST:
    case ABI_TUPLE:
        add_types(interface, type, out);
        break;
    case ABI_RECORD:
    case ABI_VARIANT:
    case ABI_ENUM:
    case ABI_FLAGS:
        add_members(interface, type, out);
        break;
    case ABI_OPTION:
        buf_byte(out, '<');
        abi_type_text(interface, type->types[1], out);
        buf_byte(out, '>');
        break;
    case ABI_RESULT:
        add_result(interface, type, out);
        break;
    case ABI_OWN:
    case ABI_BORROW:
        buf_byte(out, '<');
        add_str(out, interface->resources[type->resource].name);
        buf_byte(out, '>');
        break;
    default:
        break;
    }
}

void abi_signature_text(const struct abi_interface *interface,
                        const struct abi_signature *signature, struct buf *out) {
    buf_byte(out, '(');
    for (uint32_t i = 0; i < signature->param_count && !out->failed; i++) {
        if (i > 0) buf_text(out, ", ");
        abi_type_text(interface, signature->params[i], out);
    }
    buf_byte(out, ')');
    if (signature->result == NULL) return;
    buf_text(out, " -> ");
    abi_type_text(interface, signature->result, out);
}
