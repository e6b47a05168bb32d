/*
 * verdict - what a rule says of a message, and in which words.
 *
 * Rules, reasons, codes and texts are rows of rules.def and reasons.def;
 * there is no reply code outside these tables. Pure; any thread.
 */
#ifndef SUBMIT_POLICY_VERDICT_H
#define SUBMIT_POLICY_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

enum rule {
#define RULE(id, name, must, help) RULE_##id,
#include "policy/rules.def"
#undef RULE
	RULE_COUNT
};

enum reason {
	REASON_NONE,
#define REASON(id, name, rule, code, class, subject, detail, text) REASON_##id,
#include "policy/reasons.def"
#undef REASON
	REASON_COUNT
};

/* How a profile applies a rule. */
enum rule_mode { RULE_ENFORCE, RULE_WARN, RULE_OFF };

enum action {
	ACTION_PASS,
	ACTION_REFUSE,
	ACTION_TEMPFAIL,	/* could not be decided: a fault of ours */
};

/* Where in the transaction a rule is asked. */
enum stage {
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_HEADER,		/* the header is complete */
	STAGE_MESSAGE,		/* the body is complete too */
	STAGE_COUNT
};

struct verdict {
	enum action action;
	enum reason reason;	/* REASON_NONE when it passes */
	struct span shown;	/* fills "{}" of the text; users see it */
	struct span detail;	/* for log and audit only */
};

struct enhanced_code {
	int class, subject, detail;	/* RFC 3463 section 2 */
};

struct rule_info {
	const char *name;
	const char *must;	/* NULL: no MUST of the sources */
	const char *help;
};

struct reason_info {
	const char *name;
	enum rule rule;		/* RULE_COUNT: no rule's, a fault of ours */
	int code;		/* RFC 5321 section 4.2 */
	struct enhanced_code enhanced;
	const char *text;
};

/* What is sent to the client. */
struct reply {
	int code;
	struct enhanced_code enhanced;
	struct span text;	/* ASCII; LF between lines */
	enum reason reason;
};

/* The operator's words: a text for a reason, a contact for all. */
struct replies {
	const char *texts[REASON_COUNT];	/* NULL: the built-in text */
	const char *contact;			/* NULL or empty: none */
};

const struct rule_info *rule_info(enum rule rule);
const struct reason_info *reason_info(enum reason reason);

/* By name; RULE_COUNT or REASON_NONE when there is none of that name. */
enum rule rule_find(struct span name);
enum reason reason_find(struct span name);

const char *rule_mode_name(enum rule_mode mode);
const char *action_name(enum action action);
const char *stage_name(enum stage stage);

static inline struct verdict
verdict_pass(void)
{
	return (struct verdict){ .action = ACTION_PASS };
}

static inline struct verdict
verdict_refuse(enum reason reason, struct span shown, struct span detail)
{
	return (struct verdict){ ACTION_REFUSE, reason, shown, detail };
}

static inline struct verdict
verdict_tempfail(enum reason reason, struct span detail)
{
	return (struct verdict){ .action = ACTION_TEMPFAIL, .reason = reason,
		.detail = detail };
}

/*
 * The reply for a verdict that does not pass. Octets that are not printable
 * ASCII come out as "?". What VERDICT shows is cut to a sane length. Never
 * fails: without memory the built-in text is used as it stands.
 */
struct reply verdict_reply(const struct verdict *verdict,
    const struct replies *replies, struct arena *arena);

#endif
