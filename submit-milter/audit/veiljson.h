/*
 * veiljson - what may name a recipient, as JSON: in full without a veil,
 * hashed or masked with one.
 */
#ifndef SUBMIT_AUDIT_VEILJSON_H
#define SUBMIT_AUDIT_VEILJSON_H

#include "audit/veil.h"
#include "base/jsonline.h"

/* Instead of what is not to be seen. */
#define VEIL_MASK "***"

/* An address of the envelope, with or without its angle brackets. */
void veiljson_address(struct jsonline *line, const char *key,
    const struct veil *veil, struct span address);

/* Words around addresses: each of them comes out as VEIL_MASK. */
void veiljson_text(struct jsonline *line, const char *key,
    const struct veil *veil, struct span text);

/* A parameter of RCPT TO: the value of ORCPT is masked (RFC 3461). */
void veiljson_param(struct jsonline *line, const struct veil *veil,
    struct span param);

#endif
