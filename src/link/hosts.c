/* The host functions that the merged module imports: one for each function and each set of
 * canonical options that makes a difference. What makes one: the strings' encoding; and, when the
 * result needs guest memory, the realloc that allocates it. */
#include <string.h>

#include "link/merge.h"

struct key {
    const struct merge *merge;
    struct host host;
};

static const struct component_func *func_of(const struct merge *merge, const struct host *host) {
    return &merge->component->funcs[host->item->func];
}

struct str host_interface(const struct merge *merge, const struct host *host) {
    if (host->item->kind == ITEM_RESOURCE_DROP)
        return merge->component->resources[host->item->resource].interface;
    return func_of(merge, host)->interface;
}

struct str host_name(const struct merge *merge, const struct host *host) {
    if (host->item->kind == ITEM_RESOURCE_DROP)
        return merge->component->resources[host->item->resource].name;
    return func_of(merge, host)->name;
}

void host_field(const struct merge *merge, const struct host *host, struct buf *text) {
    struct str name = host_name(merge, host);
    buf_clear(text);
    if (host->item->kind == ITEM_RESOURCE_DROP)
        buf_text(text, "[resource-drop]");
    else if (host->number > 1)
        buf_format(text, host->plan ? "pk-plan-%u:" : "pk-%u:", host->number);
    else if (host->plan)
        buf_text(text, "pk-plan:");
    buf_add(text, name.data, name.size);
}

static bool same_name(const void *context, uint32_t index) {
    const struct key *key = context;
    const struct host *other = &key->merge->hosts[index];
    if (key->host.item->kind != other->item->kind) return false;
    if (key->host.item->kind == ITEM_RESOURCE_DROP)
        return key->host.item->resource == other->item->resource;
    return str_equal(host_interface(key->merge, &key->host), host_interface(key->merge, other)) &&
           str_equal(host_name(key->merge, &key->host), host_name(key->merge, other));
}

static bool same_host(const void *context, uint32_t index) {
    const struct key *key = context;
    const struct host *other = &key->merge->hosts[index];
    return same_name(context, index) &&
           key->host.item->options.encoding == other->item->options.encoding &&
           key->host.realloc.instance == other->realloc.instance &&
           key->host.realloc.index == other->realloc.index;
}

static uint64_t name_hash(const struct merge *merge, const struct host *host) {
    return str_hash(host_interface(merge, host)) * 31 + str_hash(host_name(merge, host));
}

static uint64_t host_hash(const struct merge *merge, const struct host *host) {
    uint64_t hash = name_hash(merge, host);
    hash = hash * 31 + (uint64_t)host->item->options.encoding;
    hash = hash * 31 + host->realloc.instance;
    return hash * 31 + host->realloc.index;
}

/* Names that would collide with those that we add. */
static bool check_name(struct merge *merge, const struct host *host) {
    struct str interface = host_interface(merge, host), name = host_name(merge, host);
    if (interface.size == 0)
        return err_set(merge->err, ERR_UNSUPPORTED,
                       "import \"%.*s\" belongs to no interface, which is not supported",
                       STR_ARG(name));
    if (!str_is(interface, "pk") && !(str_starts(name, "pk-") && str_find(name, ':') < name.size))
        return true;
    return err_set(merge->err, ERR_UNSUPPORTED,
                   "import \"%.*s\" \"%.*s\": names of that form are the kernel's own",
                   STR_ARG(interface), STR_ARG(name));
}

/* A lowering as a host function, not yet known whether new. */
static bool describe(struct merge *merge, const struct core_item *item, struct host *host) {
    *host = (struct host){.item = item, .realloc = {LINK_NONE, LINK_NONE}};
    if (!check_name(merge, host)) return false;
    if (item->kind == ITEM_RESOURCE_DROP) return true;
    const struct component *component = merge->component;
    uint32_t result = component->functypes[func_of(merge, host)->type].result;
    host->plan = result != COMPONENT_NONE && component->valtypes[result].has_pointer;
    return !host->plan || resolve_realloc(merge, item->options.realloc, &host->realloc) ||
           err_prefix(merge->err, "import \"%.*s\" \"%.*s\" lowered at 0x%x",
                      STR_ARG(host_interface(merge, host)), STR_ARG(host_name(merge, host)),
                      item->offset);
}

static bool host_add(struct merge *merge, struct table *by_name, struct table *by_host,
                     uint32_t item) {
    struct key key = {merge, {0}};
    if (!describe(merge, &merge->component->items[CORE_FUNC][item], &key.host)) return false;
    uint64_t hash = host_hash(merge, &key.host);
    uint32_t index = table_find(by_host, hash, same_host, &key);
    if (index == TABLE_NONE) {
        index = merge->host_count++;
        uint64_t short_hash = name_hash(merge, &key.host);
        uint32_t first = table_find(by_name, short_hash, same_name, &key);
        merge->hosts[index] = key.host;
        if (first == TABLE_NONE && !table_add(by_name, short_hash, index))
            return merge_no_memory(merge);
        merge->hosts[index].number = ++merge->hosts[first == TABLE_NONE ? index : first].lowerings;
        merge->plan_count += key.host.plan;
        if (!table_add(by_host, hash, index)) return merge_no_memory(merge);
    }
    merge->item_host[item] = index;
    return true;
}

/* Every module sees the function with the same type, and a plan's result goes through memory. */
static bool check_type(struct merge *merge, const struct merged *merged,
                       const struct core_import *import, struct host *host) {
    const struct core_module *module = merged->module;
    const struct core_functype *type = &module->types[module->funcs[import->index]];
    if (host->type == NULL) host->type = type;
    if (functype_equal(host->type, type) && !(host->plan && type->result_count > 0)) return true;
    return merge_fail(merge, merged, ERR_INVALID,
                      "import \"%.*s\" \"%.*s\" has another type than its lowering",
                      STR_ARG(import->module), STR_ARG(import->name));
}

static bool collect_instance(struct merge *merge, struct table *by_name, struct table *by_host,
                             const struct merged *merged) {
    const struct core_module *module = merged->module;
    for (uint32_t i = 0; i < module->import_count; i++) {
        const struct core_import *import = &module->imports[i];
        if (import->kind != CORE_FUNC) continue;
        struct place place = merged->imports[CORE_FUNC][import->index];
        if (place.instance != LINK_NONE) continue;
        if (merge->item_host[place.index] == LINK_NONE &&
            !host_add(merge, by_name, by_host, place.index))
            return false;
        struct host *host = &merge->hosts[merge->item_host[place.index]];
        if (!check_type(merge, merged, import, host)) return false;
    }
    return true;
}

bool hosts_collect(struct merge *merge) {
    uint32_t items = merge->component->item_count[CORE_FUNC], most = 0;
    for (uint32_t i = 0; i < items; i++)
        most += merge->component->items[CORE_FUNC][i].kind != ITEM_ALIAS;
    merge->hosts = merge_alloc(merge, most, sizeof *merge->hosts);
    merge->item_host = merge_alloc(merge, items, sizeof *merge->item_host);
    if (merge->hosts == NULL || merge->item_host == NULL) return false;
    for (uint32_t i = 0; i < items; i++) merge->item_host[i] = LINK_NONE;
    struct table by_name, by_host;
    if (!table_init(&by_name, merge->arena, 64) || !table_init(&by_host, merge->arena, 64))
        return merge_no_memory(merge);
    for (uint32_t i = 0; i < merge->component->instance_count; i++)
        if (merge->instances[i].module != NULL &&
            !collect_instance(merge, &by_name, &by_host, &merge->instances[i]))
            return false;
    return true;
}
