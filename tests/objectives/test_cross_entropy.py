"""The supervised pre-training loss against its formula."""

import torch

from fsl_core.objectives import CrossEntropy


def test_against_the_formula_with_label_smoothing() -> None:
    torch.manual_seed(0)
    objective = CrossEntropy(channels=5, n_classes=4, label_smoothing=0.2)
    maps, labels = torch.randn(6, 5, 3, 2), torch.tensor([0, 1, 2, 3, 0, 1])
    loss, accuracy = objective(maps, labels)
    logits = maps.flatten(2).mean(2) @ objective.classifier.weight.T + objective.classifier.bias
    log_p = logits - logits.exp().sum(1, keepdim=True).log()
    target = torch.full((6, 4), 0.2 / 4)
    target[torch.arange(6), labels] += 0.8
    torch.testing.assert_close(loss, -(target * log_p).sum(1).mean())
    assert accuracy == (logits.argmax(1) == labels).sum() / 6


def test_the_head_learns() -> None:
    torch.manual_seed(0)
    objective = CrossEntropy(channels=8, n_classes=3)
    maps, labels = torch.randn(30, 8, 1, 1), torch.arange(30) % 3
    optimizer = torch.optim.SGD(objective.parameters(), lr=1.0)
    before = objective(maps, labels).loss.item()
    for _ in range(50):
        optimizer.zero_grad()
        objective(maps, labels).loss.backward()
        optimizer.step()
    assert objective(maps, labels).loss < 0.8 * before
