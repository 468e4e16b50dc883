#!/bin/bash
# Consoles through the relay: a raw SPICE client and a scripted server, honest ones and
# hostile ones on both sides. Each ends its own session only; memory stays flat.
# timeout: 180
# shellcheck disable=SC2034 # descriptors that are only held open
set -eu
[ -e /run/sallyport-sandbox ] || { echo "only in the copy"; exit 77; }
id _sallyport-relay >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin _sallyport-relay
dir=$(mktemp -d /tmp/relay.XXXXXX)
S=tests/support
started=()
trap 'kill "${started[@]}" 2>/dev/null || true; rm -rf "$dir"' EXIT

fail() { echo "FAIL $*"; tail -n 5 "$dir"/gate.*.said 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
wait_for() { # SECONDS COMMAND…
	local end=$((SECONDS + $1)); shift # generous: it hangs, or it does not
	until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done
}
begin_server() { # NAME ARGUMENTS…: listens at $dir/NAME.vm
	local name=$1; shift
	mkfifo "$dir/$name.orders"
	python3 "$S/spice_server.py" "unix:$dir/$name.vm" --log "$dir/$name.log" "$@" <"$dir/$name.orders" >"$dir/$name.out" & started+=($!)
	exec {order}>"$dir/$name.orders"
}
server() { # the same, and waits
	begin_server "$@"
	wait_for 60 grep -q ready "$dir/$1.out" || fail "server $1"
}
gate() { # NAME SERVER MODE MAY: listens at $dir/NAME.sock
	mkfifo "$dir/$1.in"
	"$BUILD/tests/relay_gate" "$BUILD/relay" "$3" "$4" "unix:$dir/$1.sock" "unix:$dir/$2.vm" <"$dir/$1.in" >"$dir/gate.$1.said" 2>&1 & started+=($!)
	exec {gate_in}>"$dir/$1.in"
	wait_for 60 grep -q ready "$dir/gate.$1.said" || fail "gate $1"
}
spice() { timeout 100 python3 "$S/spice.py" "$@"; }
said() { grep -q "$2" "$dir/gate.$1.said"; }
told() { wait_for 60 said "$1" "$2" || fail "the relay did not tell: $2"; }
rss() { awk '/^RssAnon/ { print $2 }' "/proc/$(sed -n 's/^relay //p' "$dir/gate.$1.said")/status"; }

MAY_ALL=127 MAY_SEE=1

# --- an honest pair --------------------------------------------------------------
server good --channels display,inputs,cursor,usbredir:0,record,webdav --agent --ping 256000
gate all good spice $MAY_ALL
gate see good spice $MAY_SEE
out=$(spice session "unix:$dir/all.sock" --open display inputs usbredir:0 --pings 1) || fail "session: $out"
grep -q 'channels cursor:0 display:0 inputs:0 record:0 usbredir:0 webdav:0' <<<"$out" || fail "$out"
[ "$(grep -c 'result 0' <<<"$out")" = 3 ] || fail "$out"
told all '^session '
told all '^ended .*words $'
ok "a session with its channels, a ping of 256 KB, all of it passed"
out=$(spice session "unix:$dir/see.sock" --open display) || fail "session: $out"
grep -q '^channels cursor:0 display:0$' <<<"$out" || fail "$out"
ok "view only: the list is down to display and cursor"

# --- greetings that are none -----------------------------------------------------
spice session "unix:$dir/all.sock" --open display --hold 8 >"$dir/watcher" 2>&1 & watcher=$!
wait_for 60 grep -q 'display result 0' "$dir/watcher" || fail "the watcher has no picture"
before=$(rss all)
[[ $(spice link "unix:$dir/all.sock" --magic GET) == "error 2" ]] || fail "another magic"
[[ $(spice greet "unix:$dir/all.sock" --hex "$(printf 'GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n' | od -An -v -tx1 | tr -d ' \n')") == "error 2"* ]] || fail "WebSocket"
[[ $(spice link "unix:$dir/all.sock" --major 3) == "error 4" ]] || fail "another version"
[[ $(spice link "unix:$dir/all.sock" --size 4000) == "error 3" ]] || fail "too long"
[[ $(spice link "unix:$dir/all.sock" --size 17) == "error 3" ]] || fail "too short"
[[ $(spice link "unix:$dir/all.sock" --counts 4000000000,1) == "error 3" ]] || fail "counts"
[[ $(spice link "unix:$dir/all.sock" --connection 77) == "error 8" ]] || fail "main with an id"
[[ $(spice link "unix:$dir/all.sock" --kind display --connection 77) == "error 8" ]] || fail "a guessed id"
ok "other magic, WebSocket, version, lengths, counts, ids: refused in SPICE's words"
out=$(spice greet "unix:$dir/all.sock" --drip 100) && fail "a greeting that drips: $out"
[[ $out == closed* ]] || fail "a greeting that drips: $out"
told all 'words no whole greeting in time'
out=$(spice greet "unix:$dir/all.sock" --send 0 --hold 5) && fail "silence: $out"
ok "a greeting that drips, and silence: closed at the deadline"
[[ $(spice half "unix:$dir/all.sock" --count 200 --send 20 --hold 30 --most 0) == *"open 0" ]] || fail "half-open links"
[ $(($(rss all) - before)) -le 1024 ] || fail "memory: $before to $(rss all) KiB"
wait $watcher || fail "the watcher: $(cat "$dir/watcher")"
grep -q '^open' "$dir/watcher" || fail "the watcher: $(cat "$dir/watcher")"
ok "200 half-open ones, memory flat; who watches watched on"

# --- hostile servers -------------------------------------------------------------
# How each misbehaves, and in what words the relay ends it; "-": it need not.
hostile="garbage:no SPICE server
reply-huge:length
reply-caps:length
reply-half:-
init-none:-
init-twice:INIT
size-huge:INIT
list-lies:list of channels
list-huge:list of channels
list-endless:-
flood:-
agent-lies:-"
while IFS=: read -r name words; do
	begin_server "bad-$name" --hostile "$name" --wait 5
done <<<"$hostile"
while IFS=: read -r name words; do
	wait_for 60 grep -q ready "$dir/bad-$name.out" || fail "server $name"
	gate "bad-$name" "bad-$name" spice $MAY_ALL
	before=$(rss "bad-$name")
	timeout 100 python3 "$S/spice.py" session "unix:$dir/bad-$name.sock" --hold 1 --wait 60 >"$dir/out" 2>&1 & client=$!
	# Who need not be ended is left after a second; the others are waited for.
	if [ "$words" != - ]; then
		told "bad-$name" "words .*$words"
	else
		told "bad-$name" '^greeted'
		sleep 1
	fi
	kill $client 2>/dev/null || true
	wait $client || true
	told "bad-$name" '^ended'
	[ $(($(rss "bad-$name") - before)) -le 1024 ] || fail "$name: memory $before to $(rss "bad-$name") KiB"
	if said "bad-$name" 'relay is gone'; then fail "$name: the relay ended"; fi
	ok "a server's $name: $(sed -n 's/^ended.* words //p' "$dir/gate.bad-$name.said" | head -n 1)"
done <<<"$hostile"
