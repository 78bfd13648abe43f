use super::*;

fn matches(source: &str, text: &str) -> Option<String> {
    let expression = Expression::compile(source).unwrap_or_else(|refusal| panic!("{source}: {refusal}"));
    expression.regex.find(text).map(|found| found.as_str().to_owned())
}

#[test]
fn means_what_it_means_in_javascript() {
    for (source, text, found) in [
        (r"a\/b", "a/b", Some("a/b")),
        (r#"\"a\"\'\>\-\@"#, r#""a"'>-@"#, Some(r#""a"'>-@"#)),
        // Braces that are no count, and lone closing brackets, are characters.
        ("{a}{1,x}]", "{a}{1,x}]", Some("{a}{1,x}]")),
        ("a{2,}", "aaa", Some("aaa")),
        ("a{0,1}?b", "ab", Some("ab")),
        // Inside of brackets an opening bracket, `&&`, `--` and `~~` are characters.
        (r"[[]x", "[x", Some("[x")),
        ("[a&&b]+", "&&a", Some("&&a")),
        ("[~~^]+", "~^", Some("~^")),
        (r"[\w-.]+", "a-.", Some("a-.")),
        (r"[a-\d]+", "1-a", Some("1-a")),
        (r"[\]\\]+", r"]\", Some(r"]\")),
        (r"[^\s:]+", "  a:b", Some("a")),
        ("[^]", "\n", Some("\n")),
        (r"[\b]", "\u{8}", Some("\u{8}")),
        (r"\bpot\b", "a pot", Some("pot")),
        (r"\x41\u0042\u{43}\cJ\0", "ABC\n\0", Some("ABC\n\0")),
        // Digits and words are those of ASCII.
        (r"\d+|\w+", "٣é", None),
        (r"(?:a|b)+?$", "abab", Some("abab")),
        ("(?i)KETTLE", "kettle", Some("kettle")),
        ("(?i:K)ettle", "kettle", Some("kettle")),
        ("é+", "éé", Some("éé")),
    ] {
        assert_eq!(matches(source, text).as_deref(), found, "{source}");
    }
}

#[test]
fn groups_are_numbered_and_named() {
    let expression = Expression::compile("(a)(?:b)(?<path>c)(?P<line>d)").expect("it compiles");
    assert_eq!(expression.groups, [None, Some("path".to_owned()), Some("line".to_owned())]);
}

#[test]
fn a_million_alternatives_are_refused_before_they_are_read() {
    let source = "a|".repeat(1_000_000);
    assert_eq!(
        Expression::compile(&source).map(|_| ()).expect_err("refused").to_string(),
        "has 2000000 bytes, may have at most 2048"
    );
}
