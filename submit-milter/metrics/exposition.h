/*
 * exposition - metrics as text, in Prometheus' format 0.0.4.
 *
 * Families are the rows of families.def. A family is begun, then come its
 * samples. One thread at a time.
 */
#ifndef SUBMIT_METRICS_EXPOSITION_H
#define SUBMIT_METRICS_EXPOSITION_H

#include <stdint.h>

#include "base/histogram.h"
#include "base/sbuf.h"

enum family {
#define FAMILY(id, type, name, labels, help) FAMILY_##id,
#include "metrics/families.def"
#undef FAMILY
	FAMILY_COUNT
};

#define EXPOSITION_LABELS 3

/* Values of a family's labels, in their order. */
struct exposition_labels {
	const char *v[EXPOSITION_LABELS];
};

#define LABELS(...) (&(const struct exposition_labels){ { __VA_ARGS__ } })

/* As it is exposed. */
const char *exposition_name(enum family family);

/* Its help and type. */
void exposition_family(struct sbuf *out, enum family family);

void exposition_number(struct sbuf *out, enum family family,
    const struct exposition_labels *labels, uint64_t number);

/* Of a family in seconds. */
void exposition_time(struct sbuf *out, enum family family,
    const struct exposition_labels *labels, uint64_t microseconds);
void exposition_histogram(struct sbuf *out, enum family family,
    const struct exposition_labels *labels,
    const struct histogram_view *view);

/* A family with one sample and no labels. */
void exposition_single(struct sbuf *out, enum family family,
    uint64_t number);

#endif
