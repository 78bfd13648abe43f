//! The `Link` header, with which GitHub names the next page.

use http::HeaderMap;
use http::header::LINK;

/// The target of `rel="next"`, as written.
pub(super) fn next(headers: &HeaderMap) -> Option<&str> {
    headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).find_map(next_in)
}

fn next_in(mut rest: &str) -> Option<&str> {
    // `<target>; name=value; name="value", <target>; …`: targets may contain commas and semicolons.
    loop {
        let (_, after) = rest.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        let (parameters, following) = split_outside_quotes(after, b',');
        if has_next(parameters) {
            return Some(target);
        }
        rest = following;
    }
}

fn has_next(mut parameters: &str) -> bool {
    while !parameters.is_empty() {
        let (parameter, rest) = split_outside_quotes(parameters, b';');
        parameters = rest;
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("rel")
        {
            let value = value.trim().trim_matches('"');
            return value.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("next"));
        }
    }
    false
}

/// The text before and after the first `separator` outside quotes.
fn split_outside_quotes(text: &str, separator: u8) -> (&str, &str) {
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_next_page_is_found() {
        for (header, expected) in [
            (
                r#"<https://a/?page=2>; rel="next", <https://a/?page=9>; rel="last""#,
                Some("https://a/?page=2"),
            ),
            (
                r#"<https://a/?page=1>; rel="prev", <https://a/?page=3>; rel="next""#,
                Some("https://a/?page=3"),
            ),
            (r#"<https://a/?q=a,b;c>;title="x, <y>; rel=next" ; rel=next"#, Some("https://a/?q=a,b;c")),
            (r#"<https://a/>; REL="first NEXT""#, Some("https://a/")),
            (r#"<https://a/>; rel="nexter""#, None),
            (r#"<https://a/>; rel="prev""#, None),
            ("<https://a/", None),
            ("rel=next", None),
            ("", None),
        ] {
            assert_eq!(next_in(header), expected, "{header}");
        }
    }

    #[test]
    fn several_headers_are_read_as_one() {
        let mut headers = HeaderMap::new();
        headers.append(LINK, "</a>; rel=prev".parse().unwrap());
        headers.append(LINK, "</b>; rel=next".parse().unwrap());
        assert_eq!(next(&headers), Some("/b"));
    }

    proptest! {
        #[test]
        fn no_header_panics(header in r#"[<>;,="a-z é]{0,60}"#) {
            let _ = next_in(&header);
        }
    }
}
