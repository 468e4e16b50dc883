#!/bin/bash
# tools/check-layers finds what is planted, with file and line, and nothing in a
# clean tree.
set -eu
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

clean_tree() {
	rm -rf "${tree:?}"/*
	mkdir -p "$tree"/{lib,loop,policy,daemon,relay,spice,verify,pam_module}
	printf '#include "lib/a.h"\n\nint\na_one(void)\n{\n\treturn 1;\n}\n' >"$tree/lib/a.c"
	printf 'int a_one(void);\n' >"$tree/lib/a.h"
	printf '#include "lib/a.h"\n#include "loop/b.h"\n#include "policy/c.h"\n#include "spice/kind.h"\n' >"$tree/daemon/d.c"
	printf '#include "spice/link.h"\n' >"$tree/relay/p.c"
	printf '#include <security/pam_modules.h>\n' >"$tree/pam_module/one.c"
	cp "$tree/pam_module/one.c" "$tree/pam_module/two.c"
}

# plant WHAT FILE TEXT EXPECTED: with TEXT in FILE, EXPECTED is reported
plant() {
	clean_tree
	printf "$3" >"$tree/$2"
	if out=$(tools/check-layers "$tree"); then
		echo "not found: $1"
		exit 1
	fi
	case $out in
	*"$4"*) echo "ok found: $1" ;;
	*) printf 'wrong words for %s:\n%s\n' "$1" "$out"; exit 1 ;;
	esac
}

clean_tree
tools/check-layers "$tree" >/dev/null
echo "ok a clean tree passes"
plant 'a helper that includes policy' relay/r.c 'int x;\n#include "policy/c.h"\n' 'relay/r.c:2:'
plant 'lib that includes a program' lib/b.c '#include "daemon/d.h"\n' 'lib/b.c:1:'
plant 'a helper that includes another' verify/v.c '#include "relay/r.h"\n' 'verify/v.c:1:'
plant 'the supervisor that includes a parser' daemon/e.c '#include "spice/link.h"\n' 'daemon/e.c:1:'
plant 'a parser that includes a helper' spice/s.c '#include "relay/r.h"\n' 'spice/s.c:1:'
plant 'policy that includes the loop' policy/c.c '#include "loop/b.h"\n' 'policy/c.c:1:'
plant 'an include without its folder' relay/r.c '#include "r.h"\n' 'relay/r.c:1:'
plant 'libevent outside loop' daemon/e.c '#include <event2/event.h>\n' 'daemon/e.c:1:'
plant 'a library in a header' verify/v.h '#include <sqlite3.h>\n' 'verify/v.h:1:'
plant 'a banned function' relay/r.c 'void r(char *a)\n{\n\tstrcpy(a, "x");\n}\n' 'relay/r.c:3:'
plant 'exit in a library' lib/b.c 'void b(void)\n{\n\texit(1);\n}\n' 'lib/b.c:3:'
plant '#if in a function' relay/r.c 'void r(void)\n{\n#if 1\n#endif\n}\n' 'relay/r.c:3:'
plant 'a long function' relay/r.c "void r(void)\n{\n$(printf '\\tr();\\n%.0s' {1..80})}\n" 'relay/r.c:2:'
plant 'a long header' relay/r.h "$(printf 'int r;\\n%.0s' {1..61})" 'relay/r.h:61:'
plant 'a long file' relay/r.c "$(printf 'int r;\\n%.0s' {1..601})" 'relay/r.c:601:'

clean_tree
printf '#include <openssl/evp.h>\n' >"$tree/verify/x.c"
cp "$tree/verify/x.c" "$tree/verify/y.c"
tools/check-layers "$tree" >"$tree.out" && { echo "not found: a library in two files"; exit 1; }
grep -q 'verify/y.c:1:.*verify/x.c' "$tree.out"
rm -f "$tree.out"
echo "ok found: a library in two files of a folder"

clean_tree
printf '/* strcpy(a, b) */\nchar *s = "sprintf(x)";\n' >"$tree/relay/r.c"
tools/check-layers "$tree" >/dev/null
echo "ok comments and strings may name what is banned"
