//! The new file's path as `+++` names it.

/// The path without its prefix, its quotes and what follows a tab; `None` for a deleted file.
pub(crate) fn new_path(text: &[u8], prefixed: bool) -> Option<String> {
    let path = if text.starts_with(b"\"") {
        unquoted(text)
    } else {
        let end = memchr::memchr(b'\t', text).unwrap_or(text.len());
        text[..end].to_vec()
    };
    let path = String::from_utf8_lossy(&path).trim_end().to_owned();
    if path == "/dev/null" || path.is_empty() {
        return None;
    }
    Some(if prefixed { path.strip_prefix("b/").map_or(path.clone(), str::to_owned) } else { path })
}

/// What stands between the quotes, with git's escapes resolved: `\t`, `\"`, `\\`, `\303`.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 1;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'"' => break,
            b'\\' => {
                let octal = text
                    .get(at..at + 3)
                    .filter(|digits| digits.iter().all(|digit| (b'0'..=b'7').contains(digit)));
                if let Some(digits) = octal {
                    let value = digits.iter().fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
                    out.push(u8::try_from(value).unwrap_or(b'?'));
                    at += 3;
                } else if let Some(&escape) = text.get(at) {
                    out.push(match escape {
                        b't' => b'\t',
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b'a' => 7,
                        b'b' => 8,
                        b'v' => 11,
                        b'f' => 12,
                        other => other,
                    });
                    at += 1;
                }
            }
            byte => out.push(byte),
        }
    }
    out
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
        assert_eq!(path("\"b/open\\").as_deref(), Some("open"));
    }
}
