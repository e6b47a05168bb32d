/*
 * check.c - see check.h: single values.
 */
#include <config.h>

#include "config/check.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/ascii.h"
#include "policy/identity.h"
#include "syntax/cidr.h"
#include "syntax/domain.h"
#include "syntax/field.h"
#include "syntax/mailbox.h"
#include "system/listen.h"

#define CHARSET_MAX 40
#define NO_MEMORY "out of memory"
#define UNIT_CREDENTIALS "/run/credentials/submit-milter.service"

/*
 * A reply line holds a code, at most 200 octets that the verdict shows and
 * the text: below 500 octets all together.
 */
#define REPLY_LINE_MAX 250u
#define REPLY_LINES_MAX 10u
#define NAME_LENGTH_MAX 64u
#define DELIMITERS_MAX 8u
#define USERS_BUFFER_MAX (1u << 20)

/* A text of the arena, or that there was no memory for it. */
static const char *
say(struct span text)
{
	return text.ptr == NULL ? NO_MEMORY : text.ptr;
}

/* --- files and sockets ---------------------------------------------------- */

const char *
check_path(struct check *check, const char **value)
{
	(void)check;
	if (**value != '\0' && **value != '/')
		return "must be an absolute path, one that begins with /";
	return NULL;
}

/*
 * A path below the folder that the service manager names is in full then.
 * Who looks at the configuration from outside means that of our unit.
 */
const char *
check_secret(struct check *check, const char **value)
{
	static const char prefix[] = "$CREDENTIALS_DIRECTORY/";
	const char *folder = getenv("CREDENTIALS_DIRECTORY"), *path;

	if (strncmp(*value, prefix, strlen(prefix)) == 0) {
		path = arena_printf(check->arena, "%s/%s", folder == NULL ?
		    UNIT_CREDENTIALS : folder, *value + strlen(prefix)).ptr;
		if (path == NULL)
			return NO_MEMORY;
		*value = path;
	}
	return check_path(check, value);
}

const char *
check_file(struct check *check, const char **value)
{
	if (**value == '\0')
		return "must not be empty";
	return check_path(check, value);
}

const char *
check_mta_log(struct check *check, const char **value)
{
	if (strcmp(*value, "journal") == 0)
		return NULL;
	return check_path(check, value) == NULL ? NULL :
	    "must be an absolute path or \"journal\"";
}

const char *
check_nonempty(struct check *check, const char **value)
{
	(void)check;
	return **value == '\0' ? "must not be empty" : NULL;
}

/* PORT@HOST */
static const char *
check_inet(const char *s)
{
	size_t digits = strspn(s, "0123456789");

	if (digits == 0)
		return "wants a port: inet:PORT@HOST";
	if (span_number((struct span){ s, digits }, 65535) <= 0)
		return "wants a port between 1 and 65535";
	if (s[digits] != '@' || s[digits + 1] == '\0')
		return "wants a host after the port: inet:PORT@HOST";
	return NULL;
}

static const char *
check_length(const char *path)
{
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return "has a path that is too long for a socket";
	return NULL;
}

const char *
check_socket(struct check *check, const char **value)
{
	const char *s = *value;

	(void)check;
	if (strncmp(s, "inet:", 5) == 0)
		return check_inet(s + 5);
	if (strncmp(s, "inet6:", 6) == 0)
		return check_inet(s + 6);
	if (strncmp(s, "unix:", 5) != 0)
		return "must be unix:PATH, inet:PORT@HOST or "
		    "inet6:PORT@HOST";
	if (s[5] != '/')
		return "wants an absolute path: unix:/PATH";
	return check_length(s + 5);
}

const char *
check_socket_path(struct check *check, const char **value)
{
	const char *why = check_path(check, value);

	return why == NULL ? check_length(*value) : why;
}

const char *
check_metrics(struct check *check, const char **value)
{
	(void)check;
	if ((*value)[0] == '\0')
		return NULL;
#ifdef HAVE_MICROHTTPD
	return listen_fault(*value);
#else
	return "needs HTTP, which this build has not: " MISSING_MICROHTTPD;
#endif
}

/* --- users and groups ----------------------------------------------------- */

/*
 * Calls ASK with a larger buffer until it suffices. 1 found, 0 not found,
 * -1 failed.
 */
typedef int ask_user(const char *name, char *buffer, size_t size,
    struct key_owner *owner, bool *is_found);

static int
ask_passwd(const char *name, char *buffer, size_t size,
    struct key_owner *owner, bool *is_found)
{
	struct passwd entry, *found = NULL;
	int rc = getpwnam_r(name, &entry, buffer, size, &found);

	*is_found = found != NULL;
	if (found != NULL)
		*owner = (struct key_owner){ found->pw_uid, found->pw_gid };
	return rc;
}

static int
ask_group(const char *name, char *buffer, size_t size,
    struct key_owner *owner, bool *is_found)
{
	struct group entry, *found = NULL;
	int rc = getgrnam_r(name, &entry, buffer, size, &found);

	*is_found = found != NULL;
	if (found != NULL)
		owner->group = found->gr_gid;
	return rc;
}

static int
find_user(ask_user *ask, const char *name, struct key_owner *owner)
{
	for (size_t size = 4096; size <= USERS_BUFFER_MAX; size *= 4) {
		char *buffer = malloc(size);
		bool is_found = false;
		int rc;

		if (buffer == NULL)
			return -1;
		rc = ask(name, buffer, size, owner, &is_found);
		free(buffer);
		if (rc != ERANGE)
			return is_found ? 1 : rc == 0 || rc == ENOENT ||
			    rc == ESRCH ? 0 : -1;
	}
	return -1;
}

static const char *
check_exists(struct check *check, ask_user *ask, const char *what,
    const char *name)
{
	struct key_owner owner;

	if (name[0] == '\0')
		return NULL;
	switch (find_user(ask, name, &owner)) {
	case 1:
		return NULL;
	case 0:
		return say(arena_printf(check->arena,
		    "there is no %s \"%s\"", what, name));
	default:
		return say(arena_printf(check->arena,
		    "the %s \"%s\" cannot be looked up", what, name));
	}
}

const char *
check_user(struct check *check, const char **value)
{
	return check_exists(check, ask_passwd, "user", *value);
}

const char *
check_group(struct check *check, const char **value)
{
	return check_exists(check, ask_group, "group", *value);
}

int
check_owner(const struct config *config, struct key_owner *owner_r)
{
	struct key_owner owner = { geteuid(), getegid() };

	if (config->user[0] != '\0' &&
	    find_user(ask_passwd, config->user, &owner) != 1)
		return -1;
	if (config->group[0] != '\0' &&
	    find_user(ask_group, config->group, &owner) != 1)
		return -1;
	*owner_r = owner;
	return 0;
}

/* --- names ---------------------------------------------------------------- */

static const char *
parse_domain(const char *value, bool is_utf8_allowed)
{
	struct span s = span_of(value);
	enum domain_kind kind;
	const char *why;

	if (s.len == 0)
		return NULL;
	if (domain_parse(s, is_utf8_allowed, &kind, &why) != 1)
		return why;
	if (kind != DOMAIN_NAME)
		return "must be a domain name";
	if (!domain_is_qualified(s))
		return "must be a fully qualified domain name";
	return NULL;
}

const char *
check_domain(struct check *check, const char **value)
{
	(void)check;
	return parse_domain(*value, false);
}

const char *
check_folded_domain(struct check *check, const char **value)
{
	const char *why = parse_domain(*value, true);
	struct span domain = span_of(*value), folded = { "", 0 };
	const char *copy;

	if (why != NULL)
		return why;
	if (domain.len > 0 && domain_fold(domain, check->arena, &folded) != 0)
		return NO_MEMORY;
	copy = arena_strdup(check->arena, folded);
	if (copy == NULL)
		return NO_MEMORY;
	*value = copy;
	return NULL;
}

/* A domain, or a dot and a domain for all that is below it. */
const char *
check_local_domain(struct check *check, const char **value)
{
	const char *domain = *value + ((*value)[0] == '.' ? 1 : 0);
	bool has_dot = domain != *value;
	const char *why = check_folded_domain(check, &domain);
	struct span whole;

	if (why != NULL)
		return why;
	whole = arena_printf(check->arena, "%s%s", has_dot ? "." : "",
	    domain);
	if (whole.ptr == NULL)
		return NO_MEMORY;
	*value = whole.ptr;
	return NULL;
}

/*
 * esmtp-param = esmtp-keyword ["=" esmtp-value]	; RFC 5321, 4.1.2
 * esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
 */
const char *
check_parameter(struct check *check, const char **value)
{
	const char *p = *value;

	(void)check;
	if (!ascii_is_alnum((unsigned char)*p))
		return "is no ESMTP parameter";
	while (ascii_is_alnum((unsigned char)*p) || *p == '-')
		p++;
	if (*p == '=' && p[1] != '\0')
		for (p++; ascii_is_vchar((unsigned char)*p); p++)
			continue;
	return *p == '\0' ? NULL : "is no ESMTP parameter";
}

const char *
check_charset(struct check *check, const char **value)
{
	size_t len = strlen(*value);

	(void)check;
	for (const char *p = *value; *p != '\0'; p++)
		if (!ascii_is_alnum((unsigned char)*p) &&
		    strchr("-_.:+", *p) == NULL)
			return "is no name of a charset";
	return len > 0 && len <= CHARSET_MAX ? NULL :
	    "must be of 1 to 40 characters";
}

const char *
check_directory(struct check *check, const char **value)
{
	struct stat st;

	if ((*value)[0] != '/')
		return "must be an absolute path";
	if (stat(*value, &st) != 0 || !S_ISDIR(st.st_mode))
		return say(arena_printf(check->arena,
		    "there is no directory \"%s\"", *value));
	return NULL;
}

/* A domain, one with a dot in front for all below, or an address. */
const char *
check_encrypted(struct check *check, const char **value)
{
	struct span s = span_of(*value), folded;
	size_t at = span_find_last(s, '@');
	const char *domain = at == s.len ? *value : *value + at + 1, *why;

	if (at == s.len)
		return check_local_domain(check, value);
	why = check_folded_domain(check, &domain);
	if (why != NULL)
		return why;
	if (at == 0)
		return "has nothing in front of the @";
	if (mailbox_fold(span_slice(s, 0, at), span_of(domain), true,
	    check->arena, &folded) != 0)
		return NO_MEMORY;
	*value = arena_strdup(check->arena, folded);
	return *value == NULL ? NO_MEMORY : NULL;
}

const char *
check_header_field(struct check *check, const char **value)
{
	(void)check;
	return field_name_is_valid(span_of(*value)) ? NULL :
	    "is no name of a header field";
}

/* selector = sub-domain *( "." sub-domain )	; RFC 6376 section 3.1 */
const char *
check_selector(struct check *check, const char **value)
{
	enum domain_kind kind;
	const char *ignored;

	(void)check;
	if (domain_parse(span_of(*value), false, &kind, &ignored) != 1 ||
	    kind != DOMAIN_NAME)
		return "must be a selector: labels of letters, digits and "
		    "hyphens, joined by dots";
	return NULL;
}

const char *
check_realm(struct check *check, const char **value)
{
	(void)check;
	for (const char *p = *value; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '@' || c == ',' || c == ':' || c == '"' ||
		    c == ' ' || ascii_is_cntrl(c))
			return "must have none of @ , : \" and no white "
			    "space";
	}
	return NULL;
}

const char *
check_delimiters(struct check *check, const char **value)
{
	(void)check;
	for (const char *p = *value; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (ascii_is_alnum(c) || (!ascii_is_atext(c) && c != '.'))
			return "must be signs that may stand in a local "
			    "part, no letters or digits";
	}
	if (strlen(*value) > DELIMITERS_MAX)
		return "must be at most 8 characters";
	return NULL;
}

const char *
check_group_name(struct check *check, const char **value)
{
	size_t len = strlen(*value);

	(void)check;
	for (const char *p = *value; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (!ascii_is_alnum(c) && c != '-' && c != '_' && c != '.')
			return "must be of letters, digits and - _ .";
	}
	if (len == 0 || len > NAME_LENGTH_MAX)
		return "must be of 1 to 64 characters";
	return NULL;
}

const char *
check_profile_name(struct check *check, const char **value)
{
	if (strcmp(*value, "default") == 0)
		return "must not be \"default\": that is default_profile";
	return check_group_name(check, value);
}

/* An identity in a list of names: one, and of a type that there is. */
const char *
check_identity(struct check *check, const char **value)
{
	struct span rest = span_of(*value), entry;

	(void)check;
	if (!identity_next_entry(&rest, &entry) || rest.len > 0)
		return "must be one identity";
	if (span_find(entry, ':') < entry.len && !identity_has_type(entry))
		return "must have sasl, cert, client, local, net or group "
		    "before the colon";
	return NULL;
}

const char *
check_member(struct check *check, const char **value)
{
	if (span_starts_nocase(span_of(*value), SPAN("group:")))
		return "must be an identity: groups have no groups in them";
	return check_identity(check, value);
}

const char *
check_ip(struct check *check, const char **value)
{
	struct ip ip;

	(void)check;
	return ip_parse(span_of(*value), &ip) == 1 ? NULL :
	    "must be an IP address";
}

const char *
check_table_type(struct check *check, const char **value)
{
	struct span all = { "", 0 };
	const char *type, *why;

	for (size_t i = 0; (type = table_type_missing(i, &why)) != NULL; i++)
		if (strcmp(type, *value) == 0)
			return say(arena_printf(check->arena,
			    "this build has no %s tables: %s", type, why));
	for (size_t i = 0; (type = table_type(i)) != NULL; i++) {
		if (strcmp(type, *value) == 0)
			return NULL;
		all = arena_printf(check->arena, "%.*s%s%s", SPAN_ARG(all),
		    i == 0 ? "" : ", ", type);
		if (all.ptr == NULL)
			return NO_MEMORY;
	}
	return say(arena_printf(check->arena,
	    "must be a type of table of this build (%.*s), not \"%s\"",
	    SPAN_ARG(all), *value));
}

/* --- replies -------------------------------------------------------------- */

/* Lines of printable ASCII, none of them empty or too long. */
static const char *
check_lines(const char *text)
{
	size_t line = 0, lines = 1;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\n') {
			if (line == 0 || p[1] == '\0')
				return "must not have empty lines";
			line = 0;
			lines++;
		} else if (*p != ' ' && !ascii_is_vchar((unsigned char)*p)) {
			return "must be printable ASCII";
		} else if (++line > REPLY_LINE_MAX) {
			return "must have no line of more than 250 "
			    "characters";
		}
	}
	if (lines > REPLY_LINES_MAX)
		return "must have no more than 10 lines";
	return NULL;
}

const char *
check_contact(struct check *check, const char **value)
{
	(void)check;
	return check_lines(*value);
}

/* Blanks at either end would not come through the MTA alike. */
const char *
check_subject(struct check *check, const char **value)
{
	struct span s = span_of(*value);

	(void)check;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < ' ' || s.ptr[i] > '~')
			return "must be of printable ASCII";
	return s.len <= 200 && span_trim(s).len == s.len ? NULL :
	    "must be of at most 200 characters, no blanks around them";
}

const char *
check_text(struct check *check, const char **value)
{
	const char *place = strstr(*value, "{}");
	const char *why;

	if (**value == '\0')
		return "must not be empty";
	why = check_lines(*value);
	if (why != NULL || place == NULL)
		return why;
	if (strstr(check->option->doc.default_text, "{}") == NULL)
		return "must have no {}: there is nothing to put there";
	if (strstr(place + 2, "{}") != NULL)
		return "must have {} only once";
	return NULL;
}
