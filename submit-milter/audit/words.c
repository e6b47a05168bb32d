/*
 * words.c - see words.h.
 */
#include "audit/words.h"

#include "base/ascii.h"
#include "base/jsonscan.h"
#include "base/utc.h"
#include "syntax/domain.h"
#include "syntax/mailbox.h"

#define STRING_MOST (1u << 20)
#define V4_BITS 96u		/* in front of an IPv4 address */

/* --- forms ---------------------------------------------------------------- */

static int
lower(struct span text, struct arena *arena, struct span *folded_r)
{
	char *copy = arena_strdup(arena, text);

	if (copy == NULL)
		return -1;
	for (size_t i = 0; i < text.len; i++)
		copy[i] = (char)ascii_lower((unsigned char)copy[i]);
	*folded_r = (struct span){ copy, text.len };
	return 0;
}

/* Nothing in it but lower case folds, as in nearly all addresses. */
static bool
is_simple(struct span address)
{
	return !span_has_8bit(address) &&
	    span_find(address, '"') == address.len;
}

/* As mailbox_fold() has it; what is no mailbox, in lower case. */
static int
fold_address(struct span text, struct arena *arena, struct span *folded_r)
{
	struct mailbox mailbox;
	const char *error;

	text = span_trim(text);
	if (text.len > 1 && text.ptr[0] == '<' &&
	    text.ptr[text.len - 1] == '>')
		text = span_slice(text, 1, text.len - 1);
	if (is_simple(text) || mailbox_parse(text, PATH_UTF8 | PATH_BARE,
	    &mailbox, &error) != PATH_OK)
		return lower(text, arena, folded_r);
	return mailbox_fold(mailbox.local, mailbox.domain, true, arena,
	    folded_r);
}

/* A type and an address keep what is before the colon. */
static int
fold_identity(struct span text, struct arena *arena, struct span *folded_r)
{
	size_t colon = span_find(text, ':');
	struct span rest;

	text = span_trim(text);
	if (is_simple(text))
		return lower(text, arena, folded_r);
	if (colon >= text.len)
		return fold_address(text, arena, folded_r);
	if (fold_address(span_slice(text, colon + 1, text.len), arena,
	    &rest) != 0)
		return -1;
	*folded_r = arena_printf(arena, "%.*s:%.*s", (int)colon, text.ptr,
	    SPAN_ARG(rest));
	return folded_r->ptr == NULL ? -1 : 0;
}

/* Without angle brackets, and without the blanks of folding. */
static int
fold_message_id(struct span text, struct arena *arena, struct span *folded_r)
{
	char *copy = arena_strdup(arena, text);
	struct span folded = { copy, 0 };

	if (copy == NULL)
		return -1;
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_wsp((unsigned char)text.ptr[i]) &&
		    text.ptr[i] != '\r' && text.ptr[i] != '\n')
			copy[folded.len++] = text.ptr[i];
	if (folded.len > 1 && copy[0] == '<' && copy[folded.len - 1] == '>')
		folded = span_slice(folded, 1, folded.len - 1);
	*folded_r = folded;
	return 0;
}

int
word_fold(enum word_kind kind, struct span text, struct arena *arena,
    struct span *folded_r)
{
	switch (kind) {
	case WORD_MESSAGE_ID:
		return fold_message_id(text, arena, folded_r);
	case WORD_IDENTITY:
		return fold_identity(text, arena, folded_r);
	case WORD_SENDER:
	case WORD_RECIPIENT:
		return fold_address(text, arena, folded_r);
	case WORD_ID:
	case WORD_QUEUE_ID:
	case WORD_SESSION:
	case WORD_CLIENT:
	default:
		*folded_r = arena_span(arena, span_trim(text));
		return folded_r->ptr == NULL ? -1 : 0;
	}
}

/* --- networks ------------------------------------------------------------- */

const unsigned *
word_prefixes(const struct ip *ip)
{
	static const unsigned v4[] = { V4_BITS + 32, V4_BITS + 24,
		V4_BITS + 16, 0 };
	static const unsigned v6[] = { 128, 64, 48, 32, 0 };
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(ip->octets, mapped, sizeof(mapped)) == 0 ? v4 : v6;
}

struct span
word_network(const struct ip *ip, unsigned prefix,
    char text_r[WORD_NETWORK_SIZE])
{
	text_r[0] = (char)prefix;
	for (unsigned i = 0; i < 16; i++) {
		unsigned bits = prefix > 8 * i ? prefix - 8 * i : 0;
		unsigned mask = bits >= 8 ? 0xffu : 0xffu << (8 - bits);

		text_r[i + 1] = (char)(ip->octets[i] & mask);
	}
	return (struct span){ text_r, WORD_NETWORK_SIZE };
}

/* --- records -------------------------------------------------------------- */

struct reading {
	struct words *words;
	bool has_time, is_connection;
};

static bool
has_word(const struct words *words, enum word_kind kind, struct span text)
{
	for (size_t i = 0; i < words->n; i++)
		if (words->v[i].kind == kind && span_eq(words->v[i].text,
		    text))
			return true;
	return false;
}

/* A record of many thousand recipients is not searched for each. */
#define COMPARED_MOST 64u

static void
add_folded(struct words *words, enum word_kind kind, struct span text)
{
	struct word *v;

	if (text.len == 0 || (words->n < COMPARED_MOST &&
	    has_word(words, kind, text)))
		return;
	if (words->n == words->room) {
		size_t room = words->room == 0 ? 32 : words->room * 2;

		v = arena_calloc(words->arena, room, sizeof(*v));
		if (v == NULL) {
			words->is_short = true;
			return;
		}
		if (words->n > 0)
			memcpy(v, words->v, words->n * sizeof(*v));
		words->v = v;
		words->room = room;
	}
	words->v[words->n++] = (struct word){ kind, text };
}

static void
add_client(struct words *words, struct span text)
{
	if (ip_parse(text, &words->client) != 1)
		return;
	words->has_client = true;
	for (const unsigned *p = word_prefixes(&words->client); *p != 0; p++) {
		char *word = arena_alloc(words->arena, WORD_NETWORK_SIZE);

		if (word == NULL)
			words->is_short = true;
		else
			add_folded(words, WORD_CLIENT,
			    word_network(&words->client, *p, word));
	}
}

static void
add_word(struct words *words, enum word_kind kind, struct span text)
{
	struct span folded = { NULL, 0 };

	if (word_fold(kind, text, words->arena, &folded) != 0) {
		words->is_short = true;
		return;
	}
	if (kind == WORD_ID)
		words->id = folded;
	add_folded(words, kind, folded);
}

static const struct {
	const char *path;
	enum word_kind kind;
} places[] = {
	{ "id", WORD_ID },
	{ "session", WORD_SESSION },
	{ "queue_id", WORD_QUEUE_ID },
	{ "identity", WORD_IDENTITY },
	{ "envelope.sender", WORD_SENDER },
	{ "envelope.recipients..address", WORD_RECIPIENT },
	{ "envelope.recipients..for", WORD_RECIPIENT },
	{ "from.", WORD_SENDER },
	{ "message_id", WORD_MESSAGE_ID },
};

static int
see_value(void *context, const struct jsonscan_way *way, struct span value,
    bool is_string)
{
	struct reading *r = context;

	if (!is_string)
		return 0;
	if (jsonscan_is_at(way, "time"))
		r->has_time = utc_parse(value, &r->words->time_us) == 0;
	else if (jsonscan_is_at(way, "result"))
		r->is_connection = span_eq(value, SPAN("no-mail"));
	else if (jsonscan_is_at(way, "client.address"))
		add_client(r->words, value);
	else
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
			if (jsonscan_is_at(way, places[i].path))
				add_word(r->words, places[i].kind, value);
	return r->words->is_short ? 1 : 0;
}

int
words_read(struct span line, struct arena *arena, struct words *words_r)
{
	struct reading r = { .words = words_r };
	struct sbuf scratch;
	int status;

	*words_r = (struct words){ .arena = arena };
	sbuf_init(&scratch, NULL, STRING_MOST);
	status = jsonscan_object(line, &scratch, see_value, &r);
	sbuf_free(&scratch);
	if (words_r->is_short)
		return -2;
	if (status != 1 || !r.has_time || words_r->id.len == 0)
		return -1;
	return r.is_connection ? 0 : 1;
}
