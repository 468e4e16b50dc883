# shellcheck shell=bash
# A real libvirtd in the copy, set up as Debian's packages do. Sourced after
# tests/e2e/lib.sh; skips the test where there is none.
#
#   libvirtd_begin             virtlogd and the first libvirtd
#   libvirtd_start             libvirtd_stop [SIGNAL]
#   domain_begin NAME          defined by $GW/NAME.xml, and started

for need in /usr/sbin/libvirtd /usr/sbin/virtlogd /usr/bin/virsh /usr/bin/qemu-system-x86_64; do
	[ -x $need ] || { echo "SKIPPED: no $need here"; exit 77; }
done
export LIBVIRT_DEFAULT_URI=qemu:///system
# What Debian's packages of the service make.
for g in libvirt kvm libvirt-qemu; do getent group $g >/dev/null || groupadd -r $g; done
id libvirt-qemu >/dev/null 2>&1 || useradd -r -g kvm -G libvirt-qemu -d /var/lib/libvirt -s /usr/sbin/nologin libvirt-qemu
cat >/etc/libvirt/libvirtd.conf <<'CONF'
unix_sock_group = "libvirt"
unix_sock_rw_perms = "0770"
auth_unix_ro = "none"
auth_unix_rw = "none"
CONF
# A /dev/kvm that QEMU's account cannot use makes libvirt ask all emulators anew each time;
# and it asks each that is there.
umount /dev/kvm 2>/dev/null; rm -f /dev/kvm
for e in /usr/bin/qemu-system-*; do [ "$e" = /usr/bin/qemu-system-x86_64 ] || rm -f "$e"; done
LIBVIRTD=
libvirtd_start() {
	/usr/sbin/libvirtd >>"$GW/libvirtd.log" 2>&1 & LIBVIRTD=$!
	gw_wait 60 test -S /run/libvirt/libvirt-sock && gw_wait 60 virsh list
}
# shellcheck disable=SC2120 # which signal, one of the tests says
libvirtd_stop() { kill "${1:--TERM}" "$LIBVIRTD"; wait "$LIBVIRTD" 2>/dev/null; }
libvirtd_begin() {
	/usr/sbin/virtlogd >/dev/null 2>&1 & GW_PIDS="${GW_PIDS:-} $!"
	libvirtd_start || { echo "SKIPPED: libvirtd does not run here: $(tail -3 "$GW/libvirtd.log")"; gw_stop; exit 77; }
}
domain_begin() { # NAME
	virsh undefine "$1" >/dev/null 2>&1 # of another test in this copy
	virsh define "$GW/$1.xml" >/dev/null || fail "define $1"
	virsh start "$1" >/dev/null ||
		{ echo "SKIPPED: no domain can be started here: $(tail -3 "$GW/libvirtd.log")"; gw_stop; libvirtd_stop; exit 77; }
}
