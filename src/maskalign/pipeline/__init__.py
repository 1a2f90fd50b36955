"""Movies: time, memory and order. The core sees one frame, this sees all of them."""
