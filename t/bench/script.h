/*
 * script - what the MTA sends to a milter for one message, ready made.
 *
 * The octets of a connection's opening (connect, HELO) and of one message
 * (MAIL to end of message), as Postfix sends them to a milter that has asked
 * for certain steps and macros, and the places in them where the MTA waits
 * for an answer. A load generator then only writes and waits.
 */
#ifndef SUBMIT_BENCH_SCRIPT_H
#define SUBMIT_BENCH_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a message is like. */
struct mail {
	const char *login;	/* who authenticated */
	const char *sender;	/* of the envelope */
	const char *from;	/* of the header */
	const char *recipient;
	const char *port;	/* macro {daemon_name} */
	unsigned fields;	/* of the header, at least LEAST_FIELDS */
	size_t size;		/* octets, header and body */
};

#define LEAST_FIELDS 7u

#define STAGES 7		/* SMFIM_ of libmilter/mfapi.h */

/* What the milter asked for. */
struct wishes {
	uint32_t steps;		/* SMFIP_ of libmilter/mfdef.h */
	bool has_list[STAGES];	/* macros by name, instead of the default */
	char list[STAGES][512];
};

struct script {
	char *octets;
	size_t len;
	size_t *stops;		/* offsets at which an answer is awaited */
	size_t stop_count;
	size_t message_at;	/* where the message begins, in octets */
	size_t message_stop;	/* its first stop */
	size_t *ids;		/* offsets of the queue id, ID_LEN octets */
	size_t id_count;
};

#define ID_LEN 11

/* Steps that are offered to the milter, as Postfix does. */
extern const uint32_t script_offered_steps;
extern const uint32_t script_offered_actions;

/* Takes the milter's answer to the negotiation apart. 0 or -1. */
int wishes_read(struct wishes *wishes, const char *octets, size_t len);

/* Writes the script. 0, or -1 when there is no memory. */
int script_make(struct script *script, const struct mail *mail,
    const struct wishes *wishes);
void script_free(struct script *script);

/* Gives the message in the script the queue id that belongs to NUMBER. */
void script_number(struct script *script, unsigned long number);

/* A length as the protocol has it. */
uint32_t script_length(const char *octets);
void script_put_length(char *octets, uint32_t length);

#endif
