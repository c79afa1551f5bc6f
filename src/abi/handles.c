/* The guest's handles. Source: CanonicalABI.md, "Resource State"; the order in which indices are
 * used again is Wasmtime's. */
#include <stdlib.h>

#include "abi/internal.h"
#include "base/must.h"

enum { HANDLES_KEPT = 1024 }; /* room of a table that is worth keeping for the next instance */

static bool grow_handles(struct abi_instance *instance) {
    uint32_t room = instance->handle_room == 0 ? 16 : 2 * instance->handle_room;
    if (room > ABI_MAX_HANDLES + 1) room = ABI_MAX_HANDLES + 1;
    if (room == instance->handle_room)
        return abi_fail(instance, "more than %d handles", ABI_MAX_HANDLES);
    struct abi_handle *handles = realloc(instance->handles, room * sizeof *handles);
    if (handles == NULL) return abi_fail(instance, "no memory for handles");
    instance->handles = handles;
    instance->handle_room = room;
    return true;
}

/* handle_count: the highest index used so far, so that [0] stays unused. */
uint32_t abi_give(struct abi_instance *instance, uint32_t resource, uint32_t rep, bool own) {
    uint32_t index = instance->free_handle;
    must(rep != ABI_REP_BORROWED);
    if (index != 0) {
        instance->free_handle = instance->handles[index].rep;
    } else {
        if (instance->handle_count + 1 >= instance->handle_room && !grow_handles(instance))
            return 0;
        index = ++instance->handle_count;
    }
    instance->handles[index] =
        (struct abi_handle){.resource = resource, .rep = rep, .live = true, .own = own};
    if (!own) instance->borrow_count++;
    return index;
}

uint32_t abi_handle_new(struct abi_instance *instance, uint32_t resource, uint32_t rep) {
    return abi_give(instance, resource, rep, true);
}

static struct abi_handle *handle_at(struct abi_instance *instance, uint32_t resource,
                                    uint32_t index) {
    if (index == 0 || index > instance->handle_count || !instance->handles[index].live) {
        abi_fail(instance, "unknown handle index %u", index);
        return NULL;
    }
    struct abi_handle *handle = &instance->handles[index];
    if (handle->resource == resource) return handle;
    const struct abi_resource *has = &instance->interface->resources[handle->resource];
    const struct abi_resource *wants = &instance->interface->resources[resource];
    /* With the interfaces: two versions of one have resources of the same name. */
    abi_fail(instance,
             "handle index %u used with the wrong type: it is a %.*s of %.*s, not a %.*s of %.*s",
             index, STR_ARG(has->name), STR_ARG(has->interface), STR_ARG(wants->name),
             STR_ARG(wants->interface));
    return NULL;
}

static void free_handle(struct abi_instance *instance, struct abi_handle *handle) {
    if (!handle->own) instance->borrow_count--;
    handle->live = false;
    handle->rep = instance->free_handle;
    instance->free_handle = (uint32_t)(handle - instance->handles);
}

bool abi_take_own(struct abi_instance *instance, uint32_t resource, uint32_t index, uint32_t *rep) {
    struct abi_handle *handle = handle_at(instance, resource, index);
    if (handle == NULL) return false;
    if (!handle->own)
        return abi_fail(instance, "handle index %u is a borrow and cannot be given away", index);
    if (handle->lends > 0)
        return abi_fail(instance, "cannot give away handle index %u while it is lent", index);
    *rep = handle->rep;
    free_handle(instance, handle);
    return true;
}

bool abi_lend(struct abi_instance *instance, uint32_t resource, uint32_t index, uint32_t *rep) {
    struct abi_handle *handle = handle_at(instance, resource, index);
    if (handle == NULL) return false;
    if (instance->lent_count == ABI_MAX_LENDS)
        return abi_fail(instance, "more than %d borrows in one call", ABI_MAX_LENDS);
    if (instance->lent_count == instance->lent_room) {
        uint32_t room = instance->lent_room == 0 ? 16 : 2 * instance->lent_room;
        uint32_t *lent = realloc(instance->lent, room * sizeof *lent);
        if (lent == NULL) return abi_fail(instance, "no memory for borrows");
        instance->lent = lent;
        instance->lent_room = room;
    }
    instance->lent[instance->lent_count++] = index;
    handle->lends++;
    *rep = handle->rep;
    return true;
}

void abi_end_lends(struct abi_instance *instance) {
    while (instance->lent_count > 0)
        instance->handles[instance->lent[--instance->lent_count]].lends--;
}

bool abi_drop_handle(struct abi_instance *instance, uint32_t resource, uint32_t index,
                     uint32_t *rep) {
    if (!instance->may_leave) return abi_fail(instance, "cannot leave component instance");
    struct abi_handle *handle = handle_at(instance, resource, index);
    if (handle == NULL) return false;
    if (handle->lends > 0)
        return abi_fail(instance, "cannot drop handle index %u while it is lent", index);
    *rep = handle->own ? handle->rep : ABI_REP_BORROWED;
    free_handle(instance, handle);
    return true;
}

void abi_handles_end(struct abi_instance *instance, abi_drop_fn drop, void *context) {
    for (uint32_t i = 1; drop != NULL && i <= instance->handle_count; i++) {
        const struct abi_handle *handle = &instance->handles[i];
        if (handle->live && handle->own) drop(context, handle->resource, handle->rep);
    }
    instance->handle_count = instance->free_handle = instance->lent_count = instance->borrow_count =
        0;
    if (instance->handle_room <= HANDLES_KEPT) return;
    free(instance->handles);
    instance->handles = NULL;
    instance->handle_room = 0;
}
