/* Signatures of an interface text: component-level types, and whether the guest's core function is
 * what they flatten to. */
#include <jansson.h>
#include <string.h>

#include "abi/internal.h"

static bool invalid(struct err *err, const char *what) {
    return err_set(err, ERR_INVALID, "interface: %s", what);
}

static bool read_params(struct abi_interface *interface, json_t *object,
                        struct abi_signature *signature, struct err *err) {
    size_t i;
    json_t *list, *pair;
    if (!abi_read_array(object, "params", ABI_MAX_PARAMS, &list, err)) return false;
    signature->param_count = (uint32_t)json_array_size(list);
    signature->params =
        arena_zalloc(&interface->arena, signature->param_count, sizeof(struct abi_type *));
    signature->param_names =
        arena_zalloc(&interface->arena, signature->param_count, sizeof *signature->param_names);
    if (signature->params == NULL || signature->param_names == NULL)
        return err_set(err, ERR_MEMORY, "interface: no memory");
    json_array_foreach(list, i, pair) {
        if (json_array_size(pair) != 2) return invalid(err, "a parameter is no pair");
        if (!abi_read_label(interface, json_array_get(pair, 0), &signature->param_names[i], err))
            return false;
        if (!abi_read_type_index(interface, json_array_get(pair, 1), false, &signature->params[i],
                                 err))
            return false;
    }
    return true;
}

static bool read_encoding(json_t *object, enum abi_encoding *out, struct err *err) {
    static const char *const names[] = {
        [ABI_UTF8] = "utf8", [ABI_UTF16] = "utf16", [ABI_LATIN1_UTF16] = "latin1+utf16"};
    const char *name = json_string_value(json_object_get(object, "encoding"));
    for (int i = 0; name != NULL && i <= ABI_LATIN1_UTF16; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        *out = (enum abi_encoding)i;
        return true;
    }
    return invalid(err, "unknown string encoding");
}

const char *abi_signature_finish(struct abi_signature *signature, bool is_export,
                                 struct arena *arena) {
    struct abi_type *all = arena_zalloc(arena, 1, sizeof *all);
    const struct abi_type *result = signature->result;
    if (all == NULL) return "no memory for a signature";
    *all = (struct abi_type){
        .kind = ABI_TUPLE, .count = signature->param_count, .types = signature->params};
    const char *problem = abi_type_finish(all, arena);
    if (problem != NULL) return problem;
    signature->all = all;
    signature->params_in_memory = all->flat_count > ABI_MAX_FLAT_PARAMS;
    signature->result_in_memory = result != NULL && result->flat_count > ABI_MAX_FLAT_RESULTS;
    signature->core_param_count = signature->params_in_memory ? 1 : all->flat_count;
    if (signature->params_in_memory)
        signature->core_params[0] = ABI_I32;
    else
        memcpy(signature->core_params, all->flat, all->flat_count);
    if (signature->result_in_memory && !is_export)
        signature->core_params[signature->core_param_count++] = ABI_I32;
    if (result == NULL || (signature->result_in_memory && !is_export)) return NULL;
    signature->core_results[0] = signature->result_in_memory ? ABI_I32 : result->flat[0];
    signature->core_result_count = 1;
    return NULL;
}

static bool core_is(const char *text, const uint8_t *types, uint8_t count) {
    uint8_t type;
    for (uint8_t i = 0; i < count; i++)
        if (!abi_read_core(text[i], &type) || type != types[i]) return false;
    return true;
}

static bool check_core(json_t *object, const struct abi_signature *signature, struct err *err) {
    const char *core = json_string_value(json_object_get(object, "core"));
    if (core == NULL) return invalid(err, "\"core\" is no text");
    const char *colon = core + signature->core_param_count;
    bool fits =
        strlen(core) == (size_t)signature->core_param_count + 1 + signature->core_result_count &&
        *colon == ':' && core_is(core, signature->core_params, signature->core_param_count) &&
        core_is(colon + 1, signature->core_results, signature->core_result_count);
    return fits ||
           err_set(err, ERR_INVALID,
                   "interface: the core type \"%.40s\" is not what the types flatten to", core);
}

bool abi_read_signature(struct abi_interface *interface, json_t *object, bool is_export,
                        struct abi_signature *signature, struct err *err) {
    json_t *result = json_object_get(object, "result");
    if (!read_params(interface, object, signature, err)) return false;
    if (!abi_read_type_index(interface, result, true, &signature->result, err))
        return err_prefix(err, "\"result\"");
    /* A borrow ends with the call: what returns one could be used after it. */
    if (signature->result != NULL && signature->result->has_borrow)
        return invalid(err, "a result contains a borrow");
    if (!read_encoding(object, &signature->encoding, err)) return false;
    const char *problem = abi_signature_finish(signature, is_export, &interface->arena);
    if (problem != NULL) return err_set(err, ERR_LIMIT, "interface: parameters: %s", problem);
    return check_core(object, signature, err);
}
