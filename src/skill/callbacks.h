/* What the linked code calls: engine callbacks that stand between raw core values and host
 * functions. Thread: the run's. */
#ifndef PK_SKILL_CALLBACKS_H
#define PK_SKILL_CALLBACKS_H

#include "skill/call.h"

/* `data` of an import. */
struct skill_binding {
    const struct abi_import *import;
    const struct host_function *function;
};

enum engine_outcome callback_import(void *binding, struct engine_run *run, uint64_t *values);
enum engine_outcome callback_resume(void *binding, struct engine_run *run, uint64_t *values);
enum engine_outcome callback_drop(void *binding, struct engine_run *run, uint64_t *values);
enum engine_outcome callback_put(void *code, struct engine_run *run, uint64_t *values);
enum engine_outcome callback_start(void *code, struct engine_run *run, uint64_t *values);
enum engine_outcome callback_resized(void *code, struct engine_run *run, uint64_t *values);
/* `data` of the entries' imports: const struct abi_export. */
enum engine_outcome callback_enter(void *export, struct engine_run *run, uint64_t *values);
enum engine_outcome callback_args(void *export, struct engine_run *run, uint64_t *values);
enum engine_outcome callback_result(void *export, struct engine_run *run, uint64_t *values);

#endif
