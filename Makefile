# make demo   see a failover on this machine
# make test   everything, counted
# make help   the rest

PREFIX     ?= /usr
DESTDIR    ?=
UNITDIR    ?= $(PREFIX)/lib/systemd/system
TMPFILES   ?= $(PREFIX)/lib/tmpfiles.d
INITDIR    ?= /etc/init.d
MANDIR     ?= $(PREFIX)/share/man
DOCDIR     ?= $(PREFIX)/share/doc/heartbeatd
GO         ?= go
FUZZTIME   ?= 10s

# The tag if this is a clone that has one, else the newest entry of CHANGELOG.md.
VERSION ?= $(shell git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null | sed 's/^v//' | grep . || \
	sed -n 's/^\#\# \([0-9][^ ]*\).*/\1/p' CHANGELOG.md | head -n 1)
LDFLAGS  = -s -w -X heartbeatd/internal/cli.version=$(VERSION)
BUILD    = CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)'

# Programs of 3.0.6's /usr/share/heartbeat that heartbeatd is, by these names.
SCRIPT_NAMES  = hb_standby hb_takeover hb_addnode hb_delnode hb_setweight hb_setsite ha_propagate ResourceManager req_resource mach_down
SHELL_SCRIPTS = init/heartbeat.init $(filter-out %.yaml %/copyright %/lintian-overrides,$(wildcard init/packages/*)) $(wildcard .ci/*)
# Whom the packages name.
MAINTAINER ?= heartbeatd <heartbeatd@example.org>
# Packs; nothing of it gets into the program.
NFPM = github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0
MAN_PAGES     = $(wildcard docs/man/*.[1-8])

.PHONY: all build install packages uninstall test race unit lint fuzz scenario integration interop explore simulate chaos bench duel lateness long mutate model demo vuln clean help

all: build

## build: bin/heartbeatd, static
build:
	@mkdir -p bin
	$(BUILD) -o bin/heartbeatd ./cmd/heartbeatd

## demo: two nodes, a client, a planned stop and a power cut, on this machine
demo: build
	$(BUILD) -o bin/lab ./cmd/lab
	bin/lab demo

## test: everything, counted; skips are named, and are failures where CI=true
test:
	@GO='$(GO)' $(if $(filter-out file,$(origin FUZZTIME)),FUZZTIME='$(FUZZTIME)') .ci/test

## unit: unit tests, vectors, corpus and scenarios, without the race detector
unit:
	CGO_ENABLED=0 $(GO) test ./...

## race: the same under the race detector
race:
	CGO_ENABLED=1 $(GO) test -race ./...

## scenario: only the scenario scripts
scenario:
	$(GO) test -count=1 ./internal/scenario/...

## fuzz: every fuzz target for FUZZTIME (10s)
fuzz:
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package || exit 1; \
		done; \
	done

## integration: private hosts with real sockets and scripts (some minutes); needs root, or user namespaces
integration:
	CGO_ENABLED=0 $(GO) test -tags integration -count=1 -p 1 -parallel 64 -timeout 15m -v \
		$$(grep -rl '^//go:build integration' --include='*_test.go' . | xargs -r -n 1 dirname | sort -u)

## lateness: how late beats go out under load, beside what the machine itself adds; BEATS=200000 KEEPALIVE=10ms HOGS=6 RTPRIO=1
lateness:
	CGO_ENABLED=0 $(foreach v,BEATS KEEPALIVE HOGS RTPRIO,$(if $($(v)),$(v)=$($(v)))) \
		$(GO) test -tags 'integration long' -count=1 -timeout 24h -v -run TestLateness ./internal/pacer

## long: what takes long and is not in make test (12 minutes): every phase of the life of a C node, 5 minutes of loss; BasicSanityCheck and the resource scripts of 3.0.6, a site that uses everything; the packages, installed, upgraded and removed
long:
	CGO_ENABLED=0 LOSS=5m $(GO) test -tags 'integration long' -count=1 -parallel 16 -timeout 30m -v -run 'TestPeer|TestLoss|TestPackage' ./internal/lab

## interop: scenarios on pairs of the C daemon and ours, half an hour on two cores; needs root; SEEDS=2000 for a night, SEED=17 or ONLY='crash-*' to look again
interop: build
	$(BUILD) -o bin/lab ./cmd/lab
	bin/lab interop $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(ONLY),--only '$(ONLY)') $(INTEROP)

## bench: every benchmark of the repository, COUNT (6) times, in bin/bench.txt for benchstat; ONLY='Receive/sha1' for some
bench:
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) test -run '^$$' -bench '$(or $(ONLY),.)' -benchmem -count=$(or $(COUNT),6) -p 1 -timeout 2h \
		$$(grep -rl '^func Benchmark' --include='*_test.go' internal | xargs -n 1 dirname | sort -u | sed 's|^|./|') >bin/bench.txt; \
		status=$$?; cat bin/bench.txt; exit $$status

## mutate: every small fault in the core against the pure tests (a quarter of an hour of processor time and more); ONLY='claim.go' for some of them
mutate:
	$(BUILD) -o bin/lab ./cmd/lab
	bin/lab mutate $(if $(ONLY),--only '$(ONLY)') $(MUTATE)

## model: the Promela model of ownership, every configuration searched completely, and every planted fault; needs spin and gcc; ONLY='cut' for some
model:
	$(BUILD) -o bin/lab ./cmd/lab
	bin/lab model $(if $(ONLY),--only '$(ONLY)') $(MODEL)

## chaos: seeded faults on real daemons and scripts, in real time, judged by the guarantees; needs root; SEEDS=1000 (25 minutes), SEED=17 to play one again
chaos: build
	$(BUILD) -o bin/lab ./cmd/lab
	bin/lab chaos $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) $(CHAOS)

## duel: Heartbeat 3.0.6, keepalived and ours measured side by side, 40 minutes on a quiet machine, into docs/performance.md; needs root; ONLY=moves,idle for some of it, ONLY=million for the million beats
duel: build
	$(BUILD) -o bin/lab ./cmd/lab
	bin/lab duel $(if $(ONLY),--only '$(ONLY)') $(DUEL)

## simulate: seeded lives of a cluster in virtual time, judged by docs/guarantees.md (10000); SEEDS=1000000 for a night, SEED=17 to look again
simulate:
	@mkdir -p bin
	$(BUILD) -o bin/lab ./cmd/lab
	bin/lab simulate $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) $(SIMULATE)

## vuln: known vulnerabilities in what the program uses; needs the network (vuln.go.dev), so it is not in make test
vuln:
	$(GO) run golang.org/x/vuln/cmd/govulncheck@latest ./cmd/...

## explore: every order of what can happen to two nodes within small scopes, over the real core; SCOPE=crash,cut for some, REPLAY=steps.txt to see a way again
explore: build
	$(BUILD) -o bin/lab ./cmd/lab
	bin/lab explore $(if $(SCOPE),--scope $(SCOPE)) $(if $(REPLAY),--replay $(REPLAY)) $(EXPLORE)

## lint: gofmt, go vet; shellcheck and mandoc if they are installed
lint:
	@unformatted=$$(gofmt -l cmd internal); if [ -n "$$unformatted" ]; then \
		echo "not formatted by gofmt: $$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags 'integration long' ./...
	@if command -v shellcheck >/dev/null; then shellcheck $(SHELL_SCRIPTS) \
		$$(grep -lrE '^#! ?/bin/(ba|da)?sh' etc/ha.d); \
		else echo 'shellcheck is not installed: scripts not checked'; fi
	@if command -v mandoc >/dev/null; then mandoc -T lint -W warning $(MAN_PAGES); \
		else echo 'mandoc is not installed: man pages not checked'; fi

## install: into DESTDIR, below PREFIX (/usr), and /etc; run make build before; INITDIR= leaves out the init script
install:
	@test -x bin/heartbeatd || { echo 'bin/heartbeatd is missing: run make build first'; exit 1; }
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/heartbeat \
		$(DESTDIR)$(PREFIX)/share/heartbeat $(DESTDIR)/etc/ha.d/rc.d $(DESTDIR)/var/lib/heartbeat
	install -m 755 bin/heartbeatd $(DESTDIR)$(PREFIX)/sbin/heartbeatd
	for name in heartbeat drbd-peer-outdater; do ln -sfn ../../sbin/heartbeatd $(DESTDIR)$(PREFIX)/libexec/heartbeat/$$name || exit 1; done
	for name in $(SCRIPT_NAMES); do ln -sfn ../../sbin/heartbeatd $(DESTDIR)$(PREFIX)/share/heartbeat/$$name || exit 1; done
	ln -sfn ../sbin/heartbeatd $(DESTDIR)$(PREFIX)/bin/cl_status
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(TMPFILES) $(DESTDIR)/etc/logrotate.d
	sed 's|/usr/\(sbin\|libexec\)/heartbeat|$(PREFIX)/\1/heartbeat|' init/heartbeat.service >$(DESTDIR)$(UNITDIR)/heartbeat.service
	chmod 644 $(DESTDIR)$(UNITDIR)/heartbeat.service
	install -m 644 init/heartbeat.tmpfiles $(DESTDIR)$(TMPFILES)/heartbeat.conf
ifneq ($(INITDIR),)
	install -d $(DESTDIR)$(INITDIR)
	sed -e 's|^HEARTBEAT=/usr|HEARTBEAT=$(PREFIX)|' -e 's|^STANDBY=/usr|STANDBY=$(PREFIX)|' \
		init/heartbeat.init >$(DESTDIR)$(INITDIR)/heartbeat
	chmod 755 $(DESTDIR)$(INITDIR)/heartbeat
endif
	sed 's|/usr/sbin/heartbeatd|$(PREFIX)/sbin/heartbeatd|' init/heartbeat.logrotate >$(DESTDIR)/etc/logrotate.d/heartbeat
	chmod 644 $(DESTDIR)/etc/logrotate.d/heartbeat
	@# What the site has in /etc/ha.d is the site's: nothing there is overwritten.
	@for file in $$(cd etc/ha.d && find . -type f ! -name ha.cf ! -name authkeys ! -name haresources | sed 's|^./||'); do \
		to=$(DESTDIR)/etc/ha.d/$$file; \
		if [ -x etc/ha.d/$$file ]; then mode=755; else mode=644; fi; \
		if [ -e "$$to" ]; then echo "kept $$to"; continue; fi; \
		install -D -m $$mode "etc/ha.d/$$file" "$$to" && sed -i 's|/usr/sbin/heartbeatd|$(PREFIX)/sbin/heartbeatd|g' "$$to" || exit 1; \
	done
	@for page in $(MAN_PAGES); do \
		install -D -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$$(basename $$page) || exit 1; \
	done
	@for file in README.md CHANGELOG.md LICENSE docs/differences.md docs/architecture.md docs/migration.md docs/guarantees.md docs/security.md docs/performance.md docs/scale.md $(wildcard etc/ha.d/ha.cf etc/ha.d/authkeys etc/ha.d/haresources); do \
		[ ! -e $$file ] || install -D -m 644 $$file $(DESTDIR)$(DOCDIR)/$$(basename $$file) || exit 1; \
	done

## packages: a .deb and an .rpm in bin/packages; the first time it needs the network, for the program that packs (nfpm)
packages: build
	rm -rf bin/packages
	$(MAKE) -s install DESTDIR=$(CURDIR)/bin/packages/root PREFIX=/usr UNITDIR=/usr/lib/systemd/system \
		TMPFILES=/usr/lib/tmpfiles.d INITDIR=/etc/init.d MANDIR=/usr/share/man DOCDIR=/usr/share/doc/heartbeatd
	GO='$(GO)' NFPM='$(NFPM)' MAINTAINER='$(MAINTAINER)' VERSION='$(VERSION)' init/packages/build

## uninstall: what install put there; /etc/ha.d and /var/lib/heartbeat stay
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/heartbeatd \
		$(DESTDIR)$(PREFIX)/libexec/heartbeat/heartbeat $(DESTDIR)$(PREFIX)/libexec/heartbeat/drbd-peer-outdater \
		$(addprefix $(DESTDIR)$(PREFIX)/share/heartbeat/,$(SCRIPT_NAMES)) \
		$(DESTDIR)$(PREFIX)/bin/cl_status $(DESTDIR)$(UNITDIR)/heartbeat.service $(DESTDIR)$(TMPFILES)/heartbeat.conf \
		$(if $(INITDIR),$(DESTDIR)$(INITDIR)/heartbeat) $(DESTDIR)/etc/logrotate.d/heartbeat
	rm -rf $(DESTDIR)$(DOCDIR)
	@for page in $(MAN_PAGES); do rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$$(basename $$page); done

## clean: remove what make built
clean:
	rm -rf bin

## help: this list; INTEROP, MUTATE, MODEL, CHAOS, DUEL, SIMULATE and EXPLORE='--flag' pass flags on
help:
	@sed -n 's/^## \([a-z]*\): /\1\t/p' Makefile | expand -t 14
