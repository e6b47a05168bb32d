/*
 * utf8.c - see utf8.h.
 */
#include "syntax/utf8.h"

#define TAIL_LOW 0x80u
#define TAIL_HIGH 0xbfu

void
utf8_init(struct utf8 *utf8)
{
	*utf8 = (struct utf8){ .low = TAIL_LOW, .high = TAIL_HIGH };
}

/*
 * UTF8-2 = %xC2-DF tail
 * UTF8-3 = %xE0 %xA0-BF tail / %xE1-EC 2tail / %xED %x80-9F tail /
 *          %xEE-EF 2tail
 * UTF8-4 = %xF0 %x90-BF 2tail / %xF1-F3 3tail / %xF4 %x80-8F 2tail
 */
static void
begin(struct utf8 *utf8, unsigned char c)
{
	if (c < 0x80)
		return;
	utf8->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : TAIL_LOW;
	utf8->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : TAIL_HIGH;
	utf8->missing = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
	if (c < 0xc2 || c > 0xf4)
		utf8->is_broken = true;
}

void
utf8_feed(struct utf8 *utf8, struct span octets)
{
	for (size_t i = 0; i < octets.len && !utf8->is_broken; i++) {
		unsigned char c = (unsigned char)octets.ptr[i];

		if (utf8->missing == 0) {
			begin(utf8, c);
			continue;
		}
		if (c < utf8->low || c > utf8->high)
			utf8->is_broken = true;
		utf8->missing--;
		utf8->low = TAIL_LOW;
		utf8->high = TAIL_HIGH;
	}
}

bool
utf8_is_valid(const struct utf8 *utf8)
{
	return !utf8->is_broken && utf8->missing == 0;
}
