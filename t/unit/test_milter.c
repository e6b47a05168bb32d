/*
 * Proves: A6 (connections without MAIL are counted), X48 (what is not asked
 * for is not answered: libmilter logs a line for each callback that breaks
 * this promise, a hundred for a message).
 *
 * libmilter is played by the functions below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libmilter/mfapi.h>

#include "config_fixture.h"
#include "milter.h"

static struct runtime *runtime;
static struct smfiDesc filter;
static void *private_data;

int
smfi_register(smfiDesc_str description)
{
	filter = description;
	return MI_SUCCESS;
}

int
smfi_setconn(char *socket)
{
	(void)socket;
	return MI_SUCCESS;
}

int
smfi_opensocket(bool is_removed)
{
	(void)is_removed;
	return MI_SUCCESS;
}

int
smfi_setpriv(SMFICTX *ctx, void *data)
{
	(void)ctx;
	private_data = data;
	return MI_SUCCESS;
}

void *
smfi_getpriv(SMFICTX *ctx)
{
	(void)ctx;
	return private_data;
}

int
smfi_setsymlist(SMFICTX *ctx, int stage, char *names)
{
	(void)ctx;
	(void)stage;
	(void)names;
	return MI_SUCCESS;
}

char *
smfi_getsymval(SMFICTX *ctx, char *name)
{
	(void)ctx;
	(void)name;
	return NULL;
}

/* What was agreed on with an MTA that can do everything. */
static unsigned long
agreed_steps(const char *socket)
{
	unsigned long actions = 0, steps = 0, zero2 = 0, zero3 = 0;
	const char *error = NULL;

	assert_int_equal(milter_open(runtime, socket, &error), 0);
	assert_int_equal(filter.xxfi_negotiate(NULL, 0x1ff, 0x1fffff, 0, 0,
	    &actions, &steps, &zero2, &zero3), SMFIS_CONTINUE);
	return steps;
}

static void
check_promises(const char *socket)
{
	static uint64_t connections;
	unsigned long steps = agreed_steps(socket);
	char name[] = "x", value[] = "y";
	unsigned char octets[] = "z";
	const struct {
		const char *what;
		unsigned long silent;
		sfsistat got;
	} rows[] = {
		{ "connect", SMFIP_NR_CONN,
		    filter.xxfi_connect(NULL, name, NULL) },
		{ "helo", SMFIP_NR_HELO, filter.xxfi_helo(NULL, name) },
		{ "data", SMFIP_NR_DATA, filter.xxfi_data(NULL) },
		{ "header", SMFIP_NR_HDR,
		    filter.xxfi_header(NULL, name, value) },
		{ "end of header", SMFIP_NR_EOH, filter.xxfi_eoh(NULL) },
		{ "body", SMFIP_NR_BODY, filter.xxfi_body(NULL, octets, 1) },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sfsistat want = (steps & rows[i].silent) != 0 ?
		    SMFIS_NOREPLY : SMFIS_CONTINUE;

		if (rows[i].got != want)
			fail_msg("%s, %s: got %d, want %d", socket,
			    rows[i].what, rows[i].got, want);
	}
	/* libmilter answers it itself when there is no callback. */
	assert_null(filter.xxfi_unknown);
	assert_true((steps & SMFIP_NR_UNKN) == 0);
	/* That connection never came to MAIL. */
	filter.xxfi_close(NULL);
	assert_int_equal(runtime_counted(runtime, COUNT_CONNECTIONS),
	    ++connections);
}

static int
setup(void **state)
{
	struct config *config;
	char *error = NULL;

	if (folder_setup(state) != 0)
		return -1;
	folder_write("main.conf", "");
	config = folder_load(NULL, 0, &error);
	if (config != NULL)
		runtime = runtime_new(config);
	return runtime == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	runtime_free(&runtime);
	return folder_teardown(state);
}

static void
test_promises_are_kept(void **state)
{
	(void)state;
	check_promises("unix:/nowhere");
	check_promises("local:/nowhere");
	check_promises("inet:10025@127.0.0.1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_promises_are_kept),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* Not called by the tests above. */
int smfi_main(void) { return MI_FAILURE; }
int smfi_version(unsigned *a, unsigned *b, unsigned *c)
{ *a = *b = *c = 0; return MI_SUCCESS; }
int smfi_setmlreply(SMFICTX *c, const char *code, const char *x, ...)
{ (void)c; (void)code; (void)x; return MI_FAILURE; }
int smfi_addheader(SMFICTX *c, char *n, char *v)
{ (void)c; (void)n; (void)v; return MI_FAILURE; }
int smfi_insheader(SMFICTX *c, int i, char *n, char *v)
{ (void)c; (void)i; (void)n; (void)v; return MI_FAILURE; }
int smfi_chgheader(SMFICTX *c, char *n, int i, char *v)
{ (void)c; (void)n; (void)i; (void)v; return MI_FAILURE; }
int smfi_replacebody(SMFICTX *c, unsigned char *octets, int n)
{ (void)c; (void)octets; (void)n; return MI_FAILURE; }
int smfi_chgfrom(SMFICTX *c, char *path, char *args)
{ (void)c; (void)path; (void)args; return MI_FAILURE; }
int smfi_addrcpt(SMFICTX *c, char *path)
{ (void)c; (void)path; return MI_FAILURE; }
int smfi_addrcpt_par(SMFICTX *c, char *path, char *args)
{ (void)c; (void)path; (void)args; return MI_FAILURE; }
int smfi_delrcpt(SMFICTX *c, char *path)
{ (void)c; (void)path; return MI_FAILURE; }
