use grimoire_domain::diagnostic::{Frame, Location, Position, Span};
use grimoire_log::Step;
use proptest::prelude::*;

use super::*;
use crate::merge::merge;

/// An error at an offset of the log.
fn error(message: &str, start: u64) -> Diagnostic {
    Diagnostic {
        tool: "tool".to_owned(),
        message: message.to_owned(),
        span: Span { start, end: start + 10 },
        ..Diagnostic::default()
    }
}

#[allow(clippy::unnecessary_wraps, reason = "a diagnostic's place is optional")]
fn at(path: &str, line: u32) -> Option<Location> {
    Some(Location { path: path.to_owned(), start: Some(Position { line, column: None }), end: None })
}

fn line(diagnostic: &Diagnostic) -> Option<u32> {
    diagnostic.location.as_ref()?.start.map(|start| start.line)
}

/// A log whose first hundred bytes belong to a step that passed, the next to one that failed.
fn outline() -> Outline {
    let step = |start, outcome| Step { name: String::new(), start, outcome };
    Outline {
        steps: vec![step(0, Outcome::Passed), step(100, Outcome::Failed), step(200, Outcome::Unknown)],
        run: Outcome::Failed,
    }
}

fn settled(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let found = found.into_iter().map(|diagnostic| CountedDiagnostic {
        diagnostic,
        count: 1,
        plugin: "p".to_owned(),
    });
    settle(found.collect(), &outline()).into_iter().map(|found| found.diagnostic).collect()
}

fn messages(found: Vec<Diagnostic>) -> Vec<String> {
    settled(found).into_iter().map(|found| found.message).collect()
}

#[test]
fn what_a_step_that_passed_reports_is_no_error_of_the_run() {
    assert_eq!(messages(vec![error("linted", 10), error("broken", 110)]), ["broken"]);
}

#[test]
fn a_run_that_passed_has_no_errors() {
    let found = CountedDiagnostic { diagnostic: error("logged", 110), count: 1, plugin: "p".to_owned() };
    assert_eq!(settle(vec![found], &Outline { run: Outcome::Passed, ..Outline::default() }), []);
}

#[test]
fn summaries_and_guesses_count_when_nothing_else_was_found() {
    let summary = Diagnostic { role: Role::Summary, ..error("2 tests failed", 150) };
    let guess = Diagnostic { confidence: Confidence::Guess, ..error("the lid is not there", 140) };
    assert_eq!(messages(vec![summary.clone()]), ["2 tests failed"]);
    let closing = Diagnostic { kind: Kind::Unknown, role: Role::Summary, ..error("exit code 1", 160) };
    let telling = Diagnostic { kind: Kind::Test, ..summary.clone() };
    let both = settled(vec![telling, closing.clone()]);
    assert_eq!(both.iter().map(|found| found.role).collect::<Vec<_>>(), [Role::Summary, Role::Consequence]);
    assert_eq!(messages(vec![closing]), ["exit code 1"]);
    assert_eq!(messages(vec![summary.clone(), guess.clone()]), ["the lid is not there"]);
    assert_eq!(messages(vec![summary, guess, error("broken", 110)]), ["broken"]);
}

#[test]
fn of_several_guesses_that_of_the_failed_step_stays() {
    let guess = |message, start| Diagnostic { confidence: Confidence::Guess, ..error(message, start) };
    assert_eq!(messages(vec![guess("first", 10), guess("second", 110), guess("third", 210)]), ["second"]);
}

#[test]
fn roots_come_before_what_follows_from_them_and_before_warnings() {
    let consequence = Diagnostic { role: Role::Consequence, ..error("not built", 110) };
    let warning = Diagnostic { severity: Severity::Warning, role: Role::Warning, ..error("unused", 105) };
    let found = vec![warning, consequence, error("elsewhere", 205), error("broken", 150)];
    assert_eq!(messages(found), ["broken", "elsewhere", "not built", "unused"]);
}

#[test]
fn the_first_consequence_stands_for_a_root_that_was_not_found() {
    let follows = |message, start| Diagnostic { role: Role::Consequence, ..error(message, start) };
    let summary = Diagnostic { role: Role::Summary, ..error("build failed", 190) };
    let found = settled(vec![follows("not linked", 150), follows("not built", 110), summary]);
    let told: Vec<_> = found.iter().map(|found| (found.message.as_str(), found.role)).collect();
    let expected =
        [("not built", Role::Root), ("not linked", Role::Consequence), ("build failed", Role::Summary)];
    assert_eq!(told, expected);
}

#[test]
fn beside_a_certain_root_the_mere_shape_of_an_error_counts_less() {
    let line = Diagnostic { confidence: Confidence::Likely, ..error("logged on purpose", 110) };
    let prose = Diagnostic { kind: Kind::Lint, location: at("a.java", 3), ..line.clone() };
    let found = settled(vec![line.clone(), prose, error("broken", 150)]);
    let roles: Vec<_> = found.iter().map(|found| found.role).collect();
    assert_eq!(roles, [Role::Root, Role::Consequence, Role::Warning]);
    assert_eq!(settled(vec![line])[0].role, Role::Root, "alone it is what there is");
}

#[test]
fn a_place_is_the_users_or_none() {
    let frame = |path: &str| Frame { function: None, location: at(path, 7), text: path.to_owned() };
    let thrown = Diagnostic {
        location: at("node_modules/lid/index.js", 3),
        stack_trace: vec![frame("node_modules/lid/index.js"), frame("/home/runner/work/pot/pot/src/pot.js")],
        ..error("no lid", 110)
    };
    assert_eq!(settled(vec![thrown.clone()])[0].location, at("src/pot.js", 7));
    let inside = Diagnostic { stack_trace: vec![frame("node_modules/lid/index.js")], ..thrown };
    assert_eq!(settled(vec![inside])[0].location, None);
    let module = Diagnostic {
        location: at("/go/pkg/mod/example.org/lid@v1.0.0/lid.go", 3),
        kind: Kind::Dependency,
        ..error("no lid", 110)
    };
    assert_eq!(settled(vec![module.clone()])[0].location, None, "nobody mends a file of a package");
    let compiled = Diagnostic { kind: Kind::Compile, ..module.clone() };
    assert_eq!(settled(vec![compiled])[0].location, module.location, "what the compiler read");
    let committed = Diagnostic { location: at("vendor/lid/lid.go", 3), ..module };
    assert_eq!(settled(vec![committed.clone()])[0].location, committed.location, "in the repository");
    let generated = Diagnostic { location: at("buildtrees/0.lid.cmake", 3), ..committed };
    assert_eq!(settled(vec![generated.clone()])[0].location, None, "the next build makes it anew");
    let compiled = Diagnostic { kind: Kind::Compile, ..generated.clone() };
    assert_eq!(settled(vec![compiled])[0].location, generated.location, "what the compiler read");
}

#[test]
fn a_program_that_a_recipe_misses_is_placed_in_the_recipe() {
    let missing = |message: &str, start| Diagnostic { tool: "shell".to_owned(), ..error(message, start) };
    let failed = |status: &str| Diagnostic {
        tool: "make".to_owned(),
        role: Role::Consequence,
        location: at("Makefile", 12),
        context: format!("/bin/sh: 1: press: not found\nmake: *** [Makefile:12: lid] {status}"),
        ..error(&format!("[Makefile:12: lid] {status}"), 130)
    };
    let found = settled(vec![missing("press: not found", 110), failed("Error 127")]);
    assert_eq!(found[0].location, at("Makefile", 12));
    let found = settled(vec![missing("press: not found", 110), failed("Error 1")]);
    assert_eq!(found[0].location, None, "the program was found");
    let found = settled(vec![missing("cup: not found", 110), failed("Error 127")]);
    assert_eq!(found[0].location, None, "of another recipe");
    let placed = Diagnostic { location: at("build.sh", 3), ..missing("press: not found", 110) };
    let found = settled(vec![placed, failed("Error 127")]);
    assert_eq!(found[0].location, at("build.sh", 3));
}

#[test]
fn the_package_whose_test_failed_is_the_users_where_nothing_else_is() {
    let installed = |file: &str| format!("../env/lib/python3.8/site-packages/{file}");
    let frame = |path: &str| Frame { function: None, location: at(path, 7), text: path.to_owned() };
    let library = frame(&installed("jar/shelf.py"));
    let failed = |frames: &[Frame], test: &str| {
        let failed = Diagnostic {
            location: frames[0].location.clone(),
            stack_trace: frames.to_vec(),
            test: Some(test.to_owned()),
            kind: Kind::Test,
            ..error("no lid", 110)
        };
        settled(vec![failed])[0].location.clone()
    };
    let tested =
        [library.clone(), frame(&installed("pot/lid.py")), frame(&installed("pot/tests/test_lid.py"))];
    let test = format!("{}::test_x", installed("pot/tests/test_lid.py"));
    assert_eq!(failed(&tested, &test), at(&installed("pot/lid.py"), 7));
    assert_eq!(failed(&tested, "pot.tests.test_lid.Lid.test_x"), at(&installed("pot/lid.py"), 7));
    assert_eq!(failed(&tested, "tests/test_lid.py::test_x"), None);
    let mixed = [&tested[..], &[frame("tests/conftest.py")]].concat();
    assert_eq!(failed(&mixed, &test), at("tests/conftest.py", 7));
    assert_eq!(failed(&[library], &test), None);
}

#[test]
fn a_plain_word_is_no_code() {
    let found =
        Diagnostic { code: Some("debug".to_owned()), error_type: "debug".to_owned(), ..error("x", 110) };
    assert_eq!(settled(vec![found])[0].code, None);
}

prop_compose! {
    fn any_error()(
        start in 0_u64..300,
        length in 1_u64..40,
        message in prop::sample::select(vec!["the lid is broken", "no water in the pot", "the lid is broken by the pot", "x"]),
        role in prop::sample::select(vec![Role::Root, Role::Consequence, Role::Summary]),
        confidence in prop::sample::select(vec![Confidence::Guess, Confidence::Likely, Confidence::Certain]),
        place in prop::option::of(1_u32..4),
    ) -> Diagnostic {
        let location = place.and_then(|line| at("src/pot.c", line));
        Diagnostic { span: Span { start, end: start + length }, role, confidence, location, ..error(message, 0) }
    }
}

proptest! {
    /// Findings never get lost: if an analyzer reports an error outside of passed steps, the answer contains
    /// one.
    #[test]
    fn of_any_errors_at_least_one_is_told(one in proptest::collection::vec(any_error(), 0..12), other in proptest::collection::vec(any_error(), 0..12)) {
        let counts = one.iter().chain(&other).any(|found| found.span.start >= 100);
        let merged = merge(vec![("one".to_owned(), one), ("other".to_owned(), other)]);
        // A merged diagnostic may begin in a step that passed if its parts overlapped that step.
        let reachable = merged.iter().any(|found| found.diagnostic.span.start >= 100);
        let told = settle(merged, &outline());
        let first = told.first().map(|found| found.diagnostic.role);
        prop_assert!(!counts || !reachable || first.is_some_and(|role| role != Role::Consequence), "{first:?}");
    }

    /// No two diagnostics report the same defect, by equal lines or equal words.
    #[test]
    fn no_two_of_different_analyzers_tell_the_same(one in proptest::collection::vec(any_error(), 0..12), other in proptest::collection::vec(any_error(), 0..12)) {
        let told = settle(merge(vec![("one".to_owned(), one), ("other".to_owned(), other)]), &outline());
        for (at, left) in told.iter().enumerate() {
            for right in &told[at + 1..] {
                let (a, b) = (&left.diagnostic, &right.diagnostic);
                let same_start = a.span.start == b.span.start && a.span.end > b.span.start;
                // Findings of a one-line report all have the same span: their locations distinguish them.
                let two_findings = a.span == b.span && line(a) != line(b);
                prop_assert!(left.plugin == right.plugin || !same_start || two_findings, "{a:?} and {b:?}");
            }
        }
    }
}
