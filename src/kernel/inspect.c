/* pharia-kernel inspect FILE: what a skill's component is made of, and what linking it
 * gives. The JSON text is the report; without --json it is told in words from the same facts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/escape.h"
#include "kernel/commands.h"
#include "kernel/skill_file.h"

/* ---- facts */

struct inspect_module {
    size_t bytes, code, data, functions, imports, exports;
};

static struct inspect_module module_facts(const struct core_module *module) {
    struct inspect_module facts = {.bytes = module->bytes.size,
                                   .functions = module->body_count,
                                   .imports = module->import_count,
                                   .exports = module->export_count};
    for (uint32_t i = 0; i < module->body_count; i++) facts.code += module->bodies[i].size;
    for (uint32_t i = 0; i < module->data_count; i++) facts.data += module->datas[i].bytes.size;
    return facts;
}

typedef const struct component_func *func_pointer;

static int compare_funcs(const void *left, const void *right) {
    const func_pointer *a = left, *b = right;
    int order = str_compare((*a)->interface, (*b)->interface);
    return order ? order : str_compare((*a)->name, (*b)->name);
}

/* The imported functions, sorted, each once. The caller frees; NULL without memory. */
static func_pointer *imported(const struct component *component, size_t *count) {
    func_pointer *list = calloc(component->func_count + 1, sizeof(func_pointer));
    *count = 0;
    for (uint32_t i = 0; list && i < component->func_count; i++)
        if (component->funcs[i].kind == FUNC_IMPORT) list[(*count)++] = &component->funcs[i];
    if (!list || *count == 0) return list;
    qsort(list, *count, sizeof(func_pointer), compare_funcs);
    size_t kept = 1;
    for (size_t i = 1; i < *count; i++)
        if (compare_funcs(&list[kept - 1], &list[i]) != 0) list[kept++] = list[i];
    *count = kept;
    return list;
}

static void world_text(const struct skill_file *file, char *text, size_t size) {
    if (file->has_world)
        snprintf(text, size, "pharia:skill %u.%u.%u, %s", file->world.major, file->world.minor,
                 file->world.patch,
                 file->world.kind == WORLD_FUNCTION ? "function" : "message stream");
    else
        snprintf(text, size, "none: %s", file->world_err.text);
}

/* The digest of the image as a file has it. */
static bool image_digest(const struct link_result *result, struct digest *digest, struct err *err) {
    size_t size = (size_t)result->image_pages << 16;
    int fd = memfd_create("image", MFD_CLOEXEC);
    bool good = fd >= 0 && link_write_image(result, fd, err);
    void *bytes = good && size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (fd < 0 || bytes == MAP_FAILED) good = err_set(err, ERR_MEMORY, "no memory for the image");
    if (good) *digest = digest_of(bytes, size);
    if (good && size) munmap(bytes, size);
    if (fd >= 0) close(fd);
    return good;
}

enum { DIGESTS = 4 };
static const char *const digest_names[DIGESTS] = {"component", "code", "interface", "image"};

static unsigned make_digests(const struct skill_file *file, char hex[DIGESTS][DIGEST_HEX],
                             struct err *err) {
    struct digest digests[DIGESTS] = {digest_of(file->bytes.data, file->bytes.size)};
    unsigned count = 1;
    if (file->linked) {
        digests[1] = digest_of(file->result.code.data, file->result.code.size);
        digests[2] = digest_of(file->result.interface.data, file->result.interface.size);
        count = image_digest(&file->result, &digests[3], err) ? 4 : 3;
    }
    for (unsigned i = 0; i < count; i++) digest_hex(&digests[i], hex[i]);
    return count;
}

/* ---- JSON */

static void json_str(struct buf *out, struct str text) {
    buf_json_string(out, text.data, text.size);
}

static void json_imports(struct buf *out, const struct component *component) {
    size_t count;
    func_pointer *list = imported(component, &count);
    if (!list) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || !str_equal(list[i - 1]->interface, list[i]->interface);
        if (first) {
            buf_text(out, i == 0 ? "{\"interface\":" : "]},{\"interface\":");
            json_str(out, list[i]->interface);
            buf_text(out, ",\"functions\":[");
        } else
            buf_byte(out, ',');
        json_str(out, list[i]->name);
    }
    if (count > 0) buf_text(out, "]}");
    free(list);
}

static void json_exports(struct buf *out, const struct component *component) {
    for (uint32_t i = 0; i < component->export_count; i++) {
        const struct component_export *export = &component->exports[i];
        buf_text(out, i == 0 ? "{\"interface\":" : ",{\"interface\":");
        json_str(out, export->interface);
        buf_text(out, ",\"functions\":[");
        for (uint32_t k = 0; k < export->func_count; k++) {
            if (k > 0) buf_byte(out, ',');
            json_str(out, export->funcs[k].name);
        }
        buf_text(out, "]}");
    }
}

static void json_modules(struct buf *out, const struct component *component) {
    for (uint32_t i = 0; i < component->module_count; i++) {
        struct inspect_module module = module_facts(&component->modules[i]);
        buf_format(out,
                   "%s{\"bytes\":%zu,\"code\":%zu,\"data\":%zu,\"functions\":%zu,\"imports\":%zu,"
                   "\"exports\":%zu}",
                   i ? "," : "", module.bytes, module.code, module.data, module.functions,
                   module.imports, module.exports);
    }
}

static void json_link(struct buf *out, const struct skill_file *file) {
    if (!file->linked) {
        buf_text(out, "null,\"link_error\":");
        buf_json_string(out, file->link_err.text, strlen(file->link_err.text));
        return;
    }
    const struct link_result *result = &file->result;
    buf_format(out,
               "{\"code\":%zu,\"image_pages\":%" PRIu32 ",\"segments\":%" PRIu32
               ",\"globals\":%" PRIu32 ",\"data_in_image\":%s",
               result->code.size, result->image_pages, result->segment_count, result->global_count,
               result->data_in_image ? "true" : "false");
    if (!result->data_in_image) {
        buf_text(out, ",\"data_reason\":");
        buf_json_string(out, result->data_reason, strlen(result->data_reason));
    }
    buf_byte(out, '}');
}

static void json_world(struct buf *out, const struct skill_file *file) {
    if (!file->has_world) {
        buf_text(out, "null,\"world_error\":");
        buf_json_string(out, file->world_err.text, strlen(file->world_err.text));
        return;
    }
    buf_format(out, "{\"package\":\"pharia:skill\",\"version\":\"%u.%u.%u\",\"kind\":\"%s\"}",
               file->world.major, file->world.minor, file->world.patch,
               file->world.kind == WORLD_FUNCTION ? "function" : "message_stream");
}

static void print_json(struct buf *out, const struct skill_file *file,
                       char hex[DIGESTS][DIGEST_HEX], unsigned digests) {
    buf_format(out, "{\"bytes\":%zu,\"world\":", file->bytes.size);
    json_world(out, file);
    buf_text(out, ",\"imports\":[");
    json_imports(out, &file->component);
    buf_text(out, "],\"exports\":[");
    json_exports(out, &file->component);
    buf_text(out, "],\"modules\":[");
    json_modules(out, &file->component);
    buf_text(out, "],\"linked\":");
    json_link(out, file);
    buf_text(out, ",\"digests\":{");
    for (unsigned i = 0; i < digests; i++)
        buf_format(out, "%s\"%s\":\"%s\"", i ? "," : "", digest_names[i], hex[i]);
    buf_text(out, "}}\n");
}

/* ---- words */

static void text_name(struct buf *out, const char *indent, struct str name) {
    buf_text(out, indent);
    escape_add(out, name);
    buf_byte(out, '\n');
}

static void text_imports(struct buf *out, const struct component *component) {
    size_t count;
    func_pointer *list = imported(component, &count);
    if (!list) {
        out->failed = true;
        return;
    }
    buf_format(out, "imports (%zu functions)\n", count);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !str_equal(list[i - 1]->interface, list[i]->interface))
            text_name(out, "  ", list[i]->interface);
        text_name(out, "      ", list[i]->name);
    }
    free(list);
}

static void text_exports(struct buf *out, const struct component *component) {
    buf_text(out, "exports\n");
    for (uint32_t i = 0; i < component->export_count; i++) {
        const struct component_export *export = &component->exports[i];
        text_name(out, "  ", export->interface);
        for (uint32_t k = 0; k < export->func_count; k++)
            text_name(out, "      ", export->funcs[k].name);
    }
}

static void text_modules(struct buf *out, const struct component *component) {
    buf_text(out, "modules           bytes         code         data  functions\n");
    for (uint32_t i = 0; i < component->module_count; i++) {
        struct inspect_module module = module_facts(&component->modules[i]);
        buf_format(out, "  %4u  %15zu %12zu %12zu %10zu\n", i, module.bytes, module.code,
                   module.data, module.functions);
    }
}

static void text_link(struct buf *out, const struct skill_file *file) {
    const struct link_result *result = &file->result;
    if (!file->linked) {
        buf_format(out, "linked      no: %s\n", file->link_err.text);
        return;
    }
    buf_format(out,
               "linked      code %zu bytes, image %" PRIu32 " pages of 64 KiB in %" PRIu32
               " segments, %" PRIu32 " globals\n",
               result->code.size, result->image_pages, result->segment_count, result->global_count);
    if (result->data_in_image)
        buf_text(out, "data        in the image: skills with the same code share it\n");
    else
        buf_format(out, "data        stays in the code, which is not shared: %s\n",
                   result->data_reason);
}

static void print_text(struct buf *out, const struct skill_file *file,
                       char hex[DIGESTS][DIGEST_HEX], unsigned digests) {
    char world[1200];
    world_text(file, world, sizeof world);
    buf_format(out, "file        %zu bytes\nworld       %s\n", file->bytes.size, world);
    text_imports(out, &file->component);
    text_exports(out, &file->component);
    text_modules(out, &file->component);
    text_link(out, file);
    for (unsigned i = 0; i < digests; i++) buf_format(out, "%-11s %s\n", digest_names[i], hex[i]);
}

/* ---- the command */

static bool inspect(const char *path, bool json, struct err *err) {
    static struct skill_file file;
    char hex[DIGESTS][DIGEST_HEX];
    struct link_settings settings = {0};
    struct buf out;
    buf_init(&out, 64 << 20);
    bool good = skill_file_read(path, &settings, &file, err);
    if (good) {
        struct err ignored;
        unsigned digests = make_digests(&file, hex, &ignored);
        (json ? print_json : print_text)(&out, &file, hex, digests);
        good = !out.failed || err_set(err, ERR_MEMORY, "no memory for the report on %s", path);
    }
    if (good) good = fwrite(out.data, 1, out.size, stdout) == out.size && fflush(stdout) == 0;
    skill_file_free(&file);
    buf_free(&out);
    return good;
}

static const struct option_row rows[] = {{'j', "json", NULL, "as JSON, on one line"}};
const struct option_table inspect_options = OPTION_TABLE(rows);

int command_inspect(int argc, char **argv) {
    struct options options;
    struct err err = {.text = "one FILE is expected"};
    const char *value;
    bool json = false;
    int letter, count;
    options_begin(&options, inspect_options, argc, argv);
    while ((letter = options_next(&options, &value, &err)) == 'j') json = true;
    char **words = options_words(&options, &count);
    if (letter != OPTIONS_END || count != 1) return command_wrong("inspect", inspect_options, &err);
    err_set(&err, ERR_IO, "cannot write the report");
    if (inspect(words[0], json, &err)) return 0;
    fprintf(stderr, "pharia-kernel: %s\n", err.text);
    return 1;
}
