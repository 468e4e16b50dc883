#!/bin/bash
# Two users, two VMs, one console each, over ssh -L: what the audit log tells of it (four
# lines, with channels, bytes and times), and what an admin sees while it goes on. Real
# sshd, PAM and daemon; VMs and viewers are scripts.
# timeout: 400
. tests/e2e/lib.sh
DAY=$(LC_ALL=C date -d 'now + 3 days' +%a) # not today

gw_backends() {
	local vm
	chown vmhost /run/vms
	for vm in webdev books; do
		mkfifo "$GW/$vm.orders"
		python3 -B tests/support/spice_server.py unix:/run/vms/$vm.spice --uid "$(id -u vmhost)" \
			--channels display,inputs,cursor --ping 4096 <>"$GW/$vm.orders" >"$GW/$vm.log" 2>&1 &
		GW_PIDS="${GW_PIDS:-} $!"
	done
	gw_wait 60 grep -q ready "$GW/webdev.log" && gw_wait 60 grep -q ready "$GW/books.log"
}
gw_policy() {
	gw_conf
	printf '[vm webdev]\nspice = unix:/run/vms/webdev.spice\n\n[vm books]\nspice = unix:/run/vms/books.spice\n' >/etc/sallyport/vms.conf
	gw_grants 'anne webdev spice always' "anne books spice $DAY" 'maggie books spice always' "maggie webdev spice $DAY"
}
port() { [ "$1" = anne ] && echo 15900 || echo 15910; } # USER: the own VM's; the next one: the other's
hold() { # USER
	local own=webdev other=books
	[ "$1" = anne ] || own=books other=webdev
	gw_hold "$1" "$1" -L "127.0.0.1:$(port "$1"):$own:5900" -L "127.0.0.1:$(($(port "$1") + 1)):$other:5900" ||
		{ fail "$1 did not get in: $(cat "$GW/$1.log")"; finish; }
}
views() { # USER: a session that stays
	: >"$GW/$1.out"
	timeout 330 python3 -B tests/support/spice.py session "tcp:127.0.0.1:$(port "$1")" --pings 1 --open display inputs cursor --hold 320 >"$GW/$1.out" 2>&1 &
	eval "VIEW_$1=$!"
	gw_wait 30 grep -q '^cursor result 0' "$GW/$1.out" || fail "$1 has no session: $(cat "$GW/$1.out")"
}
ends() { local p="VIEW_$1"; kill "${!p}" 2>/dev/null; wait "${!p}" 2>/dev/null; gw_logged 20 '"event":"close"' "\"user\":\"$1\"" || fail "$1 goes on"; }
draw() { printf "send display 314 %s\n" "$(head -c "$2" /dev/zero | od -An -v -tx1 | tr -d ' \n')" >"$GW/$1.orders"; } # VM BYTES
lines() { sallyport log | grep -E "  [0-9]+ +($1) "; }

gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log" "$GW"/*.log; finish; }
hold anne
hold maggie
views anne
views maggie

# --- while it goes on
check 'list seats: who, by what, with how many channels' anne:spice:taken:4 "$(sallyport --json list seats | python3 -c '
import json, sys
s = [s for s in json.load(sys.stdin) if s["vm"] == "webdev"][0]
print(s["user"], s["right"], s["state"], s["channels"], sep=":")')"
idle() { sallyport --json list seats | python3 -c '
import json, sys
print(*[s["idle"] for s in json.load(sys.stdin) if s["vm"] == sys.argv[1]])' webdev; }
sleep 2
case $(idle) in [2-9]s | [1-9][0-9]s | *m*) pass "  and how long nobody has used it" ;; *) fail "  idle: $(idle)" ;; esac
env --default-signal=INT sallyport list channels --watch 1 >"$GW/watch" 2>"$GW/watch.err" & WATCH=$!
gw_wait 20 grep -q UP_PER_S "$GW/watch" || fail "watch: $(cat "$GW/watch" "$GW/watch.err")"
draw webdev 60000
gw_wait 20 grep -q 'display:0.* [0-9.]* KiB/s' "$GW/watch" && pass 'list channels --watch: what flows' || fail "watch: $(cat "$GW/watch")"
gw_wait 20 sh -c "[ \$(grep -c ^ID '$GW/watch') -ge 3 ]"
kill -INT $WATCH
wait $WATCH
check '  ^C ends it, and is no failure' 0 $?
check '  each time a block' yes "$([ "$(grep -c '^ID' "$GW/watch")" -ge 3 ] && [ "$(grep -c '^$' "$GW/watch")" -ge 3 ] && echo yes)"
check '  and nothing else' '' "$(cat "$GW/watch.err")"
twice() { [ "$(grep -c $'\033\[H\033\[2J' "$GW/watch.tty")" -ge 2 ]; }
timeout 60 script -qfc 'sallyport list seats --watch 1' "$GW/watch.tty" </dev/null >/dev/null 2>&1 & WATCH=$!
gw_wait 20 twice && pass '  on a terminal in place of what was there' || fail "  on a terminal: $(cat "$GW/watch.tty")"
kill $WATCH
timeout 60 sallyport --json list channels --watch 1 >"$GW/watch.json" & WATCH=$!
rates() { python3 -c '
import json, sys
text, decoder, arrays = open(sys.argv[1]).read(), json.JSONDecoder(), []
while text.strip():
    array, end = decoder.raw_decode(text.lstrip())
    text = text.lstrip()[end:]
    arrays.append(array)
sys.exit(not (len(arrays) > 1 and arrays[0][0]["up_per_s"] == "" and arrays[1][0]["up_per_s"].isdigit()))' "$GW/watch.json"; }
gw_wait 20 rates && pass '  JSON: an array each time, rates from the second on' || fail "  JSON: $(cat "$GW/watch.json")"
kill $WATCH; wait $WATCH 2>/dev/null
check '--watch takes seconds' 64 "$(sallyport list seats --watch soon >/dev/null 2>&1; echo $?)"

# --- what comes of it
check "another's console: anne" 'error 7' "$(python3 -B tests/support/spice.py link tcp:127.0.0.1:15901 2>&1)"
check "another's console: maggie" 'error 7' "$(python3 -B tests/support/spice.py link tcp:127.0.0.1:15911 2>&1)"
ends anne
ends maggie
lines 'open|close' | tee "$GW/story"
check 'two users, two consoles: four lines' 4 "$(wc -l <"$GW/story")"
for who in anne:webdev maggie:books; do
	user=${who%:*} vm=${who#*:}
	check "  $user at $vm: allowed, by which line, from where" 1 "$(grep -cE "open $user $vm spice allow \(vm_mappings:[13]\) .*from 127.0.0.1 c[0-9]+ ch[0-9]+ main:0$" "$GW/story")"
	check '  its end: why, how much, how long' 1 "$(grep -cE "close $user $vm spice [a-z ]+ c[0-9]+ ch[0-9]+ up [0-9.]+ (B|KiB) down [0-9.]+ KiB in [0-9a-z. ]+ s; main:0 " "$GW/story")"
	for kind in main display inputs cursor; do
		grep -qE "close $user $vm .* $kind:0 up [0-9.]+ [KM]?i?B down [0-9.]+ [KM]?i?B in [0-9a-z. ]+ s(,|\$)" "$GW/story" || fail "  $kind is not told of"
	done
done
check "the VM's own: log --vm" 3 "$(sallyport log --vm webdev | wc -l)" # maggie's refusal is the third
check '  with the refusal' 1 "$(sallyport log --vm webdev --verdict deny | grep -cE 'deny maggie webdev spice +deny: ')"
check 'the sums are those of the channels' yes "$(python3 -c '
import json, sys
for line in open(sys.argv[1]):
    r = json.loads(line)
    if r["event"] == "close":
        up, down, ms = zip(*(map(int, c.split("=")[1].split("/")) for c in r["channels"].split()))
        if (sum(up), sum(down)) != (r["bytes_up"], r["bytes_down"]) or max(ms) > r["duration_ms"] or r["conn"][0] != "c":
            sys.exit(line)
print("yes")' $AUDIT 2>&1)"
check 'report sums them' yes "$(sallyport report --by vm | grep -qE '^webdev ' && echo yes)"

# --- disconnect
views anne
check 'disconnect of a console says how many channels end' '~: 4 channels closed (audit seq' "$(sallyport disconnect "$(sallyport list seats | grep webdev | grep -o 'ch[0-9]*')")"
gw_wait 20 grep -q '^closed' "$GW/anne.out" && pass '  and they do' || fail "  they do not: $(cat "$GW/anne.out")"
sallyport audit verify >"$GW/verify" 2>&1 && pass "$(cat "$GW/verify")" || fail "audit verify: $(cat "$GW/verify")"
gw_release anne
gw_release maggie
finish
