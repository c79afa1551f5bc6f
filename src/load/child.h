/* The child process of a load: `pharia-kernel compile --stage=link|code`. */
#ifndef PK_LOAD_CHILD_H
#define PK_LOAD_CHILD_H

/* Reads stdin, writes to the descriptors that it got (spawn.h numbers them). Ends the process, or
 * returns its exit code. */
int load_child_main(int argc, char **argv);

#endif
