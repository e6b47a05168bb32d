/*
 * test_store - records found by what is known of them, in all weathers.
 * Proves: A8 (look-ups and their combinations, retention, damage that stops
 * nobody), X22 (erased is erased, and stays so; sealed at rest).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/pack.h"
#include "audit/store.h"
#include "base/utc.h"

#define NOW 1795305600		/* 2026-11-22T00:00:00Z */
#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char folder[40], said[2000];

static void
hear(void *context, const char *text)
{
	(void)context;
	(void)snprintf(said + strlen(said), sizeof(said) - strlen(said),
	    "%s\n", text);
}

static struct store *
open_with(int days, const struct vault *vault)
{
	const struct store_settings settings = {
		.directory = folder,
		.vault = vault,
		.days = days,
		.cache_kib = 1024,
		.notice = hear,
	};
	struct store *store = store_new(&settings);

	assert_non_null(store);
	if (store_prepare(store) != 0)
		fail_msg("%s", store_error(store));
	return store;
}

static const char *
line_of(const char *id, const char *time, const char *client,
    const char *who, const char *to)
{
	static char line[2000];

	(void)snprintf(line, sizeof(line), "{\"v\":1,\"id\":\"%s\","
	    "\"time\":\"%s\",\"session\":\"S%s\",\"client\":{\"address\":"
	    "\"%s\"},\"queue_id\":\"Q%s\",\"identity\":\"sasl:%s\","
	    "\"envelope\":{\"sender\":\"%s\",\"recipients\":[{\"address\":"
	    "\"%s\"},{\"address\":\"all@example.net\"}]},\"from\":["
	    "\"Other@%s.example\"],\"message_id\":\"<%s@example.org>\","
	    "\"result\":\"passed\"}", id, time, id, client, id, who, who, to,
	    who + strcspn(who, "@") + 1, id);
	return line;
}

static void
add(struct store *store, const char *line, enum store_status want)
{
	enum store_status got = store_add(store, span_of(line), NOW);

	if (got != want)
		fail_msg("%s: got %d, want %d: %s", line, got, want,
		    store_error(store));
}

static size_t
commit(struct store *store)
{
	size_t added;

	if (store_commit(store, &added) != STORE_OK)
		fail_msg("%s", store_error(store));
	return added;
}

static void
fill(struct store *store)
{
	add(store, line_of("1", "2026-11-20T10:00:00.000001Z", "192.0.2.1",
	    "alice@example.org", "bob@example.com"), STORE_OK);
	add(store, line_of("2", "2026-11-20T10:00:00.000001Z", "192.0.2.200",
	    "alice@example.org", "carol@example.com"), STORE_OK);
	add(store, line_of("3", "2026-11-21T10:00:00.000002Z",
	    "2001:db8:1:2::3", "dave@example.org", "bob@example.com"),
	    STORE_OK);
	add(store, line_of("4", "2026-11-21T23:59:59.999999Z",
	    "198.51.100.7", "\\\"q q\\\"@example.org", "bob@example.com"),
	    STORE_OK);
}

/* --- asking --------------------------------------------------------------- */

static char found[400];

static int enough;	/* so many; 0: all */

static int
note(void *context, const struct store_hit *hit)
{
	(void)context;
	(void)snprintf(found + strlen(found), sizeof(found) - strlen(found),
	    "%.*s ", SPAN_ARG(hit->words->id));
	return 0;
}

static const char *
ask(struct store *store, enum word_kind kind, const char *text,
    enum word_kind kind2, const char *text2, const char *since,
    const char *until, int want)
{
	struct arena *arena = arena_new(1u << 20, NULL);
	const char *error = "";
	struct query query;

	query_init(&query, arena);
	if ((kind != 0 && query_add(&query, kind, text, &error) != 0) ||
	    (kind2 != 0 && query_add(&query, kind2, text2, &error) != 0))
		fail_msg("%s", error);
	if (since != NULL)
		assert_int_equal(utc_parse(span_of(since),
		    &query.since_us), 0);
	if (until != NULL)
		assert_int_equal(utc_parse(span_of(until),
		    &query.until_us), 0);
	query.limit = (size_t)enough;
	found[0] = '\0';
	assert_int_equal(store_find(store, &query, note, NULL), want);
	arena_free(&arena);
	return found;
}

static void
test_lookups(void **state)
{
	static const struct {
		enum word_kind kind;
		const char *text;
		enum word_kind kind2;
		const char *text2, *since, *until, *want;
	} rows[] = {
		{ WORD_ID, "3", 0, NULL, NULL, NULL, "3 " },
		{ WORD_ID, "33", 0, NULL, NULL, NULL, "" },
		{ WORD_MESSAGE_ID, "<2@example.org>", 0, NULL, NULL, NULL,
		    "2 " },
		{ WORD_MESSAGE_ID, " 2@example.org\r\n", 0, NULL, NULL, NULL,
		    "2 " },
		{ WORD_MESSAGE_ID, "<2@EXAMPLE.org>", 0, NULL, NULL, NULL,
		    "" },
		{ WORD_QUEUE_ID, "Q4", 0, NULL, NULL, NULL, "4 " },
		{ WORD_SESSION, "S1", 0, NULL, NULL, NULL, "1 " },
		{ WORD_IDENTITY, "Alice@Example.ORG", 0, NULL, NULL, NULL,
		    "2 1 " },
		{ WORD_IDENTITY, "sasl:dave@example.org", 0, NULL, NULL,
		    NULL, "3 " },
		{ WORD_IDENTITY, "cert:dave@example.org", 0, NULL, NULL,
		    NULL, "" },
		{ WORD_SENDER, "ALICE@example.org", 0, NULL, NULL, NULL,
		    "2 1 " },
		{ WORD_SENDER, "<\"alice\"@example.org>", 0, NULL, NULL,
		    NULL, "2 1 " },
		{ WORD_SENDER, "\"q q\"@example.org", 0, NULL, NULL, NULL,
		    "4 " },
		/* From */
		{ WORD_SENDER, "other@example.org.example", 0, NULL, NULL,
		    NULL, "4 3 2 1 " },
		{ WORD_RECIPIENT, "bob@example.com", 0, NULL, NULL, NULL,
		    "4 3 1 " },
		{ WORD_RECIPIENT, "all@example.net", 0, NULL, NULL, NULL,
		    "4 3 2 1 " },
		{ WORD_RECIPIENT, "alice@example.org", 0, NULL, NULL, NULL,
		    "" },
		{ WORD_CLIENT, "192.0.2.1", 0, NULL, NULL, NULL, "1 " },
		{ WORD_CLIENT, "192.0.2.0/24", 0, NULL, NULL, NULL, "2 1 " },
		{ WORD_CLIENT, "192.0.2.128/25", 0, NULL, NULL, NULL, "2 " },
		{ WORD_CLIENT, "192.0.0.0/17", 0, NULL, NULL, NULL, "2 1 " },
		{ WORD_CLIENT, "192.0.0.0/9", 0, NULL, NULL, NULL, "2 1 " },
		{ WORD_CLIENT, "192.0.0.0/8", 0, NULL, NULL, NULL, "2 1 " },
		{ WORD_CLIENT, "128.0.0.0/1", 0, NULL, NULL, NULL, "4 2 1 " },
		{ WORD_CLIENT, "0.0.0.0/0", 0, NULL, NULL, NULL, "4 2 1 " },
		{ WORD_CLIENT, "2001:db8:1::/48", 0, NULL, NULL, NULL, "3 " },
		{ WORD_CLIENT, "2001:db8:1:2::/63", 0, NULL, NULL, NULL,
		    "3 " },
		{ WORD_CLIENT, "2001:db8::/31", 0, NULL, NULL, NULL, "3 " },
		{ WORD_CLIENT, "2000::/3", 0, NULL, NULL, NULL, "3 " },
		{ WORD_IDENTITY, "alice@example.org", WORD_RECIPIENT,
		    "bob@example.com", NULL, NULL, "1 " },
		{ WORD_IDENTITY, "alice@example.org", WORD_CLIENT,
		    "2001:db8::/32", NULL, NULL, "" },
		{ WORD_RECIPIENT, "bob@example.com", 0, NULL, "2026-11-21",
		    NULL, "4 3 " },
		{ WORD_RECIPIENT, "bob@example.com", 0, NULL, NULL,
		    "2026-11-21T10:00:00.000002Z", "3 1 " },
		{ 0, NULL, 0, NULL, "2026-11-20T10:00:00.000001Z",
		    "2026-11-20T10:00:00.000001Z", "2 1 " },
		{ 0, NULL, 0, NULL, "2026-11-21T23:59:59.999999Z", NULL,
		    "4 " },
		{ 0, NULL, 0, NULL, NULL, NULL, "4 3 2 1 " },
	};
	struct store *store = open_with(30, NULL);

	(void)state;
	fill(store);
	assert_int_equal(commit(store), 4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = ask(store, rows[i].kind, rows[i].text,
		    rows[i].kind2, rows[i].text2, rows[i].since,
		    rows[i].until, 0);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu, %s: got %s, want %s", i,
			    rows[i].text, got, rows[i].want);
	}
	assert_string_equal(said, "");
	store_free(&store);
}

/* --- what goes in --------------------------------------------------------- */

static char line_found[3000];

static int
keep_line(void *context, const struct store_hit *hit)
{
	(void)context;
	(void)snprintf(line_found, sizeof(line_found), "%.*s",
	    SPAN_ARG(hit->line));
	return 1;
}

static const char *
read_line(struct store *store, const char *id)
{
	struct arena *arena = arena_new(1u << 20, NULL);
	const char *error;
	struct query query;

	query_init(&query, arena);
	assert_int_equal(query_add(&query, WORD_ID, id, &error), 0);
	line_found[0] = '\0';
	assert_int_equal(store_find(store, &query, keep_line, NULL), 0);
	arena_free(&arena);
	return line_found;
}

static void
test_twice(void **state)
{
	struct store *store = open_with(30, NULL);
	char *first = strdup(line_of("1", "2026-11-20T10:00:00.000001Z",
	    "192.0.2.1", "alice@example.org", "bob@example.com"));
	char later[3000];

	(void)state;
	fill(store);
	assert_int_equal(commit(store), 4);
	assert_string_equal(read_line(store, "1"), first);
	fill(store);
	fill(store);
	assert_int_equal(commit(store), 0);
	assert_string_equal(ask(store, 0, NULL, 0, NULL, NULL, NULL, 0),
	    "4 3 2 1 ");
	/* The later record of a transaction holds. */
	(void)snprintf(later, sizeof(later), "%s", first);
	memcpy(strstr(later, "passed"), "Passed", 6);
	add(store, later, STORE_OK);
	assert_int_equal(commit(store), 0);
	assert_string_equal(read_line(store, "1"), later);
	free(first);
	store_free(&store);
}

static void
test_no_records(void **state)
{
	struct store *store = open_with(30, NULL);

	(void)state;
	add(store, "", STORE_NO_RECORD);
	add(store, "{}", STORE_NO_RECORD);
	add(store, "{\"id\":\"1\"", STORE_NO_RECORD);
	add(store, "{\"id\":\"1\",\"time\":\"2026-13-01T00:00:00Z\"}",
	    STORE_NO_RECORD);
	add(store, "{\"id\":\"1\",\"time\":\"2026-11-20T00:00:00Z\","
	    "\"result\":\"no-mail\"}", STORE_NO_RECORD);
	/* A clock gone wrong makes no partition. */
	add(store, "{\"id\":\"1\",\"time\":\"2036-11-20T00:00:00Z\"}",
	    STORE_NO_RECORD);
	add(store, "{\"id\":\"1\",\"time\":\"2026-10-01T00:00:00Z\"}",
	    STORE_OLD);
	assert_int_equal(store_pending(store), 0);
	store_free(&store);
}

static size_t
count_files(const char *suffix)
{
	DIR *open = opendir(folder);
	const struct dirent *entry;
	size_t n = 0;

	assert_non_null(open);
	while ((entry = readdir(open)) != NULL)
		n += strstr(entry->d_name, suffix) != NULL;
	(void)closedir(open);
	return n;
}

/* How many days it removes. */
static size_t
clean(struct store *store, int64_t now)
{
	size_t removed;

	assert_int_equal(store_clean(store, now, &removed), 0);
	return removed;
}

static void
test_retention(void **state)
{
	struct store *store = open_with(7, NULL);

	(void)state;
	fill(store);
	add(store, line_of("0", "2026-11-15T00:00:00Z", "192.0.2.1", "a@b.c",
	    "d@e.f"), STORE_OK);
	add(store, line_of("0", "2026-11-14T23:59:59Z", "192.0.2.1", "a@b.c",
	    "d@e.f"), STORE_OLD);
	assert_int_equal(commit(store), 5);
	assert_int_equal(clean(store, NOW), 0);
	assert_int_equal(clean(store, NOW + 86400), 1);
	assert_int_equal(count_files("2026-11-15"), 0);
	assert_string_equal(ask(store, 0, NULL, 0, NULL, NULL, NULL, 0),
	    "4 3 2 1 ");
	assert_int_equal(clean(store, NOW + 100 * 86400), 2);
	assert_string_equal(ask(store, 0, NULL, 0, NULL, NULL, NULL, 0), "");
	assert_string_equal(said, "");
	store_free(&store);
}

static void
test_retention_without_a_folder(void **state)
{
	const struct store_settings settings = {
		.directory = "/nonexistent/store",
		.days = 7,
		.notice = hear,
	};
	struct store *store = store_new(&settings);
	size_t removed;

	(void)state;
	assert_int_equal(store_clean(store, NOW, &removed), -1);
	assert_int_equal(removed, 0);
	assert_string_equal(store_error(store),
	    "/nonexistent/store: No such file or directory");
	store_free(&store);
}

/* --- damage --------------------------------------------------------------- */

static void
spoil(const char *day)
{
	char file[100];
	static const char noise[8192] = "nothing that SQLite knows";
	int fd;

	(void)snprintf(file, sizeof(file), "%s/audit-%s.db", folder, day);
	fd = open(file, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, noise, sizeof(noise)), sizeof(noise));
	(void)close(fd);
}

/* Days 40 to 1, more than are open at a time, and none out of order. */
static void
test_many_days(void **state)
{
	struct store *store = open_with(60, NULL);
	char want[sizeof(found)] = "";

	(void)state;
	for (int i = 1; i <= 40; i++) {
		char id[4], time[40];

		(void)snprintf(id, sizeof(id), "%d", i);
		(void)snprintf(time, sizeof(time),
		    "2026-%02d-%02dT10:00:00Z", i > 30 ? 11 : 10,
		    i > 30 ? i - 30 : i);
		add(store, line_of(id, time, "192.0.2.1",
		    "alice@example.org", "bob@example.com"), STORE_OK);
	}
	/* Those that were open when another took their place, too. */
	assert_int_equal(commit(store), 4);
	for (int i = 40; i > 0; i--)
		(void)snprintf(want + strlen(want), sizeof(want) -
		    strlen(want), "%d ", i);
	assert_string_equal(ask(store, WORD_RECIPIENT, "bob@example.com", 0,
	    NULL, NULL, NULL, 0), want);
	assert_string_equal(ask(store, 0, NULL, 0, NULL, NULL, NULL, 0),
	    want);
	assert_string_equal(ask(store, WORD_ID, "1", 0, NULL, NULL, NULL, 0),
	    "1 ");
	assert_string_equal(ask(store, WORD_SENDER, "alice@example.org", 0,
	    NULL, "2026-11-01", "2026-11-03T09:00:00", 0), "32 31 ");
	enough = 3;
	assert_string_equal(ask(store, WORD_RECIPIENT, "bob@example.com", 0,
	    NULL, NULL, NULL, 0), "40 39 38 ");
	enough = 0;
	spoil("2026-10-20");
	assert_non_null(strstr(ask(store, WORD_RECIPIENT, "bob@example.com",
	    0, NULL, NULL, NULL, -1), "21 19 "));
	assert_non_null(strstr(said, "2026-10-20.db: damaged"));
	store_free(&store);
}

/* The four records of fill() are all there is. */
static void
keep_four(void)
{
	struct store *store = open_with(30, NULL);

	fill(store);
	assert_int_equal(commit(store), 4);
	store_free(&store);
}

/* The two of 2026-11-20 cannot be read. */
static void
check_set_aside(const char *reader_hears, const char *writer_hears)
{
	struct store *store = open_with(30, NULL);

	/* Who reads is told, and finds what other days have. */
	assert_string_equal(ask(store, WORD_RECIPIENT, "bob@example.com", 0,
	    NULL, NULL, NULL, -1), "4 3 ");
	assert_non_null(strstr(said, reader_hears));
	said[0] = '\0';
	/* Who writes sets it aside, and goes on. */
	add(store, line_of("1", "2026-11-20T10:00:00.000001Z", "192.0.2.1",
	    "alice@example.org", "bob@example.com"), STORE_DAMAGED);
	assert_non_null(strstr(said, writer_hears));
	assert_true(count_files(".damaged-") >= 1);
	fill(store);
	assert_int_equal(commit(store), 2);
	assert_string_equal(ask(store, WORD_RECIPIENT, "bob@example.com", 0,
	    NULL, NULL, NULL, 0), "4 3 1 ");
	store_free(&store);
}

static void
test_damage(void **state)
{
	(void)state;
	keep_four();
	spoil("2026-11-20");
	check_set_aside("2026-11-20.db: damaged", "set aside");
}

/* What an older version made. */
static void
test_older(void **state)
{
	char file[100];
	sqlite3 *db;

	(void)state;
	keep_four();
	(void)snprintf(file, sizeof(file), "%s/audit-2026-11-20.db", folder);
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE meta SET value = x'01' "
	    "WHERE name = 'format'", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	check_set_aside("it was made by another version",
	    "it was made by an older version");
}

/* --- sealed, and erased --------------------------------------------------- */

static struct vault *
read_key(void)
{
	const struct key_owner owner = { geteuid(), getegid() };
	char file[100], *error = NULL;
	struct vault *vault;
	FILE *out;

	(void)snprintf(file, sizeof(file), "%s/key", folder);
	out = fopen(file, "w");
	assert_non_null(out);
	assert_true(fputs(KEY "\n", out) >= 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(file, 0600), 0);
	vault = vault_read(file, &owner, &error);
	if (vault == NULL)
		fail_msg("%s", error);
	return vault;
}

static bool
has_octets(const char *octets, size_t n, struct span what)
{
	for (size_t i = 0; i + what.len <= n; i++)
		if (memcmp(octets + i, what.ptr, what.len) == 0)
			return true;
	return false;
}

/* Does any file of the store have LINE in it, packed and not sealed? */
static bool
is_in_files(const char *line)
{
	struct pack *pack = pack_new(NULL, SPAN("salt"));
	DIR *open = opendir(folder);
	const struct dirent *entry;
	struct span packed;
	struct sbuf out;
	bool is_found = false;

	assert_non_null(open);
	assert_non_null(pack);
	sbuf_init(&out, NULL, 10000);
	assert_int_equal(pack_line(pack, span_of(line), 1, &out), 0);
	assert_int_equal(sbuf_done(&out, &packed), 0);
	while ((entry = readdir(open)) != NULL) {
		static char octets[4 << 20];
		char name[400];
		FILE *in;

		(void)snprintf(name, sizeof(name), "%s/%s", folder,
		    entry->d_name);
		if (strstr(name, ".db") == NULL)
			continue;
		in = fopen(name, "rb");
		assert_non_null(in);
		is_found |= has_octets(octets, fread(octets, 1,
		    sizeof(octets), in), packed);
		(void)fclose(in);
	}
	(void)closedir(open);
	sbuf_free(&out);
	pack_free(&pack);
	return is_found;
}

static void
test_sealed(void **state)
{
	struct vault *vault = read_key();
	struct store *store = open_with(30, vault);

	(void)state;
	fill(store);
	assert_int_equal(commit(store), 4);
	assert_string_equal(ask(store, WORD_RECIPIENT, "bob@example.com",
	    WORD_CLIENT, "192.0.2.0/24", NULL, NULL, 0), "1 ");
	store_free(&store);
	assert_false(is_in_files(line_of("1", "2026-11-20T10:00:00.000001Z",
	    "192.0.2.1", "alice@example.org", "bob@example.com")));
	/* Without the key it is said, and nothing is found. */
	store = open_with(30, NULL);
	assert_string_equal(ask(store, WORD_RECIPIENT, "bob@example.com", 0,
	    NULL, NULL, NULL, -1), "");
	assert_non_null(strstr(said, "not in the key file"));
	store_free(&store);
	vault_free(&vault);
}

static int
erase(void *context, const struct store_hit *hit)
{
	(void)context;
	assert_int_equal(partition_replace(hit->partition, hit->n,
	    hit->words, NULL, (struct span){ "", 0 }), PARTITION_OK);
	assert_int_equal(partition_settle(hit->partition), PARTITION_OK);
	return 0;
}

static void
test_erased(void **state)
{
	struct store *store = open_with(30, NULL);
	struct arena *arena = arena_new(1u << 20, NULL);
	const char *error;
	struct query query;
	char *zaphod;

	(void)state;
	fill(store);
	zaphod = strdup(line_of("5", "2026-11-20T11:00:00Z", "192.0.2.1",
	    "zaphod.beeblebrox@example.org", "x@example.com"));
	add(store, zaphod, STORE_OK);
	assert_int_equal(commit(store), 5);
	store_free(&store);
	assert_true(is_in_files(zaphod));
	store = open_with(30, NULL);
	query_init(&query, arena);
	assert_int_equal(query_add(&query, WORD_IDENTITY,
	    "zaphod.beeblebrox@example.org", &error), 0);
	assert_int_equal(store_change(store, &query, erase, NULL), 0);
	assert_string_equal(ask(store, 0, NULL, 0, NULL, NULL, NULL, 0),
	    "4 3 2 1 ");
	assert_string_equal(ask(store, WORD_RECIPIENT, "x@example.com", 0,
	    NULL, NULL, NULL, 0), "");
	assert_false(is_in_files(zaphod));
	/* An import of the old file does not bring it back. */
	add(store, zaphod, STORE_OK);
	free(zaphod);
	assert_int_equal(commit(store), 0);
	assert_string_equal(ask(store, WORD_ID, "5", 0, NULL, NULL, NULL, 0),
	    "");
	arena_free(&arena);
	store_free(&store);
}

/* --- readers and writers -------------------------------------------------- */

static void *
keep_asking(void *context)
{
	const atomic_bool *is_done = context;
	const struct store_settings settings = { .directory = folder,
		.days = 30, .cache_kib = 1024, .notice = hear };
	struct arena *arena = arena_new(1u << 20, NULL);
	struct store *store = store_new(&settings);
	struct query query;
	size_t asked = 0;

	query_init(&query, arena);
	while (!*is_done || asked == 0) {
		query.limit = 1;
		if (store_find(store, &query, keep_line, NULL) != 0)
			return NULL;
		asked++;
	}
	store_free(&store);
	arena_free(&arena);
	return (void *)(uintptr_t)asked;
}

/* Neither is stopped: a commit that had to wait would fail or take long. */
static void
test_together(void **state)
{
	struct store *store = open_with(30, NULL);
	static atomic_bool is_done;
	pthread_t reader;
	void *asked;

	(void)state;
	fill(store);
	(void)commit(store);
	assert_int_equal(pthread_create(&reader, NULL, keep_asking,
	    (void *)(uintptr_t)&is_done), 0);
	for (int i = 0; i < 200; i++) {
		char id[20], when[40];

		(void)snprintf(id, sizeof(id), "x%d", i);
		(void)snprintf(when, sizeof(when),
		    "2026-11-21T12:00:%02d.000%03dZ", i % 60, i);
		add(store, line_of(id, when, "192.0.2.1",
		    "alice@example.org", "b@c.d"), STORE_OK);
		assert_int_equal(commit(store), 1);
	}
	is_done = true;
	assert_int_equal(pthread_join(reader, &asked), 0);
	assert_true((uintptr_t)asked > 0);
	assert_string_equal(said, "");
	store_free(&store);
}

/* --- all ------------------------------------------------------------------ */

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/submit-store.XXXXXX");
	assert_non_null(mkdtemp(folder));
	said[0] = '\0';
	return 0;
}

static int
teardown(void **state)
{
	DIR *open = opendir(folder);
	const struct dirent *entry;

	(void)state;
	while (open != NULL && (entry = readdir(open)) != NULL) {
		char name[400];

		(void)snprintf(name, sizeof(name), "%s/%s", folder,
		    entry->d_name);
		(void)unlink(name);
	}
	(void)closedir(open);
	return rmdir(folder);
}

int
main(void)
{
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_lookups),
		TEST(test_twice),
		TEST(test_no_records),
		TEST(test_retention),
		TEST(test_retention_without_a_folder),
		TEST(test_many_days),
		TEST(test_damage),
		TEST(test_older),
		TEST(test_sealed),
		TEST(test_erased),
		TEST(test_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
