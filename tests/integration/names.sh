#!/bin/bash
# The names helper and the real NSS of the copy: users, groups, a uid with two
# names, changes that count at once, files that can't be read.
# timeout: 60
set -eu

die() { echo "$*"; exit 1; }
id _sallyport-names >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin _sallyport-names
clean() {
	for u in nameanne namebob namecarl; do userdel $u; done
	for g in namevm nameother nameempty; do groupdel $g; done
} >/dev/null 2>&1
trap 'clean || true' EXIT
groupadd -g 7100 namevm
groupadd -g 7101 nameother
groupadd -g 7102 nameempty
useradd -M -u 7001 -g nameother -G namevm nameanne
useradd -M -u 7002 -g namevm namebob
useradd -M -u 7003 -g nameother namecarl

coproc driver { exec "$BUILD/tests/names_driver" "$BUILD/names"; }
driver_pid=$!
ask() { # QUESTION WANTED-ANSWER: of the one helper that runs all the time
	local answer
	echo "$1" >&"${driver[1]}"
	read -r -t 100 answer <&"${driver[0]}" || die "$1: no answer"
	[ "$answer" = "$2" ] || die "$1: $answer, not: $2"
}

ask "user nameanne namevm nameother nameempty nosuch" "found 7001 7101 one yes yes no no"
ask "user namebob namevm nameother" "found 7002 7100 one yes no"
ask "user namecarl namevm" "found 7003 7101 one no"
ask "user namecarl" "found 7003 7101 one"
ask "user nosuch namevm" "absent"
ask "group namevm" "found 7100"
ask "group nosuch" "absent"
ask "uid 7001 namevm nosuch" "found 7001 7101 one yes no nameanne /home/nameanne $(getent passwd nameanne | cut -d: -f7)"
ask "uid 7999 namevm" "absent"
echo "ok a uid gives name, home and shell"
echo "ok users, groups by first group, by list, absent ones"

gpasswd -d nameanne namevm >/dev/null
ask "user nameanne namevm" "found 7001 7101 one no"
gpasswd -a namecarl namevm >/dev/null
ask "user namecarl namevm" "found 7003 7101 one yes"
userdel namebob
ask "user namebob namevm" "absent"
groupdel nameempty
ask "group nameempty" "absent"
echo "ok changes of passwd and group count with the next question"

echo "nametwin:x:7003:7101::/:/bin/sh" >>/etc/passwd
ask "user namecarl namevm" "found 7003 7101 many yes"
ask "user nametwin namevm" "found 7003 7101 many no"
ask "user nameanne" "found 7001 7101 one"
sed -i '/^nametwin:/d' /etc/passwd
ask "user namecarl" "found 7003 7101 one"
echo "ok a uid with two names is told, whichever comes first"

many=$(for i in $(seq 1 511); do printf ' nogroup%d' "$i"; done)
ask "user namecarl$many namevm" "found 7003 7101 one$(for _ in $(seq 1 511); do printf ' no'; done) yes"
{
	grep -v '^namevm:' /etc/group
	printf 'namevm:x:7100:'
	seq -f 'member%.0f,' 1 20000 | tr -d '\n'
	echo nameanne
} >/etc/group.new
mv /etc/group.new /etc/group
ask "user nameanne namevm" "found 7001 7101 one yes"
ask "group namevm" "found 7100"
echo "ok 512 groups in one question, a group of 20,001 members"

mv /etc/group /etc/group.away
ask "user nameanne namevm" "failed"
ask "user nameanne" "failed"
ask "group namevm" "failed"
mv /etc/group.away /etc/group
ask "group namevm" "found 7100"
chmod 600 /etc/passwd
ask "user nameanne namevm" "failed"
chmod 644 /etc/passwd
ask "user nameanne nameother" "found 7001 7101 one yes"
echo "ok what can't be read is failed, not absent"

pid=$(pgrep -n -x names)
[ "$(awk '/^Uid/{print $2 $3 $4}' "/proc/$pid/status")" = "$(id -u _sallyport-names)$(id -u _sallyport-names)$(id -u _sallyport-names)" ] ||
	die "it is not its own account"
grep -q '^CapEff:\s*0000000000000000' "/proc/$pid/status" || die "it has capabilities"
grep -q '^NoNewPrivs:\s*1' "/proc/$pid/status" || die "it could gain privileges"
echo "ok it runs as its own account, without capabilities"

eval "exec ${driver[1]}>&-"
wait "$driver_pid" || die "it did not end well"
! pgrep -x names >/dev/null || die "it outlives its supervisor"
echo "ok it ends with its supervisor"
