/* Function types of the merged module, each once: modules repeat each other's. */
#include <string.h>

#include "link/merge.h"

static bool equal_at(const void *context, uint32_t index) {
    const struct core_functype *const *pair = context;
    return functype_equal(pair[0], &pair[1][index]);
}

bool functype_equal(const struct core_functype *a, const struct core_functype *b) {
    return a->param_count == b->param_count && a->result_count == b->result_count &&
           (a->param_count == 0 || memcmp(a->params, b->params, a->param_count) == 0) &&
           (a->result_count == 0 || memcmp(a->results, b->results, a->result_count) == 0);
}

static uint64_t hash_of(const struct core_functype *type) {
    uint64_t params = str_hash((struct str){(const char *)type->params, type->param_count});
    uint64_t results = str_hash((struct str){(const char *)type->results, type->result_count});
    return params * UINT64_C(0x9e3779b97f4a7c15) + results;
}

bool types_init(struct merge *merge) {
    return table_init(&merge->types.table, merge->arena, 64) || merge_no_memory(merge);
}

static bool list_grow(struct merge *merge, struct type_list *list) {
    uint32_t room = list->room == 0 ? 64 : 2 * list->room;
    struct core_functype *types = merge_alloc(merge, room, sizeof *types);
    if (types == NULL) return false;
    if (list->count > 0) memcpy(types, list->types, list->count * sizeof *types);
    list->types = types;
    list->room = room;
    return true;
}

uint32_t types_add(struct merge *merge, const struct core_functype *type) {
    struct type_list *list = &merge->types;
    uint64_t hash = hash_of(type);
    const struct core_functype *pair[] = {type, list->types};
    uint32_t found = table_find(&list->table, hash, equal_at, pair);
    if (found != TABLE_NONE) return found;
    if (list->count == list->room && !list_grow(merge, list)) return LINK_NONE;
    list->types[list->count] = *type;
    if (!table_add(&list->table, hash, list->count)) {
        merge_no_memory(merge);
        return LINK_NONE;
    }
    return list->count++;
}

static uint8_t valtype_of(char letter) {
    switch (letter) {
    case 'i':
        return VALTYPE_I32;
    case 'I':
        return VALTYPE_I64;
    case 'f':
        return VALTYPE_F32;
    case 'F':
        return VALTYPE_F64;
    case 'r':
        return VALTYPE_FUNCREF;
    case 'x':
        return VALTYPE_EXTERNREF;
    default:
        return VALTYPE_V128;
    }
}

char types_valtype_letter(uint8_t valtype) {
    static const char letters[] = "iIfFvrx";
    for (const char *letter = letters; *letter != '\0'; letter++)
        if (valtype_of(*letter) == valtype) return *letter;
    return '?';
}

uint32_t types_add_text(struct merge *merge, const char *text) {
    size_t size = strlen(text), colon = (size_t)(strchr(text, ':') - text);
    uint8_t *bytes = arena_alloc(merge->arena, size);
    if (bytes == NULL) {
        merge_no_memory(merge);
        return LINK_NONE;
    }
    for (size_t i = 0; i < size; i++) bytes[i] = valtype_of(text[i]);
    struct core_functype type = {bytes, bytes + colon + 1, (uint32_t)colon,
                                 (uint32_t)(size - colon - 1)};
    return types_add(merge, &type);
}
