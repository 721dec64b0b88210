# mypy: allow-untyped-defs, allow-incomplete-defs
"""The network simplex method for dense transport problems, compiled by numba when this module is imported.

Nodes are numbered rows first: row i is node i, column j is node n + j. A basis is a spanning tree of arcs from rows to
columns; every node but the root keeps the flow of the arc to its parent. The tree is kept strongly feasible (an arc
without flow points towards the root), which rules out cycling: Cunningham, A Network Simplex Method, Mathematical
Programming 1976.

Departures from the textbook: the first tree comes from a row-minimum rule on costs less their column's mean, which
leaves about one pivot per node, and the entering arc is the best of a few rows, which take turns. The largest gain of a
row is found among the doubles' bit patterns, read as integers (positive ones keep their order, negative ones stay
negative), as compilers make vector instructions of a maximum of integers only. It is one module because numba's cache
notices changes in the file of the cached function only.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numba import njit

from fsl_core.transport.kernels import PART, compiled

VECTOR, MATRIX, BATCH, INTEGERS = "f8[::1], ", "f8[:,::1], ", "f8[:,:,::1], ", "i8[::1], i8[:,::1], "
SIGNATURE = f"void({BATCH}{MATRIX}{MATRIX}{VECTOR}{BATCH}{VECTOR}{MATRIX}{INTEGERS}{MATRIX}i8)"
ROUNDING = 1e-13  # times the largest cost: smaller gains are rounding
NONE = -1


class Tree(NamedTuple):
    """A spanning tree of rows and columns; `child` and `next` chain the children of a node."""

    parent: Int[np.ndarray, " nodes"]
    child: Int[np.ndarray, " nodes"]
    next: Int[np.ndarray, " nodes"]
    previous: Int[np.ndarray, " nodes"]
    depth: Int[np.ndarray, " nodes"]
    flow: Float[np.ndarray, " nodes"]
    potential: Float[np.ndarray, " nodes"]


class Arcs(NamedTuple):
    """The arcs of the first tree in the order in which they were chosen, and what is left to do while they are."""

    row: Int[np.ndarray, " arcs"]
    column: Int[np.ndarray, " arcs"]
    flow: Float[np.ndarray, " arcs"]
    open_rows: Int[np.ndarray, " n"]
    left: Float[np.ndarray, " n"]
    lacking: Float[np.ndarray, " m"]


@njit(**PART)
def _largest_gain(costs, u, v, floor):
    """Bit pattern of the largest u + v[k] - costs[k], or `floor` if none is larger."""
    best = floor
    for k in range(costs.shape[0]):
        gain = np.float64(u + v[k] - costs[k]).view(np.int64)
        best = gain if gain > best else best
    return best


@njit(**PART)
def _where_gain(costs, u, v, bits):
    """The first column whose gain has this bit pattern."""
    first = costs.shape[0]
    for k in range(costs.shape[0]):
        here = k if np.float64(u + v[k] - costs[k]).view(np.int64) == bits else costs.shape[0]
        first = min(here, first)
    return first


@njit(**PART)
def _link(tree, node, parent):
    sibling = tree.child[parent]
    tree.parent[node] = parent
    tree.previous[node] = NONE
    tree.next[node] = sibling
    if sibling != NONE:
        tree.previous[sibling] = node
    tree.child[parent] = node


@njit(**PART)
def _unlink(tree, node):
    before, after = tree.previous[node], tree.next[node]
    if before == NONE:
        tree.child[tree.parent[node]] = after
    else:
        tree.next[before] = after
    if after != NONE:
        tree.previous[after] = before


@njit(**PART)
def _first_arcs(cost, source, target, lift, open_columns, arcs):
    """A feasible tree: each row in turn serves its cheapest open column, until it is empty or the column full.

    If both happen at once the row stays open. That is the tree of a problem in which every row has a little more and
    the last column takes it all, and so it is strongly feasible with that column as root. `lift` keeps gains positive.
    """
    n, m = cost.shape
    open_rows, left, lacking = arcs.open_rows, arcs.left, arcs.lacking
    for i in range(n):
        open_rows[i], left[i] = i, source[i]
    for j in range(m):
        lacking[j] = target[j]
        open_columns[j] = 0
    for i in range(n):
        for j in range(m):
            open_columns[j] += cost[i, j] / n
    n_rows, n_columns, at = n, m, 0
    for arc in range(n + m - 1):
        at = at if at < n_rows else 0
        i = open_rows[at]
        j = _where_gain(cost[i], lift, open_columns, _largest_gain(cost[i], lift, open_columns, np.int64(NONE)))
        column_closes = n_columns > 1 and (n_rows == 1 or left[i] >= lacking[j])
        flow = lacking[j] if column_closes else left[i]
        arcs.row[arc], arcs.column[arc], arcs.flow[arc] = i, j, flow
        left[i] = max(left[i] - flow, 0)
        lacking[j] = max(lacking[j] - flow, 0)
        if column_closes:
            open_columns[j] = -np.inf
            n_columns -= 1
            at += 1
        else:
            n_rows -= 1
            open_rows[at] = open_rows[n_rows]


@njit(**PART)
def _hang(cost, arcs, tree):
    """Hang the tree by the column of the last arc: from the end backwards, each arc has one node that hangs already."""
    n = cost.shape[0]
    for node in range(tree.child.shape[0]):
        tree.child[node] = tree.parent[node] = NONE
    root = n + arcs.column[-1]
    tree.depth[root] = 0
    tree.potential[root] = 0
    for arc in range(arcs.row.shape[0] - 1, -1, -1):
        i, j = arcs.row[arc], n + arcs.column[arc]
        node, parent = (i, j) if j == root or tree.parent[j] != NONE else (j, i)
        _link(tree, node, parent)
        tree.flow[node] = arcs.flow[arc]
        tree.depth[node] = tree.depth[parent] + 1
        tree.potential[node] = cost[i, j - n] - tree.potential[parent]


@njit(**PART)
def _price(cost, tree, start, floor):
    """Row and bit pattern of the best gain among the next rows, the root of n many, or more until one gains at all.

    The row is NONE if no row has a gain above `floor`.
    """
    n = cost.shape[0]
    row, best = NONE, floor
    for seen in range(n):
        if row != NONE and seen * seen > n:
            break
        i = start + seen - (n if start + seen >= n else 0)
        bits = _largest_gain(cost[i], tree.potential[i], tree.potential[n:], best)
        if bits > best:
            row, best = i, bits
    return row, best


@njit(**PART)
def _leaving(tree, i, j, n):
    """The last arc, along the cycle from its apex over i -> j, that first runs empty: its lower node, and the apex."""
    row, column, row_node, column_node, row_flow, column_flow = i, j, NONE, NONE, np.inf, np.inf
    while row != column:
        if tree.depth[row] >= tree.depth[column]:
            if row < n and tree.flow[row] < row_flow:
                row_node, row_flow = row, tree.flow[row]
            row = tree.parent[row]
            continue
        if column >= n and tree.flow[column] <= column_flow:
            column_node, column_flow = column, tree.flow[column]
        column = tree.parent[column]
    return (column_node if column_flow <= row_flow else row_node), column_flow <= row_flow, row


@njit(**PART)
def _push(tree, node, apex, flow, n):
    """From `node` up to the apex, take `flow` from the first arc, add it to the second, and so on."""
    row_first = node < n
    while node != apex:
        tree.flow[node] += -flow if (node < n) == row_first else flow
        node = tree.parent[node]


@njit(**PART)
def _shift(tree, top, change, n):
    """Add `change` to the potentials of a subtree's rows, take it from those of its columns, and set the depths."""
    node = top
    while True:
        tree.potential[node] += change if node < n else -change
        tree.depth[node] = tree.depth[tree.parent[node]] + 1
        if tree.child[node] != NONE:
            node = tree.child[node]
            continue
        while tree.next[node] == NONE and node != top:
            node = tree.parent[node]
        if node == top:
            return
        node = tree.next[node]


@njit(**PART)
def _pivot(tree, i, j, gain, n):
    """Let the arc from row node i to column node j enter the tree."""
    leaving, from_column, apex = _leaving(tree, i, j, n)
    flow = tree.flow[leaving]
    _push(tree, i, apex, flow, n)
    _push(tree, j, apex, flow, n)
    top, parent = (j, i) if from_column else (i, j)
    node = top
    while True:
        above, flow_above = tree.parent[node], tree.flow[node]
        _unlink(tree, node)
        _link(tree, node, parent)
        tree.flow[node] = flow
        if node == leaving:
            break
        node, parent, flow = above, node, flow_above
    _shift(tree, top, -gain if top < n else gain, n)


@njit(**PART)
def _optimise(cost, tree, rounding, limit):
    """Pivot until no arc gains more than `rounding`; whether the limit sufficed."""
    n = cost.shape[0]
    start = 0
    for _ in range(limit + 1):
        row, bits = _price(cost, tree, start, np.float64(rounding).view(np.int64))
        if row == NONE:
            return True
        j = _where_gain(cost[row], tree.potential[row], tree.potential[n:], bits)
        _pivot(tree, row, n + j, np.int64(bits).view(np.float64), n)
        start = (row + 1) % n
    return False


@njit(**PART)
def _complete(cost, source, target, value, u, v):
    """Give nodes without mass their largest feasible potential, and both sides the same share of the value."""
    n, m = cost.shape
    for i in range(n):
        if source[i] == 0:
            u[i] = np.inf
            for j in range(m):
                if target[j] > 0:
                    u[i] = min(u[i], cost[i, j] - v[j])
    for j in range(m):
        if target[j] == 0:
            v[j] = np.inf
            for i in range(n):
                v[j] = min(v[j], cost[i, j] - u[i])
    surplus, total = -value / 2, 0.0
    for i in range(n):
        surplus += source[i] * u[i]
        total += source[i]
    for i in range(n):
        u[i] -= surplus / total
    for j in range(m):
        v[j] += surplus / total


def _solve(cost, source, target, scale, plan, value, potential, status, integers, numbers, limit):
    """Solve a batch of problems with equal totals.

    Args:
        cost, source, target, scale: [batch, n, m], [batch, n], [batch, m], and the largest absolute costs [batch].
        plan: zeros [batch, n, m]; filled in.
        value, potential, status: [batch], [batch, n + m], [batch]; filled in. Status is 0, or 1 where `limit` pivots
            did not suffice: the plan is then feasible, the potentials are not.
        integers, numbers: working memory [8, n + m] and [4, n + m].
    """
    n = cost.shape[1]
    arcs = Arcs(integers[5][1:], integers[6][1:], numbers[1][1:], integers[7], numbers[2], numbers[3])
    for k in range(cost.shape[0]):
        u, v = potential[k, :n], potential[k, n:]
        tree = Tree(integers[0], integers[1], integers[2], integers[3], integers[4], numbers[0], potential[k])
        _first_arcs(cost[k], source[k], target[k], 4 * scale[k] + 1e-300, v, arcs)
        _hang(cost[k], arcs, tree)
        status[k] = 0 if _optimise(cost[k], tree, ROUNDING * scale[k], limit) else 1
        value[k] = 0
        for node in range(tree.parent.shape[0]):
            parent = tree.parent[node]
            if parent != NONE:
                i, j = (node, parent - n) if node < n else (parent, node - n)
                plan[k, i, j] = tree.flow[node]
                value[k] += tree.flow[node] * cost[k, i, j]
        _complete(cost[k], source[k], target[k], value[k], u, v)


solve = compiled(_solve, SIGNATURE)
