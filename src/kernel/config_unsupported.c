#include "kernel/config_unsupported.h"

#include <string.h>
#include <strings.h>

enum { SHOWN_SIZE = 120 };

#define NO_MODELS "remove it; skills that ask for a model get an error"

/* `path`: levels joined by "."; "*" is any one name. `standard`: the existing Kernel's default,
 * which is accepted. */
static const struct config_unsupported {
    const char *path, *standard, *what, *remedy;
} rows[] = {
    {"authorization-url", NULL, "who may call",
     "remove it, and let something in front of the kernel check callers"},
    {"inference-url", NULL, "the inference API", NO_MODELS},
    {"openai-inference.url", NULL, "an OpenAI-compatible API", NO_MODELS},
    {"openai-inference.token", NULL, "an OpenAI-compatible API", NO_MODELS},
    {"document-index-url", NULL, "the document index",
     "remove it; skills that search get an error"},
    {"metrics-address", NULL, "metrics over HTTP", "remove it"},
    {"otel-endpoint", NULL, "where traces go", "remove it"},
    {"otel-sampling-ratio", "0.1", "the share of calls that are traced", "remove it"},
    {"otel-gen-ai-content-capture", "false", "prompts in traces", "remove it"},
    {"pharia-ai-feature-set", "1", "which features the API shows", "remove it"},
    {"use-pooling-allocator", "false", "Wasmtime's pooling allocator",
     "remove it; this kernel always reuses memory slots"},
    {"memory-request", NULL, "the size of the skill cache", "set guest-memory"},
    {"memory-limit", NULL, "the size of the skill cache", "set guest-memory"},
    {"wasmtime-cache-dir", NULL, "the directory of compiled code", "set cache-dir"},
    {"wasmtime-cache-size-request", NULL, "the size of the directory of compiled code",
     "remove it"},
    {"wasmtime-cache-size-limit", NULL, "the size of the directory of compiled code", "remove it"},
    {"namespaces.*.config-url", NULL, "a list of skills that is fetched",
     "give the namespace a \"directory\" only"},
    {"namespaces.*.config-access-token", NULL, "a list of skills that is fetched",
     "give the namespace a \"directory\" only"},
    {"namespaces.*.skills", NULL, "a list of skills of a registry",
     "give the namespace a \"directory\" only"},
    {"namespaces.*.registry", NULL, "a registry of skills",
     "give the namespace a \"directory\" only"},
    {"namespaces.*.base-repository", NULL, "a registry of skills",
     "give the namespace a \"directory\" only"},
    {"namespaces.*.registry-user", NULL, "a registry of skills",
     "give the namespace a \"directory\" only"},
    {"namespaces.*.registry-password", NULL, "a registry of skills",
     "give the namespace a \"directory\" only"},
    {"namespaces.*.path", NULL, "a registry of files", "call it \"directory\""},
    {"namespaces.*.mcp-servers", NULL, "servers of tools", "remove it"},
    {"namespaces.*.native-tools", NULL, "tools of the kernel", "remove it"},
};

enum { ROW_TOTAL = sizeof rows / sizeof *rows };

static bool matches(const char *path, const struct config_entry *entry) {
    for (unsigned i = 0; i < entry->depth; i++) {
        size_t size = strcspn(path, ".");
        bool any = size == 1 && *path == '*';
        if (!any && (strlen(entry->path[i]) != size || strncmp(path, entry->path[i], size) != 0))
            return false;
        path += size;
        if (!*path) return i + 1 == entry->depth;
        path++;
    }
    return false;
}

const struct config_unsupported *config_unsupported_find(const struct config_entry *entry) {
    for (size_t i = 0; i < ROW_TOTAL; i++)
        if (matches(rows[i].path, entry)) return &rows[i];
    return NULL;
}

static bool is_off(const char *value) {
    static const char *const words[] = {"0", "false", "off", "no"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(value, words[i]) == 0) return true;
    return false;
}

bool config_unsupported_harmless(const struct config_unsupported *row,
                                 const struct config_entry *entry) {
    if (!entry->value) return false;
    if (!*entry->value) return true;
    if (!row->standard) return false;
    return strcmp(row->standard, "false") == 0 ? is_off(entry->value)
                                               : strcmp(entry->value, row->standard) == 0;
}

/* An option is shown without its value, which may be a secret. */
bool config_unsupported_refuse(const struct config_unsupported *row,
                               const struct config_entry *entry, struct err *err) {
    size_t size = strcspn(entry->shown, "=");
    const char *table = entry->depth > 1 ? entry->path[entry->depth - 2] : NULL;
    return err_set(err, ERR_UNSUPPORTED,
                   "%s, %.*s%s%.*s%s: a setting of the existing Kernel (%s) that this kernel does "
                   "not honour yet: %s, or start with --ignore-unsupported",
                   entry->source, (int)(size < SHOWN_SIZE ? size : SHOWN_SIZE), entry->shown,
                   table ? " of \"" : "", SHOWN_SIZE, table ? table : "", table ? "\"" : "",
                   row->what, row->remedy);
}

void config_unsupported_help(struct buf *out) {
    buf_text(out, "\nRefused, unless --ignore-unsupported is given (settings of the existing "
                  "Kernel that are not honoured yet):\n");
    for (size_t i = 0; i < ROW_TOTAL; i++)
        buf_format(out, "  %-34s %s\n", rows[i].path, rows[i].what);
}

void config_unsupported_markdown(struct buf *out) {
    buf_text(out, "\n| refused key of the existing Kernel | what it is | accepted all the same | "
                  "what to do |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < ROW_TOTAL; i++)
        buf_format(out, "| `%s` | %s | %s%s | %s |\n", rows[i].path, rows[i].what,
                   rows[i].standard ? "empty, " : "empty", rows[i].standard ? rows[i].standard : "",
                   rows[i].remedy);
}
