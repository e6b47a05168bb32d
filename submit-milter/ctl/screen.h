/*
 * screen - pages, and a terminal that shows one after the other.
 *
 * What ECMA-48 has and every terminal of today knows is all that is asked of
 * it. There is one terminal; one thread.
 */
#ifndef SUBMIT_CTL_SCREEN_H
#define SUBMIT_CTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define PAGE_LINES 512		/* what comes after is left out */

enum page_style { PAGE_PLAIN, PAGE_BOLD, PAGE_REVERSE };

/* Lines, which are written to OUT and ended by page_line(). */
struct page {
	FILE *out;
	char *text;
	size_t len;
	struct {
		size_t begin, end;
		enum page_style style;
	} lines[PAGE_LINES];
	size_t n;
};

/* 0, or -1 when there is no memory. */
int page_open(struct page *page) __attribute__((warn_unused_result));
void page_close(struct page *page);

void page_line(struct page *page, enum page_style style);

/* As it is, for those who read it later. */
void page_print(struct page *page, FILE *out);

/*
 * Takes the terminal over, which standard input and output are. 0; or -1
 * after a complaint.
 */
int screen_open(void) __attribute__((warn_unused_result));

/* Leaves the terminal as it was. */
void screen_close(void);

void screen_size(size_t *lines_r, size_t *columns_r);

/* As much of it as there is room for. 0, or -1 when nobody is there. */
int screen_show(struct page *page) __attribute__((warn_unused_result));

enum { SCREEN_NOTHING = -1, SCREEN_RESIZED = -2, SCREEN_END = -3 };

/* A key, or one of those, within WAIT milliseconds. */
int screen_key(int wait);

#endif
