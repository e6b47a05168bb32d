/*
 * recipients.c - to whom an identity may write, and with which parameters.
 *
 * RFC 6409 section 6.2; RFC 5321 section 4.5.3.1.10 (452 for too many
 * recipients); RFC 6409 section 7 (parameters of extensions).
 */
#include "policy/rules.h"

#include <limits.h>

#include "policy/keys.h"
#include "policy/sitelib.h"

static struct span
none(void)
{
	return (struct span){ NULL, 0 };
}

/* What holds for the identity: its row, or what holds for all. */
struct scope {
	enum recipient_scope scope;
	int most;		/* recipients of one message */
};

static int
read_word(struct span word, struct scope *scope)
{
	static const struct {
		const char *name;
		enum recipient_scope scope;
	} names[] = {
		{ "any", SCOPE_ANY }, { "local", SCOPE_LOCAL },
		{ "listed", SCOPE_LISTED }, { "none", SCOPE_NONE },
	};
	struct span max = SPAN("max=");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_eq_nocase(word, span_of(names[i].name))) {
			scope->scope = names[i].scope;
			return 0;
		}
	if (!span_starts_nocase(word, max))
		return -1;
	scope->most = (int)span_number(span_slice(word, max.len, word.len),
	    INT_MAX);
	return scope->most < 0 ? -1 : 0;
}

static enum lookup
find_scope(const struct profile *profile, struct facts *facts,
    struct scope *scope_r, const char **error_r)
{
	const struct recipient_rights *rights = &facts->site->recipients;
	struct scope scope = { rights->scope, profile->limits.recipients };
	struct span key, value = { NULL, 0 }, word;
	enum lookup answer = LOOKUP_NOT_FOUND;

	if (rights->scopes != NULL)
		answer = identity_or_group_ask(&facts->identity,
		    &facts->rights->identity, rights->scopes,
		    &facts->resolver, &key, &value, error_r);
	if (answer == LOOKUP_FAILED)
		return answer;
	while (answer == LOOKUP_FOUND && identity_next_entry(&value, &word))
		if (read_word(word, &scope) != 0) {
			*error_r = "a row with an unknown recipient scope";
			return LOOKUP_FAILED;
		}
	*scope_r = scope;
	return LOOKUP_FOUND;
}

/* Does TABLE name the identity in the row of the recipient? */
static enum lookup
is_listed(struct facts *facts, const struct table *table,
    const char **error_r)
{
	const struct mailbox *mailbox =
	    &facts_recipient(facts)->path.path.mailbox;
	struct address_keys keys;
	struct span key;

	if (table == NULL)
		return LOOKUP_NOT_FOUND;
	*error_r = "out of memory";
	if (address_keys_make(facts->rights, mailbox->local, mailbox->domain,
	    facts->arena, &keys) != 0)
		return LOOKUP_FAILED;
	return address_keys_ask_list(&keys, table, &facts->resolver,
	    &facts->identity, &facts->rights->identity, &key, error_r);
}

/* Is the recipient within the scope of the identity? */
static enum lookup
is_in_scope(struct facts *facts, enum recipient_scope scope,
    const char **error_r)
{
	const struct mailbox *mailbox =
	    &facts_recipient(facts)->path.path.mailbox;
	enum lookup denied = is_listed(facts, facts->site->recipients.denied,
	    error_r);

	if (denied == LOOKUP_FAILED)
		return LOOKUP_FAILED;
	if (denied == LOOKUP_FOUND)
		return LOOKUP_NOT_FOUND;
	switch (scope) {
	case SCOPE_ANY:
		return LOOKUP_FOUND;
	case SCOPE_LOCAL:
		return mailbox->kind == DOMAIN_NONE ? LOOKUP_FOUND :
		    domain_is_local(facts, mailbox->domain, error_r);
	case SCOPE_LISTED:
		return is_listed(facts, facts->site->recipients.allowed,
		    error_r);
	case SCOPE_NONE:
		break;
	}
	return LOOKUP_NOT_FOUND;
}

/* Recipients that the message has, the newest one included. */
static int
count_accepted(const struct facts *facts)
{
	int n = 1;

	for (size_t i = 0; i + 1 < facts->recipient_count; i++) {
		if (facts_is_leaving(&facts->recipients[i]))
			n++;
	}
	return n;
}

struct verdict
rule_recipient_rights(const struct profile *profile, struct facts *facts)
{
	const struct facts_path *path = &facts_recipient(facts)->path;
	const char *error = "out of memory";
	struct scope scope = { SCOPE_NONE, 0 };

	/* Who has no rights meets other rules; so does a broken address. */
	if (facts->identity.route == ROUTE_NONE || path->status != PATH_OK ||
	    facts->parked.action != ACTION_PASS)
		return verdict_pass();
	if (find_scope(profile, facts, &scope, &error) == LOOKUP_FAILED)
		return verdict_tempfail(REASON_TEMPORARY, span_of(error));
	switch (is_in_scope(facts, scope.scope, &error)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		return verdict_refuse(REASON_RECIPIENT_NOT_ALLOWED, none(),
		    path->path.mailbox.whole);
	case LOOKUP_FAILED:
		return verdict_tempfail(REASON_TEMPORARY, span_of(error));
	}
	if (scope.most > 0 && count_accepted(facts) > scope.most)
		return verdict_refuse(REASON_RECIPIENTS_TOO_MANY,
		    arena_printf(facts->arena, "%d", scope.most), none());
	return verdict_pass();
}

/* --- ESMTP parameters ----------------------------------------------------- */

/* FORBIDDEN is "RET" for any value, or "NOTIFY=NEVER" for that one. */
static bool
is_forbidden(struct span param, struct span forbidden)
{
	if (span_find(forbidden, '=') == forbidden.len)
		param = span_slice(param, 0, span_find(param, '='));
	return span_eq_nocase(param, forbidden);
}

static struct verdict
check_params(const struct facts_path *path, const char *const *forbidden,
    size_t n)
{
	for (size_t i = 0; i < path->param_count; i++) {
		struct span param = path->params[i];

		for (size_t k = 0; k < n; k++)
			if (is_forbidden(param, span_of(forbidden[k])))
				return verdict_refuse(
				    REASON_PARAMETER_FORBIDDEN,
				    span_slice(param, 0,
					span_find(param, '=')), param);
	}
	return verdict_pass();
}

static struct verdict
check_parameters(const struct profile *profile, const struct facts *facts,
    const struct facts_path *path)
{
	const struct rule_override *override = facts->override;

	if (override != NULL)
		return check_params(path, override->forbidden_parameters,
		    override->forbidden_parameter_count);
	return check_params(path, profile->forbidden_parameters,
	    profile->forbidden_parameter_count);
}

struct verdict
rule_sender_parameters(const struct profile *profile, struct facts *facts)
{
	return check_parameters(profile, facts, &facts->sender);
}

struct verdict
rule_recipient_parameters(const struct profile *profile, struct facts *facts)
{
	return check_parameters(profile, facts, &facts_recipient(facts)->path);
}
