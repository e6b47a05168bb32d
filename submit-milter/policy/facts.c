/*
 * facts.c - see facts.h.
 */
#include "policy/facts.h"

#include "policy/files.h"

#define FIRST_RECIPIENTS 8u

void
facts_init(struct facts *facts, struct arena *arena,
    const struct rights *rights, const struct site *site)
{
	*facts = (struct facts){ .arena = arena, .rights = rights,
		.site = site };
	resolver_init(&facts->resolver, arena);
	header_init(&facts->submitted, arena);
	header_init(&facts->leaving, arena);
	octets_init(&facts->body);
}

/*
 * Mail by sendmail(1): Postfix tells of no port, writes addresses without
 * their brackets, and finds out by itself whether it needs SMTPUTF8.
 */
static bool
is_by_hand(const struct facts *facts)
{
	return span_eq(facts->listener.daemon_port, SPAN("0"));
}

static struct span
path_text(const struct facts *facts, struct span text)
{
	if (is_by_hand(facts) && (text.len == 0 || text.ptr[0] != '<'))
		return arena_printf(facts->arena, "<%.*s>", SPAN_ARG(text));
	return arena_span(facts->arena, text);
}

static int
copy_arguments(struct facts *facts, char *const *argv,
    struct facts_path *path_r)
{
	struct facts_path path = { .text = { NULL, 0 } };
	size_t n = 0;

	path.text = path_text(facts, span_of(argv[0]));
	if (path.text.ptr == NULL)
		return -1;
	while (argv[0] != NULL && argv[n + 1] != NULL)
		n++;
	if (n > 0) {
		path.params = arena_calloc(facts->arena, n,
		    sizeof(*path.params));
		if (path.params == NULL)
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		path.params[i] = arena_span(facts->arena,
		    span_of(argv[i + 1]));
		if (path.params[i].ptr == NULL)
			return -1;
	}
	path.param_count = n;
	*path_r = path;
	return 0;
}

/* True when one of the parameters has that keyword (any case). */
static bool
has_param(const struct facts_path *path, struct span keyword)
{
	for (size_t i = 0; i < path->param_count; i++) {
		struct span param = path->params[i];

		if (span_eq_nocase(span_slice(param, 0,
		    span_find(param, '=')), keyword))
			return true;
	}
	return false;
}

static void
understand(struct facts *facts, struct facts_path *path, unsigned flags)
{
	if (facts->is_smtputf8)
		flags |= PATH_UTF8;
	path->status = path_parse(path->text, flags, &path->path,
	    &path->error);
}

int
facts_set_sender(struct facts *facts, char *const *argv)
{
	if (copy_arguments(facts, argv, &facts->sender) != 0)
		return -1;
	facts->is_smtputf8 = is_by_hand(facts) ||
	    has_param(&facts->sender, SPAN("SMTPUTF8"));
	understand(facts, &facts->sender, PATH_NULL);
	facts->leaving_sender = facts->sender;
	return 0;
}

int
facts_replace_sender(struct facts *facts, struct span path,
    const char *cause)
{
	struct facts_path *leaving = &facts->leaving_sender;

	leaving->text = arena_span(facts->arena, path);
	leaving->cause = cause;
	if (leaving->text.ptr == NULL)
		return -1;
	understand(facts, leaving, PATH_NULL);
	return 0;
}

int
facts_qualify_sender(struct facts *facts, struct span path,
    const char *cause)
{
	if (facts_replace_sender(facts, path, cause) != 0)
		return -1;
	facts->sender.path = facts->leaving_sender.path;
	facts->sender.status = facts->leaving_sender.status;
	facts->sender.error = facts->leaving_sender.error;
	return 0;
}

/* Appends RECIPIENT, whose arguments are understood here. */
static int
append_recipient(struct facts *facts, struct facts_recipient recipient)
{
	if (facts->recipient_count == facts->recipient_room) {
		size_t room = facts->recipient_room == 0 ? FIRST_RECIPIENTS :
		    facts->recipient_room * 2;
		struct facts_recipient *v = arena_calloc(facts->arena, room,
		    sizeof(*v));

		if (v == NULL)
			return -1;
		if (facts->recipient_count > 0)
			memcpy(v, facts->recipients,
			    facts->recipient_count * sizeof(*v));
		facts->recipients = v;
		facts->recipient_room = room;
	}
	understand(facts, &recipient.path, PATH_POSTMASTER);
	facts->recipients[facts->recipient_count++] = recipient;
	return 0;
}

int
facts_add_recipient(struct facts *facts, char *const *argv)
{
	struct facts_recipient recipient = { .mode = RULE_ENFORCE };

	if (copy_arguments(facts, argv, &recipient.path) != 0)
		return -1;
	return append_recipient(facts, recipient);
}

/* RFC 3461: what the client wants to be told, and under which name. */
static int
keep_params(struct facts *facts, const struct facts_path *from,
    struct facts_path *to)
{
	to->params = from->param_count == 0 ? NULL : arena_calloc(
	    facts->arena, from->param_count, sizeof(*to->params));
	if (from->param_count > 0 && to->params == NULL)
		return -1;
	for (size_t i = 0; i < from->param_count; i++) {
		struct span key = span_slice(from->params[i], 0,
		    span_find(from->params[i], '='));

		if (span_eq_nocase(key, SPAN("NOTIFY")) ||
		    span_eq_nocase(key, SPAN("ORCPT")))
			to->params[to->param_count++] = from->params[i];
	}
	return 0;
}

int
facts_replace_recipient(struct facts *facts, struct span path,
    const char *cause)
{
	struct facts_recipient recipient = {
		.mode = RULE_ENFORCE,
		.path = { .cause = cause },
		.replaces = facts->recipient_count,
	};

	recipient.path.text = arena_span(facts->arena, path);
	if (recipient.path.text.ptr == NULL || keep_params(facts,
	    &facts_recipient(facts)->path, &recipient.path) != 0 ||
	    append_recipient(facts, recipient) != 0)
		return -1;
	facts->recipients[recipient.replaces - 1].is_replaced = true;
	return 0;
}

bool
facts_is_leaving(const struct facts_recipient *recipient)
{
	return recipient->verdict.action == ACTION_PASS &&
	    !recipient->is_refused_by_mta && !recipient->is_replaced;
}

int
facts_add_field(struct facts *facts, const struct profile *profile,
    const char *name, const char *value)
{
	const struct profile_limits *limits = &profile->limits;
	struct span n = span_of(name), v = span_of(value);
	size_t size = header_field_size(n, v);

	facts->header_size += size;
	facts->field_count++;
	if (size > facts->longest_field)
		facts->longest_field = size;
	if (facts->modes[RULE_MESSAGE_SYNTAX] == RULE_ENFORCE &&
	    (facts->header_size > (size_t)limits->header_size ||
	    facts->longest_field > (size_t)limits->field_size ||
	    facts->field_count > (size_t)limits->fields))
		facts->is_header_cut = true;
	if (facts->is_header_cut)
		return 0;
	n = arena_span(facts->arena, n);
	v = arena_span(facts->arena, v);
	if (n.ptr == NULL || v.ptr == NULL)
		return -1;
	return header_add(&facts->submitted, n, v);
}

int
facts_end_header(struct facts *facts, const struct profile *profile)
{
	const struct header_field *type = header_first(&facts->submitted,
	    FIELD_CONTENT_TYPE);
	struct span none = { NULL, 0 };
	struct mime_events events = files_events(facts);
	bool is_asked = profile_names_files(profile) &&
	    facts->modes[RULE_POLICY] != RULE_OFF;

	facts->mime = mime_scan_new(type == NULL ? none : type->value,
	    (size_t)profile->limits.mime_depth, is_asked ? &events : NULL,
	    facts->arena);
	if (facts->mime == NULL)
		return -1;
	return header_copy(&facts->submitted, &facts->leaving);
}

void
facts_feed_body(struct facts *facts, struct span octets)
{
	octets_feed(&facts->body, octets);
	if (facts->mime != NULL)
		mime_scan_feed(facts->mime, octets);
}

void
facts_end_body(struct facts *facts)
{
	octets_end(&facts->body);
	if (facts->mime != NULL)
		mime_scan_end(facts->mime);
}

bool
mta_is_sendmail(struct span mta_version)
{
	return mta_version.len > 0 &&
	    !span_starts_nocase(mta_version, SPAN("Postfix"));
}

size_t
mta_longest_line(struct span mta_version)
{
	return mta_is_sendmail(mta_version) ? 990 : 998;
}
