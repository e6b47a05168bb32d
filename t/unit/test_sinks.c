/*
 * test_sinks - whole lines or none, in the file that is meant.
 * Proves: A6 (a record is one line), A7 (what cannot be written is told),
 * X20 (file with reopen, syslog).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "audit/sinks.h"

static char folder[40], file[64], other[64];

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

/* --- helpers -------------------------------------------------------------- */

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/submit-sinks.XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(file, sizeof(file), "%s/audit", folder);
	(void)snprintf(other, sizeof(other), "%s/other", folder);
	syslog_count = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(file);
	(void)unlink(other);
	return rmdir(folder);
}

static struct audit *
open_sinks(const char *name, bool is_syslog)
{
	struct audit_settings settings = { .file = name, .file_mode = 0640,
		.syslog = is_syslog, .facility = LOG_LOCAL3 };
	struct audit *audit = audit_new();
	char *error = NULL;

	assert_non_null(audit);
	if (audit_configure(audit, &settings, &error) != 0)
		fail_msg("%s", error);
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
	    "audit file /nonexistent/audit: No such file or directory");
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
	errno = 0;
	assert_int_equal(audit_write(audit, "{}"), -1);
	assert_int_equal(errno, ENOSPC);
	/* what did not come true is not told to syslog either */
	assert_int_equal(syslog_count, 0);
	audit_free(&audit);
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
	assert_int_equal(audit_write(audit, "01234567"), 0);
	errno = 0;
	assert_int_equal(audit_write(audit, "x"), -1);
	assert_int_equal(errno, EFBIG);
	(void)setrlimit(RLIMIT_FSIZE, &before);
	want_text(file, "0123456789\n01234567\n");
	assert_int_equal(audit_write(audit, "again"), 0);
	want_text(file, "0123456789\n01234567\nagain\n");
	audit_free(&audit);
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
	/* and a whole one is left alone */
	audit = open_sinks(file, false);
	audit_free(&audit);
	want_text(file, "{\"a\":1}\n{\"b\":\n{\"c\":3}\n");
}

static void
test_rotation(void **state)
{
	struct audit_settings settings = { .file = file,
		.file_mode = 0600 };
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
	/* emptied by "copytruncate": goes on at the new end */
	assert_int_equal(truncate(file, 0), 0);
	assert_int_equal(audit_write(audit, "four"), 0);
	want_text(file, "four\n");
	audit_free(&audit);
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
	assert_int_equal(syslog_count, 1);
	assert_string_equal(syslog_line, "{\"a\":\"%s%n\"}");
	assert_int_equal(syslog_priority, LOG_LOCAL3 | LOG_INFO);
	assert_int_equal(audit_configure(audit, &none, &error), 0);
	assert_int_equal(audit_write(audit, "{}"), 0);
	assert_int_equal(syslog_count, 1);
	audit_free(&audit);
	audit = open_sinks(file, true);
	assert_int_equal(audit_write(audit, "both"), 0);
	assert_int_equal(syslog_count, 2);
	want_text(file, "both\n");
	audit_free(&audit);
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
	struct audit_settings settings = { .file_mode = 0600 };
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
		TEST(test_torn_line),
		TEST(test_rotation),
		TEST(test_pipe),
		TEST(test_mode),
		TEST(test_syslog),
		TEST(test_threads),
	};

	return cmocka_run_group_tests_name("sinks", tests, NULL, NULL);
}
