/* The directory that the kernel under test takes its skills from, and the copies of the samples in
 * it: "sample_py1.wasm", "sample_py2.wasm", … One thread. */
#ifndef PK_EVAL_SKILLS_FOLDER_H
#define PK_EVAL_SKILLS_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { SKILL_NAME = 256, SAMPLE_KINDS = 8 };

struct skills_folder {
    const char *path, *samples; /* the caller's */
    bool distinct;              /* every copy gets a literal of its own */
    int lock;                   /* -1 before begin; held until the end */
    struct {
        const char *sample;
        uint32_t copies; /* made so far: numbers are not used again */
    } made[SAMPLE_KINDS];
};

/* Empty a folder that has our marker file, or make a new one; refuse any other, and one that
 * another run works in. */
bool skills_folder_begin(struct skills_folder *folder, struct err *err);
/* Another run may have it; what is in it stays. */
void skills_folder_end(struct skills_folder *folder);
/* Is the sample ("py": sample_py.wasm) there? The error has the remedy. */
bool skills_folder_check(const struct skills_folder *folder, const char *sample, struct err *err);
/* Copy the sample to its next number: under a name that no kernel looks at, then renamed, so that
 * it is never seen half. `name` without namespace and ".wasm". */
bool skills_folder_add(struct skills_folder *folder, const char *sample, char name[SKILL_NAME],
                       struct err *err);
/* Is its file still there? */
bool skills_folder_has(const struct skills_folder *folder, const char *name);
bool skills_folder_delete(struct skills_folder *folder, const char *name, struct err *err);
/* The first by name whose file is there; false: none. */
bool skills_folder_first(const struct skills_folder *folder, char name[SKILL_NAME]);

#endif
