"""The pipeline has one direction: an import against it fails here."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = (
    {"errors", "home"},
    {"types", "foreign"},
    {"records", "images", "manifest", "cli"},
    {"data"},
    {"backbones", "transport"},
    {"features"},
    {"classifiers"},
    {"objectives", "explain", "openset", "shots"},
    {"figures"},
    {"evaluate", "classify", "spectrum"},
    {"train"},
    {"ui"},
)
RANK = {name: step for step, layer in enumerate(LAYERS) for name in layer}
ONLY_IN = {
    "streamlit": {"ui"},
    "plotly": {"figures"},
    "timm": {"backbones"},
    "ot": set(),  # an oracle of the tests and benchmarks
    "numba": {"transport"},
    "captum": {"explain"},
    "umap": {"explain"},
    "lightning": {"train"},
    "kornia": {"train"},
    "datasets": {"data"},
}
NEVER_IN = {
    "figures": {"torch"},
    "records": {"torch"},
    "images": {"torch"},
    "manifest": {"torch"},
}
MODULES = sorted(
    path for path in (ROOT / "fsl_core").rglob("*.py") if path.parent != ROOT / "fsl_core" or path.stem != "__init__"
)


def imports_of(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_pipeline(path: Path) -> None:
    here = path.relative_to(ROOT / "fsl_core").with_suffix("").parts[0]
    for name in imports_of(path):
        top, *rest = name.split(".")
        if top == "fsl_core" and rest and rest[0] in RANK and rest[0] != here:
            assert RANK[rest[0]] < RANK[here], f"{here} must not import {rest[0]}"
        assert here in ONLY_IN.get(top, {here}), f"{top} belongs in {ONLY_IN[top]}"
        assert top not in NEVER_IN.get(here, set()), f"{here} must not import {top}"


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.name)
def test_pages_are_short_scripts(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)], "no classes in pages"
    forbidden = {"torch", "plotly", "numpy", "cv2", "ot"}
    assert not {name.split(".")[0] for name in imports_of(path)} & forbidden
    assert len(path.read_text().splitlines()) <= 120


def test_app_is_only_a_frame() -> None:
    assert len((ROOT / "app.py").read_text().splitlines()) <= 60


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 55, f"{node.name} has {lines} lines"


@pytest.mark.parametrize(
    "module",
    [
        "fsl_core",
        "fsl_core.figures",
        "fsl_core.data",
        "fsl_core.manifest",
        "fsl_core.train.runs",
        "fsl_core.ui.session",
    ],
)
def test_importing_without_torch(module: str) -> None:
    """What the first paint of the app needs does not pay for importing torch."""
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
