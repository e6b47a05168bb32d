/*
 * script.c - see script.h.
 */
#include "script.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#define CHUNK 65535u		/* most octets of body in a packet */
#define LINE 76u		/* of the body, without its end */

/* All that Postfix offers but "skip": here each body is sent to its end. */
const uint32_t script_offered_steps = 0x1fffff & ~(uint32_t)SMFIP_SKIP;
const uint32_t script_offered_actions = 0x1ff;

#define AT(stage) (1u << (stage))

/* --- lengths -------------------------------------------------------------- */

uint32_t
script_length(const char *octets)
{
	uint32_t length;

	memcpy(&length, octets, sizeof(length));
	return ntohl(length);
}

void
script_put_length(char *octets, uint32_t length)
{
	length = htonl(length);
	memcpy(octets, &length, sizeof(length));
}

/* --- what the milter wants ------------------------------------------------ */

/* version, actions, steps; then pairs of stage and names ended by a NUL */
int
wishes_read(struct wishes *wishes, const char *octets, size_t len)
{
	*wishes = (struct wishes){ .steps = 0 };
	if (len < 12)
		return -1;
	wishes->steps = script_length(octets + 8);
	for (size_t i = 12; i < len;) {
		const char *names = octets + i + 4, *end;
		uint32_t stage;

		if (i + 4 >= len)
			return -1;
		stage = script_length(octets + i);
		end = memchr(names, '\0', len - i - 4);
		if (end == NULL || stage >= STAGES ||
		    (size_t)(end - names) >= sizeof(wishes->list[0]))
			return -1;
		wishes->has_list[stage] = true;
		memcpy(wishes->list[stage], names, (size_t)(end - names) + 1);
		i = (size_t)(end + 1 - octets);
	}
	return 0;
}

/* --- packets -------------------------------------------------------------- */

struct writer {
	struct script *script;
	const struct mail *mail;
	const struct wishes *wishes;
	size_t room;
	size_t stop_room;
	size_t id_room;
	size_t packet;		/* where the packet under way begins */
	bool is_failed;
};

/* Makes room for one more of SIZE octets in the array *V of N. */
static bool
grow(void **v, size_t n, size_t more, size_t *room, size_t size)
{
	size_t wanted = *room < 16 ? 16 : *room;
	void *p;

	if (n + more <= *room)
		return true;
	while (wanted < n + more)
		wanted *= 2;
	p = realloc(*v, wanted * size);
	if (p == NULL)
		return false;
	*v = p;
	*room = wanted;
	return true;
}

static void
put(struct writer *w, const void *octets, size_t len)
{
	struct script *s = w->script;
	void *p = s->octets;

	w->is_failed |= !grow(&p, s->len, len, &w->room, 1);
	s->octets = p;
	if (w->is_failed)
		return;
	memcpy(s->octets + s->len, octets, len);
	s->len += len;
}

static void
put_string(struct writer *w, const char *text)
{
	put(w, text, strlen(text) + 1);
}

static void
begin_packet(struct writer *w, char command)
{
	w->packet = w->script->len;
	put(w, "\0\0\0\0", 4);
	put(w, &command, 1);
}

static void
end_packet(struct writer *w)
{
	if (!w->is_failed)
		script_put_length(w->script->octets + w->packet,
		    (uint32_t)(w->script->len - w->packet - 4));
}

/* The MTA waits here, unless the milter said that it will not answer. */
static void
stop(struct writer *w, uint32_t silent)
{
	struct script *s = w->script;
	void *p = s->stops;

	if ((w->wishes->steps & silent) != 0)
		return;
	w->is_failed |= !grow(&p, s->stop_count, 1, &w->stop_room,
	    sizeof(*s->stops));
	s->stops = p;
	if (!w->is_failed)
		s->stops[s->stop_count++] = s->len;
}

/* --- macros --------------------------------------------------------------- */

/* An empty value stands for the queue id. */
static void
put_macro(struct writer *w, const char *name, const char *value)
{
	struct script *s = w->script;
	void *p = s->ids;

	put_string(w, name);
	if (value[0] != '\0') {
		put_string(w, value);
		return;
	}
	w->is_failed |= !grow(&p, s->id_count, 1, &w->id_room,
	    sizeof(*s->ids));
	s->ids = p;
	if (!w->is_failed)
		s->ids[s->id_count++] = s->len;
	put(w, "00000000000", ID_LEN + 1);
}

static bool
is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; (p = strstr(p, name)) != NULL; p += len)
		if ((p == list || p[-1] == ' ') &&
		    (p[len] == '\0' || p[len] == ' '))
			return true;
	return false;
}

/* The values that Postfix knows at a stage, of those that are wanted. */
static void
put_macros(struct writer *w, unsigned stage, char command)
{
	const struct {
		const char *name, *value;
		unsigned known;		/* stages */
		unsigned sent;		/* stages, unless the milter lists */
	} macros[] = {
		{ "j", "mx.example.org", ~0u, AT(SMFIM_CONNECT) },
		{ "v", "Postfix 3.7.11", ~0u, AT(SMFIM_CONNECT) },
		{ "_", "client.example [192.0.2.10]", ~0u,
		    AT(SMFIM_CONNECT) },
		{ "{daemon_name}", w->mail->port, ~0u, AT(SMFIM_CONNECT) },
		{ "{daemon_addr}", "192.0.2.25", ~0u, AT(SMFIM_CONNECT) },
		{ "{daemon_port}", "587", ~0u, 0 },
		{ "{tls_version}", "TLSv1.3", ~AT(SMFIM_CONNECT),
		    AT(SMFIM_HELO) },
		{ "{cipher}", "TLS_AES_256_GCM_SHA384", ~AT(SMFIM_CONNECT),
		    AT(SMFIM_HELO) },
		{ "{cipher_bits}", "256", ~AT(SMFIM_CONNECT),
		    AT(SMFIM_HELO) },
		{ "{auth_type}", "PLAIN", ~AT(SMFIM_CONNECT),
		    AT(SMFIM_ENVFROM) },
		{ "{auth_authen}", w->mail->login, ~AT(SMFIM_CONNECT),
		    AT(SMFIM_ENVFROM) },
		{ "{mail_addr}", w->mail->sender, AT(SMFIM_ENVFROM),
		    AT(SMFIM_ENVFROM) },
		{ "{mail_host}", "example.org", AT(SMFIM_ENVFROM),
		    AT(SMFIM_ENVFROM) },
		{ "{mail_mailer}", "smtp", AT(SMFIM_ENVFROM),
		    AT(SMFIM_ENVFROM) },
		{ "{rcpt_addr}", w->mail->recipient, AT(SMFIM_ENVRCPT),
		    AT(SMFIM_ENVRCPT) },
		{ "{rcpt_host}", "example.com", AT(SMFIM_ENVRCPT),
		    AT(SMFIM_ENVRCPT) },
		{ "{rcpt_mailer}", "smtp", AT(SMFIM_ENVRCPT),
		    AT(SMFIM_ENVRCPT) },
		/* The queue file is made when a recipient was accepted. */
		{ "i", "", AT(SMFIM_DATA) | AT(SMFIM_EOH) | AT(SMFIM_EOM),
		    AT(SMFIM_DATA) | AT(SMFIM_EOH) | AT(SMFIM_EOM) },
	};

	begin_packet(w, SMFIC_MACRO);
	put(w, &command, 1);
	for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++) {
		bool is_wanted = w->wishes->has_list[stage] ?
		    is_listed(w->wishes->list[stage], macros[i].name) :
		    (macros[i].sent & AT(stage)) != 0;

		if (is_wanted && (macros[i].known & AT(stage)) != 0)
			put_macro(w, macros[i].name, macros[i].value);
	}
	end_packet(w);
}

/* --- the opening ---------------------------------------------------------- */

static bool
is_left_out(const struct writer *w, uint32_t step)
{
	return (w->wishes->steps & step) != 0;
}

static void
put_connect(struct writer *w)
{
	if (is_left_out(w, SMFIP_NOCONNECT))
		return;
	put_macros(w, SMFIM_CONNECT, SMFIC_CONNECT);
	begin_packet(w, SMFIC_CONNECT);
	put_string(w, "client.example");
	put(w, "4\x9c\x40", 3);		/* IPv4, port 40000 */
	put_string(w, "192.0.2.10");
	end_packet(w);
	stop(w, SMFIP_NR_CONN);
}

static void
put_helo(struct writer *w)
{
	if (is_left_out(w, SMFIP_NOHELO))
		return;
	put_macros(w, SMFIM_HELO, SMFIC_HELO);
	begin_packet(w, SMFIC_HELO);
	put_string(w, "client.example");
	end_packet(w);
	stop(w, SMFIP_NR_HELO);
}

/* --- the message ---------------------------------------------------------- */

static void
put_path(struct writer *w, char command, const char *address)
{
	begin_packet(w, command);
	put(w, "<", 1);
	put(w, address, strlen(address));
	put_string(w, ">");
	end_packet(w);
}

static void
put_envelope(struct writer *w)
{
	if (!is_left_out(w, SMFIP_NOMAIL)) {
		put_macros(w, SMFIM_ENVFROM, SMFIC_MAIL);
		put_path(w, SMFIC_MAIL, w->mail->sender);
		stop(w, SMFIP_NR_MAIL);
	}
	if (!is_left_out(w, SMFIP_NORCPT)) {
		put_macros(w, SMFIM_ENVRCPT, SMFIC_RCPT);
		put_path(w, SMFIC_RCPT, w->mail->recipient);
		stop(w, SMFIP_NR_RCPT);
	}
	if (!is_left_out(w, SMFIP_NODATA)) {
		put_macros(w, SMFIM_DATA, SMFIC_DATA);
		begin_packet(w, SMFIC_DATA);
		end_packet(w);
		stop(w, SMFIP_NR_DATA);
	}
}

static size_t
put_field(struct writer *w, const char *name, const char *value)
{
	if (!is_left_out(w, SMFIP_NOHDRS)) {
		begin_packet(w, SMFIC_HEADER);
		put_string(w, name);
		if (is_left_out(w, SMFIP_HDR_LEADSPC))
			put(w, " ", 1);
		put_string(w, value);
		end_packet(w);
		stop(w, SMFIP_NR_HDR);
	}
	return strlen(name) + 2 + strlen(value) + 2;
}

/*
 * As a mail program writes it, but without Message-ID: there is something
 * to complete. Returns the octets of the header.
 */
static size_t
put_header(struct writer *w)
{
	size_t size = 0;
	time_t now = time(NULL);
	struct tm tm;
	char date[64] = "", name[32];

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(date, sizeof(date),
		    "%a, %d %b %Y %H:%M:%S +0000", &tm);
	size += put_field(w, "Date", date);
	size += put_field(w, "MIME-Version", "1.0");
	size += put_field(w, "User-Agent", "Load generator");
	size += put_field(w, "Subject", "A message among many others");
	size += put_field(w, "From", w->mail->from);
	size += put_field(w, "To", w->mail->recipient);
	size += put_field(w, "Content-Type", "text/plain; charset=utf-8");
	for (unsigned i = LEAST_FIELDS; i < w->mail->fields; i++) {
		(void)snprintf(name, sizeof(name), "X-Field-%u", i);
		size += put_field(w, name,
		    "a field that makes the header somewhat longer");
	}
	if (!is_left_out(w, SMFIP_NOEOH)) {
		put_macros(w, SMFIM_EOH, SMFIC_EOH);
		begin_packet(w, SMFIC_EOH);
		end_packet(w);
		stop(w, SMFIP_NR_EOH);
	}
	return size + 2;
}

/* LEN octets of text in lines, and a line end: LEN + 2. */
static char *
make_body(size_t len)
{
	static const char text[] = "the quick brown fox jumps over the lazy "
	    "dog while 0123456789 others sleep in the sun all day long ";
	char *body = malloc(len + 2);

	if (body == NULL)
		return NULL;
	for (size_t i = 0, at = 0; i < len; i++) {
		size_t column = i % (LINE + 2);

		body[i] = column == LINE ? '\r' : column == LINE + 1 ? '\n' :
		    text[at++ % (sizeof(text) - 1)];
	}
	if (len > 0 && body[len - 1] == '\r')
		body[len - 1] = '.';
	memcpy(body + len, "\r\n", 2);
	return body;
}

/* A body of LEN octets, at least 2. */
static void
put_body(struct writer *w, size_t len)
{
	char *body;

	if (is_left_out(w, SMFIP_NOBODY))
		return;
	body = make_body(len - 2);
	if (body == NULL) {
		w->is_failed = true;
		return;
	}
	for (size_t at = 0; at < len; at += CHUNK) {
		size_t n = len - at < CHUNK ? len - at : CHUNK;

		begin_packet(w, SMFIC_BODY);
		put(w, body + at, n);
		end_packet(w);
		stop(w, SMFIP_NR_BODY);
	}
	free(body);
}

int
script_make(struct script *script, const struct mail *mail,
    const struct wishes *wishes)
{
	struct writer w = { .script = script, .mail = mail,
		.wishes = wishes };
	size_t header;

	*script = (struct script){ NULL };
	put_connect(&w);
	put_helo(&w);
	script->message_at = script->len;
	script->message_stop = script->stop_count;
	put_envelope(&w);
	header = put_header(&w);
	put_body(&w, mail->size > header + LINE ? mail->size - header : LINE);
	put_macros(&w, SMFIM_EOM, SMFIC_BODYEOB);
	begin_packet(&w, SMFIC_BODYEOB);
	end_packet(&w);
	stop(&w, 0);
	if (!w.is_failed)
		return 0;
	script_free(script);
	return -1;
}

void
script_free(struct script *script)
{
	free(script->octets);
	free(script->stops);
	free(script->ids);
	*script = (struct script){ NULL };
}

void
script_number(struct script *script, unsigned long number)
{
	char id[ID_LEN + 1];

	(void)snprintf(id, sizeof(id), "4%010lX", number & 0xffffffffffu);
	for (size_t i = 0; i < script->id_count; i++)
		memcpy(script->octets + script->ids[i], id, ID_LEN);
}
