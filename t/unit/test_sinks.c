/*
 * test_sinks - whole lines or none, in the file that is meant.
 * Proves: A6 (a record is one line), A7 (what cannot be written is told),
 * X20 (file with reopen, syslog).
 */
#define _GNU_SOURCE	/* for memmem() */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "audit/entry.h"
#include "audit/sinks.h"
#include "base/deadline.h"

static char folder[40], file[64], other[64], wal[64];

/* --- a syslog that remembers ---------------------------------------------- */

static char syslog_line[100];
static int syslog_priority, syslog_count;

static void
remember(int priority, const char *format, va_list ap)
{
	(void)vsnprintf(syslog_line, sizeof(syslog_line), format, ap);
	syslog_priority = priority;
	syslog_count++;
}

/* In the place of the C library's; the second under _FORTIFY_SOURCE. */
void
syslog(int priority, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	remember(priority, format, ap);
	va_end(ap);
}

void __syslog_chk(int priority, int flag, const char *format, ...);

void
__syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, format);
	remember(priority, format, ap);
	va_end(ap);
}

/* --- notices ---------------------------------------------------------------- */

static pthread_mutex_t notice_lock = PTHREAD_MUTEX_INITIALIZER;
static char last_notice[500];

static void
take_notice(bool is_fault, const char *text)
{
	(void)pthread_mutex_lock(&notice_lock);
	(void)snprintf(last_notice, sizeof(last_notice), "%s: %s",
	    is_fault ? "fault" : "note", text);
	(void)pthread_mutex_unlock(&notice_lock);
}

/* --- helpers -------------------------------------------------------------- */

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/submit-sinks.XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(file, sizeof(file), "%s/audit", folder);
	(void)snprintf(other, sizeof(other), "%s/other", folder);
	(void)snprintf(wal, sizeof(wal), "%s/.audit.wal", folder);
	syslog_count = 0;
	last_notice[0] = '\0';
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(file);
	(void)unlink(other);
	(void)unlink(wal);
	return rmdir(folder);
}

static struct audit_entry *
entry_of(const char *line)
{
	return audit_entry_new(span_of(line), &(struct audit_keys){ 0 });
}

/* As a message that passes does it. */
static int
audit_write(struct audit *audit, const char *line)
{
	return audit_commit(audit, entry_of(line));
}

static void
drain(struct audit *audit)
{
	assert_true(audit_drain(audit, deadline_in(30000)));
}

/* Until the operator was told TEXT, which comes after the messages. */
static void
want_notice(const char *text)
{
	int64_t deadline = deadline_in(30000);
	bool is_there = false;
	char got[500];

	while (!is_there && deadline_left(deadline) > 0) {
		(void)pthread_mutex_lock(&notice_lock);
		memcpy(got, last_notice, sizeof(got));
		(void)pthread_mutex_unlock(&notice_lock);
		is_there = strstr(got, text) != NULL;
		(void)usleep(1000);
	}
	if (!is_there)
		fail_msg("got \"%s\", want \"%s\"", got, text);
}

static struct audit *
open_sinks(const char *name, bool is_syslog)
{
	struct audit_settings settings = { .file = name, .file_mode = 0640,
		.syslog = is_syslog, .facility = LOG_LOCAL3, .sync = true,
		.timeout = 30000 };
	struct audit *audit = audit_new(take_notice);
	char *error = NULL;

	assert_non_null(audit);
	if (audit_configure(audit, &settings, &error) != 0)
		fail_msg("%s", error);
	drain(audit);
	return audit;
}

static void
put(const char *name, const char *text)
{
	FILE *out = fopen(name, "we");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void
want_text(const char *name, const char *want)
{
	static char got[200000];
	FILE *in = fopen(name, "re");
	size_t n;

	assert_non_null(in);
	n = fread(got, 1, sizeof(got) - 1, in);
	got[n] = '\0';
	(void)fclose(in);
	if (strcmp(got, want) != 0)
		fail_msg("got \"%s\", want \"%s\"", got, want);
}

/* --- refusals ------------------------------------------------------------- */

static void
test_cannot_open(void **state)
{
	struct audit_settings settings = { .file = "/nonexistent/audit",
		.file_mode = 0600, .syslog = true };
	struct audit *audit = open_sinks(file, false);
	char *error = NULL;

	(void)state;
	assert_int_equal(audit_configure(audit, &settings, &error), -1);
	assert_string_equal(error,
	    "audit file: /nonexistent/audit: No such file or directory");
	free(error);
	settings.file = folder;
	error = NULL;
	assert_int_equal(audit_configure(audit, &settings, &error), -1);
	assert_non_null(strstr(error, "Is a directory"));
	free(error);
	/* all stays as it was */
	assert_int_equal(audit_write(audit, "{\"a\":1}"), 0);
	assert_int_equal(syslog_count, 0);
	want_text(file, "{\"a\":1}\n");
	audit_free(&audit);
	assert_null(audit);
	audit_free(&audit);
}

static void
test_full_disk(void **state)
{
	struct audit *audit = open_sinks("/dev/full", true);

	(void)state;
	assert_int_equal(audit_write(audit, "{}"), -1);
	want_notice("fault: audit file: /dev/full: No space left on device; "
	    "messages are deferred until it can be written");
	/* what did not come true is not told to syslog either */
	assert_int_equal(syslog_count, 0);
	audit_free(&audit);
}

/* A sink that failed is left alone for a moment, then tried again. */
static void
want_kept(struct audit *audit, const char *line)
{
	int64_t deadline = deadline_in(30000);

	while (audit_write(audit, line) != 0) {
		assert_true(deadline_left(deadline) > 0);
		(void)usleep(10000);
	}
	want_notice("works again");
}

/* The disk takes only part of a line: none of it stays. */
static void
test_short_write(void **state)
{
	const struct rlimit before = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit = { 20, RLIM_INFINITY };
	struct audit *audit = open_sinks(file, false);

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(audit_write(audit, "0123456789"), 0);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
		audit_free(&audit);
		skip();
	}
	assert_int_equal(audit_write(audit, "0123456789"), -1);
	want_text(file, "0123456789\n");
	/* a line that ends just at the limit still goes in, no more does */
	want_kept(audit, "01234567");
	assert_int_equal(audit_write(audit, "x"), -1);
	want_notice("File too large");
	(void)setrlimit(RLIMIT_FSIZE, &before);
	want_text(file, "0123456789\n01234567\n");
	want_kept(audit, "again");
	want_text(file, "0123456789\n01234567\nagain\n");
	audit_free(&audit);
}

/*
 * Records that nobody waits for stay until they can be written, in order;
 * those that somebody waited for do not come later.
 */
static void
test_recovery(void **state)
{
	struct audit *audit = open_sinks(file, true);

	(void)state;
	assert_int_equal(unlink(file), 0);
	assert_int_equal(unlink(wal), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(audit_write(audit, "not this"), -1);
	want_notice("No such file or directory; messages are deferred");
	assert_int_equal(audit_post(audit, entry_of("one")), 0);
	assert_int_equal(audit_post(audit, entry_of("two")), 0);
	assert_int_equal(audit_write(audit, "nor this"), -1);
	assert_int_equal(mkdir(folder, 0700), 0);
	drain(audit);
	want_notice("audit file: works again after 0 s; 0 records were lost");
	want_text(file, "one\ntwo\n");
	assert_int_equal(audit_write(audit, "three"), 0);
	want_text(file, "one\ntwo\nthree\n");
	drain(audit);
	assert_int_equal(syslog_count, 3);
	audit_free(&audit);
}

/* What waits is bounded; what does not fit is told, and counted. */
static void
test_too_many_wait(void **state)
{
	static char line[(1 << 20) + 1];
	struct audit *audit = open_sinks(file, false);
	int kept = 0;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(unlink(wal), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(audit_write(audit, "x"), -1);
	while (kept < 100 && audit_post(audit, entry_of(line)) == 0)
		kept++;
	assert_in_range(kept, 20, 33);
	assert_int_equal(audit_post(audit, entry_of(line)), -1);
	assert_int_equal(mkdir(folder, 0700), 0);
	drain(audit);
	want_notice("2 records were lost");
	audit_free(&audit);
}

/* A pipe that nobody reads: a message waits so long and no longer. */
static void
test_deadline(void **state)
{
	struct audit_settings settings = { .file = file, .sync = true,
		.timeout = 100 };
	static char line[(1 << 20) + 1];
	struct audit *audit;
	char *error = NULL, rest[65536];
	size_t got = 0;
	bool is_empty;
	ssize_t n;
	int end;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	assert_int_equal(mkfifo(file, 0600), 0);
	audit = open_sinks(file, false);
	end = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(end >= 0);
	assert_int_equal(audit_configure(audit, &settings, &error), 0);
	assert_int_equal(audit_post(audit, entry_of(line)), 0);
	assert_int_equal(audit_write(audit, "late"), -1);
	/* and then it does not come any more */
	do {
		is_empty = audit_drain(audit, deadline_in(1));
		while ((n = read(end, rest, sizeof(rest))) > 0) {
			assert_null(memchr(rest, 'l', (size_t)n));
			got += (size_t)n;
		}
	} while (!is_empty);
	assert_int_equal(got, sizeof(line));
	audit_free(&audit);
	(void)close(end);
}

/* --- what works ----------------------------------------------------------- */

static void
test_torn_line(void **state)
{
	struct audit *audit;

	(void)state;
	put(file, "{\"a\":1}\n{\"b\":");
	audit = open_sinks(file, false);
	assert_int_equal(audit_write(audit, "{\"c\":3}"), 0);
	audit_free(&audit);
	want_text(file, "{\"a\":1}\n{\"b\":\n{\"c\":3}\n");
	want_notice("the last line was not whole (a crash?); it was ended");
	/* and a whole one is left alone */
	audit = open_sinks(file, false);
	audit_free(&audit);
	want_text(file, "{\"a\":1}\n{\"b\":\n{\"c\":3}\n");
}

static void
test_rotation(void **state)
{
	struct audit_settings settings = { .file = file,
		.file_mode = 0600, .timeout = 30000 };
	struct audit *audit = open_sinks(file, false);
	char *error = NULL;

	(void)state;
	assert_int_equal(audit_write(audit, "one"), 0);
	assert_int_equal(rename(file, other), 0);
	/* until told otherwise, the old file gets it */
	assert_int_equal(audit_write(audit, "two"), 0);
	want_text(other, "one\ntwo\n");
	assert_int_equal(audit_configure(audit, &settings, &error), 0);
	assert_int_equal(audit_write(audit, "three"), 0);
	want_text(other, "one\ntwo\n");
	want_text(file, "three\n");
	/* but what was removed would keep nothing */
	assert_int_equal(unlink(file), 0);
	assert_int_equal(audit_write(audit, "three"), 0);
	want_text(file, "three\n");
	/* emptied by "copytruncate": goes on at the new end */
	assert_int_equal(truncate(file, 0), 0);
	assert_int_equal(audit_write(audit, "four"), 0);
	want_text(file, "four\n");
	audit_free(&audit);
}

static void
copy(const char *from, const char *to)
{
	static char octets[5 << 20];
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	size_t n;

	assert_non_null(in);
	assert_non_null(out);
	n = fread(octets, 1, sizeof(octets), in);
	(void)fclose(in);
	assert_int_equal(fwrite(octets, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
}

/* The copy lies where a crash would have left it. */
static void
leave_wal(void)
{
	assert_int_equal(chmod(other, 0600), 0);
	assert_int_equal(rename(other, wal), 0);
}

/* What the audit file lost with the power comes back as it is opened. */
static void
test_power_fails(void **state)
{
	struct audit *audit = open_sinks(file, false);
	struct stat st;

	(void)state;
	assert_int_equal(audit_write(audit, "one"), 0);
	assert_int_equal(audit_write(audit, "two"), 0);
	assert_int_equal(audit_write(audit, "three"), 0);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	copy(wal, other);
	/* In good order it leaves nothing. */
	audit_free(&audit);
	assert_int_equal(access(wal, F_OK), -1);
	want_text(file, "one\ntwo\nthree\n");

	assert_int_equal(truncate(file, 6), 0);
	leave_wal();
	audit = open_sinks(file, false);
	want_notice("note: audit file: ");
	want_notice("/audit: 8 octets that a crash took were put back");
	assert_int_equal(audit_write(audit, "four"), 0);
	audit_free(&audit);
	want_text(file, "one\ntwo\nthree\nfour\n");
}

/* Also where records need not be on the disk any more. */
static void
test_power_failed_before(void **state)
{
	struct audit_settings settings = { .file = file, .file_mode = 0600,
		.timeout = 30000 };
	struct audit *audit = open_sinks(file, false);
	char *error = NULL;

	(void)state;
	assert_int_equal(audit_write(audit, "one"), 0);
	copy(wal, other);
	audit_free(&audit);
	assert_int_equal(truncate(file, 0), 0);
	leave_wal();
	audit = audit_new(take_notice);
	assert_int_equal(audit_configure(audit, &settings, &error), 0);
	assert_int_equal(audit_write(audit, "two"), 0);
	want_text(file, "one\ntwo\n");
	assert_int_equal(access(wal, F_OK), -1);
	audit_free(&audit);
}

/* Removed or emptied by somebody, it is not given back what it had. */
static void
test_changed_by_others(void **state)
{
	struct audit *audit = open_sinks(file, false);
	FILE *out;

	(void)state;
	assert_int_equal(audit_write(audit, "one"), 0);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(audit_write(audit, "two"), 0);
	assert_int_equal(truncate(file, 0), 0);
	assert_int_equal(audit_write(audit, "three"), 0);
	assert_non_null(out = fopen(file, "ae"));
	assert_true(fputs("by hand\n", out) >= 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(audit_write(audit, "four"), 0);
	copy(wal, other);
	audit_free(&audit);
	want_text(file, "three\nby hand\nfour\n");
	/* Nor after a crash. */
	leave_wal();
	audit = open_sinks(file, false);
	assert_int_equal(audit_write(audit, "five"), 0);
	audit_free(&audit);
	want_text(file, "three\nby hand\nfour\nfive\n");
}

/* More batches than it has room for, and one that is larger than it. */
static void
test_wal_is_full(void **state)
{
	enum { BATCHES = 1100, LARGE = 3 << 20 };
	struct audit *audit = open_sinks(file, false);
	char *large = malloc(LARGE + 1);
	struct stat st;

	(void)state;
	assert_non_null(large);
	memset(large, 'x', LARGE);
	large[LARGE] = '\0';
	for (int i = 0; i < BATCHES; i++)
		assert_int_equal(audit_write(audit, "0123456789abcde"), 0);
	assert_int_equal(audit_write(audit, large), 0);
	assert_int_equal(audit_write(audit, "end"), 0);
	copy(wal, other);
	audit_free(&audit);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, BATCHES * 16 + LARGE + 1 + 4);
	/* The end alone is not on the disk for sure. */
	assert_int_equal(truncate(file, st.st_size - 4), 0);
	leave_wal();
	audit = open_sinks(file, false);
	want_notice(": 4 octets that a crash took were put back");
	audit_free(&audit);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, BATCHES * 16 + LARGE + 1 + 4);
	free(large);
}

/* The next batch is in one that is found after a crash. */
static void
test_wal_is_removed(void **state)
{
	struct audit *audit = open_sinks(file, false);

	(void)state;
	assert_int_equal(audit_write(audit, "one"), 0);
	assert_int_equal(unlink(wal), 0);
	assert_int_equal(audit_write(audit, "two"), 0);
	copy(wal, other);
	audit_free(&audit);
	want_text(file, "one\ntwo\n");
	assert_int_equal(truncate(file, 4), 0);
	leave_wal();
	audit = open_sinks(file, false);
	want_notice(": 4 octets that a crash took were put back");
	audit_free(&audit);
	want_text(file, "one\ntwo\n");
}

/* Then each batch goes to the disk in the file itself. */
static void
test_without_wal(void **state)
{
	struct audit *audit;

	(void)state;
	assert_int_equal(mkdir(wal, 0700), 0);
	audit = open_sinks(file, false);
	want_notice("its write-ahead file cannot be used: Is a directory");
	assert_int_equal(audit_write(audit, "one"), 0);
	want_text(file, "one\n");
	audit_free(&audit);
	assert_int_equal(rmdir(wal), 0);
}

/* A pipe to a program works too, and does not wait for its reader. */
static void
test_pipe(void **state)
{
	struct audit *audit;
	char got[100];
	int end;

	(void)state;
	assert_int_equal(mkfifo(file, 0600), 0);
	audit = open_sinks(file, false);
	end = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(end >= 0);
	assert_int_equal(audit_write(audit, "one"), 0);
	assert_int_equal(audit_write(audit, "two"), 0);
	assert_int_equal(read(end, got, sizeof(got)), 8);
	assert_memory_equal(got, "one\ntwo\n", 8);
	(void)close(end);
	audit_free(&audit);
}

static void
test_mode(void **state)
{
	mode_t before = umask(0);
	struct audit *audit = open_sinks(file, false);
	struct stat st;

	(void)state;
	(void)umask(before);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	audit_free(&audit);
}

static void
test_syslog(void **state)
{
	struct audit_settings none = { .file = "" };
	struct audit *audit = open_sinks(NULL, true);
	char *error = NULL;

	(void)state;
	assert_int_equal(audit_write(audit, "{\"a\":\"%s%n\"}"), 0);
	drain(audit);
	assert_int_equal(syslog_count, 1);
	assert_string_equal(syslog_line, "{\"a\":\"%s%n\"}");
	assert_int_equal(syslog_priority, LOG_LOCAL3 | LOG_INFO);
	assert_int_equal(audit_configure(audit, &none, &error), 0);
	assert_int_equal(audit_write(audit, "{}"), 0);
	assert_int_equal(syslog_count, 1);
	audit_free(&audit);
	audit = open_sinks(file, true);
	assert_int_equal(audit_write(audit, "both"), 0);
	drain(audit);
	assert_int_equal(syslog_count, 2);
	want_text(file, "both\n");
	audit_free(&audit);
}

/* What journald would get: fields of a datagram, or of a file that it names. */
static size_t
read_journal(int fd, char *got, size_t room)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { got, room };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &message, 0);
	struct cmsghdr *passed = CMSG_FIRSTHDR(&message);
	int file_fd;

	assert_true(n >= 0);
	if (passed == NULL)
		return (size_t)n;
	memcpy(&file_fd, CMSG_DATA(passed), sizeof(file_fd));
	assert_int_equal(fcntl(file_fd, F_GET_SEALS), F_SEAL_SEAL |
	    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	n = pread(file_fd, got, room, 0);
	assert_true(n > 0);
	(void)close(file_fd);
	return (size_t)n;
}

static void
want_field(const char *got, size_t n, const char *name, const char *value)
{
	char want[200];
	size_t len = (size_t)snprintf(want, sizeof(want), "%s\n", name);

	want[len] = (char)strlen(value);
	memset(want + len + 1, 0, 7);
	len += 8;
	len += (size_t)snprintf(want + len, sizeof(want) - len, "%s\n",
	    value);
	if (memmem(got, n, want, len) == NULL)
		fail_msg("no field %s of \"%s\"", name, value);
}

static void
test_journal(void **state)
{
	static char line[400000], got[800000];
	const struct span recipients[] = { SPAN("a@x"), SPAN("b@x") };
	struct audit_keys keys = { .id = SPAN("01ID"),
		.identity = SPAN("sasl:alice"), .recipients = recipients,
		.recipient_count = 2 };
	struct audit_settings settings = { .file = file, .file_mode = 0600,
		.timeout = 30000, .journal = other };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct audit *audit = open_sinks(file, false);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char *error = NULL;
	size_t n;

	(void)state;
	assert_int_equal(audit_configure(audit, &settings, &error), -1);
	assert_non_null(strstr(error, "audit journal: "));
	free(error);
	memcpy(address.sun_path, other, strlen(other) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	assert_int_equal(audit_configure(audit, &settings, &error), 0);
	assert_int_equal(audit_commit(audit, audit_entry_new(SPAN("{\"a\":1}"),
	    &keys)), 0);
	n = read_journal(fd, got, sizeof(got));
	want_field(got, n, "MESSAGE", "{\"a\":1}");
	want_field(got, n, "SUBMIT_ID", "01ID");
	want_field(got, n, "SUBMIT_IDENTITY", "sasl:alice");
	want_field(got, n, "SUBMIT_RECIPIENT", "a@x");
	want_field(got, n, "SUBMIT_RECIPIENT", "b@x");
	want_field(got, n, "PRIORITY", "6");
	assert_null(memmem(got, n, "SUBMIT_CLIENT", 13));
	/* too large for a datagram */
	memset(line, 'x', sizeof(line) - 1);
	assert_int_equal(audit_write(audit, line), 0);
	n = read_journal(fd, got, sizeof(got));
	assert_true(n > sizeof(line));
	assert_memory_equal(got + n - 1000, line, 999);
	/* gone, and there again: what came meanwhile is not lost */
	(void)close(fd);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(audit_write(audit, "meanwhile"), 0);
	want_notice("records wait until it can be written");
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	n = read_journal(fd, got, sizeof(got));
	want_field(got, n, "MESSAGE", "meanwhile");
	want_notice("audit journal: works again");
	audit_free(&audit);
	(void)close(fd);
}

/* --- threads -------------------------------------------------------------- */

#define THREADS 8
#define LINES 500

static void *
run(void *audit)
{
	char line[200];

	for (int i = 0; i < LINES; i++) {
		int n = 20 + i % 150;

		memset(line, 'a' + i % 26, (size_t)n);
		line[n] = '\0';
		if (audit_write(audit, line) != 0)
			return "not written";
	}
	return NULL;
}

/* While files are changed under them, every line comes out whole, once. */
static void
test_threads(void **state)
{
	struct audit_settings settings = { .file_mode = 0600,
		.sync = false, .timeout = 30000 };
	struct audit *audit = open_sinks(file, false);
	pthread_t threads[THREADS];
	const char *names[] = { file, other };
	char line[300];
	int lines = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run,
		    audit), 0);
	for (int i = 0; i < 50; i++) {
		char *error = NULL;

		settings.file = names[i % 2];
		assert_int_equal(audit_configure(audit, &settings, &error),
		    0);
	}
	for (int i = 0; i < THREADS; i++) {
		void *fault = NULL;

		assert_int_equal(pthread_join(threads[i], &fault), 0);
		assert_null(fault);
	}
	audit_free(&audit);
	for (int i = 0; i < 2; i++) {
		FILE *in = fopen(names[i], "re");

		assert_non_null(in);
		while (fgets(line, sizeof(line), in) != NULL) {
			size_t n = strlen(line) - 1;

			assert_true(n >= 20 && line[n] == '\n');
			for (size_t k = 1; k < n; k++)
				assert_int_equal(line[k], line[0]);
			lines++;
		}
		(void)fclose(in);
	}
	assert_int_equal(lines, THREADS * LINES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cannot_open),
		TEST(test_full_disk),
		TEST(test_short_write),
		TEST(test_recovery),
		TEST(test_too_many_wait),
		TEST(test_deadline),
		TEST(test_torn_line),
		TEST(test_rotation),
		TEST(test_power_fails),
		TEST(test_power_failed_before),
		TEST(test_changed_by_others),
		TEST(test_wal_is_full),
		TEST(test_wal_is_removed),
		TEST(test_without_wal),
		TEST(test_pipe),
		TEST(test_mode),
		TEST(test_syslog),
		TEST(test_journal),
		TEST(test_threads),
	};

	return cmocka_run_group_tests_name("sinks", tests, NULL, NULL);
}
