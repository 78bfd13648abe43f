use super::*;
use crate::{Diagnostic, Frame, Location};
use proptest::prelude::*;

fn place(text: &str) -> Option<(&str, u32, Option<u32>, &str)> {
    place_at_start(text).map(|place| (place.path, place.line, place.column, place.rest))
}

#[test]
fn places_at_the_start() {
    let table = [
        ("src/main.c:3:7: error: x", Some(("src/main.c", 3, Some(7), " error: x"))),
        ("src/main.c:3: error: x", Some(("src/main.c", 3, None, " error: x"))),
        ("main.go:3:7: x", Some(("main.go", 3, Some(7), " x"))),
        ("C:\\a b\\m.c:3:7: x", Some(("C:\\a b\\m.c", 3, Some(7), " x"))),
        ("D:/a/x.kt:4", Some(("D:/a/x.kt", 4, None, ""))),
        ("file:///home/a.kt:1:2 msg", Some(("file:///home/a.kt", 1, Some(2), " msg"))),
        ("file:///C:/a.kt:1:2 msg", Some(("file:///C:/a.kt", 1, Some(2), " msg"))),
        ("Makefile:12: *** missing separator", Some(("Makefile", 12, None, " *** missing separator"))),
        ("my file.c:1: x", None),
        ("./my folder/a file.c:1: x", Some(("./my folder/a file.c", 1, None, " x"))),
        ("a.c:3:5-9: x", Some(("a.c", 3, Some(5), " x"))),
        ("-:6:12: error: x", Some(("-", 6, Some(12), " error: x"))),
        ("[a.proto:1:1] x", None),
        ("pages/[id].vue:2: x", Some(("pages/[id].vue", 2, None, " x"))),
        ("old.f90:7.10:", Some(("old.f90", 7, Some(10), ""))),
        ("a.txt:1.5 is", None),
        ("12:30:01 started", None),
        ("http://localhost:8080/x", None),
        ("https://example.org/a.html:3: x", None),
        ("Error: listen on port:8080", None),
        ("version 1.2:3", None),
        ("a.c:12abc", None),
        ("", None),
        (":1:", None),
    ];
    for (text, expected) in table {
        assert_eq!(place(text), expected, "{text}");
    }
}

#[test]
fn places_in_parentheses() {
    let found =
        |text| place_in_parentheses(text).map(|place| (place.path, place.line, place.column, place.rest));
    assert_eq!(found("a.cs(3,7): error X"), Some(("a.cs", 3, Some(7), " error X")));
    assert_eq!(
        found("C:\\Program Files (x86)\\a.cs(3): e"),
        Some(("C:\\Program Files (x86)\\a.cs", 3, None, " e"))
    );
    assert_eq!(found("a.fs(3,7,4,9): e"), Some(("a.fs", 3, Some(7), " e")));
    assert_eq!(found("a.cs(3-5): e").map(|found| found.1), Some(3));
    assert_eq!(found("a.cs(3-5,9): e").map(|found| found.1), Some(3));
    assert_eq!(found("call(3)"), None);
}

#[test]
fn places_at_the_end() {
    let found = |text| place_at_end(text).map(|place| (place.rest, place.path, place.line, place.column));
    assert_eq!(found("at run (src/a.js:3:4)"), Some(("at run", "src/a.js", 3, Some(4))));
    assert_eq!(found("at src/a.js:3"), Some(("at", "src/a.js", 3, None)));
    assert_eq!(found("at run (native)"), None);
}

#[test]
fn closing_lines_are_known() {
    for text in [
        "Process completed with exit code 101.",
        "error: could not compile `x` (lib) due to 2 previous errors",
        "error: aborting due to 1 previous error; 2 warnings emitted",
        "test result: FAILED. 1 passed; 1 failed",
        "make: *** [Makefile:12: all] Error 2",
        "make[2]: *** [a.o] Error 1",
        "npm ERR! code ELIFECYCLE",
        "2 errors generated.",
        "✖ 3 problems (2 errors, 1 warning)",
        "Found 3 errors in 2 files (checked 9 source files)",
        "BUILD FAILED in 3s",
        "[ERROR] COMPILATION ERROR :",
    ] {
        assert!(is_generic_closing_line(text), "{text}");
    }
    for text in [
        "error: cannot find value `x` in this scope",
        "make: *** No rule to make target 'x', needed by 'all'.  Stop.",
        "TypeError: x is not a function",
        "error: 3 errors that matter",
    ] {
        assert!(!is_generic_closing_line(text), "{text}");
    }
}

#[test]
fn collections_are_bounded() {
    let mut context = Context::default();
    for _ in 0..10_000 {
        context.push(&"ä".repeat(50));
    }
    assert!(context.as_str().len() <= crate::limits::CONTEXT && context.lines() <= Context::LINES);
    let mut seen = Deduplicator::default();
    let first = Diagnostic { location: Some(Location::at("a", 1, None)), ..Diagnostic::default() };
    assert!(seen.is_first(&first) && !seen.is_first(&first));
    for key in 0..2 * Deduplicator::REMEMBERED as u64 {
        seen.is_first_key(key);
    }
    assert!(seen.is_first(&first), "the oldest is forgotten");
}

#[test]
fn a_diagnostic_is_fitted_to_the_contract() {
    let mut diagnostic = Diagnostic {
        tool: "t".repeat(100),
        message: format!("  {}", "é".repeat(9000)),
        code: Some(String::new()),
        location: Some(Location::at("a\u{7}\\b.c", 0, Some(3))),
        ..Diagnostic::default()
    };
    assert!(diagnostic.fit());
    assert_eq!((diagnostic.tool.len(), diagnostic.message.len(), diagnostic.code), (64, 8192, None));
    assert_eq!(diagnostic.location, Some(Location::file("a/b.c")));
    assert!(!Diagnostic { tool: "t".to_owned(), message: " \t".to_owned(), ..Diagnostic::default() }.fit());
}

#[test]
fn what_escapes_of_a_report_bring_back_is_removed() {
    let hostile = "a\u{1b}[31m\u{202e}b\0\r\nc\td".to_owned();
    let mut diagnostic = Diagnostic {
        tool: hostile.clone(),
        error_type: hostile.clone(),
        code: Some(hostile.clone()),
        message: hostile.clone(),
        context: hostile.clone(),
        location: Some(Location { path: hostile.clone(), start: None, end: None }),
        stack_trace: vec![Frame { function: Some(hostile.clone()), location: None, text: hostile }],
        ..Diagnostic::default()
    };
    assert!(diagnostic.fit());
    let (text, name) = ("a[31mb\nc\td", "a[31mbcd");
    assert_eq!((diagnostic.message.as_str(), diagnostic.context.as_str()), (text, text));
    assert_eq!((diagnostic.tool.as_str(), diagnostic.error_type.as_str()), (name, name));
    assert_eq!(diagnostic.code.as_deref(), Some(name));
    assert_eq!(diagnostic.location.expect("it stays").path, name);
    assert_eq!(diagnostic.stack_trace[0].text, text);
    assert_eq!(diagnostic.stack_trace[0].function.as_deref(), Some(name));
}

static NEEDLES: [Needle; 5] =
    [Needle::new("aab"), Needle::new(": a"), Needle::new("é:"), Needle::new("1"), Needle::new("Ab[1]")];
static BEGINNINGS: Beginnings = Beginnings::new(&["aa", "ab", "é", ": "]);

proptest! {
    #[test]
    fn searches_agree_with_those_of_strings(text in "[aAb:é1 \\[\\]]{0,40}") {
        let characters = Characters::of(&text);
        for needle in &NEEDLES {
            let piece = needle.text();
            prop_assert_eq!(needle.find(&text), text.find(piece), "{}", piece);
            prop_assert_eq!(needle.find_among(characters, &text), text.find(piece), "{}", piece);
            prop_assert_eq!(needle.split(&text), text.split_once(piece), "{}", piece);
            prop_assert_eq!(needle.split_among(characters, &text), text.split_once(piece), "{}", piece);
            prop_assert_eq!(needle.is_in(&text), text.contains(piece), "{}", piece);
            let all: Vec<_> = text.match_indices(piece).map(|(at, _)| at).collect();
            prop_assert_eq!(needle.find_all(&text).collect::<Vec<_>>(), all, "{}", piece);
        }
        let first = ["aa", "ab", "é", ": "].iter().position(|start| text.starts_with(start));
        prop_assert_eq!(BEGINNINGS.position(&text), first);
        prop_assert_eq!(BEGINNINGS.begin(&text), first.is_some());
    }

    #[test]
    fn characters_lose_nothing(text in any::<String>()) {
        let characters = Characters::of(&text);
        for byte in text.bytes() {
            prop_assert!(characters.may_have(byte));
        }
        prop_assert!(!text.bytes().any(|byte| byte.is_ascii_digit()) || characters.may_have_digits());
    }

    #[test]
    fn trimming_is_that_of_strings(text in "[ \\t\u{a0}\u{3000}aé!~]{0,8}") {
        prop_assert_eq!(trim(&text), text.trim());
        prop_assert_eq!(trim_start(&text), text.trim_start());
    }
}

#[test]
fn characters_tell_what_a_text_lacks() {
    let characters = Characters::of("plain words");
    assert!(!characters.may_have_digits() && !characters.may_have(b':') && !characters.may_have(b'z'));
    assert!(NEEDLES.iter().all(|needle| !characters.may_contain(needle)));
}
