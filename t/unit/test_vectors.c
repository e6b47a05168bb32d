/*
 * test_vectors - keys, records, messages and signatures of the RFCs.
 * Proves: D8.5 (signatures as RFC 6376 wants them), X11 (RSA, and Ed25519 as
 * RFC 8463 wants it), X12 (the record that is to be published), X13
 * (canonicalisation).
 *
 * Both algorithms give one signature and no other for the same octets, so b=
 * is compared to the octet. What is signed is put together here once more,
 * from the text of RFC 6376 sections 3.4.2 and 3.7: first this and the keys
 * must give the b= of RFC 8463, then it must agree with libopendkim about
 * what our signer made.
 */
#include "sign_fixture.h"

#include <unistd.h>

#include "base/sbuf.h"
#include "sign/key.h"
#include "sign/published.h"

#define FIELDS_8463 \
	"From: Joe SixPack <joe@football.example.com>\n" \
	"To: Suzie Q <suzie@shopping.example.net>\n" \
	"Subject: Is dinner ready?\n" \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n" \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"

#define FIELDS_6376 \
	"Received: from client1.football.example.com  [192.0.2.1]\n" \
	"      by submitserver.example.com with SUBMISSION;\n" \
	"      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\n" \
	FIELDS_8463

#define BODY_8463 "Hi.\r\n\r\n" \
	"We lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
#define BODY_6376 "Hi.\r\n\r\n" \
	"We lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n"
#define BODY_HASH "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="

#define RSA_PUBLIC_8463 \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3id" \
	"Y6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ" \
	"/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2Ee" \
	"C3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
#define RSA_PUBLIC_6376 \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/D" \
	"kMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od" \
	"+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaN" \
	"BcWToIMmPSPDdQPNUYckcQ2QIDAQAB"

/* Keys of the appendices; they have been public from the first day. */
static const char rsa_8463[] =
	"-----BEGIN RSA PRIVATE KEY-----\n"
	"MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\n"
	"Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM\n"
	"KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\n"
	"AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm\n"
	"6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe\n"
	"zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy\n"
	"6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc\n"
	"uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy\n"
	"WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd\n"
	"WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a\n"
	"licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst\n"
	"o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe\n"
	"uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL\n"
	"-----END RSA PRIVATE KEY-----\n";
static const char ed_8463[] =	/* RFC 8032 section 7.1, test 1 */
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
	"-----END PRIVATE KEY-----\n";
static const char rsa_6376[] =
	"-----BEGIN RSA PRIVATE KEY-----\n"
	"MIICXwIBAAKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFC\n"
	"jxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gb\n"
	"to/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB\n"
	"AoGBALmn+XwWk7akvkUlqb+dOxyLB9i5VBVfje89Teolwc9YJT36BGN/l4e0l6QX\n"
	"/1//6DWUTB3KI6wFcm7TWJcxbS0tcKZX7FsJvUz1SbQnkS54DJck1EZO/BLa5ckJ\n"
	"gAYIaqlA9C0ZwM6i58lLlPadX/rtHb7pWzeNcZHjKrjM461ZAkEA+itss2nRlmyO\n"
	"n1/5yDyCluST4dQfO8kAB3toSEVc7DeFeDhnC1mZdjASZNvdHS4gbLIA1hUGEF9m\n"
	"3hKsGUMMPwJBAPW5v/U+AWTADFCS22t72NUurgzeAbzb1HWMqO4y4+9Hpjk5wvL/\n"
	"eVYizyuce3/fGke7aRYw/ADKygMJdW8H/OcCQQDz5OQb4j2QDpPZc0Nc4QlbvMsj\n"
	"7p7otWRO5xRa6SzXqqV3+F0VpqvDmshEBkoCydaYwc2o6WQ5EBmExeV8124XAkEA\n"
	"qZzGsIxVP+sEVRWZmW6KNFSdVUpk3qzK0Tz/WjQMe5z0UunY9Ax9/4PVhp/j61bf\n"
	"eAYXunajbBSOLlx4D+TunwJBANkPI5S9iylsbLs6NkaMHV6k5ioHBBmgCak95JGX\n"
	"GMot/L2x0IYyMLAz6oLWh2hm7zwtb0CgOrPo1ke44hFYnfc=\n"
	"-----END RSA PRIVATE KEY-----\n";

static const struct vector {
	const char *name;
	const char *domain, *selector, *pem;
	const char *record;	/* as it is published */
	const char *fields;
	struct span body;
	const char *signature;	/* value of the field, folded with LF */
	bool is_relaxed;
} vectors[] = {
	{ "RFC 8463, Ed25519", "football.example.com", "brisbane", ed_8463,
	    "v=DKIM1; k=ed25519; "
	    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
	    FIELDS_8463, SPAN(BODY_8463),
	    "v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"
	    " d=football.example.com; i=@football.example.com;\n"
	    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n"
	    " subject : date : message-id : from : subject : date;\n"
	    " bh=" BODY_HASH ";\n"
	    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n"
	    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==", true },
	{ "RFC 8463, RSA", "football.example.com", "test", rsa_8463,
	    "v=DKIM1; k=rsa; p=" RSA_PUBLIC_8463,
	    FIELDS_8463, SPAN(BODY_8463),
	    "v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
	    " d=football.example.com; i=@football.example.com;\n"
	    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n"
	    " date : message-id : from : subject : date;\n"
	    " bh=" BODY_HASH ";\n"
	    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n"
	    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n"
	    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=",
	    true },
	{ "RFC 6376, RSA", "example.com", "brisbane", rsa_6376,
	    "v=DKIM1; p=" RSA_PUBLIC_6376,
	    FIELDS_6376, SPAN(BODY_6376),
	    "v=1; a=rsa-sha256; s=brisbane; d=example.com;\n"
	    "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\n"
	    "      h=Received : From : To : Subject : Date : Message-ID;\n"
	    "      bh=" BODY_HASH ";\n"
	    "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\n"
	    "      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\n"
	    "      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\n"
	    "      4bmp/YzhwvcubU4=;", false },
};

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

/* --- a message and a key -------------------------------------------------- */

struct scene {
	const struct vector *vector;
	struct signing_key *key;
	struct arena *arena;
	struct header header;
};

static void
open_scene(struct scene *scene, const struct vector *vector)
{
	const struct key_limits limits = { 1024, { getuid(), getgid() } };
	char *folder = fixture_folder(), *file = fixture_path(folder, "key");
	char *error = NULL;

	*scene = (struct scene){ .vector = vector,
		.arena = arena_new(1u << 20, NULL) };
	assert_non_null(scene->arena);
	fixture_write(file, vector->pem, 0600);
	scene->key = key_read(vector->domain, vector->selector, file,
	    &limits, &error);
	if (scene->key == NULL)
		fail_msg("%s: %s", vector->name, error);
	header_init(&scene->header, scene->arena);
	fixture_header(&scene->header, vector->fields);
	free(file);
	fixture_remove(folder);
}

static void
close_scene(struct scene *scene)
{
	key_free(scene->key);
	arena_free(&scene->arena);
}

/* --- what is signed, by the text of RFC 6376 ------------------------------ */

/* Section 3.4.2, without the line end. */
static void
put_relaxed(struct sbuf *out, struct span name, struct span value)
{
	bool is_blank = false, is_begun = false;

	for (size_t i = 0; i < name.len; i++)
		sbuf_addc(out, (char)(name.ptr[i] >= 'A' &&
		    name.ptr[i] <= 'Z' ? name.ptr[i] + 32 : name.ptr[i]));
	sbuf_addc(out, ':');
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			is_blank = true;
			continue;
		}
		if (is_blank && is_begun)
			sbuf_addc(out, ' ');
		sbuf_addc(out, c);
		is_blank = false;
		is_begun = true;
	}
}

/* Where the value of a tag is, up to its ";". */
static struct span
find_tag(struct span field, const char *name)
{
	size_t from = 0;

	while (from < field.len) {
		struct span tag = span_slice(field, from, field.len);
		size_t equals = span_find(tag, '=');

		tag = span_slice(tag, 0, span_find(tag, ';'));
		if (equals < tag.len && span_eq(span_trim(span_slice(tag, 0,
		    equals)), span_of(name)))
			return span_slice(tag, equals + 1, tag.len);
		from += tag.len + 1;
	}
	fail_msg("no %s=", name);
	return field;
}

/* A line end and blanks after it count as blanks. */
static struct span
strip(struct span s)
{
	while (s.len > 0 && strchr(" \t\n", s.ptr[0]) != NULL)
		s = span_slice(s, 1, s.len);
	while (s.len > 0 && strchr(" \t\n", s.ptr[s.len - 1]) != NULL)
		s = span_slice(s, 0, s.len - 1);
	return s;
}

/* Section 5.4.2: from the last one up; beyond the first there is nothing. */
static void
put_signed_fields(struct sbuf *out, const struct header *header,
    struct span names)
{
	bool is_used[16] = { false };

	assert_true(header->n <= 16);
	while (names.len > 0) {
		size_t end = span_find(names, ':');
		struct span name = strip(span_slice(names, 0, end));

		for (size_t i = header->n; i-- > 0; ) {
			if (is_used[i] || !span_eq_nocase(name,
			    header->v[i].name))
				continue;
			is_used[i] = true;
			put_relaxed(out, name, header->v[i].value);
			sbuf_adds(out, "\r\n");
			break;
		}
		names = span_slice(names, end + (end < names.len ? 1 : 0),
		    names.len);
	}
}

/* Section 3.7. */
static void
put_signed(struct sbuf *out, const struct header *header, struct span field)
{
	struct span b = find_tag(field, "b"), bare;
	struct sbuf text;

	put_signed_fields(out, header, find_tag(field, "h"));
	sbuf_init(&text, NULL, 1u << 16);
	sbuf_add(&text, (struct span){ field.ptr,
	    (size_t)(b.ptr - field.ptr) });
	sbuf_add(&text, (struct span){ b.ptr + b.len,
	    (size_t)(field.ptr + field.len - b.ptr) - b.len });
	assert_int_equal(sbuf_done(&text, &bare), 0);
	put_relaxed(out, SPAN("dkim-signature"), bare);
	sbuf_free(&text);
}

/* Base64, as it stands in bh=. */
static void
put_hash(char out[64], const void *octets, size_t size)
{
	unsigned char hash[32];

	assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, octets, size,
	    hash, NULL), 1);
	(void)EVP_EncodeBlock((unsigned char *)out, hash, sizeof(hash));
}

/* RFC 8463 section 3 signs the hash, RFC 6376 section 3.3.2 what is hashed. */
static void
put_b(char out[512], const struct signing_key *key, struct span octets)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char hash[32], b[256];
	size_t size = sizeof(b);
	bool is_rsa = key->algorithm == KEY_RSA_SHA256;

	assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, octets.ptr,
	    octets.len, hash, NULL), 1);
	assert_int_equal(EVP_DigestSignInit(context, NULL, is_rsa ?
	    EVP_sha256() : NULL, NULL, key->pkey), 1);
	assert_int_equal(EVP_DigestSign(context, b, &size, is_rsa ?
	    (const unsigned char *)octets.ptr : hash, is_rsa ? octets.len :
	    sizeof(hash)), 1);
	(void)EVP_EncodeBlock((unsigned char *)out, b, (int)size);
	EVP_MD_CTX_free(context);
}

/* The b= of a signature is that which its own fields and the key give. */
static void
want_b(const struct scene *scene, struct span field)
{
	struct span b = find_tag(field, "b"), octets;
	char want[512], got[512];
	struct sbuf text;
	size_t n = 0;

	for (size_t i = 0; i < b.len; i++)
		if (strchr(" \t\n", b.ptr[i]) == NULL && n < sizeof(got) - 1)
			got[n++] = b.ptr[i];
	got[n] = '\0';
	sbuf_init(&text, NULL, 1u << 16);
	put_signed(&text, &scene->header, field);
	assert_int_equal(sbuf_done(&text, &octets), 0);
	put_b(want, scene->key, octets);
	if (strcmp(got, want) != 0)
		fail_msg("%s: got b=%s, want %s of\n%.*s",
		    scene->vector->name, got, want, SPAN_ARG(octets));
	sbuf_free(&text);
}

/* --- tests ---------------------------------------------------------------- */

/* The public half is told as the RFC has it. */
static void
test_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct published published;
		struct scene scene;
		struct span text;

		open_scene(&scene, v);
		text = published_text(scene.key, scene.arena);
		/* Without k= it is rsa; we always write it. */
		if (strstr(v->record, "k=") != NULL &&
		    !span_eq(text, span_of(v->record)))
			fail_msg("%s: got %.*s, want %s", v->name,
			    SPAN_ARG(text), v->record);
		published = published_compare(scene.key, span_of(v->record),
		    scene.arena);
		assert_int_equal(published.state, PUBLISHED_MATCH);
		close_scene(&scene);
	}
}

/* The signatures of the RFCs: good, and to the octet those of their keys. */
static void
test_signatures_of_the_rfcs(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct scene scene;
		char *wire;
		size_t size;

		open_scene(&scene, v);
		wire = fixture_wire(span_of(v->signature), &scene.header,
		    v->body, &size);
		if (!fixture_verifies(wire, size, scene.key))
			fail_msg("%s: does not verify", v->name);
		wire[size - 4] ^= 1;
		assert_false(fixture_verifies(wire, size, scene.key));
		free(wire);
		if (v->is_relaxed)
			want_b(&scene, span_of(v->signature));
		close_scene(&scene);
	}
}

/* Signs the message of a scene; the value of the field, in its arena. */
static struct span
sign(struct scene *scene, const struct signer_settings *settings,
    struct span body)
{
	const struct signing_key *keys[] = { scene->key };
	struct signer *signer = signer_new(settings);
	const struct signature *v = NULL;
	struct signing *signing = NULL;
	const char *error = "no signer";
	size_t n = 0;

	if (signer == NULL || signing_begin(signer,
	    (struct key_list){ keys, 1 }, &scene->header, SPAN("test"),
	    scene->arena, &signing, &error) != 0 ||
	    signing_body(signing, body, &error) != 0 ||
	    signing_end(signing, &v, &n, &error) != 0)
		fail_msg("%s: %s", scene->vector->name, error);
	assert_int_equal(n, 1);
	signing_free(&signing);
	signer_free(&signer);
	return v[0].value;
}

static const struct signer_settings relaxed = {
	CANON_RELAXED, CANON_RELAXED };

/* Our signature of the messages: bh= of the RFC, and b= to the octet. */
static void
test_messages_of_the_rfcs(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		struct scene scene;
		struct span field;

		open_scene(&scene, &vectors[i]);
		field = sign(&scene, &relaxed, vectors[i].body);
		assert_true(span_eq(find_tag(field, "bh"),
		    SPAN(BODY_HASH)));
		assert_true(span_eq(find_tag(field, "d"),
		    span_of(vectors[i].domain)));
		want_b(&scene, field);
		close_scene(&scene);
	}
}

/* RFC 6376 sections 3.4.3 to 3.4.5. */
static const struct body_case {
	const char *name;
	struct span body;
	struct span simple, relaxed;	/* canonical */
} body_cases[] = {
	{ "3.4.5", SPAN(" C \r\nD \t E\r\n\r\n\r\n"),
	    SPAN(" C \r\nD \t E\r\n"), SPAN(" C\r\nD E\r\n") },
	{ "no body", SPAN(""), SPAN("\r\n"), SPAN("") },
	{ "empty lines alone", SPAN("\r\n\r\n\r\n"), SPAN("\r\n"), SPAN("") },
	{ "blanks alone", SPAN(" \t\r\n \r\n"), SPAN(" \t\r\n \r\n"),
	    SPAN("") },
	{ "blank lines within", SPAN("a\r\n\r\n\r\nb\r\n"),
	    SPAN("a\r\n\r\n\r\nb\r\n"), SPAN("a\r\n\r\n\r\nb\r\n") },
	{ "no line end", SPAN("a"), SPAN("a\r\n"), SPAN("a\r\n") },
	{ "8-bit", SPAN("\xff\x80 \t\x01\r\n"), SPAN("\xff\x80 \t\x01\r\n"),
	    SPAN("\xff\x80 \x01\r\n") },
};

static void
test_bodies(void **state)
{
	const size_t n = sizeof(body_cases) / sizeof(body_cases[0]);

	(void)state;
	for (size_t i = 0; i < 2 * n; i++) {
		const struct body_case *c = &body_cases[i / 2];
		const struct signer_settings settings = { CANON_RELAXED,
			i % 2 == 0 ? CANON_SIMPLE : CANON_RELAXED };
		struct span canonical = i % 2 == 0 ? c->simple : c->relaxed;
		struct scene scene;
		struct span got;
		char want[64];

		open_scene(&scene, &vectors[0]);
		got = find_tag(sign(&scene, &settings, c->body), "bh");
		put_hash(want, canonical.ptr, canonical.len);
		if (!span_eq(got, span_of(want)))
			fail_msg("%s: got bh=%.*s, want %s", c->name,
			    SPAN_ARG(got), want);
		close_scene(&scene);
	}
}

/* Hashes that the RFC itself tells, of bodies without anything. */
static void
test_hashes_of_nothing(void **state)
{
	char hash[64];

	(void)state;
	put_hash(hash, "\r\n", 2);
	assert_string_equal(hash,
	    "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
	put_hash(hash, "", 0);
	assert_string_equal(hash,
	    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

/* Section 3.4.5: "A: X", "B : Y" and its fold come to this. */
static void
test_header_example(void **state)
{
	struct sbuf out;
	struct span got;

	(void)state;
	sbuf_init(&out, NULL, 1u << 12);
	put_relaxed(&out, SPAN("A"), SPAN(" X"));
	sbuf_adds(&out, "\r\n");
	put_relaxed(&out, SPAN("B"), SPAN(" Y\t\r\n\tZ  "));
	assert_int_equal(sbuf_done(&out, &got), 0);
	assert_true(span_eq(got, SPAN("a:X\r\nb:Y Z")));
	sbuf_free(&out);
}

/* A header of such fields, in the form in which each mail server tells it. */
static void
test_odd_header(void **state)
{
	static const struct vector odd[] = {
		{ "odd, Ed25519", "football.example.com", "brisbane", ed_8463,
		    NULL, "FROM:joe@football.example.com\n"
		    "Subject:  Y\t\n\tZ  \nTo:\n x@example.net \n (x)\n"
		    "Comments: not signed\nCc: \t\n", SPAN(""), NULL, true },
		{ "odd, RSA", "football.example.com", "test", rsa_8463,
		    NULL, "Subject: two\nFrom: a@football.example.com\n"
		    "Resent-To: one\nResent-To: two\n\tthree\n", SPAN(""),
		    NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct scene scene;

		open_scene(&scene, &odd[i]);
		want_b(&scene, sign(&scene, &relaxed, SPAN("x\r\n")));
		close_scene(&scene);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_signatures_of_the_rfcs),
		cmocka_unit_test(test_header_example),
		cmocka_unit_test(test_hashes_of_nothing),
		cmocka_unit_test(test_messages_of_the_rfcs),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_odd_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
