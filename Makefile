# The front door: every goal runs the Invoke task of the same name. The first call makes .venv from tool-lock.txt.
# `make` alone lists the goals. NAME=value, on the command line or in the environment, becomes the task's --name=value.

PYTHON ?= python3

FRONT := $(PYTHON) -I src/pypi_subset/bootstrap.py
CHOSEN := $(if $(filter file,$(origin PYTHON)),,--chosen)
GOALS := mirror update verify serve why clean test test-network bench lint

.PHONY: goals $(GOALS)
.NOTPARALLEL:

goals:
	@$(FRONT)

$(GOALS):
	@$(FRONT) $@ $(CHOSEN)
