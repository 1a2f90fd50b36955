r"""Variances in a net of measured differences, as resistances in a net of resistors.

Pairs that measure differences with the weights :math:`w` (one over the variance) fix
the places of frames relative to one of them, the *ground*, with the covariance
:math:`(D^T W D)^{-1}`, :math:`D` the matrix that turns places into differences. Its
diagonal is the resistance from each frame to ground if every pair is a resistor of
conductance :math:`w`.

Frames are taken out one after the other, and what they conducted is put between their
neighbours (star-mesh transform); going back, each is put in again where all that it is
connected to is known. Neighbours are never more than the pairs reach in time, so the
work grows with the number of frames, and not with its square as that of an inverse. And
there is no subtraction in it: weights may differ by any factor.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

__all__ = ["resistances"]


def resistances(
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    weight: NDArray[np.float64],
    n: int,
) -> NDArray[np.float64]:
    """Return the resistance of each of `n` nodes to ground.

    Parameters
    ----------
    first, second : ndarray of int, shape (P,)
        Nodes that are connected, from 0 on; -1 for ground. Every node must be connected
        to ground in some way.
    weight : ndarray of float, shape (P,)
        What each connection conducts, more than 0.
    n : int
        Number of nodes.

    Examples
    --------
    Two paths to node 1: a resistor of 1 / 2 in parallel to one of 1 / 4 + 1 / 4.

    >>> resistances(np.array([-1, -1, 0]), np.array([1, 0, 1]), np.array([2, 4, 4]), 2)
    array([0.1875, 0.25  ])
    """
    weight = np.asarray(weight, float)
    to_ground = (first < 0) | (second < 0)
    ground = np.zeros(n)
    np.add.at(ground, np.maximum(first, second)[to_ground], weight[to_ground])
    first, second, weight = first[~to_ground], second[~to_ground], weight[~to_ground]
    # Near each other in this order is what is connected, also where some pairs reach
    # far.
    graph = sparse.coo_array((weight, (first, second)), (n, n)).tocsr()
    order = csgraph.reverse_cuthill_mckee(graph + graph.T, symmetric_mode=True)
    place = np.empty(n, np.intp)
    place[order] = np.arange(n)
    low, high = np.sort([place[first], place[second]], axis=0)
    reach = int(np.max(high - low, initial=0))
    # Row i holds what node i has to i, i + 1 ... i + reach; behind the last are none.
    conductance = np.zeros((n + reach + 1, reach + 1))
    np.add.at(conductance, (low, high - low), weight)
    along_rows = np.append(ground[order], np.zeros(reach + 1))
    return np.asarray(_solved(conductance, along_rows, n)[place])


def _solved(
    conductance: NDArray[np.float64], ground: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """Return the resistances of nodes in a band; the arguments are overwritten."""
    reach = conductance.shape[1] - 1
    step, item = conductance.strides
    total = np.empty(n)
    for i in range(n):
        others = conductance[i, 1:]
        total[i] = ground[i] + others.sum()
        share = others / total[i]
        # Between i + j and i + k, of which row i + j has the entry k - j.
        mesh = as_strided(
            conductance[i + 1 :], (reach, reach), (step - item, item), writeable=True
        )
        mesh += np.triu(np.multiply.outer(share, others), 1)
        ground[i + 1 : i + 1 + reach] += share * ground[i]
        others[:] = share
    # Entries of the inverse between the next nodes.
    near = np.zeros((reach, reach))
    out = np.empty(n)
    for i in reversed(range(n)):
        share = conductance[i, 1:]
        to_others = near @ share
        out[i] = 1 / total[i] + share @ to_others
        if reach:
            near[1:, 1:] = near[:-1, :-1]
            near[0, 1:] = near[1:, 0] = to_others[:-1]
            near[0, 0] = out[i]
    return out
