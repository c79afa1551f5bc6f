/* A skill from a component's bytes without store and cache: decode, link, compile, map. For tests
 * only; exits with a text when that fails. */
#ifndef PK_TESTS_FIXTURE_H
#define PK_TESTS_FIXTURE_H

#include "skill/skill.h"

/* The whole file, malloc'd. */
uint8_t *fixture_read(const char *path, size_t *size);
/* `find`: NULL for the kernel's own host functions; then run and metadata are bound, too. The
 * caller releases the skill. */
struct skill *fixture_skill(struct engine *engine, const uint8_t *bytes, size_t size,
                            skill_find_host_fn find);

#endif
