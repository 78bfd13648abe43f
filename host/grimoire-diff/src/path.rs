//! Paths as diffs print them: with or without quotes and prefixes.

use std::borrow::Cow;

use memchr::{memchr, memmem};

/// A path decoded from its printed form.
pub(super) struct Decoded<'t> {
    /// The bytes of the path.
    pub(super) bytes: Cow<'t, [u8]>,
    /// The rest of the line after the path.
    pub(super) rest: &'t [u8],
    /// True if the quoting was malformed, so that the bytes are as printed.
    pub(super) malformed: bool,
}

/// Decodes a quoted path at the start of `text`. `None` without an opening quote.
pub(super) fn unquote(text: &[u8]) -> Option<Decoded<'_>> {
    let inner = text.strip_prefix(b"\"")?;
    let mut bytes = Vec::new();
    let mut at = 0;
    let decoded = loop {
        let Some(&byte) = inner.get(at) else { break None };
        at += 1;
        match byte {
            b'"' => break Some(at),
            b'\\' => match escape(&inner[at..]) {
                Some((value, length)) => {
                    bytes.push(value);
                    at += length;
                }
                None => break None,
            },
            other => bytes.push(other),
        }
    };
    Some(match decoded {
        Some(end) => Decoded { bytes: bytes.into(), rest: &inner[end..], malformed: false },
        None => Decoded { bytes: text.into(), rest: b"", malformed: true },
    })
}

/// Decodes the escape after a backslash: returns the byte and the length of the escape.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let simple = match *text.first()? {
        b'a' => 0x07,
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0B,
        b'f' => 0x0C,
        b'r' => b'\r',
        quoted @ (b'"' | b'\\') => quoted,
        b'0'..=b'3' => {
            let digits = text.get(..3).filter(|digits| digits.iter().all(|d| (b'0'..=b'7').contains(d)))?;
            let value = digits.iter().fold(0, |value, digit| value << 3 | (digit - b'0'));
            return Some((value, 3));
        }
        _ => return None,
    };
    Some((simple, 1))
}

/// The path of a line such as `rename from PATH`: the whole text, without prefix.
pub(super) fn whole(text: &[u8]) -> Decoded<'_> {
    unquote(text).unwrap_or(Decoded { bytes: text.into(), rest: b"", malformed: false })
}

/// The path of a `---` or `+++` line. It ends at a tab, which in tools other than git precedes a timestamp.
pub(super) fn until_tab(text: &[u8]) -> Decoded<'_> {
    unquote(text).unwrap_or_else(|| {
        let end = memchr(b'\t', text).unwrap_or(text.len());
        Decoded { bytes: text[..end].into(), rest: &text[end..], malformed: false }
    })
}

/// Both paths of a `diff --git` line, with their prefixes.
pub(super) struct Pair<'t> {
    pub(super) old: Cow<'t, [u8]>,
    pub(super) new: Cow<'t, [u8]>,
    /// True if the split is certain: quotes or equal names show where the first path ends.
    pub(super) certain: bool,
    pub(super) malformed: bool,
}

/// Maximum number of spaces in a header that are tried as the end of the first path. The limit
/// keeps the time for hostile input linear.
const MAXIMUM_SPLITS: usize = 64;

/// Splits the text after `diff --git `. Unquoted paths may contain spaces, so the split relies on a
/// guarantee of git: both names are equal except for their prefixes, unless the file was renamed or
/// copied, in which case further lines name them.
pub(super) fn split_pair(text: &[u8]) -> Option<Pair<'_>> {
    if let Some(old) = unquote(text) {
        if old.malformed {
            return Some(Pair { old: text.into(), new: text.into(), certain: false, malformed: true });
        }
        let new = whole(old.rest.strip_prefix(b" ")?);
        let malformed = new.malformed;
        return Some(Pair { old: old.bytes, new: new.bytes, certain: !malformed, malformed });
    }
    // An unquoted path contains no quote, so the first quote after a space begins the second path.
    if text.ends_with(b"\"")
        && let Some(space) = memmem::find(text, b" \"")
        && let Some(new) = unquote(&text[space + 1..])
    {
        let malformed = new.malformed;
        return Some(Pair { old: text[..space].into(), new: new.bytes, certain: !malformed, malformed });
    }
    let pair = |space: usize, certain| Pair {
        old: text[..space].into(),
        new: text[space + 1..].into(),
        certain,
        malformed: false,
    };
    let middle = text.len() / 2;
    if text.len() % 2 == 1 && text[middle] == b' ' {
        let halves = pair(middle, true);
        if common_name(&halves.old, &halves.new).is_some() {
            return Some(halves);
        }
    }
    // With prefixes of different lengths, the split is not in the middle.
    for space in memchr::memchr_iter(b' ', text).take(MAXIMUM_SPLITS) {
        if name_below_top(&text[..space], &text[space + 1..]).is_some() {
            return Some(pair(space, true));
        }
    }
    let mut spaces = memchr::memchr_iter(b' ', text);
    if let (Some(only), None) = (spaces.next(), spaces.next()) {
        return Some(pair(only, true));
    }
    if text.starts_with(b"a/") {
        let mut ends = memmem::find_iter(text, b" b/");
        if let Some(first) = ends.next() {
            return Some(pair(first, ends.next().is_none()));
        }
    }
    None
}

/// The name that two printed paths share: the whole path if they are equal, else the part after the
/// prefix, which is the first component.
pub(super) fn common_name<'p>(old: &[u8], new: &'p [u8]) -> Option<&'p [u8]> {
    if old == new { Some(new).filter(|name| !name.is_empty()) } else { name_below_top(old, new) }
}

/// The name that two paths share below their first components, which are git prefixes or the
/// folders of two compared versions.
pub(super) fn name_below_top<'p>(old: &[u8], new: &'p [u8]) -> Option<&'p [u8]> {
    let old = &old[memchr(b'/', old)? + 1..];
    let new = &new[memchr(b'/', new)? + 1..];
    (old == new && !new.is_empty()).then_some(new)
}

/// Strips git's `a/` and `b/` prefixes from both paths; paths without them are unchanged.
pub(super) fn strip_usual_prefixes<'p>(
    old: Option<&'p [u8]>,
    new: Option<&'p [u8]>,
) -> (Option<&'p [u8]>, Option<&'p [u8]>) {
    let stripped_old = old.map(|path| path.strip_prefix(b"a/"));
    let stripped_new = new.map(|path| path.strip_prefix(b"b/"));
    if stripped_old == Some(None) || stripped_new == Some(None) {
        return (old, new);
    }
    (stripped_old.flatten(), stripped_new.flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(text: &str) -> (String, String) {
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let pair = split_pair(text.as_bytes()).expect(text);
        (lossy(&pair.old), lossy(&pair.new))
    }

    #[test]
    fn header_pairs_are_split_where_the_names_agree() {
        for (text, old, new) in [
            ("a/x b/x", "a/x", "b/x"),
            ("a/x y b/x y", "a/x y", "b/x y"),
            ("a/x b/x b/x b/x", "a/x b/x", "b/x b/x"),
            ("src/x y src/x y", "src/x y", "src/x y"),
            (r#""a/\303\251" "b/\303\251""#, "a/é", "b/é"),
            (r#"a/plain "b/\"q\"""#, "a/plain", "b/\"q\""),
            (r#""a/t\tb" b/plain name"#, "a/t\tb", "b/plain name"),
            ("a/old b/other", "a/old", "b/other"),
            ("a/old name b/new", "a/old name", "b/new"),
        ] {
            assert_eq!(pair(text), (old.to_owned(), new.to_owned()), "{text}");
        }
        assert!(split_pair(b"").is_none());
        assert!(split_pair(b"one two three four").is_none());
    }

    #[test]
    fn prefixes_are_told_from_names() {
        let name = |old: &str, new: &str| {
            common_name(old.as_bytes(), new.as_bytes()).map(|name| String::from_utf8_lossy(name).into_owned())
        };
        assert_eq!(name("a/x", "b/x").as_deref(), Some("x"));
        assert_eq!(name("a/a/x", "b/a/x").as_deref(), Some("a/x"));
        assert_eq!(name("a/x", "a/x").as_deref(), Some("a/x"), "--no-prefix");
        assert_eq!(name("i/x", "w/x").as_deref(), Some("x"), "mnemonic prefixes");
        assert_eq!(name("before/tree/x", "after/tree/x").as_deref(), Some("tree/x"));
        assert_eq!(name("a/x", "b/y"), None);
        assert_eq!(name("a/one/x", "b/two/x"), None, "compared outside a repository");
        assert_eq!(name("ax", "bx"), None, "part of a component is no prefix");
        assert_eq!(name("a/", "b/"), None);
    }

    #[test]
    fn malformed_quoting_is_kept_as_printed() {
        for text in [r#""open"#, r#""\q""#, r#""\9""#, r#""\37"#, r#""\477""#] {
            let decoded = unquote(text.as_bytes()).expect("quoted");
            assert!(decoded.malformed && *decoded.bytes == *text.as_bytes(), "{text}");
        }
    }
}
