# fresh.sh - for tests of the package: a fresh Debian 12 system in $root, cases
# as TAP. To be sourced, by root. The system is made by mmdebstrap from where
# this machine gets its packages.
#
# PACKAGE names a package that is built already, PACKAGE_ROOT a fresh root to
# use (and to change).
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
root=${PACKAGE_ROOT:-$work/root}
count=0
# What the make that runs this was told is not for the one that builds the
# package: its tests would be these.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES SUBMIT_MILTER

in_root() { chroot "$root" "$@"; }

# ok NAME COMMAND...: a case; what a failed one said is shown.
ok() {
	local name=$1 said
	shift
	count=$((count + 1))
	if said=$("$@" 2>&1); then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		printf '%s\n' "$said" | tail -n 30 | sed 's/^/#   /'
		# What follows builds on it.
		echo "1..$count"
		exit 1
	fi
}

# The first cases: $work/first.deb.
begin_with_package() {
	ok "what this takes is here" "$top/contrib/install-packages"
	if [ -n "${PACKAGE-}" ]; then
		cp "$PACKAGE" "$work/first.deb"
	else
		ok "is built" "$top/contrib/build-deb" --output "$work/deb"
		cp "$work"/deb/submit-milter_*.deb "$work/first.deb"
	fi
}

make_root() {
	[ -z "${PACKAGE_ROOT-}" ] || return 0
	local mirror
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' |
		awk '$2 == "bookworm" { print $1; exit }')
	mmdebstrap --variant=minbase bookworm "$root" "$mirror"
}

# No service of a package starts here.
prepare_root() {
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" &&
		chmod 755 "$root/usr/sbin/policy-rc.d" &&
		{ mount -t proc proc "$root/proc" 2>/dev/null || true; } &&
		cp /etc/resolv.conf /etc/hosts "$root/etc" &&
		apt-config dump | grep -i '^Acquire::http' \
			>"$root/etc/apt/apt.conf.d/here"
	in_root apt-get -q update
}

apt_install() {
	in_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		--no-install-recommends -o Dpkg::Options::=--force-confdef \
		-o Dpkg::Options::=--force-confold install "$@" </dev/null
}

# All that was made here.
remove_root() {
	umount "$root/proc" 2>/dev/null
	rm -rf --one-file-system "$work"
}
