/* seed_interfaces DIRECTORY FILE...: link every component that links, and write its interface's
 * text into the directory, as 0.json, 1.json and so on: what fuzz_interface begins with. */
#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"
#include "link/link.h"

static void read_file(const char *path, struct buf *bytes) {
    FILE *file = fopen(path, "rb");
    must(file != NULL);
    uint8_t *to;
    size_t count;
    do {
        must((to = buf_reserve(bytes, 1 << 16)) != NULL);
        bytes->size += count = fread(to, 1, 1 << 16, file);
    } while (count > 0);
    fclose(file);
}

static void write_interface(const char *directory, int number, const struct buf *text) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%d.json", directory, number);
    FILE *file = fopen(path, "wb");
    must(file != NULL && fwrite(text->data, 1, text->size, file) == text->size);
    must(fclose(file) == 0);
}

static void add_seed(const char *directory, int number, const char *path) {
    struct buf bytes;
    struct arena arena;
    struct component component;
    struct link_settings settings = {0};
    struct link_result result;
    struct err err;
    buf_init(&bytes, (size_t)1 << 30);
    read_file(path, &bytes);
    arena_init(&arena, bytes.size * COMPONENT_ARENA_FACTOR + COMPONENT_ARENA_BASE + (256 << 20));
    if (component_decode(bytes.data, bytes.size, &arena, &component, &err) &&
        link_component(&component, &settings, &arena, &result, &err)) {
        write_interface(directory, number, &result.interface);
        link_free(&result);
    }
    arena_free(&arena);
    buf_free(&bytes);
}

int main(int argc, char **argv) {
    must(argc >= 2);
    for (int i = 2; i < argc; i++) add_seed(argv[1], i - 2, argv[i]);
    return 0;
}
