/*
 * toplevel.c - see toplevel.h.
 */
#include "dns/toplevel.h"

#include <stdlib.h>

#include <libpsl.h>

#define LABEL_MOST 63u

struct toplevels {
	psl_ctx_t *list;
};

static const char *const reserved[] = {
	"alt", "example", "internal", "invalid", "local", "localhost",
	"onion", "test",
};

struct toplevels *
toplevels_open(void)
{
	struct toplevels *toplevels = calloc(1, sizeof(*toplevels));

	if (toplevels == NULL)
		return NULL;
	toplevels->list = psl_latest(NULL);
	if (toplevels->list == NULL)
		toplevels_close(&toplevels);
	return toplevels;
}

void
toplevels_close(struct toplevels **toplevels)
{
	if (*toplevels == NULL)
		return;
	psl_free((*toplevels)->list);
	free(*toplevels);
	*toplevels = NULL;
}

bool
toplevels_has(const struct toplevels *toplevels, struct span domain)
{
	size_t dot = span_find_last(domain, '.');
	struct span label = dot == domain.len ? domain :
	    span_slice(domain, dot + 1, domain.len);
	char name[LABEL_MOST + 1];

	if (label.len == 0 || label.len > LABEL_MOST)
		return false;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (span_eq(label, span_of(reserved[i])))
			return true;
	memcpy(name, label.ptr, label.len);
	name[label.len] = '\0';
	return psl_is_public_suffix2(toplevels->list, name,
	    PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}
