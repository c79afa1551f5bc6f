#include "skill/skill.h"

#include <stdlib.h>

struct skill *skill_retain(struct skill *skill) {
    atomic_fetch_add_explicit(&skill->references, 1, memory_order_relaxed);
    return skill;
}

void skill_release(struct skill *skill) {
    if (skill == NULL ||
        atomic_fetch_sub_explicit(&skill->references, 1, memory_order_acq_rel) != 1)
        return;
    engine_image_release(skill->image);
    skill_code_release(skill->code);
    free(skill->globals);
    free(skill->name);
    free(skill);
}
