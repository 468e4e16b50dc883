# shellcheck shell=bash
# What the tests of the program verify share. To be sourced from the repository's
# root, as root, in the copy of the machine.
#
#   verify_start_over        no store, no key file
#   verify_talk              runs verify; commands on standard input (verify_talk.c)
#   $VERIFY                  the command line, as the supervisor gives it
#   $T                       a folder for the test's own files
#   has TEXT PATTERN WHAT    "ok WHAT" if a line of TEXT matches, else the end
#   that WHAT CMD…           "ok WHAT" if CMD succeeds, else the end
#   never WHAT CMD…          "ok WHAT" if CMD fails with 1, else the end

BUILD=$(cd "${BUILD:-build}" && pwd)
STATE=/var/lib/sallyport-verify-test
STORE=$STATE/verify KEK=$STATE/verify.key
VERIFY="$BUILD/verify --store $STORE --key $KEK"
# With sanitizers: the leak check at the end makes calls that the filter forbids.
export ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0

[ -e /run/sallyport-sandbox ] || { echo "only in the copy: tools/sandbox run"; exit 77; }
for need in "$BUILD/verify" "$BUILD/tests/verify_talk" "$BUILD/tests/verify_load" "$BUILD/tests/yk"; do
	[ -x "$need" ] || { echo "$need is not built"; exit 77; }
done
getent passwd _sallyport-verify >/dev/null || useradd -r -s /usr/sbin/nologin _sallyport-verify

T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
# What ends a script by set -e says so.
set -E
trap 'echo "FAILED: $0:$LINENO: $BASH_COMMAND" >&2' ERR

verify_start_over() {
	rm -rf "$STATE"
	mkdir -p "$STATE"
	chmod 755 "$STATE"
}

verify_talk() { # shellcheck disable=SC2086
	timeout 300 "$BUILD/tests/verify_talk" ${1:-$VERIFY}
}

has() { # TEXT PATTERN WHAT
	grep -Eq -- "$2" <<<"$1" || {
		printf 'FAILED: %s\nwanted %s in:\n%s\n' "$3" "$2" "$1"
		exit 1
	}
	echo "ok $3"
}

that() { # WHAT CMD…
	local what=$1
	shift
	"$@" || { echo "FAILED: $what: $*"; exit 1; }
	echo "ok $what"
}

never() { # WHAT CMD…
	local what=$1 rc=0
	shift
	"$@" || rc=$?
	[ $rc -eq 1 ] || { echo "FAILED: $what: $* ($rc)"; exit 1; }
	echo "ok $what"
}
