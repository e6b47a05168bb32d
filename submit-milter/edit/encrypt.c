/*
 * encrypt.c - see encrypt.h.
 */
#include "edit/encrypt.h"

#include "base/sbuf.h"
#include "crypt/smime.h"
#include "policy/encryption.h"

#define CAUSE "encrypt"

/* Of the entity's own; all others speak of the message. */
static bool
goes_inside(const struct header_field *field)
{
	return span_starts_nocase(field->name, SPAN("Content-"));
}

/* As it is on the wire. */
static void
add_field(struct sbuf *out, const struct header_field *field)
{
	sbuf_addf(out, "%.*s:", SPAN_ARG(field->name));
	for (size_t k = 0; k < field->value.len; k++) {
		char c = field->value.ptr[k];

		if (c == '\n' && (k == 0 || field->value.ptr[k - 1] != '\r'))
			sbuf_addc(out, '\r');
		sbuf_addc(out, c);
	}
	sbuf_adds(out, "\r\n");
}

/*
 * The header of the entity that is encrypted. To hide the Subject, that is
 * the whole message (RFC 8551 section 3.1).
 */
static int
make_header(struct facts *facts, bool is_whole, struct span *header_r)
{
	static const char wrapper[] = "Content-Type: message/rfc822\r\n\r\n";
	const struct header *header = &facts->leaving;
	struct sbuf out;

	sbuf_init(&out, facts->arena, header->size * 2 + sizeof(wrapper) + 2);
	if (is_whole)
		sbuf_adds(&out, wrapper);
	for (size_t i = 0; i < header->n; i++)
		if (is_whole || goes_inside(&header->v[i]))
			add_field(&out, &header->v[i]);
	sbuf_adds(&out, "\r\n");
	return sbuf_done(&out, header_r);
}

static int
hide_subject(struct header *header, const char *subject,
    struct edit_list *list)
{
	const struct header_field *field = header_first(header,
	    FIELD_SUBJECT);

	return field == NULL ? 0 : edit_reword(list, header,
	    (size_t)(field - header->v), span_of(subject), CAUSE);
}

static int
edit_header(const struct profile *profile, struct facts *facts,
    struct edit_list *list)
{
	struct header *header = &facts->leaving;
	struct span type = arena_printf(facts->arena, "application/"
	    "pkcs7-mime; smime-type=%s;\n\tname=\"smime.p7m\"",
	    smime_type(profile->encrypt.cipher));

	if (type.ptr == NULL)
		return -1;
	for (size_t i = header->n; i > 0; i--)
		if (goes_inside(&header->v[i - 1]) && edit_delete(list,
		    header, i - 1, CAUSE) != 0)
			return -1;
	if (header_count(header, FIELD_MIME_VERSION) == 0 &&
	    edit_add(list, header, "MIME-Version", SPAN("1.0"), CAUSE) != 0)
		return -1;
	if (edit_add(list, header, "Content-Type", type, CAUSE) != 0 ||
	    edit_add(list, header, "Content-Transfer-Encoding",
	    SPAN("base64"), CAUSE) != 0)
		return -1;
	return edit_add(list, header, "Content-Disposition",
	    SPAN("attachment; filename=\"smime.p7m\""), CAUSE);
}

int
encrypt_write(const struct profile *profile, struct facts *facts,
    struct edit_list *list, struct spool *from, struct spool *to,
    const char **error_r)
{
	X509 **certs = arena_calloc(facts->arena, facts->recipient_count,
	    sizeof(X509 *));
	const char *subject = profile->encrypt.subject;
	struct span header;
	size_t n = 0;

	*error_r = "out of memory";
	if (certs == NULL || make_header(facts, *subject != '\0',
	    &header) != 0)
		return -1;
	for (size_t i = 0; i < facts->recipient_count; i++) {
		const struct facts_recipient *r = &facts->recipients[i];

		if (encryption_counts(r))
			certs[n++] = r->certificate;
	}
	if (smime_encrypt(profile->encrypt.cipher, certs, n, header, from,
	    to, error_r) != 0)
		return -1;
	*error_r = "out of memory";
	if ((*subject != '\0' && hide_subject(&facts->leaving, subject,
	    list) != 0) || edit_header(profile, facts, list) != 0 ||
	    edit_body(list, to, CAUSE) != 0)
		return -1;
	return 0;
}
