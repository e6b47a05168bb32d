/*
 * scale - fills a store with made-up records and looks things up in it.
 *
 * usage: scale RECORDS DIRECTORY [MILLISECONDS RATE]
 *
 * Spreads RECORDS over thirty days, as a site with twenty thousand users
 * would have them, says how fast they went in, what they take on disk, and
 * how long each kind of look-up takes, slowest of several, in a store that
 * is opened anew each time: with what the system keeps of the files in
 * memory, and cold, with nothing of them. Status 1 when a look-up finds other
 * than it should; with the last two arguments also when one takes longer, or
 * fewer records than RATE went in each second.
 * Proves: A8.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/store.h"

#ifndef DAYS
#define DAYS 30
#endif
#define DAY 86400
#define USERS 20000u
#define BATCH 32768u
#define ROUNDS 5
#define LINE_SIZE 4096u

static int64_t first_day;	/* seconds since 1970 */
static uint64_t records;

static uint64_t
mix(uint64_t x)
{
	x += 0x9E3779B97F4A7C15u;
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return x ^ x >> 31;
}

static double
seconds(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
complain(void *context, const char *text)
{
	(void)context;
	(void)fprintf(stderr, "scale: %s\n", text);
}

static struct store *
open_store(const char *folder)
{
	const struct store_settings settings = {
		.directory = folder,
		.days = DAYS + 1,
		.cache_kib = 65536,
		.notice = complain,
	};
	struct store *store = store_new(&settings);

	if (store == NULL || store_prepare(store) != 0) {
		(void)fprintf(stderr, "scale: %s\n",
		    store == NULL ? "no memory" : store_error(store));
		exit(1);
	}
	return store;
}

/* --- records -------------------------------------------------------------- */

static int64_t
time_of(uint64_t i)
{
	uint64_t a_day = (records + DAYS - 1) / DAYS;

	return (first_day + (int64_t)(i / a_day) * DAY) * 1000000 +
	    (int64_t)(i % a_day * (uint64_t)DAY_US / a_day);
}

static void
print_time(int64_t us, char text_r[32])
{
	time_t when = (time_t)(us / 1000000);
	struct tm tm;
	size_t n;

	(void)gmtime_r(&when, &tm);
	n = strftime(text_r, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text_r + n, 32 - n, ".%06uZ",
	    (unsigned)(us % 1000000));
}

static int
print_record(uint64_t i, char *line)
{
	size_t size = LINE_SIZE;
	static const char *const rules[] = { "auth-required", "account",
		"tls-required", "envelope-syntax", "envelope-fqdn",
		"return-path", "sender-rights", "parameters", "from-rights",
		"header-syntax", "header-fqdn", "message-syntax" };
	uint64_t r = mix(i), s = mix(r);
	unsigned user = (unsigned)(r % USERS);
	char when[32];
	int n;

	print_time(time_of(i), when);
	n = snprintf(line, size, "{\"v\":1,\"id\":\"%013" PRIX64 "%013" PRIX64
	    "\",\"time\":\"%s\",\"duration_us\":%u,\"host\":"
	    "\"mail.example.org\",\"session\":\"%026" PRIX64 "\","
	    "\"listener\":{\"daemon_name\":\"mail.example.org\","
	    "\"daemon_addr\":\"192.0.2.1\",\"daemon_port\":\"587\"},"
	    "\"profile\":\"default\",\"client\":{\"address\":\"10.%u.%u.%u\","
	    "\"port\":%u,\"name\":\"client%u.example.net\",\"helo\":"
	    "\"[192.168.1.%u]\"},\"queue_id\":\"4%010" PRIX64 "\","
	    "\"tls\":{\"version\":\"TLSv1.3\",\"cipher\":"
	    "\"TLS_AES_256_GCM_SHA384\",\"bits\":256},\"identity\":"
	    "\"sasl:user%u@example.org\",\"route\":\"sasl\",\"envelope\":{"
	    "\"sender\":\"user%u@example.org\",\"sender_params\":"
	    "[\"SIZE=%u\"],\"recipients\":[{\"address\":"
	    "\"friend%u@example.com\",\"params\":[],\"result\":\"accepted\"}"
	    "]},\"from\":[\"user%u@example.org\"],\"message_id\":"
	    "\"<%" PRIx64 ".%" PRIx64 "@example.org>\",\"size\":%u,"
	    "\"edits\":[{\"edit\":\"prepend\",\"field\":\"DKIM-Signature\","
	    "\"cause\":\"dkim\"}],\"signatures\":[{\"domain\":\"example.org\","
	    "\"selector\":\"s1\",\"algorithm\":\"rsa-sha256\"}],\"verdicts\":[",
	    r & 0xfffffffffffffu, i, when, (unsigned)(s % 90000), s,
	    user / 256 % 200, user % 250, (unsigned)(s % 250),
	    (unsigned)(s >> 20) % 60000 + 1024, user,
	    (unsigned)(s >> 8) % 250, (r ^ i) & 0xffffffffffu, user, user,
	    (unsigned)(s % 100000), (unsigned)(s >> 30) % 1000000, user, r, i,
	    (unsigned)(s % 100000));
	for (size_t k = 0; k < sizeof(rules) / sizeof(rules[0]); k++)
		n += snprintf(line + n, size - (size_t)n, "%s{\"rule\":\"%s\","
		    "\"stage\":\"%s\",\"mode\":\"enforce\",\"action\":\"pass\"}",
		    k == 0 ? "" : ",", rules[k], k < 8 ? "mail" : "header");
	n += snprintf(line + n, size - (size_t)n, "],\"result\":\"passed\","
	    "\"stage\":\"message\",\"reply\":null}");
	return n;
}

static void
give_up(const struct store *store, uint64_t i)
{
	(void)fprintf(stderr, "scale: record %" PRIu64 ": %s\n", i,
	    store_error(store));
	exit(1);
}

/* What adding took, without making the records. */
struct cost {
	double seconds, cpu;
};

static struct cost
cost_now(void)
{
	return (struct cost){ seconds(CLOCK_MONOTONIC),
		seconds(CLOCK_PROCESS_CPUTIME_ID) };
}

static struct cost
fill(struct store *store)
{
	struct cost sum = { 0, 0 };
	char *lines = malloc(BATCH * LINE_SIZE);

	for (uint64_t i = 0; lines != NULL && i < records; i += BATCH) {
		uint64_t n = records - i < BATCH ? records - i : BATCH;
		struct cost began, now;
		size_t added = 0;

		for (uint64_t k = 0; k < n; k++)
			(void)print_record(i + k, lines + k * LINE_SIZE);
		began = cost_now();
		for (uint64_t k = 0; k < n; k++)
			if (store_add(store, span_of(lines + k * LINE_SIZE),
			    first_day + (DAYS - 1) * DAY) != STORE_OK)
				give_up(store, i + k);
		if (store_commit(store, &added) != STORE_OK)
			give_up(store, i);
		now = cost_now();
		sum.seconds += now.seconds - began.seconds;
		sum.cpu += now.cpu - began.cpu;
	}
	free(lines);
	return sum;
}

/* --- files ---------------------------------------------------------------- */

/* Octets on disk; what the system has of them in memory is let go. */
static uint64_t
forget(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	uint64_t octets = 0;
	struct stat st;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		int fd = openat(dirfd(dir), entry->d_name, O_RDONLY);

		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    fdatasync(fd) == 0 &&
		    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0)
			octets += (uint64_t)st.st_blocks * 512;
		(void)close(fd);
	}
	if (dir != NULL)
		(void)closedir(dir);
	return octets;
}

/* --- look-ups ------------------------------------------------------------- */

static int
count(void *context, const struct store_hit *hit)
{
	(void)hit;
	++*(size_t *)context;
	return 0;
}

struct lookup {
	const char *name;
	enum word_kind kind, kind2;	/* 0: by time alone; none */
	size_t want;			/* records; 0: at least one */
};

static void
text_of(enum word_kind kind, uint64_t i, char *text, size_t size)
{
	uint64_t r = mix(i), s = mix(r);
	unsigned user = (unsigned)(r % USERS);

	switch (kind) {
	case WORD_ID:
		(void)snprintf(text, size, "%013" PRIX64 "%013" PRIX64,
		    r & 0xfffffffffffffu, i);
		break;
	case WORD_MESSAGE_ID:
		(void)snprintf(text, size, "<%" PRIx64 ".%" PRIx64
		    "@example.org>", r, i);
		break;
	case WORD_QUEUE_ID:
		(void)snprintf(text, size, "4%010" PRIX64,
		    (r ^ i) & 0xffffffffffu);
		break;
	case WORD_CLIENT:
		(void)snprintf(text, size, "10.%u.%u.0/24",
		    user / 256 % 200, user % 250);
		break;
	case WORD_RECIPIENT:
		(void)snprintf(text, size, "friend%u@example.com",
		    (unsigned)(s >> 30) % 1000000);
		break;
	case WORD_SESSION:
	case WORD_IDENTITY:
	case WORD_SENDER:
	default:
		(void)snprintf(text, size, "user%u@example.org", user);
	}
}

/* Milliseconds; exits when something else was found. */
static double
look_up(const char *folder, const struct lookup *lookup, uint64_t i)
{
	double began = seconds(CLOCK_MONOTONIC);
	struct store *store = open_store(folder);
	struct arena *arena = arena_new(1u << 20, NULL);
	struct query query;
	const char *error = "";
	char text[100];
	size_t n = 0;
	int status = 0;

	query_init(&query, arena);
	query.limit = 100;
	if (lookup->kind != 0) {
		text_of(lookup->kind, i, text, sizeof(text));
		status = query_add(&query, lookup->kind, text, &error);
	} else {
		query.since_us = time_of(i);
		query.until_us = time_of(i) + 1000000;
	}
	if (status == 0 && lookup->kind2 != 0) {
		text_of(lookup->kind2, i, text, sizeof(text));
		status = query_add(&query, lookup->kind2, text, &error);
	}
	if (status != 0 || store_find(store, &query, count, &n) != 0 ||
	    n == 0 || (lookup->want > 0 && n != lookup->want)) {
		(void)fprintf(stderr, "scale: %s of record %" PRIu64
		    ": %zu records found %s\n", lookup->name, i, n, error);
		exit(1);
	}
	store_free(&store);
	arena_free(&arena);
	return (seconds(CLOCK_MONOTONIC) - began) * 1000;
}

static double
look_up_all(const char *folder)
{
	static const struct lookup lookups[] = {
		{ "id", WORD_ID, 0, 1 },
		{ "message-id", WORD_MESSAGE_ID, 0, 1 },
		{ "queue id", WORD_QUEUE_ID, 0, 1 },
		{ "recipient", WORD_RECIPIENT, 0, 0 },
		{ "sender", WORD_SENDER, 0, 0 },
		{ "identity", WORD_IDENTITY, 0, 0 },
		{ "client network", WORD_CLIENT, 0, 0 },
		{ "identity and recipient", WORD_IDENTITY, WORD_RECIPIENT,
		    0 },
		{ "client and sender", WORD_CLIENT, WORD_SENDER, 0 },
		{ "a second", 0, 0, 0 },
	};
	double slowest = 0;

	for (size_t k = 0; k < sizeof(lookups) / sizeof(lookups[0]); k++) {
		double warm = 0, cold = 0;

		for (uint64_t round = 0; round < ROUNDS; round++) {
			uint64_t i = mix(round * 7919 + k) % records;
			double ms;

			(void)forget(folder);
			ms = look_up(folder, &lookups[k], i);
			cold = ms > cold ? ms : cold;
			ms = look_up(folder, &lookups[k], i);
			warm = ms > warm ? ms : warm;
		}
		(void)printf("%-24s %7.1f ms, cold %7.1f ms\n",
		    lookups[k].name, warm, cold);
		slowest = cold > slowest ? cold : slowest;
		slowest = warm > slowest ? warm : slowest;
	}
	return slowest;
}

/* --- all ------------------------------------------------------------------ */

static int
check_rest(const char *folder, char **limits, double rate)
{
	double slowest = look_up_all(folder);

	if (limits == NULL || (slowest <= strtod(limits[0], NULL) &&
	    rate >= strtod(limits[1], NULL)))
		return 0;
	(void)fprintf(stderr, "scale: too slow\n");
	return 1;
}

int
main(int argc, char **argv)
{
	struct store *store;
	struct cost cost;

	if (argc != 3 && argc != 5) {
		(void)fprintf(stderr, "usage: scale RECORDS DIRECTORY "
		    "[MILLISECONDS RATE]\n");
		return 2;
	}
	records = strtoull(argv[1], NULL, 10);
	first_day = (time(NULL) / DAY - DAYS + 1) * DAY;
	store = open_store(argv[2]);
	cost = fill(store);
	store_free(&store);
	(void)printf("%" PRIu64 " records in %.1f s: %.0f a second, %.1f us "
	    "of a processor each; %.0f octets each\n", records, cost.seconds,
	    (double)records / cost.seconds, cost.cpu / (double)records * 1e6,
	    (double)forget(argv[2]) / (double)records);
	return check_rest(argv[2], argc == 5 ? argv + 3 : NULL,
	    (double)records / cost.seconds);
}
