/* The interface of linked code, read from the JSON text that the linker wrote.
 *
 * Format (keys in this order; T is an index into types, every one smaller than its user's; R an
 * index into resources; written by src/link):
 *
 *   {"format": 1,
 *    "resources": [{"interface": "wasi:io/poll@0.2.0", "name": "pollable"}, ...],
 *    "types": ["u8", {"list": T}, {"record": [["name", T], ...]}, {"tuple": [T, ...]},
 *              {"variant": [["case", T|null], ...]}, {"enum": ["a", ...]}, {"option": T},
 *              {"result": [T|null, T|null]}, {"flags": ["a", ...]}, {"own": R}, {"borrow": R},
 *              ...],
 *    "imports": [{"interface": "wasi:io/poll@0.2.0", "name": "poll",
 *                 "module": "wasi:io/poll@0.2.0", "field": "pk-plan:poll",
 *                 "kind": "func", "plan": true, "params": [["in", T], ...], "result": T|null,
 *                 "encoding": "utf8"|"utf16"|"latin1+utf16", "core": "ii:"},
 *                {..., "name": "[resource-drop]pollable",
 *                 "kind": "drop", "resource": R, "core": "i:"},
 *                ...],
 *    "exports": [{"interface": "pharia:skill/skill-handler@0.3.11", "name": "run", "entry": 0,
 *                 "params": [...], "result": T|null, "encoding": ..., "core": "ii:i",
 *                 "post_return": true}, ...],
 *    "globals": "iIfF...",
 *    "start": true, "strict": false, "max_pages": 65536}
 *
 * `core` is the flat core type that the guest's code uses (i i32, I i64, f f32, F f64; parameters,
 * colon, results), before a shim makes a plan of it. It is compared with the flattened
 * component-level type: the component's own validator is not run by anybody.
 *
 * Thread: constant after reading. */
#ifndef PK_ABI_INTERFACE_H
#define PK_ABI_INTERFACE_H

#include "abi/type.h"
#include "base/arena.h"
#include "base/err.h"

enum abi_encoding { ABI_UTF8, ABI_UTF16, ABI_LATIN1_UTF16 };

struct abi_resource {
    struct str interface, name;
};

struct abi_signature {
    uint32_t param_count;
    struct str *param_names;
    const struct abi_type **params;
    const struct abi_type *result; /* NULL: none */
    enum abi_encoding encoding;
    /* derived */
    bool params_in_memory;      /* more than 16 flat values: one pointer to a tuple */
    bool result_in_memory;      /* more than one flat value */
    const struct abi_type *all; /* the parameters as one tuple */
    uint8_t core_params[ABI_MAX_FLAT_PARAMS + 1],
        core_param_count; /* enum abi_core; as the guest's code has it */
    uint8_t core_results[1], core_result_count;
};

enum abi_import_kind { ABI_IMPORT_FUNC, ABI_IMPORT_DROP };

struct abi_import {
    enum abi_import_kind kind;
    struct str interface, name; /* "wasi:io/poll@0.2.0", "[method]pollable.block" */
    struct str module, field;   /* of the core import */
    bool plan;                  /* called through a shim: the core import returns i64 requests */
    uint32_t resource;          /* drop */
    struct abi_signature signature;
};

struct abi_export {
    struct str interface, name;
    uint32_t entry; /* K of pk-K */
    struct abi_signature signature;
};

struct abi_interface {
    struct arena arena; /* everything below lives in it */
    struct abi_resource *resources;
    const struct abi_type **types;
    struct abi_import *imports;
    struct abi_export *exports;
    uint8_t *globals; /* enum abi_core of each mutable numeric global */
    uint32_t resource_count, type_count, import_count, export_count, global_count;
    bool strict_memory;
    uint32_t max_pages; /* the memory's declared maximum, 65536 when it has none */
};

/* Read the text. Checks every index, the layout's overflow, and each signature's flat type against
 * `core`. On failure nothing is left behind. The caller frees with abi_interface_free. */
bool abi_interface_read(const char *text, size_t size, struct abi_interface *interface,
                        struct err *err);
void abi_interface_free(struct abi_interface *interface);
/* The export of an interface whose name begins with `interface` up to '@'
 * ("pharia:skill/skill-handler") and function `name`, or NULL. */
const struct abi_export *abi_interface_export(const struct abi_interface *interface,
                                              const char *interface_name, const char *name);
/* A signature without parameter names: "(u64) -> list<u8>", "() -> own<pollable>",
 * "(borrow<pollable>)". */
void abi_signature_text(const struct abi_interface *interface,
                        const struct abi_signature *signature, struct buf *out);

#endif
