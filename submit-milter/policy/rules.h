/*
 * rules - the rules of each stage, for policy.c to run in order.
 *
 * Only files of policy/ include this. Each rule is pure: facts in, verdict
 * out; what it may not decide for want of memory or an answer is a
 * temporary failure. policy.c runs them in the order of its table.
 */
#ifndef SUBMIT_POLICY_RULES_H
#define SUBMIT_POLICY_RULES_H

#include "policy/policy.h"

/* transport.c: the connection and who is behind it */
rule_check rule_auth_required;
rule_check rule_tls_required;

/* accounts.c: standing, and what is open to those without */
rule_check rule_account;
rule_check rule_postmaster;
rule_check rule_relay;

/* recipients.c: to whom, and with which parameters */
rule_check rule_recipient_rights;
rule_check rule_sender_parameters;
rule_check rule_recipient_parameters;

/* envelope.c: addresses of MAIL FROM and RCPT TO */
rule_check rule_sender_syntax;
rule_check rule_sender_fqdn;
rule_check rule_return_path;
rule_check rule_recipient_syntax;
rule_check rule_recipient_fqdn;

/* senders.c: who may use which address */
rule_check rule_sender_rights;
rule_check rule_from_rights;

/* fields.c: address fields of the header */
rule_check rule_header_syntax;
rule_check rule_header_fqdn;

/* content.c: what the site does not want */
rule_check rule_policy_header;
rule_check rule_policy_files;

/* encryption.c: to whom mail must be encrypted */
rule_check rule_encrypt;

/* encoding.c: content that should be encoded */
rule_check rule_transfer_encoding;

/* message.c: form and size of header and body */
rule_check rule_header_form;
rule_check rule_body_form;

#endif
