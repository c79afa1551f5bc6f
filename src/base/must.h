/* Programmer's errors: a broken invariant of ours ends the process with its text, in release builds
 * too. Never for what a peer, a guest or a file can cause: those get a `struct err`. */
#ifndef PK_BASE_MUST_H
#define PK_BASE_MUST_H

_Noreturn void must_fail(const char *file, int line, const char *what);

#define must(condition) ((condition) ? (void)0 : must_fail(__FILE__, __LINE__, #condition))

#endif
