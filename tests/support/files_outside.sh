# What lies outside of a transfer's folders, and may be neither read nor changed; sourced
# by tests.
#
#   outside_lay_out     it, and the folders of webdev, books and vault, anew, all anne's
#   outside_state       a sum of what is there, but for what the folders may change
outside_lay_out() {
	rm -rf /srv/outside /srv/vms /home/anne/.ssh
	install -d -o anne -g anne /srv/vms /srv/vms/{webdev,books,vault}{,/d} /srv/vms/vault/vd \
		/srv/outside/{,dir,empty} /home/anne/.ssh
	chown root: /srv/vms
	for f in outside/secret outside/dir/CANARY-name; do echo "CANARY $f" >"/srv/$f"; done
	echo "CANARY keys" >/home/anne/.ssh/authorized_keys
	echo "CANARY note" >/home/anne/note
	echo "CANARY tmp" >/tmp/outside
	echo file >/srv/vms/webdev/f
	echo book >/srv/vms/books/b
	echo vault >/srv/vms/vault/v
	cd /srv/vms/webdev || exit 1
	ln -s /srv/outside/secret p_file
	ln -s /srv/outside p_dir
	ln -s ../../outside p_up
	ln -s p_dir p_chain2
	ln -s p_chain2 p_chain
	ln -s /proc/self/root p_proc
	ln -s /etc p_etc
	ln -s /srv/outside/new p_new
	mknod -m 666 zero c 1 5
	cd "$OLDPWD" || exit 1
	chown -Rh anne: /srv/outside /srv/vms/*/ /home/anne
	chown anne: /tmp/outside
}

outside_state() {
	find /srv/outside /home/anne /srv/vms/vault -printf '%p %m %u %g %n %s %T@ %C@ %l\n' |
		sort | sha256sum
}
