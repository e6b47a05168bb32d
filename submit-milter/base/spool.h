/*
 * spool - a long run of octets, kept in memory and then in a file.
 *
 * It is kept in an arena up to a limit; once it is longer, all of it is in a
 * file without a name, which goes with the process at the latest. Octets are
 * appended, and read from anywhere. One thread at a time.
 */
#ifndef SUBMIT_BASE_SPOOL_H
#define SUBMIT_BASE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

struct spool;

struct spool_settings {
	int memory;		/* octets kept in the arena */
	const char *directory;	/* where the file is made */
};

/*
 * An empty spool, itself in ARENA, which must outlive it. The settings are
 * copied; the name of the directory must outlive it. NULL without memory.
 */
struct spool *spool_new(const struct spool_settings *settings,
    struct arena *arena);

/*
 * Closes the file. Memory goes with the arena. Takes NULL; leaves NULL.
 */
void spool_free(struct spool **spool);

/*
 * Appends. 0, or -1 and *error_r (static) when there is no memory or the
 * file fails; the spool is then of no more use.
 */
int spool_write(struct spool *spool, struct span octets,
    const char **error_r) __attribute__((warn_unused_result));

uint64_t spool_size(const struct spool *spool);

/* Is it in a file? */
bool spool_has_file(const struct spool *spool);

/*
 * The octets at AT, at most SPOOL_PIECE of them; none only at the end. They
 * stand until the next call for this spool. 0, or -1 and *error_r (static).
 */
int spool_read(struct spool *spool, uint64_t at, struct span *piece_r,
    const char **error_r) __attribute__((warn_unused_result));
#define SPOOL_PIECE 65535u

#endif
