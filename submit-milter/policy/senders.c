/*
 * senders.c - who may use which address, in envelope and header.
 *
 * RFC 6409 section 6.1; RFC 5322 sections 3.6.2 and 3.6.6. The From field
 * is never searched for an address that fits: every mailbox in it must be
 * allowed, and what cannot be read with certainty is refused.
 */
#include "policy/rules.h"

#include "base/ascii.h"
#include "policy/keys.h"
#include "policy/sitelib.h"

static struct span
none(void)
{
	return (struct span){ NULL, 0 };
}

static struct span
no_memory(void)
{
	return SPAN("out of memory");
}

/*
 * Is it asked for rights to an address of DOMAIN? Who submits only to
 * postmaster (accounts.c) may have an address that is none of ours.
 */
static enum lookup
is_bound(struct facts *facts, struct span domain, const char **error_r)
{
	return facts->parked.action == ACTION_PASS ? LOOKUP_FOUND :
	    domain_is_local(facts, domain, error_r);
}

/* May LOCAL@DOMAIN be used? Nobody has no rights, a suspended user has. */
static enum lookup
may_use(struct facts *facts, struct span local, struct span domain,
    const char **error_r)
{
	struct rights_source source;
	enum right right;

	switch (is_bound(facts, domain, error_r)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		return LOOKUP_FOUND;
	case LOOKUP_FAILED:
		return LOOKUP_FAILED;
	}
	if (facts->parked.action != ACTION_PASS &&
	    facts->identity.route == ROUTE_NONE)
		return LOOKUP_NOT_FOUND;
	return rights_check(facts->rights, &facts->resolver,
	    &facts->identity, local, domain, &right, &source, error_r);
}

/*
 * Under "@domain" grants anything before the sign would do: where there is
 * a table of mailboxes, the address must be in it.
 */
static enum lookup
exists(struct facts *facts, const struct mailbox *mailbox,
    const char **error_r)
{
	const struct table *table = facts->rights->mailboxes;
	struct address_keys keys;
	struct span key, value;

	if (table == NULL)
		return LOOKUP_FOUND;
	switch (is_bound(facts, mailbox->domain, error_r)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		return LOOKUP_FOUND;
	case LOOKUP_FAILED:
		return LOOKUP_FAILED;
	}
	*error_r = "out of memory";
	if (address_keys_make(facts->rights, mailbox->local, mailbox->domain,
	    facts->arena, &keys) != 0)
		return LOOKUP_FAILED;
	keys.domain = none();	/* a whole domain proves no mailbox */
	return address_keys_ask(&keys, table, &facts->resolver, &key, &value,
	    error_r);
}

struct verdict
rule_sender_rights(const struct profile *profile, struct facts *facts)
{
	const struct mailbox *mailbox = &facts->sender.path.mailbox;
	const char *error = NULL;
	enum lookup answer;

	(void)profile;
	/* <> is nobody's; what is no address at all was never allowed. */
	if (facts->sender.status == PATH_OK && facts->sender.path.is_null)
		return verdict_pass();
	if (facts->sender.status != PATH_OK)
		return verdict_refuse(REASON_SENDER_NOT_ALLOWED, none(),
		    facts->sender.text);
	answer = may_use(facts, mailbox->local, mailbox->domain, &error);
	if (answer == LOOKUP_FOUND)
		answer = exists(facts, mailbox, &error);
	switch (answer) {
	case LOOKUP_FOUND:
		return verdict_pass();
	case LOOKUP_NOT_FOUND:
		/* With an address of ours: what keeps her from being one. */
		if (facts->parked.action != ACTION_PASS)
			return facts->parked;
		return verdict_refuse(REASON_SENDER_NOT_ALLOWED, none(),
		    mailbox->whole);
	case LOOKUP_FAILED:
		break;
	}
	return verdict_tempfail(REASON_TEMPORARY, span_of(error));
}

/*
 * A control that is no part of folding. Obsolete syntax allows some in
 * comments and quoted strings, where they serve only to deceive.
 */
static bool
has_control(struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if (!ascii_is_cntrl(c) || c == '\t')
			continue;
		if (c == '\r' && i + 1 < value.len && value.ptr[i + 1] == '\n')
			continue;
		if (c == '\n' && i + 1 < value.len &&
		    ascii_is_wsp((unsigned char)value.ptr[i + 1]))
			continue;
		return true;
	}
	return false;
}

static struct verdict
check_mailbox(struct facts *facts, const struct header_field *field,
    const struct address *address)
{
	struct span name = span_of(field_info(field->id)->name);
	const char *error = NULL;

	if (address->kind == DOMAIN_NONE || (address->kind == DOMAIN_NAME &&
	    !domain_is_qualified(address->domain)))
		return verdict_refuse(REASON_FROM_UNQUALIFIED, name,
		    address->local);
	switch (may_use(facts, address->local, address->domain, &error)) {
	case LOOKUP_FOUND:
		return verdict_pass();
	case LOOKUP_NOT_FOUND:
		return verdict_refuse(REASON_FROM_NOT_ALLOWED, name,
		    arena_printf(facts->arena, "%.*s@%.*s",
			SPAN_ARG(address->local), SPAN_ARG(address->domain)));
	case LOOKUP_FAILED:
		break;
	}
	return verdict_tempfail(REASON_TEMPORARY, span_of(error));
}

/* Every mailbox of one originator field must be allowed. */
static struct verdict
check_field(struct facts *facts, struct header *header,
    struct header_field *field)
{
	struct span name = span_of(field_info(field->id)->name);
	const struct header_addresses *a;

	if (has_control(field->value))
		return verdict_refuse(REASON_FROM_CONTROL, name, none());
	a = header_addresses(header, field);
	if (a == NULL)
		return verdict_tempfail(REASON_MEMORY, no_memory());
	if (!a->is_valid)
		return verdict_refuse(REASON_FROM_UNREADABLE, name,
		    span_of(a->error.what));
	if (a->list.groups > 0)
		return verdict_refuse(REASON_FROM_GROUP, name, none());
	for (size_t i = 0; i < a->list.n; i++) {
		struct verdict v = check_mailbox(facts, field,
		    &a->list.v[i]);

		if (v.action != ACTION_PASS)
			return v;
	}
	return verdict_pass();
}

static struct verdict
check_fields(struct facts *facts, struct header *header, enum field_id id)
{
	for (size_t i = 0; i < header->n; i++) {
		struct verdict v;

		if (header->v[i].id != id)
			continue;
		v = check_field(facts, header, &header->v[i]);
		if (v.action != ACTION_PASS)
			return v;
	}
	return verdict_pass();
}

static bool
is_resent(const struct header_field *field)
{
	return span_starts_nocase(field->name, SPAN("Resent-"));
}

/*
 * The Resent-Sender that belongs to the newest block of Resent fields, or
 * NULL. A block is a run of Resent fields around the topmost Resent-From
 * (FROM) in which no field comes twice. A Resent-Sender elsewhere is left
 * to an older block only if there is one.
 */
static struct header_field *
newest_resent_sender(const struct header *header,
    const struct header_field *from)
{
	struct header_field *sender = header_first(header,
	    FIELD_RESENT_SENDER);
	size_t begin, end;

	if (sender == NULL || from == NULL ||
	    header_count(header, FIELD_RESENT_FROM) == 1)
		return sender;
	begin = end = (size_t)(from - header->v);
	while (begin > 0 && is_resent(&header->v[begin - 1]))
		begin--;
	while (end < header->n && is_resent(&header->v[end])) {
		for (size_t i = begin; i < end; i++)
			if (span_eq_nocase(header->v[i].name,
			    header->v[end].name))
				goto block_ends;
		end++;
	}
block_ends:
	return sender < header->v + end ? sender : NULL;
}

/* RFC 5322 section 3.6.6: each resending puts its block on top. */
static struct verdict
check_resent(struct facts *facts, struct header *header)
{
	struct header_field *from = header_first(header, FIELD_RESENT_FROM);
	struct header_field *sender = newest_resent_sender(header, from);
	struct verdict v = verdict_pass();

	if (from != NULL)
		v = check_field(facts, header, from);
	if (v.action == ACTION_PASS && sender != NULL)
		v = check_field(facts, header, sender);
	return v;
}

/*
 * Can From be put right instead of refused? Only a lone field that could be
 * read and is simply somebody else's, and only if there is an address to
 * put there (edit/fix.c). A rule on trial changes nothing.
 */
static enum lookup
can_fix(const struct profile *profile, struct facts *facts,
    const struct verdict *v, const char **error_r)
{
	struct span address = { NULL, 0 };
	enum lookup answer;

	if (profile->from != FROM_FIX ||
	    facts->modes[RULE_FROM_RIGHTS] != RULE_ENFORCE ||
	    v->reason != REASON_FROM_NOT_ALLOWED ||
	    facts->parked.action != ACTION_PASS)
		return LOOKUP_NOT_FOUND;
	answer = rights_primary(facts->rights, &facts->resolver,
	    &facts->identity, &address, error_r);
	if (span_has_8bit(address) && !facts->is_smtputf8)
		return LOOKUP_NOT_FOUND;
	return answer;
}

/* From itself; a resent message may keep the one that it came with. */
static struct verdict
check_from(const struct profile *profile, struct facts *facts,
    struct header *header)
{
	struct verdict v = check_fields(facts, header, FIELD_FROM);
	const char *error = NULL;

	if (v.reason == REASON_FROM_NOT_ALLOWED &&
	    profile->resent_keeps_from &&
	    header_count(header, FIELD_RESENT_FROM) > 0)
		return verdict_pass();
	if (v.action != ACTION_REFUSE)
		return v;
	switch (can_fix(profile, facts, &v, &error)) {
	case LOOKUP_FOUND:
		facts->is_from_to_fix = true;
		v.action = ACTION_PASS;
		return v;
	case LOOKUP_NOT_FOUND:
		return v;
	case LOOKUP_FAILED:
		break;
	}
	return verdict_tempfail(REASON_TEMPORARY, span_of(error));
}

struct verdict
rule_from_rights(const struct profile *profile, struct facts *facts)
{
	struct header *header = &facts->leaving;
	struct verdict from, v;

	if (header_count(header, FIELD_FROM) > 1)
		return verdict_refuse(REASON_FROM_SEVERAL, none(), none());
	from = check_from(profile, facts, header);
	if (from.action != ACTION_PASS)
		return from;
	v = check_fields(facts, header, FIELD_SENDER);
	if (v.action == ACTION_PASS)
		v = check_resent(facts, header);
	return v.action == ACTION_PASS ? from : v;
}

enum from_rights
policy_from_rights(struct facts *facts, struct header *header,
    const char **error_r)
{
	struct verdict v;

	if (header_count(header, FIELD_FROM) != 1)
		return FROM_RIGHTS_NOT_ALL;
	v = check_fields(facts, header, FIELD_FROM);
	switch (v.action) {
	case ACTION_PASS:
		return FROM_RIGHTS_ALL;
	case ACTION_REFUSE:
		return FROM_RIGHTS_NOT_ALL;
	case ACTION_TEMPFAIL:
		break;
	}
	*error_r = v.detail.ptr;
	return FROM_RIGHTS_UNKNOWN;
}
