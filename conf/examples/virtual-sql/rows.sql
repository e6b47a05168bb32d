INSERT INTO domain (domain) VALUES ('example.org'), ('example.net');

INSERT INTO alias_domain (alias_domain, target_domain)
VALUES ('example.com', 'example.org');

INSERT INTO mailbox (username, active) VALUES
	('alice@example.org', 1),
	('bob@example.org', 1),
	('carol@example.org', 1),
	('support@example.org', 1),
	('mallory@example.org', 0),
	('dave@example.net', 1);

INSERT INTO alias (address, goto, active) VALUES
	('a.smith@example.org', 'alice@example.org', 1),
	('old@example.org', 'alice@example.org', 0),
	('sales@example.org', 'alice@example.org,bob@example.org', 1),
	('info@example.net', 'carol@example.org', 1),
	-- all else at example.net
	('@example.net', 'dave@example.net', 1);

INSERT INTO sender_acl (logged_in_as, send_as) VALUES
	('bob@example.org', 'support@example.org'),
	('carol@example.org', '@example.net');
