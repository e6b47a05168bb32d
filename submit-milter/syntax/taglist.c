/*
 * taglist.c - see taglist.h.
 */
#include "syntax/taglist.h"

/*
 * tag-list = tag-spec *( ";" tag-spec ) [ ";" ]
 * tag-spec = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]
 */
struct span
taglist_find(struct span list, struct span name)
{
	while (list.len > 0) {
		size_t end = span_find(list, ';');
		struct span tag = span_slice(list, 0, end);
		size_t equals = span_find(tag, '=');

		if (equals < tag.len &&
		    span_eq(span_trim(span_slice(tag, 0, equals)), name))
			return span_trim(span_slice(tag, equals + 1,
			    tag.len));
		list = span_slice(list, end < list.len ? end + 1 : end,
		    list.len);
	}
	return (struct span){ NULL, 0 };
}
