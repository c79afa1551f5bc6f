/* How a step of a load ends, and how the load does. */
#ifndef PK_LOAD_RESULT_H
#define PK_LOAD_RESULT_H

enum load_result {
    LOAD_DONE,
    LOAD_PARKED,     /* the load waits for a lane and is not the caller's any more */
    LOAD_FAILED,     /* an error tells */
    LOAD_CHANGED,    /* the file is not the one that was hashed: begin anew */
    LOAD_UNLINKED,   /* what the linker made is not in the cache any more: link again */
    LOAD_UNCOMPILED, /* the engine does not take the compiled code, as an error tells: compile again
                      */
};

#endif
