"""Colours and sizes that the pictures share."""

# Okabe and Ito's colours, which colour-blind people can tell apart.
COLOURS = {"X": "#0072B2", "Y": "#D55E00", "Z": "#009E73"}
ALARM = "#CC79A7"
INK, FAINT = "#333333", "#8a8a8a"

#: Width of a figure, inches.
WIDTH = 8.0
