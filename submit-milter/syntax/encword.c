/*
 * encword.c - see encword.h.
 */
#include "syntax/encword.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/ascii.h"
#include "base/sbuf.h"
#include "syntax/field.h"

#define WORD_MOST 75u		/* octets of an encoded word */

static const char hex[] = "0123456789ABCDEF";

static int
hex_value(char c)
{
	const char *p = c == '\0' ? NULL : strchr(hex, c >= 'a' && c <= 'f' ?
	    c - 'a' + 'A' : c);

	return p == NULL ? -1 : (int)(p - hex);
}

/* --- writing words -------------------------------------------------------- */

static const char *
charset_of(struct span text, const struct encword_style *style)
{
	return span_is_utf8(text) ? "utf-8" : style->charset;
}

/* May stand for itself in an encoded word, a phrase or a parameter? */
static bool
is_plain(unsigned char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '!' || c == '+';
}

/* Octets of the character that S begins with; 1 if it is not UTF-8. */
static size_t
char_len(struct span s)
{
	size_t n = 1;

	if ((unsigned char)s.ptr[0] < 0xc0)
		return 1;
	while (n < s.len && n < 4 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static size_t
q_len(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += is_plain((unsigned char)s.ptr[i]) || s.ptr[i] == ' ' ?
		    1 : 3;
	return n;
}

static void
put_q(struct sbuf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (is_plain(c)) {
			sbuf_addc(out, (char)c);
		} else if (c == ' ') {
			sbuf_addc(out, '_');
		} else {
			sbuf_addc(out, '=');
			sbuf_addc(out, hex[c >> 4]);
			sbuf_addc(out, hex[c & 15]);
		}
	}
}

/* TEXT as encoded words; no character is torn apart. */
static void
put_words(struct sbuf *out, struct span text,
    const struct encword_style *style)
{
	const char *charset = charset_of(text, style);
	size_t room = WORD_MOST - strlen(charset) - sizeof("=?" "?Q?" "?=");
	bool is_first = true;

	while (text.len > 0) {
		size_t n = 0;

		while (n < text.len) {
			size_t more = char_len(span_slice(text, n, text.len));

			if (q_len(span_slice(text, 0, n + more)) > room)
				break;
			n += more;
		}
		if (!is_first)
			sbuf_addf(out, "%s ", style->line_end);
		is_first = false;
		sbuf_addf(out, "=?%s?Q?", charset);
		put_q(out, span_slice(text, 0, n));
		sbuf_adds(out, "?=");
		text = span_slice(text, n, text.len);
	}
}

static bool
has_word(struct span s)
{
	for (size_t i = 0; i + 1 < s.len; i++)
		if (s.ptr[i] == '=' && s.ptr[i + 1] == '?')
			return true;
	return false;
}

static bool
is_fws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* --- text without structure ----------------------------------------------- */

static size_t
word_end(struct span s, size_t i)
{
	while (i < s.len && !is_fws(s.ptr[i]))
		i++;
	return i;
}

static size_t
blank_end(struct span s, size_t i)
{
	while (i < s.len && is_fws(s.ptr[i]))
		i++;
	return i;
}

/* Folding is no part of the text. */
static void
put_unfolded(struct sbuf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != '\r' && s.ptr[i] != '\n')
			sbuf_addc(out, s.ptr[i] == '\t' ? ' ' : s.ptr[i]);
}

/*
 * Words with octets above 127 are encoded, neighbours of them together with
 * the blanks between, which would be lost else.
 */
static int
encode_text(struct span s, const struct encword_style *style,
    struct arena *arena, struct sbuf *out)
{
	size_t i = 0;

	while (i < s.len) {
		size_t begin = blank_end(s, i), end = word_end(s, begin);
		struct span run;
		struct sbuf text;

		sbuf_add(out, span_slice(s, i, begin));
		i = end;
		run = span_slice(s, begin, end);
		if (!span_has_8bit(run)) {
			sbuf_add(out, run);
			continue;
		}
		for (;;) {
			size_t next = blank_end(s, end);
			size_t last = word_end(s, next);

			if (next == last ||
			    !span_has_8bit(span_slice(s, next, last)))
				break;
			end = last;
		}
		i = end;
		run = span_slice(s, begin, end);
		if (has_word(run))
			return 0;
		sbuf_init(&text, arena, run.len);
		put_unfolded(&text, run);
		if (sbuf_done(&text, &run) != 0)
			return -1;
		put_words(out, run, style);
	}
	return 1;
}

/* --- address fields ------------------------------------------------------- */

/* After the quoted-string or comment that begins at I; 0: it has no end. */
static size_t
enclosed_end(struct span s, size_t i)
{
	char close = s.ptr[i] == '"' ? '"' : ')';
	size_t depth = 0;

	for (; i < s.len; i++) {
		if (s.ptr[i] == '\\') {
			i++;
		} else if (s.ptr[i] == '(' && close == ')') {
			depth++;
		} else if (s.ptr[i] == close && (close == '"' ? depth++ > 0 :
		    --depth == 0)) {
			return i + 1;
		}
	}
	return 0;
}

/* The words of a phrase, quoting undone. */
static void
put_phrase(struct sbuf *out, struct span s)
{
	bool is_quoted = false;

	s = span_trim(s);
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c == '"') {
			is_quoted = !is_quoted;
			continue;
		}
		if (is_quoted && c == '\\' && i + 1 < s.len)
			c = s.ptr[++i];
		if (c != '\r' && c != '\n')
			sbuf_addc(out, c == '\t' ? ' ' : c);
	}
}

static int
encode_phrase(struct span s, const struct encword_style *style,
    struct arena *arena, struct sbuf *out)
{
	struct sbuf phrase;
	struct span text;

	if (!span_has_8bit(s)) {
		sbuf_add(out, s);
		return 1;
	}
	if (has_word(s) || span_find(s, '(') < s.len)
		return 0;
	sbuf_init(&phrase, arena, s.len);
	put_phrase(&phrase, s);
	if (sbuf_done(&phrase, &text) != 0)
		return -1;
	if (s.len > 0 && is_fws(s.ptr[0]))
		sbuf_addc(out, ' ');
	put_words(out, text, style);
	sbuf_addc(out, ' ');
	return 1;
}

static int
encode_comment(struct span s, const struct encword_style *style,
    struct arena *arena, struct sbuf *out)
{
	struct span inner = span_slice(s, 1, s.len - 1);
	int status;

	if (!span_has_8bit(s)) {
		sbuf_add(out, s);
		return 1;
	}
	if (span_find(inner, '(') < inner.len ||
	    span_find(inner, '\\') < inner.len)
		return 0;
	sbuf_addc(out, '(');
	status = encode_text(inner, style, arena, out);
	sbuf_addc(out, ')');
	return status;
}

/* From I to what ends the words of a name: "<", ",", ":", ";" or comment. */
static size_t
name_end(struct span s, size_t i)
{
	while (i < s.len && strchr("<,:;(", s.ptr[i]) == NULL) {
		size_t end = s.ptr[i] == '"' ? enclosed_end(s, i) : i + 1;

		if (end == 0)
			return s.len;
		i = end;
	}
	return i;
}

static size_t
angle_end(struct span s, size_t i)
{
	while (i < s.len && s.ptr[i] != '>') {
		size_t end = s.ptr[i] == '"' ? enclosed_end(s, i) : i + 1;

		if (end == 0)
			return s.len;
		i = end;
	}
	return i < s.len ? i + 1 : i;
}

/*
 * What stands before "<" or ":" is a name; between "<" and ">", and before
 * anything else, stands an address.
 */
static int
encode_addresses(struct span s, const struct encword_style *style,
    struct arena *arena, struct sbuf *out)
{
	size_t i = 0;
	int status = 1;

	while (i < s.len && status == 1) {
		size_t end = name_end(s, i);
		bool is_name = end < s.len &&
		    (s.ptr[end] == '<' || s.ptr[end] == ':');
		struct span words = span_slice(s, i, end);

		if (!is_name && span_has_8bit(words))
			return 0;
		status = encode_phrase(words, style, arena, out);
		i = end;
		if (i == s.len || status != 1)
			break;
		if (s.ptr[i] == '(') {
			end = enclosed_end(s, i);
			if (end == 0)
				return 0;
			status = encode_comment(span_slice(s, i, end), style,
			    arena, out);
		} else {
			end = s.ptr[i] == '<' ? angle_end(s, i) : i + 1;
			words = span_slice(s, i, end);
			if (span_has_8bit(words))
				return 0;
			sbuf_add(out, words);
		}
		i = end;
	}
	return status;
}

/* --- parameters ----------------------------------------------------------- */

/* To the semicolon that is not within quotes. */
static size_t
parameter_end(struct span s, size_t i)
{
	while (i < s.len && s.ptr[i] != ';') {
		size_t end = s.ptr[i] == '"' ? enclosed_end(s, i) : i + 1;

		if (end == 0)
			return s.len;
		i = end;
	}
	return i;
}

/* attribute*=charset''text, all but letters and digits as %XX */
static int
encode_parameter(struct span s, const struct encword_style *style,
    struct arena *arena, struct sbuf *out)
{
	size_t equals = span_find(s, '=');
	struct span name = span_trim(span_slice(s, 0, equals)), value;
	struct sbuf plain;

	if (!span_has_8bit(s)) {
		sbuf_add(out, s);
		return 1;
	}
	if (equals == s.len || span_has_8bit(name) ||
	    span_find(name, '*') < name.len || span_find(s, '(') < s.len)
		return 0;
	sbuf_init(&plain, arena, s.len);
	put_phrase(&plain, span_slice(s, equals + 1, s.len));
	if (sbuf_done(&plain, &value) != 0)
		return -1;
	sbuf_addf(out, "%s %.*s*=%s''", style->line_end, SPAN_ARG(name),
	    charset_of(value, style));
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if (is_plain(c) || c == '.' || c == '_')
			sbuf_addc(out, (char)c);
		else
			sbuf_addf(out, "%%%c%c", hex[c >> 4], hex[c & 15]);
	}
	return 1;
}

static int
encode_parameters(struct span s, const struct encword_style *style,
    struct arena *arena, struct sbuf *out)
{
	size_t i = parameter_end(s, 0);
	int status = 1;

	if (span_has_8bit(span_slice(s, 0, i)))
		return 0;
	sbuf_add(out, span_slice(s, 0, i));
	while (i < s.len && status == 1) {
		size_t end = parameter_end(s, i + 1);

		sbuf_addc(out, ';');
		status = encode_parameter(span_slice(s, i + 1, end), style,
		    arena, out);
		i = end;
	}
	return status;
}

/* --- fields --------------------------------------------------------------- */

/* Fields of which nothing can be encoded. */
static const char *const bare[] = {
	"Date", "Resent-Date", "Message-ID", "Resent-Message-ID",
	"In-Reply-To", "References", "Received", "Return-Path",
	"MIME-Version", "Content-Transfer-Encoding", "Content-ID",
	"DKIM-Signature", "Authentication-Results", "List-Id", "List-Post",
	"List-Help", "List-Unsubscribe", "List-Unsubscribe-Post",
	"List-Subscribe", "List-Owner", "List-Archive", "Errors-To",
};

static bool
is_bare(struct span name)
{
	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++)
		if (span_eq_nocase(name, span_of(bare[i])))
			return true;
	return span_starts_nocase(name, SPAN("ARC-"));
}

int
encword_encode(struct span name, struct span value,
    const struct encword_style *style, struct arena *arena,
    struct span *text_r)
{
	struct sbuf out;
	int status;

	sbuf_init(&out, arena, value.len * 16 + 1000);
	if (is_bare(name))
		return 0;
	if (span_eq_nocase(name, SPAN("Content-Type")) ||
	    span_eq_nocase(name, SPAN("Content-Disposition")))
		status = encode_parameters(value, style, arena, &out);
	else if (field_info(field_find(name))->is_address)
		status = encode_addresses(value, style, arena, &out);
	else
		status = encode_text(value, style, arena, &out);
	if (status == 1 && sbuf_done(&out, text_r) != 0)
		return -1;
	return status;
}

/* --- reading words -------------------------------------------------------- */

static int
base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	return p == NULL ? -1 : (int)(p - digits);
}

static void
decode_b(struct sbuf *out, struct span s)
{
	uint32_t bits = 0;
	unsigned n = 0;

	for (size_t i = 0; i < s.len; i++) {
		int v = base64_value(s.ptr[i]);

		if (v < 0)
			continue;
		bits = bits << 6 | (uint32_t)v;
		n += 6;
		if (n >= 8) {
			n -= 8;
			sbuf_addc(out, (char)(bits >> n & 0xff));
		}
	}
}

static void
decode_q(struct sbuf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		bool has_digits = i + 2 < s.len;
		int high = has_digits ? hex_value(s.ptr[i + 1]) : -1;
		int low = has_digits ? hex_value(s.ptr[i + 2]) : -1;

		if (s.ptr[i] == '=' && high >= 0 && low >= 0) {
			sbuf_addc(out, (char)(high * 16 + low));
			i += 2;
		} else {
			sbuf_addc(out, s.ptr[i] == '_' ? ' ' : s.ptr[i]);
		}
	}
}

/*
 * encoded-word = "=?" charset "?" encoding "?" encoded-text "?="
 *
 * Octets of the one that S begins with, which is decoded; 0: there is none.
 * OUT may be NULL.
 */
static size_t
take_word(struct span s, struct sbuf *out)
{
	size_t mark[3] = { 1, 0, 0 };
	int encoding;

	if (!span_starts_nocase(s, SPAN("=?")))
		return 0;
	for (int i = 1; i < 3; i++) {
		mark[i] = mark[i - 1] + 1;
		while (mark[i] < s.len && s.ptr[mark[i]] != '?' &&
		    !is_fws(s.ptr[mark[i]]))
			mark[i]++;
		if (mark[i] >= s.len || s.ptr[mark[i]] != '?')
			return 0;
	}
	encoding = ascii_lower((unsigned char)s.ptr[mark[2] - 1]);
	if (mark[2] - mark[1] != 2 || (encoding != 'b' && encoding != 'q'))
		return 0;
	for (size_t end = mark[2] + 1; end + 1 < s.len; end++) {
		struct span text = span_slice(s, mark[2] + 1, end);

		if (s.ptr[end] != '?' || s.ptr[end + 1] != '=')
			continue;
		if (out != NULL && encoding == 'b')
			decode_b(out, text);
		else if (out != NULL)
			decode_q(out, text);
		return end + 2;
	}
	return 0;
}

struct span
encword_decode(struct span text, struct arena *arena)
{
	struct span result = { NULL, 0 };
	struct sbuf out;
	size_t i = 0;
	bool is_after_word = false;

	sbuf_init(&out, arena, text.len);
	while (i < text.len) {
		size_t next = blank_end(text, i);
		size_t n;

		/* Blanks between encoded words are none (section 6.2). */
		if (!is_after_word ||
		    take_word(span_slice(text, next, text.len), NULL) == 0)
			sbuf_add(&out, span_slice(text, i, next));
		i = next;
		if (i == text.len)
			break;
		n = take_word(span_slice(text, i, text.len), &out);
		is_after_word = n > 0;
		if (n == 0)
			sbuf_addc(&out, text.ptr[i++]);
		i += n;
	}
	return sbuf_done(&out, &result) == 0 ? result :
	    (struct span){ NULL, 0 };
}
