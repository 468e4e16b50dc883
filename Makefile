# Sallyport. Build: make all; make demo and make check set everything up themselves
# (as root, in a disposable copy of the machine, see tools/sandbox).

CC ?= gcc
PREFIX ?= /usr
SYSCONFDIR ?= /etc
DESTDIR ?=
LIBDIR ?= $(PREFIX)/lib/$(shell $(CC) -dumpmachine)
SBINDIR = $(PREFIX)/sbin
BINDIR = $(PREFIX)/bin
LIBEXECDIR = $(PREFIX)/libexec/sallyport
PAMDIR ?= $(LIBDIR)/security
MANDIR = $(PREFIX)/share/man
BUILD ?= build

WARN = -Wall -Wextra -Werror -Wshadow -Wconversion -Wvla -Wmissing-prototypes \
	-Wstrict-prototypes -Wformat=2 -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wswitch-enum -Wno-format-nonliteral
HARDEN = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE
HARDEN_LD = -pie -Wl,-z,relro,-z,now,-z,noexecstack
OPT ?= -O2 -g
SAN ?=
CPPFLAGS += -I. -D_GNU_SOURCE -DSYSCONFDIR='"$(SYSCONFDIR)"' -DLIBEXECDIR='"$(LIBEXECDIR)"'
ALL_CFLAGS = -std=c11 $(OPT) $(WARN) $(HARDEN) $(SAN) $(CFLAGS) -MMD -MP
ALL_LDFLAGS = $(HARDEN_LD) $(SAN) $(LDFLAGS)

# Which sources make which program, and what it may be linked with.
LIB = $(filter-out lib/audit_field.c,$(wildcard lib/*.c))
SRC_sallyportd = $(LIB) lib/audit_field.c loop/loop.c $(wildcard daemon/*.c) $(wildcard policy/*.c)
LIBS_sallyportd = -levent_core -lini_config
SRC_verify = $(LIB) $(wildcard verify/*.c)
LIBS_verify = -lsqlite3 -lcrypto -lyubikey
SRC_relay = $(LIB) $(wildcard relay/*.c)
LIBS_relay =
SRC_recorder = $(LIB) lib/audit_field.c $(wildcard recorder/*.c)
LIBS_recorder = -ljansson -lcrypto
SRC_names = $(LIB) $(wildcard names/*.c)
LIBS_names =
SRC_sallyport = $(LIB) lib/audit_field.c $(wildcard cli/*.c) $(wildcard policy/*.c)
LIBS_sallyport = -lini_config -ljansson -lcrypto
SRC_sallyport-shell = $(wildcard shell/*.c)
SRC_pam = $(addprefix lib/,client.c io.c proto.c wire.c secret.c) $(wildcard pam_module/*.c)

PROGRAMS = sallyportd verify relay recorder names sallyport sallyport-shell
TARGETS = $(addprefix $(BUILD)/,$(PROGRAMS)) $(BUILD)/pam_sallyport.so

all: $(TARGETS)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
pic = $(patsubst %.c,$(BUILD)/pic/%.o,$(1))

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -fPIC -c -o $@ $<

define program
$(BUILD)/$(1): $(call obj,$(SRC_$(1)))
	$(CC) $(ALL_LDFLAGS) -o $$@ $$^ $(LIBS_$(1))
endef
$(foreach p,$(filter-out sallyport-shell,$(PROGRAMS)),$(eval $(call program,$(p))))

$(BUILD)/sallyport-shell: $(call obj,$(SRC_sallyport-shell))
	$(CC) -static-pie $(SAN) $(LDFLAGS) -Wl,-z,relro,-z,now,-z,noexecstack -o $@ $^

$(BUILD)/pam_sallyport.so: $(call pic,$(SRC_pam)) pam_module/pam_sallyport.map
	$(CC) -shared $(SAN) $(LDFLAGS) -Wl,-z,relro,-z,now,-z,noexecstack,-z,defs \
		-Wl,--version-script=pam_module/pam_sallyport.map \
		-o $@ $(filter %.o,$^) -lpam

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
