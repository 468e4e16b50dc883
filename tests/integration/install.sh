#!/bin/bash
# What is installed, what it is linked with, and that uninstall takes exactly that
# away. Missing packages are named.
set -eu
BUILD=${BUILD:-build}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

make -s BUILD="$BUILD" DESTDIR="$root" install >/dev/null
multi=$(gcc -print-multiarch)
for file in usr/sbin/sallyportd usr/sbin/sallyport usr/bin/sallyport-shell \
	usr/libexec/sallyport/{verify,relay,recorder,names,api,inside.so} \
	"usr/lib/$multi/security/pam_sallyport.so" usr/lib/systemd/system/sallyportd.service \
	usr/lib/sysusers.d/sallyport.conf usr/lib/tmpfiles.d/sallyport.conf \
	usr/share/bash-completion/completions/sallyport usr/share/man/man8/sallyport.8 \
	usr/share/doc/sallyport/sallyport.conf.example usr/bin/sallyport-view usr/share/man/man1/sallyport-view.1 \
	usr/share/applications/sallyport-view.desktop usr/share/mime/packages/sallyport.xml \
	usr/share/bash-completion/completions/sallyport-view usr/share/doc/sallyport/windows.md; do
	[ -f "$root/$file" ] || { echo "$file is missing"; exit 1; }
done
echo "ok programs, module, units, pages and examples are in place"
[ -d "$root/etc/sallyport" ] && [ -z "$(ls -A "$root/etc/sallyport")" ]
[ "$(stat -c %a "$root/etc/sallyport")" = 755 ]
echo "ok /etc/sallyport is there, empty"
[ -z "$(find "$root" -type f \( -perm /022 -o -perm /6000 \))" ]
echo "ok nothing is writable by others, nothing is set-id"

make -s BUILD="$BUILD" DESTDIR="$root" CC=clang -n install | grep -q "/usr/lib/$multi/security"
echo "ok clang puts the module into the same folder"

: >"$root/etc/sallyport/sallyport.conf"
make -s BUILD="$BUILD" DESTDIR="$root" uninstall >/dev/null
[ "$(find "$root" ! -type d)" = "$root/etc/sallyport/sallyport.conf" ] ||
	{ find "$root" ! -type d; echo "uninstall left or took too much"; exit 1; }
echo "ok uninstall takes all of it away, and leaves the admin's configuration"

# A user's own computer: no compiler, no header, nothing built.
make -s BUILD="$root/none" CC=false DESTDIR="$root/desk" install-view >/dev/null
"$root/desk/usr/bin/sallyport-view" --version | grep -q '^sallyport-view [0-9]'
[ "$(find "$root/desk" -type f | wc -l)" = 6 ] && [ ! -e "$root/none" ]
make -s DESTDIR="$root/desk" uninstall-view >/dev/null
[ -z "$(find "$root/desk" -type f)" ]
echo "ok install-view puts there what a user needs, builds nothing, and uninstall-view takes it away"
python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' view/sallyport.xml
[ "$(sed -n 's/^MimeType=\(.*\);$/\1/p' view/sallyport-view.desktop)" = "$(sed -n 's/.*mime-type type="\([^"]*\)".*/\1/p' view/sallyport.xml)" ]
echo "ok the desktop entry opens the type that .sallyport files have"

# libs FILE: what it needs, without libc and the loader
libs() { objdump -p "$1" | awk '$1 == "NEEDED" { sub(/\.so.*/, "", $2); print $2 }' | grep -vx -e libc -e 'ld-linux.*' | sort | paste -sd' '; }
[ "$(libs "$BUILD/pam_sallyport.so")" = libpam ]
[ -z "$(libs "$BUILD/relay")" ]
[ -z "$(libs "$BUILD/names")" ]
[ -z "$(libs "$BUILD/sallyport-shell")" ]
echo "ok the module needs libc and libpam, relay and names libc, the shell nothing"
case " $(libs "$BUILD/sallyportd") " in
*curl* | *sqlite* | *virt* | *crypto* | *yubikey*) libs "$BUILD/sallyportd"; exit 1 ;;
esac
echo "ok the supervisor needs neither curl nor SQLite nor libvirt nor OpenSSL"
[ "$(nm -D --defined-only "$BUILD/pam_sallyport.so" | awk '$3 !~ /^pam_sm_/' | wc -l)" = 0 ]
echo "ok the module exports its entry points alone"

if out=$(make -s BUILD="$root/b" CC='gcc -nostdinc' all 2>&1); then
	echo "make went on without any header"
	exit 1
fi
for package in libc6-dev libpam0g-dev libevent-dev libsqlite3-dev libjansson-dev libssl-dev libyubikey-dev libcurl4-openssl-dev; do
	case $out in *"$package"*) ;; *) echo "$package is not named: $out"; exit 1 ;; esac
done
[ "$(wc -l <<<"$out")" -lt 6 ]
echo "ok make names the missing packages in a few lines"

systemd-analyze verify --man=no systemd/sallyportd.service 2>"$root/verify" || true
grep sallyportd.service "$root/verify" && exit 1
echo "ok systemd finds no fault in the unit"
