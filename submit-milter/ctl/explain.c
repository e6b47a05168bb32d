/*
 * explain.c - submitctl explain: what would become of a message, and why.
 *
 * The message runs through the very transaction of the daemon, under an
 * observer. Exit status 0: it passes, 1: refused, 2: deferred.
 */
#include <config.h>

#include "ctl/explain.h"

#include <stdlib.h>
#include <sysexits.h>

#include "base/log.h"
#include "ctl/ctl.h"
#include "sign/signer.h"
#include "syntax/cidr.h"

#define ARENA_CEILING ((size_t)256 << 20)

/* What nobody named: a client from elsewhere, well encrypted. */
#define CLIENT_DEFAULT "192.0.2.1"
#define TLS_DEFAULT "TLSv1.3/256"

enum { STATUS_PASSED = 0, STATUS_REFUSED = 1, STATUS_DEFERRED = 2 };

struct explain_options {
	struct ctl_source source;
	struct submission submission;
	struct submission_path sender_params;
	bool is_param_of_recipient;
	const char *client;
	const char *tls;	/* empty: none */
	const char *file;
	bool is_json;
	bool is_body_wanted;
	bool is_keyless;
};

/* What the observer needs, and what it learns. */
struct run {
	struct explanation explanation;
	bool is_json;
	int status;
};

enum option_id {
	OPT_ADDR = 256, OPT_BODY, OPT_CERT_FINGERPRINT, OPT_CERT_ISSUER,
	OPT_CERT_SUBJECT, OPT_CLIENT, OPT_HELO, OPT_IDENTITY, OPT_JSON,
	OPT_LISTENER, OPT_LOGIN, OPT_NO_SIGN, OPT_NO_TLS, OPT_PARAM, OPT_PORT,
	OPT_RCPT, OPT_SENDER, OPT_TLS,
};

static const struct option option_names[] = {
	CTL_NAMES,
	{ "addr", required_argument, NULL, OPT_ADDR },
	{ "body", no_argument, NULL, OPT_BODY },
	{ "cert-fingerprint", required_argument, NULL, OPT_CERT_FINGERPRINT },
	{ "cert-issuer", required_argument, NULL, OPT_CERT_ISSUER },
	{ "cert-subject", required_argument, NULL, OPT_CERT_SUBJECT },
	{ "client", required_argument, NULL, OPT_CLIENT },
	{ "helo", required_argument, NULL, OPT_HELO },
	{ "identity", required_argument, NULL, OPT_IDENTITY },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "listener", required_argument, NULL, OPT_LISTENER },
	{ "login", required_argument, NULL, OPT_LOGIN },
	{ "no-sign", no_argument, NULL, OPT_NO_SIGN },
	{ "no-tls", no_argument, NULL, OPT_NO_TLS },
	{ "param", required_argument, NULL, OPT_PARAM },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "rcpt", required_argument, NULL, OPT_RCPT },
	{ "sender", required_argument, NULL, OPT_SENDER },
	{ "tls", required_argument, NULL, OPT_TLS },
	{ NULL, 0, NULL, 0 },
};

static void
print_usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: submitctl explain [OPTION]... [MESSAGE-FILE | -]\n"
	    "\n"
	    "  -c, --config FILE         instead of\n"
	    "                            %s\n"
	    "  -o, --option NAME=VALUE   override an option of the file\n"
	    "      --json                one JSON object\n"
	    "      --body                print the body too\n"
	    "      --no-sign             do not read private keys\n"
	    "who:\n"
	    "      --login LOGIN         of SMTP AUTH\n"
	    "      --identity TYPE:NAME  sasl, cert, client, local or net\n"
	    "      --cert-subject S  --cert-issuer I  --cert-fingerprint F\n"
	    "      --client ADDRESS      default %s\n"
	    "      --helo NAME\n"
	    "      --tls VERSION/BITS    default %s\n"
	    "      --no-tls\n"
	    "where:\n"
	    "      --listener NAME  --port N  --addr ADDRESS\n"
	    "what:\n"
	    "      --sender ADDRESS      default: the address in From\n"
	    "      --rcpt ADDRESS        default: those in To, Cc and Bcc\n"
	    "      --param P             of the sender or rcpt before it\n"
	    "\n"
	    "Exit status 0: it passes, 1: refused, 2: deferred.\n"
	    "See submitctl(8).\n",
	    CTL_CONFIG_FILE, CLIENT_DEFAULT, TLS_DEFAULT);
}

/* --- options -------------------------------------------------------------- */

static int
set_identity(struct submission *submission, const char *text)
{
	struct span s = span_of(text);
	size_t colon = span_find(s, ':');

	for (int i = ROUTE_SASL; i <= ROUTE_NET && colon + 1 < s.len; i++) {
		const char *name = identity_route_name((enum identity_route)i);

		if (!span_eq(span_slice(s, 0, colon), span_of(name)))
			continue;
		submission->peer.assumed_route = (enum identity_route)i;
		submission->peer.assumed_name = span_slice(s, colon + 1,
		    s.len);
		return 0;
	}
	return ctl_fail(EX_USAGE, "--identity %s: sasl:NAME, cert:NAME, "
	    "client:NAME, local:NAME or net:NAME is needed", text);
}

static int
set_tls(struct facts_tls *tls, const char *text)
{
	struct span s = span_of(text);
	size_t slash = span_find(s, '/');
	int64_t bits;

	*tls = (struct facts_tls){ .is_on = s.len > 0 };
	if (s.len == 0)
		return 0;
	tls->version = span_slice(s, 0, slash);
	bits = slash == s.len ? -1 :
	    span_number(span_slice(s, slash + 1, s.len), 100000);
	tls->bits = (unsigned)bits;
	if (slash == 0 || bits < 0)
		return ctl_fail(EX_USAGE, "--tls %s: VERSION/BITS is needed, "
		    "such as %s", text, TLS_DEFAULT);
	return 0;
}

static int
set_client(struct facts_client *client, const char *text)
{
	client->address = span_of(text);
	client->has_ip = ip_parse(client->address, &client->ip) == 1;
	if (!client->has_ip)
		return ctl_fail(EX_USAGE, "--client %s: an IP address is "
		    "needed", text);
	return 0;
}

/* A parameter belongs to the path that was named last, or to the sender. */
static int
add_param(struct explain_options *o, char *param)
{
	struct submission *s = &o->submission;

	return submission_add_param(s, o->is_param_of_recipient ?
	    &s->recipients[s->recipient_count - 1] : &o->sender_params,
	    param);
}

static int
take_envelope(struct explain_options *o, int id, char *value)
{
	int status;

	if (id == OPT_PARAM) {
		status = add_param(o, value);
	} else {
		o->is_param_of_recipient = id == OPT_RCPT;
		status = id == OPT_RCPT ?
		    submission_add_recipient(&o->submission, span_of(value)) :
		    submission_set_sender(&o->submission, span_of(value));
	}
	return status == 0 ? 0 : ctl_fail(EX_OSERR, "out of memory");
}

/* Options of the connection. 0, or an exit status. */
static int
take_fact(struct explain_options *o, int id, char *value)
{
	struct transaction_peer *peer = &o->submission.peer;

	switch (id) {
	case OPT_ADDR:
		peer->listener.daemon_addr = span_of(value);
		return 0;
	case OPT_CERT_FINGERPRINT:
		peer->certificate.fingerprint = span_of(value);
		return 0;
	case OPT_CERT_ISSUER:
		peer->certificate.issuer = span_of(value);
		return 0;
	case OPT_CERT_SUBJECT:
		peer->certificate.subject = span_of(value);
		return 0;
	case OPT_HELO:
		peer->client.helo = span_of(value);
		return 0;
	case OPT_IDENTITY:
		return set_identity(&o->submission, value);
	case OPT_LISTENER:
		peer->listener.daemon_name = span_of(value);
		return 0;
	case OPT_LOGIN:
		peer->login = span_of(value);
		return 0;
	case OPT_PORT:
		peer->listener.daemon_port = span_of(value);
		return 0;
	default:
		return take_envelope(o, id, value);
	}
}

static int
take_option(void *context, int id, char *value)
{
	struct explain_options *o = context;

	switch (id) {
	case OPT_BODY:
		o->is_body_wanted = true;
		return 0;
	case OPT_CLIENT:
		o->client = value;
		return 0;
	case OPT_JSON:
		o->is_json = true;
		return 0;
	case OPT_NO_SIGN:
		o->is_keyless = true;
		return 0;
	case OPT_NO_TLS:
		o->tls = "";
		return 0;
	case OPT_TLS:
		o->tls = value;
		return 0;
	default:
		return take_fact(o, id, value);
	}
}

static int
check_options(struct explain_options *o)
{
	struct transaction_peer *peer = &o->submission.peer;
	int status = set_client(&peer->client,
	    o->client == NULL ? CLIENT_DEFAULT : o->client);

	if (status == 0)
		status = set_tls(&peer->tls, o->tls == NULL ? TLS_DEFAULT :
		    o->tls);
	if (status == 0 && peer->login.len > 0 &&
	    peer->assumed_route != ROUTE_NONE)
		status = ctl_fail(EX_USAGE, "--login and --identity: one of "
		    "them will do");
	/* What is named here is a certificate that the MTA has verified. */
	if (peer->certificate.subject.len > 0 ||
	    peer->certificate.fingerprint.len > 0)
		peer->certificate.verify = SPAN("OK");
	return status;
}

/* -1: go on; else the exit status. */
static int
parse_options(int argc, char **argv, struct explain_options *o)
{
	static const struct ctl_syntax syntax = { "explain", CTL_LETTERS,
		option_names, print_usage, take_option };
	int status = ctl_options(&syntax, argc, argv, &o->source, o);

	if (status >= 0)
		return status;
	if (argc - optind > 1)
		return ctl_fail(EX_USAGE, "explain: what is \"%s\"?",
		    argv[optind + 1]);
	o->file = optind < argc ? argv[optind] : "-";
	status = check_options(o);
	return status == 0 ? -1 : status;
}

/* --- the run -------------------------------------------------------------- */

/* The transaction has ended but still lives: the time to print. */
static void
on_record(void *context, const struct record *record)
{
	static const int statuses[] = {
		[RECORD_PASSED] = STATUS_PASSED,
		[RECORD_REFUSED] = STATUS_REFUSED,
		[RECORD_DEFERRED] = STATUS_DEFERRED,
		[RECORD_ABORTED] = EX_SOFTWARE,
	};
	struct run *run = context;
	struct explanation *x = &run->explanation;

	x->record = record;
	run->status = statuses[record->result];
	if (x->witness->is_failed)
		run->status = EX_OSERR;
	else if (!run->is_json)
		explain_text(x);
	else if (explain_json(x) != 0)
		run->status = EX_OSERR;
	if (run->status == EX_OSERR)
		(void)ctl_fail(EX_OSERR, "out of memory");
}

static int
run_observed(struct explain_options *o, const struct letter *letter,
    struct runtime *runtime)
{
	struct config *config = runtime_config(runtime);
	struct witness witness;
	struct run run = {
		.explanation = {
			.config = config,
			.submission = &o->submission,
			.letter = letter,
			.witness = &witness,
			.arena = o->submission.arena,
			.is_client_assumed = o->client == NULL,
			.is_tls_assumed = o->tls == NULL,
			.is_body_wanted = o->is_body_wanted,
		},
		.is_json = o->is_json,
		.status = EX_OSERR,
	};
	struct observer observer = { .record = on_record, .context = &run };

	witness_init(&witness, o->submission.arena);
	observer.watch = witness_watch(&witness);
	runtime_observe(runtime, &observer);
	if (submission_run(&o->submission, letter, runtime) != 0)
		(void)ctl_fail(EX_OSERR, "out of memory");
	config_unref(&config);
	return run.status;
}

/* NULL after a complaint, which says so if it is the keys alone. */
static struct runtime *
open_runtime(const struct explain_options *o)
{
	const char *warning = NULL;
	struct config *config;
	struct runtime *runtime;
	char *error = NULL;

	if (signer_library_init(&warning) != 0) {
		(void)ctl_fail(EX_CONFIG, "libopendkim cannot be used");
		return NULL;
	}
	config = ctl_source_load(&o->source, o->is_keyless ? CTL_TABLES :
	    CTL_ALL);
	if (config == NULL && !o->is_keyless) {
		config = config_load_without_keys(o->source.file,
		    o->source.overrides, o->source.override_count, &error);
		if (config != NULL)
			(void)ctl_fail(EX_CONFIG, "all but private keys can "
			    "be read: --no-sign explains without them");
		free(error);
		config_unref(&config);
	}
	if (config == NULL)
		return NULL;
	log_open(LOG_TARGET_STDERR, 0, LOG_LEVEL_ERROR);
	runtime = runtime_new(config);
	if (runtime == NULL)
		(void)ctl_fail(EX_OSERR, "out of memory");
	return runtime;
}

static int
complete_envelope(struct explain_options *o, const struct letter *letter)
{
	struct submission *s = &o->submission;
	const char *why = submission_fill(s, letter);

	if (why != NULL)
		return ctl_fail(EX_USAGE, "%s", why);
	for (size_t i = 0; i < o->sender_params.n; i++)
		if (submission_add_param(s, &s->sender,
		    o->sender_params.argv[i]) != 0)
			return ctl_fail(EX_OSERR, "out of memory");
	return 0;
}

static int
explain(struct explain_options *o)
{
	struct letter letter;
	struct runtime *runtime;
	int status = letter_read(o->file, &letter);

	if (status == 0)
		status = complete_envelope(o, &letter);
	if (status == 0) {
		runtime = open_runtime(o);
		status = runtime == NULL ? EX_CONFIG :
		    run_observed(o, &letter, runtime);
		runtime_free(&runtime);
	}
	letter_free(&letter);
	return status;
}

int
ctl_explain(int argc, char **argv)
{
	struct explain_options options = { .file = "-" };
	struct arena *arena = arena_new(ARENA_CEILING, NULL);
	int status;

	if (arena == NULL)
		return ctl_fail(EX_OSERR, "out of memory");
	submission_init(&options.submission, arena);
	status = parse_options(argc, argv, &options);
	if (status < 0)
		status = explain(&options);
	arena_free(&arena);
	return status;
}
