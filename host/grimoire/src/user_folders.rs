//! Folders of the user who runs the program, separate from every data folder and checkout.

use std::ffi::OsString;
use std::path::PathBuf;

/// The folder for compiled plugins. `None` without a home folder: then every start compiles.
pub(crate) fn cache() -> Option<PathBuf> {
    folder(|name| std::env::var_os(name), "XDG_CACHE_HOME", ".cache")
}

/// The folder for the user's decisions.
pub(crate) fn state(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    folder(variable, "XDG_STATE_HOME", ".local/state")
}

/// The folder `grimoire` in a base folder according to the XDG specification. Relative paths are ignored: they
/// would lead into the working directory, which may be another person's checkout.
fn folder(variable: impl Fn(&str) -> Option<OsString>, base: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute(base).or_else(|| absolute("HOME").map(|home| home.join(below_home)))?;
    Some(base.join("grimoire"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cache: &str, home: &str) -> Option<PathBuf> {
        let variable = |name: &str| {
            let value = if name == "HOME" { home } else { cache };
            (!value.is_empty()).then(|| OsString::from(value))
        };
        folder(variable, "XDG_CACHE_HOME", ".cache")
    }

    #[test]
    fn relative_folders_do_not_count() {
        assert_eq!(found("/cache", "/home/ana"), Some(PathBuf::from("/cache/grimoire")));
        assert_eq!(found("", "/home/ana"), Some(PathBuf::from("/home/ana/.cache/grimoire")));
        assert_eq!(found("data", "/home/ana"), Some(PathBuf::from("/home/ana/.cache/grimoire")));
        assert_eq!(found("data", "."), None);
        assert_eq!(found("", ""), None);
    }
}
