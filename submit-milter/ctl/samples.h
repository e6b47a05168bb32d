/*
 * samples - what a daemon exposes, read as Prometheus would read it.
 *
 * Lines that are no samples are passed over. One thread.
 */
#ifndef SUBMIT_CTL_SAMPLES_H
#define SUBMIT_CTL_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "metrics/exposition.h"

struct sample {
	struct span name;
	struct span labels;	/* as they stand between the braces */
	double value;
};

struct samples {
	char *text;
	struct sample *v;
	size_t n;
};

/* 0, or -1 when there is no memory. SAMPLES were empty. */
int samples_read(struct samples *samples, const char *text)
    __attribute__((warn_unused_result));

/* Empty again. */
void samples_free(struct samples *samples);

/* Is it one of FAMILY, with SUFFIX ("", "_bucket", "_sum", "_count")? */
bool sample_is(const struct sample *sample, enum family family,
    const char *suffix);

/* The value of a label, as it stands there; empty: it has no such label. */
struct span sample_label(const struct sample *sample, const char *label);

/* The value of the same name and labels; 0 when there is none. */
double samples_same(const struct samples *samples,
    const struct sample *sample);

/* A family with one sample; 0 when there is none. */
double samples_single(const struct samples *samples, enum family family);

#endif
