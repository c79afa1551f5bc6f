#include "load/load.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "load/steps.h"

enum {
    MAX_ROUNDS = 8 /* through the steps: files of the cache that vanish or go bad under us send a
                      load back */
};

/* ---- is it there already? */

static bool is_hashed(struct loads *loads, struct load *load) {
    (void)loads;
    return load->hashed;
}

static bool is_linked(struct loads *loads, struct load *load) {
    return cache_find_skill(loads->cache, &load->component, &load->manifest);
}

/* With another skill, or compiled in the cache. */
static bool has_code(struct loads *loads, struct load *load) {
    const struct digest *code = &load->manifest.code.sha256;
    if (load->shared == NULL && load->compiled_file < 0)
        load->shared = codes_find(&loads->codes, &load->manifest);
    if (load->shared != NULL || load->compiled_file >= 0) return true;
    if (!cache_find_code(loads->cache, code, &load->code)) return false;
    load->compiled_file =
        cache_open_artefact(loads->cache, ARTEFACT_COMPILED, &load->code.compiled);
    if (load->compiled_file < 0) cache_forget_code(loads->cache, code);
    return load->compiled_file >= 0;
}

static bool is_mapped(struct loads *loads, struct load *load) {
    (void)loads;
    return load->skill != NULL;
}

/* ---- the steps */

static enum load_result check(struct loads *loads, struct load *load) {
    return codes_check(loads->cache, &load->manifest, &load->error);
}

static const struct step {
    bool (*is_there)(struct loads *loads, struct load *load);
    enum load_result (*run)(struct loads *loads, struct load *load);
    enum lane_work lane;
} steps[STEP_COUNT] = {
    [STEP_HASH] = {is_hashed, load_hash, LANE_NONE},
    [STEP_LINK] = {is_linked, load_link, LANE_LINK},
    [STEP_CHECK] = {has_code, check, LANE_NONE}, /* before anything is compiled */
    [STEP_COMPILE] = {has_code, load_compile, LANE_COMPILE},
    [STEP_MAP] = {is_mapped, load_map, LANE_NONE},
};

static struct lane lane_for(const struct load *load, enum lane_work work) {
    const struct artefact *code = &load->manifest.code;
    if (work == LANE_LINK)
        return (struct lane){.work = work,
                             .input = load->component,
                             .small = load->identity.size <= LOAD_SMALL_INPUT};
    return (struct lane){
        .work = work, .input = code->sha256, .small = code->size <= LOAD_SMALL_INPUT};
}

static enum load_result run_timed(struct loads *loads, struct load *load, enum load_step which) {
    uint64_t begin = clock_monotonic();
    enum load_result result = steps[which].run(loads, load);
    load->spent[which] += clock_monotonic() - begin;
    /* An import that does not exist: not a matter of trying again. */
    if (which > STEP_LINK && result == LOAD_FAILED && load->error.kind == ERR_NOT_FOUND)
        load->error.kind = ERR_UNSUPPORTED;
    return result;
}

static enum load_result run_in_lane(struct loads *loads, struct load *load, enum load_step which,
                                    struct list *woken) {
    const struct step *step = &steps[which];
    load->lane = lane_for(load, step->lane);
    if (!lanes_enter(&loads->lanes, load)) return LOAD_PARKED;
    /* Another may have made it between our look and our lane. */
    bool there = step->is_there(loads, load);
    enum load_result result = there ? LOAD_DONE : run_timed(loads, load, which);
    /* Taken from the cache, as others take it. */
    if (!there && result == LOAD_DONE && !step->is_there(loads, load)) result = LOAD_UNLINKED;
    lanes_leave(&loads->lanes, load, result == LOAD_FAILED ? &load->error : NULL, woken);
    return result;
}

static enum load_result run_step(struct loads *loads, struct load *load, enum load_step which,
                                 struct list *woken) {
    if (steps[which].is_there(loads, load)) return LOAD_DONE;
    if (steps[which].lane != LANE_NONE) return run_in_lane(loads, load, which, woken);
    return run_timed(loads, load, which);
}

/* ---- all of them */

/* References and descriptors are held only while the load runs. Whoever has to wait for a lane
 * holds none: it has no code yet. */
static void let_go(struct load *load) {
    skill_code_release(load->shared);
    load->shared = NULL;
    if (load->compiled_file >= 0) close(load->compiled_file);
    load->compiled_file = -1;
}

static enum load_result run_steps(struct loads *loads, struct load *load, struct list *woken) {
    enum load_result result = LOAD_DONE;
    load->compiled_file = -1;
    for (enum load_step step = 0; step < STEP_COUNT && result == LOAD_DONE; step++)
        result = run_step(loads, load, step, woken);
    if (result != LOAD_PARKED) let_go(load);
    return result;
}

/* Files of the cache that went away or bad are made again. False: the load ends with `result`. */
static bool may_go_on(struct loads *loads, struct load *load, enum load_result *result) {
    switch (*result) {
    case LOAD_UNLINKED:
        cache_forget_skill(loads->cache, &load->component);
        return true;
    case LOAD_UNCOMPILED:
        *result = LOAD_FAILED;
        if (load->compiled) return false;
        log_warn("skill", "the compiled code of %s is compiled again: %s", load->name,
                 load->error.text);
        cache_forget_code(loads->cache, &load->manifest.code.sha256);
        return true;
    default:
        return false;
    }
}

enum load_result load_run(struct loads *loads, struct load *load, struct skill **out,
                          struct list *woken) {
    enum load_result result = LOAD_FAILED;
    if (load->failed) return result;
    for (int round = 0; round < MAX_ROUNDS; round++) {
        result = run_steps(loads, load, woken);
        if (may_go_on(loads, load, &result)) continue;
        *out = load->skill;
        return result;
    }
    err_set(&load->error, ERR_IO,
            "files of the cache directory vanish or go bad while they are used");
    return LOAD_FAILED;
}
