# Every target needs Go and make only; the tools come from tools/*.mod.

.DEFAULT_GOAL := help

# Narrow a target to one package with PKG, e.g. make test PKG=./parser/...
PKG ?= ./...
BENCH ?= .
COUNT ?= 6

tool = go tool -modfile=tools/$(1).mod $(1)

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/egresslint
	go build -trimpath -o bin/ ./cmd/egresslint

.PHONY: test
test: ## Run all tests
	go test $(PKG)

.PHONY: race
race: ## Run all tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race $(PKG)

.PHONY: fmt
fmt: ## Format the Go and Rego files
	$(call tool,gofumpt) -w .
	$(call tool,opa) fmt --write policies .regal/rules

.PHONY: lint
lint: ## Check format, go vet, golangci-lint and the workflow files
	.ci/run format vet actions lint

.PHONY: policies
policies: ## Check, test and lint the Rego rules
	.ci/run policies

.PHONY: golden
golden: ## Rewrite golden files and generated pages from the current output; review the diff
	grep -rl --include='*_test.go' 'flag.Bool("update"' cmd internal parser policies | xargs -n 1 dirname | sort -u | sed 's|^|./|' | while read -r dir; do go test "$$dir" -update || exit 1; done

.PHONY: mutate
mutate: ## Change conditions of PKG (NUMBER of them), and print those changes that no test notices
	nice -n 15 go run ./tools/mutate $(if $(NUMBER),-n $(NUMBER)) $(if $(SEED),-seed $(SEED)) $(if $(FILES),-files '$(FILES)') $(if $(TESTS),-tests $(TESTS)) $(PKG)

.PHONY: bench
bench: ## Run the benchmarks COUNT times; keep the output to compare it later
	@go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) $(PKG)

.PHONY: bench-compare
bench-compare: ## Compare two outputs of make bench: OLD=old.txt NEW=new.txt
	$(call tool,benchstat) $(OLD) $(NEW)

.PHONY: tidy-check
tidy-check: ## Check that go.mod and go.sum list exactly what the code imports
	go mod tidy -diff

.PHONY: hook
hook: ## Build and run the pre-commit hook as pre-commit does
	.ci/run hook

.PHONY: snapshot
snapshot: ## Build all archives of a release in dist, and run the program of this machine's
	.ci/release snapshot
	.ci/release try

.PHONY: act
act: ## Run the action on this machine with nektos/act, see https://nektosact.com
	$(call tool,act) push --workflows .github/action/act.yml --platform self-hosted=-self-hosted --action-offline-mode

.PHONY: ci
ci: ## Run everything that continuous integration runs
	.ci/run
