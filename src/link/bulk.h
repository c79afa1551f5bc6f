/* Bulk instructions as functions that can be interrupted. */
#ifndef PK_LINK_BULK_H
#define PK_LINK_BULK_H

#include <stdint.h>

#include "link/merge.h"

/* What is done between two epoch checks: 64 KiB of memory or table. Pages that are touched for the
 * first time cost some 400 us per MiB, which a short call would wait for. */
enum { BULK_MEMORY_STEP = 1 << 16, BULK_TABLE_STEP = 1 << 13 };

/* The immediates that follow the opcode; returns the end, at most 2 * LEB_MAX_U32 further. */
uint8_t *bulk_immediates(uint8_t *out, enum helper_kind kind, uint32_t a, uint32_t b);
/* The body of a helper, from its locals to its end. */
void bulk_write(const struct helper *helper, struct buf *body);

#endif
