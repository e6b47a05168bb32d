/*
 * screen.c - see screen.h.
 */
#include <config.h>

#include "ctl/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sbuf.h"
#include "base/span.h"
#include "ctl/ctl.h"

#define FRAME_MOST (1u << 20)

/* A screen of its own, no cursor, lines that are too long end there. */
#define TAKE "\033[?1049h\033[?25l\033[?7l"
#define GIVE_BACK "\033[?7h\033[?25h\033[?1049l"

static struct termios terminal;		/* as it was */
static int signals = -1;

/* --- pages ---------------------------------------------------------------- */

int
page_open(struct page *page)
{
	*page = (struct page){ .text = NULL };
	page->out = open_memstream(&page->text, &page->len);
	return page->out == NULL ? -1 : 0;
}

void
page_close(struct page *page)
{
	(void)fclose(page->out);
	free(page->text);
}

void
page_line(struct page *page, enum page_style style)
{
	size_t begin = page->n == 0 ? 0 : page->lines[page->n - 1].end;

	(void)fflush(page->out);
	if (page->n == PAGE_LINES)
		return;
	page->lines[page->n].begin = begin;
	page->lines[page->n].end = page->len;
	page->lines[page->n++].style = style;
}

static struct span
text_of(const struct page *page, size_t line)
{
	return (struct span){ page->text + page->lines[line].begin,
		page->lines[line].end - page->lines[line].begin };
}

void
page_print(struct page *page, FILE *out)
{
	for (size_t i = 0; i < page->n; i++)
		(void)fprintf(out, "%.*s\n", SPAN_ARG(text_of(page, i)));
}

/* --- the terminal --------------------------------------------------------- */

static int
open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGWINCH);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return signals < 0 ? -1 : 0;
}

int
screen_open(void)
{
	const char *type = getenv("TERM");
	struct termios raw;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    type == NULL || strcmp(type, "dumb") == 0)
		return ctl_fail(-1, "top wants a terminal; --once prints "
		    "what it would show");
	if (tcgetattr(STDIN_FILENO, &terminal) != 0 || open_signals() != 0)
		return ctl_fail(-1, "terminal: %m");
	raw = terminal;
	/* Keys as they come; ^C is a key, too, and ends it in good order. */
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) != 0)
		return ctl_fail(-1, "terminal: %m");
	if (fd_write(STDOUT_FILENO, SPAN(TAKE)) == 0)
		return 0;
	screen_close();
	return -1;
}

void
screen_close(void)
{
	(void)fd_write(STDOUT_FILENO, SPAN(GIVE_BACK));
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal);
	(void)close(signals);
}

void
screen_size(size_t *lines_r, size_t *columns_r)
{
	struct winsize size;
	bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;

	*lines_r = is_known && size.ws_row > 0 ? size.ws_row : 24;
	*columns_r = is_known && size.ws_col > 0 ? size.ws_col : 80;
}

/* The first characters of S, at most so many: two octets may be one. */
static struct span
first(struct span s, size_t characters)
{
	size_t n = 0;

	for (; n < s.len; n++) {
		bool begins = ((unsigned char)s.ptr[n] & 0xC0) != 0x80;

		if (begins && characters-- == 0)
			break;
	}
	return span_slice(s, 0, n);
}

static void
add_line(struct sbuf *frame, const struct page *page, size_t line,
    size_t columns)
{
	static const char *const styles[] = {
		[PAGE_PLAIN] = "",
		[PAGE_BOLD] = "\033[1m",
		[PAGE_REVERSE] = "\033[7m",
	};

	sbuf_adds(frame, styles[page->lines[line].style]);
	sbuf_add(frame, first(text_of(page, line), columns));
	sbuf_adds(frame, "\033[0m\033[K");
}

/* The last line of the page stays at the bottom. */
int
screen_show(struct page *page)
{
	struct sbuf frame;
	struct span text;
	size_t lines, columns;
	int status = 0;

	screen_size(&lines, &columns);
	sbuf_init(&frame, NULL, FRAME_MOST);
	sbuf_adds(&frame, "\033[H");
	for (size_t i = 0; i + 1 < page->n && i + 1 < lines; i++) {
		add_line(&frame, page, i, columns);
		sbuf_adds(&frame, "\r\n");
	}
	sbuf_addf(&frame, "\033[J\033[%zu;1H", lines);
	if (page->n > 0)
		add_line(&frame, page, page->n - 1, columns);
	if (sbuf_done(&frame, &text) == 0)
		status = fd_write(STDOUT_FILENO, text);
	sbuf_free(&frame);
	return status;
}

static int
signal_key(void)
{
	struct signalfd_siginfo info;
	bool is_resized = false;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGWINCH)
			is_resized = true;
		else
			return SCREEN_END;
	return is_resized ? SCREEN_RESIZED : SCREEN_NOTHING;
}

int
screen_key(int wait)
{
	struct pollfd p[2] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	unsigned char key;

	if (poll(p, 2, wait) <= 0)
		return SCREEN_NOTHING;
	if (p[0].revents != 0)
		return signal_key();
	/* The terminal is gone. */
	if (read(STDIN_FILENO, &key, 1) != 1)
		return SCREEN_END;
	return key == 3 ? SCREEN_END : key;
}
