/*
 * load - puts load on a milter, as Postfix would, and measures it.
 *
 *	load [OPTION...] SOCKET		(load --help lists the options)
 *
 * One thread serves all connections by epoll. Each connection sends message
 * after message, as an SMTP session with many transactions would, or ends
 * after some; what is sent was made before (script.c), so that the generator
 * costs little beside the milter. The scheduler is told that it is a batch
 * job, which does not push the milter aside whenever that answers, and so
 * takes answers by the dozen. Like Postfix it leaves out what the milter does
 * not want, waits where the milter answers, and writes 4096 octets at a time.
 *
 * Every message must pass with at least one DKIM signature; else it ends
 * with status 1 and the answer. What it measured is one line of NAME=VALUE:
 * messages, seconds, rate (messages a second), p50_us, p99_us (from MAIL, or
 * from the connection, to the answer at the end of the message), edits and signatures (a message),
 * and, for the process of --pid, cpu_us (of processor time a message).
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <libmilter/mfdef.h>

#include "script.h"

#define INPUT 65536u		/* most octets of a packet from the milter */
#define EVENTS 64
#define NS 1000000000L

struct connection {
	int fd;
	bool is_writing;	/* waits for room in the socket */
	bool is_negotiated;
	bool is_finished;	/* nothing more is to be sent */
	struct script script;
	size_t sent;		/* of the script */
	size_t stop;		/* the next place to wait at */
	int64_t began;		/* the message under way, nanoseconds */
	unsigned edits, signatures;	/* of it */
	unsigned long messages;	/* that it has sent */
	char *input;
	size_t have;		/* octets in input */
};

struct load {
	/* options */
	const char *socket;
	struct mail mail;
	unsigned connections;
	unsigned long messages;	/* 0: as many as the time allows */
	unsigned long per_connection;	/* 0: no end */
	double seconds;
	double warm_up;
	pid_t pid;		/* of the milter; 0: unknown */
	size_t write_size;
	/* at work */
	int epoll;
	struct connection *v;
	unsigned open;
	unsigned long number;	/* of messages begun */
	int64_t from, until;	/* when messages count */
	int64_t cpu_from, cpu_until;
	int64_t counted_until;	/* when the last one that counts ended */
	bool is_counting, is_ending;
	/* results, of messages that count */
	unsigned *us;
	size_t n, room;
	unsigned long edits, signatures;
};

__attribute__((noreturn, format(printf, 1, 2))) static void
fail(const char *format, ...)
{
	va_list ap;

	(void)fputs("load: ", stderr);
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1);
}

static int64_t
now_ns(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		return 0;
	return (int64_t)t.tv_sec * NS + t.tv_nsec;
}

/* Processor time of the milter, all of its threads, ended ones too. */
static int64_t
milter_cpu(const struct load *load)
{
	clockid_t clock;

	if (load->pid == 0)
		return 0;
	if (clock_getcpuclockid(load->pid, &clock) != 0)
		fail("no process %d", (int)load->pid);
	return now_ns(clock);
}

/* --- counting ------------------------------------------------------------- */

static void
count(struct load *load, const struct connection *c, int64_t ended)
{
	load->us[load->n++] = (unsigned)((ended - c->began) / 1000);
	load->edits += c->edits;
	load->signatures += c->signatures;
	load->counted_until = ended;
	if (load->n < load->room)
		return;
	load->room *= 2;
	load->us = realloc(load->us, load->room * sizeof(*load->us));
	if (load->us == NULL)
		fail("out of memory");
}

static int
compare(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return x < y ? -1 : x > y;
}

static unsigned
percentile(const struct load *load, unsigned percent)
{
	return load->us[(load->n - 1) * percent / 100];
}

static void
report(struct load *load)
{
	double seconds, n = (double)load->n;

	if (load->n == 0)
		fail("no message passed while it was measured");
	seconds = (double)(load->counted_until - load->from) / NS;
	qsort(load->us, load->n, sizeof(*load->us), compare);
	(void)printf("messages=%zu seconds=%.3f rate=%.1f p50_us=%u "
	    "p99_us=%u edits=%.2f signatures=%.2f", load->n, seconds,
	    n / seconds, percentile(load, 50), percentile(load, 99),
	    (double)load->edits / n, (double)load->signatures / n);
	if (load->pid != 0)
		(void)printf(" cpu_us=%.1f",
		    (double)(load->cpu_until - load->cpu_from) / 1000 / n);
	(void)putchar('\n');
}

/* --- connections ---------------------------------------------------------- */

static void
watch(const struct load *load, struct connection *c, int operation)
{
	struct epoll_event event = {
		.events = EPOLLIN | (c->is_writing ? EPOLLOUT : 0u),
		.data.ptr = c,
	};

	if (epoll_ctl(load->epoll, operation, c->fd, &event) != 0)
		fail("epoll_ctl: %s", strerror(errno));
}

static void
negotiate(const struct connection *c)
{
	char offer[17];

	script_put_length(offer, sizeof(offer) - 4);
	offer[4] = SMFIC_OPTNEG;
	script_put_length(offer + 5, 6);
	script_put_length(offer + 9, script_offered_actions);
	script_put_length(offer + 13, script_offered_steps);
	if (write(c->fd, offer, sizeof(offer)) != (ssize_t)sizeof(offer))
		fail("write: %s", strerror(errno));
}

static void
open_connection(struct load *load, struct connection *c)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*c = (struct connection){ .began = now_ns(CLOCK_MONOTONIC) };
	c->input = malloc(INPUT);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || c->input == NULL)
		fail("no socket, or no memory");
	if (strlen(load->socket) >= sizeof(address.sun_path))
		fail("%s: too long for a socket", load->socket);
	memcpy(address.sun_path, load->socket, strlen(load->socket));
	if (connect(c->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		fail("%s: %s", load->socket, strerror(errno));
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0)
		fail("fcntl: %s", strerror(errno));
	watch(load, c, EPOLL_CTL_ADD);
	load->open++;
	negotiate(c);
}

static void
close_connection(struct load *load, struct connection *c)
{
	static const char quit[] = { 0, 0, 0, 1, SMFIC_QUIT };

	(void)!write(c->fd, quit, sizeof(quit));
	(void)close(c->fd);
	script_free(&c->script);
	free(c->input);
	c->input = NULL;
	load->open--;
}

/* Sends up to the next place to wait at, or as much as the socket takes. */
static void
send_on(const struct load *load, struct connection *c)
{
	size_t end = c->script.stops[c->stop];
	bool was_writing = c->is_writing;

	c->is_writing = false;
	while (c->sent < end) {
		size_t len = end - c->sent < load->write_size ?
		    end - c->sent : load->write_size;
		ssize_t n = write(c->fd, c->script.octets + c->sent, len);

		if (n < 0 && errno == EAGAIN) {
			c->is_writing = true;
			break;
		}
		if (n < 0)
			fail("write: %s", strerror(errno));
		c->sent += (size_t)n;
	}
	if (c->is_writing != was_writing)
		watch(load, c, EPOLL_CTL_MOD);
}

static void
begin_message(struct load *load, struct connection *c)
{
	c->sent = c->script.message_at;
	c->stop = c->script.message_stop;
	if (c->messages > 0)	/* the first begins with the connection */
		c->began = now_ns(CLOCK_MONOTONIC);
	c->edits = c->signatures = 0;
	script_number(&c->script, ++load->number);
	send_on(load, c);
}

/* The processor time is taken as counting begins and as it ends. */
static void
end_message(struct load *load, struct connection *c)
{
	int64_t now = now_ns(CLOCK_MONOTONIC);

	if (load->is_counting && !load->is_ending && now < load->until)
		count(load, c, now);
	if (!load->is_ending && (now >= load->until ||
	    (load->messages > 0 && load->n >= load->messages))) {
		load->cpu_until = milter_cpu(load);
		load->is_ending = true;
	}
	c->messages++;
	c->is_finished = load->is_ending ||
	    c->messages == load->per_connection;
	if (!c->is_finished)
		begin_message(load, c);
}

/* --- answers -------------------------------------------------------------- */

static void
begin_session(struct load *load, struct connection *c, const char *octets,
    size_t len)
{
	struct wishes wishes;

	if (octets[0] != SMFIC_OPTNEG || wishes_read(&wishes, octets + 1,
	    len - 1) != 0)
		fail("the milter does not negotiate");
	if (script_make(&c->script, &load->mail, &wishes) != 0)
		fail("out of memory");
	c->is_negotiated = true;
	if (c->script.message_stop == 0) {	/* nothing to wait for */
		(void)!write(c->fd, c->script.octets, c->script.message_at);
		begin_message(load, c);
	} else {
		send_on(load, c);
	}
}

static void
note_edit(struct connection *c, char command, const char *name, size_t len)
{
	static const char signature[] = "DKIM-Signature";

	c->edits++;
	if (command == SMFIR_CHGHEADER || command == SMFIR_INSHEADER) {
		name += 4;	/* the index */
		len -= 4;
	}
	if (len >= sizeof(signature) &&
	    memcmp(name, signature, sizeof(signature)) == 0)
		c->signatures++;
}

/* A packet of LEN octets from the milter. */
static void
take_packet(struct load *load, struct connection *c, const char *octets,
    size_t len)
{
	bool is_last = c->is_negotiated &&
	    c->stop + 1 == c->script.stop_count;

	if (!c->is_negotiated) {
		begin_session(load, c, octets, len);
		return;
	}
	if (octets[0] == SMFIR_ADDHEADER || octets[0] == SMFIR_INSHEADER ||
	    octets[0] == SMFIR_CHGHEADER) {
		note_edit(c, octets[0], octets + 1, len - 1);
		return;
	}
	if (octets[0] == SMFIR_PROGRESS)
		return;
	if (octets[0] != SMFIR_CONTINUE &&
	    !(is_last && octets[0] == SMFIR_ACCEPT))
		fail("a message did not pass: %.*s", (int)len, octets);
	c->stop++;
	if (is_last)
		end_message(load, c);
	else if (c->stop == c->script.message_stop)
		begin_message(load, c);
	else
		send_on(load, c);
}

static void
receive(struct load *load, struct connection *c)
{
	ssize_t n = read(c->fd, c->input + c->have, INPUT - c->have);
	size_t at = 0;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		fail("the milter closed a connection");
	c->have += (size_t)n;
	while (!c->is_finished && c->have - at > 4) {
		size_t len = script_length(c->input + at);

		if (len == 0 || len > INPUT - 4)
			fail("a packet of %zu octets", len);
		if (c->have - at < 4 + len)
			break;
		take_packet(load, c, c->input + at + 4, len);
		at += 4 + len;
	}
	if (c->is_finished) {
		close_connection(load, c);
		if (!load->is_ending)
			open_connection(load, c);
		return;
	}
	memmove(c->input, c->input + at, c->have - at);
	c->have -= at;
}

/* --- the run -------------------------------------------------------------- */

/* Once the milter is warm. */
static void
begin_counting(struct load *load)
{
	if (load->is_counting || now_ns(CLOCK_MONOTONIC) < load->from)
		return;
	load->is_counting = true;
	load->cpu_from = milter_cpu(load);
	load->from = now_ns(CLOCK_MONOTONIC);
}

static void
run(struct load *load)
{
	struct epoll_event events[EVENTS];

	load->from = now_ns(CLOCK_MONOTONIC) +
	    (int64_t)(load->warm_up * NS);
	load->until = load->from + (int64_t)(load->seconds * NS);
	for (unsigned i = 0; i < load->connections; i++)
		open_connection(load, &load->v[i]);
	while (load->open > 0) {
		int n = epoll_wait(load->epoll, events, EVENTS, 10000);

		if (n == 0)
			fail("the milter says nothing for ten seconds");
		begin_counting(load);
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if ((events[i].events & EPOLLOUT) != 0)
				send_on(load, c);
			if ((events[i].events & ~(unsigned)EPOLLOUT) != 0)
				receive(load, c);
		}
	}
}

/* --- options -------------------------------------------------------------- */

static const char help[] =
"usage: load [OPTION...] SOCKET\n"
"Puts load on the milter behind a UNIX socket and measures it.\n"
"\n"
"  --connections=N  connections at a time (8)\n"
"  --per-connection=N  messages, then a new connection (0: never)\n"
"  --seconds=N      how long messages count (2)\n"
"  --messages=N     end when so many have counted (0: never)\n"
"  --warm-up=N      seconds before they count (0.3)\n"
"  --size=OCTETS    of a message (4096)\n"
"  --fields=N       header fields of a message, at least 7 (10)\n"
"  --login=NAME     who authenticated (alice@example.org)\n"
"  --sender=ADDRESS of the envelope (the login)\n"
"  --from=ADDRESS   of the header (the login)\n"
"  --recipient=ADDRESS (somebody@example.com)\n"
"  --port=NAME      the macro {daemon_name} (MSA)\n"
"  --write=OCTETS   most of one write (4096, as Postfix)\n"
"  --pid=PID        process of the milter, to tell what it costs\n";

static double
number(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= 0 && value <= 1e9))
		fail("%s: not a number that will do", text);
	return value;
}

static void
set_option(struct load *load, int option, const char *value)
{
	switch (option) {
	case 'c': load->connections = (unsigned)number(value); break;
	case 'n': load->per_connection = (unsigned long)number(value); break;
	case 's': load->seconds = number(value); break;
	case 'm': load->messages = (unsigned long)number(value); break;
	case 'w': load->warm_up = number(value); break;
	case 'l': load->mail.size = (size_t)number(value); break;
	case 'h': load->mail.fields = (unsigned)number(value); break;
	case 'a': load->mail.login = value; break;
	case 'f': load->mail.sender = value; break;
	case 'F': load->mail.from = value; break;
	case 't': load->mail.recipient = value; break;
	case 'd': load->mail.port = value; break;
	case 'b': load->write_size = (size_t)number(value); break;
	case 'p': load->pid = (pid_t)number(value); break;
	case '?': exit(2);
	default:
		(void)fputs(help, stdout);
		exit(0);
	}
}

static void
read_options(struct load *load, int argc, char **argv)
{
	static const struct option options[] = {
		{ "connections", required_argument, NULL, 'c' },
		{ "per-connection", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 's' },
		{ "messages", required_argument, NULL, 'm' },
		{ "warm-up", required_argument, NULL, 'w' },
		{ "size", required_argument, NULL, 'l' },
		{ "fields", required_argument, NULL, 'h' },
		{ "login", required_argument, NULL, 'a' },
		{ "sender", required_argument, NULL, 'f' },
		{ "from", required_argument, NULL, 'F' },
		{ "recipient", required_argument, NULL, 't' },
		{ "port", required_argument, NULL, 'd' },
		{ "write", required_argument, NULL, 'b' },
		{ "pid", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'H' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		set_option(load, option, optarg);
	if (optind + 1 != argc) {
		(void)fputs(help, stderr);
		exit(2);
	}
	load->socket = argv[optind];
	if (load->mail.sender == NULL)
		load->mail.sender = load->mail.login;
	if (load->mail.from == NULL)
		load->mail.from = load->mail.login;
	if (load->connections == 0 || load->write_size == 0)
		fail("without connections, or octets to write, nothing goes");
}

int
main(int argc, char **argv)
{
	struct load load = {
		.mail = {
			.login = "alice@example.org",
			.recipient = "somebody@example.com",
			.port = "MSA",
			.fields = 10,
			.size = 4096,
		},
		.connections = 8,
		.seconds = 2,
		.warm_up = 0.3,
		.write_size = 4096,
		.room = 65536,
	};

	read_options(&load, argc, argv);
	(void)sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 });
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	load.v = calloc(load.connections, sizeof(*load.v));
	load.us = malloc(load.room * sizeof(*load.us));
	if (load.epoll < 0 || load.v == NULL || load.us == NULL)
		fail("out of memory");
	run(&load);
	report(&load);
	if (load.signatures < load.n)
		fail("not every message was signed");
	free(load.v);
	free(load.us);
	return 0;
}
