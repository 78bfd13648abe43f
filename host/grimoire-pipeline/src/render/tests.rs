mod hostile;

use grimoire_domain::Timestamp;
use grimoire_domain::diagnostic::{Diagnostic, Location, Position, Severity};
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::job::JobId;
use grimoire_domain::ranking::Reason;
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_domain::review::{DiagnosedError, Diagnosis, PluginProblem, Review, ReviewKey};
use grimoire_domain::spell::SpellId;

use super::defuse::{phrase, prose, quotable};
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
        hint: false,
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

fn links() -> Links {
    Links { github: "https://github.com".to_owned(), server: Some("https://grimoire.example".to_owned()) }
}

fn moved_value() -> DiagnosedError {
    let best = ranked(
        "Use of a moved value",
        "A value was used after its ownership moved away. See `Clone`, e.g. for strings.",
        "let copy = names.clone();",
        "the code E0382 is the same",
    );
    let other = RankedSpell { id: SpellId(2), score: 0.6, ..ranked("Borrow instead", "x", "y", "z") };
    let mut found = error("borrow of moved value: `names`", "src/main.rs", vec![best, other]);
    found.diagnostic.context =
        "12 |     println!(\"{}\", names.len());\n   |                    ^^^^^ value borrowed here after move"
            .to_owned();
    found.count = 3;
    found
}

fn failed_test() -> DiagnosedError {
    let spell = RankedSpell {
        id: SpellId(7),
        ..ranked("Update the snapshot", "The output changed.", "npm test -- -u", "")
    };
    let mut found = error(
        "expect(received).toBe(expected)\n\nExpected: \"a|b\"\nReceived: \"c\"",
        "src/app.test.ts",
        vec![spell],
    );
    found.artifact = "test (linux)".to_owned();
    found
}

fn hinted() -> DiagnosedError {
    let hint =
        RankedSpell { hint: true, ..ranked("Where lamps go out", "Oil, wick or wind.", "look at it", "") };
    error("the lamp is out", "src/lamp.rs", vec![hint])
}

#[test]
fn a_hint_is_no_fix() {
    let only_a_hint = review(vec![hinted()], Vec::new());
    assert!(!only_a_hint.diagnosis.errors.iter().any(has_fix), "nothing to comment on");
    assert!(only_a_hint.offered().is_empty(), "nothing whose success is counted");
    let text = markdown(&only_a_hint.diagnosis);
    assert!(text.starts_with("0 of 1 error with a known fix."), "{text}");
    assert!(text.contains("No fix is known. Where to look: **Where lamps go out**"), "{text}");
    let beside_a_fix = review(vec![moved_value(), hinted()], Vec::new());
    let body = comment(&beside_a_fix, None, 5, &links());
    assert!(body.contains("knows a fix for 1 of 2 errors") && !body.contains("Where lamps go out"), "{body}");
}

#[test]
fn a_comment_reads_well() {
    let mut review =
        review(vec![moved_value(), failed_test()], vec!["the log of build (linux) was cut".to_owned()]);
    let problem =
        PluginProblem { plugin: "p".to_owned(), reason: FailureReason::Trap, detail: String::new() };
    review.diagnosis.problems.push(problem);
    let page = "https://github.com/octo/app/actions/runs/1/job/2".to_owned();
    review.diagnosis.pages.insert("test (linux)".to_owned(), page);
    insta::assert_snapshot!(comment(&review, None, 5, &links()));
}

#[test]
fn a_diagnosis_reads_well() {
    let review = review(vec![moved_value(), failed_test()], Vec::new());
    insta::assert_snapshot!(markdown(&review.diagnosis));
}

#[test]
fn what_was_fixed_is_said_and_folded() {
    let earlier = review(vec![moved_value()], Vec::new());
    let mut now = review(Vec::new(), Vec::new());
    now.key.head_sha = CommitSha::parse(&"b".repeat(40)).expect("valid");
    now.diagnosis.green = true;
    insta::assert_snapshot!(comment(&now, Some(&earlier), 5, &links()));
}

#[test]
fn errors_without_spells_and_warnings_have_no_row() {
    let mut warning = error("unused", "a.rs", vec![ranked("t", "d", "s", "r")]);
    warning.diagnostic.severity = Severity::Warning;
    let unknown = error("unknown", "b.rs", Vec::new());
    let body = comment(&review(vec![warning, unknown], Vec::new()), None, 5, &links());
    assert!(body.contains("knows no fix for the 1 error at `aaaaaaa`."), "{body}");
    assert!(!body.contains("| Where |"), "{body}");
}

#[test]
fn only_pages_of_github_and_paths_of_the_repository_are_linked() {
    let linked = |path: &str, page: &str| {
        let mut found = moved_value();
        found.diagnostic.location.as_mut().expect("it has one").path = path.to_owned();
        let mut review = review(vec![found], Vec::new());
        review.diagnosis.pages.insert("build".to_owned(), page.to_owned());
        let body = comment(&review, None, 5, &links());
        (body.contains("/blob/"), body.contains("[log]("))
    };
    let page = "https://github.com/octo/app/actions/runs/1/job/2";
    assert_eq!(linked("src/a b.rs", page), (true, true));
    assert_eq!(linked("/etc/passwd", "https://evil.example/x"), (false, false));
    assert_eq!(linked("../x.rs", "https://github.com.evil.example/x"), (false, false));
    assert_eq!(linked("//evil.example/x", "https://github.com/x)![i](https://evil.example"), (false, false));
}

/// GitHub gives a table 780 pixels and does not wrap code in it.
#[test]
fn nine_errors_in_long_paths_are_one_table_of_five_short_rows() {
    let errors = (1..=9).map(|id| {
        let spell = RankedSpell { id: SpellId(id), ..ranked(&format!("Fix {id}"), "Why.", "how", "") };
        error("it broke", &format!("packages/frontend/src/components/navigation/Panel{id}.tsx"), vec![spell])
    });
    let body = comment(&review(errors.collect(), Vec::new()), None, 5, &links());
    assert_eq!(body.matches("[`…/navigation/Panel").count(), 5, "{body}");
    assert!(body.contains("/packages/frontend/src/components/navigation/Panel1.tsx#L12)"), "{body}");
    assert_eq!(body.matches("<details>").count(), 5);
    assert!(body.contains("4 further errors with known fixes left out."), "{body}");
}

#[test]
fn an_error_is_told_in_one_sentence() {
    let told = |message: &str, context: &str| {
        let diagnostic =
            Diagnostic { message: message.to_owned(), context: context.to_owned(), ..Diagnostic::default() };
        sentence::sentence(&diagnostic)
    };
    assert_eq!(
        told("mismatched types", "3 | f(\"a\")\n  |   ^^^ expected `i32`, found `&str`"),
        "mismatched types – expected `i32`, found `&str`"
    );
    assert_eq!(
        told("assertion `left == right` failed\n  left: 1\n right: 2", ""),
        "assertion `left == right` failed – left: 1, right: 2"
    );
    assert_eq!(told("Not equal:\nexpected: 1\nactual  : 2", ""), "Not equal – expected: 1, actual  : 2");
    let advice =
        "`npm ci` can only install packages when package.json is in sync. Please update your lock file.";
    assert_eq!(told(advice, ""), "`npm ci` can only install packages when package.json is in sync.");
    assert_eq!(told("no such file. Is it there?", ""), "no such file. Is it there?");
    assert_eq!(told("plain", "12 | x\n   | ^^^"), "plain");
}

#[test]
fn a_solution_has_the_colours_of_its_language() {
    let at = |path: &str, solution: &str| {
        let location = Some(Location { path: path.to_owned(), start: None, end: None });
        language::of(solution, &Diagnostic { location, ..Diagnostic::default() })
    };
    assert_eq!(at("src/main.rs", "let a = b;"), "rust");
    assert_eq!(at("src/main.rs", "# once\ncargo add serde\ncargo build"), "sh");
    assert_eq!(at("src/main.rs", "npm install\ngit add package.json\nnode --version && npm --version"), "sh");
    assert_eq!(at("src/main.rs", "cargo add serde\nuse serde::Serialize;\nmod parser;"), "rust");
    assert_eq!(at("app.py", "- import a\n+ import b"), "diff");
    assert_eq!(at("Makefile", "all: x"), "text");
}

#[test]
fn prose_keeps_words_and_turns_the_rest_into_code() {
    let cases = [
        ("Don't re-run it (twice), and/or wait.", "Don't re-run it (twice), and/or wait."),
        ("ask @octocat or a@b.c", "ask `@octocat` or `a@b.c`"),
        ("fixes #12, octo/app#1 and GH-7", "fixes `#12`, `octo/app#1` and `GH-7`"),
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
        ("a 'b | c', not 'd e' or \"f_g\".", "a `'b | c'`, not 'd e' or `\"f_g\"`."),
        ("don't 'isn't_it | so' 'open | end", "don't `'isn't_it | so'` 'open `|` end"),
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
        // Up to the colon it is a word, and no link without the rest; from there on it is code.
        assert_eq!(shown.starts_with('`'), limit > "http:".len(), "{shown}");
    }
}

#[test]
fn secrets_are_not_repeated_even_with_hidden_characters_in_them() {
    let text = format!("gh\u{200B}p_{}", "a1".repeat(18));
    let found = error(&text, &text, vec![ranked(&text, &text, &text, &text)]);
    let body = comment(&review(vec![found], vec![text.clone()]), None, 5, &links());
    assert!(body.contains("[redacted]") && !body.contains("a1a1a1"), "{body}");
}

#[test]
fn a_comment_ends_at_a_fix_and_says_how_many_are_left_out() {
    let huge = |id| {
        let spell = ranked("t", &"word ".repeat(9_000), &"s".repeat(60_000), "r");
        error(&"m".repeat(9_000), "a.rs", vec![RankedSpell { id: SpellId(id), ..spell }])
    };
    let body = comment(&review((0..40).map(huge).collect(), Vec::new()), None, 30, &links());
    assert!(body.chars().count() <= 65_000);
    let told = body.matches("<details>").count();
    assert!((1..30).contains(&told));
    assert!(body.contains(&format!("{} further errors with known fixes left out.", 40 - told)), "{told}");
    assert!(body.trim_end().ends_with("</sub>"));
}
