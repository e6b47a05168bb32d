/*
 * test_wal - what the power took from the audit file comes back, and nothing
 * else does.
 * Proves: A7 (a record that was taken is on stable storage).
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
#include <sys/stat.h>
#include <unistd.h>

#include "audit/wal.h"

#define BLOCK 4096

static char folder[40], file[60], rotated[62], name[64];

/* --- helpers -------------------------------------------------------------- */

static int
setup(void **state)
{
	const char *place = *state;

	(void)snprintf(folder, sizeof(folder), "%s/submit-wal.XXXXXX", place);
	assert_non_null(mkdtemp(folder));
	(void)snprintf(file, sizeof(file), "%s/audit", folder);
	(void)snprintf(rotated, sizeof(rotated), "%s.1", file);
	(void)snprintf(name, sizeof(name), "%s/.audit.wal", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(file);
	(void)unlink(rotated);
	(void)unlink(name);
	return rmdir(folder);
}

static void
write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void
want_file(const char *path, const char *text)
{
	char got[200];
	FILE *in = fopen(path, "r");
	size_t n;

	assert_non_null(in);
	n = fread(got, 1, sizeof(got) - 1, in);
	(void)fclose(in);
	got[n] = '\0';
	assert_string_equal(got, text);
}

static int
try_wal(struct wal **wal_r)
{
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	return wal_open(file, &st, true, wal_r);
}

static struct wal *
open_wal(void)
{
	struct wal *wal = NULL;

	assert_int_equal(try_wal(&wal), 0);
	assert_non_null(wal);
	return wal;
}

/* A batch that stands, or stood, at OFFSET of the file. */
static void
put(struct wal *wal, int64_t offset, const char *text)
{
	char *room = wal_room(wal, strlen(text));
	struct wal_place place = { .offset = offset };
	struct stat st;

	assert_non_null(room);
	assert_int_equal(stat(file, &st), 0);
	place.inode = (uint64_t)st.st_ino;
	memcpy(room, text, strlen(text));
	assert_int_equal(wal_put(wal, &place, strlen(text)), 0);
}

/* As after a crash: it is opened anew. */
static struct wal *
crash(struct wal *wal)
{
	(void)wal_close(&wal, false);
	return open_wal();
}

/* How many octets come back after a crash. */
static int64_t
restore(struct wal *wal)
{
	int64_t octets = -1;

	wal = crash(wal);
	assert_int_equal(wal_restore(wal, &octets), 0);
	assert_int_equal(wal_clear(wal), 0);
	assert_int_equal(wal_close(&wal, true), 0);
	assert_int_equal(access(name, F_OK), -1);
	return octets;
}

/* The file has "0\n" on the disk, and three batches behind it. */
static struct wal *
begin(void)
{
	struct wal *wal;

	write_file(file, "0\n");
	wal = open_wal();
	put(wal, 2, "one\n");
	put(wal, 6, "two\n");
	put(wal, 10, "three\n");
	return wal;
}

#define WHOLE "0\none\ntwo\nthree\n"

static void
spoil(int64_t offset)
{
	int fd = open(name, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "?", 1, (off_t)offset), 1);
	(void)close(fd);
}

/* --- tests ---------------------------------------------------------------- */

static void
test_nothing_is_lost(void **state)
{
	struct wal *wal = begin();

	(void)state;
	write_file(file, WHOLE);
	assert_int_equal(restore(wal), 0);
	want_file(file, WHOLE);
}

static void
test_power_fails(void **state)
{
	static const char *const left[] = { "0\n", "0\no", "0\none\nt",
		"0\none\ntwo\n" };
	char zeros[] = "0\none\n??????????";

	(void)state;
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		struct wal *wal = begin();

		write_file(file, left[i]);
		assert_int_equal(restore(wal),
		    (int)(strlen(WHOLE) - strlen(left[i])));
		want_file(file, WHOLE);
	}
	for (int i = 0; i < 2; i++) {
		struct wal *wal = begin();
		FILE *out = fopen(file, "w");

		/* Its size is on the disk, what it has in the end is not. */
		memset(zeros + 6, 0, 10);
		assert_non_null(out);
		assert_int_equal(fwrite(zeros, 1, 16, out), 16);
		assert_int_equal(fclose(out), 0);
		assert_int_equal(restore(wal), 10);
		want_file(file, WHOLE);
	}
}

static void
test_what_follows_stays(void **state)
{
	struct wal *wal = begin();

	(void)state;
	/* It was written, and nobody was told so. */
	write_file(file, WHOLE "four\n");
	assert_int_equal(restore(wal), 0);
	want_file(file, WHOLE "four\n");
}

static void
test_torn(void **state)
{
	struct wal *wal = begin();

	(void)state;
	write_file(file, "0\n");
	/* Of "three", which nobody was told of then; its padding is nothing. */
	spoil(2 * BLOCK + 60);
	spoil(BLOCK + 1000);
	assert_int_equal(restore(wal), 8);
	want_file(file, "0\none\ntwo\n");
}

static void
test_begins_anew(void **state)
{
	struct wal *wal = begin();

	(void)state;
	/* The file was synced: what is left of before does not count. */
	write_file(file, WHOLE);
	wal_restart(wal);
	put(wal, 16, "four\n");
	assert_int_equal(restore(wal), 5);
	want_file(file, WHOLE "four\n");

	wal = begin();
	assert_int_equal(wal_clear(wal), 0);
	put(wal, 2, "2\n");
	assert_int_equal(restore(wal), 2);
	want_file(file, "0\n2\n");
}

static void
test_failed_put(void **state)
{
	struct wal *wal = begin();
	int64_t octets;

	(void)state;
	/* In the same process, what was not put in the end does not count. */
	write_file(file, "0\n");
	memcpy(wal_room(wal, 5), "four\n", 5);
	assert_int_equal(wal_restore(wal, &octets), 0);
	assert_int_equal(octets, 14);
	want_file(file, WHOLE);
	(void)wal_close(&wal, true);
}

static void
test_rotated(void **state)
{
	struct wal *wal = begin();

	(void)state;
	assert_int_equal(rename(file, rotated), 0);
	write_file(file, "new\n");
	assert_int_equal(restore(wal), 14);
	want_file(rotated, WHOLE);
	want_file(file, "new\n");
}

static void
test_file_is_nowhere(void **state)
{
	struct wal *wal = begin();
	struct stat st;

	(void)state;
	/* Another inode: the old one is kept busy by a link elsewhere. */
	(void)snprintf(rotated, sizeof(rotated), "%s/moved", folder);
	assert_int_equal(rename(file, rotated), 0);
	write_file(file, "new\nhalf");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(restore(wal), 14);
	want_file(rotated, "0\n");
	want_file(file, "new\nhalf\none\ntwo\nthree\n");
}

static void
test_other_octets_stand_there(void **state)
{
	struct wal *wal = begin();

	(void)state;
	write_file(file, "0\nfour\n");
	assert_int_equal(restore(wal), 4 + 4 + 6);
	want_file(file, "0\nfour\none\ntwo\nthree\n");
}

static void
test_file_was_cut(void **state)
{
	struct wal *wal = begin();

	(void)state;
	write_file(file, "");
	assert_int_equal(restore(wal), 0);
	want_file(file, "");
}

static void
test_room(void **state)
{
	struct wal *wal = begin();
	int64_t offset = 16, octets;
	size_t most = wal_most();
	int n = 0;

	(void)state;
	assert_null(wal_room(wal, most + 1));
	assert_non_null(wal_room(wal, most));
	while (wal_room(wal, BLOCK) != NULL) {
		put(wal, offset, "again\n");
		offset += 6;
		n++;
	}
	assert_in_range(n, 1000, 1021);
	assert_int_equal(wal_restore(wal, &octets), 0);
	assert_int_equal(octets, 14 + 6 * n);
	wal_restart(wal);
	assert_non_null(wal_room(wal, most));
	(void)wal_close(&wal, true);
}

static void
test_one_at_a_time(void **state)
{
	struct wal *wal = begin(), *second;
	struct stat st;

	(void)state;
	assert_int_equal(try_wal(&second), -1);
	assert_int_equal(errno, EAGAIN);
	assert_null(second);
	(void)wal_close(&wal, true);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(wal_open(file, &st, false, &second), 0);
	assert_null(second);
}

static void
test_not_ours(void **state)
{
	struct wal *wal = begin();

	(void)state;
	(void)wal_close(&wal, false);
	assert_int_equal(chmod(name, 0660), 0);
	assert_int_equal(try_wal(&wal), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(symlink(file, name), 0);
	assert_int_equal(try_wal(&wal), -1);
	assert_int_equal(errno, ELOOP);
	want_file(file, "0\n");
}

/* Beside a link to a disk there may be none, only memory. */
static void
test_elsewhere(void **state)
{
	struct wal *wal;

	(void)state;
	assert_int_equal(symlink("/proc/self/status", file), 0);
	assert_int_equal(try_wal(&wal), -1);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(access(name, F_OK), -1);
}

static void
test_half_made(void **state)
{
	struct wal *wal = begin();
	struct stat st;

	(void)state;
	(void)wal_close(&wal, false);
	assert_int_equal(truncate(name, 10000), 0);
	wal = open_wal();
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_size, 4 << 20);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(restore(wal), 0);
	want_file(file, "0\n");
}

/* On a disk, and on a file system that is none. */
#define TESTS(place)						\
	TEST(nothing_is_lost, place), TEST(power_fails, place),	\
	TEST(what_follows_stays, place), TEST(torn, place),	\
	TEST(begins_anew, place), TEST(failed_put, place),	\
	TEST(rotated, place), TEST(file_is_nowhere, place),	\
	TEST(other_octets_stand_there, place),			\
	TEST(file_was_cut, place), TEST(room, place),		\
	TEST(one_at_a_time, place), TEST(not_ours, place),	\
	TEST(elsewhere, place), TEST(half_made, place)
#define TEST(name, place) cmocka_unit_test_prestate_setup_teardown(	\
    test_##name, setup, teardown, (void *)(uintptr_t)place)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TESTS("/var/tmp"),
		TESTS("/dev/shm"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
