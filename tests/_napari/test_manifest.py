from importlib import import_module
from pathlib import Path

import pytest
from npe2 import PluginManifest

import maskalign

PACKAGED = Path(maskalign.__file__).with_name("napari.yaml")
COMMANDS = PluginManifest.from_file(PACKAGED).contributions.commands


def test_the_manifest_is_found_by_the_name_of_the_distribution():
    installed = PluginManifest.from_distribution("napari-maskalign")
    assert installed.name == "napari-maskalign"
    assert installed == PluginManifest.from_file(PACKAGED)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_every_command_leads_to_something(command):
    module, _, name = command.python_name.partition(":")
    assert callable(getattr(import_module(module), name))


def test_the_widgets_are_offered_where_people_look():
    contributions = PluginManifest.from_file(PACKAGED).contributions
    names = {w.display_name for w in contributions.widgets}
    assert names == {
        "Align time-lapse",
        "Align two images",
        "Apply drift",
        "Compare images",
        "NCC map",
    }
    items = contributions.menus["napari/layers/register"]
    assert [i.command for i in items] == [w.command for w in contributions.widgets]


def test_the_samples_have_their_keys():
    samples = PluginManifest.from_file(PACKAGED).contributions.sample_data
    assert [s.key for s in samples] == ["retina", "organoid", "diffraction", "cells"]
