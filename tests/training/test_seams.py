"""Replacing by identity: everywhere in one tree, nowhere else, never in silence."""

import sys
import types

import pytest
from ixl.training.seams import ContractError, defined, replace


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """`library.one` defines a function, `library.two` and a stranger hold it under other names."""

    def helper():
        return "old"

    made = {}
    for name, folder in (("library.one", "sd"), ("library.two", "sd"), ("stranger", "other")):
        module = types.ModuleType(name)
        module.__file__ = str(tmp_path / folder / f"{name}.py")
        monkeypatch.setitem(sys.modules, name, module)
        made[name] = module
    helper.__module__ = "library.one"
    made["library.one"].helper = made["library.two"].alias = made["stranger"].helper = helper
    made["library.two"].helper = helper
    return made


def test_replaced_under_every_name_of_the_tree(modules, tmp_path):
    old = modules["stranger"].helper

    def new():
        return "new"

    assert replace(old, new, tmp_path / "sd") == 3
    assert modules["library.two"].alias is modules["library.one"].helper is new
    assert modules["stranger"].helper is old


def test_nothing_replaced_is_an_error(modules, tmp_path):
    with pytest.raises(ContractError, match="could not be replaced"):
        replace(lambda: None, None, tmp_path / "sd")


def test_found_where_it_is_defined(modules):
    assert defined("helper", "library.gone") is modules["library.one"].helper
    with pytest.raises(ContractError, match="no functions called nothing"):
        defined("nothing", "library.gone")
