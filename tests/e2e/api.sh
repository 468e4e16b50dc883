#!/bin/bash
# Logins whose OTP a validation server checks: real sshd, PAM, daemon; the servers are
# ours (tests/support/validation.py).
# timeout: 300
. tests/e2e/lib.sh
. tests/support/validation.sh

# anne's key is a local one, maggie's is known to the servers alone.
v_start 18101 && v_start 18102 && v_start 18103 || { fail "the servers did not start"; v_stop; finish; }
mkdir -p /etc/sallyport
install -m 600 "$V/api.key" /etc/sallyport/api.key
install -m 644 "$V/ca.pem" /etc/sallyport/api-ca.pem
GW_CONF="api_url = https://127.0.0.1:18101/wsapi/2.0/verify https://127.0.0.1:18102/ https://localhost:18103/v
api_id = 4711
api_ca = /etc/sallyport/api-ca.pem"
gw_keys() {
	local u
	"$BUILD/tests/yk" new "$GW/anne.yk" >"$GW/anne.csv"
	"$BUILD/tests/yk" new "$GW/maggie.yk" --public ccccccbcgujh >"$GW/maggie.csv"
	for u in anne maggie; do cut -d, -f2 <"$GW/$u.csv" >"$GW/$u.id"; done
}
gw_import() { sallyport key import "$GW/anne.csv" --yes && sallyport key api "$(cat "$GW/maggie.id")"; }
# gw_stop waits for all that runs in the background.
v_done() { v_stop; finish; }
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; v_done; }
talk() { gw_talk "$1" "$2:5900"; }

check "a login by validation servers" "HELLOEND 5" "$(talk maggie books)"
check "local keys are not sent anywhere" "HELLOEND 5" "$(gw_talk anne webdev:5900)"
v_done
