//! `grimoire match` and `grimoire analyze`, as used by people and scripts.

use grimoire_tests::archive::packed;

use crate::process::Place;

const MOVED: &str = "\
error[E0382]: borrow of moved value: `names`
  --> src/main.rs:12:20
   |
12 |     println!(\"{}\", names.len());
   |                    ^^^^^ value borrowed here after move

error: could not compile `app` (bin \"app\") due to 1 previous error
";

const UNHEARD_OF: &str = "src/frobnicate.zz:3:7: error: the quux is not in its flurble [zz-991]\n";

/// A sentence that no tool is known for, before the step's end.
const UNRECOGNISED: &str = "\
##[group]Run kettle boil
\u{1b}[36;1mkettle boil\u{1b}[0m
shell: /usr/bin/bash -e {0}
##[endgroup]
Heating 1 of 3
The lid of pot 7 is not where it should be
##[error]Process completed with exit code 3.
";

/// A job that passed, though a tested program logged an error.
const GREEN: &str = "\
##[group]Run kettle test
\u{1b}[36;1mkettle test\u{1b}[0m
shell: /usr/bin/bash -e {0}
##[endgroup]
error: this is what the tested program prints
all good
Post job cleanup.
";

/// A linter's findings in a step that passed, then the error of the one that failed.
const LINTED_AND_FAILED: &str = "\
##[group]Run kettle lint
\u{1b}[36;1mkettle lint || true\u{1b}[0m
shell: /usr/bin/bash -e {0}
##[endgroup]
src/lid.c:3:7: error: trailing blank
##[group]Run kettle boil
\u{1b}[36;1mkettle boil\u{1b}[0m
shell: /usr/bin/bash -e {0}
##[endgroup]
Error: the kettle does not boil
##[error]Process completed with exit code 1.
";

const WARNED: &str = "\
src/lid.c:3:7: warning: unused variable
src/pot.c:4:7: error: missing lid
src/pot.c:9:7: warning: unused spout
";

#[test]
fn a_known_error_is_matched_and_the_exit_code_says_so() {
    let ended = Place::new().run(&["match"], MOVED.as_bytes());
    assert_eq!(ended.code(), 0, "{}", ended.complaint());
    let output = ended.output();
    assert!(output.contains("error[E0382]: borrow of moved value"), "{output}");
    assert!(output.contains("src/main.rs:12:20"), "{output}");
    assert!(output.contains("Use of a moved value (E0382)"), "{output}");
    assert!(!output.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn exit_codes_tell_a_find_a_guess_and_a_green_log_apart() {
    let place = Place::new();
    let unknown = place.run(&["match"], UNHEARD_OF.as_bytes());
    assert_eq!(unknown.code(), 0, "{}", unknown.output());
    assert!(unknown.output().contains("the quux is not in its flurble"));
    assert_eq!(place.run(&["match", "--require-fix"], UNHEARD_OF.as_bytes()).code(), 3);
    assert_eq!(place.run(&["match", "--require-fix"], MOVED.as_bytes()).code(), 0);
    let guessed = place.run(&["match"], UNRECOGNISED.as_bytes());
    assert_eq!(guessed.code(), 1, "{}", guessed.output());
    assert!(
        guessed.output().starts_with("guess: The lid of pot 7 is not where it should be"),
        "{}",
        guessed.output()
    );
    let nothing = place.run(&["match"], b"all is well\n");
    assert_eq!(nothing.code(), 2);
    assert_eq!(place.run(&["match"], GREEN.as_bytes()).code(), 2);
    let empty = place.run(&["match"], b"");
    assert_eq!(empty.code(), 2);
}

#[test]
fn what_a_passed_step_reports_is_no_error_of_the_run() {
    let ended = Place::new().run(&["match"], LINTED_AND_FAILED.as_bytes());
    let output = ended.output();
    assert!(output.starts_with("error"), "{output}");
    assert!(output.contains("the kettle does not boil") && !output.contains("trailing blank"), "{output}");
}

#[test]
fn errors_come_before_warnings_which_are_counted_unless_asked_for() {
    let place = Place::new();
    let short = place.run(&["match"], WARNED.as_bytes()).output();
    assert!(short.starts_with("error: missing lid"), "{short}");
    assert!(short.ends_with("1 error: 0 with a known fix; 2 warnings (--warnings)\n"), "{short}");
    let long = place.run(&["match", "--warnings"], WARNED.as_bytes()).output();
    assert!(long.contains("unused variable") && long.contains("unused spout"), "{long}");
}

#[test]
fn one_fix_for_many_errors_is_told_once_with_the_places() {
    let place = Place::new();
    let output = place.run(&["match"], MOVED.repeat(2).replace("main.rs:12", "lib.rs:7").as_bytes()).output();
    assert_eq!(output.matches("Use of a moved value (E0382)").count(), 1, "{output}");
    let folded = place.run(&["match"], MOVED.as_bytes()).output();
    assert!(folded.contains("more lines (--full)"), "{folded}");
    let full = place.run(&["match", "--full"], MOVED.as_bytes()).output();
    assert!(!full.contains("--full"), "{full}");
}

#[test]
fn any_spell_can_be_asked_why_it_is_shown_or_not() {
    let place = Place::new();
    place.file("build.log", MOVED);
    let near = place.run(&["match", "--explain", "build.log"], b"").output();
    assert!(near.contains("shown") && near.contains("Use of a moved value (E0382)"), "{near}");
    let two_borrows = ["match", "--explain", "--spell", "rust-e0499-two-mutable-borrows", "build.log"];
    let asked = place.run(&two_borrows, b"");
    assert!(asked.output().contains("not shown"), "{}{}", asked.output(), asked.complaint());
    let unknown = place.run(&["match", "--explain", "--spell", "no-such-spell", "build.log"], b"");
    assert_eq!(unknown.code(), 65);
    assert!(unknown.complaint().contains("no-such-spell"), "{}", unknown.complaint());
}

#[test]
fn an_excerpt_keeps_to_its_budget_and_holds_the_cause() {
    let place = Place::new();
    let excerpt = place.run(&["match", "--format", "excerpt", "--budget", "200"], MOVED.as_bytes()).output();
    assert!(excerpt.starts_with("src/main.rs:12:20: error[E0382]: borrow of moved value"), "{excerpt}");
    assert!(excerpt.len() <= 200, "{excerpt}");
    assert_eq!(place.run(&["match", "--format", "excerpt", "--budget", "few"], b"").code(), 64);
}

#[test]
fn misuse_gives_codes_from_64() {
    let place = Place::new();
    assert_eq!(place.run(&["match", "--no-such-option"], b"").code(), 64);
    assert_eq!(place.run(&[], b"").code(), 64);
    let missing = place.run(&["match", "missing.log"], b"");
    assert_eq!(missing.code(), 66);
    assert!(missing.complaint().contains("missing.log"));
    let folder = place.run(&["match", "."], b"");
    assert_eq!(folder.code(), 66);
    for wrong in [["match", "--threshold", "7"], ["match", "--limit", "0"], ["serve", "--port", "99999"]] {
        assert_eq!(place.run(&wrong, MOVED.as_bytes()).code(), 64, "{wrong:?}");
    }
}

#[test]
fn a_service_that_cannot_be_reached_is_69_and_says_why() {
    let place = Place::new();
    let payload = place.file("payload.json", "{}");
    let payload = payload.to_str().expect("text");
    // Port 1 needs privileges, so nobody listens there.
    let url = "http://127.0.0.1:1";
    let environment = [("GITHUB_WEBHOOK_SECRET", "a secret of this test")];
    let send = ["webhook", "send", payload, "--event", "pull_request", "--url", url];
    for arguments in [&["health", "--url", url][..], &send] {
        let output = place.grimoire(arguments).envs(environment).output().expect("it runs");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(69), "{complaint}");
        assert!(complaint.contains("refused") && complaint.contains("`grimoire serve`"), "{complaint}");
    }
    let hidden = place.run(&["spells", "list", "--url", "http://ana:s3cr3t@127.0.0.1:1"], b"");
    let complaint = hidden.complaint();
    assert!(complaint.contains("http://ana:***@127.0.0.1:1") && !complaint.contains("s3cr3t"), "{complaint}");
}

#[test]
fn help_and_version_are_answers_and_teach_the_exit_codes() {
    let place = Place::new();
    let help = place.run(&["match", "--help"], b"");
    assert_eq!(help.code(), 0);
    assert!(help.output().contains("Exit codes:") && help.output().contains("64"));
    assert_eq!(place.run(&["--version"], b"").code(), 0);
}

#[test]
fn a_file_is_read_like_a_pipe() {
    let place = Place::new();
    place.file("build.log", MOVED);
    let from_file = place.run(&["match", "build.log"], b"");
    let from_pipe = place.run(&["match", "-"], MOVED.as_bytes());
    assert_eq!(from_file.code(), 0);
    assert_eq!(from_file.output(), from_pipe.output());
}

#[test]
fn json_has_the_diagnostic_its_place_and_ranked_spells_with_reasons() {
    let ended = Place::new().run(&["match", "--format", "json"], MOVED.as_bytes());
    let document: serde_json::Value = serde_json::from_str(&ended.output()).expect("JSON");
    let error = &document["errors"][0];
    assert_eq!(error["diagnostic"]["code"], "E0382");
    assert_eq!(error["diagnostic"]["location"]["path"], "src/main.rs");
    assert_eq!(error["diagnostic"]["location"]["line"], 12);
    let spells = error["spells"].as_array().expect("spells");
    assert!(spells[0]["title"].as_str().expect("a title").contains("E0382"));
    assert!(!spells[0]["reasons"].as_array().expect("reasons").is_empty());
    let scores: Vec<f64> = spells.iter().map(|spell| spell["score"].as_f64().expect("a score")).collect();
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]), "{scores:?}");
    assert!(
        document["plugins"]
            .as_array()
            .expect("plugins")
            .iter()
            .any(|plugin| plugin["name"] == "matcher-hybrid")
    );
}

#[test]
fn sarif_has_a_rule_and_a_region() {
    let ended = Place::new().run(&["match", "--format", "sarif"], MOVED.as_bytes());
    let document: serde_json::Value = serde_json::from_str(&ended.output()).expect("JSON");
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "rustc");
    let result = &run["results"][0];
    assert_eq!(result["ruleId"], "E0382");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "src/main.rs");
    assert_eq!(place["region"]["startLine"], 12);
}

#[test]
fn workflow_commands_are_one_line_an_error() {
    let ended = Place::new().run(&["match", "--format", "github"], MOVED.as_bytes());
    let output = ended.output();
    assert_eq!(output.lines().count(), 1, "{output}");
    assert!(output.starts_with("::error file=src/main.rs,line=12,col=20,title=rustc E0382::"), "{output}");
}

#[test]
fn markdown_fences_what_the_log_says() {
    let ended = Place::new().run(&["match", "--format", "markdown"], MOVED.as_bytes());
    assert!(ended.output().contains("1 of 1 error with a known fix."), "{}", ended.output());
    assert!(ended.output().contains("```"));
}

#[test]
fn a_spell_for_a_symptom_is_told_as_a_hint() {
    let place = Place::new();
    place.file(
        "book.yaml",
        "version: 1\nspells:\n  - {key: lamp, title: Where lamps go out, description: d, error_type: lamp, \
         error_pattern: the lamp in the harbour went out, solution_code: look at the wick, tags: [hint]}\n",
    );
    let told = |format: &str| {
        let log = b"error: the lamp in the harbour went out\n";
        let ended = place.run(&["match", "--spellbook", "book.yaml", "--format", format], log);
        assert_eq!(ended.code(), 0, "{}", ended.complaint());
        ended.output()
    };
    let text = told("text");
    assert!(text.contains("no fix is known; where to look:  Where lamps go out"), "{text}");
    assert!(text.ends_with("1 error: 0 with a known fix, 1 with a hint\n"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&told("json")).expect("JSON");
    assert_eq!(json["errors"][0]["spells"], serde_json::json!([]));
    assert_eq!(json["errors"][0]["hints"][0]["title"], "Where lamps go out");
    let sarif: serde_json::Value = serde_json::from_str(&told("sarif")).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"][0]["properties"]["spells"], serde_json::json!([]));
    for format in ["markdown", "github", "junit", "sarif"] {
        let output = told(format);
        assert!(output.contains("here to look: ") && !output.contains("Known fix"), "{format}: {output}");
    }
    let demanding = ["match", "--spellbook", "book.yaml", "--require-fix"];
    assert_ne!(
        place.run(&demanding, b"error: the lamp in the harbour went out\n").code(),
        0,
        "a hint is no fix"
    );
}

#[test]
fn the_same_input_gives_the_same_answer_in_every_process() {
    let place = Place::new();
    let first = place.run(&["match", "--format", "json"], MOVED.as_bytes()).output();
    for _ in 0..2 {
        assert_eq!(place.run(&["match", "--format", "json"], MOVED.as_bytes()).output(), first);
    }
}

#[test]
fn analyze_reads_diffs_by_their_name() {
    let place = Place::new();
    let diff =
        "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1,3 @@\n one\n+<<<<<<< HEAD\n+two\n";
    place.file("change.diff", diff);
    let ended = place.run(&["analyze", "change.diff", "--format", "json"], b"");
    assert_eq!(ended.code(), 0, "{}{}", ended.output(), ended.complaint());
    let document: serde_json::Value = serde_json::from_str(&ended.output()).expect("JSON");
    assert_eq!(document["errors"][0]["diagnostic"]["location"]["path"], "a.txt");
    assert_eq!(document["errors"][0]["diagnostic"]["location"]["line"], 2);
}

/// A failed test, beside a passed one whose output looks like an error.
const JUNIT: &str = "\
<?xml version=\"1.0\"?>
<testsuite><testcase classname=\"tests.test_pot\" name=\"test_pours\">
<failure message=\"ModuleNotFoundError: No module named 'requests'\">tests/test_pot.py:3: ModuleNotFoundError</failure>
</testcase><testcase classname=\"tests.test_lid\" name=\"test_shuts\"><system-out>
error[E0382]: borrow of moved value: `names`
  --> src/main.rs:12:20
</system-out></testcase></testsuite>
";

/// The same failure in a log.
const MISSING_MODULE: &str = "\
Traceback (most recent call last):
  File \"/home/runner/work/app/app/tests/test_pot.py\", line 3, in <module>
    import requests
ModuleNotFoundError: No module named 'requests'
";

#[test]
fn a_report_is_read_by_its_structure() {
    let place = Place::new();
    place.file("report.xml", JUNIT);
    let ended = place.run(&["match", "report.xml"], b"");
    assert_eq!(ended.code(), 0, "{}", ended.complaint());
    let output = ended.output();
    assert!(
        output.contains("No module named 'requests'") && output.contains("tests/test_pot.py:3"),
        "{output}"
    );
    assert!(!output.contains("E0382"), "what a passed test printed is no error: {output}");
}

#[test]
fn an_archive_is_read_file_by_file_and_the_log_beside_it_is_of_the_same_run() {
    let place = Place::new();
    let archive = packed(&[("a/report.xml", JUNIT), ("app.jar", "error: no report"), ("0_build.txt", MOVED)]);
    place.file("artifact.zip", archive);
    place.file("test.log", MISSING_MODULE);
    let ended = place.run(&["analyze", "artifact.zip", "test.log", "--format", "json"], b"");
    assert_eq!(ended.code(), 0, "{}", ended.complaint());
    let diagnosis: serde_json::Value = serde_json::from_str(&ended.output()).expect("JSON");
    let errors = diagnosis["errors"].as_array().expect("errors");
    let told: Vec<&str> = errors.iter().filter_map(|error| error["diagnostic"]["message"].as_str()).collect();
    let missing = told.iter().filter(|message| message.contains("No module named 'requests'")).count();
    assert_eq!((missing, told.len()), (1, 2), "{errors:#?}");

    place.file("damaged.zip", "<html>");
    let ended = place.run(&["match", "damaged.zip"], b"");
    assert_eq!(ended.code(), 65);
    assert!(ended.complaint().contains("damaged.zip") && ended.complaint().contains("no zip archive"));
}

#[cfg(unix)]
#[test]
fn a_named_pipe_without_a_writer_is_told_and_read_once_there_is_one() {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::Stdio;

    let place = Place::new();
    let pipe = place.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    let mut program = place.grimoire(&["analyze", "pipe"]);
    let program = program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().expect("the program starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut told = String::new();
    stderr.read_line(&mut told).expect("text");
    assert_eq!(told, "grimoire: waiting for a program that writes to pipe\n");
    std::fs::write(&pipe, "error[E0382]: use of moved value: `x`\n --> src/lib.rs:1:2\n")
        .expect("it is read");
    let mut output = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut output).expect("text");
    assert!(output.contains("E0382"), "{output}");
    assert!(child.wait().expect("it ends").success());
}
