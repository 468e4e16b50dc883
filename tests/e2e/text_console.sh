#!/bin/bash
# console and connect: a serial line on the user's terminal, and any endpoint on standard
# input and output where forwards are off altogether. Real sshd, PAM and daemon; the VM is
# a script, and a second real sshd.
# timeout: 400
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
export GW BUILD
GW_SSHD="DisableForwarding yes
MaxSessions 40"

gw_backends() {
	local uid
	uid=$(id -u vmhost)
	chown vmhost /run/vms
	mkfifo "$GW/orders"
	python3 -B tests/support/spice_server.py unix:/run/vms/spice --uid "$uid" --channels display,inputs <>"$GW/orders" >"$GW/vm.log" 2>&1 &
	GW_PIDS="${GW_PIDS:-} $!"
	python3 tests/support/backend.py unix /run/vms/serial,/run/vms/raw "$GW/raw.count" "$uid" & GW_PIDS="$GW_PIDS $!"
	setpriv --reuid vmhost --clear-groups socat -t 60 UNIX-LISTEN:/run/vms/sum,fork EXEC:sha256sum 2>/dev/null & GW_PIDS="$GW_PIDS $!"
	gw_vm_sshd
	python3 -c 'import socket, time
s = socket.socket(socket.AF_UNIX); s.bind("/run/vms/late"); s.listen(0)
first = [socket.socket(socket.AF_UNIX) for _ in range(2)] # more than its queue takes
for c in first:
    c.setblocking(False); c.connect_ex("/run/vms/late")
print("full", flush=True); time.sleep(600)' >"$GW/late.log" & GW_PIDS="$GW_PIDS $!"
	gw_wait 20 test -s "$GW/late.log"
	gw_wait 60 grep -q ready "$GW/vm.log" && gw_wait 20 test -s "$GW/raw.count" -a -S /run/vms/sum &&
		gw_wait 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/20022'
}
gw_policy() {
	gw_conf
	cat >/etc/sallyport/vms.conf <<-CONF
		[vm webdev]
		serial = unix:/run/vms/serial
		spice = unix:/run/vms/spice
		service.ssh = tcp:127.0.0.1:20022
		service.raw = unix:/run/vms/raw
		service.sum = unix:/run/vms/sum
		service.off = unix:/run/vms/nobody
		service.late = unix:/run/vms/late

		[vm books]
		serial = unix:/run/vms/raw
	CONF
	gw_grants 'anne webdev spice,serial,ssh,raw,sum,off,late always' 'maggie webdev serial always'
}
GW_CONF='connect_timeout = 60s'

gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log" "$GW/vm.log"; finish; }
for u in anne maggie; do gw_hold $u $u || { fail "$u did not get in: $(cat "$GW/$u.log")"; finish; }; done
run() { gw_over anne x "$@" >"$GW/out" 2>"$GW/err"; RC=$?; }
opened() { gw_wait 20 sh -c "sallyport list channels | grep -q '$1.* open '"; } # RIGHT
# A VM that takes longer than the shell is let wait: looked at below.
gw_over anne x connect webdev late </dev/null >"$GW/late" 2>&1 & LATE=$!

# --- connect: any endpoint, as it is -------------------------------------------------
gw_ssh anne -N -L "$GW/l.sock:/run/sallyport/vm/webdev/raw" >/dev/null 2>&1 & P=$!
sleep 0.5; [ -S "$GW/l.sock" ] && socat -u "UNIX:$GW/l.sock" - </dev/null >"$GW/out" 2>&1; gw_end $P
check 'forwards are off' '' "$(cat "$GW/out" 2>/dev/null)"
run connect webdev raw < <(printf hello)
check 'connect: bytes, half-close, the rest of the answer' '0 HELLOEND 5' "$RC $(tr -d '\n' <"$GW/out")"
check '  not a word besides' '' "$(cat "$GW/err")"
gw_logged 15 '"event":"close"' '"right":"raw"' '"user":"anne"' '"reason":"closed"' '"bytes_up":5' && pass '  one open, one close, with its bytes' || fail "record: $(gw_log '"right":"raw"')"
check '  and no session besides' '1 1 0' "$(gw_log '"event":"open"' '"right":"raw"' | wc -l) $(gw_log '"event":"close"' '"right":"raw"' | wc -l) $(gw_log '"event":"session"' '"right":"raw"' | grep -c .)"
head -c 20000000 /dev/urandom >"$GW/big"; SUM=$(sha256sum <"$GW/big")
check 'connect: 20 MB up, and its sum when the end has come' "$SUM" "$(gw_over anne x connect webdev sum <"$GW/big" 2>&1)"
gw_over anne x connect webdev raw <"$GW/big" 2>&1 | sha256sum >"$GW/got" # both ways at once
check '  20 MB up and down at once, 8 bits' "$(python3 -c "
import hashlib; d = open('$GW/big', 'rb').read(); print(hashlib.sha256(d.upper() + b'END %d\n' % len(d)).hexdigest())")" "$(cut -d' ' -f1 "$GW/got")"
PROXY="ssh -F none -o LogLevel=ERROR -S $GW/anne.ctl x connect %h ssh"
vm() { "$1" -F none -q -i "$GW/root.key" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ProxyCommand="$PROXY" "${@:2}"; }
check 'ProxyCommand: ssh into the VM' 'vmhost 3' "$(vm ssh vmhost@webdev 'id -un; exit 3' 2>"$GW/err") $?"
mkdir -m 777 "$GW/there"; chmod 755 "$GW"
vm scp "$GW/big" "vmhost@webdev:$GW/there/big" 2>"$GW/err" && check '  scp of 20 MB to it' "$SUM" "$(sha256sum <"$GW/there/big")" || fail "scp up: $(cat "$GW/err")"
vm scp "vmhost@webdev:$GW/there/big" "$GW/back" 2>"$GW/err" && check '  and back' "$SUM" "$(sha256sum <"$GW/back")" || fail "scp down: $(cat "$GW/err")"
check 'SPICE by connect: main and others, on one session' '~inputs result 0' "$(timeout 40 python3 -B tests/support/spice.py session "exec:ssh -F none -S $GW/anne.ctl x connect webdev spice" --open display inputs 2>&1)"
gw_logged 15 '"event":"close"' '"right":"spice"' 'inputs:0=' && pass '  one record for all of it' || fail "record: $(gw_log '"right":"spice"')"

# --- refusals -------------------------------------------------------------------------
alike() { sed "s/$1/X/g" "$GW/err"; }
run connect webdev raw x; check 'a word too many: 64' '64 ' "$RC $(cat "$GW/out")"
run connect books serial; check 'not granted: 77, nothing on standard output' '77 ' "$RC $(cat "$GW/out")"
A=$(alike books); check '  in words' '~is not open to you' "$A"
gw_logged 15 '"verdict":"deny"' '"vm":"books"' '"right":"serial"' '"user":"anne"' && pass '  on record' || fail 'no record of it'
run connect nosuch serial; check '  a VM that is not there: alike' "77 $A" "$RC $(alike nosuch)"
run connect webdev nosuch; check '  a right that is not there: alike' "77 webdev X" "$RC $(alike nosuch | grep -o 'webdev X')"
run connect host shell; check "  the host is no VM" 77 "$RC"
run connect webdev off; check 'nobody listens there: 75' '75 ' "$RC $(cat "$GW/out")"
check '  in words' '~webdev off: ' "$(cat "$GW/err")"
gw_over maggie x connect webdev ssh >"$GW/out" 2>"$GW/err"; check "another's right: 77" '77 ' "$? $(cat "$GW/out")"
wait $LATE; check 'no answer in time: 75' '75 ~could not be made in time' "$? ~$(grep -o 'could not be made in time' "$GW/late")"
late_denials() { gw_log '"verdict":"deny"' | grep -E '"right":"late"|no answer in time'; }
gw_wait 15 late_denials; check '  on record once' 1 "$(late_denials | wc -l)"
check '  with the VM and the reason' '~"reason":"no answer in time"' "$(late_denials | grep '"vm":"webdev"')"

# --- ends ------------------------------------------------------------------------------
gw_over anne x connect webdev raw < <(sleep 50) >"$GW/out" 2>"$GW/err" & P=$!
opened raw
sallyport disconnect "$(sallyport list channels | grep raw | grep -o 'ch[0-9]*')" >/dev/null
wait $P; check 'disconnect chN: 75, with words' '75 ~disconnected' "$? ~$(grep -o disconnected "$GW/err")"
# What sallyport-shell would not do with it: she has a shell, and asks by a program of hers.
cp tests/support/taker.py /tmp/taker.py; chmod 644 /tmp/taker.py
gw_regrant "$(tail -n 2 /etc/sallyport/vm_mappings | head -n 1)" 'anne host shell always' 'maggie webdev serial always'
taker() { gw_over anne x python3 /tmp/taker.py "$@" 2>&1; }
check 'a descriptor that a user passes on to the gate: refused' '~refused' "$(taker pass webdev raw)"
check 'a second question: the channel ends' ended "$(taker again webdev raw)"
rm -f /tmp/left; (umask 0; : >/tmp/left)
taker leave webdev raw /tmp/left >/dev/null; gw_wait 12 test -s /tmp/left
check 'its process ends, and leaves the end to another: the channel ends' ended "$(cat /tmp/left)"
# Ends that nobody takes are the daemon's to count: at 300 it could pass none to the others.
GW_CONF='opens_per_s = 1000'; gw_policy; gw_regrant 'anne host shell always' 'anne webdev raw always' 'maggie webdev raw always'
OPEN=$(prlimit --pid "$(cat "$GW/daemon.pid")" --nofile --noheadings --output SOFT)
prlimit --pid "$(cat "$GW/daemon.pid")" --nofile=300:
mkfifo "$GW/keep"; taker keep webdev raw 330 <"$GW/keep" >"$GW/kept" & P=$!; exec 9>"$GW/keep"
gw_wait 50 grep -q kept "$GW/kept"
N=$(tr -dc 0-9 <"$GW/kept")
[ "${N:-0}" -ge 10 ] && [ "$N" -le 64 ] && pass 'ends that she leaves untaken: no more than max_sessions' || fail "ends that she leaves untaken: $N"
check '  others get theirs' 'HELLOEND 5' "$(printf hello | gw_over maggie x connect webdev raw 2>&1 | tr -d '\n')"
exec 9>&-; wait $P
check '  and she again, when she has let go of them' 'HELLOEND 5' "$(printf hello | gw_over anne x sallyport-shell -c "'connect webdev raw'" 2>&1 | tr -d '\n')"
prlimit --pid "$(cat "$GW/daemon.pid")" --nofile="$OPEN:"
GW_CONF=; gw_policy; gw_reload >/dev/null
# The shell's process ends: so does the channel, at once.
gw_over anne x connect webdev raw < <(sleep 50) >"$GW/out" 2>"$GW/err" & P=$!
opened raw
pkill -KILL -u anne -x sallyport-shell
gw_wait 3 sh -c '! sallyport list channels | grep -q raw' && pass 'its process is killed: the channel ends' || fail "it lives on: $(sallyport list channels)"
wait $P
gw_over anne x connect webdev sum </dev/zero >"$GW/out" 2>"$GW/err" & P=$!
opened sum
gw_regrant 'anne webdev spice,serial,ssh,raw,off always' 'maggie webdev serial always'
SECONDS=0; wait $P; check 'revoked under full load: 77' '77 ' "$? $(cat "$GW/out")"
[ $SECONDS -le 2 ] && pass "  within 2 s" || fail "  after $SECONDS s"
check '  with words' '~webdev sum: ' "$(cat "$GW/err")"
# Nobody reads what comes: the end comes all the same.
mkfifo "$GW/full"; exec 8<>"$GW/full"
(yes | gw_over anne x connect webdev raw) >"$GW/full" 2>"$GW/err" & P=$!
opened raw; sleep 0.5
gw_regrant 'anne webdev spice,serial,ssh always' 'maggie webdev serial always'
gw_wait 3 sh -c '! pgrep -u anne -x sallyport-shell' && pass 'revoked while its reader stands still: the process is gone' || fail "it is there: $(ps -u anne -o stat,wchan,args)"
exec 8<&-; gw_end $P
gw_regrant 'anne webdev spice,serial,ssh,raw,sum,off always' 'maggie webdev serial always'
gw_over anne x connect webdev raw < <(yes) 2>"$GW/err" | head -c 100000 >/dev/null
gw_wait 5 sh -c '! pgrep -u anne -x sallyport-shell' && pass 'its reader goes: a quiet end' || fail 'it goes on'

# --- console: without a terminal, and on one ---------------------------------------------
run console webdev < <(printf 'a\035\177\r\n\200\377')
check 'console without a terminal: every byte is the VM'"'s" "$(printf 'A\035\177\r\n\200\377END 7\n' | od -c)" "$(od -c <"$GW/out")"
check '  not a word besides' '0 ' "$RC $(cat "$GW/err")"
PYTHONPATH=tests/support GWS=$GW python3 -B - <<'PY' || FAILED=$((FAILED + 1))
import fcntl, os, re, struct, subprocess, termios, time
from terminal import *

def over(user, *command):
    return Terminal(user, "-S", f"{GW}/{user}.ctl", "-tt", "-e", "none", "--", *command, timeout=20)
def console(user="anne", say="hello"):
    t = over(user, "console", "webdev")
    t.expect(r"webdev: its serial line; \^\] leaves"); t.expect("\n")
    t.send(say); t.expect(say.upper())
    return t
def seats(): return subprocess.check_output(["sallyport", "list", "seats"], text=True)
def wait_for(what, seconds=10):
    end = time.time() + seconds
    while not what() and time.time() < end: time.sleep(0.05)
    return what()
def reload(*grants):
    with open("/etc/sallyport/vm_mappings", "w") as out: out.write("".join(g + "\n" for g in grants))
    subprocess.check_output(["sallyport", "reload"])
def ptys(): # the terminal that the shell of anne has on the gateway
    for pid in subprocess.run(["pgrep", "-u", "anne", "-x", "sallyport-shell"], stdout=subprocess.PIPE, text=True).stdout.split():
        name = os.readlink(f"/proc/{pid}/fd/0")
        if name.startswith("/dev/pts/"): return name
def modes(): return subprocess.check_output(["stty", "-g", "-F", ptys()], text=True)

t = console(); check("console: what is typed goes there, and comes back", True)
check("  it has the seat", "anne" in seats().split("serial")[1].split("\n")[0], seats())
t.send("\x03\x04\x1a\x13\x11\x1c\x7f~\r~.\t\x00z")
i = t.expect_exact("\x03\x04\x1a\x13\x11\x1c\x7f~\r~.\t\x00Z")
check("  keys that a terminal would take itself: all of them", i == 0)
t.send(bytes(range(0x80, 0x100)).decode("latin-1")); t.expect_exact(bytes(range(0x80, 0x100)).decode("latin-1"))
check("  8 bits", True)
t.setwinsize(50, 132); time.sleep(0.3)
t.send("after"); t.expect("AFTER"); check("  a new window size changes nothing", True)
t.send("\x1d"); check("  ^] leaves: 0", t.end() == 0, t.exitstatus)
check("  and the seat is free", wait_for(lambda: "free" in seats().split("serial")[1]), seats())

# its terminal is put back: seen from a shell of hers around it
reload("anne host shell always", "anne webdev serial,raw always", "maggie webdev serial always")
t = over("anne", "stty -a; echo ==; sallyport-shell -c 'console webdev'; echo rc $?; stty -a; echo done")
t.expect("==\r\n"); before = t.before
t.expect("leaves"); t.send("x"); t.expect("X"); t.send("\x1d"); t.expect(r"rc 0\r?\n"); t.expect("done")
check("the terminal is as it was: left", t.before.strip() == before.strip(), t.before); t.end()
for what, end in (("ended by SIGTERM", "pkill -TERM -u anne -x sallyport-shell"), ("by SIGHUP", "pkill -HUP -u anne -x sallyport-shell"),
                  ("disconnected", "sallyport disconnect $(sallyport list seats | grep serial | grep -o 'ch[0-9]*')")):
    t = over("anne", "stty -a; echo ==; sallyport-shell -c 'console webdev'; echo rc $?; stty -a; echo done")
    t.expect("==\r\n"); before = t.before
    t.expect("leaves"); t.send("x"); t.expect("X"); subprocess.run(end, shell=True, stdout=subprocess.DEVNULL)
    t.expect(r"rc \d+\r?\n"); t.expect("done")
    check(f"  {what}", t.before.strip() == before.strip(), t.before); t.end()
reload("anne webdev serial,raw always", "maggie webdev serial always")

# a page beside it: what the user may not have is the same there, too, whether or not it is
t = over("anne"); t.expect("leaves"); told = []
for vm, right in (("books", "serial"), ("nosuch", "serial"), ("webdev", "nosuch")):
    subprocess.run(["ssh", "-F", "none", "-S", f"{GW}/anne.ctl", "x", "connect", vm, right], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    t.expect(f" {vm} {right} +([^\r\n]*)\r"); told.append(t.match.group(1))
check("a page tells of what is denied: alike, whether or not it is there", told == ["not open to you, or not at this time"] * 3, told)
t.send("q"); t.end()

# seats
t = console()
m = over("maggie", "console", "webdev")
check("another's seat: 75", m.end() == 75, m.exitstatus)
check("  and whose it is", re.search("the seat is taken: anne has it since", m.rest.replace("\r\n", " ")), m.rest)
t.send("still"); t.expect("STILL"); check("  who has it is not disturbed", True)
t2 = console("anne", "newer"); check("one's own second takes it", True)
check("  and the first is told: 75", t.end() == 75 and "replaced by a newer" in t.rest, (t.exitstatus, t.rest))
reload("anne webdev serial,raw always", "maggie webdev spice,serial,takeover always")
m = console("maggie", "mine"); check("taken over", True)
check("  and she is told by whom: 75", t2.end() == 75 and "taken over by maggie" in t2.rest.replace("\r\n", " "), (t2.exitstatus, t2.rest))
reload("anne webdev serial,raw always")
start = time.time()
status = m.end()
check("revoked: 77 within 2 s, with words", status == 77 and time.time() - start < 2 and "no grant" in m.rest, (status, time.time() - start, m.rest))
t = console(); subprocess.run(["sallyport", "disconnect", "anne"], stdout=subprocess.DEVNULL)
status = t.end(); check("her connection is ended: so is the console", status in (75, 255) or status < 0, status) # 75: there was time to say why
finish()
PY
gw_release anne; gw_release maggie
# --- otp = shell, without a master: ssh -t asks on the terminal ----------------------------
usermod -s /usr/bin/sallyport-shell anne
sed -i '/^gated/a otp = shell' /etc/sallyport/sallyport.conf
gw_reload >/dev/null; sallyport print sshd >"$GW/print"
{ sed '/^# sallyport/,$d;/^Match/,$d' /etc/ssh/sshd_config; cat "$GW/print"; } >"$GW/conf"; cp "$GW/conf" /etc/ssh/sshd_config; gw_sshd_reload
PYTHONPATH=tests/support python3 -B - <<'PY' || FAILED=$((FAILED + 1))
from terminal import *
t = Terminal("anne", "-t", "--", "console", "webdev").answer()
t.expect("leaves"); t.send("typed"); t.expect("TYPED"); t.send("\x1d")
check("otp = shell: the OTP, then the console", t.end() == 0, (t.exitstatus, t.rest))
t = Terminal("anne", "-T", "--", "connect", "webdev", "raw")
check("  no terminal for the OTP: 77", t.end() == 77, (t.exitstatus, t.rest))
finish()
PY
finish
