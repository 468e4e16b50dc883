#!/bin/bash
# doctor finds nothing on a gateway that is set up as the manual says; then each
# mistake that is planted, by its name. With DOCTOR=all, each mend that is a command is
# run, too, and cures it; else those of MENDED, which are one of a kind.
# timeout: 600
# long: 400 DOCTOR=all
# shellcheck disable=SC2016,SC2034,SC2120
. tests/e2e/lib.sh
L=/etc/ssh/sshd_config.d/00-local.conf

gw_sshd() { # as the manual has it: a file of its own, included
	mkdir -p /run/sshd /etc/ssh/sshd_config.d
	ssh-keygen -A >/dev/null
	cp "$REPO/conf/pam-sshd.example" /etc/pam.d/sshd
	sallyport print sshd >/etc/ssh/sshd_config.d/sallyport.conf
	cat >/etc/ssh/sshd_config <<-CONF
	Include /etc/ssh/sshd_config.d/*.conf
	ListenAddress 127.0.0.1
	KbdInteractiveAuthentication no
	PermitRootLogin prohibit-password
	X11Forwarding yes
	AcceptEnv LANG LC_*
	Subsystem sftp internal-sftp
	CONF
	start_sshd
}
start_sshd() { # ARG…
	/usr/sbin/sshd -D -E "$GW/sshd.log" "$@" &
	GW_SSHD_PID=$!
	gw_wait 15 test -s /run/sshd.pid
}
stop_sshd() { kill "$GW_SSHD_PID"; wait "$GW_SSHD_PID" 2>/dev/null; rm -f /run/sshd.pid; }
reload_sshd() {
	sshd -t 2>/dev/null && rm -f /run/sshd.pid && kill -HUP "$GW_SSHD_PID" && gw_wait 15 test -s /run/sshd.pid
}

KEPT="etc/ssh etc/pam.d etc/sallyport etc/passwd etc/group etc/shadow etc/gshadow
	etc/shells etc/hosts etc/nsswitch.conf home/anne"
keep() {
	# shellcheck disable=SC2086
	tar --format=posix -C / -cf "$GW/kept.tar" $KEPT
}
restore() {
	rm -rf /etc/ssh /etc/pam.d /etc/sallyport /home/anne /etc/sasl2
	tar -C / -xpf "$GW/kept.tar"
}

# A lesser kernel, in one test.
LESSER=()
# The findings of a run: their ids in $FOUND, the run in $GW/doctor.
look() {
	"${LESSER[@]}" sallyport --json doctor "$@" >"$GW/doctor" 2>"$GW/doctor.err"
	STATUS=$?
	# An object a line; the clock is not this copy's own.
	FOUND=$(sed -n 's/^.*"id": "\([a-z0-9-]*\)".*$/\1/p' "$GW/doctor" | grep -vx clock-sync | tr '\n' ' ')
	FOUND=${FOUND% }
}
mend_of() { # ID: its command, if it has one
	python3 -c '
import json, sys
for f in json.load(open(sys.argv[1])):
	if f["id"] == sys.argv[2] and f["mend_is"] == "command":
		print(f["mend"])' "$GW/doctor" "$1"
}
severity_of() { sallyport --json doctor --list | python3 -c '
import json, sys
for c in json.load(sys.stdin):
	print(c["id"], c["severity"])'; }

MENDED=' sshd-methods sshd-keysfile pam-session pam-order user-power user-ungated file-owner file-mode name-other daemon-changed '

# plant NAME ID COMMAND [UNDO]: COMMAND makes the mistake; it is found as ID, with the
# exit status of its severity; its mend, if a command, cures it. Then all is put back.
PLANTED=' '
plant() {
	local name=$1 id=$2 undo=${4:-} command wanted
	eval "$3" || { fail "plant $name"; return; }
	look
	PLANTED+="$id "
	case $(grep "^$id " "$GW/severities") in
	*hole | *lockout) wanted=2 ;;
	*warning) wanted=1 ;;
	*) wanted=0 ;;
	esac
	case " $FOUND " in
	*" $id "*)
		if [ $STATUS -ge $wanted ] && [ $STATUS != 3 ]; then
			pass "planted $name"
		else
			fail "planted $name: status $STATUS"
		fi
		;;
	*) fail "planted $name: $id is not among: $FOUND" ;;
	esac
	command=
	case ${DOCTOR:-}$MENDED in all* | *" $id "*) command=$(mend_of "$id") ;; esac
	MENDED=${MENDED/ $id / }
	if [ -n "$command" ]; then
		touch "$GW/before"
		bash -c "$command" >"$GW/mend" 2>&1 || fail "  mend of $name: $command: $(cat "$GW/mend")"
		case $command in *HUP* | *reload*ssh*) gw_wait 15 test /run/sshd.pid -nt "$GW/before" ;; esac
		[ "$id" != sshd-not-loaded ] || gw_wait 15 test /run/sshd.pid -nt /etc/ssh/sshd_config
		look
		case " $FOUND " in
		*" $id "*) fail "  mend of $name cures nothing: $command" ;;
		*) pass "  mended $name" ;;
		esac
	fi
	eval "$undo"
	restore
	[ -z "$command" ] || case $id in sshd* | pam*) reload_sshd ;; esac
}
match() { printf 'Match Group vmusers\n\t%s\nMatch all\n' "$1" >$L; }
all() { echo "$1" >$L; }
mappings() { sed "$1" /etc/sallyport/vm_mappings >"$GW/m" && cat "$GW/m" >/etc/sallyport/vm_mappings; }
listen() { # ADDRESS PORT: by a program that is not the gate
	python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], int(sys.argv[2]))); s.listen(); print("up", flush=True); time.sleep(300)' "$@" >"$GW/listen" &
	LISTEN=$!
	gw_wait 15 test -s "$GW/listen"
}
unlisten() { kill "$LISTEN" 2>/dev/null; wait "$LISTEN" 2>/dev/null; rm -f "$GW/listen"; }

rm -rf /etc/ssh/sshd_config.d/*
gw_start >"$GW/start" 2>&1 || { cat "$GW/start"; fail "the gateway did not start"; finish; }
severity_of >"$GW/severities"
keep
look
check "clean: no finding" "" "$FOUND"
[ -z "$FOUND" ] || cat "$GW/doctor"
check "  exit status" 0 "$STATUS"
check "  a login passes" "~HELLO" "$(gw_talk anne webdev:2222)"
look --user maggie --user fred --user nobodyhere
check "  with users named" "" "$FOUND"

# --- sshd: a Match block before ours wins ----------------------------------------------
plant methods sshd-methods 'match "AuthenticationMethods publickey"'
plant methods-by-address sshd-methods 'printf "Match Address 10.1.0.0/16\n\tAuthenticationMethods publickey\nMatch all\n" >$L'
plant methods-by-host sshd-methods 'printf "Match Host *.inside\n\tAuthenticationMethods any\nMatch all\n" >$L'
for n in $(seq 20); do printf 'Match Address 10.9.%d.0/24\n\tLogLevel VERBOSE\n' "$n"; done >$L; echo 'Match all' >>$L
look
check "more Match lines than it asks about: status" 3 "$STATUS"
check "  which it says" "~5 of the Match lines" "$(cat "$GW/doctor" "$GW/doctor.err")"
restore
plant kbdint sshd-kbdint 'match "KbdInteractiveAuthentication no"'
plant pubkey sshd-pubkey 'match "PubkeyAuthentication no"'
plant password sshd-password 'match "PasswordAuthentication yes"'
plant empty-password sshd-empty-password 'match "PermitEmptyPasswords yes"'
plant hostbased sshd-hostbased 'match "HostbasedAuthentication yes"'
plant gssapi sshd-gssapi 'match "GSSAPIAuthentication yes"'
plant forcecommand sshd-forcecommand 'match "ForceCommand /bin/bash"'
plant forcecommand-none sshd-forcecommand 'match "ForceCommand none"'
plant tcp-forwarding sshd-tcp-forwarding 'match "AllowTcpForwarding yes"'
plant tcp-off sshd-tcp-off 'match "AllowTcpForwarding no"'
plant unix-forwarding sshd-unix-forwarding 'match "AllowStreamLocalForwarding yes"'
plant unix-off sshd-unix-off 'match "AllowStreamLocalForwarding no"'
plant forwarding-off sshd-forwarding-off 'match "DisableForwarding yes"'
plant permitopen-any sshd-permitopen 'match "PermitOpen any"'
plant permitopen-other sshd-permitopen 'match "PermitOpen webdev:5900 127.0.0.1:22"'
plant permitopen-path sshd-permitopen 'match "PermitOpen [/run/sallyport/vm/../../x]:*"'
plant permitopen-missing sshd-permitopen-missing 'match "PermitOpen webdev:5900"'
plant permitopen-stale sshd-permitopen-missing 'mappings "s/^maggie/anne/"'
plant permitopen-many sshd-permitopen-many 'match "PermitOpen $(seq -s " " -f "books:%g" 1 1500)"'
plant permitopen-limit sshd-permitopen-limit 'match "PermitOpen $(seq -s " " -f "books:%g" 1 2500)"'
plant permitlisten sshd-permitlisten 'match "PermitListen 8080"'
plant gatewayports sshd-gatewayports 'match "GatewayPorts yes"'
plant x11 sshd-x11 'match "X11Forwarding yes"'
plant agent sshd-agent 'match "AllowAgentForwarding yes"'
plant tunnel sshd-tunnel 'match "PermitTunnel yes"'
plant userrc sshd-userrc 'match "PermitUserRC yes"'
plant userenvironment sshd-userenvironment 'all "PermitUserEnvironment yes"'
plant acceptenv sshd-acceptenv 'all "AcceptEnv LD_*"'
plant acceptenv-all sshd-acceptenv 'match "AcceptEnv *"'
plant chroot sshd-chroot 'match "ChrootDirectory /srv"'
plant grace sshd-grace 'all "LoginGraceTime 20"'
plant maxstartups sshd-maxstartups 'echo "MaxStartups 3" >>/etc/ssh/sshd_config'
plant maxauthtries sshd-maxauthtries 'match "MaxAuthTries 1"'
plant strictmodes sshd-strictmodes 'all "StrictModes no"'
plant usepam sshd-usepam 'all "UsePAM no"'
plant ca sshd-ca 'match "TrustedUserCAKeys /etc/ssh/ssh_host_ed25519_key.pub"'
plant denyusers sshd-filter 'all "DenyUsers an*"'
plant allowgroups sshd-filter 'all "AllowGroups sudo"'
plant others sshd-others 'printf "Match all\n\tForceCommand /usr/bin/sallyport-shell\n" >$L'
plant no-way-back sshd-no-way-back 'all "PermitRootLogin no"'
plant no-sftp sshd-sftp 'sed -i /Subsystem/d /etc/ssh/sshd_config'
plant no-block sshd-forcecommand 'rm /etc/ssh/sshd_config.d/sallyport.conf'
plant syntax sshd-config 'all "AllowTcpForwardin no"'
plant not-loaded sshd-not-loaded 'touch /etc/ssh/sshd_config'
plant arguments sshd-arguments 'stop_sshd; start_sshd -o MaxSessions=3' 'stop_sshd; start_sshd'
plant keys-writable sshd-keysfile 'chmod g+w /home/anne/.ssh/authorized_keys'
plant keys-folder sshd-keysfile 'chmod 777 /home/anne'
plant keys-owner sshd-keysfile 'chown fred /home/anne/.ssh/authorized_keys'
plant no-keys sshd-nokeys 'rm /home/anne/.ssh/authorized_keys'
plant keyscommand sshd-keyscommand 'cp /bin/true /usr/local/sbin/keys && chmod 777 /usr/local/sbin/keys; printf "AuthorizedKeysCommand /usr/local/sbin/keys\nAuthorizedKeysCommandUser nobody\n" >$L' 'rm /usr/local/sbin/keys'

# --- PAM ---------------------------------------------------------------------------------
P=/etc/pam.d/sshd
plant pam-no-file pam-file 'rm $P'
plant pam-no-auth pam-auth 'sed -i "/^auth.*sally/d" $P'
plant pam-no-account pam-account 'sed -i "/^account.*sally/d" $P'
plant pam-no-session pam-session 'sed -i "/^session.*sally/d" $P'
plant pam-optional pam-control 'sed -i "s/^session *required *pam_sally/session optional pam_sally/" $P'
plant pam-default-ignore pam-control 'sed -i "/^auth.*sally/s/default=die/default=ignore/" $P'
plant pam-unavailable-ignored pam-control 'sed -i "/^auth.*sally/s/default=die/authinfo_unavail=ignore default=die/" $P'
plant pam-dash pam-control 'sed -i "s/^account *required *pam_sally/-account required pam_sally/" $P'
plant pam-ignore-fails pam-ignore 'sed -i "/^auth.*sally/s/ignore=ignore //" $P'
plant pam-sufficient-before pam-order 'sed -i "1i auth sufficient pam_unix.so" $P'
plant pam-jump pam-order 'sed -i "1i auth [success=1 default=ignore] pam_localuser.so" $P'
plant pam-in-include pam-order 'echo "account sufficient pam_permit.so" >/etc/pam.d/early; sed -i "1i @include early" $P'
plant pam-group pam-arguments 'sed -i "/^auth.*sally/s/group=vmusers/group=vmuser/" $P'
plant pam-gate-root pam-arguments 'sed -i "/^account.*sally/s/$/ gate_root/" $P'
plant pam-misspelt pam-arguments 'sed -i "/^session.*sally/s/$/ debg/" $P'
plant pam-readenv pam-readenv 'sed -i "s/envfile=/user_readenv=1 envfile=/" $P'
plant pam-readenv-included pam-readenv 'echo "session optional pam_env.so user_readenv=1" >>/etc/pam.d/common-session'
plant pam-include-missing pam-broken 'echo "@include common-nothing" >>$P'
plant pam-garbage pam-broken 'echo "sesion required pam_permit.so" >>$P'
plant pam-sudo pam-control 'sed -i "1i auth sufficient pam_sallyport.so group=vmusers" /etc/pam.d/sudo'
plant pam-ftp pam-daemons 'printf "@include common-auth\n" >/etc/pam.d/vsftpd'
plant pam-sasl pam-sasl 'mkdir -p /etc/sasl2; echo "pwcheck_method: saslauthd" >/etc/sasl2/qemu.conf'
M=$(find /usr/lib /lib -name pam_sallyport.so | head -n 1)
plant pam-no-module pam-module 'mv $M $M.off' 'mv $M.off $M'

# --- people --------------------------------------------------------------------------------
getent group docker >/dev/null || groupadd -r docker
keep
plant docker user-power 'usermod -aG docker anne'
plant empty-shadow user-password 'passwd -qd anne'
plant nologin user-shell 'usermod -s /usr/sbin/nologin anne'
plant no-shell user-shell 'usermod -s /opt/none anne'
plant twin user-twin 'useradd -o -u $(id -u anne) -M annie'
plant root-gated user-root 'usermod -aG vmusers root'
plant no-yubikey user-nokey 'sed -i /^anne/d /etc/sallyport/yubikey_mappings'
plant ungated user-ungated 'sed -i "/^vmusers:/s/anne,//" /etc/group'
plant unknown user-unknown 'echo "maggy books spice always" >>/etc/sallyport/vm_mappings'
plant shells shells 'echo /usr/bin/sallyport-shell >>/etc/shells'
plant nobody group-empty 'sed -i "/^vmusers:/s/[^:]*$//" /etc/group'
plant no-group group-missing 'groupmod -n other vmusers'
plant shell-path user-shell-open 'sed -i "/^gated/a otp = shell" /etc/sallyport/sallyport.conf'

# --- files -----------------------------------------------------------------------------------
plant mappings-mode file-mode 'chmod 666 /etc/sallyport/vm_mappings'
plant mappings-owner file-owner 'chown anne /etc/sallyport/vm_mappings'
plant folder-mode file-mode 'chmod 777 /etc/sallyport'
plant pam-mode file-mode 'chmod g+w /etc/pam.d/common-auth'
plant store-key file-secret 'chmod 644 /etc/sallyport/store.key'
plant host-key file-secret 'chmod 644 /etc/ssh/ssh_host_ed25519_key'
plant log-mode file-secret 'chmod 644 /var/log/sallyport/audit.jsonl' 'chmod 640 /var/log/sallyport/audit.jsonl'
plant store-mode file-secret 'chmod 755 /var/lib/sallyport/verify' 'chmod 700 /var/lib/sallyport/verify'
plant store-owner store-owner 'chown root /var/lib/sallyport/verify/keys.db' 'chown _sallyport-verify /var/lib/sallyport/verify/keys.db'
plant socket-mode file-mode 'chmod 666 /run/sallyport/pam.sock' 'chmod 600 /run/sallyport/pam.sock'
plant program-mode file-mode 'chmod 777 /usr/sbin/sallyportd' 'chmod 755 /usr/sbin/sallyportd'
plant program-suid file-mode 'chmod u+s /usr/bin/sallyport-shell' 'chmod 755 /usr/bin/sallyport-shell'
plant parent-mode file-folder 'chmod 777 /usr/libexec' 'chmod 755 /usr/libexec'
plant no-shell-program file-missing 'mv /usr/bin/sallyport-shell /usr/bin/s' 'mv /usr/bin/s /usr/bin/sallyport-shell'

# --- who listens --------------------------------------------------------------------------------
plant console-open console-open 'listen 0.0.0.0 5901' unlisten
plant console-open-v6 console-open 'listen :: 5901' unlisten
plant console-local console-local 'listen 127.0.0.1 5902' unlisten
plant console-socket console-socket 'chmod o+w /run/vms/books.spice' 'chmod o-w /run/vms/books.spice'
plant console-group console-socket 'chgrp vmusers /run/vms/books.spice; chmod g+w /run/vms/books.spice' 'chgrp root /run/vms/books.spice; chmod g-w /run/vms/books.spice'
plant squat gate-squat 'listen 127.90.7.7 5900' unlisten
plant port-taken gate-port 'sed -i "\$a service.web = tcp:127.0.0.1:8088" /etc/sallyport/vms.conf; listen 0.0.0.0 8088' unlisten
plant backend-open backend-open 'sed -i s/20022/20023/ /etc/sallyport/vms.conf; listen 0.0.0.0 20023' unlisten

# --- the gate, the host ---------------------------------------------------------------------------
plant hosts-missing name-missing 'sed -i "/BEGIN sallyport/,/END sallyport/d" /etc/hosts'
plant hosts-other name-other 'sed -i "s/^127.90.*webdev/192.0.2.7 webdev/" /etc/hosts'
plant key-unknown key-unknown 'echo "anne:cccccccccccb" >>/etc/sallyport/yubikey_mappings'
plant changed daemon-changed 'echo "# more" >>/etc/sallyport/vm_mappings' 'restore; sallyport reload >/dev/null'
plant broken config 'echo "gaated = @x" >>/etc/sallyport/sallyport.conf'
plant clock clock 'touch -d tomorrow /var/log/sallyport/audit.jsonl' 'touch /var/log/sallyport/audit.jsonl'
Z=$(readlink /etc/localtime)
plant zone clock-zone 'ln -sfn /usr/share/zoneinfo/No/Where /etc/localtime' 'ln -sfn $Z /etc/localtime'
plant key-disabled key-disabled 'sallyport key disable $(cat $GW/maggie.id)'
plant disk-low disk-low 'mount -t tmpfs -o size=100m none /var/log/sallyport' 'umount /var/log/sallyport'
plant disk-full disk-full 'mount -t tmpfs -o size=10m none /var/lib/sallyport' 'umount /var/lib/sallyport'
M=$REPO/$BUILD/tests/files_mask
plant files-landlock files-landlock 'sed -i "\$a folder = /srv" /etc/sallyport/vms.conf; LESSER=($M abi=7 no-namespaces)' 'LESSER=()'
plant files-refused files-refused 'sed -i "\$a folder = /srv" /etc/sallyport/vms.conf; LESSER=($M abi=2 no-namespaces)' 'LESSER=()'
check "status: what holds file transfers" "in namespaces of their own, and by Landlock (ABI" "$(sallyport status | sed -n 's/^files  *\(.*ABI\).*/\1/p')"
check "  on a lesser kernel" '"files": "by Landlock (ABI 3) alone: no user namespaces here"' "$("$M" abi=3 no-namespaces sallyport --json status | grep -o '"files": "[^"]*"')"
check "  on a poor one" '"files": "REFUSED, nothing holds them: namespaces and Landlock"' "$("$M" abi=0 no-namespaces sallyport --json status | grep -o '"files": "[^"]*"')"
gw_daemon_stop
plant daemon-down daemon-down true

# --- a directory that hangs -------------------------------------------------------------------------
gcc -shared -fPIC -o /usr/lib/"$(gcc -dumpmachine)"/libnss_hang.so.2 tests/e2e/nss_hang.c
hang() {
	sed -i '/^group:/d; /^initgroups:/d' /etc/nsswitch.conf
	echo 'group: files hang' >>/etc/nsswitch.conf
	touch /run/nss-hang
}
start=$SECONDS
plant nss nss hang 'rm -f /run/nss-hang'
took=$((SECONDS - start))
[ $took -le 90 ] && pass "  and does not hang itself: $took s" || fail "  it took $took s"

for id in $(cut -d' ' -f1 "$GW/severities"); do
	case $PLANTED in *" $id "*) ;; *) echo "not planted: $id" ;; esac
done
finish
