"""The meta-training loss against the paper's formulas, and its gradient against differences."""

import numpy as np
import ot
import pytest
import torch

from fsl_core.backbones import Conv4
from fsl_core.errors import TransportError
from fsl_core.objectives import EpisodicDeepEMD
from fsl_core.transport import SOLVERS, InteriorPoint

WAY, SHOT, QUERY = 3, 2, 2
N_IMAGES = WAY * (SHOT + QUERY)
LABELS = torch.tensor([70, 70, 4, 4, 31, 31, 70, 70, 4, 4, 31, 31])


def episode_maps(n_episodes: int = 1) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.rand(n_episodes * N_IMAGES, 6, 2, 3, dtype=torch.double)


def objective(solver: str = "exact") -> EpisodicDeepEMD:
    return EpisodicDeepEMD(WAY, SHOT, QUERY, solver)


def weights(nodes: np.ndarray, other: np.ndarray) -> np.ndarray:
    weight = np.maximum(nodes @ other.mean(0), 0) + 1e-3 + 1e-5
    return weight / weight.sum()


def logit(query: np.ndarray, target: np.ndarray) -> float:
    similarity = np.corrcoef(query, target)[: len(query), len(query) :]
    plan = ot.emd(weights(query, target), weights(target, query), 1 - similarity)
    return 12.5 * (plan * similarity).sum()


def test_against_the_formulas() -> None:
    maps = episode_maps()
    nodes = maps.flatten(2).mT.numpy()
    prototypes = nodes[: WAY * SHOT].reshape(WAY, SHOT, 6, 6).mean(1)
    logits = np.array([[logit(query, target) for target in prototypes] for query in nodes[WAY * SHOT :]])
    true = np.arange(WAY).repeat(QUERY)
    expected = (np.log(np.exp(logits).sum(1)) - logits[np.arange(len(true)), true]).mean()
    loss, accuracy = objective()(maps, LABELS)
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    assert accuracy.item() == pytest.approx((logits.argmax(1) == true).mean())


def test_several_episodes_count_alike() -> None:
    maps, labels = episode_maps(2), torch.cat((LABELS, LABELS + 1))
    both = objective()(maps, labels)
    apart = [objective()(maps[rows], labels[rows]) for rows in (slice(N_IMAGES), slice(N_IMAGES, None))]
    torch.testing.assert_close(both.loss, (apart[0].loss + apart[1].loss) / 2)
    torch.testing.assert_close(both.accuracy, (apart[0].accuracy + apart[1].accuracy) / 2)
    assert apart[0].loss != apart[1].loss


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_gradient_reaches_the_first_layer_of_the_encoder(solver: str) -> None:
    torch.manual_seed(0)
    network = Conv4(8)
    objective(solver)(network(torch.randn(N_IMAGES, 3, 32, 32)), LABELS).loss.backward()
    gradient = network.get_parameter("layer1.0.weight").grad
    assert gradient is not None
    assert gradient.isfinite().all()
    assert (gradient.flatten(1).abs().sum(1) > 1e-6).all()


@pytest.mark.parametrize("solver", [name for name in SOLVERS if name != "opencv"])
def test_the_gradient_is_that_of_the_loss(solver: str) -> None:
    """Along several directions, through similarities, plan and weights together; `opencv` leaves the last two out."""
    maps = episode_maps().requires_grad_()
    objective(solver)(maps, LABELS).loss.backward()
    assert maps.grad is not None
    for _ in range(3):
        step = 1e-5 * torch.randn_like(maps)
        with torch.no_grad():
            difference = objective(solver)(maps + step, LABELS).loss - objective(solver)(maps - step, LABELS).loss
        assert (2 * (maps.grad * step).sum()).item() == pytest.approx(difference.item(), rel=1e-3, abs=1e-9)


def test_half_precision_is_left_before_the_solver() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        loss, _ = objective()(episode_maps().bfloat16(), LABELS)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(objective()(episode_maps(), LABELS).loss.item(), rel=0.05)


def test_maps_that_are_not_finite() -> None:
    maps = episode_maps()
    maps[3, 2, 1, 1] = torch.inf
    assert objective()(maps, LABELS).loss.isnan()


def test_a_solver_that_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOLVERS, "interior_point", lambda: InteriorPoint(max_iterations=1))
    with pytest.raises(TransportError, match="did not converge"):
        objective("interior_point")(episode_maps(), LABELS)
