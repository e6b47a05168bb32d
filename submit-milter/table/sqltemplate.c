/*
 * sqltemplate.c - see sqltemplate.h.
 *
 * Of SQL it knows what hides a place from the server: strings and names in
 * quotes, and comments. Quotes are doubled within quotes. Where a server's
 * own ways differ (backslashes, dollar quotes), the count of parameters
 * tells.
 */
#include "table/sqltemplate.h"

#include <stdlib.h>

#include "base/sbuf.h"
#include "table/backend.h"
#include "table/template.h"

#define STATEMENT_CEILING 65536u

struct sqltemplate {
	struct sbuf statement;
	enum sqltemplate_style style;
	size_t count;
	enum template_part parts[SQLTEMPLATE_PARAMETERS];
};

/* Where in the SQL we are. */
enum sql_state {
	SQL_PLAIN,
	SQL_STRING,		/* '...' */
	SQL_NAME,		/* "..." or `...` */
	SQL_LINE,		/* -- to the end of the line */
	SQL_COMMENT,		/* between the signs of C */
};

struct sql_scanner {
	enum sql_state state;
	char quote;		/* that ends SQL_NAME */
	char before;		/* the character before; 0: none that counts */
	bool is_opening;	/* the last one opened the string */
};

static enum sql_state
scan_plain(struct sql_scanner *scanner, char c)
{
	if (c == '\'') {
		scanner->is_opening = scanner->before != '\'';
		return SQL_STRING;
	}
	if (c == '"' || c == '`') {
		scanner->quote = c;
		return SQL_NAME;
	}
	if (c == '-' && scanner->before == '-')
		return SQL_LINE;
	if (c == '*' && scanner->before == '/')
		return SQL_COMMENT;
	return SQL_PLAIN;
}

static void
scan(struct sql_scanner *scanner, char c)
{
	enum sql_state old = scanner->state;

	scanner->is_opening = false;
	switch (old) {
	case SQL_PLAIN:
		scanner->state = scan_plain(scanner, c);
		break;
	case SQL_STRING:
		if (c == '\'')
			scanner->state = SQL_PLAIN;
		break;
	case SQL_NAME:
		if (c == scanner->quote)
			scanner->state = SQL_PLAIN;
		break;
	case SQL_LINE:
		if (c == '\n')
			scanner->state = SQL_PLAIN;
		break;
	case SQL_COMMENT:
		if (c == '/' && scanner->before == '*')
			scanner->state = SQL_PLAIN;
		break;
	}
	/* The star of an opening sign does not close it as well. */
	scanner->before = scanner->state == old || old == SQL_STRING ? c :
	    '\0';
}

static const char *
add_parameter(struct sqltemplate *sql, enum template_part part)
{
	if (sql->count == SQLTEMPLATE_PARAMETERS)
		return "has more than 32 places for the key";
	sql->parts[sql->count++] = part;
	if (sql->style == SQLTEMPLATE_DOLLAR)
		sbuf_addf(&sql->statement, "$%zu", sql->count);
	else
		sbuf_addc(&sql->statement, '?');
	return NULL;
}

/* A place for the key; the text after it begins at *REST. */
static const char *
add_place(struct sqltemplate *sql, struct sql_scanner *scanner,
    enum template_part part, struct span *rest)
{
	bool is_quoted = scanner->state == SQL_STRING &&
	    scanner->is_opening && rest->len > 0 && rest->ptr[0] == '\'' &&
	    (rest->len == 1 || rest->ptr[1] != '\'');

	if (scanner->state != SQL_PLAIN && !is_quoted)
		return "has a place for the key within quotes or a comment; "
		    "it must stand alone, as in \"address = %s\"";
	scanner->before = '\0';
	if (is_quoted) {
		sql->statement.len--;
		*rest = span_slice(*rest, 1, rest->len);
		scanner->state = SQL_PLAIN;
		scanner->is_opening = false;
	}
	return add_parameter(sql, part);
}

static const char *
add_text(struct sqltemplate *sql, struct sql_scanner *scanner,
    struct span text)
{
	sbuf_add(&sql->statement, text);
	for (size_t i = 0; i < text.len; i++)
		scan(scanner, text.ptr[i]);
	return NULL;
}

/* NULL, or what is wrong. */
static const char *
compile(struct sqltemplate *sql, struct span rest)
{
	struct sql_scanner scanner = { .state = SQL_PLAIN };
	enum template_part part;
	struct span text;
	int rc;

	while ((rc = template_next(&rest, &part, &text)) == 1) {
		const char *why = part == TEMPLATE_TEXT ?
		    add_text(sql, &scanner, text) :
		    add_place(sql, &scanner, part, &rest);

		if (why != NULL)
			return why;
	}
	if (rc < 0)
		return TEMPLATE_FAULT;
	if (scanner.state == SQL_STRING || scanner.state == SQL_NAME)
		return "has a quote that is not closed";
	if (sql->count == 0)
		return "has no place for the key (%s, %u or %d)";
	return NULL;
}

struct sqltemplate *
sqltemplate_new(const char *query, enum sqltemplate_style style,
    char **error_r)
{
	struct sqltemplate *sql = calloc(1, sizeof(*sql));
	struct span ignored;
	const char *why;

	*error_r = NULL;
	if (sql == NULL)
		return NULL;
	sql->style = style;
	sbuf_init(&sql->statement, NULL, STATEMENT_CEILING);
	why = compile(sql, span_of(query));
	if (why == NULL && sbuf_done(&sql->statement, &ignored) == 0)
		return sql;
	if (why != NULL)
		*error_r = backend_error("the query %s", why);
	sqltemplate_free(&sql);
	return NULL;
}

void
sqltemplate_free(struct sqltemplate **sql)
{
	if (*sql == NULL)
		return;
	sbuf_free(&(*sql)->statement);
	free(*sql);
	*sql = NULL;
}

const char *
sqltemplate_statement(const struct sqltemplate *sql)
{
	return sql->statement.ptr;
}

size_t
sqltemplate_count(const struct sqltemplate *sql)
{
	return sql->count;
}

bool
sqltemplate_bind(const struct sqltemplate *sql, struct span key,
    struct span values[SQLTEMPLATE_PARAMETERS])
{
	for (size_t i = 0; i < sql->count; i++)
		if (!template_value(sql->parts[i], key, &values[i]))
			return false;
	return true;
}
