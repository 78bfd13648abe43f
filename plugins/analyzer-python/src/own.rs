//! The owner of a frame's file: only locations that a developer can change are worth showing.

/// Parts of paths found only in the interpreter, installed packages, environments and tools.
const FOREIGN: &[&str] = &[
    "site-packages",
    "dist-packages",
    "/lib/python",
    "/lib64/python",
    "\\lib\\",
    "\\Lib\\",
    "/Lib/",
    "/importlib/",
    "/_pytest/",
    "/pluggy/",
    "/unittest/",
    "/hostedtoolcache/",
    "\\hostedtoolcache\\",
    ".egg/",
    "/asyncio/",
    "/concurrent/futures/",
    "/multiprocessing/",
    ".pyenv/",
    "\\.pyenv\\",
    "/pipx/",
    "/.tox/",
    "/.nox/",
    "/.venv/",
    "/virtualenvs/",
    "/.cache/",
    "/.local/",
    "/conda/",
    "/miniconda",
    "/anaconda",
    "/miniforge",
    "/mambaforge",
    "/micromamba/",
    "/nix/store/",
    "/pip-build-env-",
    "/pip-install-",
    "/pypy",
    "/_actions/",
    "\\_actions\\",
    "/venv/bin/",
    "/env/bin/",
    "\\Scripts\\",
    "/cpython/",
    "/poetry/core/",
    "ipykernel_",
];

/// Starts of such paths.
const FOREIGN_ROOTS: &[&str] =
    &["/usr/", "/bin/", "/sbin/", "<", "[", "frozen ", "venv/", "env/lib", ".venv/"];

/// Returns true if a file belongs to the project, so that a developer can change it: not to the
/// interpreter, an installed package or a tool, and not generated.
pub(crate) fn is_own(path: &str) -> bool {
    // Container images keep an application's sources there.
    let root_is_own = path.starts_with("/usr/src/") || path.starts_with("/usr/app/");
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let is_program = path.contains("/bin/") && !name.contains('.');
    !is_program
        && (root_is_own || !FOREIGN_ROOTS.iter().any(|root| path.starts_with(root)))
        && !FOREIGN.iter().any(|part| path.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_are_known() {
        for own in [
            "/home/runner/work/app/app/src/main.py",
            "D:\\a\\app\\main.py",
            "tests/test_a.py",
            "/usr/src/app/a.py",
        ] {
            assert!(is_own(own), "{own}");
        }
        for foreign in [
            "/usr/lib/python3.11/json/decoder.py",
            "/x/site-packages/y.py",
            "<string>",
            "/root/.pyenv/versions/3.12.1/bin/pytest",
            "/usr/local/bin/ansible",
            "/tmp/pip-install-ab/x/setup.py",
            "/w/environment/bin/flake8",
        ] {
            assert!(!is_own(foreign), "{foreign}");
        }
    }
}
