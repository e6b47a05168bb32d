/*
 * journal.c - the sink that is systemd's journal, by its native protocol:
 * one datagram a record, its fields one after the other as
 *
 *     NAME "=" value LF                                 or, for any octets,
 *     NAME LF length-as-64-bits-little-endian value LF
 *
 * A record that is too large for a datagram goes as a sealed file in memory
 * whose descriptor is passed. MESSAGE is the record; the SUBMIT_ fields are
 * those to search for. The journal does not tell whether it kept one.
 */
#define _GNU_SOURCE	/* for memfd_create() */
#include "audit/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sbuf.h"

#define DATAGRAM_MOST (128u << 20)

struct journal {
	int fd;
	struct sockaddr_un address;
	struct sbuf datagram;	/* room that is used again */
};

static int
fail(const struct journal *journal, struct sink_note *note)
{
	(void)snprintf(note->text, sizeof(note->text), "%s: %s",
	    journal->address.sun_path, strerror(errno));
	return -1;
}

/* --- one datagram --------------------------------------------------------- */

static void
put_field(struct sbuf *out, const char *name, struct span value)
{
	uint64_t left = value.len;
	char length[8];

	if (value.len == 0)
		return;
	for (size_t i = 0; i < sizeof(length); i++, left >>= 8)
		length[i] = (char)(left & 0xff);
	sbuf_adds(out, name);
	sbuf_addc(out, '\n');
	sbuf_add(out, (struct span){ length, sizeof(length) });
	sbuf_add(out, value);
	sbuf_addc(out, '\n');
}

static void
put_record(struct sbuf *out, const struct audit_entry *entry)
{
	const struct audit_keys *keys = &entry->keys;

	put_field(out, "PRIORITY", SPAN("6"));
	put_field(out, "SYSLOG_IDENTIFIER", SPAN("submit-milter"));
	put_field(out, "SUBMIT_ID", keys->id);
	put_field(out, "SUBMIT_SESSION", keys->session);
	put_field(out, "SUBMIT_RESULT", keys->result);
	put_field(out, "SUBMIT_QUEUE_ID", keys->queue_id);
	put_field(out, "SUBMIT_IDENTITY", keys->identity);
	put_field(out, "SUBMIT_CLIENT", keys->client);
	put_field(out, "SUBMIT_SENDER", keys->sender);
	put_field(out, "SUBMIT_MESSAGE_ID", keys->message_id);
	for (size_t i = 0; i < keys->recipient_count; i++)
		put_field(out, "SUBMIT_RECIPIENT", keys->recipients[i]);
	put_field(out, "MESSAGE", entry->line);
}

/* Makes the file that nobody can change any more; -1 and errno. */
static int
sealed_file(struct span octets)
{
	int fd = memfd_create("submit-milter", MFD_CLOEXEC |
	    MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (fd_write(fd, octets) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK |
	    F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int
send_file(const struct journal *journal, struct span octets)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct sockaddr_un to = journal->address;
	struct msghdr message = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	int fd = sealed_file(octets), error;
	ssize_t n;

	if (fd < 0)
		return -1;
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(part), &fd, sizeof(fd));
	do
		n = sendmsg(journal->fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	error = errno;
	(void)close(fd);
	errno = error;
	return n < 0 ? -1 : 0;
}

static int
send_record(const struct journal *journal, struct span octets)
{
	ssize_t n;

	do
		n = sendto(journal->fd, octets.ptr, octets.len, MSG_NOSIGNAL,
		    (const struct sockaddr *)&journal->address,
		    sizeof(journal->address));
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	return errno == EMSGSIZE || errno == ENOBUFS ?
	    send_file(journal, octets) : -1;
}

/* --- the sink ------------------------------------------------------------- */

static bool
journal_is_wanted(const struct audit_settings *settings)
{
	return settings->journal != NULL && settings->journal[0] != '\0';
}

static void
journal_close(void *sink)
{
	struct journal *journal = sink;

	if (journal->fd >= 0)
		(void)close(journal->fd);
	sbuf_free(&journal->datagram);
	free(journal);
}

/* Is anybody there? The socket itself stays unconnected: journald restarts. */
static int
look_for(const struct journal *journal)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int status, error;

	if (fd < 0)
		return -1;
	status = connect(fd, (const struct sockaddr *)&journal->address,
	    sizeof(journal->address));
	error = errno;
	(void)close(fd);
	errno = error;
	return status;
}

static int
journal_open(const struct audit_settings *settings, void **sink_r,
    struct sink_note *note)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	size_t len = strlen(settings->journal);

	if (journal == NULL)
		return -1;
	sbuf_init(&journal->datagram, NULL, DATAGRAM_MOST);
	journal->address.sun_family = AF_UNIX;
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (len >= sizeof(journal->address.sun_path)) {
		len = sizeof(journal->address.sun_path) - 1;
		errno = ENAMETOOLONG;
	} else {
		errno = 0;
	}
	memcpy(journal->address.sun_path, settings->journal, len);
	if (errno != 0 || journal->fd < 0 || look_for(journal) != 0) {
		(void)fail(journal, note);
		journal_close(journal);
		return -1;
	}
	*sink_r = journal;
	return 0;
}

static int
journal_commit(void *sink, struct audit_entry *const *batch, size_t n,
    struct sink_note *note)
{
	struct journal *journal = sink;

	for (size_t i = 0; i < n; i++) {
		struct span octets;

		sbuf_clear(&journal->datagram);
		put_record(&journal->datagram, batch[i]);
		if (sbuf_done(&journal->datagram, &octets) != 0)
			errno = ENOMEM;
		else if (send_record(journal, octets) == 0)
			continue;
		/* The first ones come once more: rather twice than never. */
		return fail(journal, note);
	}
	return 0;
}

static int
journal_reopen(void *sink, struct sink_note *note)
{
	const struct journal *journal = sink;

	return look_for(journal) == 0 ? 0 : fail(journal, note);
}

const struct sink_kind sink_journal = {
	.name = "journal",
	.is_wanted = journal_is_wanted,
	.open = journal_open,
	.commit = journal_commit,
	.reopen = journal_reopen,
	.close = journal_close,
};
