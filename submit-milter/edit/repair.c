/*
 * repair.c - see repair.h.
 */
#include "edit/repair.h"

#include "edit/conceal.h"
#include "edit/envelope.h"
#include "edit/reencode.h"
#include "edit/rewrite.h"

enum completion_status
repair_run(const struct profile *profile, struct facts *facts,
    struct edit_list *list, const char **error_r)
{
	enum completion_status status;

	if (envelope_run(facts, list) != 0)
		return COMPLETION_NO_MEMORY;
	status = conceal_run(profile, facts, list, error_r);
	if (status == COMPLETION_OK)
		status = completion_run(profile, facts, list, error_r);
	if (status == COMPLETION_OK)
		status = rewrite_header(profile, facts, list, error_r);
	if (status == COMPLETION_OK && reencode_header(profile, facts,
	    list) != 0)
		status = COMPLETION_NO_MEMORY;
	return status;
}
