"""Distillation against the published numbers and its formulas."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax

from fsl_core.errors import OptionError, TrainingError
from fsl_core.objectives import Distillation
from fsl_core.objectives.distillation import direction_loss, soft_target_loss
from tests.parity import SOURCES, parity


def close(found: torch.Tensor | None, reference: np.ndarray) -> None:
    assert found is not None
    np.testing.assert_allclose(found.detach(), reference, rtol=0, atol=1e-5 * np.abs(reference).max())


@pytest.mark.parametrize("source", SOURCES)
def test_published_losses_and_gradients(source: str) -> None:
    arrays = {name: torch.from_numpy(array) for name, array in parity("scl_distill", source).items() if array.ndim}
    reference = parity("scl_distill", source)
    for name, loss in (("f", "contrast_global"), ("spatial", "contrast_spatial")):
        student = arrays[f"{name}_student"].requires_grad_()
        found = direction_loss(student, arrays[f"{name}_teacher"])
        found.backward()
        close(found, reference[loss])
        close(student.grad, reference[f"grad_{name}_student"])
    student = arrays["logits_student"].requires_grad_()
    found = soft_target_loss(student, arrays["logits_teacher"], 4.0)
    found.backward()
    close(found, reference["kl_T4"])
    close(student.grad, reference["grad_logits_student"])
    close(soft_target_loss(student, arrays["logits_teacher"], 1.0), reference["kl_T1"])


def inputs(channels: int = 5) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(0)
    teacher_maps, teacher_logits = torch.randn(6, channels, 2, 3), torch.randn(6, 4)
    return torch.randn(6, 5, 2, 3), torch.tensor([0, 1, 2, 3, 0, 1]), teacher_maps, teacher_logits


def test_the_weighted_sum_by_formulas() -> None:
    torch.manual_seed(1)
    objective = Distillation(5, 4, 0.3, 0.7, 2.0, 3.0, 5.0)
    maps, labels, teacher_maps, teacher_logits = inputs()
    classifier = objective.classifier
    assert classifier is not None
    with torch.no_grad():
        logits = classifier(maps.mean(dim=(2, 3))).double().numpy()
    rows = np.arange(6)
    expected = -0.3 * log_softmax(logits, axis=1)[rows, labels].mean()
    target = log_softmax(teacher_logits.numpy() / 2, axis=1)
    expected += 0.7 * 4 * (np.exp(target) * (target - log_softmax(logits / 2, axis=1))).sum(axis=1).mean()
    for weight, pool in ((3.0, True), (5.0, False)):
        parts = (each.mean(dim=(2, 3), keepdim=True) if pool else each for each in (maps, teacher_maps))
        student, teacher = (part.permute(0, 2, 3, 1).reshape(-1, 5).double().numpy() for part in parts)
        student, teacher = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (student, teacher))
        expected += weight * ((student - teacher) ** 2).sum(axis=1).mean()
    loss, accuracy = objective(maps, labels, teacher_maps, teacher_logits)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    assert accuracy.item() == pytest.approx((logits.argmax(axis=1) == labels.numpy()).mean())


def test_a_student_like_its_teacher_loses_nothing() -> None:
    objective = Distillation(5, 4, cls_weight=0.0, distil_spatial_weight=1.0)
    maps, labels, _, _ = inputs()
    assert objective.classifier is not None
    logits = objective.classifier(maps.mean(dim=(2, 3)))
    assert objective(maps, labels, maps, logits).loss.item() == pytest.approx(0, abs=1e-5)


def test_features_alone_need_no_classes() -> None:
    objective = Distillation(5, 4, cls_weight=0.0, kl_weight=0.0)
    maps, labels, teacher_maps, _ = inputs()
    assert not objective.heads()
    loss, accuracy = objective(maps, labels, teacher_maps, torch.randn(6, 9))
    assert loss.isfinite() and accuracy.isnan()


def test_teachers_that_do_not_fit() -> None:
    maps, labels, teacher_maps, teacher_logits = inputs(channels=7)
    with pytest.raises(TrainingError, match="pooled features must be 5 for an image, like the student's, but are 7"):
        Distillation(5, 4)(maps, labels, teacher_maps, teacher_logits)
    with pytest.raises(TrainingError, match="class probabilities must be 3"):
        Distillation(5, 3)(maps, labels.clamp_max(2), maps, teacher_logits)
    with pytest.raises(TrainingError, match="feature maps must be 5 x 2 x 3"):
        Distillation(5, 4, distil_global_weight=0, distil_spatial_weight=1)(maps, labels, maps[..., :2], teacher_logits)
    with pytest.raises(OptionError, match="All weights"):
        Distillation(5, 4, 0, 0, 4.0, 0, 0)
