#!/bin/bash
# Out of a file transfer's walls: by the protocol, by a hostile program in sftp-server's
# place, on this kernel and on lesser ones (tests/support/files_mask.c).  Nothing outside
# the folders may be read or changed in any level that is called safe.
# timeout: 120
# drivers: files_driver
# long: 300 RACE_SECONDS=4
set -u
cd "$(dirname "$0")/../.." || exit 1
B=$(cd "${BUILD:-build}" && pwd)
DRIVER=$B/tests/files_driver MASK=$B/tests/files_mask
failed=0

fail() { echo "FAIL  $*"; failed=1; }

if ! unshare -Urm true 2>/dev/null; then
	echo "skipped: this kernel gives no user namespaces"
	exit 77
fi
id anne >/dev/null 2>&1 || useradd -m anne
IDS=$(id -u anne):$(id -g anne)

. tests/support/files_outside.sh

MANY=(webdev:/srv/vms/webdev books:/srv/vms/books vault:/srv/vms/vault:ro)

by_protocol() { # NAME single|many|real reads|writes MASK-WORD…
	local name=$1 kind=$2 how=$3
	local -a folders=("${MANY[@]}")
	shift 3
	[ "$kind" != single ] || folders=("${MANY[0]}")
	outside_lay_out
	python3 tests/support/files_escape.py "$name" "$kind" "$how" "$MASK" "$@" "$DRIVER" "$IDS" \
		read-only sftp-server "${folders[@]}" -- sftp-server -e -l QUIET || failed=1
}

# A folder that is none, in name or place.
no_folder() { # NAME FOLDER…
	local name=$1 said
	shift
	said=$("$DRIVER" "$IDS" sftp-server "$@" -- sftp-server </dev/null 2>&1 | tr -d '\0')
	case $said in
	"not confined: "*) echo "ok $name: $said" ;;
	*) fail "$name: $said" ;;
	esac
}

refused() { # NAME MASK-WORD… -- DRIVER-WORD…
	local name=$1 said
	local -a mask=()
	shift
	while [ "$1" != -- ]; do mask+=("$1"); shift; done
	shift
	said=$("$MASK" "${mask[@]}" "$DRIVER" "$IDS" "$@" sftp-server "${MANY[@]}" -- sftp-server \
		</dev/null 2>&1 | tr -d '\0')
	if [ "$said" = "not confined: namespaces and Landlock: Operation not supported" ]; then
		echo "ok $name: nothing is executed"
	else
		fail "$name: $said"
	fi
}

# A program of the user's own instead of sftp-server.
by_program() { # NAME inner|outer|bare MASK-WORD…
	local name=$1 state=$2 program=$B/tests/files_hostile before
	shift 2
	[ "$state" = inner ] || program=${program}_alone
	outside_lay_out
	install -o anne "$program" /srv/vms/webdev/prog
	mount --bind "$program" "$SERVER" || exit 1
	before=$(outside_state)
	# With a folder of the outside in hand, as some sshd might leave one.
	"$MASK" "$@" "$DRIVER" "$IDS" read-only sftp-server "${MANY[@]}" -- \
		sftp-server "$name" "$state" 2>/dev/null 9</srv/outside || failed=1
	umount "$SERVER"
	if [ "$(outside_state)" = "$before" ]; then echo "ok $name: nothing has changed"; else fail "$name: $(outside_state)"; fi
}

# The real programs without what shall be loaded into them: no folder is to be had.
without_inner() { # NAME MASK-WORD…
	local name=$1 said
	shift
	outside_lay_out
	mount --bind /etc/hostname "$INNER" || exit 1
	said=$("$MASK" "$@" "$DRIVER" "$IDS" rsync "${MANY[@]}" -- \
		rsync --server --sender -logDtpr . /webdev/ /closed/place/webdev/ </dev/null 2>&1 | tr -d '\0')
	case $said in
	*file$'\n'* | *p_file*) fail "$name: $said" ;;
	*) echo "ok $name: rsync" ;;
	esac
	said=$(printf '\0\0\0\005\001\0\0\0\003' | "$MASK" "$@" "$DRIVER" "$IDS" sftp-server \
		"${MANY[@]}" -- sftp-server -e 2>&1 | tr -d '\0')
	case $said in
	*"open /dev/null"*) echo "ok $name: sftp-server" ;;
	*) fail "$name: sftp-server: $said" ;;
	esac
	said=$("$MASK" "$@" "$DRIVER" "$IDS" scp "${MANY[@]}" -- scp -f /webdev/f </dev/null 2>&1 | tr -d '\0')
	case $said in
	*"open /dev/null"*) echo "ok $name: scp" ;;
	*) fail "$name: scp: $said" ;;
	esac
	umount "$INNER"
}

# By what scp and rsync understand.
others() { # NAME many|real MASK-WORD…
	local name=$1 w=/webdev here before
	[ "$2" = many ] || w=/srv/vms/webdev
	shift 2
	outside_lay_out
	before=$(outside_state)
	here=$(mktemp -d)
	printf '#!/bin/bash\nshift\np=$1\nexec %q %s %q %s $p %s -- "$@"\n' \
		"$MASK" "$*" "$DRIVER" "$IDS" "${MANY[*]}" >"$here/rsh"
	printf '#!/bin/bash\nexec %q %s %q %s scp %s -- ${!#}\n' \
		"$MASK" "$*" "$DRIVER" "$IDS" "${MANY[*]}" >"$here/ssh"
	chmod +x "$here/rsh" "$here/ssh"
	mkdir "$here/up"
	echo changed >"$here/up/secret"
	try "$name: rsync down" rsync -a h:/srv/outside/ "$here/got"
	try "$name: rsync down, .." rsync -a "h:$w/../../outside/" "$here/got"
	try "$name: rsync down, links followed" rsync -aL "h:$w/" "$here/got"
	try "$name: rsync down, a link's folder" rsync -a "h:$w/p_dir/" "$here/got"
	try "$name: rsync down, listed from outside" rsync -a --files-from=:/srv/outside/secret "h:$w/" "$here/got"
	try "$name: rsync up" rsync -a "$here/up/" h:/srv/outside/
	try "$name: rsync up, .." rsync -a "$here/up/" "h:$w/../../outside/"
	try "$name: rsync up, --delete" rsync -a --delete "$here/up/" h:/srv/outside/
	try "$name: rsync up, a link's folder" rsync -a "$here/up/" "h:$w/p_dir/"
	try "$name: rsync up, links kept" rsync -aK "$here/up/" "h:$w/p_dir"
	try "$name: rsync up, in place" rsync -a --inplace "$here/up/secret" "h:$w/p_file"
	try "$name: rsync up, backups outside" rsync -a --backup --backup-dir=/srv/outside "$here/up/" "h:$w/"
	try "$name: rsync up, temporary files outside" rsync -a --temp-dir=/srv/outside "$here/up/" "h:$w/"
	try "$name: rsync up, parts outside" rsync -a --partial-dir=/srv/outside "$here/up/" "h:$w/"
	try "$name: rsync up, links to outside" rsync -a --link-dest=/srv/outside "$here/up/" "h:$w/new/"
	try "$name: rsync up, copies from outside" rsync -a --copy-dest=/srv/outside "$here/up/" "h:$w/new/"
	try "$name: rsync up, its log outside" rsync -a -M--log-file=/srv/outside/new "$here/up/" "h:$w/"
	outside_lay_out # rsync put files in the links' places
	before=$(outside_state)
	try "$name: scp down" scp -O h:/srv/outside/secret "$here/got"
	try "$name: scp down, .." scp -O "h:$w/../../outside/secret" "$here/got"
	try "$name: scp down, a link" scp -O "h:$w/p_file" "$here/got"
	try "$name: scp down, all of it" scp -O -r "h:$w" "$here/got"
	try "$name: scp up" scp -O -p "$here/up/secret" h:/srv/outside/
	try "$name: scp up, a link" scp -O -p "$here/up/secret" "h:$w/p_file"
	try "$name: scp up, a link's folder" scp -O -p -r "$here/up" "h:$w/p_dir/"
	rm -rf "$here"
}

try() { # NAME rsync|scp ARG…: of others
	local name=$1 program=$2 said
	shift 2
	rm -rf "$here/got"
	if [ "$program" = rsync ]; then
		said=$(timeout 20 rsync -e "$here/rsh" "$@" 2>&1 </dev/null)
	else
		said=$(timeout 20 scp -q -S "$here/ssh" "$@" 2>&1 </dev/null)
	fi
	if grep -rqs CANARY "$here/got"; then
		fail "$name: read"
	elif [ "$(outside_state)" != "$before" ]; then
		fail "$name: changed"
		before=$(outside_state)
	else
		echo "ok $name ($(tail -n 1 <<<"$said" | cut -c 1-70))"
	fi
}

# What others put into a folder that is the root: rsync takes it for configuration. The
# first would make it do something else, the others would hold it up when they are opened.
configuration() { # MASK-WORD…
	local w=/srv/vms/webdev here
	outside_lay_out
	here=$(mktemp -d)
	printf '#!/bin/bash\nshift 2\nexec %q %s %q %s rsync %s -- rsync "$@"\n' \
		"$MASK" "$*" "$DRIVER" "$IDS" "${MANY[0]}" >"$here/rsh"
	chmod +x "$here/rsh"
	echo data >$w/d/data
	echo 'rsync exec --server /bin/false' >$w/.popt
	pulled "rsync: a .popt that would end it"
	rm $w/.popt
	mkdir -p $w/etc/popt.d
	for f in .popt etc/popt etc/popt.d/rsync .cvsignore; do
		mkfifo -m 666 $w/$f
		pulled "rsync: it does not open /$f"
		rm $w/$f
	done
	rm -rf "$here"
}

pulled() { # NAME
	rm -rf "$here/got"
	if timeout 20 rsync -aC -e "$here/rsh" h:/d/ "$here/got" </dev/null 2>"$here/err" && [ "$(cat "$here/got/data")" = data ]; then
		echo "ok $1"
	else
		fail "$1: $(tail -n 1 "$here/err")"
	fi
}

# As a program in rsync's place, which may fork.
many_processes() {
	outside_lay_out
	mount --bind "$B/tests/files_hostile_alone" /usr/bin/rsync || exit 1
	"$MASK" abi=7 "$DRIVER" "$IDS" rsync "${MANY[@]}" -- rsync "own program, outer step" processes 2>/dev/null || failed=1
	umount /usr/bin/rsync
}

SERVER=/usr/lib/openssh/sftp-server INNER=/usr/libexec/sallyport/inside.so
without_inner "without inside.so" abi=7
without_inner "without inside.so, Landlock alone" abi=7 no-namespaces
by_program "own program" inner abi=7
by_program "own program, Landlock off" inner abi=0
by_program "own program, Landlock 7 alone" inner abi=7 no-namespaces
by_program "own program, Landlock 3 alone" inner abi=3 no-namespaces
by_program "own program, Landlock 1 alone" inner abi=1 no-namespaces
by_program "own program, outer step" outer abi=7
by_program "own program, outer step, Landlock off" bare abi=0
by_program "own program, outer step, Landlock 7 alone" outer abi=7 no-namespaces
by_program "own program, outer step, Landlock 1 alone" outer abi=1 no-namespaces
many_processes
configuration abi=7
others "namespaces, Landlock" many abi=7
others "namespaces alone" many abi=0
others "Landlock 3 alone" real abi=3 no-namespaces
by_protocol "namespaces, Landlock" many writes abi=7
by_protocol "namespaces, Landlock, one VM" single writes abi=7
by_protocol "namespaces alone" many writes abi=0
by_protocol "Landlock 7 alone" real writes abi=7 no-namespaces
by_protocol "Landlock 3 alone" real writes abi=3 no-namespaces
by_protocol "Landlock 2 alone" real reads abi=2 no-namespaces
by_protocol "Landlock 1 alone" real reads abi=1 no-namespaces
no_folder "a link in a folder's place" webdev:/srv/vms/webdev/p_dir
no_folder "a link on the way to it" webdev:/srv/vms/webdev/p_dir/dir
no_folder "a folder called .." "${MANY[0]}" ..:/srv/vms/books
no_folder "a folder called up" "${MANY[0]}" webdev/../../usr:/srv/vms/books
no_folder "a folder by halves" webdev:srv/vms/webdev
no_folder "no folder"
refused "neither" abi=0 no-namespaces -- read-only
refused "Landlock 2 alone, writing wanted" abi=2 no-namespaces --
refused "Landlock 1 alone, writing wanted" abi=1 no-namespaces --
exit $failed
