/*
 * qualify.c - see qualify.h.
 */
#include "edit/qualify.h"

#include "edit/addrfield.h"
#include "policy/keys.h"
#include "policy/site.h"
#include "syntax/domain.h"

#define NO_MEMORY "out of memory"

struct qualifier {
	struct facts *facts;
	const char *error;
};

static bool
is_at_work(const struct facts *facts)
{
	const struct qualify *q = &facts->site->qualify;

	return q->labels != NULL || q->users != NULL || q->domain != NULL;
}

/* A value of a table: a whole domain, or the row is at fault. */
static enum lookup
take_domain(struct qualifier *q, struct span value, struct span *domain_r)
{
	enum domain_kind kind;
	struct span domain = span_trim(value);
	const char *error;

	if (domain.len > 0 && domain.ptr[0] == '@')
		domain = span_slice(domain, 1, domain.len);
	if (domain_parse(domain, false, &kind, &error) != 1 ||
	    kind != DOMAIN_NAME || !domain_is_qualified(domain)) {
		q->error = "qualify: a row whose value is no whole domain";
		return LOOKUP_FAILED;
	}
	*domain_r = domain;
	return LOOKUP_FOUND;
}

/* The domain that LABEL stands for. */
static enum lookup
expand_label(struct qualifier *q, struct span label, struct span *domain_r)
{
	const struct table *labels = q->facts->site->qualify.labels;
	struct span key, value;
	enum lookup answer;

	if (labels == NULL)
		return LOOKUP_NOT_FOUND;
	if (domain_fold(label, q->facts->arena, &key) != 0)
		return LOOKUP_FAILED;
	answer = resolver_lookup(&q->facts->resolver, labels, key, &value,
	    &q->error);
	return answer == LOOKUP_FOUND ? take_domain(q, value, domain_r) :
	    answer;
}

/* Where a bare LOCAL is looked for. */
static enum lookup
domain_for(struct qualifier *q, struct span local, struct span *domain_r)
{
	const struct facts *facts = q->facts;
	const struct qualify *qualify = &facts->site->qualify;
	struct span key, value, none = { NULL, 0 };
	enum lookup answer = LOOKUP_NOT_FOUND;

	if (mailbox_fold(local, none, facts->rights->fold_local_part,
	    facts->arena, &key) != 0)
		return LOOKUP_FAILED;
	if (qualify->users != NULL)
		answer = resolver_lookup(&q->facts->resolver, qualify->users,
		    key, &value, &q->error);
	if (answer == LOOKUP_FOUND)
		return take_domain(q, value, domain_r);
	if (answer == LOOKUP_FAILED || qualify->domain == NULL)
		return answer;
	*domain_r = span_of(qualify->domain);
	return LOOKUP_FOUND;
}

/* Only where the mailbox exists. */
static enum lookup
expand_user(struct qualifier *q, struct span local, struct span *domain_r)
{
	const struct facts *facts = q->facts;
	struct address_keys keys;
	struct span domain, key, value;
	enum lookup answer = domain_for(q, local, &domain);

	if (answer != LOOKUP_FOUND)
		return answer;
	if (address_keys_make(facts->rights, local, domain, facts->arena,
	    &keys) != 0)
		return LOOKUP_FAILED;
	keys.domain = (struct span){ NULL, 0 };	/* proves no mailbox */
	answer = address_keys_ask(&keys, facts->site->qualify.mailboxes,
	    &q->facts->resolver, &key, &value, &q->error);
	if (answer == LOOKUP_FOUND)
		*domain_r = domain;
	return answer;
}

static enum lookup
expand(struct qualifier *q, struct span local, struct span domain,
    enum domain_kind kind, struct span *domain_r)
{
	if (kind == DOMAIN_NONE)
		return expand_user(q, local, domain_r);
	if (kind != DOMAIN_NAME || span_find(domain, '.') < domain.len)
		return LOOKUP_NOT_FOUND;
	return expand_label(q, domain, domain_r);
}

/* --- the envelope --------------------------------------------------------- */

/* What a path may be that no rule would take. */
static bool
is_short(const struct facts *facts, const struct facts_path *from,
    struct mailbox *mailbox_r)
{
	struct path path = from->path;
	const char *error;
	unsigned flags = PATH_BARE | (facts->is_smtputf8 ? PATH_UTF8 : 0);

	if (from->status == PATH_SYNTAX && path_parse(from->text, flags,
	    &path, &error) != PATH_OK)
		return false;
	if (from->status == PATH_NEEDS_UTF8 || path.is_null)
		return false;
	*mailbox_r = path.mailbox;
	/* <Postmaster> needs no domain (RFC 5321, section 4.5.1). */
	if (path.mailbox.kind == DOMAIN_NONE)
		return from->status == PATH_SYNTAX;
	return path.mailbox.kind == DOMAIN_NAME;
}

/* *path_r is empty when the path stays as it is. */
static enum completion_status
qualify_path(const struct profile *profile, struct qualifier *q,
    const struct facts_path *from, struct span *path_r)
{
	struct mailbox mailbox;
	struct span domain;

	*path_r = (struct span){ NULL, 0 };
	if (!profile->complete.qualify_envelope || !is_at_work(q->facts) ||
	    q->facts->is_transfer || !is_short(q->facts, from, &mailbox))
		return COMPLETION_OK;
	switch (expand(q, mailbox.local, mailbox.domain, mailbox.kind,
	    &domain)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		return COMPLETION_OK;
	case LOOKUP_FAILED:
		return COMPLETION_LOOKUP_FAILED;
	}
	*path_r = arena_printf(q->facts->arena, "<%.*s@%.*s>",
	    SPAN_ARG(mailbox.local), SPAN_ARG(domain));
	return path_r->ptr == NULL ? COMPLETION_NO_MEMORY : COMPLETION_OK;
}

/* REPLACE puts what FROM means in its place. */
static enum completion_status
qualify(const struct profile *profile, struct facts *facts,
    const struct facts_path *from, facts_replace *replace,
    const char **error_r)
{
	struct qualifier q = { facts, NO_MEMORY };
	struct span path;
	enum completion_status status = qualify_path(profile, &q, from, &path);

	*error_r = q.error;
	if (status != COMPLETION_OK || path.len == 0)
		return status;
	return replace(facts, path, "qualify") == 0 ? COMPLETION_OK :
	    COMPLETION_NO_MEMORY;
}

enum completion_status
qualify_sender(const struct profile *profile, struct facts *facts,
    const char **error_r)
{
	return qualify(profile, facts, &facts->sender, facts_qualify_sender,
	    error_r);
}

enum completion_status
qualify_recipient(const struct profile *profile, struct facts *facts,
    const char **error_r)
{
	return qualify(profile, facts, &facts_recipient(facts)->path,
	    facts_replace_recipient, error_r);
}

/* --- the header ----------------------------------------------------------- */

static int
change_address(void *context, const struct address *address,
    struct address_change *change_r)
{
	switch (expand(context, address->local, address->domain,
	    address->kind, &change_r->domain)) {
	case LOOKUP_FOUND:
		return 1;
	case LOOKUP_NOT_FOUND:
		return 0;
	case LOOKUP_FAILED:
	default:
		return -1;
	}
}

enum completion_status
qualify_header(const struct profile *profile, struct facts *facts,
    struct edit_list *list, const char **error_r)
{
	struct qualifier q = { facts, NO_MEMORY };
	const char *const cause = "qualify";
	struct header *header = &facts->leaving;
	int rc = 0;

	if (!profile->complete.qualify_header || !is_at_work(facts))
		return COMPLETION_OK;
	for (size_t i = 0; i < header->n && rc == 0; i++)
		if (field_info(header->v[i].id)->is_address)
			rc = addrfield_change(list, header, i, change_address,
			    &q, &cause);
	*error_r = q.error;
	return rc == 0 ? COMPLETION_OK : rc == -1 ?
	    COMPLETION_LOOKUP_FAILED : COMPLETION_NO_MEMORY;
}
