"""The napari plugin. The only part that knows napari, magicgui and Qt."""
