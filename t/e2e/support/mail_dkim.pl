#!/usr/bin/perl
# mail_dkim.pl - verifies the DKIM signatures of messages with Mail::DKIM
#
# usage: mail_dkim.pl DNS-HOST DNS-PORT FILE...
#
# Asks that DNS server for the keys. Prints one line for each signature:
# FILE, d=, s=, a=, result and its detail, with tabs between.
use strict;
use warnings;
use Mail::DKIM::DNS;
use Mail::DKIM::Verifier;
use Net::DNS::Resolver;

my ($host, $port, @files) = @ARGV;
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(
	nameservers => [$host], port => $port, recurse => 0));
for my $file (@files) {
	my $verifier = Mail::DKIM::Verifier->new;
	open my $message, '<:raw', $file or die "$file: $!\n";
	$verifier->load($message);
	close $message;
	for my $s ($verifier->signatures) {
		print join("\t", $file, $s->domain, $s->selector, $s->algorithm,
			$s->result, $s->result_detail), "\n";
	}
}
