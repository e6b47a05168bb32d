/*
 * encrypt.c - see encrypt.h.
 */
#include "edit/encrypt.h"

#include "base/sbuf.h"
#include "crypt/smime.h"
#include "policy/encryption.h"

#define CAUSE "encrypt"

static bool
goes_inside(const struct header_field *field)
{
	return span_starts_nocase(field->name, SPAN("Content-"));
}

/* The header of the entity that is encrypted, as it is on the wire. */
static int
make_header(struct facts *facts, struct span *header_r)
{
	const struct header *header = &facts->leaving;
	struct sbuf out;

	sbuf_init(&out, facts->arena, header->size * 2 + 2);
	for (size_t i = 0; i < header->n; i++) {
		const struct header_field *field = &header->v[i];

		if (!goes_inside(field))
			continue;
		sbuf_addf(&out, "%.*s:", SPAN_ARG(field->name));
		for (size_t k = 0; k < field->value.len; k++) {
			char c = field->value.ptr[k];

			if (c == '\n' && (k == 0 ||
			    field->value.ptr[k - 1] != '\r'))
				sbuf_addc(&out, '\r');
			sbuf_addc(&out, c);
		}
		sbuf_adds(&out, "\r\n");
	}
	sbuf_adds(&out, "\r\n");
	return sbuf_done(&out, header_r);
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
	struct span *certs = arena_calloc(facts->arena, facts->recipient_count,
	    sizeof(*certs));
	struct span header;
	size_t n = 0;

	*error_r = "out of memory";
	if (certs == NULL || make_header(facts, &header) != 0)
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
	if (edit_header(profile, facts, list) != 0 ||
	    edit_body(list, to, CAUSE) != 0)
		return -1;
	return 0;
}
