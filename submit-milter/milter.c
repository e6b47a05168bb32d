/*
 * milter.c - see milter.h. The only file that includes libmilter/mfapi.h.
 *
 * Each callback finds its session, calls it, and turns the reply into one
 * of libmilter's. A callback without session (there was no memory at
 * connect) turns mail away for the time being.
 */
#include "milter.h"

#include <stdbool.h>	/* before mfapi.h, which else makes bool an int */
#include <stdint.h>
#include <stdio.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <libmilter/mfapi.h>

#include "base/log.h"
#include "config/config.h"
#include "policy/sitelib.h"
#include "session.h"
#include "mtasocket.h"

/*
 * A text and a contact of ten lines each (config/check.c). A line has at most
 * 450 octets before its percent signs are doubled; smfi_setmlreply takes 980.
 */
#define REPLY_LINES 20
#define REPLY_LINE_SIZE 980

static struct runtime *the_runtime;	/* set once, before any callback */
static bool is_unix_socket;		/* likewise */

/*
 * The replies that say nothing are left out on a UNIX socket, which doubles
 * the throughput; over TCP the delayed acknowledgement of the other side
 * makes that a disaster. Where the MTA wants them all the same, libmilter
 * says so for us; but it writes a line to syslog for each callback that
 * returns anything else than it has promised.
 * The connection is answered: Postfix would keep it in a buffer until MAIL,
 * and never tell of a client that goes before.
 * DATA and chunks of the body are answered where mtasocket.h has no hand in
 * it.
 * Where Postfix shows no message after DATA, it tells of DATA just before it
 * hangs up, and of who has gone libmilter alone reads nothing. And the last
 * chunk may come with the end of the message; when that is met by silence,
 * libmilter leaves on_end() out: one must know which it is.
 */
static const unsigned long silent_steps = SMFIP_NR_HELO | SMFIP_NR_HDR |
    SMFIP_NR_EOH;
static const unsigned long silent_when_known = SMFIP_NR_DATA | SMFIP_NR_BODY;

static sfsistat
go_on_silently(void)
{
	return is_unix_socket ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static const char *
get_macro(void *context, const char *name)
{
	/* smfi_getsymval() does not change the name that it takes. */
	return smfi_getsymval(context, (char *)(uintptr_t)name);
}

static struct session_macros
macros_of(SMFICTX *ctx)
{
	return (struct session_macros){ get_macro, ctx };
}

/*
 * One line of a reply as libmilter wants it: the percent sign doubled, as
 * the MTA takes the text for a format.
 */
static void
format_line(struct span line, char out[REPLY_LINE_SIZE])
{
	size_t n = 0;

	for (size_t i = 0; i < line.len && n + 3 < REPLY_LINE_SIZE; i++) {
		if (line.ptr[i] == '%')
			out[n++] = '%';
		out[n++] = line.ptr[i];
	}
	out[n] = '\0';
}

/* Turns away, in all the words that the reply has. */
static sfsistat
refuse(SMFICTX *ctx, const struct reply *reply)
{
	char lines[REPLY_LINES][REPLY_LINE_SIZE];
	char *l[REPLY_LINES] = { NULL };
	struct span rest = reply->text;
	char code[4], enhanced[16];

	for (int i = 0; i < REPLY_LINES && (i == 0 || rest.len > 0); i++) {
		size_t end = span_find(rest, '\n');

		format_line(span_slice(rest, 0, end), lines[i]);
		l[i] = lines[i];
		rest = end < rest.len ? span_slice(rest, end + 1, rest.len) :
		    (struct span){ NULL, 0 };
	}
	(void)snprintf(code, sizeof(code), "%3d", reply->code);
	(void)snprintf(enhanced, sizeof(enhanced), "%d.%d.%d",
	    reply->enhanced.class, reply->enhanced.subject,
	    reply->enhanced.detail);
	if (smfi_setmlreply(ctx, code, enhanced, l[0], l[1], l[2], l[3], l[4],
	    l[5], l[6], l[7], l[8], l[9], l[10], l[11], l[12], l[13], l[14],
	    l[15], l[16], l[17], l[18], l[19], NULL) != MI_SUCCESS)
		log_error("libmilter did not take reply %s %s", code,
		    enhanced);
	return reply->code < 500 ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}

static sfsistat
answer(SMFICTX *ctx, const struct reply *reply)
{
	return reply->code == 0 ? SMFIS_CONTINUE : refuse(ctx, reply);
}

/* --- the connection ------------------------------------------------------- */

static int
want_macros(SMFICTX *ctx)
{
	static const struct {
		int stage;
		const char *macros;
	} wanted[] = {
		{ SMFIM_CONNECT, session_connect_macros },
		{ SMFIM_HELO, session_helo_macros },
		{ SMFIM_ENVFROM, session_mail_macros },
		{ SMFIM_ENVRCPT, session_rcpt_macros },
		{ SMFIM_DATA, session_data_macros },
		{ SMFIM_EOM, session_end_macros },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (smfi_setsymlist(ctx, wanted[i].stage,
		    (char *)(uintptr_t)wanted[i].macros) != MI_SUCCESS)
			return -1;
	return 0;
}

/* What is asked for where the MTA has it: see lacks_wished(). */
static const unsigned long wished_actions = SMFIF_CHGFROM | SMFIF_ADDRCPT |
    SMFIF_ADDRCPT_PAR | SMFIF_DELRCPT;

/* An MTA without envelope to change will do where none is to be changed. */
static bool
lacks_wished(unsigned long offered_actions)
{
	struct config *config = runtime_config(the_runtime);
	bool is_needed = site_changes_envelope(&config->site);

	config_unref(&config);
	return is_needed && (offered_actions & wished_actions) !=
	    wished_actions;
}

/* Asks for what is needed and no more. */
static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long offered_actions,
    unsigned long offered_steps, unsigned long reserved2,
    unsigned long reserved3, unsigned long *actions, unsigned long *steps,
    unsigned long *zero2, unsigned long *zero3)
{
	const unsigned long needed_actions = SMFIF_ADDHDRS | SMFIF_CHGHDRS |
	    SMFIF_CHGBODY;
	const unsigned long needed_steps = SMFIP_HDR_LEADSPC;
	const unsigned long skipped = SMFIP_NOUNKNOWN;

	(void)reserved2;
	(void)reserved3;
	if ((offered_actions & needed_actions) != needed_actions ||
	    (offered_steps & needed_steps) != needed_steps) {
		log_error("this MTA cannot %s: it is too old to be served",
		    (offered_steps & needed_steps) != needed_steps ?
		    "show header fields with their blanks" :
		    "change header fields and body");
		return SMFIS_REJECT;
	}
	if (lacks_wished(offered_actions)) {
		log_error("this MTA cannot change sender and recipients, as "
		    "qualify, rewrites or aliases need: it is not served");
		return SMFIS_REJECT;
	}
	*actions = needed_actions | (offered_actions & wished_actions);
	*steps = needed_steps | (offered_steps & (skipped | SMFIP_RCPT_REJ));
	if (is_unix_socket)
		*steps |= silent_steps;
	if (is_unix_socket && mtasocket_command() == SMFIC_OPTNEG)
		*steps |= silent_when_known;
	*zero2 = *zero3 = 0;
	if ((offered_actions & SMFIF_SETSYMLIST) != 0) {
		*actions |= SMFIF_SETSYMLIST;
		if (want_macros(ctx) != 0)
			return SMFIS_REJECT;
	}
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *host_name, _SOCK_ADDR *address)
{
	struct session_macros macros = macros_of(ctx);
	struct session *session = session_new(the_runtime);
	char text[INET6_ADDRSTRLEN] = "";
	unsigned port = 0;

	if (session == NULL) {
		log_error("no memory for a connection");
		return SMFIS_CONTINUE;	/* MAIL will be turned away */
	}
	if (address != NULL && address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;

		(void)inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		port = ntohs(in->sin_port);
	} else if (address != NULL && address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const void *)address;

		(void)inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
		port = ntohs(in->sin6_port);
	}
	session_connect(session, host_name, text, port, &macros);
	(void)smfi_setpriv(ctx, session);
	return SMFIS_CONTINUE;
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	struct session *session = smfi_getpriv(ctx);

	if (session != NULL)
		session_helo(session, name);
	return go_on_silently();
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	(void)smfi_setpriv(ctx, NULL);
	session_free(&session);
	return SMFIS_CONTINUE;
}

/* --- the transaction ------------------------------------------------------ */

/*
 * libmilter calls no abort after a final reply to MAIL or at the end of the
 * message: the transaction ends here, once the reply is handed over.
 */
static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct session *session = smfi_getpriv(ctx);
	struct session_macros macros = macros_of(ctx);
	struct reply reply;
	sfsistat status;

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	reply = session_mail(session, argv, &macros);
	status = answer(ctx, &reply);
	if (status != SMFIS_CONTINUE)
		session_abort(session);
	return status;
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	struct session *session = smfi_getpriv(ctx);
	struct session_macros macros = macros_of(ctx);
	struct reply reply;

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	reply = session_rcpt(session, argv, &macros);
	return answer(ctx, &reply);
}

static sfsistat
on_data(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session != NULL)
		session_data(session);
	return mtasocket_command() == SMFIC_DATA ? go_on_silently() :
	    SMFIS_CONTINUE;
}

static sfsistat
on_field(SMFICTX *ctx, char *name, char *value)
{
	struct session *session = smfi_getpriv(ctx);

	if (session != NULL)
		session_field(session, name, value);
	return go_on_silently();
}

static sfsistat
on_end_header(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session != NULL)
		session_end_header(session);
	return go_on_silently();
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *octets, size_t len)
{
	struct session *session = smfi_getpriv(ctx);

	if (session != NULL)
		session_body(session, (struct span){ (const char *)octets,
		    len });
	return mtasocket_command() == SMFIC_BODY ? go_on_silently() :
	    SMFIS_CONTINUE;
}

/* The new body, piece by piece. */
static int
replace_body(SMFICTX *ctx, struct spool *body)
{
	uint64_t at = 0;
	struct span piece;
	const char *error;

	while (at < spool_size(body)) {
		if (spool_read(body, at, &piece, &error) != 0) {
			log_error("%s", error);
			return MI_FAILURE;
		}
		if (smfi_replacebody(ctx, (unsigned char *)(uintptr_t)
		    piece.ptr, (int)piece.len) != MI_SUCCESS)
			return MI_FAILURE;
		at += piece.len;
	}
	return MI_SUCCESS;
}

static int
add_recipient(SMFICTX *ctx, char *path, struct span params)
{
	return params.len == 0 ? smfi_addrcpt(ctx, path) :
	    smfi_addrcpt_par(ctx, path, (char *)(uintptr_t)params.ptr);
}

/* One edit as the MTA takes it. libmilter changes none of the strings. */
static int
apply_one(SMFICTX *ctx, const struct edit *edit)
{
	char *name = (char *)(uintptr_t)edit->name.ptr;
	char *value = (char *)(uintptr_t)edit->value.ptr;
	int n = (int)edit->occurrence;

	switch (edit->kind) {
	case EDIT_ADD:
		return smfi_addheader(ctx, name, value);
	case EDIT_PREPEND:
		return smfi_insheader(ctx, 0, name, value);
	case EDIT_REPLACE:
		return smfi_chgheader(ctx, name, n, value);
	case EDIT_DELETE:
		return smfi_chgheader(ctx, name, n, NULL);
	case EDIT_BODY:
		return replace_body(ctx, edit->body);
	case EDIT_SENDER:
		/* Without arguments both MTAs keep those of MAIL. */
		return smfi_chgfrom(ctx, value, NULL);
	case EDIT_ADD_RECIPIENT:
		return add_recipient(ctx, value, edit->params);
	case EDIT_DELETE_RECIPIENT:
		return smfi_delrcpt(ctx, value);
	}
	return MI_FAILURE;
}

static int
apply_kind(SMFICTX *ctx, const struct edit_list *edits, enum edit_kind kind)
{
	for (size_t i = 0; i < edits->n; i++)
		if (edits->v[i].kind == kind &&
		    apply_one(ctx, &edits->v[i]) != MI_SUCCESS)
			return -1;
	return 0;
}

/*
 * Fields of one name from the last to the first, so that none that is still
 * to go has moved.
 */
static int
apply_deletions(SMFICTX *ctx, const struct edit_list *edits)
{
	size_t last = 0;

	for (size_t i = 0; i < edits->n; i++)
		if (edits->v[i].kind == EDIT_DELETE &&
		    edits->v[i].occurrence > last)
			last = edits->v[i].occurrence;
	for (; last > 0; last--)
		for (size_t i = 0; i < edits->n; i++)
			if (edits->v[i].kind == EDIT_DELETE &&
			    edits->v[i].occurrence == last &&
			    apply_one(ctx, &edits->v[i]) != MI_SUCCESS)
				return -1;
	return 0;
}

static int
apply_kind_in_order(SMFICTX *ctx, const struct edit_list *edits,
    enum edit_kind kind)
{
	return kind == EDIT_DELETE ? apply_deletions(ctx, edits) :
	    apply_kind(ctx, edits, kind);
}

/*
 * Edits name fields by their place in the submitted header. Replacements
 * move nothing and go first, then deletions; then comes what is new.
 */
static int
apply_edits(void *context, const struct edit_list *edits)
{
	static const enum edit_kind order[] = {
		EDIT_SENDER, EDIT_DELETE_RECIPIENT, EDIT_ADD_RECIPIENT,
		EDIT_REPLACE, EDIT_DELETE, EDIT_ADD, EDIT_PREPEND, EDIT_BODY,
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (apply_kind_in_order(context, edits, order[i]) != 0)
			return -1;
	return 0;
}

static sfsistat
on_end(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);
	struct session_macros macros = macros_of(ctx);
	struct reply reply;
	sfsistat status;

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	reply = session_end(session, &macros, apply_edits, ctx);
	status = answer(ctx, &reply);
	session_abort(session);
	return status;
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session != NULL)
		session_abort(session);
	return SMFIS_CONTINUE;
}

/* -------------------------------------------------------------------------- */

int
milter_open(struct runtime *runtime, const char *socket, const char **error_r)
{
	static char name[] = "submit-milter";
	struct smfiDesc filter = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY |
		    SMFIF_SETSYMLIST | wished_actions,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_data = on_data,
		.xxfi_header = on_field,
		.xxfi_eoh = on_end_header,
		.xxfi_body = on_body,
		.xxfi_eom = on_end,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};
	struct span spec = span_of(socket);

	the_runtime = runtime;
	is_unix_socket = span_starts_nocase(spec, SPAN("unix:")) ||
	    span_starts_nocase(spec, SPAN("local:"));
	if (smfi_register(filter) != MI_SUCCESS) {
		*error_r = "libmilter did not take the filter";
		return -1;
	}
	if (smfi_setconn((char *)(uintptr_t)socket) != MI_SUCCESS) {
		*error_r = "libmilter did not take the socket";
		return -1;
	}
	if (smfi_opensocket(true) != MI_SUCCESS) {
		*error_r = "cannot listen on the socket";
		return -1;
	}
	return 0;
}

int
milter_serve(void)
{
	return smfi_main() == MI_SUCCESS ? 0 : -1;
}

const char *
milter_version(void)
{
	static char text[32];
	unsigned major, minor, patch;

	(void)smfi_version(&major, &minor, &patch);
	(void)snprintf(text, sizeof(text), "%u.%u.%u", major, minor, patch);
	return text;
}
