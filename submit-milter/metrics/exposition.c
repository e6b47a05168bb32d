/*
 * exposition.c - see exposition.h.
 */
#include "metrics/exposition.h"

#include <inttypes.h>

enum type { COUNTER, GAUGE, HISTOGRAM };

static const struct {
	enum type type;
	const char *name;
	const char *labels;
	const char *help;
} families[] = {
#define FAMILY(id, type, name, labels, help) \
	[FAMILY_##id] = { type, "submit_milter_" name, labels, help },
#include "metrics/families.def"
#undef FAMILY
};

const char *
exposition_name(enum family family)
{
	return families[family].name;
}

static const char *
type_name(enum type type)
{
	static const char *const names[] = {
		[COUNTER] = "counter",
		[GAUGE] = "gauge",
		[HISTOGRAM] = "histogram",
	};

	return names[type];
}

void
exposition_family(struct sbuf *out, enum family family)
{
	const char *name = families[family].name;

	sbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name,
	    families[family].help, name, type_name(families[family].type));
}

/* Whatever a table or profile may be called. */
static void
add_value(struct sbuf *out, const char *value)
{
	for (; *value != '\0'; value++)
		if (*value == '\n')
			sbuf_adds(out, "\\n");
		else if (*value == '"' || *value == '\\')
			sbuf_addf(out, "\\%c", *value);
		else
			sbuf_addc(out, *value);
}

/*
 * name{label="value",...} with a blank; BOUND, if not NULL, is a histogram's
 * "le".
 */
static void
begin_sample(struct sbuf *out, enum family family, const char *suffix,
    const struct exposition_labels *labels, const char *bound)
{
	struct span left = span_of(families[family].labels);
	char mark = '{';

	sbuf_addf(out, "%s%s", families[family].name, suffix);
	for (size_t i = 0; left.len > 0; i++) {
		size_t end = span_find(left, ',');

		sbuf_addf(out, "%c%.*s=\"", mark,
		    SPAN_ARG(span_slice(left, 0, end)));
		add_value(out, labels->v[i]);
		sbuf_addc(out, '"');
		mark = ',';
		left = end < left.len ? span_slice(left, end + 1, left.len) :
		    (struct span){ NULL, 0 };
	}
	if (bound != NULL)
		sbuf_addf(out, "%cle=\"%s\"", mark, bound);
	sbuf_adds(out, mark == ',' || bound != NULL ? "} " : " ");
}

void
exposition_number(struct sbuf *out, enum family family,
    const struct exposition_labels *labels, uint64_t number)
{
	begin_sample(out, family, "", labels, NULL);
	sbuf_addf(out, "%" PRIu64 "\n", number);
}

/* Not by "%f", which asks the locale. */
static void
add_seconds(struct sbuf *out, uint64_t microseconds)
{
	sbuf_addf(out, "%" PRIu64 ".%06" PRIu64 "\n",
	    microseconds / 1000000, microseconds % 1000000);
}

void
exposition_time(struct sbuf *out, enum family family,
    const struct exposition_labels *labels, uint64_t microseconds)
{
	begin_sample(out, family, "", labels, NULL);
	add_seconds(out, microseconds);
}

/* "0.0025", "10": as others write these bounds. */
static void
print_bound(int64_t microseconds, char text_r[32])
{
	struct sbuf out;
	struct span text;

	sbuf_init(&out, NULL, 31);
	sbuf_addf(&out, "%" PRId64 ".%06" PRId64, microseconds / 1000000,
	    microseconds % 1000000);
	if (sbuf_done(&out, &text) != 0)
		text = SPAN("");
	while (text.len > 0 && text.ptr[text.len - 1] == '0')
		text.len--;
	if (text.len > 0 && text.ptr[text.len - 1] == '.')
		text.len--;
	memcpy(text_r, text.ptr, text.len);
	text_r[text.len] = '\0';
	sbuf_free(&out);
}

void
exposition_histogram(struct sbuf *out, enum family family,
    const struct exposition_labels *labels,
    const struct histogram_view *view)
{
	uint64_t count = 0;
	char bound[32];

	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		count += view->counts[i];
		if (i < HISTOGRAM_BOUNDS)
			print_bound(histogram_bounds[i], bound);
		begin_sample(out, family, "_bucket", labels,
		    i < HISTOGRAM_BOUNDS ? bound : "+Inf");
		sbuf_addf(out, "%" PRIu64 "\n", count);
	}
	begin_sample(out, family, "_sum", labels, NULL);
	add_seconds(out, view->sum);
	begin_sample(out, family, "_count", labels, NULL);
	sbuf_addf(out, "%" PRIu64 "\n", count);
}

void
exposition_single(struct sbuf *out, enum family family, uint64_t number)
{
	exposition_family(out, family);
	exposition_number(out, family, LABELS(NULL), number);
}
