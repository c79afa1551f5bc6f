#include "support/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "link/link.h"

static void check(bool good, const struct err *err, const char *what) {
    if (good) return;
    fprintf(stderr, "fixture: %s: %s\n", what, err->text);
    exit(2);
}

uint8_t *fixture_read(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size + 1);
    if (!bytes || fread(bytes, 1, *size, file) != *size) exit(2);
    fclose(file);
    return bytes;
}

static struct skill_code *compile(struct engine *engine, const struct link_result *linked,
                                  skill_find_host_fn find) {
    struct err err;
    int compiled = memfd_create("compiled", MFD_CLOEXEC);
    check(engine_compile(engine, linked->code.data, linked->code.size, compiled, &err), &err,
          "compile");
    struct engine_code *code;
    check(engine_code_open(engine, compiled, &code, &err), &err, "open the compiled code");
    close(compiled);
    struct abi_interface interface;
    check(abi_interface_read((const char *)linked->interface.data, linked->interface.size,
                             &interface, &err),
          &err, "interface");
    struct skill_code *out;
    check(skill_code_new_with(engine, code, &interface, find, &out, &err), &err, "bind");
    engine_code_release(code);
    out->names = malloc(linked->names.size + 1);
    out->names_size = linked->names.size;
    memcpy(out->names, linked->names.data, linked->names.size);
    return out;
}

static struct engine_image *image_of(const struct link_result *linked) {
    struct err err;
    struct engine_image *image;
    int fd = memfd_create("image", MFD_CLOEXEC);
    check(link_write_image(linked, fd, &err), &err, "image");
    check(
        engine_image_open(&(struct engine_image_file){.fd = fd}, linked->image_pages, &image, &err),
        &err, "open the image");
    close(fd);
    return image;
}

struct skill *fixture_skill(struct engine *engine, const uint8_t *bytes, size_t size,
                            skill_find_host_fn find) {
    struct err err;
    struct arena arena;
    struct component component;
    struct link_result linked;
    struct link_settings settings = {0};
    arena_init(&arena, (size_t)1 << 30);
    check(component_decode(bytes, size, &arena, &component, &err), &err, "decode");
    check(link_component(&component, &settings, &arena, &linked, &err), &err, "link");
    struct skill *skill = calloc(1, sizeof *skill);
    uint64_t *globals = calloc(linked.global_count + 1, sizeof *globals);
    for (uint32_t i = 0; i < linked.global_count; i++) globals[i] = linked.globals[i].bits;
    atomic_init(&skill->references, 1);
    skill->name = strdup("dev/fixture");
    skill->globals = globals;
    skill->code = compile(engine, &linked, find ? find : skill_find_host);
    skill->image = image_of(&linked);
    if (!find) check(skill_bind_exports(skill, SKILL_FUNCTION, &err), &err, "exports");
    link_free(&linked);
    arena_free(&arena);
    return skill;
}
