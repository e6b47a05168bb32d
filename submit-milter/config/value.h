/*
 * value - values of options: from text, into structs, and back as text.
 *
 * For the files of config/ only. Any thread.
 */
#ifndef SUBMIT_CONFIG_VALUE_H
#define SUBMIT_CONFIG_VALUE_H

#include <stdbool.h>

#include "base/sbuf.h"
#include "config/schema.h"

/* True for options with a single value, such as "-o" may set. */
bool value_is_scalar(const struct option *option);

/* The field of an option in BASE. */
void *value_field(const struct option *option, void *base);
const void *value_const_field(const struct option *option, const void *base);

/* An element of a list or map, and how many there are. */
void *value_element(const struct option *option, void *base, size_t index);
const void *value_const_element(const struct option *option,
    const void *base, size_t index);
size_t value_count(const struct option *option, const void *base);

/* Set the field of an option in BASE; the types must fit. */
void value_set_bool(const struct option *option, void *base, bool value);
void value_set_int(const struct option *option, void *base, int value);
void value_set_string(const struct option *option, void *base,
    const char *value);
void value_set_many(const struct option *option, void *base, void *elements,
    size_t count);

/*
 * An OPTION_ENUM or OPTION_MODE from its text. 0, or -1 when it is none of
 * the choices, or no octal mode.
 */
int value_set_word(const struct option *option, void *base, const char *text)
    __attribute__((warn_unused_result));

/* Every option of a section that has a default gets it. */
void value_defaults(enum section_id section, void *base);

/* The value of a scalar option in the syntax of the file. */
void value_format(const struct option *option, const void *base,
    struct sbuf *out);

/* Its default likewise. */
void value_format_default(const struct option *option, struct sbuf *out);

/* True when a scalar or an array has nothing that could be written. */
bool value_is_unset(const struct option *option, const void *base);

#endif
