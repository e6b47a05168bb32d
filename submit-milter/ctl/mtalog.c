/*
 * mtalog.c - see mtalog.h.
 *
 * line      = time SP [ host SP ] tag ":" SP queue-id ":" SP rest
 * time      = "Nov 22 10:00:00" (RFC 3164), local
 *           / "2026-11-22T10:00:00.000000+01:00" (RFC 3339), as rsyslog and
 *             journalctl write it
 * tag       = "postfix/smtp[123]", "postfix-out/submission/smtpd[1]",
 *             "sendmail[123]", "sm-mta[123]"
 */
#include <config.h>

#include "ctl/mtalog.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/utc.h"
#include "syntax/cidr.h"

/* --- time ----------------------------------------------------------------- */

/* Minutes east of UTC, "Z", "+01:00" or "+0100"; what is none is UTC. */
static int
zone_of(struct span zone)
{
	int digits[4], n = 0, minutes;

	if (zone.len == 0 || (zone.ptr[0] != '+' && zone.ptr[0] != '-'))
		return 0;
	for (size_t i = 1; i < zone.len && n < 4; i++)
		if (ascii_is_digit((unsigned char)zone.ptr[i]))
			digits[n++] = zone.ptr[i] - '0';
	if (n < 4)
		return 0;
	minutes = (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 +
	    digits[3];
	return zone.ptr[0] == '-' ? -minutes : minutes;
}

static bool
parse_rfc3339(struct span *line, int64_t *time_r)
{
	size_t end = span_find(*line, ' '), zone = 19;
	int64_t us;

	if (end == line->len || end < 19 || line->ptr[10] != 'T')
		return false;
	while (zone < end && line->ptr[zone] != 'Z' &&
	    line->ptr[zone] != '+' && line->ptr[zone] != '-')
		zone++;
	if (utc_parse(span_slice(*line, 0, zone), &us) != 0)
		return false;
	*time_r = us / 1000000 - zone_of(span_slice(*line, zone, end)) * 60;
	*line = span_slice(*line, end + 1, line->len);
	return true;
}

static int
two_digits(const char *p)
{
	int tens = p[0] == ' ' ? 0 : p[0] - '0';

	if ((p[0] != ' ' && !ascii_is_digit((unsigned char)p[0])) ||
	    !ascii_is_digit((unsigned char)p[1]))
		return -1;
	return tens * 10 + (p[1] - '0');
}

/* "Nov 22 10:00:00 ", in the year that brings it nearest to NEAR. */
static bool
parse_rfc3164(struct span *line, int64_t near, int64_t *time_r)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t base = (time_t)near, best = 0;
	struct tm tm, now;
	int month = 0;

	if (line->len < 16 || line->ptr[3] != ' ' || line->ptr[6] != ' ' ||
	    line->ptr[9] != ':' || line->ptr[12] != ':' ||
	    line->ptr[15] != ' ' || localtime_r(&base, &now) == NULL)
		return false;
	while (month < 12 && memcmp(months + 3 * month, line->ptr, 3) != 0)
		month++;
	if (month == 12)
		return false;
	for (int year = now.tm_year - 1; year <= now.tm_year + 1; year++) {
		time_t t;

		tm = (struct tm){ .tm_year = year, .tm_mon = month,
			.tm_mday = two_digits(line->ptr + 4),
			.tm_hour = two_digits(line->ptr + 7),
			.tm_min = two_digits(line->ptr + 10),
			.tm_sec = two_digits(line->ptr + 13),
			.tm_isdst = -1 };
		if (tm.tm_mday < 1 || tm.tm_hour < 0 || tm.tm_min < 0 ||
		    tm.tm_sec < 0)
			return false;
		t = mktime(&tm);
		if (year == now.tm_year - 1 ||
		    llabs((long long)(t - base)) <
		    llabs((long long)(best - base)))
			best = t;
	}
	*time_r = (int64_t)best;
	*line = span_slice(*line, 16, line->len);
	return true;
}

/* --- parts ---------------------------------------------------------------- */

/* Up to C, which is passed; false when there is none. */
static bool
take_until(struct span *line, const char *end, struct span *part_r)
{
	size_t n = strlen(end);

	for (size_t i = 0; i + n <= line->len; i++)
		if (memcmp(line->ptr + i, end, n) == 0) {
			*part_r = span_slice(*line, 0, i);
			*line = span_slice(*line, i + n, line->len);
			return true;
		}
	return false;
}

static bool
is_queue_id(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum((unsigned char)s.ptr[i]))
			return false;
	return s.len >= 5 && s.len <= 40;
}

static size_t
find_text(struct span s, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= s.len; i++)
		if (memcmp(s.ptr + i, text, n) == 0)
			return i;
	return s.len;
}

/*
 * What stands after "NAME=" up to ", " or the end. NAME is the first, or
 * follows ", ".
 */
static struct span
attribute(struct span rest, const char *name)
{
	size_t n = strlen(name), from = 0;

	for (;;) {
		struct span here = span_slice(rest, from, rest.len);
		size_t comma = find_text(here, ", ");

		if (here.len > n && memcmp(here.ptr, name, n) == 0 &&
		    here.ptr[n] == '=')
			return span_slice(here, n + 1, comma);
		if (comma == here.len)
			return SPAN("");
		from += comma + 2;
	}
}

static struct span
unbracket(struct span address)
{
	return address.len > 1 && address.ptr[0] == '<' &&
	    span_find(address, '>') == address.len - 1 ?
	    span_slice(address, 1, address.len - 1) : address;
}

/* --- the next queue ------------------------------------------------------- */

/* "name[192.0.2.1]:25" or "name. [192.0.2.1]" on this host or net? */
static bool
is_near(struct span relay)
{
	static const char *const near[] = { "127.0.0.0/8", "::1", "10.0.0.0/8",
		"172.16.0.0/12", "192.168.0.0/16", "fc00::/7" };
	size_t from = span_find(relay, '['), to = span_find(relay, ']');
	struct ip ip;

	if (from >= to || to == relay.len ||
	    ip_parse(span_slice(relay, from + 1, to), &ip) != 1)
		return false;
	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		struct cidr net;
		const char *error;

		if (cidr_parse(span_of(near[i]), &net, &error) == 1 &&
		    cidr_contains(&net, &ip))
			return true;
	}
	return false;
}

/* The word at the front of S, if it could be a queue id. */
static struct span
first_id(struct span s)
{
	size_t n = 0;

	while (n < s.len && ascii_is_alnum((unsigned char)s.ptr[n]))
		n++;
	s = span_slice(s, 0, n);
	return is_queue_id(s) ? s : SPAN("");
}

/* Only a next hop at home gives ids that our log knows. */
static void
find_next_id(struct mtalog_line *l)
{
	size_t at = find_text(l->said, "queued as ");

	if (!is_near(l->relay))
		return;
	if (at < l->said.len)
		l->next_id = first_id(span_slice(l->said, at + 10,
		    l->said.len));
	else if (find_text(l->said, "Message accepted") < l->said.len)
		l->next_id = first_id(span_slice(l->said,
		    span_starts_nocase(l->said, SPAN("2.0.0 ")) ? 6 : 0,
		    l->said.len));
}

/* --- Postfix -------------------------------------------------------------- */

/* status=sent (250 2.0.0 Ok: queued as 4ABC) */
static void
take_status(struct span rest, const char *name, struct mtalog_line *l)
{
	size_t n = strlen(name), at = find_text(rest, name), open;

	if (at == rest.len)
		return;
	rest = span_slice(rest, at + n, rest.len);
	open = span_find(rest, '(');
	l->status = span_trim(span_slice(rest, 0, open));
	if (open < rest.len)
		l->said = span_slice(rest, open + 1, rest.len -
		    (rest.ptr[rest.len - 1] == ')' ? 1 : 0));
}

static void
parse_postfix(struct span rest, struct mtalog_line *l)
{
	static const char notice[] = "sender non-delivery notification: ";
	size_t at;

	l->recipient = unbracket(attribute(rest, "to"));
	if (find_text(rest, "status=") < rest.len) {
		l->kind = MTALOG_DELIVERY;
		l->relay = attribute(rest, "relay");
		l->dsn = attribute(rest, "dsn");
		take_status(rest, "status=", l);
		find_next_id(l);
	} else if (span_starts_nocase(rest, span_of(notice))) {
		l->kind = MTALOG_BOUNCE;
		l->said = span_slice(rest, sizeof(notice) - 1, rest.len);
	} else if (span_eq(rest, SPAN("removed"))) {
		l->kind = MTALOG_END;
	} else if (span_starts_nocase(rest, SPAN("milter-reject: ")) ||
	    span_starts_nocase(rest, SPAN("reject: "))) {
		l->kind = MTALOG_REFUSED;
		at = find_text(rest, ": ");
		l->said = span_slice(rest, at + 2, rest.len);
	} else if ((l->said = attribute(rest, "orig_queue_id")).len > 0) {
		l->kind = MTALOG_REQUEUED;
	}
}

/* --- Sendmail ------------------------------------------------------------- */

/*
 * stat=Sent (ok: queued as 4ABC); stat=Deferred: Connection refused;
 * stat=User unknown
 */
static void
take_stat(struct span rest, struct mtalog_line *l)
{
	size_t at = find_text(rest, "stat="), colon;

	rest = span_slice(rest, at + 5, rest.len);
	if (span_starts_nocase(rest, SPAN("Sent"))) {
		l->status = SPAN("sent");
		at = span_find(rest, '(');
		if (at < rest.len)
			l->said = span_slice(rest, at + 1, rest.len -
			    (rest.ptr[rest.len - 1] == ')' ? 1 : 0));
		return;
	}
	colon = find_text(rest, ": ");
	if (span_starts_nocase(rest, SPAN("Deferred")) ||
	    (l->dsn.len > 0 && l->dsn.ptr[0] == '4')) {
		l->status = SPAN("deferred");
		l->said = colon < rest.len ? span_slice(rest, colon + 2,
		    rest.len) : rest;
	} else if (span_eq_nocase(rest, SPAN("queued"))) {
		l->status = SPAN("queued");
	} else {
		l->status = SPAN("bounced");
		l->said = rest;
	}
}

static void
parse_sendmail(struct span rest, struct mtalog_line *l)
{
	struct span id = first_id(rest);
	struct span after = span_slice(rest, id.len, rest.len);

	if (span_starts_nocase(rest, SPAN("to=")) &&
	    find_text(rest, "stat=") < rest.len) {
		l->kind = MTALOG_DELIVERY;
		l->recipient = unbracket(attribute(rest, "to"));
		l->relay = attribute(rest, "relay");
		l->dsn = attribute(rest, "dsn");
		take_stat(rest, l);
		find_next_id(l);
	} else if (id.len > 0 && (span_starts_nocase(after,
	    SPAN(": DSN: ")) || span_starts_nocase(after,
	    SPAN(": return to sender: ")) || span_starts_nocase(after,
	    SPAN(": sender notify: ")))) {
		l->kind = MTALOG_BOUNCE;
		l->said = id;
	} else if (span_starts_nocase(rest, SPAN("Milter: data, reject"))) {
		l->kind = MTALOG_REFUSED;
		l->said = rest;
	}
}

/* --- a line --------------------------------------------------------------- */

bool
mtalog_parse(struct span line, int64_t near, struct mtalog_line *line_r)
{
	struct span tag, rest;
	size_t host;
	struct mtalog_line l = { .kind = MTALOG_OTHER };

	line = span_trim(line);
	if (!parse_rfc3339(&line, &l.time) &&
	    !parse_rfc3164(&line, near, &l.time))
		return false;
	if (!take_until(&line, ": ", &tag) ||
	    !take_until(&line, ": ", &l.queue_id) ||
	    !is_queue_id(l.queue_id))
		return false;
	rest = line;
	host = span_find_last(tag, ' ');
	if (host < tag.len)
		tag = span_slice(tag, host + 1, tag.len);
	tag = span_slice(tag, 0, span_find(tag, '['));
	if (span_find(tag, '/') < tag.len)
		parse_postfix(rest, &l);
	else if (span_starts_nocase(tag, SPAN("sendmail")) ||
	    span_starts_nocase(tag, SPAN("sm-")))
		parse_sendmail(rest, &l);
	else
		return false;
	*line_r = l;
	return true;
}
