/*
 * completion.c - see completion.h. Each repair is one function that looks
 * at the header as it leaves and notes what it changes.
 */
#include "edit/completion.h"

#include "base/ascii.h"
#include "base/sbuf.h"
#include "edit/fix.h"
#include "syntax/date.h"
#include "syntax/msgid.h"

/* What a repair needs to know, and where it notes what it did. */
struct completion {
	const struct profile *profile;
	struct facts *facts;
	struct header *header;
	struct edit_list *list;
	const char *error;
};

static size_t
index_of(const struct header *header, const struct header_field *field)
{
	return (size_t)(field - header->v);
}

/*
 * A client's value, fit to stand in a field of ours: no line end but in
 * folding, no other control.
 */
static struct span
harmless(struct completion *c, struct span value)
{
	struct sbuf out;
	struct span text = { NULL, 0 };

	value = span_trim(value);
	sbuf_init(&out, c->facts->arena, value.len);
	for (size_t i = 0; i < value.len; i++) {
		unsigned char o = (unsigned char)value.ptr[i];
		bool is_fold = o == '\n' && i + 1 < value.len &&
		    ascii_is_wsp((unsigned char)value.ptr[i + 1]);

		sbuf_addc(&out, is_fold || o == '\t' || !ascii_is_cntrl(o) ?
		    (char)o : '?');
	}
	return sbuf_done(&out, &text) == 0 ? text : (struct span){ NULL, 0 };
}

/* Replaces FIELD and keeps what stood there in a field named ORIGINAL. */
static enum completion_status
replace_keeping(struct completion *c, struct header_field *field,
    struct span value, const char *original, const char *cause)
{
	struct span old = harmless(c, field->value);

	if (old.ptr == NULL || edit_replace(c->list, c->header,
	    index_of(c->header, field), value, cause) != 0)
		return COMPLETION_NO_MEMORY;
	if (old.len > 0 && edit_add(c->list, c->header, original, old,
	    cause) != 0)
		return COMPLETION_NO_MEMORY;
	return COMPLETION_OK;
}

static enum completion_status
delete_all(struct completion *c, enum field_id id, const char *cause)
{
	for (size_t i = c->header->n; i > 0; i--)
		if (c->header->v[i - 1].id == id && edit_delete(c->list,
		    c->header, i - 1, cause) != 0)
			return COMPLETION_NO_MEMORY;
	return COMPLETION_OK;
}

/*
 * The X-Original fields speak of what we replaced; those that a client
 * sends would speak of it falsely.
 */
static enum completion_status
drop_originals(struct completion *c)
{
	static const enum field_id ids[] = {
		FIELD_X_ORIGINAL_DATE, FIELD_X_ORIGINAL_FROM,
		FIELD_X_ORIGINAL_MESSAGE_ID, FIELD_X_ORIGINAL_SENDER,
	};
	enum completion_status status = COMPLETION_OK;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]) &&
	    status == COMPLETION_OK; i++)
		status = delete_all(c, ids[i], "original");
	return status;
}

/* RFC 6409 section 8.2. Two of them are for message-syntax to refuse. */
static enum completion_status
complete_date(struct completion *c)
{
	struct header_field *field = header_first(c->header, FIELD_DATE);
	char text[DATE_SIZE];
	struct date date;
	struct span value;

	if (header_count(c->header, FIELD_DATE) > 1 ||
	    (field != NULL && date_parse(field->value, &date) == 1))
		return COMPLETION_OK;
	date_print(c->facts->now, 0, text);
	value = arena_span(c->facts->arena, span_of(text));
	if (value.ptr == NULL)
		return COMPLETION_NO_MEMORY;
	if (field != NULL)
		return replace_keeping(c, field, value, "X-Original-Date",
		    "date");
	return edit_add(c->list, c->header, "Date", value, "date") == 0 ?
	    COMPLETION_OK : COMPLETION_NO_MEMORY;
}

/*
 * RFC 6409 section 8.3. The id of the transaction is unique, tells nobody
 * but the operator anything, and leads straight to the audit record.
 */
static enum completion_status
complete_message_id(struct completion *c)
{
	struct header_field *field = header_first(c->header,
	    FIELD_MESSAGE_ID);
	struct span value;

	if (header_count(c->header, FIELD_MESSAGE_ID) > 1 ||
	    (field != NULL && msgid_is_valid(field->value, NULL)))
		return COMPLETION_OK;
	value = arena_printf(c->facts->arena, "<%.*s@%.*s>",
	    SPAN_ARG(c->facts->id), SPAN_ARG(c->facts->host));
	if (value.ptr == NULL)
		return COMPLETION_NO_MEMORY;
	if (field != NULL)
		return replace_keeping(c, field, value,
		    "X-Original-Message-ID", "message-id");
	return edit_add(c->list, c->header, "Message-ID", value,
	    "message-id") == 0 ? COMPLETION_OK : COMPLETION_NO_MEMORY;
}

static enum completion_status
right_to(struct completion *c, const struct address *address,
    enum right *right_r)
{
	struct rights_source source;

	return rights_check(c->facts->rights, &c->facts->resolver,
	    &c->facts->identity, address->local, address->domain, right_r,
	    &source, &c->error) == LOOKUP_FAILED ? COMPLETION_LOOKUP_FAILED :
	    COMPLETION_OK;
}

static bool
is_same_mailbox(struct completion *c, const struct address *address,
    const struct mailbox *mailbox)
{
	bool is_folded = c->facts->rights->fold_local_part;
	struct span a, b;

	return mailbox_fold(address->local, address->domain, is_folded,
	    c->facts->arena, &a) == 0 &&
	    mailbox_fold(mailbox->local, mailbox->domain, is_folded,
	    c->facts->arena, &b) == 0 && span_eq(a, b);
}

/* Does From leave open who sent the message? (RFC 5322, section 3.6.2) */
static enum completion_status
sender_is_needed(struct completion *c, const struct address_list *from,
    bool *is_needed_r)
{
	const struct facts_path *envelope = &c->facts->sender;
	bool is_envelope_in_from = false, is_needed = from->n > 1;

	for (size_t i = 0; i < from->n; i++) {
		enum right right = RIGHT_NONE;
		enum completion_status status = right_to(c, &from->v[i],
		    &right);

		if (status != COMPLETION_OK)
			return status;
		if (right == RIGHT_ACTS_FOR)
			is_needed = true;
		if (envelope->status == PATH_OK && is_same_mailbox(c,
		    &from->v[i], &envelope->path.mailbox))
			is_envelope_in_from = true;
	}
	if (c->profile->complete.sender_from_envelope &&
	    envelope->status == PATH_OK && !envelope->path.is_null &&
	    !is_envelope_in_from)
		is_needed = true;
	*is_needed_r = is_needed;
	return COMPLETION_OK;
}

/* A Sender that names an address of the identity's own stays as it is. */
static enum completion_status
sender_is_own(struct completion *c, struct header_field *field, bool *is_own_r)
{
	const struct header_addresses *a = header_addresses(c->header, field);
	enum completion_status status;
	enum right right = RIGHT_NONE;

	if (a == NULL)
		return COMPLETION_NO_MEMORY;
	*is_own_r = false;
	if (!a->is_valid || a->list.n != 1)
		return COMPLETION_OK;
	status = right_to(c, &a->list.v[0], &right);
	*is_own_r = right == RIGHT_OWN;
	return status;
}

static enum completion_status
write_sender(struct completion *c, struct header_field *field)
{
	struct span address = { NULL, 0 };

	switch (rights_primary(c->facts->rights, &c->facts->resolver,
	    &c->facts->identity, &address, &c->error)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		/* Only a valid mail address may stand there (section 8.1). */
		return COMPLETION_OK;
	case LOOKUP_FAILED:
		return COMPLETION_LOOKUP_FAILED;
	}
	if (span_has_8bit(address) && !c->facts->is_smtputf8)
		return COMPLETION_OK;
	if (field != NULL)
		return replace_keeping(c, field, address,
		    "X-Original-Sender", "sender");
	return edit_add(c->list, c->header, "Sender", address, "sender") == 0 ?
	    COMPLETION_OK : COMPLETION_NO_MEMORY;
}

/* RFC 6409 section 8.1. */
static enum completion_status
complete_sender(struct completion *c)
{
	struct header_field *from = header_first(c->header, FIELD_FROM);
	struct header_field *sender = header_first(c->header, FIELD_SENDER);
	const struct header_addresses *a;
	enum completion_status status;
	bool is_needed = false, is_own = false;

	if (c->facts->identity.route == ROUTE_NONE ||
	    c->facts->parked.action != ACTION_PASS ||
	    header_count(c->header, FIELD_FROM) != 1 ||
	    header_count(c->header, FIELD_SENDER) > 1)
		return COMPLETION_OK;
	a = header_addresses(c->header, from);
	if (a == NULL)
		return COMPLETION_NO_MEMORY;
	if (!a->is_valid)
		return COMPLETION_OK;
	status = sender_is_needed(c, &a->list, &is_needed);
	if (status == COMPLETION_OK && is_needed && sender != NULL)
		status = sender_is_own(c, sender, &is_own);
	if (status != COMPLETION_OK || !is_needed || is_own)
		return status;
	return write_sender(c, sender);
}

/*
 * Bcc leaves no trace; a message that then names no destination gets an
 * empty group, as some receivers insist on a To field.
 */
static enum completion_status
complete_destination(struct completion *c)
{
	enum completion_status status = delete_all(c, FIELD_BCC, "bcc");

	if (status == COMPLETION_OK)
		status = delete_all(c, FIELD_RESENT_BCC, "bcc");
	if (status != COMPLETION_OK || header_count(c->header, FIELD_TO) > 0 ||
	    header_count(c->header, FIELD_CC) > 0)
		return status;
	return edit_add(c->list, c->header, "To",
	    SPAN("undisclosed-recipients:;"), "destination") == 0 ?
	    COMPLETION_OK : COMPLETION_NO_MEMORY;
}

enum completion_status
completion_run(const struct profile *profile, struct facts *facts,
    struct edit_list *list, const char **error_r)
{
	const struct profile_complete *on = &profile->complete;
	struct completion c = {
		.profile = profile,
		.facts = facts,
		.header = &facts->leaving,
		.list = list,
		.error = "look-up failed",
	};
	enum completion_status status = COMPLETION_OK;

	if (on->date || on->message_id || on->sender ||
	    facts->is_from_to_fix)
		status = drop_originals(&c);
	if (status == COMPLETION_OK)
		status = fix_from(facts, list, &c.error);
	if (status == COMPLETION_OK && on->date)
		status = complete_date(&c);
	if (status == COMPLETION_OK && on->message_id)
		status = complete_message_id(&c);
	if (status == COMPLETION_OK && on->sender)
		status = complete_sender(&c);
	if (status == COMPLETION_OK && on->destination)
		status = complete_destination(&c);
	if (status == COMPLETION_LOOKUP_FAILED)
		*error_r = c.error;
	return status;
}
