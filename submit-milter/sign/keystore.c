/*
 * keystore.c - see keystore.h.
 */
#include "sign/keystore.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "sign/key.h"
#include "sign/keycache.h"
#include "sign/keyset.h"

struct keystore {
	struct keystore_settings settings;
	struct keycache *cache;
};

/* A question on its way through the names. */
struct search {
	struct keystore *store;
	const struct key_question *question;
	struct key_answer *answer;
	struct span name;	/* asked for now */
	struct span signs_as;	/* d= of keys found under it */
	const char *error;
};

enum found { FOUND_KEYS, FOUND_NOTHING, FOUND_FAILURE };

struct keystore *
keystore_new(const struct keystore_settings *settings)
{
	struct keystore *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return NULL;
	store->settings = *settings;
	store->cache = keycache_new(settings->cache_size);
	if (store->cache == NULL)
		keystore_free(&store);
	return store;
}

void
keystore_free(struct keystore **store)
{
	if (*store == NULL)
		return;
	keycache_unref(&(*store)->cache);
	free(*store);
	*store = NULL;
}

void
keystore_adopt(struct keystore *store, const struct keystore *old)
{
	const struct keystore_settings *a = &store->settings;
	const struct keystore_settings *b = &old->settings;

	if (strcmp(a->folder, b->folder) != 0 ||
	    a->limits.minimum_rsa_bits != b->limits.minimum_rsa_bits ||
	    a->limits.owner.user != b->limits.owner.user ||
	    a->limits.owner.group != b->limits.owner.group ||
	    a->cache_size != b->cache_size)
		return;
	keycache_unref(&store->cache);
	store->cache = keycache_ref(old->cache);
}

const struct keystore_settings *
keystore_settings(const struct keystore *store)
{
	return &store->settings;
}

size_t
keystore_cached(const struct keystore *store)
{
	return keycache_size(store->cache);
}

void
keystore_usage(const struct keystore *store, uint64_t *hits_r,
    uint64_t *misses_r)
{
	keycache_usage(store->cache, hits_r, misses_r);
}

bool
keystore_is_empty(const struct keystore *store)
{
	return keyring_size(store->settings.keyring) == 0 &&
	    store->settings.folder[0] == '\0' &&
	    store->settings.table == NULL;
}

/* --- which keys of a name sign -------------------------------------------- */

/* The keys of a name: an array of pointers, some of them NULL. */
struct candidates {
	const struct signing_key *const *v;
	size_t n;
};

/* The latest not-before among the keys of that algorithm that may sign. */
static int64_t
latest(const struct candidates *c, enum key_algorithm algorithm, int64_t now)
{
	int64_t time = INT64_MIN;

	for (size_t i = 0; i < c->n; i++)
		if (c->v[i] != NULL && c->v[i]->algorithm == algorithm &&
		    schedule_holds(&c->v[i]->schedule, now) &&
		    c->v[i]->schedule.not_before > time)
			time = c->v[i]->schedule.not_before;
	return time;
}

static const char *
identity(const struct search *search, const struct key_rule *rule)
{
	const struct key_question *q = search->question;
	struct span text = { NULL, 0 };

	switch (rule->identity) {
	case IDENTITY_NONE:
		break;
	case IDENTITY_ADDRESS:
		if (q->address.len > 0)
			return arena_strdup(q->arena, q->address);
		/* fall through */
	case IDENTITY_DOMAIN:
		text = arena_printf(q->arena, "@%.*s", SPAN_ARG(q->domain));
		break;
	}
	return text.ptr;
}

/* A copy for this message, with the d= and i= that it will have. */
static int
take_key(const struct search *search, const struct signing_key *key,
    const struct key_rule *rule, struct signing_key *copy_r)
{
	struct arena *arena = search->question->arena;

	*copy_r = *key;
	copy_r->domain = arena_strdup(arena, search->signs_as);
	copy_r->identity = identity(search, rule);
	return copy_r->domain == NULL || (copy_r->identity == NULL &&
	    rule->identity != IDENTITY_NONE) ? -1 : 0;
}

/* By name alone, nothing is known of algorithms: all count. */
static bool
is_chosen(const struct candidates *c, size_t i, enum key_algorithm algorithm,
    int64_t now)
{
	const struct signing_key *key = c->v[i];

	return key != NULL && key->algorithm == algorithm &&
	    schedule_holds(&key->schedule, now) && (key->pkey == NULL ||
	    key->schedule.not_before == latest(c, algorithm, now));
}

static enum found
choose(struct search *search, struct candidates c)
{
	const struct key_question *q = search->question;
	const struct key_rule *rule = keyring_rule(
	    search->store->settings.keyring, search->name);
	const struct signing_key **v = arena_calloc(q->arena, c.n,
	    sizeof(*v));
	struct signing_key *copies = arena_calloc(q->arena, c.n,
	    sizeof(*copies));
	size_t n = 0;

	if (rule == NULL)
		rule = &search->store->settings.rule;
	search->error = "out of memory";
	if (v == NULL || copies == NULL)
		return FOUND_FAILURE;
	for (int algorithm = KEY_RSA_SHA256;
	    algorithm <= KEY_ED25519_SHA256; algorithm++)
		for (size_t i = 0; i < c.n; i++) {
			if (!is_chosen(&c, i, (enum key_algorithm)algorithm,
			    q->now))
				continue;
			if (take_key(search, c.v[i], rule, &copies[n]) != 0)
				return FOUND_FAILURE;
			v[n] = &copies[n];
			n++;
		}
	search->answer->keys = (struct key_list){ v, n };
	search->answer->is_out_of_schedule = n == 0;
	search->answer->signer = rule->signer;
	return FOUND_KEYS;
}

/* --- sets of keys --------------------------------------------------------- */

static int
note_fault(struct search *search, const char *text)
{
	search->answer->fault = arena_strdup(search->question->arena,
	    span_of(text));
	return search->answer->fault == NULL ? -1 : 0;
}

/* Is it worth a line in the log? Not if the one before said the same. */
static bool
is_news(const struct keyset *set, const struct keyset *before)
{
	const char *now = keyset_fault(set);
	const char *then = before == NULL ? NULL : keyset_fault(before);

	return now != NULL && (then == NULL || strcmp(now, then) != 0);
}

/* From the cache, read again when it is time. NULL: no memory. */
static struct keyset *
get_set(struct search *search, const struct keyset_source *source,
    struct span cache_key)
{
	const struct keystore *store = search->store;
	struct keyset *set, *before;
	bool is_due;

	before = keycache_get(store->cache, cache_key, &is_due);
	if (before != NULL && (!is_due || keyset_is_current(before)))
		return before;
	set = keyset_read(source, &store->settings.limits,
	    keyring_is_nominal(store->settings.keyring), before);
	if (set != NULL && is_news(set, before) &&
	    note_fault(search, keyset_fault(set)) != 0)
		keyset_unref(&set);
	if (set != NULL)
		keycache_put(store->cache, cache_key, set);
	keyset_unref(&before);
	return set;
}

/* Takes SET over, which NULL stands for no memory. */
static enum found
choose_from_set(struct search *search, struct keyset *set)
{
	struct arena *arena = search->question->arena;
	const struct signing_key **v;
	size_t usable = 0, n = set == NULL ? 0 : keyset_count(set);

	search->error = "out of memory";
	if (set == NULL)
		return FOUND_FAILURE;
	search->answer->held = set;
	if (n == 0 && keyset_fault(set) == NULL) {
		keystore_release(search->answer);
		return FOUND_NOTHING;
	}
	v = arena_calloc(arena, n, sizeof(*v));
	if (v == NULL)
		return FOUND_FAILURE;
	for (size_t i = 0; i < n; i++) {
		v[i] = keyset_key(set, i);
		usable += v[i] != NULL ? 1 : 0;
	}
	if (usable > 0)
		return choose(search, (struct candidates){ v, n });
	search->error = arena_strdup(arena, span_of(keyset_fault(set)));
	if (search->error == NULL)
		search->error = "out of memory";
	return FOUND_FAILURE;
}

/* --- where keys come from ------------------------------------------------- */

static enum found
ask_keyring(struct search *search)
{
	struct key_list list = keyring_find(search->store->settings.keyring,
	    search->name);

	if (list.n == 0)
		return FOUND_NOTHING;
	return choose(search, (struct candidates){ list.v, list.n });
}

/* What has no folder is not worth a place in the cache: stat() is cheap. */
static enum found
ask_folder(struct search *search)
{
	const char *root = search->store->settings.folder;
	struct arena *arena = search->question->arena;
	const char *name = arena_strdup(arena, search->name);
	struct span path;
	struct stat st;

	if (root[0] == '\0')
		return FOUND_NOTHING;
	search->error = "out of memory";
	if (name == NULL)
		return FOUND_FAILURE;
	if (!key_is_name(name))
		return FOUND_NOTHING;
	path = arena_printf(arena, "%s/%s", root, name);
	if (path.ptr == NULL)
		return FOUND_FAILURE;
	if (stat(path.ptr, &st) != 0 && (errno == ENOENT ||
	    errno == ENOTDIR || errno == ENAMETOOLONG))
		return FOUND_NOTHING;
	return choose_from_set(search, get_set(search,
	    &(struct keyset_source){ .name = name, .folder = path.ptr },
	    path));
}

static enum found
ask_table(struct search *search)
{
	const struct table *table = search->store->settings.table;
	struct arena *arena = search->question->arena;
	struct span value, key;
	const char *name, *list;

	if (table == NULL)
		return FOUND_NOTHING;
	switch (resolver_lookup(search->question->resolver, table,
	    search->name, &value, &search->error)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		return FOUND_NOTHING;
	case LOOKUP_FAILED:
		return FOUND_FAILURE;
	}
	name = arena_strdup(arena, search->name);
	list = arena_strdup(arena, value);
	key = arena_printf(arena, "%.*s %.*s", SPAN_ARG(search->name),
	    SPAN_ARG(value));
	search->error = "out of memory";
	if (name == NULL || list == NULL || key.ptr == NULL)
		return FOUND_FAILURE;
	return choose_from_set(search, get_set(search,
	    &(struct keyset_source){ .name = name, .list = list }, key));
}

static enum found
ask(struct search *search, struct span name, struct span signs_as)
{
	enum found found;

	search->name = name;
	search->signs_as = signs_as;
	found = ask_keyring(search);
	if (found == FOUND_NOTHING)
		found = ask_folder(search);
	if (found == FOUND_NOTHING)
		found = ask_table(search);
	return found;
}

static bool
has_subdomains(const struct keystore *store, struct span name)
{
	const struct key_rule *rule = keyring_rule(store->settings.keyring,
	    name);

	return rule == NULL ? store->settings.rule.has_subdomains :
	    rule->has_subdomains;
}

static enum found
ask_all(struct search *search)
{
	struct span domain = search->question->domain, parent = domain;
	enum found found = ask(search, domain, domain);

	while (found == FOUND_NOTHING) {
		size_t dot = span_find(parent, '.');

		if (dot == parent.len)
			break;
		found = ask(search, span_slice(parent, dot, parent.len),
		    domain);
		parent = span_slice(parent, dot + 1, parent.len);
		if (found == FOUND_NOTHING &&
		    has_subdomains(search->store, parent))
			found = ask(search, parent, parent);
	}
	if (found == FOUND_NOTHING)
		found = ask(search, SPAN("*"), domain);
	return found;
}

int
keystore_find(struct keystore *store, const struct key_question *question,
    struct key_answer *answer_r, const char **error_r)
{
	struct search search = { .store = store, .question = question,
		.answer = answer_r };

	*answer_r = (struct key_answer){ .signer =
		store->settings.rule.signer };
	if (question->domain.len == 0)
		return 0;
	if (ask_all(&search) != FOUND_FAILURE)
		return 0;
	keystore_release(answer_r);
	*error_r = search.error;
	return -1;
}

void
keystore_release(struct key_answer *answer)
{
	keyset_unref(&answer->held);
}

/* --- all of them ---------------------------------------------------------- */

struct checking {
	const struct keystore *store;
	keystore_visit *visit;
	void *context;
	int status;		/* -1: something was wrong */
};

static void
complain(struct checking *checking, const char *fault)
{
	checking->visit(checking->context, NULL, fault);
	checking->status = -1;
}

static void
visit_key(void *context, const struct signing_key *key)
{
	const struct checking *checking = context;

	checking->visit(checking->context, key, NULL);
}

/* Every key of one source. */
static void
check_set(const struct keystore *store, const struct keyset_source *source,
    struct checking *checking)
{
	struct keyset *set = keyset_read(source, &store->settings.limits,
	    keyring_is_nominal(store->settings.keyring), NULL);

	for (size_t i = 0; set != NULL && i < keyset_count(set); i++)
		if (keyset_key(set, i) != NULL)
			checking->visit(checking->context,
			    keyset_key(set, i), NULL);
	if (set == NULL || keyset_fault(set) != NULL)
		complain(checking, set == NULL ? "out of memory" :
		    keyset_fault(set));
	keyset_unref(&set);
}

static void
check_folder(const struct keystore *store, const char *name,
    struct checking *checking)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s",
	    store->settings.folder, name);

	if (n >= 0 && (size_t)n < sizeof(path))
		check_set(store, &(struct keyset_source){ .name = name,
			.folder = path }, checking);
}

static void
check_row(void *context, struct span key, struct span value)
{
	struct checking *checking = context;
	char *name = strndup(key.ptr, key.len);
	char *list = strndup(value.ptr, value.len);

	if (name == NULL || list == NULL)
		complain(checking, "out of memory");
	else
		check_set(checking->store, &(struct keyset_source){
			.name = name, .list = list }, checking);
	free(name);
	free(list);
}

static int
is_visible(const struct dirent *file)
{
	return file->d_name[0] != '.';
}

/* Folders that are no domain are somebody's own affair. */
static void
check_folders(const struct keystore *store, struct checking *checking)
{
	const char *root = store->settings.folder;
	struct dirent **folders;
	int n = scandir(root, &folders, is_visible, alphasort);

	if (n < 0) {
		char text[PATH_MAX + 256];

		(void)snprintf(text, sizeof(text), "%s: %s", root,
		    strerror(errno));
		complain(checking, text);
		return;
	}
	for (int i = 0; i < n; i++) {
		if (key_is_name(folders[i]->d_name) &&
		    strchr(folders[i]->d_name, '.') != NULL)
			check_folder(store, folders[i]->d_name, checking);
		free(folders[i]);
	}
	free(folders);
}

int
keystore_check(struct keystore *store, keystore_visit *visit, void *context,
    bool *is_all_r)
{
	struct checking checking = { store, visit, context, 0 };

	keyring_each(store->settings.keyring, visit_key, &checking);
	if (store->settings.folder[0] != '\0')
		check_folders(store, &checking);
	*is_all_r = store->settings.table == NULL ||
	    table_each(store->settings.table, check_row, &checking);
	return checking.status;
}
