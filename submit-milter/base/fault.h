/*
 * fault - error texts on their way out of a function that failed.
 *
 * Any thread.
 */
#ifndef SUBMIT_BASE_FAULT_H
#define SUBMIT_BASE_FAULT_H

/*
 * *error_r becomes the text, malloc'ed; NULL when FORMAT is (no memory was
 * the fault) or when there is no memory for it. Returns -1.
 */
int fault(char **error_r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
