"""Leave the plugin's doctests out where napari is not installed."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("napari") else ["src/maskalign/_napari/*"]
