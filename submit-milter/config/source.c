/*
 * source.c - see source.h.
 *
 * A scanner that knows no more of libconfig's syntax than where comments,
 * strings, names and numbers begin and end. What is wrong with the rest,
 * libconfig will say.
 */
#include "config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/fault.h"
#include "system/folder.h"

#define FILE_CEILING (16u << 20)
#define TEXT_CEILING (64u << 20)
#define DEPTH_CEILING 10u
#define PATH_CEILING 4096u
#define RUNS_CEILING 10000u

/* One file being read. */
struct scan {
	struct source *source;
	const char *file;
	struct span text;
	size_t pos;
	unsigned line;
	unsigned depth;
	char **error_r;
};

static int include_file(struct source *source, const char *file,
    unsigned depth, const char *where, char **error_r);

static int
fail(struct scan *scan, unsigned line, const char *what)
{
	return fault(scan->error_r, "%s:%u: %s", scan->file, line, what);
}

static char
at(const struct scan *scan, size_t ahead)
{
	if (ahead >= scan->text.len - scan->pos)
		return '\0';
	return scan->text.ptr[scan->pos + ahead];
}

static bool
has(const struct scan *scan, const char *word)
{
	size_t len = strlen(word);

	return scan->text.len - scan->pos >= len &&
	    memcmp(scan->text.ptr + scan->pos, word, len) == 0;
}

/* Hands COUNT octets on to the text and counts lines. */
static void
pass(struct scan *scan, size_t count)
{
	struct span octets = span_slice(scan->text, scan->pos,
	    scan->pos + count);

	for (size_t i = 0; i < count; i++)
		if (octets.ptr[i] == '\n') {
			scan->line++;
			scan->source->lines++;
		}
	sbuf_add(&scan->source->text, octets);
	scan->pos += count;
}

/* From here on the lines of the text are those of this file. */
static int
begin_run(struct scan *scan)
{
	struct source *source = scan->source;
	struct source_run *runs;
	size_t room;

	if (source->run_count == RUNS_CEILING)
		return fail(scan, scan->line, "too many files are included");
	if (source->run_count == source->run_room) {
		room = source->run_room == 0 ? 8 : source->run_room * 2;
		runs = arena_calloc(source->arena, room, sizeof(*runs));
		if (runs == NULL)
			return fault(scan->error_r, NULL);
		if (source->run_count > 0)
			memcpy(runs, source->runs,
			    source->run_count * sizeof(*runs));
		source->runs = runs;
		source->run_room = room;
	}
	source->runs[source->run_count++] = (struct source_run){
		.first = source->lines + 1,
		.file = scan->file,
		.line = scan->line,
	};
	return 0;
}

/* --- tokens --------------------------------------------------------------- */

static int
scan_comment(struct scan *scan)
{
	unsigned begin = scan->line;

	while (!has(scan, "*/")) {
		if (scan->pos == scan->text.len)
			return fail(scan, begin, "the comment that begins "
			    "here is not closed");
		pass(scan, 1);
	}
	pass(scan, 2);
	return 0;
}

static void
scan_line_comment(struct scan *scan)
{
	struct span rest = span_slice(scan->text, scan->pos, scan->text.len);

	pass(scan, span_find(rest, '\n'));
}

static int
scan_string(struct scan *scan)
{
	unsigned begin = scan->line;

	pass(scan, 1);
	while (at(scan, 0) != '"') {
		if (scan->text.len - scan->pos <= 1)
			return fail(scan, begin, "the string that begins "
			    "here is not closed");
		if (has(scan, "\\x00"))
			return fail(scan, scan->line, "NUL in a string");
		pass(scan, at(scan, 0) == '\\' ? 2 : 1);
	}
	pass(scan, 1);
	return 0;
}

static void
scan_name(struct scan *scan)
{
	while (ascii_is_alnum((unsigned char)at(scan, 0)) ||
	    at(scan, 0) == '-' || at(scan, 0) == '_' || at(scan, 0) == '*')
		pass(scan, 1);
}

/* Whole numbers must fit an int: libconfig would cut them. */
static int
check_number(struct span s)
{
	char text[32];
	char *end;
	long long number;

	if (s.len >= sizeof(text))
		return -1;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	errno = 0;
	number = strtoll(text, &end, s.len > 2 && (s.ptr[1] | 0x20) == 'x' ?
	    16 : 10);
	if (*end == '.' || *end == 'e' || *end == 'E')
		return 0;
	return errno != 0 || number < INT_MIN || number > INT_MAX ? -1 : 0;
}

static int
scan_number(struct scan *scan)
{
	size_t len = 1;

	while (ascii_is_alnum((unsigned char)at(scan, len)) ||
	    at(scan, len) == '.')
		len++;
	if (check_number(span_slice(scan->text, scan->pos,
	    scan->pos + len)) != 0)
		return fail(scan, scan->line, "the number is too large");
	pass(scan, len);
	return 0;
}

/* --- @include ------------------------------------------------------------- */

/* The path of an included file, in the arena; NULL: no memory. */
static const char *
resolve(struct scan *scan, struct span path)
{
	size_t slash = span_find_last(span_of(scan->file), '/');

	if (path.ptr[0] == '/' || scan->file[slash] == '\0')
		return arena_strdup(scan->source->arena, path);
	return arena_printf(scan->source->arena, "%.*s/%.*s", (int)slash,
	    scan->file, SPAN_ARG(path)).ptr;
}

/* Is there nothing but white space and a comment before the line ends? */
static bool
is_line_done(const struct scan *scan)
{
	struct span rest = span_slice(scan->text, scan->pos, scan->text.len);

	rest = span_trim(span_slice(rest, 0, span_find(rest, '\n')));
	return rest.len == 0 || rest.ptr[0] == '#' ||
	    (rest.len > 1 && rest.ptr[0] == '/' && rest.ptr[1] == '/');
}

/* At "@include". */
static int
scan_include(struct scan *scan)
{
	const char *where, *file;
	struct span path;

	scan->pos += strlen("@include");
	while (ascii_is_wsp((unsigned char)at(scan, 0)))
		scan->pos++;
	path = span_slice(scan->text, scan->pos, scan->text.len);
	path = span_slice(path, 0, span_find(path, '\n'));
	if (path.len < 2 || path.ptr[0] != '"' ||
	    span_find(span_slice(path, 1, path.len), '"') == path.len - 1)
		return fail(scan, scan->line,
		    "@include wants a file name in quotes");
	path = span_slice(path, 1, path.len);
	path = span_slice(path, 0, span_find(path, '"'));
	scan->pos += path.len + 2;
	if (path.len == 0 || path.len >= PATH_CEILING || !is_line_done(scan))
		return fail(scan, scan->line, path.len == 0 ?
		    "@include wants a file name in quotes" :
		    "nothing may follow @include \"FILE\" on its line");
	if (scan->depth == DEPTH_CEILING)
		return fail(scan, scan->line, "files include each other "
		    "more than 10 deep");
	file = resolve(scan, path);
	where = arena_printf(scan->source->arena, "%s:%u", scan->file,
	    scan->line).ptr;
	if (file == NULL || where == NULL)
		return fault(scan->error_r, NULL);
	if (include_file(scan->source, file, scan->depth + 1, where,
	    scan->error_r) != 0)
		return -1;
	return begin_run(scan);
}

/* --- files ---------------------------------------------------------------- */

/* @include counts only where nothing but white space stands before it. */
static bool
is_line_begin(const struct scan *scan)
{
	size_t i = scan->pos;

	while (i > 0 && ascii_is_wsp((unsigned char)scan->text.ptr[i - 1]))
		i--;
	return i == 0 || scan->text.ptr[i - 1] == '\n';
}

static int
scan_token(struct scan *scan)
{
	char c = at(scan, 0);

	if (c == '\0')
		return fail(scan, scan->line, "NUL in the file");
	if (has(scan, "/*"))
		return scan_comment(scan);
	if (c == '#' || has(scan, "//")) {
		scan_line_comment(scan);
		return 0;
	}
	if (c == '"')
		return scan_string(scan);
	if (has(scan, "@include") && is_line_begin(scan))
		return scan_include(scan);
	if (ascii_is_digit((unsigned char)c) || ((c == '-' || c == '+') &&
	    ascii_is_digit((unsigned char)at(scan, 1))))
		return scan_number(scan);
	if (ascii_is_alpha((unsigned char)c))
		scan_name(scan);
	else
		pass(scan, 1);
	return 0;
}

static int
scan_file(struct scan *scan)
{
	if (memchr(scan->text.ptr, '\0', scan->text.len) != NULL)
		return fault(scan->error_r, "%s: NUL in the file", scan->file);
	if (begin_run(scan) != 0)
		return -1;
	while (scan->pos < scan->text.len)
		if (scan_token(scan) != 0)
			return -1;
	/* What follows an included file begins on a line of its own. */
	if (scan->text.len > 0 && scan->text.ptr[scan->text.len - 1] != '\n') {
		sbuf_addc(&scan->source->text, '\n');
		scan->source->lines++;
	}
	if (scan->source->text.is_failed)
		return fault(scan->error_r, "%s: the configuration is too "
		    "large", scan->file);
	return 0;
}

/* Reads all of FD; a heap buffer in *octets_r. 0, or -1 and errno. */
static int
read_octets(int fd, size_t size, char **octets_r, size_t *len_r)
{
	char *octets = malloc(size + 1);
	size_t len = 0;
	ssize_t n = 1;

	if (octets == NULL)
		return -1;
	while (len < size && n > 0) {
		n = read(fd, octets + len, size - len);
		if (n == -1 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	if (n == -1) {
		free(octets);
		return -1;
	}
	*octets_r = octets;
	*len_r = len;
	return 0;
}

/* 0, or -1 and what is wrong. */
static int
slurp(const char *file, char **octets_r, size_t *len_r, const char **what_r)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *doubt;
	struct stat st;
	int rc = -1;

	if (fd == -1) {
		*what_r = strerror(errno);
		return -1;
	}
	if (fstat(fd, &st) != 0)
		*what_r = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		*what_r = "is not a regular file";
	else if (st.st_size > (off_t)FILE_CEILING)
		*what_r = "is larger than 16777216 octets";
	else if ((doubt = folder_doubt(file, &st)) != NULL)
		*what_r = doubt;
	else if (read_octets(fd, (size_t)st.st_size, octets_r, len_r) != 0)
		*what_r = strerror(errno);
	else
		rc = 0;
	(void)close(fd);
	return rc;
}

/* WHERE it is included, or NULL. */
static int
include_file(struct source *source, const char *file, unsigned depth,
    const char *where, char **error_r)
{
	struct scan scan = {
		.source = source,
		.file = file,
		.line = 1,
		.depth = depth,
		.error_r = error_r,
	};
	char *octets = NULL;
	const char *what;
	int rc;

	if (slurp(file, &octets, &scan.text.len, &what) != 0)
		return fault(error_r, "%s%s%s: %s", where == NULL ? "" : where,
		    where == NULL ? "" : ": ", file, what);
	scan.text.ptr = octets;
	rc = scan_file(&scan);
	free(octets);
	return rc;
}

int
source_read(const char *file, struct arena *arena, struct source *source_r,
    char **error_r)
{
	*source_r = (struct source){ .arena = arena };
	sbuf_init(&source_r->text, NULL, TEXT_CEILING);
	return include_file(source_r, file, 0, NULL, error_r);
}

void
source_free(struct source *source)
{
	sbuf_free(&source->text);
}

void
source_where(const struct source *source, unsigned line, const char **file_r,
    unsigned *line_r)
{
	const struct source_run *run = &source->runs[0];

	if (line == 0)
		line = 1;
	for (size_t i = 1; i < source->run_count &&
	    source->runs[i].first <= line; i++)
		run = &source->runs[i];
	*file_r = run->file;
	*line_r = run->line + (line - run->first);
}
