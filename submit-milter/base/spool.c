/*
 * spool.c - see spool.h.
 */
#define _GNU_SOURCE	/* O_TMPFILE, mkostemp() */
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_BLOCK 8192u
#define NAME_SIZE 4096u

struct block {
	struct block *next;
	size_t size;
	size_t used;
	char *octets;
};

struct spool {
	struct spool_settings settings;
	struct arena *arena;
	uint64_t size;
	int fd;			/* -1: all is in the blocks */
	bool is_broken;
	struct block *first, *last;
	/* Where the last piece was read; blocks have no way back. */
	struct block *at;
	uint64_t at_begin;	/* place of its first octet */
	char *piece;		/* SPOOL_PIECE octets read from the file */
};

struct spool *
spool_new(const struct spool_settings *settings, struct arena *arena)
{
	struct spool *spool = arena_alloc(arena, sizeof(*spool));

	if (spool == NULL)
		return NULL;
	spool->settings = *settings;
	spool->arena = arena;
	spool->fd = -1;
	return spool;
}

void
spool_free(struct spool **spool)
{
	if (*spool == NULL)
		return;
	if ((*spool)->fd >= 0)
		(void)close((*spool)->fd);
	*spool = NULL;
}

uint64_t
spool_size(const struct spool *spool)
{
	return spool->size;
}

bool
spool_has_file(const struct spool *spool)
{
	return spool->fd >= 0;
}

/* --- in memory ------------------------------------------------------------ */

static struct block *
add_block(struct spool *spool)
{
	size_t size = spool->last == NULL ? FIRST_BLOCK :
	    spool->last->size * 2;
	struct block *block = arena_alloc(spool->arena, sizeof(*block));

	if (size > SPOOL_PIECE)
		size = SPOOL_PIECE;
	if (block == NULL)
		return NULL;
	block->octets = arena_alloc(spool->arena, size);
	if (block->octets == NULL)
		return NULL;
	block->size = size;
	if (spool->last == NULL)
		spool->first = block;
	else
		spool->last->next = block;
	spool->last = block;
	return block;
}

static int
keep(struct spool *spool, struct span octets)
{
	while (octets.len > 0) {
		struct block *block = spool->last;
		size_t n = octets.len;

		if (block == NULL || block->used == block->size)
			block = add_block(spool);
		if (block == NULL)
			return -1;
		if (n > block->size - block->used)
			n = block->size - block->used;
		memcpy(block->octets + block->used, octets.ptr, n);
		block->used += n;
		octets = span_slice(octets, n, octets.len);
	}
	return 0;
}

static struct span
find(struct spool *spool, uint64_t at)
{
	if (spool->at == NULL || at < spool->at_begin) {
		spool->at = spool->first;
		spool->at_begin = 0;
	}
	while (spool->at != NULL &&
	    at - spool->at_begin >= spool->at->used) {
		spool->at_begin += spool->at->used;
		spool->at = spool->at->next;
	}
	if (spool->at == NULL)
		return (struct span){ NULL, 0 };
	return span_slice((struct span){ spool->at->octets,
	    spool->at->used }, (size_t)(at - spool->at_begin),
	    spool->at->used);
}

/* --- in a file ------------------------------------------------------------ */

static int
write_all(int fd, struct span octets, uint64_t at)
{
	while (octets.len > 0) {
		ssize_t n = pwrite(fd, octets.ptr, octets.len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		octets = span_slice(octets, (size_t)n, octets.len);
		at += (uint64_t)n;
	}
	return 0;
}

/* For file systems that know no file without name. */
static int
open_and_unlink(const char *directory)
{
	char name[NAME_SIZE];
	int fd;

	if (snprintf(name, sizeof(name), "%s/submit-milter.XXXXXX",
	    directory) >= (int)sizeof(name))
		return -1;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

/* From now on all is in a file. */
static int
move_to_file(struct spool *spool)
{
	const char *directory = spool->settings.directory;
	uint64_t at = 0;

	spool->fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (spool->fd < 0)
		spool->fd = open_and_unlink(directory);
	if (spool->fd < 0)
		return -1;
	for (struct block *b = spool->first; b != NULL; b = b->next) {
		if (write_all(spool->fd, (struct span){ b->octets, b->used },
		    at) != 0)
			return -1;
		at += b->used;
	}
	return 0;
}

int
spool_write(struct spool *spool, struct span octets, const char **error_r)
{
	bool is_long = spool->size + octets.len >
	    (uint64_t)spool->settings.memory;
	int status = 0;

	if (octets.len == 0)
		return spool->is_broken ? -1 : 0;
	if (!spool->is_broken && spool->fd < 0 && is_long)
		status = move_to_file(spool);
	if (status != 0 || spool->is_broken) {
		status = -1;
	} else if (spool->fd >= 0) {
		status = write_all(spool->fd, octets, spool->size);
	} else {
		status = keep(spool, octets);
	}
	spool->size += octets.len;
	spool->is_broken = status != 0;
	if (status != 0)
		*error_r = spool->fd < 0 && !is_long ? "out of memory" :
		    "the file for a long body cannot be written";
	return status;
}

static int
read_file(struct spool *spool, uint64_t at, struct span *piece_r)
{
	ssize_t n;

	if (spool->piece == NULL)
		spool->piece = arena_alloc(spool->arena, SPOOL_PIECE);
	if (spool->piece == NULL)
		return -1;
	do
		n = pread(spool->fd, spool->piece, SPOOL_PIECE, (off_t)at);
	while (n < 0 && errno == EINTR);
	/* Short of its end there must be something. */
	if (n < 0 || (n == 0 && at < spool->size))
		return -1;
	*piece_r = (struct span){ spool->piece, (size_t)n };
	return 0;
}

int
spool_read(struct spool *spool, uint64_t at, struct span *piece_r,
    const char **error_r)
{
	if (spool->is_broken || (spool->fd >= 0 &&
	    read_file(spool, at, piece_r) != 0)) {
		*error_r = "the file for a long body cannot be read";
		return -1;
	}
	if (spool->fd < 0)
		*piece_r = find(spool, at);
	return 0;
}
