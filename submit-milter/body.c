/*
 * body.c - see body.h.
 */
#include "body.h"

#include "edit/encrypt.h"
#include "policy/encryption.h"

int
body_begin(struct body *body, const struct spool_settings *settings,
    const struct profile *profile, struct facts *facts)
{
	body->settings = settings;
	body->facts = facts;
	if (encryption_is_due(profile, facts)) {
		body->encrypt = profile;
		body->kept = spool_new(settings, facts->arena);
		return body->kept == NULL ? -1 : 0;
	}
	if (!reencode_is_wanted(profile))
		return 0;
	body->kept = spool_new(settings, facts->arena);
	body->reencode = reencode_new(profile, facts,
	    mta_longest_line(facts->mta_version));
	return body->kept == NULL || body->reencode == NULL ? -1 : 0;
}

int
body_feed(struct body *body, struct span octets, const char **error_r)
{
	if (body->reencode != NULL)
		reencode_feed(body->reencode, octets);
	if (body->kept == NULL ||
	    spool_write(body->kept, octets, error_r) == 0)
		return 0;
	spool_free(&body->kept);
	return -1;
}

int
body_end(struct body *body)
{
	return body->reencode == NULL ? 0 : reencode_end(body->reencode);
}

/* What comes out is base64 in lines. */
static int
encrypt(struct body *body, struct edit_list *list, const char **error_r)
{
	if (body->kept == NULL) {
		*error_r = "there is no body to encrypt";
		return -1;
	}
	octets_init(&body->changed_form);
	return encrypt_write(body->encrypt, body->facts, list, body->kept,
	    body->changed, error_r);
}

int
body_change(struct body *body, struct edit_list *list, const char **error_r)
{
	struct facts *facts = body->facts;

	if (body->encrypt == NULL && (body->kept == NULL ||
	    !facts->encoding.is_due || facts->encoding.obstacle != NULL))
		return 0;
	body->changed = spool_new(body->settings, facts->arena);
	if (body->changed == NULL) {
		*error_r = "out of memory";
		return -1;
	}
	if (body->encrypt != NULL)
		return encrypt(body, list, error_r);
	return reencode_write(body->reencode, list, body->kept,
	    body->changed, &body->changed_form, error_r);
}

const struct octets *
body_form(const struct body *body, const struct facts *facts)
{
	return body->changed != NULL ? &body->changed_form : &facts->body;
}

void
body_free(struct body *body)
{
	spool_free(&body->kept);
	spool_free(&body->changed);
}
