/*
 * fields.c - see fields.h.
 *
 * Signed are the fields of RFC 6376 section 5.4.1; those of RFC 4871 that
 * it left out though they decide what a reader sees or who wrote it
 * (Sender, Message-ID, the MIME fields); List-Unsubscribe-Post, which
 * RFC 8058 wants signed; receipt requests, so that nobody adds an address
 * to a replayed message's; and what this program adds itself. Never signed
 * is what changes on the way: Received, Return-Path, Bcc, Delivered-To,
 * Authentication-Results, other signatures.
 *
 * Oversigned, that is: named once more than there are, so that another one
 * in front breaks the signature, is what a reader is shown and what no
 * forwarder or list has reason to add, only to replace. Reply-To, Sender
 * and the list fields are not, because lists add them to mail that is
 * otherwise untouched. The MIME fields are not, because the body hash
 * covers what they would be misused for and gateways add them.
 */
#include "sign/fields.h"

#include "base/ascii.h"

/*
 * libopendkim looks at so many octets of the names of all fields, joined by
 * ":"; the rest is cut off.
 */
#define NAMES_MOST 4095u

static const char *const usually_oversigned[] = {
	"From", "To", "Cc", "Subject", "Date", "Message-ID",
};

/* ARC-* too. */
static const char *const never_signed[] = {
	"Apparently-To", "Authentication-Results", "Bcc", "Content-Length",
	"Delivered-To", "DKIM-Signature", "DomainKey-Signature",
	"Full-Name", "Message", "Received", "Received-SPF", "Resent-Bcc",
	"Return-Path", "Status", "Text", "X-Envelope-To", "X-Original-To",
	"X-Status",
};

static const char *const fields_signed[] = {
	"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date",
	"Message-ID", "In-Reply-To", "References",
	"Resent-Date", "Resent-From", "Resent-Sender", "Resent-To",
	"Resent-Cc", "Resent-Message-ID",
	"MIME-Version", "Content-Type", "Content-Transfer-Encoding",
	"Content-ID", "Content-Description", "Content-Disposition",
	"List-Id", "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post",
	"List-Subscribe", "List-Post", "List-Owner", "List-Archive",
	"Disposition-Notification-To", "Return-Receipt-To",
	"X-Original-Date", "X-Original-Message-ID", "X-Original-From",
	"X-Original-Sender",
};

static bool
has(struct name_list list, struct span name)
{
	for (size_t i = 0; i < list.n; i++)
		if (span_eq_nocase(name, span_of(list.v[i])))
			return true;
	return false;
}

#define LIST(array) \
	((struct name_list){ array, sizeof(array) / sizeof((array)[0]) })

bool
fields_may_sign(struct span name)
{
	return !has(LIST(never_signed), name) &&
	    !span_starts_nocase(name, SPAN("ARC-"));
}

static struct name_list
oversigned(const struct field_settings *settings)
{
	return settings->oversigned.n > 0 ? settings->oversigned :
	    LIST(usually_oversigned);
}

size_t
fields_oversigned(const struct field_settings *settings,
    const char **names_r, size_t room)
{
	struct name_list list = oversigned(settings);
	size_t n = 0;

	if (!has(list, SPAN("From")))
		names_r[n++] = "From";
	for (size_t i = 0; i < list.n && n + 1 < room; i++)
		if (!has(settings->not, span_of(list.v[i])))
			names_r[n++] = list.v[i];
	names_r[n] = NULL;
	return n;
}

bool
fields_is_signed(const struct field_settings *settings, struct span name)
{
	if (span_eq_nocase(name, SPAN("From")))
		return true;
	if (!has(LIST(fields_signed), name) && !has(settings->also, name) &&
	    !has(oversigned(settings), name))
		return false;
	return !has(settings->not, name) && fields_may_sign(name);
}

size_t
fields_wire(const struct header_field *field, char *to)
{
	struct span value = field->value;
	size_t n = 0;

#define PUT(c) do { if (to != NULL) to[n] = (c); n++; } while (0)
	for (size_t i = 0; i < field->name.len; i++)
		PUT(field->name.ptr[i]);
	PUT(':');
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '\n' &&
		    (i == 0 || value.ptr[i - 1] != '\r'))
			PUT('\r');
		PUT(value.ptr[i]);
	}
#undef PUT
	return n;
}

/* Is the octet at I one that libopendkim or an MTA would alter? */
static bool
is_altered(struct span value, size_t i)
{
	unsigned char next = i + 1 < value.len ?
	    (unsigned char)value.ptr[i + 1] : '\0';

	switch (value.ptr[i]) {
	case '\0':
	case '\v':
	case '\f':
		return true;
	case '\r':
		return next != '\n';
	case '\n':
		return !ascii_is_wsp(next);
	default:
		return false;
	}
}

static bool
has_altered(struct span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (is_altered(value, i))
			return true;
	return false;
}

/* Octets of the longest line on the wire, without its end. */
static size_t
longest_line(const struct header_field *field)
{
	size_t line = field->name.len + 1, longest = line;

	for (size_t i = 0; i < field->value.len; i++) {
		if (field->value.ptr[i] == '\n')
			line = 0;
		else if (field->value.ptr[i] != '\r')
			line++;
		if (line > longest)
			longest = line;
	}
	return longest;
}

const char *
fields_refuse(const struct field_settings *settings,
    const struct header *header, size_t longest)
{
	size_t names = 0;

	for (size_t i = 0; i < header->n; i++) {
		const struct header_field *field = &header->v[i];
		struct span name = span_trim(field->name);

		if (!fields_is_signed(settings, name))
			continue;
		/* Verifiers differ about "From :". */
		if (name.len != field->name.len)
			return "header-name";
		if (has_altered(field->value))
			return "header-control";
		if (longest_line(field) > longest)
			return "header-line-too-long";
		names += name.len + 1;
		if (names > NAMES_MOST)
			return "header-too-many-fields";
	}
	return NULL;
}
