#!/bin/bash
# Three hundred VMs on one page: lines of 80 columns, in 50 ms, the same for programs;
# three thousand, a reader who stops reading, and a reload in the middle.
# timeout: 400
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
export GW BUILD
DAY=$(LC_ALL=C date -d 'now + 3 days' +%a) # not today

vms() { # COUNT: and grants for all of them; beyond 300 with one socket each
	python3 - "$1" "$DAY" <<-'PY'
	import sys
	n, day = int(sys.argv[1]), sys.argv[2]
	rights = "spice,serial,ssh,web" if n <= 300 else "raw"
	vms, grants = open("/etc/sallyport/vms.conf", "w"), open("/etc/sallyport/vm_mappings", "w")
	for i in range(n):
	    vms.write(f"[vm vm{i:04}]\ntitle = machine \u00fc {i}\nservice.raw = unix:/run/vms/a\n")
	    if n <= 300:
	        vms.write("spice = unix:/run/vms/a\nserial = unix:/run/vms/b\n"
	                  "service.ssh = tcp:127.0.0.1:22\nservice.web = tcp:127.0.0.1:8080\n")
	    for user in "anne", "maggie":
	        grants.write(f"{user} vm{i:04} {rights} {day if i % 10 == 9 else 'always'}\n")
	grants.write("maggie host shell always\n")
	PY
}
gw_backends() { :; }
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
vms 300; gw_reload >"$GW/reload" 2>&1 || { fail "reload: $(cat "$GW/reload")"; finish; }
for u in anne maggie; do
	gw_hold $u $u || fail "no connection for $u"
done

gw_over anne x >"$GW/page" 2>&1
check 'the page: a line for each VM' 300 "$(grep -c '^  vm[0-9]' "$GW/page")"
check '  80 columns' '' "$(LC_ALL=C.UTF-8 grep -E '.{81}' "$GW/page")"
check '  in the order of vms.conf' '' "$(grep -o '^  vm[0-9]*' "$GW/page" | diff - <(grep -o '^  vm[0-9]*' "$GW/page" | sort))"
check '  a line as it looks' '  vm0007  free    free    spice serial ssh web' "$(grep vm0007 "$GW/page" | sed 's/  *machine.*//')"
check '  and of another day' "~nothing now; from $DAY" "$(grep vm0009 "$GW/page")"
check '  what to type for one is told' '~vms VM' "$(tail -2 "$GW/page")"
gw_over anne x vms vm0007 >"$GW/out"
check 'vms VM: what to type' '~ssh -L 5901:vm0007:5900 anne@' "$(cat "$GW/out")"

# --- for programs ------------------------------------------------------------------------
gw_over anne x vms --json >"$GW/json"
check 'vms --json: the same VMs, their ports' '300 30 vm0007 spice:5900 serial:None ssh:2222 web:8080' "$(python3 -c '
import json, sys
d = json.load(sys.stdin)
assert d["user"] == "anne" and d["shell"] is False and d["port"] == 22
assert d["vms"][7]["title"] == "machine \u00fc 7" and d["vms"][7]["from"] is None
assert [c["right"] for c in d["vms"][7]["commands"]][0] == "spice"
local = [c["local_port"] for v in d["vms"] for c in v["commands"] if c["local_port"]]
assert len(set(local)) == len(local)
closed = [v for v in d["vms"] if not v["rights"]]
assert all(v["from"] and not v["seats"] and not v["commands"] for v in closed)
v = d["vms"][7]
print(len(d["vms"]), len(closed), v["vm"], *[r["right"] + ":" + str(r["port"]) for r in v["rights"]])' <"$GW/json" 2>&1)"
gw_over anne x why --json >"$GW/json"
check 'why --json' '1200 1080' "$(python3 -c '
import json, sys
r = json.load(sys.stdin)["rights"]
print(len(r), sum(x["allowed"] for x in r))' <"$GW/json" 2>&1)"
gw_over anne x vms --config >"$GW/config"; ssh -F "$GW/config" -G vm0299 >"$GW/out" 2>&1
check '  not for what is closed' '' "$(grep '^proxyjump' "$GW/out")"
ssh -F "$GW/config" -G vm0298 >"$GW/out" 2>&1
check 'vms --config: ssh reads it' 'port 2222' "$(grep -w '^port' "$GW/out")"

# --- its time: from the start of sallyport-shell to its end, in a session of maggie's --------
cat >/tmp/times.py <<'PY'
import subprocess, sys, time
def once(command):
    begin = time.perf_counter()
    subprocess.run(["/usr/bin/sallyport-shell", "-c", command], stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begin) * 1000
for command in sys.argv[1:]:
    times = [once(command) for _ in range(15)]
    while min(times) > 50 and len(times) < 100:  # the machine is busy with others
        times.append(once(command))
    times.sort()
    print(f"{command}: {times[len(times) // 2]:.1f} ms (best {times[0]:.1f})", int(times[0] <= 50))
PY
chmod 644 /tmp/times.py
while IFS= read -r said; do
	case $said in *' 1') pass "in 50 ms: ${said% 1}" ;; *) fail "longer than 50 ms: ${said% 0}" ;; esac
done < <(gw_over maggie x 'python3 /tmp/times.py vms "vms --json"' 2>&1)

# --- three thousand; one who does not read; a reload in the middle --------------------------
vms 3000; gw_reload >/dev/null 2>&1
cat >/tmp/stopped.py <<'PY'
import json, os, signal, subprocess, sys, time
p = subprocess.Popen(["/usr/bin/sallyport-shell", "-c", "vms --json"], stdout=subprocess.PIPE)
time.sleep(float(sys.argv[1]) / 1000)
p.send_signal(signal.SIGSTOP)
print("stopped", flush=True)
sys.stdin.readline()
p.send_signal(signal.SIGCONT)
d = json.load(p.stdout)
print(p.wait(), len(d["vms"]), len({v["vm"] for v in d["vms"]}), flush=True)
PY
chmod 644 /tmp/stopped.py
mkfifo "$GW/go"; exec 8<>"$GW/go"
halted() { # MS COMMAND: what is said by one who stops after MS, while COMMAND is done
	: >"$GW/said"
	gw_over maggie x "python3 /tmp/stopped.py $1" <&8 >"$GW/said" 2>&1 8>&- & local pid=$!
	gw_wait 60 grep -q stopped "$GW/said"
	eval "$2"
	echo >&8
	gw_wait 30 grep -q '^[0-9]' "$GW/said" || fail "no answer: $(cat "$GW/said")"
	gw_end $pid
	SAID=$(tail -1 "$GW/said")
}
halted 15 'gw_over anne x vms vm0007 >"$GW/out"; sallyport status >"$GW/status"'
check 'one who stops reading: the others are answered' '~vm0007' "$(cat "$GW/out")"
check '  and he, when he goes on: all of it' '0 3001 3001' "$SAID"
for ms in 5 15 30; do
	vms 3000; gw_reload >/dev/null 2>&1
	halted $ms 'vms 2000; gw_reload --force >/dev/null 2>&1'
	# All before the reload came in, or anew.
	check "a reload after $ms ms: no VM twice, none missing" '0 2001 2001' "$(sed 's/^0 3001 3001$/0 2001 2001/' <<<"$SAID")"
done
vms 3000; gw_reload >/dev/null 2>&1
crowd=()
for _ in $(seq 12); do gw_over maggie x vms >/dev/null 2>&1 & crowd+=($!); done
gw_clock; gw_over anne x help >"$GW/out"; MS=$((($(date +%s%N) - START) / 1000000))
check "twelve of one user at once: another is answered, after $MS ms" '~ssh GATEWAY' "$(cat "$GW/out")"
wait "${crowd[@]}" 2>/dev/null
finish
