/* The one table of instructions (opcode.def): which immediates follow an opcode, hence what the
 * linker copies and what it maps. Constant data; any thread. */
#ifndef PK_LINK_OPCODE_H
#define PK_LINK_OPCODE_H

#include <stdint.h>

#include "base/str.h"

/* What follows the opcode. "Copied" ones are the same in the merged module. */
#define OPCODE_IMMEDIATES(X)                                                                       \
    X(NONE)        /* nothing */                                                                   \
    X(BLOCK)       /* block type: s33, a type index when not negative */                           \
    X(LABEL)       /* copied: u32 */                                                               \
    X(LABELS)      /* copied: u32 count, that many u32 and one more */                             \
    X(FUNC)        /* function index */                                                            \
    X(INDIRECT)    /* type index, table index */                                                   \
    X(TYPES)       /* copied: u32 count, value types */                                            \
    X(LOCAL)       /* copied: u32 */                                                               \
    X(GLOBAL)      /* global index */                                                              \
    X(TABLE)       /* table index */                                                               \
    X(MEMARG)      /* alignment (bit 6: a memory index follows), offset */                         \
    X(MEMARG_LANE) /* the same, and one byte */                                                    \
    X(LANE)        /* copied: one byte */                                                          \
    X(BYTES16)     /* copied: 16 bytes */                                                          \
    X(I32)         /* copied: s32 */                                                               \
    X(I64)         /* copied: s64 */                                                               \
    X(F32)         /* copied: 4 bytes */                                                           \
    X(F64)         /* copied: 8 bytes */                                                           \
    X(REFTYPE)     /* copied: one byte, other heap types are refused */                            \
    X(REF_FUNC)    /* function index, to be declared */                                            \
    X(MEMORY_SIZE) /* memory index; becomes a global */                                            \
    X(MEMORY_GROW) /* memory index; from here on: may become calls of helper functions */          \
    X(MEMORY_INIT) /* data index, memory index */                                                  \
    X(DATA)        /* data index */                                                                \
    X(MEMORY_COPY) /* memory index, memory index */                                                \
    X(MEMORY_FILL) /* memory index */                                                              \
    X(TABLE_INIT)  /* element index, table index */                                                \
    X(ELEM)        /* element index */                                                             \
    X(TABLE_COPY)  /* table index (to), table index (from) */                                      \
    X(TABLE_GROW)  /* table index */                                                               \
    X(TABLE_FILL)  /* table index */

enum opcode_immediates {
    OPCODE_UNKNOWN,
#define X(name) IMMEDIATES_##name,
    OPCODE_IMMEDIATES(X)
#undef X
};

enum {
    OPCODE_PREFIX_GC = 0xfb, /* none of its instructions is taken */
    OPCODE_PREFIX_MISC = 0xfc,
    OPCODE_PREFIX_SIMD = 0xfd,
    OPCODE_PREFIX_THREADS = 0xfe, /* likewise */
    OPCODE_SIMD_COUNT = 0x114,    /* one more than the largest code in opcode.def */
    OPCODE_MISC_COUNT = 18        /* likewise */
};

/* By opcode byte; prefixes are OPCODE_UNKNOWN here. */
extern const uint8_t opcode_plain[256];

/* `prefix`: 0 for plain ones. OPCODE_UNKNOWN when we do not take it. */
enum opcode_immediates opcode_immediates(uint8_t prefix, uint32_t code);
/* "memory.copy"; NULL when we do not take it. */
const char *opcode_name(uint8_t prefix, uint32_t code);
/* What an instruction that we do not take belongs to: "the exception handling proposal", or "no
 * proposal that we know". */
const char *opcode_proposal(uint8_t prefix, uint32_t code);

#endif
