"""Which project likely brings a module, or reads a group of entry points."""

from __future__ import annotations

import pytest

from pypi_subset.proof.imports import likely


@pytest.mark.parametrize(
    ("module", "project"),
    [
        ("bs4", "beautifulsoup4"),
        ("yaml.nodes", "pyyaml"),
        ("google.protobuf.message", "protobuf"),
        ("google.cloud.storage.blob", "google-cloud-storage"),
        ("google.auth.transport", "google-auth"),
        ("zope.interface.verify", "zope-interface"),
        ("jupyterhub.app", "jupyterhub"),
        ("Typing_Thing", "typing-thing"),
        ("pkg_resources", "setuptools"),
        ("distutils.core", "setuptools"),
        ("tkinter.ttk", ""),
    ],
)
def test_a_module_leads_to_its_project(module: str, project: str) -> None:
    """The longest listed name counts; else the name itself, with its namespace where that is one."""
    assert likely.project_of(module) == project


@pytest.mark.parametrize(
    ("group", "project"),
    [("pytest11", "pytest"), ("flake8.extension", "flake8"), ("sphinx.builders", "sphinx"), ("my_app", "my-app")],
)
def test_a_group_leads_to_its_project(group: str, project: str) -> None:
    """A group is named after the project that reads it, or listed."""
    assert likely.host_of(group) == project


def test_modules_of_python_itself() -> None:
    """The first part of the name decides."""
    assert likely.is_python_own("os.path")
    assert not likely.is_python_own("yaml")


def test_namespaces_of_many_projects() -> None:
    """A name with a project of its own is none, whatever is below it."""
    assert [name for name in ("zope", "google.cloud", "google.auth", "yaml", "") if likely.is_namespace(name)] == [
        "zope",
        "google.cloud",
    ]
