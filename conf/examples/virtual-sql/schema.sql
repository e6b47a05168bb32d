-- What submit-milter.conf expects; addresses and domains in lower case,
-- domains beyond ASCII as A-labels (xn--...).

CREATE TABLE domain (
	domain		VARCHAR(255) PRIMARY KEY,
	active		SMALLINT NOT NULL DEFAULT 1
);

CREATE TABLE alias_domain (
	alias_domain	VARCHAR(255) PRIMARY KEY,
	target_domain	VARCHAR(255) NOT NULL,
	active		SMALLINT NOT NULL DEFAULT 1
);

CREATE TABLE mailbox (
	username	VARCHAR(255) PRIMARY KEY,	-- the address
	active		SMALLINT NOT NULL DEFAULT 1
);

-- address: user@domain, or @domain for all that is nothing else;
-- goto: one address or several, with commas.
CREATE TABLE alias (
	address		VARCHAR(255) PRIMARY KEY,
	goto		TEXT NOT NULL,
	active		SMALLINT NOT NULL DEFAULT 1
);

CREATE TABLE sender_acl (
	logged_in_as	VARCHAR(255) NOT NULL,
	send_as		VARCHAR(255) NOT NULL		-- address or @domain
);
