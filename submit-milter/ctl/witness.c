/*
 * witness.c - see witness.h.
 */
#include "ctl/witness.h"

#define FIRST_ROOM 64u

void
witness_init(struct witness *witness, struct arena *arena)
{
	*witness = (struct witness){ .arena = arena };
}

static void
note(struct witness *witness, struct event event)
{
	if (witness->n == witness->room) {
		size_t room = witness->room == 0 ? FIRST_ROOM :
		    2 * witness->room;
		struct event *v = arena_calloc(witness->arena, room,
		    sizeof(*v));

		if (v == NULL) {
			witness->is_failed = true;
			return;
		}
		if (witness->n > 0)
			memcpy(v, witness->v, witness->n * sizeof(*v));
		witness->v = v;
		witness->room = room;
	}
	witness->v[witness->n++] = event;
}

static void
on_stage(void *context, enum stage stage)
{
	note(context, (struct event){ .kind = EVENT_STAGE, .stage = stage });
}

static void
on_lookup(void *context, const struct watch_lookup *lookup)
{
	note(context, (struct event){ .kind = EVENT_LOOKUP,
	    .lookup = *lookup });
}

static void
on_right(void *context, const struct watch_right *right)
{
	note(context, (struct event){ .kind = EVENT_RIGHT, .right = *right });
}

static void
on_rule(void *context, const struct verdict_entry *entry)
{
	note(context, (struct event){ .kind = EVENT_RULE, .rule = *entry });
}

struct watch
witness_watch(struct witness *witness)
{
	return (struct watch){
		.stage = on_stage,
		.lookup = on_lookup,
		.right = on_right,
		.rule = on_rule,
		.context = witness,
	};
}

size_t
witness_end(const struct witness *witness, size_t from)
{
	while (from < witness->n &&
	    (witness->v[from].kind == EVENT_LOOKUP ||
	    witness->v[from].kind == EVENT_RIGHT))
		from++;
	return from;
}

static const struct watch_lookup *
find_row(const struct witness *witness, size_t from, size_t to,
    const struct watch_right *right)
{
	for (size_t i = to; i > from; i--) {
		const struct event *e = &witness->v[i - 1];

		if (e->kind == EVENT_LOOKUP &&
		    e->lookup.table == right->table &&
		    span_eq(e->lookup.key, right->key))
			return &e->lookup;
	}
	return NULL;
}

const struct watch_lookup *
witness_decisive(const struct witness *witness, size_t from, size_t to)
{
	for (size_t i = to; i > from; i--) {
		const struct event *e = &witness->v[i - 1];

		if (e->kind == EVENT_RIGHT &&
		    e->right.answer != LOOKUP_FAILED)
			return e->right.table == NULL ? NULL :
			    find_row(witness, from, to, &e->right);
		if (e->kind == EVENT_LOOKUP &&
		    e->lookup.answer != LOOKUP_NOT_FOUND)
			return &e->lookup;
	}
	return NULL;
}
