/* Value types and signatures of an interface text. Nothing in it is trusted: it decides how guest
 * memory is read. */
#include <jansson.h>
#include <string.h>

#include "abi/internal.h"

enum { MAX_TYPES = 100000 };

static bool invalid(struct err *err, const char *what) {
    return err_set(err, ERR_INVALID, "interface: %s", what);
}

static bool no_memory(struct err *err) {
    return err_set(err, ERR_MEMORY, "interface: no memory");
}

bool abi_is_label(const char *text) {
    for (const char *at = text; *at != '\0'; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        bool other = (*at >= '0' && *at <= '9') || *at == '-';
        if (!letter && (!other || at == text)) return false;
    }
    return *text != '\0';
}

static bool copy_text(struct abi_interface *interface, json_t *value, struct str *out,
                      struct err *err) {
    if (!json_is_string(value)) return invalid(err, "a name is no text");
    size_t size = json_string_length(value);
    if (size == 0 || size > ABI_MAX_NAME) return invalid(err, "a name is empty or too long");
    out->data = arena_copy(&interface->arena, json_string_value(value), size);
    out->size = size;
    return out->data != NULL || no_memory(err);
}

bool abi_read_label(struct abi_interface *interface, json_t *value, struct str *out,
                    struct err *err) {
    if (!copy_text(interface, value, out, err)) return false;
    return abi_is_label(out->data) ||
           err_set(err, ERR_INVALID, "interface: \"%s\" is no name", out->data);
}

bool abi_read_name(struct abi_interface *interface, json_t *object, const char *key,
                   struct str *out, struct err *err) {
    return copy_text(interface, json_object_get(object, key), out, err) ||
           err_prefix(err, "\"%s\"", key);
}

bool abi_read_array(json_t *object, const char *key, uint32_t max, json_t **out, struct err *err) {
    *out = json_object_get(object, key);
    if (!json_is_array(*out))
        return err_set(err, ERR_INVALID, "interface: \"%s\" is no array", key);
    if (json_array_size(*out) <= max) return true;
    return err_set(err, ERR_LIMIT, "interface: \"%s\" has more than %u members", key, max);
}

bool abi_read_number(json_t *object, const char *key, uint32_t max, uint32_t *out,
                     struct err *err) {
    json_t *value = json_object_get(object, key);
    json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    if (number < 0 || number > max)
        return err_set(err, ERR_INVALID, "interface: \"%s\" is no number up to %u", key, max);
    *out = (uint32_t)number;
    return true;
}

bool abi_read_core(char letter, uint8_t *out) {
    static const char letters[] = "iIfF"; /* in the order of enum abi_core */
    const char *at = letter == '\0' ? NULL : strchr(letters, letter);
    if (at != NULL) *out = (uint8_t)(at - letters);
    return at != NULL;
}

bool abi_read_type_index(const struct abi_interface *interface, json_t *value, bool may_be_null,
                         const struct abi_type **out, struct err *err) {
    *out = NULL;
    if (json_is_null(value) && may_be_null) return true;
    json_int_t index = json_is_integer(value) ? json_integer_value(value) : -1;
    if (index < 0 || index >= interface->type_count)
        return invalid(err, "an index of a type is out of range");
    *out = interface->types[index];
    return true;
}

static bool make_room(struct abi_interface *interface, struct abi_type *type, size_t count,
                      bool names, bool types, struct err *err) {
    if (count == 0 || count > ABI_MAX_MEMBERS)
        return err_set(err, ERR_LIMIT, "interface: a type has %zu members", count);
    type->count = (uint32_t)count;
    if (types) type->types = arena_zalloc(&interface->arena, count, sizeof(struct abi_type *));
    if (names) type->names = arena_zalloc(&interface->arena, count, sizeof *type->names);
    return (!types || type->types != NULL) && (!names || type->names != NULL) ? true
                                                                              : no_memory(err);
}

/* record and variant: [["name", T], …] */
static bool read_named_types(struct abi_interface *interface, struct abi_type *type, json_t *list,
                             struct err *err) {
    size_t i;
    json_t *pair;
    if (!make_room(interface, type, json_array_size(list), true, true, err)) return false;
    json_array_foreach(list, i, pair) {
        if (json_array_size(pair) != 2) return invalid(err, "a field or case is no pair");
        if (!abi_read_label(interface, json_array_get(pair, 0), &type->names[i], err)) return false;
        bool may_be_null = type->kind == ABI_VARIANT;
        if (!abi_read_type_index(interface, json_array_get(pair, 1), may_be_null, &type->types[i],
                                 err))
            return false;
    }
    return true;
}

/* enum and flags: ["a", …] */
static bool read_labels(struct abi_interface *interface, struct abi_type *type, json_t *list,
                        struct err *err) {
    size_t i;
    json_t *label;
    if (type->kind == ABI_FLAGS && json_array_size(list) > 32)
        return invalid(err, "more than 32 flags");
    if (!make_room(interface, type, json_array_size(list), true, false, err)) return false;
    json_array_foreach(
        list, i, label) if (!abi_read_label(interface, label, &type->names[i], err)) return false;
    return true;
}

/* tuple: [T, …]; result: [T|null, T|null] */
static bool read_type_list(struct abi_interface *interface, struct abi_type *type, json_t *list,
                           struct err *err) {
    size_t i;
    json_t *index;
    bool result = type->kind == ABI_RESULT;
    if (result && json_array_size(list) != 2) return invalid(err, "a result has not two types");
    if (!make_room(interface, type, json_array_size(list), false, true, err)) return false;
    json_array_foreach(list, i, index) if (!abi_read_type_index(interface, index, result,
                                                                &type->types[i], err)) return false;
    return true;
}

/* list: T; option: T, which is its second case */
static bool read_inner(struct abi_interface *interface, struct abi_type *type, json_t *index,
                       struct err *err) {
    bool option = type->kind == ABI_OPTION;
    if (!make_room(interface, type, option ? 2 : 1, false, true, err)) return false;
    if (!option) type->count = 0;
    return abi_read_type_index(interface, index, false, &type->types[option ? 1 : 0], err);
}

static bool read_resource_index(struct abi_interface *interface, struct abi_type *type,
                                json_t *index, struct err *err) {
    json_int_t number = json_is_integer(index) ? json_integer_value(index) : -1;
    if (number < 0 || number >= interface->resource_count)
        return invalid(err, "an index of a resource is out of range");
    type->resource = (uint32_t)number;
    return true;
}

static bool read_members(struct abi_interface *interface, struct abi_type *type, json_t *value,
                         struct err *err) {
    switch (type->kind) {
    case ABI_RECORD:
    case ABI_VARIANT:
        return read_named_types(interface, type, value, err);
    case ABI_ENUM:
    case ABI_FLAGS:
        return read_labels(interface, type, value, err);
    case ABI_TUPLE:
    case ABI_RESULT:
        return read_type_list(interface, type, value, err);
    case ABI_LIST:
    case ABI_OPTION:
        return read_inner(interface, type, value, err);
    case ABI_OWN:
    case ABI_BORROW:
        return read_resource_index(interface, type, value, err);
    default:
        return invalid(err, "a primitive type has members");
    }
}

static bool read_kind(const char *name, enum abi_kind *out, struct err *err) {
    static const char *const names[] = {
#define X(kind, text) text,
        ABI_KINDS(X)
#undef X
    };
    for (uint32_t kind = 0; kind < sizeof names / sizeof *names; kind++) {
        if (strcmp(names[kind], name) != 0) continue;
        *out = (enum abi_kind)kind;
        return true;
    }
    return err_set(err, ERR_UNSUPPORTED, "interface: unknown type \"%.100s\"", name);
}

static bool read_type(struct abi_interface *interface, json_t *text, struct abi_type *type,
                      struct err *err) {
    if (json_is_string(text)) {
        if (!read_kind(json_string_value(text), &type->kind, err)) return false;
        if (type->kind > ABI_STRING) return invalid(err, "a type lacks its members");
    } else {
        void *member =
            json_is_object(text) && json_object_size(text) == 1 ? json_object_iter(text) : NULL;
        if (member == NULL)
            return invalid(err, "a type is neither a name nor an object of one member");
        if (!read_kind(json_object_iter_key(member), &type->kind, err)) return false;
        if (!read_members(interface, type, json_object_iter_value(member), err)) return false;
    }
    const char *problem = abi_type_finish(type, &interface->arena);
    return problem == NULL || err_set(err, ERR_LIMIT, "interface: %s", problem);
}

bool abi_read_types(struct abi_interface *interface, json_t *object, struct err *err) {
    size_t i;
    json_t *list, *text;
    if (!abi_read_array(object, "types", MAX_TYPES, &list, err)) return false;
    struct abi_type *types = arena_zalloc(&interface->arena, json_array_size(list), sizeof *types);
    interface->types =
        arena_zalloc(&interface->arena, json_array_size(list), sizeof(struct abi_type *));
    if (types == NULL || interface->types == NULL) return no_memory(err);
    json_array_foreach(list, i, text) {
        if (!read_type(interface, text, &types[i], err)) return err_prefix(err, "type %zu", i);
        interface->types[interface->type_count++] = &types[i];
    }
    return true;
}
