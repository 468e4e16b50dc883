#!/bin/bash
# sallyport-view with stand-ins for ssh, remote-viewer and sshfs: its words, its refusals,
# what a hostile gateway can make of it, and what is left behind, whatever ends it.
# timeout: 150
set -u
VIEW=$PWD/view/sallyport-view
FAKE=$(mktemp -d /tmp/view.XXXXXX)
trap 'rm -rf "$FAKE"' EXIT
export FAKE XDG_RUNTIME_DIR=$FAKE/run
export PATH=$PWD/tests/support/desk:$PATH
unset WAYLAND_DISPLAY
export DISPLAY=:0
mkdir "$XDG_RUNTIME_DIR"
cd "$FAKE" || exit 1
failed=0
pass() { echo "ok    $*"; }
fail() { echo "FAIL  $*"; failed=$((failed + 1)); }
check() { # WHAT EXPECTED GOT; "~text": contains
	case $2 in
	"~"*) case $3 in *"${2#\~}"*) pass "$1"; return ;; esac ;;
	*) [ "$2" = "$3" ] && { pass "$1"; return; } ;;
	esac
	fail "$1: expected '$2', got '$3'"
}
until_so() { # SECONDS COMMAND…
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -le $end ] || return 1
		sleep 0.02
	done
}
SHELLS=(dash)
[ -z "$(type -P bash)" ] || SHELLS+=('bash --posix')
[ -z "$(type -P busybox)" ] || SHELLS+=('busybox sh')
SH=dash
fresh() { # nothing done, everything granted
	find "$FAKE" -mindepth 1 -maxdepth 1 ! -name run ! -name '*.sallyport' ! -name 'run-*' -exec rm -rf {} +
	echo 'allow  webdev spice: granted; seat free' >answer.why
}
# view WORD…: to its end, the viewer closed by its user; sets STATUS, OUT, ERR
view() {
	# shellcheck disable=SC2086
	timeout 120 $SH "$VIEW" "$@" >out 2>err </dev/null
	STATUS=$?
	OUT=$(tr -d '\000' <out) ERR=$(tr -d '\000' <err)
}
closed() { echo 0 >close; } # the next window is closed at once
starts() { # WORD…: in the background, until the viewer is there
	# shellcheck disable=SC2086
	setsid $SH -c 'trap - INT QUIT; echo $$ >view.pid; exec "$@"' - env --default-signal=INT,QUIT $SH "$VIEW" "$@" >out 2>err </dev/null &
	JOB=$!
}
viewing() { starts "$@"; until_so 60 test -s viewer.pid || fail "no viewer: $(cat err)"; }
ended() { wait $JOB; STATUS=$?; ERR=$(cat err); }
calls() { grep -c . calls 2>/dev/null; }
called() { grep -F -- "$1" calls; }
lives() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }
# No folder, no stand-in, no shell of ours that runs on.
left() {
	find "$XDG_RUNTIME_DIR" -mindepth 1
	for one in master.pid viewer.pid; do lives $one && echo $one; done
	pgrep -s "$(cat view.pid 2>/dev/null || echo 1)" -a 2>/dev/null
	find . -maxdepth 1 -name pwned
}
is_clean() { [ -z "$(left)" ]; }
nothing_left() { until_so 30 is_clean; check "$1: nothing is left" '' "$(left)"; }
printable() { ! LC_ALL=C grep -qP '[^\n\x20-\x7e]' "$1"; }

# One that takes its time, beside the others.
mkdir -p run-slow/run; : >run-slow/hang.why
(
	export XDG_RUNTIME_DIR=$FAKE/run-slow/run
	export FAKE=$FAKE/run-slow
	SECONDS=0
	dash "$VIEW" gw webdev >/dev/null 2>&1 </dev/null
	echo "$? $([ $SECONDS -lt 60 ] && echo soon)" >run-slow/status
	rm run-slow/hang.why
) & SLOW=$!

# --- words
fresh
for bad in '' -x 'a b' 'gw;id' '$(id)' '`id`' 'gw/x' "gw'" 'gw"' 'gw\x' $'gw\nx' $'gw\e[2J' '*' 'é' "$(printf '%0300d' 1)"; do
	view "$bad" webdev
	[ $STATUS = 64 ] && printable err || fail "gateway '$bad': $STATUS $ERR"
	[ "$bad" = '' ] || { view "anne@$bad" webdev; [ $STATUS = 64 ] || fail "gateway 'anne@$bad': $STATUS $ERR"; }
done
for bad in '' Web web_dev web.dev -web 'web dev' ../web 'web;id' '$(id)' $'web\n' $'web\nx' '*' '?' 'é' "$(printf '%064d' 1)"; do
	view gw "$bad"
	[ $STATUS = 64 ] && printable err || fail "VM '$bad': $STATUS $ERR"
done
for bad in '-l@gw' 'a b@gw' 'a;b@gw' '@gw' '$x@gw' $'a\n@gw'; do
	view "$bad" webdev
	[ $STATUS = 64 ] || fail "user of '$bad': $STATUS $ERR"
done
for bad in 0 x 65536 '1 2' -1 007 '' 99999999999; do
	view --local-port "$bad" gw webdev
	[ $STATUS = 64 ] || fail "port '$bad': $STATUS $ERR"
done
view gw; [ $STATUS = 64 ] || fail "no VM: $STATUS"
view; [ $STATUS = 64 ] || fail "no word: $STATUS"
view gw webdev more; [ $STATUS = 64 ] || fail "a word too many: $STATUS"
view --sftp; [ $STATUS = 64 ] || fail "--sftp alone: $STATUS"
view -R 1:2:3 gw webdev; [ $STATUS = 64 ] || fail "-R: $STATUS"
view -oProxyCommand=x --nothing gw webdev; [ $STATUS = 64 ] || fail "an unknown option: $STATUS"
check 'odd names of gateways, users, VMs and ports: 64, in words; ssh is not called' '' "$(calls)"
[ $failed = 0 ] && pass 'odd names are each refused'
view --version; check '--version' 'sallyport-view 0.1' "$OUT"
view --help; check '--help' 0 $STATUS

for SH in "${SHELLS[@]}"; do
	fresh; closed
	view -p 2222 -o 'Foo=a  "b" $c' -i "$FAKE/my key" -Jjump -4 'CORP\bob@gw' webdev
	check "$SH: a console: exit status" 0 $STATUS
	check "  ssh gets each word whole" '~"-l", "CORP\\bob", "-p", "2222", "-o", "Foo=a  \"b\" $c", "-i", "'"$FAKE"'/my key", "-Jjump", "-4"' "$(sed -n 1p calls)"
	check '  and the name behind "--"' '~"--", "gw"]' "$(sed -n 1p calls)"
	printf 'ForwardAgent yes\nForwardX11 yes\nGSSAPIDelegateCredentials yes\n' >config
	/usr/bin/ssh -G -F config "$(sed -n '1s/^\["\(-f[A-Za-z]*\)".*/\1/p' calls)" gw >effective 2>&1
	check '  no agent, screen or ticket goes along, whatever ssh_config says' 'hostname gw ' "$(grep -x 'hostname gw' effective) $(grep -E '^(forwardagent|forwardx11|gssapidelegatecredentials) yes' effective)"
	check '  one connection' 1 "$(grep -c '^\["-f' calls)"
	check '  the rest goes over it, and could open none' "$(($(calls) - 1))" "$(grep -c '^\["-F", "none", "-S", .*"ProxyCommand=false", "-o", "BatchMode=yes"' calls)"
	check '  Unix sockets at both ends' '~-L", "'"$XDG_RUNTIME_DIR"'/sallyport-view.DIR/screen:/run/sallyport/vm/webdev/spice"' "$(called '"forward"' | sed 's|sallyport-view\.[^/]*/|sallyport-view.DIR/|g')"
	check "  the viewer's file" '[virt-viewer] type=spice unix-path=DIR/screen title=webdev on gw delete-this-file=1' "$(sed 's|=/.*/screen|=DIR/screen|' viewer.vv | paste -sd' ')"
	nothing_left '  its window is closed'
done
SH=dash
fresh; closed
view --vnc --full-screen gw webdev
check '--vnc: a port of 127.0.0.1' '~"127.0.0.1:' "$(called '"forward"')"
check "  the viewer's file" '[virt-viewer] type=vnc host=127.0.0.1 port=N title=webdev on gw delete-this-file=1' "$(sed 's|port=[0-9]*|port=N|' viewer.vv | paste -sd' ')"
check '  --full-screen' --full-screen "$(head -n 1 viewer.args)"
fresh; closed
view --local-port 5977 gw webdev
check '--local-port' '~"127.0.0.1:5977:/run/sallyport/vm/webdev/spice"' "$(called '"forward"')"
fresh; closed; : >no-forward
view gw webdev
check 'no forward: 75' 75 $STATUS
[ ! -e viewer.args ] && printable err && pass '  in words, no viewer' || fail "  $ERR"
fresh; closed
XDG_RUNTIME_DIR="$FAKE/run dir" TMPDIR=$FAKE/run view gw webdev
check "a folder's name that ssh would not take: another is used" 0 $STATUS
nothing_left '  there'

# --- .sallyport files
bad_file() { # WORDS TEXT…: refused with these words
	local words=$1
	shift
	printf "$@" >bad.sallyport
	view bad.sallyport
	[ $STATUS = 64 ] && printable err && [[ $ERR == *"$words"* ]] && [ -z "$(calls)" ] && pass "file: $words" ||
		fail "file: $words: $STATUS $ERR"
}
fresh; closed
printf '# my VM\r\n\n gateway =gw\r\nuser=anne\n\tvm = webdev\t\nport = 2222' >good.sallyport
view good.sallyport
check 'a .sallyport file: with comments, blanks, CRLF, no last line end' '0 webdev on gw' "$STATUS $(sed -n 's/title=//p' viewer.vv)"
check '  user and port' '~"-l", "anne", "-p", "2222"' "$(sed -n 1p calls)"
fresh
bad_file 'bad.sallyport:2: vm: a second time' 'vm = a\nvm = b\ngateway = gw\n'
bad_file "bad.sallyport:1: colour: no such field" 'colour = red\nvm = a\ngateway = gw\n'
bad_file "bad.sallyport:2: option: no such field" 'vm = a\noption = ProxyCommand=id\ngateway = gw\n'
bad_file "bad.sallyport:1: gateway: '-oProxyCommand=id' is no gateway's name" 'gateway = -oProxyCommand=id\nvm = a\n'
bad_file "bad.sallyport:1: gateway: 'gw -oX' is no" 'gateway = gw -oX\nvm = a\n'
bad_file "bad.sallyport:2: user: '-F' is no" 'gateway = gw\nuser = -F\nvm = a\n'
bad_file "bad.sallyport:2: vm: '../a' is no" 'gateway = gw\nvm = ../a\n'
bad_file "bad.sallyport:3: port: '22;id' is no port" 'gateway = gw\nvm = a\nport = 22;id\n'
bad_file "bad.sallyport:1: vm a: no '='" 'vm a\ngateway = gw\n'
bad_file "bad.sallyport:1: gateway: '?[2Jgw' is no" 'gateway = \033[2Jgw\nvm = a\n'
bad_file 'bad.sallyport: vm: missing' 'gateway = gw\n'
bad_file 'bad.sallyport: gateway: missing' ''
bad_file 'more than 100 lines' "$(printf '\\n%.0s' {1..200})"
printf 'vm = A\ngateway = a b\nport = x\n' >bad.sallyport
view bad.sallyport
check '  all mistakes in one run' 3 "$(grep -c 'bad.sallyport:[123]: ' err)"
view nowhere/x.sallyport; check '  no such file' '64 ' "$STATUS $(calls)"
view "$FAKE"/run/; check '  a folder' 64 $STATUS

# --- refusals, before any viewer
refused() { # WHAT STATUS WORDS
	check "$1: exit status" "$2" $STATUS
	check "  in words" "~$3" "$ERR"
	[ ! -e viewer.args ] && [ -z "$(called '"forward"')" ] && pass '  no forward, no viewer' || fail "  $1: $(cat calls)"
	nothing_left "  $1"
}
fresh; echo 'deny   webdev spice: not at this time, from Mon 08:00' >answer.why.webdev.spice; echo 'deny   webdev x: no grant' >answer.why
view gw webdev
refused 'not now' 77 'gw: deny   webdev spice: not at this time, from Mon 08:00'
check '  each way in was asked for' 4 "$(grep -c '"why"' calls)"
fresh; closed; echo 'deny   webdev spice: no grant' >answer.why.webdev.spice; view gw webdev
check 'only to look at: spice:view will do' '0 spice' "$STATUS $(sed -n 's/type=//p' viewer.vv)"
fresh; closed; echo 'deny   webdev spice: no grant' >answer.why; echo 'allow  webdev vnc: granted; seat free' >answer.why.webdev.vnc; view gw webdev
check 'only VNC is granted: VNC' '0 vnc' "$STATUS $(sed -n 's/type=//p' viewer.vv)"
fresh; echo 'deny   webdev spice: no grant' >answer.why.webdev.spice; echo 'deny   webdev spice: no grant' >answer.why.webdev.spice:view; view --spice gw webdev
refused '--spice: not VNC in its place' 77 'no grant'
for code in 64 75 77; do
	fresh; echo "sallyport: The gateway's daemon does not answer" >answer.why; echo $code >rc.why; view gw webdev
	refused "the gateway's own $code" $code "gw: sallyport: The gateway's daemon does not answer"
done
fresh; : >answer.why; echo 255 >rc.why; view gw webdev
refused 'a session that fails' 75 'gives no answer'
fresh; echo 'anne@gw: Permission denied (publickey,keyboard-interactive).' >connect.err; echo 255 >connect.rc; view gw webdev
refused 'wrong key or OTP' 77 'does not let you in'
check "  ssh's own words are shown" '~Permission denied (publickey' "$ERR"
fresh; echo 'ssh: connect to host gw port 22: Connection timed out' >connect.err; echo 255 >connect.rc; view gw webdev
refused 'a gateway that is down' 75 'no connection to gw'
fresh; echo 'Host key verification failed.' >connect.err; echo 255 >connect.rc; view gw webdev
refused 'another host key' 77 'was not recognized'
fresh; echo 'allow  webdev spice: granted; seat taken' >answer.why; echo 'webdev screen: boss has it since Wed 10:05' >answer.seat; view gw webdev
refused 'a seat that is taken' 75 'gw: webdev screen: boss has it since Wed 10:05'
fresh; echo 'allow  webdev spice: granted; seat taken' >answer.why; printf 'webdev screen: boss has it\n  you may take it over: open the console\n' >answer.seat; view gw webdev
refused 'a seat that could be taken over' 75 '--takeover'
closed; view --takeover gw webdev
[ -e viewer.args ] && pass '  --takeover opens it' || fail "  --takeover: $ERR"
fresh; closed; echo 'allow  webdev spice: granted; seat taken' >answer.why; printf 'webdev screen: boss has it, to look only\n  it is yours as soon as you open the console\n' >answer.seat; view gw webdev
[ -e viewer.args ] && pass '  who only looks gives way' || fail "  who only looks: $ERR"
fresh; mkdir bin; ln -s "$(type -P tr)" bin/tr; PATH=$FAKE/bin $(type -P dash) "$VIEW" gw webdev 2>err; check 'no ssh here: 69' '69 sallyport-view: ssh is not here (package openssh-client)' "$? $(cat err)"
fresh; DISPLAY='' view gw webdev; check 'no screen: 69, before ssh asks for anything' '69 ' "$STATUS $(calls)"
fresh; closed; view --session-otp gw webdev
check '--session-otp: a session with a terminal first' '0 "-t", "--", "gw", "vms"]' "$STATUS $(called '"-t"' | sed 's/.*ERROR", //')"
fresh; echo 77 >rc.vms; view --session-otp gw webdev
refused 'no OTP there' 77 'does not let you in'
fresh; echo 'sallyport: A one-time password is needed, and there is no terminal to ask for it.' >answer.why; echo 77 >rc.why; view gw webdev
refused 'a gateway that asks in the session, without it' 77 'see --session-otp'

# --- a hostile gateway
fresh; closed
printf 'allow $(touch pwned) `touch pwned`; touch pwned\n\033[2J\033]0;x\007\n../../pwned\n[virt-viewer]\nhost=evil\n' >answer.why
view gw webdev
check 'forged answers: nothing is executed, the viewer gets our own file' '0 4' "$STATUS $(grep -c = viewer.vv)"
nothing_left '  nothing'
fresh; printf 'deny \033[31m\r\bsallyport-view: all is well\n\233x$(touch pwned)\nsallyport-view: type your OTP here:\n' >answer.why; view gw webdev
printable err && pass '  no control character reaches the terminal' || fail "  control characters: $(cat -v err)"
check '  no line of its can pass for ours' '' "$(grep '^sallyport-view: type' err)"
fresh; closed; printf 'anne\033[2J\tweb\303\244\n' >answer.vms; view --list gw
printable out && pass '  nor by --list' || fail "  --list: $(cat -v out)"
fresh; printf '\033[2J\033[31mallow webdev\n' >answer.why; view gw webdev; check '  what does not begin with "allow" allows nothing' 77 $STATUS
fresh; odd=$FAKE/$(printf 'x\nsallyport-view: all is well\ny.sallyport'); echo 'vm webdev' >"$odd"; view "$odd"; rm "$odd"
check "  nor one of a file's name" '64 ' "$STATUS $(grep '^sallyport-view: all' err)"
{ printf 'gateway = gw\nvm = '; head -c 300000 /dev/zero | tr '\0' ' '; echo web; } >long.sallyport
SECONDS=0; view long.sallyport; rm long.sallyport
check 'a file with a line without end' '64 more than 1000 characters' "$STATUS $(grep -o 'more than 1000 characters' err)"
[ $SECONDS -le 20 ] && pass '  soon' || fail "  after $SECONDS s"
fresh; : >endless.why; view gw webdev
check '  an endless answer is cut off' '75' "$STATUS"
check '  after 40 lines of 300' yes "$([ "$(wc -c <err)" -lt 13000 ] && echo yes)"
nothing_left '  endless'
fresh; printf 'x\033[2J%s\n' "$(head -c 400000 /dev/zero | tr '\0' y)" >connect.err; echo 255 >connect.rc; view gw webdev
check "  ssh's words without end" 75 $STATUS

# --- files
mount=$FAKE/run-files
mkdir "$mount"
fresh
viewing --sftp "$mount" gw webdev
check '--sftp beside a console' '~ControlPath=' "$(cat sshfs.args)"
[ -e "$mount/mounted" ] && closed
ended
check '  unmounted when the window is closed' "0 " "$STATUS $(ls "$mount")"
fresh; starts --sftp "$mount" gw; until_so 60 grep -q 'ends it' err; kill -INT "$(cat view.pid)"; ended
check '--sftp alone: ^C ends it, that is no error' "0 " "$STATUS $(ls "$mount")"
nothing_left '  --sftp'
fresh; : >no-files; view --sftp "$mount" gw; check '  no files: 77' 77 $STATUS
printable err && pass '  in words' || fail "  $ERR"
: >"$mount/x"; fresh; view --sftp "$mount" gw; check '  a folder that is not empty: 64, ssh is not called' '64 ' "$STATUS $(calls)"
rm "$mount/x"

# --- whatever ends it
for SH in "${SHELLS[@]}"; do
	for signal in HUP INT QUIT TERM; do
		fresh
		viewing --sftp "$mount" gw webdev
		kill -$signal "$(cat view.pid)"
		ended
		check "$SH: SIG$signal: exit status" $((128 + $(kill -l $signal))) $STATUS
		check '  unmounted' '' "$(ls "$mount")"
		nothing_left "  SIG$signal"
	done
	fresh; viewing gw webdev; kill -9 "$(cat master.pid)"; ended
	check "$SH: the connection dies" 75 $STATUS
	check '  said so' '~the connection to gw has ended' "$ERR"
	nothing_left '  the connection died'
	fresh; viewing gw webdev; kill -SEGV "$(cat viewer.pid)"; ended
	check "$SH: the viewer crashes" 70 $STATUS
	check '  said so, with its last words' '~a window ?[31mtitle' "$ERR"
	nothing_left '  the viewer crashed'
done
SH=dash
fresh; : >hang.why; starts gw webdev; until_so 60 grep -q why calls; kill "$(cat view.pid)"; ended
check 'TERM while the gateway thinks' 143 $STATUS
nothing_left '  while it thinks'
fresh; : >deaf; viewing gw webdev; kill "$(cat view.pid)"; ended
check 'a viewer that does not end is killed' 143 $STATUS
nothing_left 'a deaf viewer'
fresh; : >stubborn; closed; view gw webdev
check 'an ssh that does not end is killed' 0 $STATUS
nothing_left '  a stubborn ssh'
fresh; viewing gw webdev; echo 'deny   webdev spice: not at this time' >answer.why; closed; ended
check 'closed because its time is over: 77, in words' '77' $STATUS
check '  the words' '~gw: deny   webdev spice: not at this time' "$ERR"
fresh; viewing gw webdev; echo 'allow  webdev spice: granted; seat taken' >answer.why; echo 'webdev screen: boss has it since Wed 10:05' >answer.seat; closed; ended
check 'closed because somebody took over: 75' 75 $STATUS
check '  by whom' '~boss has it' "$ERR"
wait $SLOW
check 'a gateway that never answers: 75, after 20 s' '75 soon' "$(cat run-slow/status)"
check '  nothing is left' '' "$(find run-slow/run -mindepth 1; FAKE=$FAKE/run-slow lives run-slow/master.pid && echo master)"

# --- --print: nothing is done; what it prints, does it
fresh
view --print -o 'A  b' -i "it's" --full-screen 'CORP\bob@gw' webdev
check '--print: calls nothing' "0 " "$STATUS $(calls)"
cp out run-script
closed
view -o 'A  b' -i "it's" 'CORP\bob@gw' webdev; sed -n 1p calls | sed 's|"[^"]*/ssh"|DIR|' >run-real
closed; rm calls; sh run-script >/dev/null 2>&1
check '  what it prints connects alike' "$(cat run-real)" "$(sed -n 1p calls | sed 's|"[^"]*/ssh"|DIR|')"
check '  and shows the same window' '~title=webdev on gw' "$(cat viewer.vv)"
left=$(lives master.pid && echo master); check '  and leaves nothing' '' "$left"

# --- completion
completes() { # LINE…: what is offered for its last word
	bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sallyport_view; printf "%s\n" "${COMPREPLY[@]}"' "$OLDPWD/conf/sallyport-view.bash-completion" "$@"
}
mkdir -p home/.ssh; printf 'Host gw1 gw2\nHost *\n  User anne\nhost other\n' >home/.ssh/config
check 'completion: options' '--list --local-port' "$(HOME=$FAKE/home completes sallyport-view --l | paste -sd' ')"
check 'completion: gateways of ssh_config' 'anne@gw1 anne@gw2' "$(HOME=$FAKE/home completes sallyport-view anne@gw | paste -sd' ')"
[ $failed = 0 ] || { echo "$failed failed"; exit 1; }
