//! Patterns of paths.

/// Returns true if `path` matches `pattern`, segment by segment: `*` is any one segment, `**` at
/// the end any number of them.
pub(crate) fn fits(pattern: &str, path: &str) -> bool {
    let mut segments = path.trim_matches('/').split('/');
    for expected in pattern.trim_matches('/').split('/') {
        match (expected, segments.next()) {
            ("**", _) => return true,
            ("*", Some(_)) => {}
            (expected, Some(segment)) if expected == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_fit_whole_paths() {
        assert!(fits("/repos/*/*/pulls/*", "/repos/octo/app/pulls/7"));
        assert!(!fits("/repos/*/*/pulls/*", "/repos/octo/app/pulls/7/files"));
        assert!(!fits("/repos/*/*/pulls/*", "/repos/octo/app/pulls"));
        assert!(fits("/repos/**", "/repos/octo/app/pulls/7/files"));
        assert!(fits("**", "/"));
        assert!(!fits("/user", "/users"));
    }
}
