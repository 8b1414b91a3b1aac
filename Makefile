# Each target is one `lab` command; `.venv/bin/lab --help` says more.
.DEFAULT_GOAL := help
SHAPE ?= pods
FAULTS ?= on
LAB := .venv/bin/lab
.NOTPARALLEL: # `make -j kind-up deploy`: the words are steps, in their order

ifdef shape
$(error write SHAPE=$(shape), in capitals)
endif

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

ifneq ($(FAULTS),$(filter on off,$(FAULTS)))
$(error FAULTS is $(FAULTS): use on or off)
endif

run: $(LAB) ## Run both services on this computer, without Docker: the page in seconds
	@$(LAB) run

kind-up: $(LAB) ## Bring up the cluster, with all that it needs
	@$(LAB) kind-up

deploy: $(LAB) ## Build, push and deploy the cats (SHAPE=pods, app or scale; FAULTS=on or off)
	@$(LAB) deploy --shape $(SHAPE) $(if $(filter on,$(FAULTS)),--faults,--no-faults)

verify: $(LAB) ## Try what a user would, and say what answered and why
	@$(LAB) verify

experiment: $(LAB) ## Predict, measure, explain (NAME=names, limits, all …; without it, the list)
	@$(LAB) experiment $(NAME)

open: $(LAB) ## Forward 8080 and 3000 here and open the page
	@$(LAB) open

status: $(LAB) ## Show the cluster, the Pods and the addresses that answer
	@$(LAB) status

logs: $(LAB) ## Follow the logs of both services
	@$(LAB) logs

learn: $(LAB) ## Work through the lessons, checked live
	@$(LAB) learn

debug: $(LAB) ## Open a shell in an ephemeral container (POD=name; without it, the backend's)
	@$(LAB) debug $(POD)

undeploy: $(LAB) ## Take the cats away, keep the cluster
	@$(LAB) undeploy

kind-down: $(LAB) ## Take the cluster away, keep the caches
	@$(LAB) kind-down

test: $(LAB) ## Run the tests of every change: unit, browser, end to end on a cluster of their own
	@$(LAB) test

test-all: $(LAB) ## Run the nightly tests too: every experiment, faults, load, Kubernetes 1.35 and 1.37
	@$(LAB) test --all

test-unit: $(LAB) ## Run the tests that need no Docker
	@$(LAB) test --unit

test-versions: $(LAB) ## Run every experiment on Kubernetes 1.35 and 1.37, and name the differences
	@$(LAB) test --versions

bench: $(LAB) ## Measure, each figure beside its floor
	@$(LAB) bench

lint: $(LAB) ## Check style and types
	@$(LAB) lint

wheel: $(LAB) ## Build the wheel into dist/, for pipx or uv
	@$(LAB) wheel

doctor: $(LAB) ## Name everything that this machine lacks
	@$(LAB) doctor

prune: $(LAB) ## Take away what nothing uses, with sizes; asks first
	@$(LAB) prune

clean: $(LAB) ## Take away the cluster and every cache
	@$(LAB) clean

$(LAB): scripts/bootstrap scripts/requirements.lock pyproject.toml
	@scripts/bootstrap

.PHONY: help run kind-up deploy verify experiment learn open status logs debug undeploy kind-down test test-all test-unit test-versions bench lint wheel doctor prune clean
