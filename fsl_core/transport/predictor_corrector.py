# mypy: allow-untyped-defs, allow-incomplete-defs
"""The steps of the interior-point method, one problem at a time, compiled by numba when this module is imported.

The arithmetic is that of `interior_point.solve_batched`, which says what each quantity is; what it writes as tensors of
all problems is here a few passes over one problem, whose numbers stay in the processor's cache. Only the linear
equations are solved by eliminating nodes of the graph whose Laplacian they are: entries off the diagonal only grow, and
each pivot is their sum, so that nothing cancels and no factorisation fails, however small some weights are (Grassmann,
Taksar, Heyman: Regenerative Analysis and Steady State Distributions for Markov Chains, Operations Research 1985).

Loops are written so that compilers make vector instructions of them: they start at 0, write one array or two, and have
no slices; so nodes are eliminated from the last to the first. Rows and columns are padded to multiples of 4. Maxima are
taken of bit patterns, and all is in one module, for the reasons that `network_simplex` gives.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numba import njit

from fsl_core.transport.kernels import PART, compiled

FAST: dict[str, Any] = PART | {"fastmath": {"reassoc", "contract", "nsz"}}  # sums in any order; still true to NaN
VECTOR, MATRIX, BATCH, MEMORY = "f8[::1], ", "f8[:,::1], ", "f8[:,:,::1], ", "f8[:,:,::1], f8[:,::1], f8[:,::1]"
SOLVE = f"void({BATCH}{MATRIX}{MATRIX}{BATCH}{BATCH}{MATRIX}i8[::1], {MEMORY}, {VECTOR}i8)"
PULL_BACK = f"void({BATCH}{BATCH}{BATCH}{MATRIX}{MATRIX}{MEMORY})"
ONE = np.float64(1).view(np.int64)


class Pairs(NamedTuple):
    """One number for each pair of nodes; as matrices, or flat for passes that need no rows."""

    x: Float[np.ndarray, "n padded"]
    z: Float[np.ndarray, "n padded"]
    gain: Float[np.ndarray, "n padded"]
    weight: Float[np.ndarray, "n padded"]
    change: Float[np.ndarray, "n padded"]
    aim: Float[np.ndarray, "n padded"]


class Equations(NamedTuple):
    """The equations of the marginals, as in `marginals`; rows are eliminated first, then columns.

    `per_row` and `pivots` are 1 / sum of a node's weights when it is eliminated, `coupling` those between two columns.
    """

    weight: Float[np.ndarray, "padded_n padded"]
    per_row: Float[np.ndarray, " padded_n"]
    coupling: Float[np.ndarray, "padded padded"]
    pivots: Float[np.ndarray, " padded"]


@njit(**FAST)
def _add_four(to, rows, at, by, column, length):
    """Add four rows, each times its number in `by` and its entry in `column`, to the beginning of another row."""
    a, b, c, d = rows[at], rows[at + 1], rows[at + 2], rows[at + 3]
    by_a, by_b, by_c, by_d = by[at] * a[column], by[at + 1] * b[column], by[at + 2] * c[column], by[at + 3] * d[column]
    for k in range(length):
        to[k] += by_a * a[k] + by_b * b[k] + by_c * c[k] + by_d * d[k]


@njit(**FAST)
def _factorise(equations):
    """Eliminate the rows, then the columns from the last to the first, four at a time."""
    weight, per_row, coupling, pivots = equations
    width = coupling.shape[0]
    for i in range(weight.shape[0]):
        total = 0.0
        for j in range(width):
            total += weight[i, j]
        per_row[i] = 1 / total if total > 0 else 0.0
    for j in range(width):
        for k in range(width):
            coupling[j, k] = 0
    for i in range(0, weight.shape[0], 4):
        for j in range(width):
            _add_four(coupling[j], weight, i, per_row, j, (j | 3) + 1)
    for first in range(width - 4, -1, -4):
        for j in range(first + 3, first - 1, -1):
            total = 0.0
            for k in range(j):
                total += coupling[j, k]
            pivots[j] = 1 / total if total > 0 else 0.0
            for row in range(first, j):
                factor = pivots[j] * coupling[j, row]
                for k in range(j):
                    coupling[row, k] += factor * coupling[j, k]
        for j in range(first):
            _add_four(coupling[j], coupling, first, pivots, j, (j | 3) + 1)


@njit(**FAST)
def _solve_equations(equations, rows, columns):
    """Replace row and column sums by the potentials that have them."""
    weight, per_row, coupling, pivots = equations
    n, width = rows.shape[0], columns.shape[0]
    for i in range(n):
        scaled = per_row[i] * rows[i]
        for j in range(width):
            columns[j] -= scaled * weight[i, j]
    for j in range(width - 1, -1, -1):
        scaled = pivots[j] * columns[j]
        for k in range(j):
            columns[k] += scaled * coupling[j, k]
    for j in range(width):
        total = columns[j]
        for k in range(j):
            total += coupling[j, k] * columns[k]
        columns[j] = pivots[j] * total
    for i in range(n):
        total = rows[i]
        for j in range(width):
            total -= weight[i, j] * columns[j]
        rows[i] = per_row[i] * total


@njit(**FAST)
def _begin(cost, source, target, pairs, rules):
    """The first iterate; its level, the gap at which it is solved, the number of pairs with mass, and the total."""
    n, m = cost.shape
    low, high, total, count = cost[0, 0], cost[0, 0], 0.0, 0
    for i in range(n):
        total += source[i]
        for j in range(m):
            low, high = min(low, cost[i, j]), max(high, cost[i, j])
            count += (source[i] > 0) & (target[j] > 0)
    span = high - low if high > low else 1.0
    level = low - rules[3] * span
    for i in range(n):
        for j in range(pairs.x.shape[1]):
            pairs.x[i, j], pairs.z[i, j] = 0, 1
        for j in range(m):
            pairs.x[i, j] = source[i] * target[j] / total
            pairs.z[i, j] = cost[i, j] + rules[0] * pairs.x[i, j] - level
    return level, span * total, count, total


@njit(**FAST)
def _weigh(flat, regularisation, least):
    """Gain and weight of each pair; the gap."""
    gap = 0.0
    for k in range(flat.x.shape[0]):
        gain = 1 / (regularisation * flat.x[k] + flat.z[k])
        flat.gain[k] = gain = gain if flat.x[k] > least else 0.0
        flat.weight[k] = gain * flat.x[k]
        gap += flat.x[k] * flat.z[k]
    return gap


@njit(**FAST)
def _missing(x, source, target, columns):
    """Mass that rows and columns of the plan lack or have too much of."""
    missing = 0.0
    for j in range(columns.shape[0]):
        columns[j] = target[j] if j < target.shape[0] else 0.0
    for i in range(source.shape[0]):
        total = 0.0
        for j in range(columns.shape[0]):
            total += x[i, j]
            columns[j] -= x[i, j]
        missing += abs(source[i] - total)
    for j in range(columns.shape[0]):
        missing += abs(columns[j])
    return missing


@njit(**FAST)
def _predict(pairs, equations, masses, sides, regularisation):
    """Newton's step to a gap of 0, as relative changes of x; the longest step as bits, and the sum of second orders."""
    (source, target), (rows, columns) = masses, sides
    for j in range(columns.shape[0]):
        columns[j] = target[j] if j < target.shape[0] else 0.0
    for i in range(rows.shape[0]):
        x, weight, kept = pairs.x[i], pairs.weight[i], 0.0
        for j in range(columns.shape[0]):
            kept += regularisation * weight[j] * x[j]
            columns[j] -= regularisation * weight[j] * x[j]
        rows[i] = source[i] - kept
    _solve_equations(equations, rows, columns)
    longest, second = ONE, 0.0
    for i in range(rows.shape[0]):
        x, z, gain, change = pairs.x[i], pairs.z[i], pairs.gain[i], pairs.change[i]
        for j in range(columns.shape[0]):
            change[j] = gain[j] * (rows[i] + columns[j] - z[j])
            longest = max(longest, np.float64(-change[j]).view(np.int64))
            longest = max(longest, np.float64(1 + change[j]).view(np.int64))
            second += x[j] * z[j] * (change[j] + change[j] * change[j])
    return longest, second


@njit(**FAST)
def _correct(pairs, flat, equations, sides, centre, least):
    """Add what brings all x * z to `centre`; the longest step as bits, and a sum that shows whether all is finite."""
    rows, columns = sides
    for k in range(flat.x.shape[0]):
        aim = centre / (flat.x[k] * flat.z[k]) + flat.change[k] + flat.change[k] * flat.change[k]
        flat.aim[k] = aim if flat.x[k] > least else 0.0
    for j in range(columns.shape[0]):
        columns[j] = 0
    for i in range(rows.shape[0]):
        z, weight, aim, moved = pairs.z[i], pairs.weight[i], pairs.aim[i], 0.0
        for j in range(columns.shape[0]):
            moved += weight[j] * z[j] * aim[j]
            columns[j] -= weight[j] * z[j] * aim[j]
        rows[i] = -moved
    _solve_equations(equations, rows, columns)
    longest, total = ONE, 0.0
    for i in range(rows.shape[0]):
        z, gain, change, aim = pairs.z[i], pairs.gain[i], pairs.change[i], pairs.aim[i]
        for j in range(columns.shape[0]):
            change[j] += gain[j] * (rows[i] + columns[j] + z[j] * aim[j])
            longest = max(longest, np.float64(-change[j]).view(np.int64))
            longest = max(longest, np.float64(1 + change[j] - aim[j]).view(np.int64))
            total += change[j]
    return longest, total


@njit(**FAST)
def _optimise(memory, masses, potential, start, rules, limit):
    """Steps until the problem is solved; its status."""
    pairs, flat, equations, predicted, corrected = memory
    gap_unit, count, total = start
    for step in range(limit + 1):
        gap = _weigh(flat, rules[0], rules[4])
        if gap < rules[1] * gap_unit and _missing(pairs.x, masses[0], masses[1], predicted[1]) <= 1e-10 * total:
            return 0
        if step == limit:
            break
        _factorise(equations)
        longest, second = _predict(pairs, equations, masses, predicted, rules[0])
        size = 1 / np.int64(longest).view(np.float64)
        centre = (1 - size - size * size * second / gap) ** 3 * gap / count
        longest, check = _correct(pairs, flat, equations, corrected, centre, rules[4])
        size = max(rules[2], 1 - gap / gap_unit) / np.int64(longest).view(np.float64)
        if not (abs(check) < np.inf and size > 0):
            return 2
        for k in range(flat.x.shape[0]):
            flat.x[k] *= 1 + size * flat.change[k]
            flat.z[k] *= 1 - size * (1 + flat.change[k] - flat.aim[k])
        for side in range(2):
            for i in range(potential[side].shape[0]):
                potential[side][i] += size * (predicted[side][i] + corrected[side][i])
    return 1


def _solve(cost, source, target, plan, weights, potential, status, cells, coupling, vectors, rules, limit):
    """Solve a batch of problems with equal totals.

    Args:
        cost, source, target: [batch, n, m], [batch, n], [batch, m].
        plan, weights, potential, status: [batch, n, m] twice, [batch, n + m], [batch]; filled in.
        cells, coupling, vectors: working memory; zeros [6, n, m] with n and m padded to multiples of 4, [m, m] of that,
            and [6, the larger of both].
        rules: regularisation, tolerance, boundary, start and least mass, as in `interior_point`.
    """
    (n, m), (height, width) = cost.shape[1:], cells.shape[1:]
    line = cells.reshape(6, height * width)
    pairs = Pairs(cells[0], cells[1], cells[2], cells[3], cells[4], cells[5])
    flat = Pairs(line[0], line[1], line[2], line[3], line[4], line[5])
    equations = Equations(pairs.weight, vectors[0][:height], coupling, vectors[1][:width])
    sides = (vectors[2][:n], vectors[3][:width]), (vectors[4][:n], vectors[5][:width])
    for k in range(cost.shape[0]):
        level, gap_unit, count, total = _begin(cost[k], source[k], target[k], pairs, rules)
        for node in range(n + m):
            potential[k, node] = level if node < n else 0.0
        memory = pairs, flat, equations, sides[0], sides[1]
        both = potential[k, :n], potential[k, n:]
        status[k] = _optimise(memory, (source[k], target[k]), both, (gap_unit, count, total), rules, limit)
        for i in range(n):
            for j in range(m):
                plan[k, i, j], weights[k, i, j] = pairs.x[i, j], pairs.weight[i, j]


def _pull_back(weights, gradient, by_cost, by_source, by_target, cells, coupling, vectors):
    """Gradients by cost, source and target, as `marginals.pull_back`; working memory as for `solve`."""
    (n, m), (height, width) = weights.shape[1:], cells.shape[1:]
    equations = Equations(cells[0], vectors[0][:height], coupling, vectors[1][:width])
    rows, columns = vectors[2][:n], vectors[3][:width]
    for k in range(weights.shape[0]):
        for j in range(width):
            columns[j] = 0
        for i in range(n):
            rows[i] = 0
            for j in range(m):
                pulled = weights[k, i, j] * gradient[k, i, j]
                cells[0, i, j] = weights[k, i, j]
                rows[i] += pulled
                columns[j] += pulled
        _factorise(equations)
        _solve_equations(equations, rows, columns)
        for i in range(n):
            by_source[k, i] = rows[i]
            for j in range(m):
                by_cost[k, i, j] = weights[k, i, j] * (rows[i] + columns[j] - gradient[k, i, j])
        for j in range(m):
            by_target[k, j] = columns[j]


solve = compiled(_solve, SOLVE)
pull_back = compiled(_pull_back, PULL_BACK)
