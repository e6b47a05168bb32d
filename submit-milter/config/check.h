/*
 * check - what values of options must be, beyond their type.
 *
 * The functions that rows of the schema name; see option_check and
 * option_verify in schema.h. Any thread.
 */
#ifndef SUBMIT_CONFIG_CHECK_H
#define SUBMIT_CONFIG_CHECK_H

#include "config/schema.h"

/* --- on their own --------------------------------------------------------- */

option_check check_charset;
option_check check_contact;
option_check check_directory;		/* one that there is */
option_check check_delimiters;
option_check check_domain;		/* qualified, or empty */
option_check check_encrypted;		/* a domain, .domain or address */
option_check check_header_field;
option_check check_file;		/* an absolute path */
option_check check_folded_domain;	/* the same, folded */
option_check check_group;		/* exists, or empty */
option_check check_group_name;		/* as profiles are named */
option_check check_identity;		/* one, as overrides name it */
option_check check_ip;
option_check check_key_domain;		/* ".example.org" and "*", too */
option_check check_local_domain;	/* ".example.org" too */
option_check check_member;		/* of a group: an identity */
option_check check_mta_log;		/* an absolute path, "journal", empty */
option_check check_nonempty;
option_check check_parameter;		/* KEYWORD or KEYWORD=VALUE */
option_check check_path;		/* an absolute path, or empty */
option_check check_profile_name;
option_check check_realm;
option_check check_secret;		/* a path, or of a credential */
option_check check_selector;
option_check check_signed_field;	/* the name of one that may be */
option_check check_socket;
option_check check_metrics;		/* listen_fault(), or empty */
option_check check_socket_path;		/* an absolute path, or empty */
option_check check_subject;		/* printable ASCII, or empty */
option_check check_table_type;
option_check check_text;		/* of a reply */
option_check check_token_field;		/* the name of one that is nobody's */
option_check check_time;		/* a day or second, or empty */
option_check check_unsigned_field;	/* the name of one; not From */
option_check check_user;		/* exists, or empty */

/* --- together ------------------------------------------------------------- */

/* Each: the table exists; marks its use. */
option_verify verify_address_table;	/* keys are mail addresses */
option_verify verify_bare_domain;	/* mailboxes are known */
option_verify verify_certificates;	/* keys are subjects; has issuers */
option_verify verify_client_table;	/* keys are IP addresses */
option_verify verify_identity_table;	/* keys are identities */
option_verify verify_name_table;	/* keys are domains */
option_verify verify_removed;		/* From and Sender are not */
option_verify verify_text_table;	/* keys are any text */
option_verify verify_dns;		/* if it is set: can be asked */
option_verify verify_zones;		/* likewise, if there are any */
option_verify verify_dkim_domain;	/* only once */
option_verify verify_encrypted;		/* there are certificates */
option_verify verify_grant;		/* the table exists; marks its use */
option_verify verify_listeners;		/* each says something */
option_verify verify_memory;		/* the whole is no less than a part */
option_verify verify_mixed;		/* there are local domains */
option_verify verify_panic;		/* the maximum is no less */
option_verify verify_postmaster;	/* likewise */
option_verify verify_override;		/* its groups exist */
option_verify verify_primary;		/* the table exists; marks its use */
option_verify verify_profile_name;	/* only once */
option_verify verify_rewrite;		/* the table exists; it has a use */
option_verify verify_scope;		/* what it needs is there */
option_verify verify_users;		/* the table exists; mailboxes known */
option_verify verify_signing_domain;	/* has keys */
option_verify verify_store;		/* there is a file to feed it */
option_verify verify_token;		/* it has keys */

/* --- for others of config/ ------------------------------------------------ */

/*
 * User and group that the options name, else those of the process. 0, or -1
 * when one cannot be found after all.
 */
int check_owner(const struct config *config, struct key_owner *owner_r)
    __attribute__((warn_unused_result));

#endif
