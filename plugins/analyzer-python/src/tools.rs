//! The tools that the analyzer is for: a test requires a case of each.

#[rustfmt::skip]
pub(crate) const TOOLS: &[&str] = &[
    "behave", "black", "codespell", "conda", "coverage", "cython", "deptry", "django", "doctest", "docutils",
    "flake8", "import-linter", "isort", "jupyter", "maturin", "mypy", "nox", "pdm", "pip", "pipenv", "poetry",
    "pydocstyle", "pyflakes", "pylama", "pylint", "pypi", "pyre", "pyright", "pytest", "python", "pytype",
    "readthedocs", "refurb", "rosdep", "ruff", "setuptools", "sphinx", "tox", "twine", "unittest", "uv", "vulture", "xenon",
];
