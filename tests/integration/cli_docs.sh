#!/bin/bash
# Every verb and option has its help, its place in the manual and in the completion;
# and the program's exit statuses without a daemon.
set -eu
BUILD=${BUILD:-build}
cli=$BUILD/sallyport
manual=man/sallyport.8
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

# "  key add PUBLICID …  summary" -> "key add"
mapfile -t verbs < <("$cli" help | sed -n 's/^  \([a-z]*\( [a-z]*\)\{0,1\}\)\( .*\|$\)/\1/p' |
	sed 's/^\(status\|check\|show\|explain\|list\|reload\|doctor\|help\) .*/\1/')
[ ${#verbs[@]} -ge 16 ] || fail "only ${#verbs[@]} verbs: ${verbs[*]}"

# shellcheck disable=SC1091
. conf/sallyport.bash-completion
complete_words() { # WORD…: what may follow
	COMP_WORDS=(sallyport "$@" "${CURRENT:-}")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_sallyport
	printf '%s\n' "${COMPREPLY[@]}"
}

for verb in "${verbs[@]}"; do
	read -ra words <<<"$verb"
	"$cli" "${words[@]}" --help >"$tmp"/help || fail "$verb --help"
	head -1 "$tmp"/help | grep -q "^usage: sallyport $verb" || fail "$verb --help says $(head -1 "$tmp"/help)"
	[ "$(wc -l <"$tmp"/help)" -ge 3 ] || fail "$verb --help says nothing"
	diff "$tmp"/help <("$cli" help "${words[@]}") || fail "help $verb says something else"
	grep -Eq "^\.It Cm ${words[*]}( |\$)" $manual || fail "$manual lacks $verb"
	CURRENT='' complete_words "${words[@]:0:${#words[@]}-1}" | grep -qx "${words[-1]}" ||
		fail "the completion lacks $verb"
	options=$(head -1 "$tmp"/help | grep -o -- '--[a-z-]*' || true)
	for option in $options --json --config --socket --help; do
		CURRENT=-- complete_words "${words[@]}" | grep -qx -- "$option" ||
			fail "the completion lacks $option of $verb"
	done
	for option in $options; do
		sed -n "/^\.It Cm ${words[*]}\( \|\$\)/,/^\.El/p" $manual | grep -q "Fl Fl ${option#--}" ||
			fail "$manual lacks $option of $verb"
	done
	# Nothing is offered that is not taken.
	for option in $(CURRENT=-- complete_words "${words[@]}"); do
		case " $options --json --config --socket --help " in
		*" ${option//$'\n'/ } "*) ;;
		*) grep -qx -- "$option" <<<"$options" || case $option in
			--json | --config | --socket | --help) ;;
			*) fail "the completion offers $option for $verb" ;;
			esac ;;
		esac
	done
done
echo "ok ${#verbs[@]} verbs: help, manual and completion agree"
for option in json config socket help; do
	grep -q "Fl Fl $option" $manual || fail "$manual lacks --$option"
done
mapfile -t offered < <(CURRENT='' complete_words)
for word in "${offered[@]}"; do
	printf '%s\n' "${verbs[@]}" | grep -q "^$word\( \|\$\)" || fail "the completion offers $word"
done
mapfile -t lists < <(CURRENT='' complete_words list)
[ "$("$cli" list --help | sed -n '1s/.* list \([^ ]*\).*/\1/p')" = "$(IFS='|'; echo "${lists[*]}")" ] ||
	fail "the completion's lists: ${lists[*]}"
for list in "${lists[@]}"; do
	grep -q "^\.It Cm list Cm $list" $manual || fail "$manual lacks list $list"
done
echo "ok the completion offers nothing else"

for page in man/sallyport.8 man/sallyportd.8 man/pam_sallyport.8 man/sallyport-shell.1 man/sallyport-audit.5; do
	mandoc -T lint -W warning "$page" || fail "$page"
done
for option in $("$BUILD/sallyportd" --help | grep -o -- '--[a-z-]*'); do
	grep -q "Fl Fl ${option#--}" man/sallyportd.8 || fail "man/sallyportd.8 lacks $option"
done
for field in $(sed -n 's/.*\[AUDIT_[A-Z_]*\] = "\([a-z_]*\)".*/\1/p' lib/audit_field.c) seq time host prev; do
	grep -q "^\.It Sy $field\$" man/sallyport-audit.5 || fail "man/sallyport-audit.5 lacks $field"
done
for event in $(sed -n 's/.*audit_begin([^,]*, "\([a-z-]*\)").*/\1/p' daemon/*.c) \
	$(sed -n 's/.*AUDIT_EVENT, "\([a-z-]*\)".*/\1/p' recorder/*.c); do
	grep -Eq "^\.It Sy (.* , )?$event( |\$)" man/sallyport-audit.5 || fail "man/sallyport-audit.5 lacks event $event"
done
for option in socket= group= gate_root; do
	grep -q "^\.It Cm $option" man/pam_sallyport.8 || fail "man/pam_sallyport.8 lacks $option"
done
echo "ok the other pages name every option, field and event"

status() { # WANTED CALL…
	local wanted=$1 rc=0
	shift
	"$@" >"$tmp"/out 2>"$tmp"/err </dev/null || rc=$?
	[ $rc = "$wanted" ] || fail "$* ended with $rc: $(cat "$tmp"/err)"
	[ $rc = 0 ] || [ -s "$tmp"/err ] || [ "${QUIET:-}" ] || fail "$* says nothing"
	[ "$(wc -l <"$tmp"/err)" -le "${LINES_MAX:-1}" ] || fail "$* says too much: $(cat "$tmp"/err)"
}
none="--socket /run/none.sock"
# shellcheck disable=SC2086
{
	for verb in status show 'list vms' 'explain a b c' reload 'key list' 'key disable cccc'; do
		status 75 "$cli" $none $verb
		status 75 "$cli" --json $none $verb
		[ ! -s "$tmp"/out ] || fail "$verb wrote something without a daemon"
	done
	status 64 "$cli" frobnicate
	status 64 "$cli" list
	status 64 "$cli" explain a b
	status 64 "$cli" status --force
	status 64 "$cli" key disable 'not modhex'
	status 64 "$cli" $none explain a b c --at Tuesday
	status 64 "$cli" key secret cccccccc
	LINES_MAX=99 status 64 "$cli" key
	LINES_MAX=99 status 64 "$cli"
	status 77 setpriv --reuid 65534 --clear-groups "$cli" $none status
}
LINES_MAX=9 status 78 "$cli" --config /nonexistent/sallyport.conf print sshd
QUIET=1 status 78 "$cli" check /nonexistent/sallyport.conf
echo "ok exit statuses, each with one line"

status 64 "$cli" $none key secret cccccccc --stdin
for line in 'a1b2c3d4e5f6' 'a1b2c3d4e5f6,00' ',' 'a1b2c3d4e5fx,000102030405060708090a0b0c0d0e0f'; do
	rc=0; echo "$line" | "$cli" $none key secret cccccccc --stdin 2>"$tmp"/err || rc=$?
	[ $rc = 64 ] || fail "key secret took $line ($rc)"
	! grep -q a1b2 "$tmp"/err || fail "key secret shows a secret"
done
rc=0; echo 'a1b2c3d4e5f6,000102030405060708090a0b0c0d0e0f' | "$cli" $none key secret cccccccc --stdin 2>"$tmp"/err || rc=$?
[ $rc = 75 ] || fail "key secret: $rc $(cat "$tmp"/err)"
rc=0; : | "$cli" $none key import - 2>"$tmp"/err || rc=$?
[ $rc = 64 ] && grep -q empty "$tmp"/err || fail "key import took nothing: $rc"
status 64 "$cli" $none key import /
echo "ok keys are checked before the daemon is asked"

# A real terminal: asked twice, shown never, put in order after ^C.
python3 - "$cli" <<'PY'
import os, pty, sys, termios, time

def talk(steps):
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(sys.argv[1], [sys.argv[1], "--socket", "/run/none.sock", "key", "secret", "cccccccc"])
    seen = b""
    for wait, answer in steps:
        while wait not in seen:
            seen += os.read(fd, 1000)
        time.sleep(0.05)
        os.write(fd, answer)
    echo = None
    try:
        while True:
            seen += os.read(fd, 1000)
            echo = termios.tcgetattr(fd)[3] & termios.ECHO
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen, echo

rc, seen, _ = talk([(b"Private id", b"a1b2c3d4e5f6\n"), (b"AES key", b"000102030405060708090a0b0c0d0e0f\n")])
assert rc == 75, (rc, seen)
assert b"a1b2" not in seen and b"0001" not in seen, seen
rc, seen, echo = talk([(b"Private id", b"a1b2\x03")])
assert rc == -2 and b"a1b2" not in seen and echo, (rc, seen, echo)
PY
echo "ok the terminal shows no secret, and has its echo back after ^C"
