//! A team's own tool, which no analyzer knows: its expressions are configuration, checked before anything starts, learnt
//! from a log, and used like any analyzer.

use crate::process::Place;

/// A log of a tool that does not exist.
const LOG: &str = "\
2025-03-02T10:11:12.0000001Z kettle 3.1 boiling 4 pots
2025-03-02T10:11:13.0000001Z kettle: error K042 in /home/runner/work/tea/tea/src/pot.k:12:5: lid is missing
2025-03-02T10:11:13.5000001Z kettle: warning K007 in src/cup.k:3:1: lukewarm
2025-03-02T10:11:14.0000001Z kettle: error K099 in src/cup.k:40:17: the saucer does not fit
2025-03-02T10:11:15.0000001Z kettle: fatal: boiled over
##[error]Process completed with exit code 1.
";

const TOOL: &str = r#"
[[plugins.config.analyzer-patterns.tool]]
name = "kettle"
pattern = '^kettle: (?<severity>error|warning) (?<code>K\d+) in (?<path>\S+?):(?<line>\d+):(?<column>\d+): (?<message>.+)$'
"#;

const MATCHERS: &str = r#"{"problemMatcher": [{"owner": "kettle", "pattern": [{
    "regexp": "^kettle: (error|warning) (K\\d+) in (.+?):(\\d+):(\\d+): (.+)$",
    "severity": 1, "code": 2, "file": 3, "line": 4, "column": 5, "message": 6
}]}]}"#;

/// The errors in the log, one line each.
fn errors(place: &Place) -> Vec<String> {
    let ended = place.run(&["analyze", "--format", "json", "build.log"], b"");
    let found: serde_json::Value = serde_json::from_str(&ended.output()).expect("JSON");
    let errors = found["errors"].as_array().expect("a list of errors");
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    errors
        .iter()
        .map(|error| {
            let error = &error["diagnostic"];
            let (path, line) = (word(&error["location"]["path"]), &error["location"]["line"]);
            format!(
                "{} {} {path}:{line} {}",
                word(&error["tool"]),
                word(&error["code"]),
                word(&error["message"])
            )
        })
        .collect()
}

fn checked(place: &Place) -> (i32, String) {
    let ended = place.run(&["config", "check"], b"");
    (ended.code(), ended.complaint())
}

const EXPECTED: [&str; 2] =
    ["kettle K042 src/pot.k:12 lid is missing", "kettle K099 src/cup.k:40 the saucer does not fit"];

#[test]
fn an_expression_in_the_configuration_finds_the_errors_of_an_unknown_tool() {
    let place = Place::new();
    place.file("build.log", LOG);
    let before = errors(&place);
    assert!(!before.iter().any(|error| error.starts_with("kettle K")), "{before:?}");
    place.file("grimoire.toml", TOOL);
    place.allow();
    assert_eq!(checked(&place), (0, String::new()));
    let found = errors(&place);
    for expected in EXPECTED {
        assert!(found.iter().any(|error| error == expected), "{found:?}");
    }
}

#[test]
fn a_file_with_problem_matchers_is_included_and_trusted_as_it_is() {
    let place = Place::new();
    place.file("build.log", LOG);
    let matchers = place.file("matchers.json", MATCHERS);
    place.file("grimoire.toml", "[plugins.config.analyzer-patterns]\ninclude = [\"matchers.json\"]\n");
    let allowed = place.run(&["config", "allow"], b"");
    assert!(allowed.output().contains("matchers.json is allowed as it is now"), "{}", allowed.output());
    assert_eq!(checked(&place), (0, String::new()));
    let found = errors(&place);
    for expected in EXPECTED {
        assert!(found.iter().any(|error| error == expected), "{found:?}");
    }

    // Whoever changes it afterwards needs the user's word again.
    std::fs::write(&matchers, MATCHERS.replace("kettle", "pot")).expect("written");
    let (code, complaint) = checked(&place);
    assert_eq!(code, 78);
    assert!(complaint.contains("matchers.json is not allowed as it is now"), "{complaint}");
    place.allow();
    assert_eq!(checked(&place).0, 0);

    for (content, expected) in [
        ("{\"problemMatcher\": [", "matchers.json is no JSON at line 1, column"),
        ("[]", "matchers.json must have one JSON object"),
        (
            r#"{"problemMatcher": [{"owner": "csc", "pattern": [{"regexp": "(?<!MSB)(.*)", "message": 1}]}]}"#,
            "the plugin refuses its configuration: problemMatcher csc: regexp: a negative look-behind, (?<!, which an \
             engine in linear time has not, at character 1",
        ),
    ] {
        std::fs::write(&matchers, content).expect("written");
        place.run(&["config", "allow"], b"");
        let (code, complaint) = checked(&place);
        assert_eq!(code, 78, "{content}");
        assert!(complaint.contains(expected), "{content}: {complaint}");
    }
    std::fs::remove_file(&matchers).expect("removed");
    let (code, complaint) = checked(&place);
    assert_eq!(code, 78);
    assert!(complaint.contains("matchers.json cannot be read"), "{complaint}");
}

#[test]
fn an_expression_is_learnt_from_marked_lines_and_written() {
    let place = Place::new();
    place.file("build.log", LOG);
    let learnt = place.run(&["plugin", "learn", "build.log", "--line", "2"], b"");
    assert_eq!(learnt.code(), 0, "{}", learnt.complaint());
    let output = learnt.output();
    for expected in [
        "[[plugins.config.analyzer-patterns.tool]]\nname = \"kettle\"\n",
        "# It finds 3 errors in build.log:",
        "#   line 2: error | K042 | /home/runner/work/tea/tea/src/pot.k:12:5 | lid is missing",
        "#   line 3: warning | K007 | src/cup.k:3:1 | lukewarm",
        "# It leaves out 1 line of the same look; mark one with --line if it is an error:",
        "#   line 5: kettle: fatal: boiled over",
    ] {
        assert!(output.contains(expected), "{expected}\n{output}");
    }
    // What is printed is a configuration.
    place.file("grimoire.toml", &output);
    place.allow();
    assert_eq!(checked(&place), (0, String::new()));

    std::fs::remove_file(place.path().join("grimoire.toml")).expect("removed");
    let written = place.run(&["plugin", "learn", "build.log", "--line", "4", "--line", "5", "--write"], b"");
    assert_eq!(written.code(), 0, "{}", written.complaint());
    place.allow();
    assert_eq!(checked(&place), (0, String::new()));
    let found = errors(&place);
    assert!(
        found.iter().any(|error| error.contains("boiled over") && error.starts_with("kettle ")),
        "{found:?}"
    );
    for expected in EXPECTED {
        assert!(found.iter().any(|error| error == expected), "{found:?}");
    }
}

#[test]
fn a_form_may_be_written_by_hand_and_what_is_wrong_with_it_is_said() {
    let place = Place::new();
    place.file("build.log", LOG);
    let form = "kettle: {severity} {code} in {path}:{line}:{column}: {message}";
    let learnt = place.run(&["plugin", "learn", "build.log", "--like", form], b"");
    assert_eq!(learnt.code(), 0, "{}", learnt.complaint());
    assert!(learnt.output().contains("# It finds 3 errors"), "{}", learnt.output());
    for (arguments, code, expected) in [
        (&["--like", "{pot}: {message}"][..], 65, "{pot} is no field; there are {path}"),
        (&["--line", "99"], 65, "line 99 of build.log has no text of a tool"),
        (&["--line", "1"], 65, "line 1 has neither a place nor a severity nor a code"),
        (&["--like", "{severity} {message}"], 64, "give it with --tool NAME"),
        (&[], 64, "--line"),
    ] {
        let refused = place.run(&[&["plugin", "learn", "build.log"], arguments].concat(), b"");
        assert_eq!(refused.code(), code, "{arguments:?}: {}", refused.complaint());
        assert!(refused.complaint().contains(expected), "{arguments:?}: {}", refused.complaint());
    }
    let nothing = place.run(&["plugin", "learn", "build.log", "--like", "pot: {message}"], b"");
    assert_eq!(nothing.code(), 2, "it finds nothing");
}
