//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_patterns::Scan;
use grimoire_plugin_sdk::{Analyzer as _, analyze_with, cases, media_type};
use proptest::prelude::*;
use std::path::Path;

#[test]
fn cases() {
    cases::run::<Scan>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), media_type::LOG);
}

/// A tool with one expression, as JSON.
fn tool(pattern: &str) -> String {
    let quoted = pattern.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!(r#"{{"tool":[{{"name":"kettle","pattern":"{quoted}"}}]}}"#)
}

fn matchers(json: &str) -> String {
    format!(r#"{{"problemMatcher":[{json}]}}"#)
}

#[test]
fn without_a_configuration_it_accepts_nothing() {
    let said = Scan::describe(None);
    assert!(said.accepts.is_empty() && said.probes.is_empty() && said.tools.is_empty(), "{said:?}");
    assert!(Scan::describe(Some("{}")).tools.is_empty());
}

#[test]
fn it_wakes_for_the_fixed_words_of_its_expressions() {
    for (pattern, probes) in [
        ("kettle: (?<message>.*)", &["kettle"][..]),
        // The word that is rarest, and one that no colour splits.
        (r"^\[kettle\] error (?<code>K\d+): (?<message>.*)", &["[kettle]"]),
        ("(?<severity>error|warning): (?<message>.*)", &["error", "warning"]),
        (r"(?:lid|(?:pot)+) (?<message>.*)", &["lid", "pot"]),
        // A part that may be absent says nothing.
        ("(?:kettle )?pot: (?<message>.*)", &["pot"]),
        (r"spout{2}(?<message>.*)", &["spou"]),
        (r"\x6bettle\/pot (?<message>.*)", &["kettle/pot"]),
        // Without fixed text every line is read.
        (r"(?<message>\d+)", &[]),
        ("(?:kettle|.) (?<message>.*)", &[]),
        ("(?i)kettle (?<message>.*)", &[]),
    ] {
        let said = Scan::describe(Some(&tool(pattern)));
        assert_eq!(said.probes, probes, "{pattern}");
        assert_eq!(said.tools, ["kettle"]);
        assert!(!said.accepts.is_empty());
    }
    let one =
        r#"{"owner":"pot","pattern":[{"regexp":"^(.*)$","file":1},{"regexp":"boils (.*)","message":1}]}"#;
    assert_eq!(
        Scan::describe(Some(&matchers(one))).probes,
        ["boils"],
        "all lines must match: the rarest wakes"
    );
}

#[test]
fn what_is_refused_is_named_with_its_place_and_reason() {
    let long = "x".repeat(2_049);
    let deep = format!("{}x{}", "(".repeat(40), ")".repeat(40));
    let expressions = [
        ("a(?=b)", "a look-ahead, (?=, which an engine in linear time has not, at character 2"),
        ("(?!b)", "a negative look-ahead, (?!, which an engine in linear time has not, at character 1"),
        ("a(?<=b)", "a look-behind, (?<=, which"),
        (
            r"[a-zA-Z]+(?<!MSB)\d+",
            "a negative look-behind, (?<!, which an engine in linear time has not, at character 10",
        ),
        (r"(a)\1", r"a back-reference, \1, which an engine in linear time has not, at character 4"),
        (r"(?<path>a)\k<path>", r"a back-reference, \k, which"),
        (r"\p{L}", r"a class of Unicode, \p, which is not known, at character 1"),
        (r"a\z", r"\z, which means nothing, at character 2"),
        ("(a", "a group without an end at character 1"),
        ("a)", "a closing parenthesis without an opening one at character 2"),
        ("[a", "brackets without an end at character 1"),
        ("[]", "brackets without a character at character 1"),
        ("[z-a]", "a range of characters that is out of order at character 2"),
        ("*a", "* has nothing to repeat at character 1"),
        ("a**", "a repetition of a repetition at character 3"),
        ("^*", "something without text cannot be repeated at character 1"),
        ("a{3,2}", "a count whose numbers are out of order at character 2"),
        ("a{1001}", "a count above 1000 at character 2"),
        ("(?<1>a)", "\"1\" is no name"),
        ("(?<path>a)(?<path>a)", "a second group with the name path at character 11"),
        ("(?<lid>a)", "the group lid is not known; there are path, line, column"),
        (r"\u12", "an escape of a character that does not exist at character 1"),
        ("a\\", "a backslash at the end at character 2"),
        ("", "is empty"),
        (&long, "has 2049 bytes, may have at most 2048"),
        (&deep, "groups are nested more than 32 deep"),
        ("((a{100}){100}){100}", "is too large: compiled it takes more than 64 KiB"),
        ("x", "no expression has a group named message"),
    ];
    for (pattern, reason) in expressions {
        let refused = Scan::check(&tool(pattern)).expect_err(pattern);
        assert!(refused.starts_with("tool kettle: "), "{refused}");
        assert!(refused.contains(reason), "{pattern}: {refused}");
    }
}

#[test]
fn a_wrong_member_is_named() {
    let pattern = r#"{"regexp":"(.*)","message":1}"#;
    let many = [pattern; 9].join(",");
    let hundred = vec![format!(r#"{{"owner":"pot","pattern":[{pattern}]}}"#); 101].join(",");
    for (settings, reason) in [
        ("[]".to_owned(), "the configuration is no JSON object"),
        (r#"{"tools":[]}"#.to_owned(), "tools: is not known; there are `tool` and `problemMatcher`"),
        (r#"{"tool":{}}"#.to_owned(), "tool: must be a list of tables"),
        (r#"{"tool":[{}]}"#.to_owned(), "tool 1: has no `name`"),
        (r#"{"tool":[{"name":"pot"}]}"#.to_owned(), "tool pot: has no `pattern`"),
        (r#"{"tool":[{"name":"pot","pattern":3}]}"#.to_owned(), "tool pot: pattern: must be an expression"),
        (
            r#"{"tool":[{"name":"pot","kind":"tea"}]}"#.to_owned(),
            "tool pot: kind: must be one of compile, lint",
        ),
        (r#"{"tool":[{"name":"pot","color":"red"}]}"#.to_owned(), "tool pot: color: is not known"),
        (matchers("{}"), "problemMatcher 1: has no `owner`"),
        (matchers(r#"{"owner":"pot"}"#), "problemMatcher pot: has no `pattern`"),
        (
            matchers(r#"{"owner":"pot","severity":"bad","pattern":[]}"#),
            "problemMatcher pot: severity: must be",
        ),
        (matchers(r#"{"owner":"pot","pattern":[{}]}"#), "problemMatcher pot: has no `regexp`"),
        (
            matchers(r#"{"owner":"pot","pattern":[{"regexp":"(.*)","message":1},{"regexp":"(?=x)"}]}"#),
            "problemMatcher pot, pattern 2: regexp: a look-ahead, (?=, which an engine in linear time has not, at \
             character 1",
        ),
        (
            matchers(r#"{"owner":"pot","pattern":[{"regexp":"(.*)","message":4}]}"#),
            "problemMatcher pot: message: must be the number of a group; the expression has 1",
        ),
        (
            matchers(r#"{"owner":"pot","pattern":[{"regexp":"(.*)","mesage":1}]}"#),
            "problemMatcher pot: mesage: is not known; there are regexp, file",
        ),
        (
            matchers(
                r#"{"owner":"pot","pattern":[{"regexp":"(.*)","loop":true},{"regexp":"(.*)","message":1}]}"#,
            ),
            "problemMatcher pot, pattern 1: loop: only the last pattern may repeat",
        ),
        (
            matchers(r#"{"owner":"pot","pattern":[{"regexp":"(.*)","message":1,"loop":true}]}"#),
            "problemMatcher pot: loop: repeats the last of several expressions",
        ),
        (
            matchers(&format!(r#"{{"owner":"pot","pattern":[{pattern},{pattern}]}}"#)),
            "problemMatcher pot, pattern 2: message is set by an earlier one too",
        ),
        (
            matchers(r#"{"owner":"pot","pattern":[{"regexp":"(.*)"}]}"#),
            "problemMatcher pot: no expression has a `message`",
        ),
        (
            matchers(&format!(r#"{{"owner":"pot","pattern":[{many}]}}"#)),
            "problemMatcher pot: has more than 8 expressions",
        ),
        (matchers(&hundred), "there are more than 100 expressions"),
    ] {
        let refused = Scan::check(&settings).expect_err(&settings);
        assert!(refused.starts_with(reason), "{settings}: {refused}");
    }
}

/// The settings of the property tests: each form, one line and several.
const SETTINGS: &str = r#"{
    "tool": [{"name": "kettle", "pattern": "^kettle: (?<severity>\\w+) (?<code>K\\d+) in (?<path>[^:]+):(?<line>\\d+): (?<message>.*)$"}],
    "problemMatcher": [{"owner": "pot", "pattern": [
        {"regexp": "^([^\\s].*)$", "file": 1},
        {"regexp": "^\\s+(\\d+):(\\d+)\\s+(error|warning)\\s+(.*)$", "line": 1, "column": 2, "severity": 3, "message": 4, "loop": true}
    ]}]
}"#;

fn log() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        prop::sample::select(vec![
            "kettle: error K042 in src/pot.k:12: the lid is missing\n",
            "kettle: fatal K0 in C:\\a.k:0: \u{202e}\n",
            "src/pot.k\n",
            "  3:4  error  x\n",
            "  0:99999999999  warning  y\r\n",
            "##[error]kettle: error K1 in a:1: z\n",
            "##[group]Run x\n",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_log_keeps_the_contract(log in log(), size in 1_usize..40) {
        let whole = analyze_with::<Scan>(media_type::LOG, Some(SETTINGS), [&log[..]]).expect("a log");
        let parts = analyze_with::<Scan>(media_type::LOG, Some(SETTINGS), log.chunks(size)).expect("a log");
        prop_assert_eq!(&whole, &parts);
        for found in whole {
            prop_assert!(found.span.start <= found.span.end && found.span.end <= log.len() as u64);
            let mut fitted = found.clone();
            prop_assert!(fitted.fit());
            prop_assert_eq!(fitted, found);
        }
    }

    /// Whatever is written as an expression is compiled or refused in words, and what it matches has a probe.
    #[test]
    fn any_expression_is_compiled_or_refused(
        pattern in "([a-c.^$|()*+?{}\\[\\],0-9-]|\\\\[dswbnxu/.1-]|\\(\\?:|\\(\\?<message>|err|: ){0,12}",
        text in "[a-c0-9 :er-]{0,30}",
    ) {
        let settings = tool(&pattern);
        if Scan::check(&settings).is_ok() {
            let found = analyze_with::<Scan>(media_type::LOG, Some(&settings), [text.as_bytes()]).expect("a log");
            let probes = Scan::describe(Some(&settings)).probes;
            prop_assert!(
                found.is_empty() || probes.is_empty() || probes.iter().any(|probe| text.contains(probe.as_str())),
                "{:?} finds {:?} without {:?}", pattern, text, probes
            );
        }
    }

    #[test]
    fn any_text_is_a_configuration_or_refused(text in ".{0,200}") {
        let _ = Scan::check(&text);
        let _ = Scan::check(&tool(&text));
    }
}
