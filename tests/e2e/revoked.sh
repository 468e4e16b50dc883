#!/bin/bash
# What is taken away ends what lives, within 2 s; a stolen key locks nobody out.
# timeout: 180
. tests/e2e/lib.sh
# shellcheck disable=SC2034 # read by lib.sh
GW_CONF="max_prompts = 2"
gw_start || { fail "the gateway did not start"; finish; }

ended() { # WHAT REASON: the channel of gw_channel is closed within 2 s, and on record so
	local start ms
	start=$(date +%s%N)
	while sallyport list channels | grep -qw anne; do
		sleep 0.05
		[ $(( ($(date +%s%N) - start) / 1000000 )) -lt 6000 ] || break
	done
	ms=$(( ($(date +%s%N) - start) / 1000000 ))
	if [ $ms -le 2000 ]; then pass "$1: channel ended after $ms ms"; else fail "$1: channel ended after $ms ms only"; fi
	gw_logged 15 '"event":"close"' '"user":"anne"' "$2" && pass "  on record" || fail "  not on record: $2"
	gw_end $SSH $HELD
}

gw_channel
gw_regrant 'maggie books spice always'
ended "grant taken away" 'no grant'
gw_policy; gw_reload >/dev/null

gw_channel
sed -i 's/20022/20099/' /etc/sallyport/vms.conf; gw_reload >/dev/null
ended "the VM's back end changed" 'back end was changed'
gw_policy; gw_reload >/dev/null

gw_channel
sed -i '/^anne/d' /etc/sallyport/yubikey_mappings; gw_reload >/dev/null
ended "YubiKey no longer mapped" 'no longer mapped'
gw_policy; gw_reload >/dev/null

groupadd -f devs; usermod -aG devs anne
gw_regrant '@devs webdev ssh always' 'maggie books spice always'
gw_channel
gpasswd -d anne devs >/dev/null
ended "taken out of the group" 'no grant'
gw_policy; echo '@devs books spice always' >>/etc/sallyport/vm_mappings; gw_reload >/dev/null

gw_channel
cp /etc/passwd "$GW/passwd"; sed -i '/^anne:/d' /etc/passwd
ended "user deleted, with a group among the grants" 'the user is gone'
gw_passwd "$GW/passwd"

gw_channel
M=$(pgrep -n -P "$GW_SSHD_PID" -f 'sshd: anne \[priv\]'); U=$(pgrep -P "$M" -U anne | head -1)
kill -STOP "$U"
gw_regrant 'maggie books spice always'
ended "grant taken away, U stopped" 'no grant'
kill -CONT "$U" 2>/dev/null
gw_policy; gw_reload >/dev/null

# Two idle prompts of a thief with anne's key, from 127.0.0.1; anne herself from elsewhere.
cat >"$GW/idle" <<-'ASK'
	#!/bin/sh
	exec sleep 120
ASK
chmod 755 "$GW/idle"
idle=
for _ in 1 2; do
	SSH_ASKPASS="$GW/idle" SSH_ASKPASS_REQUIRE=force ssh -F none -i "$GW/anne.key" -o IdentitiesOnly=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -N anne@127.0.0.1 2>/dev/null & idle="$idle $!"
done
gw_wait 60 bash -c '[ "$(sallyport list connections | grep -c pending)" = 2 ]' && pass "two prompts are open" || fail "the prompts did not open"
check "a third prompt with the same key from there: the oldest gives way" "HELLOEND 5" "$(gw_talk anne webdev:2222)"
check "the owner, from another address" "HELLOEND 5" "$(gw_talk anne webdev:2222 -b 127.0.0.3)"
# shellcheck disable=SC2086
kill $idle; wait $idle 2>/dev/null
gw_wait 15 bash -c '! sallyport list connections | grep -q pending' && pass "their places are free again" || fail "their places stay taken"
check "from there, too" "HELLOEND 5" "$(gw_talk anne webdev:2222)"
finish
