#!/usr/bin/perl
# leaves.pl - what MIME::Parser finds in messages: a line for each part of each
# file, with its type and a digest of its decoded content. Carriage returns do
# not count: MIME::QuotedPrint drops those of line ends.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use MIME::Parser;

# An empty part makes its decoder warn.
$SIG{__WARN__} = sub { warn @_ unless $_[0] =~ /uninitialized value in <HANDLE>/ };

my $name;

sub show {
	my ($entity, $place) = @_;
	my $handle = $entity->bodyhandle;
	if ($handle) {
		my $content = $handle->as_string;
		$content =~ tr/\r//d;
		printf "%s\t%s\t%s\t%s\n", $name, $place,
		    $entity->effective_type, sha256_hex($content);
	}
	my $number = 0;
	show($_, $place . "." . ++$number) for $entity->parts;
}

my $parser = MIME::Parser->new;
$parser->output_to_core(1);
$parser->tmp_to_core(1);
while (my $file = <STDIN>) {
	chomp $file;
	$name = $file;
	open my $in, "<:raw", $file or die "$file: $!";
	show($parser->parse($in), "1");
}
