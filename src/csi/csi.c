#include "csi/csi.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* clang-format off */
#define STUB(interface, name) {"pharia:skill/" interface, name, NULL, NULL, NULL},

static const struct host_function functions_0_2[] = {
    STUB("csi", "chat")                             /* 0.2.7 */
    STUB("csi", "chunk")                            /* 0.2.1 */
    STUB("csi", "complete")                         /* 0.2.0 */
    STUB("csi", "complete-all")                     /* 0.2.3 */
    STUB("csi", "complete-return-special-tokens")   /* 0.2.9 */
    STUB("csi", "document-metadata")                /* 0.2.10 */
    STUB("csi", "documents")                        /* 0.2.10 */
    STUB("csi", "search")                           /* 0.2.6 */
    STUB("csi", "select-language")                  /* 0.2.2 */
};

static const struct host_function functions_0_3[] = {
    STUB("chunking", "chunk")
    STUB("chunking", "chunk-with-offsets")          /* 0.3.3 */

    STUB("document-index", "document-metadata")
    STUB("document-index", "documents")
    STUB("document-index", "search")

    STUB("inference", "[constructor]chat-stream")   /* 0.3.6 */
    STUB("inference", "[constructor]completion-stream")
    STUB("inference", "[method]chat-stream.next")
    STUB("inference", "[method]completion-stream.next")
    STUB("inference", "[resource-drop]chat-stream")
    STUB("inference", "[resource-drop]completion-stream")
    STUB("inference", "chat")
    STUB("inference", "complete")
    STUB("inference", "complete-v2")                /* 0.3.8; not in 0.4 */
    STUB("inference", "explain")                    /* 0.3.1; not in 0.4 */

    STUB("language", "select-language")

    STUB("streaming-output", "[method]stream-output.write") /* 0.3.6 */
    STUB("streaming-output", "[resource-drop]stream-output")

    STUB("tool", "invoke-tool")                     /* 0.3.11 */
    STUB("tool", "list-tools")
};

static const struct host_function functions_0_4[] = {
    STUB("chunking", "chunk")
    STUB("chunking", "chunk-with-offsets")

    STUB("document-index", "document-metadata")
    STUB("document-index", "documents")
    STUB("document-index", "search")

    STUB("inference", "[constructor]chat-stream")
    STUB("inference", "[constructor]completion-stream")
    STUB("inference", "[method]chat-stream.next")
    STUB("inference", "[method]completion-stream.next")
    STUB("inference", "[resource-drop]chat-stream")
    STUB("inference", "[resource-drop]completion-stream")
    STUB("inference", "chat")
    STUB("inference", "complete")

    STUB("language", "select-language")

    STUB("streaming-output", "[method]stream-output.write")
    STUB("streaming-output", "[resource-drop]stream-output")

    STUB("tool", "invoke-tool")
    STUB("tool", "list-tools")
};
/* clang-format on */

/* The patch levels are those of our own texts: what is newer may have functions that we do not
 * know. */
const struct host_table csi_tables[] = {
    {"pharia:skill", 0, 2, 10, functions_0_2, COUNT(functions_0_2)},
    {"pharia:skill", 0, 3, 11, functions_0_3, COUNT(functions_0_3)},
    {"pharia:skill", 0, 4, 0, functions_0_4, COUNT(functions_0_4)},
    {"pharia:skill", 0, 5, 0, functions_0_4, COUNT(functions_0_4)},
};

const size_t csi_table_count = COUNT(csi_tables);
