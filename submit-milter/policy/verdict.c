/*
 * verdict.c - see verdict.h.
 */
#include "policy/verdict.h"

#include "base/ascii.h"
#include "base/sbuf.h"

/* A reply line stays well below the 512 octets of RFC 5321, 4.5.3.1.5. */
#define SHOWN_CEILING 200u
/* A text and a contact of ten lines of 250 octets each, and what is shown. */
#define REPLY_CEILING 6000u

static const struct rule_info rules[] = {
#define RULE(id, name, must, help) [RULE_##id] = { name, must, help },
#include "policy/rules.def"
#undef RULE
	[RULE_COUNT] = { "", NULL, "" },
};

static const struct reason_info reasons[] = {
	[REASON_NONE] = { "", RULE_COUNT, 250, { 2, 0, 0 }, "" },
#define REASON(id, name, rule, code, class, subject, detail, text) \
	[REASON_##id] = { name, RULE_##rule, code, \
		{ class, subject, detail }, text },
#include "policy/reasons.def"
#undef REASON
};

const struct rule_info *
rule_info(enum rule rule)
{
	return &rules[rule];
}

const struct reason_info *
reason_info(enum reason reason)
{
	return &reasons[reason];
}

enum rule
rule_find(struct span name)
{
	int i;

	for (i = 0; i < RULE_COUNT; i++)
		if (span_eq(span_of(rules[i].name), name))
			break;
	return (enum rule)i;
}

enum reason
reason_find(struct span name)
{
	for (int i = REASON_NONE + 1; i < REASON_COUNT; i++)
		if (span_eq(span_of(reasons[i].name), name))
			return (enum reason)i;
	return REASON_NONE;
}

const char *
rule_mode_name(enum rule_mode mode)
{
	static const char *const names[] = {
		[RULE_ENFORCE] = "enforce",
		[RULE_WARN] = "warn",
		[RULE_OFF] = "off",
	};

	return names[mode];
}

const char *
action_name(enum action action)
{
	static const char *const names[] = {
		[ACTION_PASS] = "pass",
		[ACTION_REFUSE] = "refuse",
		[ACTION_TEMPFAIL] = "tempfail",
	};

	return names[action];
}

const char *
stage_name(enum stage stage)
{
	static const char *const names[] = {
		[STAGE_MAIL] = "mail",
		[STAGE_RCPT] = "rcpt",
		[STAGE_HEADER] = "header",
		[STAGE_MESSAGE] = "message",
		[STAGE_COUNT] = "",
	};

	return names[stage];
}

/* Adds octets that a reply may carry: printable ASCII and LF. */
static void
add_printable(struct sbuf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		sbuf_addc(out, c == '\n' || c == ' ' || ascii_is_vchar(c) ?
		    (char)c : '?');
	}
}

/* What is shown was often written by the client: one line, cut short. */
static void
add_shown(struct sbuf *out, struct span shown)
{
	if (shown.len > SHOWN_CEILING)
		shown.len = SHOWN_CEILING;
	for (size_t i = 0; i < shown.len; i++)
		if (shown.ptr[i] == '\n')
			sbuf_addc(out, '?');
		else
			add_printable(out, span_slice(shown, i, i + 1));
}

static void
add_text(struct sbuf *out, const char *text, struct span shown)
{
	const char *place = strstr(text, "{}");

	if (place == NULL) {
		add_printable(out, span_of(text));
		return;
	}
	add_printable(out, (struct span){ text, (size_t)(place - text) });
	add_shown(out, shown);
	add_printable(out, span_of(place + 2));
}

struct reply
verdict_reply(const struct verdict *verdict, const struct replies *replies,
    struct arena *arena)
{
	const struct reason_info *info = reason_info(verdict->reason);
	const char *text = replies->texts[verdict->reason];
	struct reply reply = {
		.code = info->code,
		.enhanced = info->enhanced,
		.reason = verdict->reason,
	};
	struct sbuf out;

	sbuf_init(&out, arena, REPLY_CEILING);
	add_text(&out, text != NULL ? text : info->text, verdict->shown);
	if (replies->contact != NULL && replies->contact[0] != '\0') {
		sbuf_addc(&out, '\n');
		add_printable(&out, span_of(replies->contact));
	}
	if (sbuf_done(&out, &reply.text) != 0)
		reply.text = span_of(info->text);
	return reply;
}
