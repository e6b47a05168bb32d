/*
 * value.c - see value.h.
 */
#include "config/value.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"

/* An array of networks printed in full could be long; one is not. */
#define NETWORK_MAX (INET6_ADDRSTRLEN + 8)

bool
value_is_scalar(const struct option *option)
{
	switch (option->type) {
	case OPTION_BOOL:
	case OPTION_INT:
	case OPTION_STRING:
	case OPTION_ENUM:
	case OPTION_MODE:
		return true;
	case OPTION_NETWORKS:
	case OPTION_STRINGS:
	case OPTION_ROWS:
	case OPTION_GROUP:
	case OPTION_LIST:
	case OPTION_MAP:
		break;
	}
	return false;
}

void *
value_field(const struct option *option, void *base)
{
	return (char *)base + option->offset;
}

const void *
value_const_field(const struct option *option, const void *base)
{
	return (const char *)base + option->offset;
}

static int
get_int(const struct option *option, const void *base)
{
	int value;

	memcpy(&value, value_const_field(option, base), sizeof(value));
	return value;
}

static const char *
get_string(const struct option *option, const void *base)
{
	const char *value;

	memcpy(&value, value_const_field(option, base), sizeof(value));
	return value;
}

static void *
get_elements(const struct option *option, const void *base)
{
	void *elements;

	memcpy(&elements, value_const_field(option, base), sizeof(elements));
	return elements;
}

size_t
value_count(const struct option *option, const void *base)
{
	size_t count;

	memcpy(&count, (const char *)base + option->count, sizeof(count));
	return count;
}

void *
value_element(const struct option *option, void *base, size_t index)
{
	return (char *)get_elements(option, base) +
	    index * schema_section(option->content)->size;
}

const void *
value_const_element(const struct option *option, const void *base,
    size_t index)
{
	return (const char *)get_elements(option, base) +
	    index * schema_section(option->content)->size;
}

void
value_set_bool(const struct option *option, void *base, bool value)
{
	memcpy(value_field(option, base), &value, sizeof(value));
}

void
value_set_int(const struct option *option, void *base, int value)
{
	memcpy(value_field(option, base), &value, sizeof(value));
}

void
value_set_string(const struct option *option, void *base, const char *value)
{
	memcpy(value_field(option, base), &value, sizeof(value));
}

void
value_set_many(const struct option *option, void *base, void *elements,
    size_t count)
{
	memcpy(value_field(option, base), &elements, sizeof(elements));
	memcpy((char *)base + option->count, &count, sizeof(count));
}

/* One to four octal digits. */
static int
parse_mode(const char *text, mode_t *mode_r)
{
	mode_t mode = 0;
	size_t len = strlen(text);

	if (len == 0 || len > 4)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '7')
			return -1;
		mode = mode * 8 + (mode_t)(text[i] - '0');
	}
	if (mode > (S_IRWXU | S_IRWXG | S_IRWXO))
		return -1;
	*mode_r = mode;
	return 0;
}

int
value_set_word(const struct option *option, void *base, const char *text)
{
	mode_t mode;

	if (option->type == OPTION_MODE) {
		if (parse_mode(text, &mode) != 0)
			return -1;
		memcpy(value_field(option, base), &mode, sizeof(mode));
		return 0;
	}
	for (const struct choice *c = option->choices; c->name != NULL; c++)
		if (strcmp(c->name, text) == 0) {
			value_set_int(option, base, c->value);
			return 0;
		}
	return -1;
}

static void
set_default(const struct option *option, void *base)
{
	const char *text = option->doc.default_text;
	int rc;

	if (option->type == OPTION_GROUP) {
		value_defaults(option->content, value_field(option, base));
		return;
	}
	if (text == NULL || option->flags & OPTION_IMPLIED)
		return;
	switch (option->type) {
	case OPTION_BOOL:
		value_set_bool(option, base, strcmp(text, "true") == 0);
		break;
	case OPTION_INT:
		value_set_int(option, base, (int)strtol(text, NULL, 10));
		break;
	case OPTION_STRING:
		value_set_string(option, base, text);
		break;
	case OPTION_ENUM:
	case OPTION_MODE:
		rc = value_set_word(option, base, text);
		assert(rc == 0);
		(void)rc;
		break;
	case OPTION_NETWORKS:
	case OPTION_STRINGS:
	case OPTION_ROWS:
	case OPTION_GROUP:
	case OPTION_LIST:
	case OPTION_MAP:
		break;
	}
}

void
value_defaults(enum section_id section, void *base)
{
	const struct option *option;
	size_t index = 0;

	while ((option = schema_next(section, &index)) != NULL)
		set_default(option, base);
}

/* --- as text -------------------------------------------------------------- */

/* A string in quotes, as libconfig reads it. */
static void
quote(struct span text, struct sbuf *out)
{
	sbuf_addc(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == '"' || c == '\\')
			sbuf_addf(out, "\\%c", c);
		else if (c == '\n')
			sbuf_adds(out, "\\n");
		else if (ascii_is_cntrl(c))
			sbuf_addf(out, "\\x%02x", c);
		else
			sbuf_addc(out, (char)c);
	}
	sbuf_addc(out, '"');
}

static void
format_mode(const struct option *option, const void *base, struct sbuf *out)
{
	mode_t mode;

	memcpy(&mode, value_const_field(option, base), sizeof(mode));
	sbuf_addf(out, "\"%04o\"", (unsigned)mode);
}

static const char *
choice_name(const struct option *option, int value)
{
	const struct choice *c = option->choices;

	while (c->name != NULL && c->value != value)
		c++;
	return c->name == NULL ? "" : c->name;
}

static void
format_network(const struct cidr *cidr, struct sbuf *out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[NETWORK_MAX];
	bool is_ipv4 = cidr->prefix >= 96 &&
	    memcmp(cidr->network.octets, mapped, sizeof(mapped)) == 0;

	if (inet_ntop(is_ipv4 ? AF_INET : AF_INET6,
	    cidr->network.octets + (is_ipv4 ? 12 : 0), text,
	    sizeof(text)) != NULL)
		sbuf_addf(out, "\"%s/%u\"", text,
		    is_ipv4 ? cidr->prefix - 96 : cidr->prefix);
}

static void
format_strings(const struct option *option, const void *base,
    struct sbuf *out)
{
	const char *const *strings = get_elements(option, base);

	sbuf_addc(out, '[');
	for (size_t i = 0; i < value_count(option, base); i++) {
		sbuf_adds(out, i == 0 ? " " : ", ");
		quote(span_of(strings[i]), out);
	}
	sbuf_adds(out, " ]");
}

static void
format_networks(const struct option *option, const void *base,
    struct sbuf *out)
{
	const struct cidr *networks = get_elements(option, base);

	sbuf_addc(out, '[');
	for (size_t i = 0; i < value_count(option, base); i++) {
		sbuf_adds(out, i == 0 ? " " : ", ");
		format_network(&networks[i], out);
	}
	sbuf_adds(out, " ]");
}

static void
format_rows(const struct option *option, const void *base, struct sbuf *out)
{
	const struct table_row *rows = get_elements(option, base);

	sbuf_addc(out, '(');
	for (size_t i = 0; i < value_count(option, base); i++) {
		sbuf_adds(out, i == 0 ? " [ " : ", [ ");
		quote(rows[i].key, out);
		sbuf_adds(out, ", ");
		quote(rows[i].value, out);
		sbuf_adds(out, " ]");
	}
	sbuf_adds(out, " )");
}

void
value_format(const struct option *option, const void *base, struct sbuf *out)
{
	const char *text;
	bool is_true;

	switch (option->type) {
	case OPTION_BOOL:
		memcpy(&is_true, value_const_field(option, base),
		    sizeof(is_true));
		sbuf_adds(out, is_true ? "true" : "false");
		break;
	case OPTION_INT:
		sbuf_addf(out, "%d", get_int(option, base));
		break;
	case OPTION_STRING:
		text = get_string(option, base);
		if (text == NULL)
			text = option->doc.default_text;
		quote(span_of(text), out);
		break;
	case OPTION_ENUM:
		quote(span_of(choice_name(option,
		    get_int(option, base))), out);
		break;
	case OPTION_MODE:
		format_mode(option, base, out);
		break;
	case OPTION_NETWORKS:
		format_networks(option, base, out);
		break;
	case OPTION_STRINGS:
		format_strings(option, base, out);
		break;
	case OPTION_ROWS:
		format_rows(option, base, out);
		break;
	case OPTION_GROUP:
	case OPTION_LIST:
	case OPTION_MAP:
		break;
	}
}

void
value_format_default(const struct option *option, struct sbuf *out)
{
	const char *text = option->doc.default_text;

	switch (option->type) {
	case OPTION_BOOL:
	case OPTION_INT:
		sbuf_adds(out, text);
		break;
	case OPTION_STRING:
	case OPTION_ENUM:
	case OPTION_MODE:
		quote(span_of(text), out);
		break;
	case OPTION_NETWORKS:
	case OPTION_STRINGS:
		sbuf_adds(out, "[ ]");
		break;
	case OPTION_ROWS:
	case OPTION_LIST:
		sbuf_adds(out, "( )");
		break;
	case OPTION_MAP:
		sbuf_adds(out, "{ }");
		break;
	case OPTION_GROUP:
		break;
	}
}

bool
value_is_unset(const struct option *option, const void *base)
{
	if (option->doc.default_text != NULL ||
	    option->flags & OPTION_REQUIRED)
		return false;
	if (option->type == OPTION_STRING)
		return get_string(option, base) == NULL;
	return option->type == OPTION_INT && get_int(option, base) == 0;
}
