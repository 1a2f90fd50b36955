"""How similar two images are: one idea a module, all on a `Pair` of images."""
