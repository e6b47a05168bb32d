/*
 * mailbox.c - see mailbox.h.
 */
#include "syntax/mailbox.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "syntax/unicode.h"

/* RFC 5321 section 4.5.3.1; a path is measured with its brackets. */
#define LOCAL_MAX 64
#define PATH_MAX_OCTETS 256

/* atext =/ UTF8-non-ascii (RFC 6531 section 3.3) */
static bool
is_atext(unsigned char c)
{
	return ascii_is_atext(c) || c > 0x7f;
}

/*
 * Dot-string = Atom *("."  Atom)
 * Atom       = 1*atext
 *
 * Its length, or 0 when S does not begin with one.
 */
static size_t
dot_string_len(struct span s)
{
	size_t i = 0, atom = 0;

	for (;;) {
		while (i < s.len && is_atext((unsigned char)s.ptr[i]))
			i++;
		if (i == atom)
			return 0;
		if (i == s.len || s.ptr[i] != '.')
			return i;
		atom = ++i;
	}
}

/*
 * Quoted-string    = DQUOTE *QcontentSMTP DQUOTE
 * QcontentSMTP     = qtextSMTP / quoted-pairSMTP
 * quoted-pairSMTP  = %d92 %d32-126
 * qtextSMTP        = %d32-33 / %d35-91 / %d93-126 / UTF8-non-ascii
 *
 * S begins with DQUOTE. Its length, or 0 when it is none.
 */
static size_t
quoted_len(struct span s)
{
	size_t i = 1;

	while (i < s.len && s.ptr[i] != '"') {
		unsigned char c = (unsigned char)s.ptr[i++];

		if (ascii_is_cntrl(c))
			return 0;
		if (c != '\\')
			continue;
		if (i == s.len)
			return 0;
		c = (unsigned char)s.ptr[i++];
		if (ascii_is_cntrl(c) || c > 0x7f)
			return 0;
	}
	return i == s.len ? 0 : i + 1;
}

/* Local-part = Dot-string / Quoted-string; as dot_string_len(). */
static size_t
local_len(struct span s, bool *is_quoted_r, const char **error_r)
{
	size_t len;

	*is_quoted_r = s.len > 0 && s.ptr[0] == '"';
	len = *is_quoted_r ? quoted_len(s) : dot_string_len(s);
	if (len == 0) {
		*error_r = *is_quoted_r ?
		    "quoted local part is malformed" :
		    "local part is missing or malformed";
		return 0;
	}
	if (len > LOCAL_MAX) {
		*error_r = "local part is longer than 64 octets";
		return 0;
	}
	return len;
}

/* A mailbox without domain, if the flags have room for one. */
static bool
is_bare_allowed(const struct mailbox *mailbox, unsigned flags)
{
	if (flags & PATH_BARE)
		return true;
	return (flags & PATH_POSTMASTER) != 0 &&
	    span_eq_nocase(mailbox->local, SPAN("postmaster"));
}

/*
 * Mailbox = Local-part "@" ( Domain / address-literal )
 *
 * UTF-8 is taken for allowed; the caller knows better. 0 or -1.
 */
static int
mailbox_read(struct span s, unsigned flags, struct mailbox *mailbox_r,
    const char **error_r)
{
	struct mailbox mailbox = { .whole = s, .kind = DOMAIN_NONE };
	size_t len = local_len(s, &mailbox.is_quoted, error_r);

	if (len == 0)
		return -1;
	mailbox.local = span_slice(s, 0, len);
	mailbox.is_utf8 = span_has_8bit(s);
	if (mailbox.is_utf8 && !span_is_utf8(s)) {
		*error_r = "address is not UTF-8";
		return -1;
	}
	if (len == s.len) {
		if (!is_bare_allowed(&mailbox, flags)) {
			*error_r = "address has no domain";
			return -1;
		}
	} else if (s.ptr[len] != '@') {
		*error_r = "local part has a character that is not allowed";
		return -1;
	} else {
		mailbox.domain = span_slice(s, len + 1, s.len);
		if (domain_parse(mailbox.domain, true, &mailbox.kind,
		    error_r) != 1)
			return -1;
	}
	*mailbox_r = mailbox;
	return 0;
}

/*
 * A-d-l     = At-domain *( "," At-domain )
 * At-domain = "@" Domain
 *
 * Octets before the ":", or 0 when it is no source route.
 */
static size_t
route_len(struct span s, bool *is_utf8_r, const char **error_r)
{
	size_t colon = span_find(s, ':'), from = 0;

	*is_utf8_r = span_has_8bit(span_slice(s, 0, colon));
	while (from < colon && s.ptr[from] == '@') {
		struct span rest = span_slice(s, from + 1, colon);
		size_t len = span_find(rest, ',');
		enum domain_kind kind;

		if (domain_parse(span_slice(rest, 0, len), true, &kind,
		    error_r) != 1)
			return 0;
		if (kind != DOMAIN_NAME) {
			*error_r = "source route has an address literal";
			return 0;
		}
		from += 1 + len;
		if (from == colon && colon < s.len)
			return colon;
		from++;
	}
	*error_r = "source route is malformed";
	return 0;
}

/*
 * Reverse-path = Path / "<>"
 * Forward-path = Path
 * Path         = "<" [ A-d-l ":" ] Mailbox ">"
 *
 * Beside these RCPT has "<Postmaster>" (RFC 5321 section 4.1.1.3).
 */
enum path_status
path_parse(struct span s, unsigned flags, struct path *path_r,
    const char **error_r)
{
	struct path path = { 0 };
	bool is_utf8 = false;

	if (s.len < 2 || s.ptr[0] != '<' || s.ptr[s.len - 1] != '>') {
		*error_r = "path is not in angle brackets";
		return PATH_SYNTAX;
	}
	if (s.len > PATH_MAX_OCTETS) {
		*error_r = "path is longer than 256 octets";
		return PATH_SYNTAX;
	}
	s = span_slice(s, 1, s.len - 1);
	if (s.len == 0) {
		if (!(flags & PATH_NULL)) {
			*error_r = "path is empty";
			return PATH_SYNTAX;
		}
		path.is_null = true;
		*path_r = path;
		return PATH_OK;
	}
	if (s.ptr[0] == '@') {
		size_t len = route_len(s, &is_utf8, error_r);

		if (len == 0)
			return PATH_SYNTAX;
		path.has_route = true;
		flags &= ~(unsigned)PATH_POSTMASTER;
		s = span_slice(s, len + 1, s.len);
	}
	if (mailbox_read(s, flags, &path.mailbox, error_r) != 0)
		return PATH_SYNTAX;
	if ((is_utf8 || path.mailbox.is_utf8) && !(flags & PATH_UTF8)) {
		*error_r = "address is not ASCII";
		return PATH_NEEDS_UTF8;
	}
	*path_r = path;
	return PATH_OK;
}

enum path_status
mailbox_parse(struct span s, unsigned flags, struct mailbox *mailbox_r,
    const char **error_r)
{
	struct mailbox mailbox;

	if (s.len > PATH_MAX_OCTETS - 2) {
		*error_r = "path is longer than 256 octets";
		return PATH_SYNTAX;
	}
	if (mailbox_read(s, flags, &mailbox, error_r) != 0)
		return PATH_SYNTAX;
	if (mailbox.is_utf8 && !(flags & PATH_UTF8)) {
		*error_r = "address is not ASCII";
		return PATH_NEEDS_UTF8;
	}
	*mailbox_r = mailbox;
	return PATH_OK;
}

/*
 * What a local part means: without the quotes and backslashes of a
 * quoted-string. What is none by itself ("a"b, "a\") means what it looks
 * like. The arena's; ptr NULL when there is no memory.
 */
static struct span
unquote(struct span local, struct arena *arena)
{
	char *text = arena_strdup(arena, local);
	size_t i = 1, n = 0;

	if (text == NULL)
		return (struct span){ NULL, 0 };
	if (local.len < 2 || local.ptr[0] != '"')
		return (struct span){ text, local.len };
	while (i < local.len && local.ptr[i] != '"') {
		if (local.ptr[i] == '\\' && i + 1 < local.len)
			i++;
		text[n++] = local.ptr[i++];
	}
	if (i + 1 == local.len)
		return (struct span){ text, n };
	memcpy(text, local.ptr, local.len);
	return (struct span){ text, local.len };
}

/* The shortest way to write TEXT as a local part, into TO; its length. */
static size_t
quote(struct span text, char *to)
{
	size_t n = 0;

	if (text.len > 0 && dot_string_len(text) == text.len) {
		memcpy(to, text.ptr, text.len);
		return text.len;
	}
	to[n++] = '"';
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			to[n++] = '\\';
		to[n++] = text.ptr[i];
	}
	to[n++] = '"';
	return n;
}

int
mailbox_fold(struct span local, struct span domain, bool is_local_folded,
    struct arena *arena, struct span *folded_r)
{
	struct span text = unquote(local, arena), host = { NULL, 0 };
	char *mapped, *whole;
	size_t n;

	if (text.ptr == NULL)
		return -1;
	if (domain.len > 0 && domain_fold(domain, arena, &host) != 0)
		return -1;
	mapped = unicode_map(text,
	    is_local_folded ? UNICODE_FOLD : UNICODE_KEEP, &n);
	if (mapped == NULL)
		return -1;
	whole = arena_alloc(arena, n * 2 + 2 + 1 + host.len + 1);
	if (whole != NULL) {
		if (host.len > 0 || memchr(mapped, '@', n) != NULL)
			n = quote((struct span){ mapped, n }, whole);
		else
			memcpy(whole, mapped, n);
		if (host.len > 0) {
			whole[n++] = '@';
			memcpy(whole + n, host.ptr, host.len);
			n += host.len;
		}
		*folded_r = (struct span){ whole, n };
	}
	free(mapped);
	return whole == NULL ? -1 : 0;
}
