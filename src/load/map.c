/* The last step: code and image are mapped, and a skill stands. */
#include <stdlib.h>
#include <string.h>

#include "load/steps.h"

static struct skill *make_skill(const struct load *load, struct skill_code *code) {
    const struct skill_facts *facts = &load->manifest.facts;
    struct skill *skill = calloc(1, sizeof *skill);
    uint64_t *globals = malloc(((size_t)facts->global_count + 1) * sizeof *globals);
    char *name = strdup(load->name);
    if (skill == NULL || globals == NULL || name == NULL) {
        free(skill), free(globals), free(name);
        return NULL;
    }
    memcpy(globals, facts->globals, facts->global_count * sizeof *globals);
    *skill = (struct skill){.name = name,
                            .world_minor = facts->minor,
                            .code = skill_code_retain(code),
                            .globals = globals};
    atomic_init(&skill->references, 1);
    return skill;
}

/* But for its image. */
static bool build_skill(struct load *load, struct skill_code *code, struct skill **out) {
    struct err *err = &load->error;
    if (code->interface.global_count != load->manifest.facts.global_count)
        return err_set(err, ERR_INTERNAL, "the linker's interface has %u globals, its facts %u",
                       code->interface.global_count, load->manifest.facts.global_count);
    struct skill *skill = make_skill(load, code);
    if (skill == NULL) return err_set(err, ERR_MEMORY, "no memory for a skill");
    if (!skill_bind_exports(skill, load->manifest.facts.kind, err)) {
        skill_release(skill);
        return false;
    }
    *out = skill;
    return true;
}

static enum load_result get_code(struct loads *loads, struct load *load) {
    if (load->shared != NULL) return LOAD_DONE;
    return codes_get(&loads->codes, loads->engine, loads->cache, &load->manifest,
                     load->compiled_file, &load->shared, &load->error);
}

enum load_result load_map(struct loads *loads, struct load *load) {
    struct skill *skill = NULL;
    enum load_result result = get_code(loads, load);
    if (result != LOAD_DONE) return result;
    if (!build_skill(load, load->shared, &skill)) return LOAD_FAILED;
    /* Last, so that a load that fails uses no image. */
    result = images_get(&loads->images, loads->cache, &load->manifest, &skill->image, &load->error);
    if (result == LOAD_DONE)
        load->skill = skill;
    else
        skill_release(skill);
    return result;
}
