# The front door: every goal runs the Invoke task of the same name. The first call makes .venv from tool-lock.txt.
# `make` alone lists the goals, `make help GOAL=mirror` says what one takes. NAME=value on the command line becomes the task's --name=value; the environment does not:
# many shells set names such as SITE, PORT or TARGET for something else.

PYTHON ?= python3

FRONT := $(PYTHON) -I src/pypi_subset/cli/bootstrap.py
CHOSEN := $(if $(filter file,$(origin PYTHON)),,--chosen)
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),--given=$(name)))
GOALS := init add mirror verify publish plan update remove prune clean snapshot snapshots diff promote doctor why sizes targets target serve servers fetch bundle relock workflow merge-reports hosts test test-slow test-hosts test-long test-manual test-network sweep bench differential clients bare prove-the-proof hostile docs same-bytes lint

.PHONY: goals help $(GOALS)
.NOTPARALLEL:

goals:
	@$(FRONT)

help:
	@$(FRONT) help $(GIVEN)

$(GOALS):
	@$(FRONT) $@ $(CHOSEN) $(GIVEN)

# A goal that is none: the front names those that are alike.
.DEFAULT:
	@$(FRONT) $@ $(CHOSEN) $(GIVEN)
