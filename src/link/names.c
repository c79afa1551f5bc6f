/* Names for functions of the merged module, for texts of traps: "INDEX NAME" lines, ascending. */
#include "link/merge.h"

/* A name as one line: what would end or hide it is replaced. */
static void put_line(struct buf *out, uint32_t index, struct str name) {
    buf_format(out, "%u ", index);
    size_t begin = 0;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t byte = (uint8_t)name.data[i];
        if (byte >= 0x20 && byte != 0x7f) continue;
        buf_add(out, name.data + begin, i - begin);
        buf_byte(out, '?');
        begin = i + 1;
    }
    buf_add(out, name.data + begin, name.size - begin);
    buf_byte(out, '\n');
}

static void put_host(struct merge *merge, const struct host *host, uint32_t index,
                     const char *suffix) {
    struct str interface = host_interface(merge, host), name = host_name(merge, host);
    struct buf text;
    buf_init(&text, merge->cap);
    bool drop = host->item->kind == ITEM_RESOURCE_DROP;
    buf_add(&text, interface.data, interface.size);
    buf_text(&text, drop ? "#[resource-drop]" : "#");
    buf_add(&text, name.data, name.size);
    buf_text(&text, suffix);
    put_line(&merge->result->names, index, (struct str){(const char *)text.data, text.size});
    buf_free(&text);
}

static void put_imports(struct merge *merge) {
    static const char *const names[] = {"pk-enter", "pk-args", "pk-result"};
    struct buf *out = &merge->result->names;
    for (uint32_t i = 0; i < merge->host_count; i++)
        put_host(merge, &merge->hosts[i], i, merge->hosts[i].plan ? " (plan)" : "");
    buf_format(out, "%u pk-put\n%u pk-start-values\n", merge->put, merge->start_import);
    if (merge->resized != LINK_NONE) buf_format(out, "%u pk-resized\n", merge->resized);
    for (uint32_t i = 0; i < 3 * merge->entry_count; i++)
        buf_format(out, "%u %s-%u\n", merge->entry_imports + i, names[i % 3], i / 3);
    for (uint32_t i = 0; i < merge->host_count; i++)
        if (merge->hosts[i].plan) put_host(merge, &merge->hosts[i], merge->hosts[i].func, "");
}

/* `names`: room for the function names of the largest module. */
static void put_instance(struct merge *merge, const struct merged *merged, struct str *names) {
    const struct core_module *module = merged->module;
    if (!module_function_names(module, names)) return;
    for (uint32_t i = module->imported[CORE_FUNC]; i < module->count[CORE_FUNC]; i++)
        if (names[i].size > 0) put_line(&merge->result->names, merged->map[CORE_FUNC][i], names[i]);
}

bool names_write(struct merge *merge) {
    struct buf *out = &merge->result->names;
    uint32_t most = 0;
    for (uint32_t i = 0; i < merge->component->module_count; i++)
        if (merge->component->modules[i].count[CORE_FUNC] > most)
            most = merge->component->modules[i].count[CORE_FUNC];
    struct str *names = merge_alloc(merge, most, sizeof *names);
    if (names == NULL) return false;
    put_imports(merge);
    for (uint32_t i = 0; i < merge->component->instance_count; i++)
        if (merge->instances[i].module != NULL) put_instance(merge, &merge->instances[i], names);
    for (uint32_t i = 0; i < merge->entry_count; i++)
        buf_format(out, "%u pk-%u\n", merge->entry_base + i, i);
    buf_format(out, "%u pk-start\n", merge->start_func);
    for (uint32_t i = 0; i < merge->helper_count; i++) {
        buf_format(out, "%u ", merge->helpers[i].func);
        helper_name(&merge->helpers[i], out);
        buf_byte(out, '\n');
    }
    return merge_buf_ok(merge, out);
}
