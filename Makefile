# The same without make: python3 tools/dev.py COMMAND
PYTHON ?= python3

.PHONY: demo test check bench prove serve setup where
demo test check bench prove serve setup where:
	@$(PYTHON) tools/dev.py $@
