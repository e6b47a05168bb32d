/*
 * session.c - see session.h.
 *
 * What the MTA says of the connection is taken at the stage where it is
 * right and kept: Postfix has no TLS macros at the end of the message and
 * another {daemon_name} there.
 */
#include "session.h"

#include <stdlib.h>
#include <time.h>

#include "base/ascii.h"
#include "base/histogram.h"
#include "base/uid.h"
#include "connection.h"
#include "syntax/xtext.h"

const char session_connect_macros[] =
    "j v {daemon_name} {daemon_addr} {daemon_port}";
#define TLS_MACROS "{tls_version} {cipher} {cipher_bits} " \
	"{cert_subject} {cert_issuer} {cert_fp} {verify}"
const char session_helo_macros[] = TLS_MACROS;
const char session_mail_macros[] = "i {auth_type} {auth_authen} " TLS_MACROS;
const char session_rcpt_macros[] = "i {rcpt_mailer} {rcpt_host} {rcpt_addr}";
/* Any that there always is: libmilter takes an empty list for an error. */
const char session_data_macros[] = "j";
const char session_end_macros[] = "i";

/* Text of the other side is cut to these sizes. */
#define NAME_SIZE 256
#define ADDRESS_SIZE 64

struct session {
	struct runtime *runtime;
	struct transaction *transaction;	/* NULL: none under way */
	int64_t began_us;		/* since 1970 */
	int64_t began_ticks;		/* monotonic, microseconds */
	bool has_client;
	bool has_mail;			/* it came to MAIL once */
	bool is_replied;		/* and nothing was heard since */
	char id[UID_SIZE];
	char host[NAME_SIZE];
	char daemon_name[NAME_SIZE];
	char daemon_addr[ADDRESS_SIZE];
	char daemon_port[ADDRESS_SIZE];
	char client_name[NAME_SIZE];
	char client_address[ADDRESS_SIZE];
	unsigned client_port;
	struct ip client_ip;
	bool has_client_ip;
	char helo[NAME_SIZE];
	char tls_version[ADDRESS_SIZE];
	char cipher[NAME_SIZE];
	unsigned cipher_bits;
	char cert_subject[NAME_SIZE];
	char cert_issuer[NAME_SIZE];
	char cert_fingerprint[NAME_SIZE];
	char verify[ADDRESS_SIZE];
	char mta_version[NAME_SIZE];
	char login[NAME_SIZE];
};

/* Copies TEXT (NULL: nothing) into ROOM octets. False if it was cut. */
static bool
keep(char *to, size_t room, const char *text)
{
	struct span s = span_of(text);
	bool is_whole = s.len < room;

	if (!is_whole)
		s.len = room - 1;
	if (s.len > 0)
		memcpy(to, s.ptr, s.len);
	to[s.len] = '\0';
	return is_whole;
}

static const char *
macro(const struct session_macros *macros, const char *name)
{
	return macros->get(macros->context, name);
}

static unsigned
number(const char *text)
{
	unsigned n = 0;

	for (; text != NULL && ascii_is_digit((unsigned char)*text); text++) {
		if (n > 100000)
			break;
		n = n * 10 + (unsigned)(*text - '0');
	}
	return n;
}

static int64_t
microseconds(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct session *
session_new(struct runtime *runtime)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return NULL;
	session->began_us = microseconds(CLOCK_REALTIME);
	session->began_ticks = microseconds(CLOCK_MONOTONIC);
	if (uid_make(session->began_us / 1000, session->id) != 0) {
		free(session);
		return NULL;
	}
	session->runtime = runtime;
	metrics_connect(runtime_metrics(runtime));
	return session;
}

/* The MTA goes on: it has the last reply. */
static void
hear(struct session *session)
{
	if (session->is_replied)
		runtime_reply_seen(session->runtime);
	session->is_replied = false;
}

void
session_connect(struct session *session, const char *host_name,
    const char *address, unsigned port, const struct session_macros *macros)
{
	hear(session);
	session_abort(session);
	session->has_client = true;
	(void)keep(session->host, NAME_SIZE, macro(macros, "j"));
	(void)keep(session->mta_version, NAME_SIZE, macro(macros, "v"));
	(void)keep(session->daemon_name, NAME_SIZE,
	    macro(macros, "{daemon_name}"));
	(void)keep(session->daemon_addr, ADDRESS_SIZE,
	    macro(macros, "{daemon_addr}"));
	(void)keep(session->daemon_port, ADDRESS_SIZE,
	    macro(macros, "{daemon_port}"));
	(void)keep(session->client_name, NAME_SIZE, host_name);
	(void)keep(session->client_address, ADDRESS_SIZE, address);
	session->client_port = port;
	session->has_client_ip = ip_parse(span_of(session->client_address),
	    &session->client_ip) == 1;
}

/* RFC 5321 section 4.1.4: EHLO begins anew. */
void
session_helo(struct session *session, const char *name)
{
	hear(session);
	session_abort(session);
	(void)keep(session->helo, NAME_SIZE, name);
}

static void
learn_tls(struct session *session, const struct session_macros *macros)
{
	(void)keep(session->tls_version, ADDRESS_SIZE,
	    macro(macros, "{tls_version}"));
	(void)keep(session->cipher, NAME_SIZE, macro(macros, "{cipher}"));
	session->cipher_bits = number(macro(macros, "{cipher_bits}"));
}

/*
 * A name that does not fit is no name: it could be another's beginning.
 * Sendmail tells names as xtext, so that those with a plus or a blank look
 * different from what Postfix tells.
 */
static void
keep_whole(const struct session *session, char *to, size_t room,
    const char *text)
{
	bool is_xtext = mta_is_sendmail(span_of(session->mta_version));

	if (!keep(to, room, text) || (is_xtext && xtext_decode(to) != 1))
		to[0] = '\0';
}

static void
learn_certificate(struct session *session,
    const struct session_macros *macros)
{
	keep_whole(session, session->cert_subject, NAME_SIZE,
	    macro(macros, "{cert_subject}"));
	keep_whole(session, session->cert_issuer, NAME_SIZE,
	    macro(macros, "{cert_issuer}"));
	keep_whole(session, session->cert_fingerprint, NAME_SIZE,
	    macro(macros, "{cert_fp}"));
	(void)keep(session->verify, ADDRESS_SIZE, macro(macros, "{verify}"));
}

/*
 * {auth_authen} alone says who it is; {auth_author} is what the client
 * wrote.
 */
static void
learn_login(struct session *session, const struct session_macros *macros)
{
	keep_whole(session, session->login, NAME_SIZE,
	    macro(macros, "{auth_authen}"));
}

static struct transaction_peer
peer_of(struct session *session)
{
	return (struct transaction_peer){
		.session = span_of(session->id),
		.host = session->host[0] != '\0' ? span_of(session->host) :
		    SPAN("localhost"),
		.listener = {
			span_of(session->daemon_name),
			span_of(session->daemon_addr),
			span_of(session->daemon_port),
		},
		.client = {
			.address = span_of(session->client_address),
			.ip = session->client_ip,
			.has_ip = session->has_client_ip,
			.port = session->client_port,
			.name = span_of(session->client_name),
			.helo = span_of(session->helo),
		},
		.tls = {
			.is_on = session->tls_version[0] != '\0',
			.version = span_of(session->tls_version),
			.cipher = span_of(session->cipher),
			.bits = session->cipher_bits,
		},
		.certificate = {
			.subject = span_of(session->cert_subject),
			.issuer = span_of(session->cert_issuer),
			.fingerprint = span_of(session->cert_fingerprint),
			.verify = span_of(session->verify),
		},
		.mta_version = span_of(session->mta_version),
		.login = span_of(session->login),
	};
}

static void
note_stage(const struct session *session, enum stage stage, int64_t began)
{
	metrics_stage(runtime_metrics(session->runtime), stage, began);
}

struct reply
session_mail(struct session *session, char *const *argv,
    const struct session_macros *macros)
{
	struct transaction_peer peer;
	struct reply reply;
	int64_t began = histogram_now();

	hear(session);
	session_abort(session);
	session->has_mail = true;
	learn_tls(session, macros);
	learn_certificate(session, macros);
	learn_login(session, macros);
	peer = peer_of(session);
	session->transaction = transaction_begin(session->runtime, &peer,
	    argv, &reply);
	if (session->transaction != NULL)
		transaction_queue_id(session->transaction,
		    span_of(macro(macros, "i")));
	note_stage(session, STAGE_MAIL, began);
	return reply;
}

/* For what comes when no transaction is under way: a fault, never a pass. */
static struct reply
out_of_order(void)
{
	const struct reason_info *info = reason_info(REASON_TEMPORARY);

	return (struct reply){ info->code, info->enhanced,
		span_of(info->text), REASON_TEMPORARY };
}

/*
 * A recipient that the MTA refuses by itself is told to us with the mailer
 * "error", the reply standing in the other macros.
 */
static struct span
mta_refusal(const struct session_macros *macros)
{
	struct span mailer = span_of(macro(macros, "{rcpt_mailer}"));
	struct span reply = span_of(macro(macros, "{rcpt_addr}"));

	if (!span_eq(mailer, SPAN("error")))
		return (struct span){ NULL, 0 };
	return reply.len > 0 ? reply : SPAN("refused");
}

struct reply
session_rcpt(struct session *session, char *const *argv,
    const struct session_macros *macros)
{
	int64_t began = histogram_now();
	struct reply reply;

	if (session->transaction == NULL)
		return out_of_order();
	transaction_queue_id(session->transaction,
	    span_of(macro(macros, "i")));
	reply = transaction_recipient(session->transaction, argv,
	    mta_refusal(macros));
	note_stage(session, STAGE_RCPT, began);
	return reply;
}

void
session_data(struct session *session)
{
	if (session->transaction != NULL)
		transaction_data(session->transaction);
}

void
session_field(struct session *session, const char *name, const char *value)
{
	if (session->transaction != NULL)
		transaction_field(session->transaction, name, value);
}

void
session_end_header(struct session *session)
{
	int64_t began = histogram_now();

	if (session->transaction == NULL)
		return;
	transaction_end_header(session->transaction);
	note_stage(session, STAGE_HEADER, began);
}

void
session_body(struct session *session, struct span octets)
{
	if (session->transaction != NULL)
		transaction_body(session->transaction, octets);
}

struct reply
session_end(struct session *session, const struct session_macros *macros,
    transaction_apply *apply, void *context)
{
	int64_t began = histogram_now();
	struct reply reply;

	if (session->transaction == NULL)
		return out_of_order();
	transaction_queue_id(session->transaction,
	    span_of(macro(macros, "i")));
	reply = transaction_end(session->transaction, apply, context);
	if (!session->is_replied)
		runtime_reply(session->runtime);
	session->is_replied = true;
	note_stage(session, STAGE_MESSAGE, began);
	return reply;
}

void
session_abort(struct session *session)
{
	transaction_free(&session->transaction);
}

void
session_free(struct session **session)
{
	struct session *s = *session;

	if (s == NULL)
		return;
	hear(s);
	session_abort(s);
	if (s->has_client && !s->has_mail) {
		struct transaction_peer peer = peer_of(s);

		connection_end(s->runtime, &peer, s->began_us,
		    microseconds(CLOCK_MONOTONIC) - s->began_ticks);
	}
	metrics_disconnect(runtime_metrics(s->runtime));
	free(s);
	*session = NULL;
}
