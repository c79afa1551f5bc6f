#include "load/stages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/must.h"
#include "load/spawn.h"

enum {
    MAX_ROUNDS = 8 /* through the stages: files of the cache that vanish or go bad under us send a
                      load back */
};

/* ---- hash */

static bool hash_file(struct load *load, int file, uint64_t size, struct err *err) {
    uint8_t *piece = malloc(SPAWN_PIECE);
    if (piece == NULL) return err_set(err, ERR_MEMORY, "no memory to read it");
    struct digest_state *state = digest_begin();
    uint64_t at = 0;
    ssize_t got = 1;
    while (at < size && got > 0) {
        got = pread(file, piece, SPAWN_PIECE, (off_t)at);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            digest_add(state, piece, (size_t)got), at += (uint64_t)got;
    }
    int problem = errno;
    load->component = digest_end(state);
    free(piece);
    return got >= 0 ? true : err_errno(err, problem, "it cannot be read");
}

static enum stage_result hash_open_file(struct load *load, int file) {
    struct err *err = &load->error;
    struct file_identity after;
    if (!file_identify(file, &load->identity)) {
        err_set(err, ERR_INVALID, "it is not a regular file");
        return STAGE_FAILED;
    }
    load->identified = true;
    if (load->identity.size > STAGE_MAX_INPUT) {
        err_set(err, ERR_LIMIT, "it is larger than %u MiB", STAGE_MAX_INPUT >> 20);
        return STAGE_FAILED;
    }
    if (!hash_file(load, file, load->identity.size, err)) return STAGE_FAILED;
    if (!file_identify(file, &after) || !file_same(&after, &load->identity)) return STAGE_CHANGED;
    load->hashed = true;
    return STAGE_DONE;
}

static enum stage_result stage_hash(struct load *load) {
    uint64_t begin = clock_monotonic();
    int file = directory_open_file(load->directory, load->stem, &load->error);
    if (file < 0) return STAGE_FAILED;
    enum stage_result result = hash_open_file(load, file);
    close(file);
    load->times.hash += clock_monotonic() - begin;
    return result;
}

/* ---- map */

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

static enum codes_answer map_skill(struct stages *stages, struct load *load,
                                   struct skill_code *code, struct skill **out) {
    struct skill *skill = NULL;
    if (!build_skill(load, code, &skill)) return CODES_FAILED;
    /* Last, so that a load that fails uses no image. */
    enum codes_answer answer =
        images_get(&stages->images, stages->cache, &load->manifest, &skill->image, &load->error);
    if (answer == CODES_DONE)
        *out = skill;
    else
        skill_release(skill);
    return answer;
}

/* `code`: NULL, or the caller's reference, which is taken over. */
static enum codes_answer stage_map(struct stages *stages, struct load *load, int compiled,
                                   struct skill_code *code, struct skill **out) {
    uint64_t begin = clock_monotonic();
    enum codes_answer answer = CODES_DONE;
    if (code == NULL)
        answer = codes_get(&stages->codes, stages->engine, stages->cache, &load->manifest, compiled,
                           &code, &load->error);
    if (answer == CODES_DONE) {
        answer = map_skill(stages, load, code, out);
        skill_code_release(code);
    }
    load->times.map += clock_monotonic() - begin;
    return answer;
}

/* ---- all of them */

/* Another may have made it between our look into the cache and our lane. */
static bool is_made(struct stages *stages, struct load *load) {
    if (load->lane.work == LANE_LINK)
        return cache_find_skill(stages->cache, &load->component, &load->manifest);
    return cache_find_code(stages->cache, &load->manifest.code.sha256, &load->code);
}

static enum stage_result in_lane(struct stages *stages, struct load *load, enum lane_work work,
                                 struct load **followers) {
    bool link = work == LANE_LINK;
    load->lane = (struct lane){.work = work,
                               .input = link ? load->component : load->manifest.code.sha256,
                               .small = (link ? load->identity.size : load->manifest.code.size) <=
                                        STAGE_SMALL_INPUT};
    if (!lanes_enter(&stages->lanes, load)) return STAGE_PARKED;
    enum stage_result result = STAGE_DONE;
    if (!is_made(stages, load))
        result = link ? stage_link(stages, load) : stage_compile(stages, load);
    *followers = lanes_leave(&stages->lanes, load, result == STAGE_FAILED ? &load->error : NULL);
    return result;
}

enum progress { PROGRESS_AGAIN, PROGRESS_END };

static enum progress lane_round(struct stages *stages, struct load *load, enum lane_work work,
                                struct load **followers, enum stage_result *result) {
    *result = in_lane(stages, load, work, followers);
    return *result == STAGE_DONE ? PROGRESS_AGAIN : PROGRESS_END;
}

/* What codes.h answered. Files of the cache that went away or bad are made again, once each. */
static enum progress take_answer(struct stages *stages, struct load *load, enum codes_answer answer,
                                 enum stage_result *result) {
    *result = answer == CODES_DONE ? STAGE_DONE : STAGE_FAILED;
    if (answer == CODES_MISSING) {
        cache_forget_skill(stages->cache, &load->component);
        return PROGRESS_AGAIN;
    }
    if (answer == CODES_REFUSED && !load->compiled) {
        log_warn("skill", "the compiled code of %s is compiled again: %s", load->name,
                 load->error.text);
        cache_forget_code(stages->cache, &load->manifest.code.sha256);
        return PROGRESS_AGAIN;
    }
    /* ERR_NOT_FOUND is an import that does not exist: not a matter of trying again. */
    if (answer != CODES_DONE && load->error.kind == ERR_NOT_FOUND)
        load->error.kind = ERR_UNSUPPORTED;
    return PROGRESS_END;
}

/* A descriptor of the compiled code, or -1: not in the cache. */
static int find_compiled(struct stages *stages, struct load *load) {
    const struct digest *code = &load->manifest.code.sha256;
    if (!cache_find_code(stages->cache, code, &load->code)) return -1;
    int fd = cache_open_artefact(stages->cache, ARTEFACT_COMPILED, &load->code.compiled);
    if (fd < 0) cache_forget_code(stages->cache, code);
    return fd;
}

static enum progress one_round(struct stages *stages, struct load *load, struct skill **out,
                               struct load **followers, enum stage_result *result) {
    if (!cache_find_skill(stages->cache, &load->component, &load->manifest))
        return lane_round(stages, load, LANE_LINK, followers, result);
    struct skill_code *code = codes_find(&stages->codes, &load->manifest);
    int compiled = code == NULL ? find_compiled(stages, load) : -1;
    if (code == NULL && compiled < 0) {
        enum codes_answer answer = codes_check(stages->cache, &load->manifest, &load->error);
        if (answer != CODES_DONE) return take_answer(stages, load, answer, result);
        return lane_round(stages, load, LANE_COMPILE, followers, result);
    }
    enum codes_answer answer = stage_map(stages, load, compiled, code, out);
    if (compiled >= 0) close(compiled);
    return take_answer(stages, load, answer, result);
}

static void join(struct load **list, struct load *more) {
    while (more != NULL) {
        struct load *next = more->next;
        more->next = *list;
        *list = more;
        more = next;
    }
}

enum stage_result stages_run(struct stages *stages, struct load *load, struct skill **out,
                             struct load **followers) {
    enum stage_result result = STAGE_DONE;
    *followers = NULL;
    if (load->failed) return STAGE_FAILED;
    if (!load->hashed) result = stage_hash(load);
    if (result != STAGE_DONE) return result;
    for (int round = 0; round < MAX_ROUNDS; round++) {
        struct load *more = NULL;
        enum progress progress = one_round(stages, load, out, &more, &result);
        join(followers, more);
        if (progress == PROGRESS_END) return result;
    }
    err_set(&load->error, ERR_IO,
            "files of the cache directory vanish or go bad while they are used");
    return STAGE_FAILED;
}
