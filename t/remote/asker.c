/*
 * asker.c - asks tables of a configuration, for the tests of t/remote.
 *
 * usage: asker CONFIGURATION
 *
 * Reads lines:
 *
 *	ask ID TABLE MS HEX	asks for the key (HEX) within MS, in a thread
 *	probe ID TABLE MS	the same by table_probe()
 *	reload			reads the configuration again
 *
 * and says, a line for each answer as it comes:
 *
 *	ID found|not-found|failed MS HEX	value or error; MS it took
 *	reload done|failed 0 HEX
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "config/config.h"

#define LINE_MAX_OCTETS 65536
#define ARENA_CEILING (1u << 20)

struct question {
	char id[32];
	char table[64];
	char key[LINE_MAX_OCTETS / 2];
	size_t key_len;
	int ms;
	bool is_probe;
	struct config *config;	/* a reference */
};

/*
 * A thread, to be joined: what it leaves to libraries to clean up must be
 * done before the process cleans them up.
 */
struct asking {
	struct asking *next;
	pthread_t thread;
};

static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

static void
say(const char *id, const char *word, int64_t ms, struct span text)
{
	(void)pthread_mutex_lock(&output);
	(void)printf("%s %s %lld ", id, word, (long long)ms);
	for (size_t i = 0; i < text.len; i++)
		(void)printf("%02x", (unsigned char)text.ptr[i]);
	(void)putchar('\n');
	(void)fflush(stdout);
	(void)pthread_mutex_unlock(&output);
}

static const struct table *
find_table(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->table_count; i++)
		if (strcmp(table_name(config->tables[i]), name) == 0)
			return config->tables[i];
	(void)fprintf(stderr, "asker: no table \"%s\"\n", name);
	exit(2);
}

static void *
answer(void *context)
{
	static const char *const words[] = { [LOOKUP_FOUND] = "found",
		[LOOKUP_NOT_FOUND] = "not-found", [LOOKUP_FAILED] = "failed" };
	struct question *q = context;
	const struct table *table = find_table(q->config, q->table);
	struct arena *arena = arena_new(ARENA_CEILING, NULL);
	struct span value = { NULL, 0 };
	const char *error = NULL;
	int64_t begin = deadline_now(), end;
	enum lookup lookup;

	if (arena == NULL)
		exit(2);
	if (q->is_probe)
		lookup = table_probe(table, deadline_in(q->ms), arena,
		    &error) == 0 ? LOOKUP_FOUND : LOOKUP_FAILED;
	else
		lookup = table_lookup(table, (struct span){ q->key,
		    q->key_len }, deadline_in(q->ms), arena, &value, &error);
	end = deadline_now();
	say(q->id, words[lookup], end - begin,
	    lookup == LOOKUP_FAILED ? span_of(error) : value);
	arena_free(&arena);
	config_unref(&q->config);
	free(q);
	return NULL;
}

static int
digit(char c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static void
start(struct config *config, const char *line, struct asking **threads)
{
	struct question *q = calloc(1, sizeof(*q));
	struct asking *asking = calloc(1, sizeof(*asking));
	char word[8], hex[LINE_MAX_OCTETS] = "";

	if (q == NULL || asking == NULL || sscanf(line, "%7s %31s %63s %d %65535s", word,
	    q->id, q->table, &q->ms, hex) < 4)
		exit(2);
	q->is_probe = strcmp(word, "probe") == 0;
	q->key_len = strlen(hex) / 2;
	for (size_t i = 0; i < q->key_len; i++)
		q->key[i] = (char)(digit(hex[2 * i]) << 4 |
		    digit(hex[2 * i + 1]));
	q->config = config_ref(config);
	if (pthread_create(&asking->thread, NULL, answer, q) != 0)
		exit(2);
	asking->next = *threads;
	*threads = asking;
}

static void
join_all(struct asking *threads)
{
	while (threads != NULL) {
		struct asking *next = threads->next;

		(void)pthread_join(threads->thread, NULL);
		free(threads);
		threads = next;
	}
}

static void
reload(struct config **config, const char *file)
{
	char *error = NULL;
	struct config *fresh = config_load(file, NULL, 0, &error);

	if (fresh == NULL) {
		say("reload", "failed", 0, span_of(error));
		free(error);
		return;
	}
	config_unref(config);
	*config = fresh;
	say("reload", "done", 0, (struct span){ NULL, 0 });
}

int
main(int argc, char **argv)
{
	static char line[LINE_MAX_OCTETS];
	struct asking *threads = NULL;
	struct config *config;
	char *error = NULL;

	if (argc != 2)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	config = config_load(argv[1], NULL, 0, &error);
	if (config == NULL) {
		say("ready", "failed", 0, span_of(error));
		free(error);
		return 1;
	}
	say("ready", "done", 0, (struct span){ NULL, 0 });
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "reload") == 0)
			reload(&config, argv[1]);
		else
			start(config, line, &threads);
	}
	join_all(threads);
	config_unref(&config);
	return 0;
}
