/*
 * span - a run of octets that somebody else owns.
 *
 * Mail is octets, NUL among them: nothing here stops at a NUL. A span never
 * owns; its maker says how long the octets live (usually: as long as the
 * arena of the message). {NULL, 0} is the empty span. Pure; any thread.
 */
#ifndef SUBMIT_BASE_SPAN_H
#define SUBMIT_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *ptr;
	size_t len;
};

/* A span over a string literal. */
#define SPAN(literal) ((struct span){ "" literal "", sizeof(literal) - 1 })

/* For printf's "%.*s". */
#define SPAN_ARG(s) ((int)(s).len), ((s).ptr == NULL ? "" : (s).ptr)

/* The octets of a C string without its NUL; NULL gives the empty span. */
static inline struct span
span_of(const char *s)
{
	return (struct span){ s, s == NULL ? 0 : strlen(s) };
}

/* Octets FROM to TO (exclusive) of s; the caller keeps both within s. */
static inline struct span
span_slice(struct span s, size_t from, size_t to)
{
	return (struct span){ s.ptr + from, to - from };
}

static inline bool
span_is_empty(struct span s)
{
	return s.len == 0;
}

/* Same octets. */
bool span_eq(struct span a, struct span b);

/* Same octets but for the case of ASCII letters. */
bool span_eq_nocase(struct span a, struct span b);

bool span_starts_nocase(struct span s, struct span prefix);

/* Without the SP, HTAB, CR and LF at both ends. */
struct span span_trim(struct span s);

/* Index of the first (last) octet c, or s.len when there is none. */
size_t span_find(struct span s, char c);
size_t span_find_last(struct span s, char c);

/*
 * What 1*DIGIT say, up to MOST, which is below INT64_MAX / 10; -1 when s is
 * anything else.
 */
int64_t span_number(struct span s, int64_t most);

/*
 * The word at the front of *rest, which goes on behind the blanks after it;
 * empty when there is none.
 */
struct span span_take_word(struct span *rest);

/* True when some octet is above 127. */
bool span_has_8bit(struct span s);

/* True when the octets are well-formed UTF-8 (RFC 3629). */
bool span_is_utf8(struct span s);

#endif
