/* A configuration for the tests of policy/. */
#ifndef SALLYPORT_TESTS_SUPPORT_POLICY_TEXT_H
#define SALLYPORT_TESTS_SUPPORT_POLICY_TEXT_H

#define POLICY_SETTINGS "[sallyport]\ngated = @vmusers\nbackend_uid = libvirt-qemu\n"
/* webdev has everything, books a console and a folder, bare nothing but ssh. */
#define POLICY_VMS \
	"[vm webdev]\ntitle = web server\nspice = unix:/run/vms/webdev.spice\n" \
	"vnc = tcp:127.0.0.1:5999\nserial = libvirt:webdev\n" \
	"service.ssh = tcp:192.168.122.10:22\nservice.web = tcp:192.168.122.10:80\n" \
	"folder = /srv/vms/webdev\n" \
	"[vm books]\nspice = qmp:/run/vms/books.qmp\nfolder = /srv/vms/books\n" \
	"[vm bare]\nservice.ssh = tcp:192.168.122.11:22\n" \
	"[host]\nrun.backup = /usr/local/sbin/backup --all\n"

#endif
