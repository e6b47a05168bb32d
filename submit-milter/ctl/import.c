/*
 * import.c - submitctl import: the configuration of another signer as ours.
 *
 * What it writes signs what that one signed, and refuses nothing: every rule
 * is on trial. Each option of the other is taken over or named in a comment.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/opendkim.h"
#include "sign/fields.h"
#include "syntax/cidr.h"

#define OPENDKIM_FILE_DEFAULT "/etc/opendkim.conf"
#define ARENA_CEILING ((size_t)1 << 30)
#define STATUS_PARTIAL 1

struct writing {
	const struct opendkim_conf *conf;
	struct opendkim_keys keys;
	const char *folder;	/* absolute */
	FILE *out;
	FILE *hosts;		/* internal-hosts; NULL: none so far */
	bool is_partial;
};

/* A string of libconfig. */
static void
put_string(FILE *out, struct span s)
{
	(void)fputc('"', out);
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"' || s.ptr[i] == '\\')
			(void)fputc('\\', out);
		(void)fputc(s.ptr[i], out);
	}
	(void)fputc('"', out);
}

static void
put_option(FILE *out, const char *name, struct span value)
{
	(void)fprintf(out, "%s = ", name);
	put_string(out, value);
	(void)fputs(";\n", out);
}

static struct span
value_of(const struct opendkim_conf *conf, const char *name,
    const char *otherwise)
{
	const struct opendkim_setting *setting = opendkim_find(conf, name);

	return setting == NULL ? span_of(otherwise) : setting->value;
}

/* --- options that are not taken over -------------------------------------- */

enum fate {
	FATE_TAKEN,
	FATE_OTHER,
	FATE_CHOICE,	/* and it changes which mail is signed */
	FATE_UNKNOWN,
};

static const struct {
	const char *name;
	enum fate fate;
	const char *text;
} options[] = {
#define TAKEN(name) { name, FATE_TAKEN, NULL },
#define OTHER(name, text) { name, FATE_OTHER, text },
#define CHOICE(name, text) { name, FATE_CHOICE, text },
#include "ctl/opendkim_options.def"
#undef TAKEN
#undef OTHER
#undef CHOICE
};

static enum fate
fate_of(struct span name, const char **text_r)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (span_eq_nocase(name, span_of(options[i].name))) {
			*text_r = options[i].text;
			return options[i].fate;
		}
	*text_r = "not an option that is known here";
	return FATE_UNKNOWN;
}

static void
put_others(struct writing *w)
{
	for (size_t i = 0; i < w->conf->n; i++) {
		const struct opendkim_setting *s = &w->conf->v[i];
		const char *text = NULL;
		enum fate fate = fate_of(s->name, &text);

		if (fate == FATE_TAKEN)
			continue;
		if (fate != FATE_OTHER)
			w->is_partial = true;
		(void)fprintf(w->out, "# %s%s:%u: ", fate == FATE_OTHER ? "" :
		    "NOT IMPORTED: ", s->file, s->line);
		ctl_put(w->out, s->name);
		(void)fprintf(w->out, ": %s\n", text);
	}
}

/* --- the daemon ----------------------------------------------------------- */

/* "local:PATH", "inet:PORT@HOST" and the like, as smfi_setconn() has it. */
static void
put_socket(struct writing *w)
{
	struct span socket = value_of(w->conf, "Socket", "");
	struct span host = { NULL, 0 };

	if (socket.len == 0)
		return;
	if (span_starts_nocase(socket, SPAN("local:"))) {
		socket = span_slice(socket, 6, socket.len);
		(void)fputs("socket = \"unix:\" ", w->out);
		put_string(w->out, socket);
		(void)fputs(";\n", w->out);
		return;
	}
	if (socket.ptr[0] == '/') {
		(void)fputs("socket = \"unix:\" ", w->out);
	} else {
		(void)fputs("socket = ", w->out);
		if (span_find(socket, '@') == socket.len)
			host = span_starts_nocase(socket, SPAN("inet6:")) ?
			    SPAN("@::") : SPAN("@0.0.0.0");
	}
	put_string(w->out, socket);
	if (host.len > 0) {
		(void)fputc(' ', w->out);
		put_string(w->out, host);
	}
	(void)fputs(";\n", w->out);
}

static void
put_user(struct writing *w)
{
	struct span user = value_of(w->conf, "UserID", "");
	size_t colon = span_find(user, ':');
	struct span umask = value_of(w->conf, "UMask", "");

	if (user.len > 0)
		put_option(w->out, "user", span_slice(user, 0, colon));
	if (colon < user.len)
		put_option(w->out, "group", span_slice(user, colon + 1,
		    user.len));
	if (umask.len > 0)
		(void)fprintf(w->out, "socket_mode = \"%04lo\";\n",
		    0777UL & ~strtoul(umask.ptr, NULL, 8));
	if (value_of(w->conf, "PidFile", "").len > 0)
		put_option(w->out, "pid_file", value_of(w->conf, "PidFile",
		    ""));
	(void)fprintf(w->out, "audit: { file = "
	    "\"/var/log/submit-milter/audit.jsonl\"; syslog = %s; };\n",
	    opendkim_is_on(w->conf, "Syslog") ? "true" : "false");
}

/* --- who is signed for ---------------------------------------------------- */

/* Opens a new file of the folder. */
static FILE *
create(const char *folder, const char *name)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path)) {
		(void)ctl_fail(EX_CANTCREAT, "%s: too long a name", folder);
		return NULL;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0) {
		(void)ctl_fail(EX_CANTCREAT, "%s: %m", path);
		return NULL;
	}
	return fdopen(fd, "w");
}

static int
put_host(struct writing *w, const struct opendkim_row *row)
{
	struct span text = row->key;
	struct cidr cidr;
	const char *error = NULL;

	if (text.len > 2 && text.ptr[0] == '[' &&
	    text.ptr[text.len - 1] == ']')
		text = span_slice(text, 1, text.len - 1);
	if (cidr_parse(text, &cidr, &error) != 1) {
		opendkim_remark(w->out, row, text.len > 0 &&
		    text.ptr[0] == '!' ? "networks have no exceptions here: "
		    "write those that remain" : "no address or network; "
		    "names of hosts say nothing of who it is");
		w->is_partial = true;
		return 0;
	}
	if (w->hosts == NULL)
		w->hosts = create(w->folder, "internal-hosts");
	if (w->hosts == NULL)
		return EX_CANTCREAT;
	(void)fprintf(w->hosts, "%.*s\tinternal\n", SPAN_ARG(text));
	return 0;
}

static int
put_hosts(struct writing *w)
{
	const struct opendkim_setting local = { SPAN("InternalHosts"),
		SPAN("127.0.0.1"), "default", 0 };
	const struct opendkim_setting *setting = opendkim_find(w->conf,
	    "InternalHosts");
	struct opendkim_set set;
	int status = opendkim_read_set(w->conf->arena, setting == NULL ?
	    &local : setting, &set);

	(void)fputs("\n# InternalHosts: they may submit without a login, and "
	    "are signed for.\n", w->out);
	for (size_t i = 0; status == 0 && i < set.n; i++)
		status = put_host(w, &set.v[i]);
	if (status != 0)
		return status;
	if (set.kind == OPENDKIM_OTHER) {
		opendkim_remark(w->out, &(struct opendkim_row){
			.key = setting->value }, "a database: see "
		    "identity.networks");
		w->is_partial = true;
	}
	if (w->hosts == NULL)
		return 0;
	(void)fprintf(w->out, "tables: { internal_hosts: { type = \"cidr\"; "
	    "file = \"%s/internal-hosts\"; }; };\n"
	    "identity: { networks = \"internal_hosts\"; };\n", w->folder);
	return 0;
}

static void
put_profile(struct writing *w)
{
	static const char *const rules[] = {
#define RULE(id, rule_name, must, text) rule_name,
#define FIXED_RULE(id, rule_name, must, text)
#include "policy/rules.def"
#undef RULE
#undef FIXED_RULE
	};
	bool is_signer = span_find(value_of(w->conf, "Mode", "sv"), 's') <
	    value_of(w->conf, "Mode", "sv").len;

	(void)fputs("\n# Nothing is refused and nothing mended yet: see "
	    "ROLL-OUT in\n# submit-milter.conf(5), and submitctl report.\n"
	    "default_profile: {\n\trules: {\n", w->out);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		(void)fprintf(w->out, "\t\t%s = \"warn\";\n", rules[i]);
	(void)fputs("\t};\n\tcomplete: {\n\t\tdate = false;\n"
	    "\t\tmessage_id = false;\n\t\tsender = false;\n"
	    "\t\tdestination = false;\n\t\tqualify_envelope = false;\n"
	    "\t\tqualify_header = false;\n\t};\n\n"
	    "\t# Everybody who logged in, in the clear too, whatever From "
	    "says. Then:\n"
	    "\t# with-rights, and no networks but those without TLS.\n",
	    w->out);
	(void)fprintf(w->out, "\tsign = \"%s\";\n", is_signer ?
	    "authenticated" : "off");
	(void)fputs("\ttrusted_networks = [ \"0.0.0.0/0\", \"::/0\" ];\n",
	    w->out);
	if (w->keys.fallback.len > 0) {
		(void)fputc('\t', w->out);
		put_option(w->out, "sign_fallback_domain", w->keys.fallback);
	}
	(void)fputs("};\n", w->out);
}

/* --- how ------------------------------------------------------------------ */

/* Names of LIST that ARE, or are not, signed anyway. */
static void
put_fields(struct writing *w, const char *option,
    const struct opendkim_set *set, bool are_usual)
{
	const struct field_settings usual = { .oversigned = { NULL, 0 } };
	const char *between = "";

	(void)fprintf(w->out, "\t%s = [ ", option);
	for (size_t i = 0; i < set->n; i++) {
		struct span name = set->v[i].key;

		if (name.len > 1 && strchr("+-", name.ptr[0]) != NULL)
			name = span_slice(name, 1, name.len);
		if (fields_is_signed(&usual, name) != are_usual ||
		    !fields_may_sign(name) || span_eq(name, SPAN("*")) ||
		    span_eq(name, SPAN(".")) ||
		    span_eq_nocase(name, SPAN("From")))
			continue;
		(void)fputs(between, w->out);
		put_string(w->out, name);
		between = ", ";
	}
	(void)fputs(" ];\n", w->out);
}

/*
 * Lists of fields are taken as what they add to ours, or take away. Signing
 * more fields than opendkim did is what RFC 6376, section 5.4, asks for.
 */
static int
put_field_lists(struct writing *w)
{
	static const struct {
		const char *name, *option;
		bool are_usual;
	} lists[] = {
		{ "SignHeaders", "signed_fields", false },
		{ "OmitHeaders", "unsigned_fields", true },
	};
	struct opendkim_set set;
	int status = 0;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct opendkim_setting *setting = opendkim_find(
		    w->conf, lists[i].name);

		if (setting == NULL)
			continue;
		status = opendkim_read_set(w->conf->arena, setting, &set);
		if (status != 0)
			return status;
		put_fields(w, lists[i].option, &set, lists[i].are_usual);
	}
	return 0;
}

static int
put_oversigned(struct writing *w)
{
	const struct opendkim_setting *setting = opendkim_find(w->conf,
	    "OversignHeaders");
	struct opendkim_set set = { .n = 0 };
	int status = 0;

	if (setting != NULL)
		status = opendkim_read_set(w->conf->arena, setting, &set);
	if (status != 0)
		return status;
	(void)fputs("\toversigned_fields = [ \"From\"", w->out);
	for (size_t i = 0; i < set.n; i++) {
		if (span_eq_nocase(set.v[i].key, SPAN("From")) ||
		    !fields_may_sign(set.v[i].key))
			continue;
		(void)fputs(", ", w->out);
		put_string(w->out, set.v[i].key);
	}
	(void)fputs(" ];\n", w->out);
	return 0;
}

static bool
is_first_of_domain(const struct opendkim_keys *keys, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (span_eq_nocase(keys->v[i].domain, keys->v[at].domain))
			return false;
	return true;
}

static void
put_domain(struct writing *w, size_t first)
{
	const struct opendkim_keys *keys = &w->keys;
	const char *between = "";

	(void)fputs("\t\t{\n\t\t\tdomain = ", w->out);
	put_string(w->out, keys->v[first].domain);
	(void)fprintf(w->out, ";\n\t\t\tsubdomains = %s;\n\t\t\tkeys = (\n",
	    keys->v[first].has_subdomains ? "true" : "false");
	for (size_t i = first; i < keys->n; i++) {
		const struct opendkim_key *key = &keys->v[i];

		if (!span_eq_nocase(key->domain, keys->v[first].domain))
			continue;
		(void)fprintf(w->out, "%s\t\t\t\t{ selector = ", between);
		put_string(w->out, key->selector);
		(void)fputs("; file = ", w->out);
		put_string(w->out, key->file);
		(void)fputs("; }", w->out);
		between = ",\n";
	}
	(void)fputs("\n\t\t\t);\n\t\t}", w->out);
}

static int
put_dkim(struct writing *w)
{
	struct span how = value_of(w->conf, "Canonicalization", "simple");
	const char *between = "";
	int status;

	(void)fprintf(w->out, "\ndkim: {\n\tcanonicalization = \"%.*s%s\";\n",
	    SPAN_ARG(how), span_find(how, '/') < how.len ? "" : "/simple");
	(void)fprintf(w->out, "\texpires = %.*s;\n"
	    "\tminimum_rsa_bits = %.*s;\n",
	    SPAN_ARG(value_of(w->conf, "SignatureTTL", "0")),
	    SPAN_ARG(value_of(w->conf, "MinimumKeyBits", "1024")));
	status = put_field_lists(w);
	if (status == 0)
		status = put_oversigned(w);
	if (status != 0)
		return status;
	(void)fputs("\tdomains = (\n", w->out);
	for (size_t i = 0; i < w->keys.n; i++) {
		if (!is_first_of_domain(&w->keys, i))
			continue;
		(void)fputs(between, w->out);
		put_domain(w, i);
		between = ",\n";
	}
	(void)fputs("\n\t);\n};\n", w->out);
	return 0;
}

/* --- the command ---------------------------------------------------------- */

static int
put_all(struct writing *w, const char *file)
{
	int status;

	(void)fprintf(w->out, "# submit-milter.conf - after %s, by \"submitctl "
	    "import opendkim\"\n#\n# Check it with \"submitctl check\". "
	    "opendkim and submit-milter cannot both listen\n# on one socket: "
	    "stop the one before you start the other.\n\n", file);
	put_others(w);
	status = opendkim_find_keys(w->conf, &w->keys, w->out);
	if (status != 0)
		return status;
	w->is_partial |= w->keys.is_partial;
	(void)fputc('\n', w->out);
	put_socket(w);
	put_user(w);
	status = put_hosts(w);
	if (status != 0)
		return status;
	put_profile(w);
	return put_dkim(w);
}

/* Status of closing what was written; STATUS if that went well. */
static int
finish(FILE **out, const char *what, int status)
{
	bool is_bad;

	if (*out == NULL)
		return status;
	is_bad = ferror(*out) != 0;
	is_bad |= fclose(*out) != 0;
	*out = NULL;
	return is_bad ? ctl_fail(EX_IOERR, "%s: %m", what) : status;
}

static int
import(const char *file, const char *folder, struct arena *arena)
{
	struct opendkim_conf conf = { .arena = arena };
	struct writing w = { .conf = &conf, .folder = folder };
	int status = opendkim_read(file, &conf);

	if (status != 0)
		return status;
	w.out = create(folder, "submit-milter.conf");
	if (w.out == NULL)
		return EX_CANTCREAT;
	status = put_all(&w, file);
	status = finish(&w.out, "submit-milter.conf", status);
	status = finish(&w.hosts, "internal-hosts", status);
	if (status == 0 && w.is_partial) {
		(void)printf("%s/submit-milter.conf: see the lines \"NOT "
		    "IMPORTED\" in it\n", folder);
		return STATUS_PARTIAL;
	}
	return status;
}

static void
print_usage(FILE *out)
{
	(void)fputs("usage: submitctl import opendkim [-d DIR] [FILE]\n"
	    "\n"
	    "  -d, --directory DIR  write submit-milter.conf and "
	    "internal-hosts there,\n"
	    "                       instead of " SYSCONFDIR "/submit-milter; "
	    "they must not exist\n"
	    "\n"
	    "FILE is " OPENDKIM_FILE_DEFAULT " if it is not given.\n", out);
}

static int
import_to(const char *file, const char *given)
{
	char *folder = realpath(given, NULL);
	struct arena *arena = arena_new(ARENA_CEILING, NULL);
	int status;

	if (folder == NULL)
		status = ctl_fail(EX_CANTCREAT, "%s: %m", given);
	else if (arena == NULL)
		status = opendkim_no_memory();
	else
		status = import(file, folder, arena);
	arena_free(&arena);
	free(folder);
	return status;
}

int
ctl_import(int argc, char **argv)
{
	static const struct option names[] = {
		{ "directory", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *folder = SYSCONFDIR "/submit-milter";
	int c;

	while ((c = getopt_long(argc, argv, "d:h", names, NULL)) != -1) {
		if (c != 'd') {
			print_usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : EX_USAGE;
		}
		folder = optarg;
	}
	if (argc - optind < 1 || argc - optind > 2 ||
	    strcmp(argv[optind], "opendkim") != 0)
		return ctl_fail(EX_USAGE, "import: \"opendkim\" is needed, and "
		    "at most one FILE");
	return import_to(argc - optind == 2 ? argv[optind + 1] :
	    OPENDKIM_FILE_DEFAULT, folder);
}
