/*
 * rewrite.c - see rewrite.h.
 */
#include "edit/rewrite.h"

#include "edit/addrfield.h"
#include "policy/keys.h"
#include "policy/site.h"
#include "policy/sitelib.h"
#include "syntax/domain.h"

#define NO_MEMORY "out of memory"
#define STEPS_MOST 10

struct rewriter {
	const struct profile *profile;
	struct facts *facts;
	enum rewrite_use use;
	const char *error;
	const char *cause;	/* of the last step */
	bool is_dns_failure;	/* what failed was the DNS */
};

/* An address on its way. */
struct target {
	struct span local;
	struct span domain;
	enum domain_kind kind;
};

static bool
has_tables(const struct profile *profile, const struct facts *facts)
{
	return profile->complete.rewrite && facts->site->rewrite_count > 0;
}

/* Are aliases resolved there? */
static bool
has_aliases(const struct profile *profile, const struct facts *facts,
    enum rewrite_use use)
{
	bool is_header = use == REWRITE_HEADER_SENDERS ||
	    use == REWRITE_HEADER_RECIPIENTS;

	return facts->site->aliases.zone_count > 0 && (is_header ?
	    profile->complete.alias_header :
	    profile->complete.alias_envelope);
}

/* --- rows ----------------------------------------------------------------- */

/* A local part that a table without extensions has, with that of LOCAL. */
static struct span
with_extension(struct arena *arena, struct span local, struct span extension)
{
	if (extension.len == 0)
		return local;
	if (local.len > 1 && local.ptr[local.len - 1] == '"')
		return arena_printf(arena, "%.*s%.*s\"",
		    (int)(local.len - 1), local.ptr, SPAN_ARG(extension));
	return arena_printf(arena, "%.*s%.*s", SPAN_ARG(local),
	    SPAN_ARG(extension));
}

/* What KEY, the row that was found, leaves of the local part. */
static struct span
extension_of(const struct address_keys *keys, struct span key)
{
	struct span none = { NULL, 0 };
	size_t at = span_find_last(keys->full, '@');

	if (keys->base.len == 0 || (key.ptr != keys->base.ptr &&
	    key.ptr != keys->base_user.ptr))
		return none;
	return span_slice(keys->full, span_find_last(keys->base, '@'), at);
}

/* "@.new" for the row "@.old": the labels below stay. */
static struct span
below(struct arena *arena, const struct address_keys *keys, struct span key,
    struct span value)
{
	struct span labels = span_slice(keys->domain, 0,
	    keys->domain.len - (key.len - 1));

	return arena_printf(arena, "%.*s%.*s", SPAN_ARG(labels),
	    SPAN_ARG(span_slice(value, 1, value.len)));
}

/* Is it an address that may leave? Brings its domain into ASCII if it must. */
static enum lookup
check(struct rewriter *r, struct target *to)
{
	struct arena *arena = r->facts->arena;
	struct mailbox mailbox;
	struct span whole;

	if (!r->facts->is_smtputf8 && span_has_8bit(to->domain) &&
	    domain_fold(to->domain, arena, &to->domain) != 0)
		return LOOKUP_FAILED;
	whole = arena_printf(arena, "%.*s@%.*s", SPAN_ARG(to->local),
	    SPAN_ARG(to->domain));
	if (whole.ptr == NULL)
		return LOOKUP_FAILED;
	if (mailbox_parse(whole, r->facts->is_smtputf8 ? PATH_UTF8 : 0,
	    &mailbox, &r->error) != PATH_OK ||
	    mailbox.kind == DOMAIN_NONE || (mailbox.kind == DOMAIN_NAME &&
	    !domain_is_qualified(mailbox.domain))) {
		r->error = "rewrites: a row whose value is no address";
		return LOOKUP_FAILED;
	}
	*to = (struct target){ mailbox.local, mailbox.domain, mailbox.kind };
	return LOOKUP_FOUND;
}

/* What the row KEY with VALUE makes of TARGET. */
static enum lookup
apply_row(struct rewriter *r, const struct address_keys *keys,
    struct span key, struct span value, struct target *target)
{
	struct arena *arena = r->facts->arena;
	struct target to = *target;
	size_t at;

	value = span_trim(value);
	at = span_find_last(value, '@');
	if (at == value.len || at > 0)
		to.local = with_extension(arena, span_slice(value, 0, at),
		    extension_of(keys, key));
	if (at + 1 < value.len && value.ptr[at + 1] == '.' && at == 0 &&
	    key.len > 2 && key.ptr[0] == '@' && key.ptr[1] == '.')
		to.domain = below(arena, keys, key, value);
	else if (at < value.len)
		to.domain = span_slice(value, at + 1, value.len);
	if (to.local.ptr == NULL || to.domain.ptr == NULL)
		return LOOKUP_FAILED;
	if (check(r, &to) != LOOKUP_FOUND)
		return LOOKUP_FAILED;
	if (span_eq(to.local, target->local) &&
	    span_eq_nocase(to.domain, target->domain))
		return LOOKUP_NOT_FOUND;
	*target = to;
	r->cause = "rewrite";
	return LOOKUP_FOUND;
}

/* By the first row of the first table that has one. */
static enum lookup
step_by_table(struct rewriter *r, struct target *target)
{
	const struct site *site = r->facts->site;
	struct address_keys keys;

	if (!has_tables(r->profile, r->facts))
		return LOOKUP_NOT_FOUND;
	if (address_keys_make(r->facts->rights, target->local, target->domain,
	    r->facts->arena, &keys) != 0)
		return LOOKUP_FAILED;
	for (size_t i = 0; i < site->rewrite_count; i++) {
		struct span key, value;

		if (!site->rewrites[i].uses[r->use])
			continue;
		switch (address_keys_ask(&keys, site->rewrites[i].table,
		    &r->facts->resolver, &key, &value, &r->error)) {
		case LOOKUP_FOUND:
			return apply_row(r, &keys, key, value, target);
		case LOOKUP_NOT_FOUND:
			continue;
		case LOOKUP_FAILED:
			break;
		}
		return LOOKUP_FAILED;
	}
	return LOOKUP_NOT_FOUND;
}

static bool
is_in_zone(const struct aliases *aliases, struct span folded)
{
	for (size_t i = 0; i < aliases->zone_count; i++)
		if (domain_is_covered(folded, span_of(aliases->zones[i])))
			return true;
	return false;
}

/* RFC 6409 section 8.7: the name to which CNAME records lead. */
static enum lookup
step_by_dns(struct rewriter *r, struct target *target)
{
	const struct aliases *aliases = &r->facts->site->aliases;
	struct dns_name name;
	struct span folded;

	if (!has_aliases(r->profile, r->facts, r->use) ||
	    target->kind != DOMAIN_NAME)
		return LOOKUP_NOT_FOUND;
	if (domain_fold(target->domain, r->facts->arena, &folded) != 0)
		return LOOKUP_FAILED;
	if (!is_in_zone(aliases, folded))
		return LOOKUP_NOT_FOUND;
	switch (resolver_domain(&r->facts->resolver, folded, &name,
	    &r->error)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		return LOOKUP_NOT_FOUND;
	case LOOKUP_FAILED:
		r->is_dns_failure = !aliases->stays_on_failure;
		return r->is_dns_failure ? LOOKUP_FAILED : LOOKUP_NOT_FOUND;
	}
	if (name.canonical.len == 0 || !domain_is_qualified(name.canonical))
		return LOOKUP_NOT_FOUND;
	target->domain = name.canonical;
	if (r->cause == NULL)
		r->cause = "alias";
	return LOOKUP_FOUND;
}

static enum lookup
step(struct rewriter *r, struct target *target)
{
	enum lookup answer = step_by_dns(r, target);

	return answer == LOOKUP_NOT_FOUND ? step_by_table(r, target) : answer;
}

/* LOOKUP_FOUND: TARGET is another address now. */
static enum lookup
rewrite(struct rewriter *r, struct target *target)
{
	const struct target from = *target;

	for (int i = 0; i <= STEPS_MOST; i++) {
		switch (step(r, target)) {
		case LOOKUP_FOUND:
			continue;
		case LOOKUP_NOT_FOUND:
			return span_eq(from.local, target->local) &&
			    span_eq(from.domain, target->domain) ?
			    LOOKUP_NOT_FOUND : LOOKUP_FOUND;
		case LOOKUP_FAILED:
			break;
		}
		return LOOKUP_FAILED;
	}
	r->error = "rewrites: rows or aliases that go round in circles";
	return LOOKUP_FAILED;
}

/* --- the envelope --------------------------------------------------------- */

/* *path_r is empty when the path stays as it is. */
static enum completion_status
rewrite_path(struct rewriter *r, const struct facts_path *from,
    struct span *path_r)
{
	const struct mailbox *mailbox = &from->path.mailbox;
	struct target target = { mailbox->local, mailbox->domain,
		mailbox->kind };

	*path_r = (struct span){ NULL, 0 };
	if (r->facts->is_transfer || from->status != PATH_OK ||
	    from->path.is_null || mailbox->kind == DOMAIN_NONE)
		return COMPLETION_OK;
	switch (rewrite(r, &target)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		return COMPLETION_OK;
	case LOOKUP_FAILED:
		return r->is_dns_failure ? COMPLETION_DNS_FAILED :
		    COMPLETION_LOOKUP_FAILED;
	}
	*path_r = arena_printf(r->facts->arena, "<%.*s@%.*s>",
	    SPAN_ARG(target.local), SPAN_ARG(target.domain));
	return path_r->ptr == NULL ? COMPLETION_NO_MEMORY : COMPLETION_OK;
}

/* REPLACE puts what FROM becomes in its place. */
static enum completion_status
rewrite_envelope(struct rewriter r, const struct facts_path *from,
    facts_replace *replace, const char **error_r)
{
	struct span path;
	enum completion_status status = rewrite_path(&r, from, &path);

	*error_r = r.error;
	if (status != COMPLETION_OK || path.len == 0)
		return status;
	return replace(r.facts, path, r.cause) == 0 ? COMPLETION_OK :
	    COMPLETION_NO_MEMORY;
}

enum completion_status
rewrite_sender(const struct profile *profile, struct facts *facts,
    const char **error_r)
{
	return rewrite_envelope((struct rewriter){ profile, facts,
	    REWRITE_ENVELOPE_SENDER, NO_MEMORY, NULL, false },
	    &facts->leaving_sender, facts_replace_sender, error_r);
}

enum completion_status
rewrite_recipient(const struct profile *profile, struct facts *facts,
    const char **error_r)
{
	return rewrite_envelope((struct rewriter){ profile, facts,
	    REWRITE_ENVELOPE_RECIPIENTS, NO_MEMORY, NULL, false },
	    &facts_recipient(facts)->path, facts_replace_recipient, error_r);
}

/* --- the header ----------------------------------------------------------- */

static int
change_address(void *context, const struct address *address,
    struct address_change *change_r)
{
	struct target target = { address->local, address->domain,
		address->kind };

	if (address->kind == DOMAIN_NONE)
		return 0;
	switch (rewrite(context, &target)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		return 0;
	case LOOKUP_FAILED:
	default:
		return -1;
	}
	if (!span_eq(target.local, address->local))
		change_r->local = target.local;
	if (!span_eq(target.domain, address->domain))
		change_r->domain = target.domain;
	return 1;
}

static enum rewrite_use
use_of(enum field_id id)
{
	switch ((int)id) {
	case FIELD_TO:
	case FIELD_CC:
	case FIELD_BCC:
	case FIELD_RESENT_TO:
	case FIELD_RESENT_CC:
	case FIELD_RESENT_BCC:
		return REWRITE_HEADER_RECIPIENTS;
	default:
		return REWRITE_HEADER_SENDERS;
	}
}

enum completion_status
rewrite_header(const struct profile *profile, struct facts *facts,
    struct edit_list *list, const char **error_r)
{
	struct rewriter r = { .profile = profile, .facts = facts,
		.error = NO_MEMORY };
	struct header *header = &facts->leaving;
	int rc = 0;

	if (!has_tables(profile, facts) &&
	    !has_aliases(profile, facts, REWRITE_HEADER_SENDERS))
		return COMPLETION_OK;
	for (size_t i = 0; i < header->n && rc == 0; i++) {
		if (!field_info(header->v[i].id)->is_address)
			continue;
		r.use = use_of(header->v[i].id);
		r.cause = NULL;
		rc = addrfield_change(list, header, i, change_address, &r,
		    &r.cause);
	}
	*error_r = r.error;
	if (rc == -1)
		return r.is_dns_failure ? COMPLETION_DNS_FAILED :
		    COMPLETION_LOOKUP_FAILED;
	return rc == 0 ? COMPLETION_OK : COMPLETION_NO_MEMORY;
}
