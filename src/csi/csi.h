/* The cognitive system interface: what skills of the worlds 0.2 to 0.5 of package pharia:skill may
 * call. One table for each minor version, because types differ between them. Source: the texts in
 * wit/.
 *
 * A function gets its backend here: its row takes the type (as abi_signature_text writes it: the
 * binding compares the two) and a handler (abi/host.h) in the place of NULL; src/wasi/table.c shows
 * it. Constant; any thread. */
#ifndef PK_CSI_CSI_H
#define PK_CSI_CSI_H

#include "abi/host.h"

/* For host_lookup. 0.4 and 0.5 have the same functions. Nothing has a backend yet. */
extern const struct host_table csi_tables[];
extern const size_t csi_table_count;

#endif
