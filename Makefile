# Sallyport. "make demo" and "make check" set everything up themselves, as root,
# in a disposable copy of the machine (tools/sandbox); "make help" names the rest.

ifeq ($(origin CC),default)
CC = gcc
endif
MUSL_CC ?= musl-gcc
MUSL_LIB ?= /usr/lib/$(subst -gnu,-musl,$(shell $(MUSL_CC) -dumpmachine 2>/dev/null))
PREFIX ?= /usr
SYSCONFDIR ?= /etc
DESTDIR ?=
BUILD ?= build
# clang says x86_64-pc-linux-gnu where Debian's folders say x86_64-linux-gnu.
LIBDIR ?= $(PREFIX)/lib/$(subst -pc-,-,$(shell $(CC) -dumpmachine))
SBINDIR = $(PREFIX)/sbin
BINDIR = $(PREFIX)/bin
LIBEXECDIR = $(PREFIX)/libexec/sallyport
PAMDIR ?= $(LIBDIR)/security
MANDIR = $(PREFIX)/share/man
DOCDIR = $(PREFIX)/share/doc/sallyport
COMPLETIONDIR = $(PREFIX)/share/bash-completion/completions
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
APPDIR = $(PREFIX)/share/applications
MIMEDIR = $(PREFIX)/share/mime/packages

WARN = -Wall -Wextra -Werror -Wshadow -Wconversion -Wvla -Wmissing-prototypes \
	-Wstrict-prototypes -Wformat=2 -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wswitch-enum -Wno-format-nonliteral
HARDEN = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE
RELRO = -Wl,-z,relro,-z,now,-z,noexecstack
OPT ?= -O2 -g
SAN ?=
CPPFLAGS += -I. -D_GNU_SOURCE -DSYSCONFDIR='"$(SYSCONFDIR)"' -DLIBEXECDIR='"$(LIBEXECDIR)"' \
	-DPAMDIR='"$(PAMDIR)"'
ALL_CFLAGS = -std=c11 $(OPT) $(WARN) $(HARDEN) $(SAN) $(CFLAGS) -MMD -MP
ALL_LDFLAGS = -pie $(RELRO) $(SAN) $(LDFLAGS)

# --- what is made of what, and what it may be linked with -------------------

LIB = $(filter-out lib/audit_field.c lib/authorities.c lib/sieve.c,$(wildcard lib/*.c))
SRC_sallyportd = $(LIB) lib/audit_field.c spice/kind.c loop/loop.c $(wildcard daemon/*.c) $(wildcard policy/*.c)
LIBS_sallyportd = -levent_core
SRC_verify = $(LIB) $(wildcard verify/*.c)
LIBS_verify = -lsqlite3 -lcrypto -lyubikey
SRC_relay = $(LIB) lib/sieve.c $(wildcard relay/*.c spice/*.c rfb/*.c)
LIBS_relay =
SRC_recorder = $(LIB) lib/audit_field.c $(wildcard recorder/*.c)
LIBS_recorder = -lcrypto -laudit
SRC_names = $(LIB) $(wildcard names/*.c)
LIBS_names =
SRC_api = $(LIB) lib/authorities.c $(wildcard api/*.c)
LIBS_api = -lcurl -lssl -lcrypto
SRC_virt = $(LIB) $(wildcard virt/*.c)
LIBS_virt = -ljansson -lvirt
SRC_sallyport = $(LIB) lib/audit_field.c lib/authorities.c spice/kind.c $(wildcard cli/*.c) $(wildcard policy/*.c)
LIBS_sallyport = -ljansson -lcrypto
SRC_sallyport-shell = $(addprefix lib/,array.c client.c escape.c io.c num.c proto.c secret.c utf8.c wire.c) \
	$(wildcard shell/*.c) $(wildcard files/*.c)
# Loaded into the programs that serve files; nothing of it is linked into anything else.
SRC_inside = lib/num.c $(addprefix files/,calls.c inner.c landlock.c userns.c) \
	$(wildcard inside/*.c)
SRC_pam = $(addprefix lib/,client.c io.c layout.c proto.c wire.c secret.c) $(wildcard pam_module/*.c)

HELPERS = verify relay recorder names api virt
PROGRAMS = sallyportd $(HELPERS) sallyport sallyport-shell
TARGETS = $(addprefix $(BUILD)/,$(PROGRAMS)) $(BUILD)/pam_sallyport.so $(BUILD)/inside.so

# Tests: each file one program, linked with everything but the main files.
SRC_all = $(sort $(LIB) lib/audit_field.c lib/authorities.c lib/sieve.c loop/loop.c \
	$(foreach d,daemon policy $(HELPERS) spice rfb cli shell files pam_module,$(wildcard $(d)/*.c)))
LIBS_all = -levent_core -lsqlite3 -lcurl -lssl -lcrypto -lyubikey -ljansson -laudit -lpam -lvirt
UNITS = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
SUPPORT = $(patsubst tests/support/%.c,$(BUILD)/tests/%,$(wildcard tests/support/*.c))
BENCHES = $(addprefix $(BUILD)/bench/,$(addprefix login/,measure otp_load slow_flush.so validation) \
	$(addprefix relay/,load pace in_u.so) scale/decide)
FUZZERS = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SCRIPTS = $(filter-out %/lib.sh,$(wildcard $(addsuffix /*.sh,$(addprefix tests/,integration e2e attack))))
FUZZ_SECONDS ?= 5

# --- build -------------------------------------------------------------------

all: $(TARGETS)

Q = $(if $(V),,@)
say = @$(if $(V),:,printf '  %-5s %s\n' $(1) $(2))
obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
static = $(patsubst %.c,$(BUILD)/static/%.o,$(1))
pic = $(patsubst %.c,$(BUILD)/pic/%.o,$(1))

# One sentence about all missing packages instead of a storm of compiler errors.
HEADERS = stdio.h:libc6-dev security/pam_modules.h:libpam0g-dev event2/event.h:libevent-dev \
	sqlite3.h:libsqlite3-dev jansson.h:libjansson-dev \
	openssl/evp.h:libssl-dev curl/curl.h:libcurl4-openssl-dev yubikey.h:libyubikey-dev \
	libaudit.h:libaudit-dev libvirt/libvirt.h:libvirt-dev
$(BUILD)/headers: Makefile
	@mkdir -p $(@D)
	@missing=; command -v $(firstword $(CC)) >/dev/null || missing=' $(firstword $(CC))'; \
	command -v $(firstword $(MUSL_CC)) >/dev/null || missing="$$missing musl-tools"; \
	for h in $(HEADERS); do \
		[ -z "$$missing" ] || [ "$$missing" != ' $(firstword $(CC))' ] || break; \
		printf '#include <stddef.h>\n#include <%s>\n' "$${h%:*}" | \
			$(CC) -x c -E - >/dev/null 2>&1 || missing="$$missing $${h#*:}"; \
	done; \
	[ -z "$$missing" ] || { echo "To build here, these Debian packages are missing:$$missing" >&2; \
		echo "(make demo and make check need none: they bring their own, in a copy)" >&2; exit 1; }
	@touch $@

$(BUILD)/obj/%.o: %.c | $(BUILD)/headers
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/pic/%.o: %.c | $(BUILD)/headers
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -fPIC -c -o $@ $<

define program
$(BUILD)/$(1): $(call obj,$(SRC_$(1)))
	$$(call say,LD,$$@)
	$$(Q)$(CC) $(ALL_LDFLAGS) -o $$@ $$^ $(LIBS_$(1))
endef
$(foreach p,$(filter-out sallyport-shell,$(PROGRAMS)),$(eval $(call program,$(p))))

# Musl comes without the kernel's headers, and must not see the other libc's.
$(BUILD)/kernel: $(BUILD)/headers
	@mkdir -p $@
	@for d in linux asm asm-generic; do \
		f=$$(echo "#include <$$d/errno.h>" | $(CC) -x c -E - | sed -n "s|^# 1 \"\(/.*/$$d\)/errno.h\".*|\1|p" | head -n 1); \
		ln -sfn "$$f" $@/$$d || exit 1; \
	done

# With musl, whatever CC and SAN are: it starts for each login and command, and what the
# other libc does before main() costs, in a virtual machine, more than all else it does.
# (Musl's CMSG_ macros mix signed and unsigned; the same sources are built with all
# warnings for the tests.)
$(BUILD)/static/%.o: %.c | $(BUILD)/headers $(BUILD)/kernel
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(MUSL_CC) $(CPPFLAGS) -isystem $(BUILD)/kernel -std=c11 $(OPT) $(filter-out -Wconversion,$(WARN)) $(HARDEN) $(CFLAGS) -MMD -MP -c -o $@ $<

# The wrapper's own link line is that of a dynamic program: it is given as a whole.
$(BUILD)/sallyport-shell: $(call static,$(SRC_sallyport-shell))
	$(call say,LD,$@)
	$(Q)$(MUSL_CC) -nostartfiles -static $(RELRO) -Wl,-pie,--no-dynamic-linker,-z,text \
		$(LDFLAGS) -o $@ $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o $^ $(MUSL_LIB)/crtn.o

$(BUILD)/pam_sallyport.so: $(call pic,$(SRC_pam)) pam_module/pam_sallyport.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared $(RELRO),-z,defs $(SAN) $(LDFLAGS) \
		-Wl,--version-script=pam_module/pam_sallyport.map -o $@ $(filter %.o,$^) -lpam

# Without sanitizers, whatever SAN is: the programs that load it have none.
$(BUILD)/inside.so: $(call pic,$(SRC_inside)) inside/inside.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared $(RELRO),-z,defs $(LDFLAGS) \
		-Wl,--version-script=inside/inside.map -o $@ $(filter %.o,$^)

# q, not r: files of equal name in two folders must both be in it.
$(BUILD)/all.a: $(call obj,$(filter-out %/main.c,$(SRC_all)))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar qcs $@ $^

# Stand-ins for what audit*.c, api.c, consoles.c, door.c, fixed_names.c, kept_channels.c, proc.c,
# shell_page.c and writer.c call.
wrap = $(foreach f,$(1),-Wl,--wrap=$(f))
LDFLAGS_test_audit_sums = $(call wrap,servant_begin servant_tell servant_is_up io_now_ms)
LDFLAGS_test_audit_held = $(call wrap,servant_begin servant_tell servant_ask servant_ask_before \
	servant_is_up gateway_settings)
LDFLAGS_test_api_hosts = $(call wrap,gateway_settings servant_new servant_free servant_give_up \
	servant_begin servant_ask servant_tell servant_is_up loop_timer loop_timer_set \
	loop_timer_clear loop_watch_free)
LDFLAGS_test_consoles = $(call wrap,io_now_ms loop_timer loop_timer_set loop_timer_clear \
	loop_watch_free servant_begin servant_tell servant_give_up gateway_settings \
	channels_next channels_by_id channel_connect channel_end channel_record_seat \
	channel_record_console channel_tell_console)
LDFLAGS_test_fixed_names = $(call wrap,people_ask_user people_ask_group gateway_settings \
	doors_give_to_group endpoints_retry)
LDFLAGS_test_kept_channels = $(call wrap,channel_record_lost)
LDFLAGS_test_recorder_writer = $(call wrap,logfile_flush)
LDFLAGS_test_proc = $(call wrap,stat statx)
LDFLAGS_test_shell_page = $(call wrap,io_now_ms door_begin door_send door_is_clear door_go_on \
	door_close conns_by_id session_id policy_vm_count policy_vm shell_why_vm)
LDFLAGS_test_servant = $(call wrap,setsockopt)
LDFLAGS_test_ends = $(call wrap,setsockopt listen)
LDFLAGS_test_door = $(call wrap,listener_unix gateway_settings request_dispatch request_gone)
# A change in the middle of a read.
LDFLAGS_test_policy_source = -Wl,--wrap=io_read_all

LIBS_libssh_client = -lssh

units: $(UNITS)
support: $(SUPPORT) $(addprefix $(BUILD)/tests/,files_hostile_alone sallyportd_old) $(BUILD)/guest/screen.img

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/all.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(LDFLAGS_$*) -o $@ $^ $(LIBS_all) -lcmocka

$(BUILD)/tests/%: $(BUILD)/obj/tests/support/%.o $(BUILD)/all.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_all) $(LIBS_$*)

# Nothing can be loaded into it.
$(BUILD)/tests/files_hostile_alone: tests/support/files_hostile.c | $(BUILD)/kernel
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(MUSL_CC) -D_GNU_SOURCE -isystem $(BUILD)/kernel -std=c11 -O1 -static -o $@ $<

# The daemon as it is on a kernel before 6.16.
$(BUILD)/tests/old_stranger.o: daemon/stranger.c tests/support/old_kernel.h | $(BUILD)/headers
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -include tests/support/old_kernel.h -c -o $@ $<

$(BUILD)/tests/sallyportd_old: $(BUILD)/tests/old_stranger.o \
		$(filter-out %/daemon/stranger.o,$(call obj,$(SRC_sallyportd)))
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_sallyportd)

# A boot sector and what it loads.
$(BUILD)/guest/%.img: tests/guest/%.S
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)as --32 -o $(@D)/$*.o $< && ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o $@ $(@D)/$*.o

benches: $(BENCHES)

$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(BUILD)/all.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_all)

$(BUILD)/bench/%.so: $(BUILD)/pic/bench/%.o
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -shared $(RELRO) $(LDFLAGS) -o $@ $^

$(BUILD)/bench/relay/in_u.so: $(BUILD)/pic/lib/num.o

.SECONDARY:
-include $(BUILD)/tests/old_stranger.d $(patsubst %.c,$(BUILD)/obj/%.d,$(SRC_all) $(wildcard tests/*/*.c bench/*/*.c)) \
	$(patsubst %.c,$(BUILD)/pic/%.d,$(SRC_pam) $(SRC_inside) $(wildcard bench/*/*.c)) \
	$(patsubst %.c,$(BUILD)/static/%.d,$(SRC_sallyport-shell))

# --- install -----------------------------------------------------------------

MAN = $(wildcard man/*.[1-8])
EXAMPLES = $(wildcard conf/*.example)

# What a user's own computer gets, where nothing is built.
install-view:
	install -d -m 755 $(addprefix $(DESTDIR),$(BINDIR) $(APPDIR) $(MIMEDIR) $(MANDIR)/man1 \
		$(DOCDIR) $(COMPLETIONDIR))
	install -m 755 view/sallyport-view $(DESTDIR)$(BINDIR)/
	install -m 644 view/sallyport-view.desktop $(DESTDIR)$(APPDIR)/
	install -m 644 view/sallyport.xml $(DESTDIR)$(MIMEDIR)/
	install -m 644 man/sallyport-view.1 $(DESTDIR)$(MANDIR)/man1/
	install -m 644 conf/sallyport-view.bash-completion $(DESTDIR)$(COMPLETIONDIR)/sallyport-view
	install -m 644 doc/windows.md $(DESTDIR)$(DOCDIR)/

install: all install-view
	install -d -m 755 $(addprefix $(DESTDIR),$(SBINDIR) $(BINDIR) $(LIBEXECDIR) $(PAMDIR) \
		$(DOCDIR) $(COMPLETIONDIR) $(UNITDIR) $(SYSUSERSDIR) $(TMPFILESDIR) \
		$(sort $(foreach m,$(MAN),$(MANDIR)/man$(subst .,,$(suffix $(m))))) \
		$(SYSCONFDIR)/sallyport)
	install -m 755 $(BUILD)/sallyportd $(BUILD)/sallyport $(DESTDIR)$(SBINDIR)/
	install -m 755 $(BUILD)/sallyport-shell $(DESTDIR)$(BINDIR)/
	install -m 755 $(addprefix $(BUILD)/,$(HELPERS)) $(DESTDIR)$(LIBEXECDIR)/
	install -m 644 $(BUILD)/pam_sallyport.so $(DESTDIR)$(PAMDIR)/
	install -m 644 $(BUILD)/inside.so $(DESTDIR)$(LIBEXECDIR)/
	$(foreach m,$(MAN),install -m 644 $(m) $(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/ &&) true
	$(if $(EXAMPLES),install -m 644 $(EXAMPLES) $(DESTDIR)$(DOCDIR)/)
	install -m 644 conf/sallyport.bash-completion $(DESTDIR)$(COMPLETIONDIR)/sallyport
	install -m 644 systemd/sallyportd.service $(DESTDIR)$(UNITDIR)/
	install -m 644 systemd/sallyport.sysusers $(DESTDIR)$(SYSUSERSDIR)/sallyport.conf
	install -m 644 systemd/sallyport.tmpfiles $(DESTDIR)$(TMPFILESDIR)/sallyport.conf

uninstall-view:
	rm -f $(addprefix $(DESTDIR),$(BINDIR)/sallyport-view $(APPDIR)/sallyport-view.desktop \
		$(MIMEDIR)/sallyport.xml $(MANDIR)/man1/sallyport-view.1 \
		$(COMPLETIONDIR)/sallyport-view $(DOCDIR)/windows.md)
	rmdir "$(DESTDIR)$(DOCDIR)" 2>/dev/null || true

# Configuration, state and audit log stay.
uninstall: uninstall-view
	rm -f $(addprefix $(DESTDIR),$(SBINDIR)/sallyportd $(SBINDIR)/sallyport \
		$(BINDIR)/sallyport-shell $(addprefix $(LIBEXECDIR)/,$(HELPERS) inside.so) \
		$(PAMDIR)/pam_sallyport.so $(COMPLETIONDIR)/sallyport \
		$(foreach m,$(MAN),$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))) \
		$(addprefix $(DOCDIR)/,$(notdir $(EXAMPLES))) $(UNITDIR)/sallyportd.service \
		$(SYSUSERSDIR)/sallyport.conf $(TMPFILESDIR)/sallyport.conf)
	for d in $(LIBEXECDIR) $(DOCDIR) $(SYSCONFDIR)/sallyport; do \
		rmdir "$(DESTDIR)$$d" 2>/dev/null || true; done

# --- tests -------------------------------------------------------------------

# -j2 unless the caller chose.
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j2)
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all
ROOT = @[ "$$(id -u)" = 0 ] || { echo "make $@ needs root (it works in a disposable copy of this machine)" >&2; exit 1; }

check:
	$(ROOT)
	@tools/sandbox run $(MAKE) --no-print-directory BUILD=$(BUILD) check-here

demo:
	$(ROOT)
	@tools/sandbox run $(MAKE) --no-print-directory BUILD=$(BUILD) demo-here

# Only inside the copy: it installs to the real paths and makes users. The fuzzers, which
# need one core, run while the scripts wait; what compiles or lints takes all, later.
check-here:
	@tools/sandbox inside || { echo "check-here installs on this machine: use make check" >&2; exit 1; }
	@$(MAKE) --no-print-directory $(JOBS) all units support benches
	@MAKE='$(MAKE)' BUILD=$(BUILD) tests/run $(UNITS) make:check-layers make:check-docs make:bite-match \
		make:install-here $(SCRIPTS) make:fuzzers $(addprefix make:fuzz-,$(FUZZERS)) \
		make:lint make:clang make:asan

# As a package's maintainer scripts would.
install-here: install
	@tools/sandbox inside
	systemd-sysusers sallyport.conf
	systemd-tmpfiles --create sallyport.conf

demo-here:
	@tools/sandbox inside || { echo "demo-here installs on this machine: use make demo" >&2; exit 1; }
	@$(MAKE) --no-print-directory $(JOBS) -s support install-here >$(BUILD)/demo-build.log 2>&1 || \
		{ cat $(BUILD)/demo-build.log >&2; exit 1; }
	@BUILD=$(abspath $(BUILD)) tools/demo

# The long forms of tests that have one: hundreds of kills, cuts, rounds.
check-long:
	$(ROOT)
	@tools/sandbox run $(MAKE) --no-print-directory BUILD=$(BUILD) check-long-here

check-long-here:
	@mkdir -p $(BUILD)
	@tools/sandbox inside || { echo "check-long-here installs on this machine: use make check-long" >&2; exit 1; }
	@$(MAKE) --no-print-directory $(JOBS) units support install-here >$(BUILD)/long-build.log 2>&1 || \
		{ cat $(BUILD)/long-build.log >&2; exit 1; }
	@THOROUGH=yes $(BUILD)/unit/test_policy_next
	@BUILD=$(BUILD) tests/run --long $(SCRIPTS)
	@NODES=225000 $(MAKE) --no-print-directory lint

# Each defence taken out: its case must fail. An hour; in the copy.
check-bite:
	$(ROOT)
	@tools/sandbox run env BUILD=$(BUILD) tests/bite/run

bite-match:
	@tests/bite/run --match

# Figures against limits; takes minutes, and wants a quiet machine.
MEASURED = login/login relay/relay files/files relay/connect scale/scale
$(addprefix bench-,$(notdir $(MEASURED))):
	$(ROOT)
	@tools/sandbox run $(MAKE) --no-print-directory BUILD=$(BUILD) $@-here

$(patsubst %,bench-%-here,$(notdir $(MEASURED))): bench-%-here:
	@tools/sandbox inside
	@$(MAKE) --no-print-directory $(JOBS) -s all support benches install-here
	@BUILD=$(abspath $(BUILD)) bash bench/$(filter %/$*,$(MEASURED)).sh

check-unit: units
	@BUILD=$(BUILD) tests/run $(UNITS)

# Each compiler and sanitizer has a build folder of its own.
clang:
	@$(MAKE) --no-print-directory $(JOBS) BUILD=$(BUILD)/clang CC=clang all check-unit

asan:
	@$(MAKE) --no-print-directory $(JOBS) BUILD=$(BUILD)/asan SAN='$(SANITIZE)' OPT='-O1 -g' check-unit

fuzzers:
	@$(MAKE) --no-print-directory $(JOBS) BUILD=$(BUILD)/fuzz CC=clang OPT='-O1 -g' \
		SAN='$(SANITIZE) -fsanitize=fuzzer-no-link' fuzz-programs

fuzz-programs: $(patsubst %,$(BUILD)/fuzz_%,$(FUZZERS))

$(BUILD)/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/all.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS_all)

# What is found new goes to the build folder; the corpus in tests/ is chosen by hand.
fuzz-%: fuzzers
	@mkdir -p $(BUILD)/fuzz/found/$*
	$(BUILD)/fuzz/fuzz_$* -max_total_time=$(FUZZ_SECONDS) -timeout=60 -rss_limit_mb=1024 \
		-artifact_prefix=$(BUILD)/fuzz/ -print_final_stats=1 \
		$(BUILD)/fuzz/found/$* $(wildcard tests/fuzz/corpus/$*)

fuzz: $(addprefix fuzz-,$(FUZZERS))

# --- form --------------------------------------------------------------------

check-layers:
	@tools/check-layers

check-docs: all
	@BUILD=$(BUILD) tools/check-docs

lint:
	@CPPFLAGS="$(subst ",\",$(CPPFLAGS))" tools/lint

format:
	@tools/lint --format

clean:
	find $(BUILD) -mindepth 1 -maxdepth 1 ! -name sandbox -exec rm -rf {} +

help:
	@echo 'make demo          the story of one login, told by the real programs (root, in a copy)'
	@echo 'make check         all tests (root, in a copy)'
	@echo 'make [all]         build here; CC=clang, V=1 for whole commands'
	@echo 'make install       to $$DESTDIR$$PREFIX ($(PREFIX)) and $$DESTDIR$$SYSCONFDIR ($(SYSCONFDIR))'
	@echo 'make install-view  sallyport-view alone, for a user'\''s own computer: builds nothing; uninstall-view'
	@echo 'make uninstall     takes the same files away; configuration, state and log stay'
	@echo 'make check-unit    unit tests;  asan: with sanitizers;  clang: with the other compiler'
	@echo 'make check-long    the long forms: 300 kills, 100 power cuts, 50 rounds of revocation, lint in depth … (root, in a copy)'
	@echo 'make check-bite    takes out each defence in turn: its test must then fail (long; root, in a copy)'
	@echo 'make bench-login   what a login costs, against others and against limits (root, in a copy)'
	@echo 'make bench-connect what ssh gw connect costs, against ssh -W and against limits (root, in a copy)'
	@echo 'make bench-relay   what the relay costs, against others and against limits (root, in a copy)'
	@echo 'make bench-files   what the walls around a file transfer cost, against sshd itself (root, in a copy)'
	@echo 'make bench-scale   a gateway with much of everything: reload, decisions, lists (root, in a copy)'
	@echo 'make fuzz          each fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make check-layers  who includes whom, lengths, banned functions'
	@echo 'make lint          form and static analysis;  format: brings the form about'
	@echo 'make check-docs    manual pages and examples against the code'
	@echo 'make clean         empties $(BUILD)/ but for the copy'\''s packages in $(BUILD)/sandbox'

.PHONY: all units support benches $(foreach b,$(notdir $(MEASURED)),bench-$b bench-$b-here) install install-view uninstall uninstall-view check demo check-here demo-here install-here check-unit check-long check-long-here check-bite bite-match clang asan \
	fuzzers fuzz-programs fuzz check-layers check-docs lint format clean help
