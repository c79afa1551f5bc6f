/* From a member back to the struct that holds it. */
#ifndef PK_BASE_OWNER_H
#define PK_BASE_OWNER_H

#include <stddef.h>

/* `pointer` is to the member `member` of a `type`: that one. */
#define OWNER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
