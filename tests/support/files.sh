# Folders and users for the tests of file transfers; sourced after tests/e2e/lib.sh.
#
#   files_start         anne: sftp to webdev; maggie: webdev, and books for reading; rita:
#                       books for reading; sheila: a shell; fred2: nothing. A connection
#                       with one OTP for each: gw_over USER …
#   batch USER CMD…     sftp: prints what it says; RC, $GW/err
#   copy USER ARG…      scp;   sync_ USER ARG…   rsync -a
#   same_tree A B       the same names, contents, links, modes and times

FILES_USERS=${FILES_USERS:-"anne maggie rita sheila fred2"}

batch() {
	local u=$1; shift
	printf '%s\n' "$@" | timeout 120 sftp -F none -q -o ControlPath="$GW/$u.ctl" -b - x 2>"$GW/err" | grep -v '^sftp>'
	RC=${PIPESTATUS[1]}; echo "$RC" >"$GW/rc"; return "$RC"
}
copy() { local u=$1; shift; timeout 120 scp -F none -q -o ControlPath="$GW/$u.ctl" "$@" 2>"$GW/err"; RC=$?; return $RC; }
sync_() { local u=$1; shift; timeout 120 rsync -a -e "ssh -F none -o LogLevel=ERROR -S $GW/$u.ctl" "$@" >"$GW/out" 2>"$GW/err"; RC=$?; return $RC; }
same_tree() { diff <(cd "$1" && find . -printf '%P %y %l %m %s %T@\n' | sort) <(cd "$2" && find . -printf '%P %y %l %m %s %T@\n' | sort) && diff -r --no-dereference "$1" "$2"; }

files_policy() {
	cat >/etc/sallyport/vms.conf <<-CONF
	[vm books]
	spice = unix:/run/vms/books.spice
	folder = /srv/vms/books

	[vm webdev]
	spice = unix:/run/vms/webdev.spice
	service.ssh = tcp:127.0.0.1:20022
	folder = /srv/vms/webdev
	CONF
	cat >/etc/sallyport/vm_mappings <<-CONF
	anne     webdev  sftp,ssh  always
	maggie   webdev  sftp      always
	maggie   books   sftp:ro   always
	rita     books   sftp:ro   always
	fred2    books   spice     always
	sheila   host    shell     always
	CONF
	# shellcheck disable=SC2086 # words
	gw_yubikeys $FILES_USERS
}

files_users() {
	local u
	for u in $FILES_USERS; do
		id "$u" >/dev/null 2>&1 || useradd -m -s /bin/bash "$u"
		usermod -p '*' -aG vmusers "$u"
		mkdir -p "/home/$u/.ssh"
		[ -e "$GW/$u.key" ] || ssh-keygen -q -t ed25519 -N '' -f "$GW/$u.key"
		cp "$GW/$u.key.pub" "/home/$u/.ssh/authorized_keys"
		chown -R "$u:" "/home/$u"; chmod 700 "/home/$u/.ssh"
		[ -e "$GW/$u.yk" ] || "$BUILD/tests/yk" new "$GW/$u.yk" >"$GW/$u.csv"
		cut -d, -f2 <"$GW/$u.csv" >"$GW/$u.id"
	done
	rm -rf /srv/vms; mkdir -p /srv/vms
	install -d -m 2775 -g vmusers /srv/vms/books /srv/vms/webdev
	echo books >/srv/vms/books/from-books; echo webdev >/srv/vms/webdev/from-webdev
	chmod 664 /srv/vms/*/from-*; chgrp vmusers /srv/vms/*/from-*
}

files_connect() {
	local u
	for u in $FILES_USERS; do
		GW_TIMEOUT=${FILES_TIMEOUT:-700} gw_hold "$u" "$u" || { echo "no connection for $u"; return 1; }
	done
}

files_start() {
	gw_users; gw_keys; gw_policy; files_users; files_policy
	gw_backends && gw_daemon || return 1
	cat "$GW"/*.csv >"$GW/all.csv"; sallyport key import --yes "$GW/all.csv" >/dev/null || return 1
	gw_hosts && gw_sshd && files_connect
}

files_stop() { local u; for u in $FILES_USERS; do ssh -F none -S "$GW/$u.ctl" -O exit x 2>/dev/null; done; }
