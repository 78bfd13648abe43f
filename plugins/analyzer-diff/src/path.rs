//! The path of the new file from `+++`.

/// The path without prefix, quotes and the text after a tab; `None` for a deleted file.
pub(crate) fn new_path(text: &[u8], prefixed: bool) -> Option<String> {
    let path = grimoire_diff::side_path(text);
    let path = String::from_utf8_lossy(&path).trim_end().to_owned();
    if path == "/dev/null" || path.is_empty() {
        return None;
    }
    Some(if prefixed { path.strip_prefix("b/").map_or(path.clone(), str::to_owned) } else { path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_git_prints_them() {
        let path = |text: &str| new_path(text.as_bytes(), true);
        assert_eq!(path("b/src/a.rs").as_deref(), Some("src/a.rs"));
        assert_eq!(path("b/a b.txt\t2024-01-01").as_deref(), Some("a b.txt"));
        assert_eq!(path(r#""b/\303\251 \"x\"\\.txt""#).as_deref(), Some("é \"x\"\\.txt"));
        assert_eq!(path("/dev/null"), None);
        assert_eq!(new_path(b"b/a.rs", false).as_deref(), Some("b/a.rs"));
    }
}
