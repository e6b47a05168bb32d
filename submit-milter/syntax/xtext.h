/*
 * xtext - text in which some octets are written as "+" and two digits.
 *
 * RFC 3461 section 4. Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_XTEXT_H
#define SUBMIT_SYNTAX_XTEXT_H

#include <stddef.h>

/*
 * Decodes TEXT in place. 1, or -1 when it is no xtext or stands for a NUL;
 * then TEXT is untouched.
 */
int xtext_decode(char *text) __attribute__((warn_unused_result));

#endif
