use std::sync::LazyLock;

use grimoire_domain::Timestamp;
use grimoire_domain::diagnostic::{Location, Position};
use grimoire_domain::job::JobId;
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_domain::review::{PluginProblem, ReviewKey};
use grimoire_domain::spell::SpellId;
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

use super::*;

fn ranked(title: &str, description: &str, solution: &str, detail: &str) -> RankedSpell {
    RankedSpell {
        id: SpellId(1),
        title: title.to_owned(),
        error_type: "E0382".to_owned(),
        description: description.to_owned(),
        solution_code: solution.to_owned(),
        revision: 1,
        score: 0.93,
        reasons: vec![Reason { signal: "code".to_owned(), weight: 0.5, detail: detail.to_owned() }],
    }
}

fn error(message: &str, path: &str, spells: Vec<RankedSpell>) -> DiagnosedError {
    let start = Some(Position { line: 12, column: Some(5) });
    DiagnosedError {
        artifact: "build".to_owned(),
        diagnostic: Diagnostic {
            tool: "rustc".to_owned(),
            error_type: "E0382".to_owned(),
            code: Some("E0382".to_owned()),
            message: message.to_owned(),
            location: Some(Location { path: path.to_owned(), start, end: None }),
            ..Diagnostic::default()
        },
        count: 1,
        spells,
    }
}

fn review(errors: Vec<DiagnosedError>, gaps: Vec<String>) -> Review {
    let repository = RepositoryName::parse("octo/app").expect("valid");
    Review {
        key: ReviewKey {
            pull_request: PullRequestId { repository, number: 7 },
            head_sha: CommitSha::parse(&"a".repeat(40)).expect("valid"),
        },
        job: JobId(1),
        diagnosis: Diagnosis { errors, gaps, ..Diagnosis::default() },
        comment: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn a_comment_reads_well() {
    let best = ranked(
        "Use of a moved value",
        "A value was used after its ownership moved away. See `Clone`, e.g. for strings.",
        "let copy = names.clone();",
        "the code E0382 is the same",
    );
    let other = RankedSpell { score: 0.6, ..ranked("Borrow instead", "x", "y", "z") };
    let mut found = error("use of moved value: `names`", "src/main.rs", vec![best, other]);
    found.count = 3;
    let mut review = review(vec![found], vec!["the log of build (linux) was cut".to_owned()]);
    let problem = PluginProblem { plugin: "p".to_owned(), reason: "trap".to_owned(), detail: String::new() };
    review.diagnosis.problems.push(problem);
    let expected = "<!-- grimoire:review -->
**Grimoire** knows a fix for 1 of 1 errors at `aaaaaaa`.

### `src/main.rs:12:5` · `E0382`

```text
use of moved value: `names`
```

Found 3 times.

**Use of a moved value** (very likely, 0.93)

Why: the code E0382 is the same

A value was used after its ownership moved away. See `Clone`, e.g. for strings.

```text
let copy = names.clone();
```

Also possible: Borrow instead (possible)

Not looked at: the log of build (linux) was cut

1 plugin calls failed: errors may be missing.
";
    assert_eq!(comment(&review, 10), expected);
}

#[test]
fn errors_without_spells_and_warnings_are_not_told() {
    let mut warning = error("unused", "a.rs", vec![ranked("t", "d", "s", "r")]);
    warning.diagnostic.severity = Severity::Warning;
    let unknown = error("unknown", "b.rs", Vec::new());
    let review = review(vec![warning, unknown], Vec::new());
    assert_eq!(
        comment(&review, 10),
        format!("{MARKER}\n**Grimoire**: nothing known matches the state at `aaaaaaa`.\n")
    );
}

#[test]
fn prose_keeps_words_and_turns_the_rest_into_code() {
    let cases = [
        ("Don't re-run it (twice), and/or wait.", "Don't re-run it (twice), and/or wait."),
        ("ask @octocat or a@b.c", "ask `@octocat` or `a@b.c`"),
        ("fixes #12, octo/app#1 and GH-7", "fixes `#12,` `octo/app#1` and `GH-7`"),
        (
            "see https://evil.example/x or www.evil.example",
            "see `https://evil.example/x` or `www.evil.example`",
        ),
        ("[a](b) ![i](u) <b>x</b>", "`[a](b)` `![i](u)` `<b>x</b>`"),
        ("since deadbeef1 or 1234567", "since `deadbeef1` or `1234567`"),
        ("it's x'deadbeef and re-gh-12", "it's `x'deadbeef` and `re-gh-12`"),
        ("1. first\n2) second", "1\\. first 2\\) second"),
        ("# head\n- item\n> quote\n***", "`#` head – item `>` quote `***`"),
        ("a | b\n--- | ---", "a `|` b `---` `|` `---`"),
        ("use ``a ` b`` or `c`.", "use ``a ` b`` or `c`."),
        ("open ` tick", "open `` ` `` tick"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("run\n```sh\nmake `x` @all\n```\nthen", "run\n\n```text\nmake `x` @all\n```\n\nthen"),
        ("größer 漢字 naïve", "größer 漢字 naïve"),
        (":tada: snake_case *bold*", "`:tada:` `snake_case` `*bold*`"),
    ];
    for (text, expected) in cases {
        assert_eq!(prose(&quotable(text, 1_000)), expected, "{text}");
    }
}

#[test]
fn an_address_that_the_limit_cuts_is_no_link() {
    let address = "http://evil.example/x";
    for limit in 0..=address.len() {
        let shown = phrase(&quotable(address, limit));
        // Up to the colon it is a word, and no link without what follows; from there on it is code.
        assert_eq!(shown.starts_with('`'), limit > "http:".len(), "{shown}");
    }
}

#[test]
fn secrets_are_not_repeated() {
    let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n", "MIIEow".repeat(20));
    let cases = [
        format!("token ghp_{}", "a1".repeat(18)),
        format!("use github_pat_{}", "A1_".repeat(20)),
        format!("{key}-----END RSA PRIVATE KEY-----"),
        key,
        "AKIAABCDEFGHIJKLMNOP".to_owned(),
        format!("npm_{}", "a1B2".repeat(9)),
        "xoxb-1234567890-abcdefghij".to_owned(),
        "https://user:hunter2hunter2@example.org/x".to_owned(),
        "Authorization: Bearer abcdef.ghijkl-12345".to_owned(),
        "DB_PASSWORD=correct-horse-battery".to_owned(),
        r#"{"api_key": "0123456789abcdef"}"#.to_owned(),
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w".to_owned(),
        // Hidden characters do not hide it.
        format!("gh\u{200B}p_{}", "a1".repeat(18)),
    ];
    for text in cases {
        let body = comment(
            &review(vec![error(&text, &text, vec![ranked(&text, &text, &text, &text)])], vec![text.clone()]),
            10,
        );
        assert!(body.contains("[redacted]"), "{text}: {body}");
        for secret in [
            "a1a1a1",
            "A1_A1",
            "MIIEow",
            "AKIAABC",
            "a1B2a1B2",
            "xoxb-1",
            "hunter2",
            "ghijkl",
            "battery",
            "0123456789abcdef",
            "dozjg",
        ] {
            assert!(!body.contains(secret), "{text}: {body}");
        }
    }
}

#[test]
fn ordinary_text_is_not_redacted() {
    for text in [
        "error[E0382]: use of moved value: `password`",
        "expected `&Secret`, found `String`",
        "the token was unexpected: `}`",
        "https://example.org:8080/path",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "password: ***",
    ] {
        assert_eq!(quotable(text, 1_000), text);
    }
}

#[test]
fn a_comment_ends_at_an_error_and_says_how_many_are_left_out() {
    let huge = || {
        error(&"m".repeat(9_000), "a.rs", vec![ranked("t", &"word ".repeat(9_000), &"s".repeat(60_000), "r")])
    };
    let body = comment(&review((0..40).map(|_| huge()).collect(), Vec::new()), 30);
    assert!(body.chars().count() <= MAXIMUM_BODY);
    let told = body.matches("\n### ").count();
    assert!((1..30).contains(&told));
    assert!(body.contains(&format!("{} further errors with known fixes were left out.", 40 - told)));
    assert!(body.trim_end().ends_with("left out."));
}

/// Texts that try to break out.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "@octocat",
        "#12",
        "octo/app#1",
        "GH-3",
        "fixes",
        "https://e.example",
        "www.e.example",
        "[a](b)",
        "![i](u)",
        "[r]: /x",
        "<img src=x>",
        "<!-- -->",
        "<b",
        ">",
        "`",
        "``",
        "```",
        "~~~",
        "````",
        "\n",
        "\n\n",
        "\n    ",
        "\t",
        " ",
        "  ",
        "|",
        "\n---\n",
        "===",
        "* ",
        "1. ",
        "\\",
        "\\`",
        "&#64;x",
        "&lt;",
        "**",
        "_",
        "~~x~~",
        "word",
        "漢",
        "\u{202E}",
        "\u{200B}",
        "$x$",
        ":tada:",
        "[^1]",
        "- [ ] x",
        "\r",
        "\0",
        "a@b.example",
        "http://[::1]",
        "(",
        ")",
        "!",
        "[",
        "]",
        "deadbeef",
        "\u{1b}[31m",
    ]);
    let random = prop_oneof![4 => pieces.prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec(random, 0..24).prop_map(|pieces| pieces.concat())
}

/// What of a comment's text GitHub would turn into something.
static LIVE: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = [
        r"@[A-Za-z0-9]",
        r"#\d",
        r"(?i:\bgh-\d)",
        r"(?i:https?://|www\.)",
        r"\b[0-9a-f]{7,}\b",
        r":[a-z_]+:",
        r"[\u{200B}-\u{200F}\u{202A}-\u{202E}]",
    ];
    Regex::new(&shapes.join("|")).expect("constant")
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn hostile_text_comes_to_life_nowhere(
        message in hostile(), path in hostile(), code in hostile(), title in hostile(), other in hostile(),
        description in hostile(), solution in hostile(), detail in hostile(), gap in hostile(),
    ) {
        let spells = vec![ranked(&title, &description, &solution, &detail), ranked(&other, "", "", "")];
        let mut found = error(&message, &path, spells);
        found.diagnostic.code = Some(code);
        let known = error("plain", "b.rs", vec![ranked("Last spell", "Last words", "last line", "")]);
        let body = comment(&review(vec![found, known], vec![gap, "Last gap".to_owned()]), 10);
        prop_assert!(body.chars().count() <= MAXIMUM_BODY);

        let mut in_code = false;
        let mut headings = 0;
        let mut text = String::new();
        let mut last_paragraph = String::new();
        for event in Parser::new_ext(&body, Options::all()) {
            match event {
                Event::Html(html) | Event::InlineHtml(html) => prop_assert_eq!(html.trim(), MARKER),
                Event::Start(Tag::CodeBlock(_)) => in_code = true,
                Event::End(TagEnd::CodeBlock) => in_code = false,
                Event::Start(Tag::Heading { .. }) => headings += 1,
                Event::Start(Tag::Paragraph) => text.clear(),
                Event::End(TagEnd::Paragraph) => last_paragraph.clone_from(&text),
                Event::Text(inner) if !in_code => text.push_str(&inner),
                Event::Code(_) => text.push('\u{FFFC}'),
                Event::SoftBreak => text.push(' '),
                Event::Start(Tag::HtmlBlock | Tag::Strong) | Event::End(_) | Event::Text(_) => {}
                other => prop_assert!(false, "{other:?} in\n{body}"),
            }
            prop_assert!(!LIVE.is_match(&text), "{text:?} in\n{body}");
        }
        // What follows the hostile parts still stands where it belongs.
        prop_assert_eq!(headings, 2);
        prop_assert_eq!(last_paragraph, "Not looked at: Last gap");
    }

}

proptest! {
    // Few cases: each is large.
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_size_of_input_makes_a_comment_too_long(
        errors in 1_usize..20, message in 0_usize..4_000, solution in 0_usize..12_000, ticks: bool,
    ) {
        let unit = if ticks { "`" } else { "m " };
        let found = error(&unit.repeat(message), &unit.repeat(500), vec![
            ranked(&unit.repeat(255), &unit.repeat(solution), &unit.repeat(solution), &unit.repeat(500)),
            ranked(&unit.repeat(255), "", "", ""),
            ranked(&unit.repeat(255), "", "", ""),
        ]);
        let gaps = vec![unit.repeat(2_000); 10];
        let body = comment(&review(vec![found; errors], gaps), errors);
        prop_assert!(body.chars().count() <= MAXIMUM_BODY, "{} characters", body.chars().count());
        prop_assert!(body.contains("\n### "), "at least one error always fits");
    }
}
