//! The first steps of a new user.

use std::io::Write as _;
use std::process::Stdio;

use crate::process::Place;

const MOVED: &str = "\
error[E0382]: borrow of moved value: `names`
  --> src/main.rs:12:20
   |
12 |     println!(\"{}\", names.len());
   |                    ^^^^^ value borrowed here after move

error: could not compile `app` (bin \"app\") due to 1 previous error
";

#[test]
fn the_demo_shows_an_error_and_its_fix() {
    let place = Place::new();
    for name in ["rust", "python", "typescript", "docker", "gradle"] {
        let ended = place.run(&["demo", name], b"");
        assert_eq!(ended.code(), 0, "{name}: {}", ended.complaint());
        let output = ended.output();
        assert!(output.contains(&format!("examples/logs/{name}.log")), "{output}");
        assert!(output.contains("1 error: 1 with a known fix"), "{name}: {output}");
    }
    assert!(!place.path().join("data").exists(), "nothing is kept");
    assert_eq!(place.run(&["demo", "cobol"], b"").code(), 64);
}

#[test]
fn the_starter_spellbook_stands_in_with_a_word_and_only_where_no_folder_was_named() {
    let place = Place::new();
    let ended = place.run(&["match"], MOVED.as_bytes());
    assert_eq!(ended.code(), 0);
    assert!(ended.complaint().contains("using the starter spellbook"), "{}", ended.complaint());
    let quiet = place.run(&["match", "-q"], MOVED.as_bytes());
    assert_eq!((quiet.code(), quiet.complaint()), (0, String::new()));

    for arguments in [["match", "--data", "elsewhere"], ["--data", "elsewhere", "match"]] {
        let ended = place.run(&arguments, MOVED.as_bytes());
        assert_eq!(ended.code(), 66, "{}", ended.output());
        assert!(ended.complaint().contains("elsewhere"), "{}", ended.complaint());
    }
    assert!(!place.path().join("elsewhere").exists());
    // Extracting errors needs no spellbook.
    assert_eq!(place.run(&["analyze", "--data", "elsewhere"], MOVED.as_bytes()).code(), 0);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    for arguments in [&["match"][..], &["spells", "list"], &["config", "explain"], &["completions", "bash"]] {
        let mut child = place
            .grimoire(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        // Nothing can be written before this, because nothing was read yet.
        drop(child.stdout.take());
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        let _ = stdin.write_all(MOVED.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("the program ends");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {complaint}");
        assert!(!complaint.contains("panicked") && !complaint.contains("closed"), "{complaint}");
    }
}

#[test]
fn the_version_names_the_engine_and_the_contracts() {
    let place = Place::new();
    let version = place.run(&["--version"], b"").output();
    assert!(version.starts_with("grimoire 0."), "{version}");
    for part in ["wasmtime ", "analyzer 0.1.0", "matcher 0.1.0"] {
        assert!(version.contains(part), "{part} is missing in {version}");
    }
    assert_eq!(place.run(&["-V"], b"").output().lines().count(), 1);
}

#[test]
fn shells_and_man_know_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.run(&["completions", shell], b"");
        assert_eq!(script.code(), 0, "{}", script.complaint());
        assert!(script.output().contains("webhook"), "{shell}");
    }
    let made = place.run(&["man", "man1"], b"");
    assert_eq!(made.code(), 0, "{}", made.complaint());
    let page = std::fs::read_to_string(place.path().join("man1/grimoire-match.1")).expect("a page");
    assert!(page.contains("Find fixes for the errors in logs and reports"), "{page}");
}

#[test]
fn a_code_is_explained_with_its_fix() {
    let place = Place::new();
    let explained = place.run(&["explain", "e0382"], b"");
    assert_eq!(explained.code(), 0, "{}", explained.complaint());
    assert!(explained.output().contains("Use of a moved value (E0382)"), "{}", explained.output());
    let unknown = place.run(&["explain", "E9999"], b"");
    assert_eq!(unknown.code(), 3);
    assert!(unknown.complaint().contains("E9999"), "{}", unknown.complaint());
}

#[test]
fn colours_are_used_where_they_are_asked_for() {
    let place = Place::new();
    let coloured = place.run(&["match", "--color", "always"], MOVED.as_bytes()).output();
    assert!(coloured.contains('\u{1b}'), "{coloured}");
    let plain = place.run(&["match", "--color", "never"], MOVED.as_bytes()).output();
    assert!(!plain.contains('\u{1b}'), "{plain}");
}

#[test]
fn with_a_diff_only_changed_lines_are_spoken_of() {
    let place = Place::new();
    let log = format!("{MOVED}{}", MOVED.replace("main.rs:12", "lib.rs:90"));
    place.file("build.log", log);
    place.file(
        "change.diff",
        "--- a/app/src/main.rs\n+++ b/app/src/main.rs\n@@ -11,1 +11,2 @@\n let names = names();\n+println!();\n",
    );
    let ended = place.run(&["match", "build.log", "--diff", "change.diff", "--format", "json"], b"");
    assert_eq!(ended.code(), 0, "{}", ended.complaint());
    let document: serde_json::Value = serde_json::from_str(&ended.output()).expect("JSON");
    let places: Vec<&str> = document["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .filter_map(|error| error["diagnostic"]["location"]["path"].as_str())
        .collect();
    assert_eq!(places, ["src/main.rs"]);
    assert!(ended.complaint().contains("outside of the changed lines"), "{}", ended.complaint());

    let no_diff = place.run(&["match", "build.log", "--diff", "build.log"], b"");
    assert_eq!(no_diff.code(), 65, "{}", no_diff.complaint());
}

#[test]
fn other_programs_get_the_formats_that_they_read() {
    let place = Place::new();
    let run = |format| place.run(&["match", "--format", format], MOVED.as_bytes()).output();

    let issues: serde_json::Value = serde_json::from_str(&run("gitlab")).expect("JSON");
    let issue = &issues[0];
    assert_eq!((issue["check_name"].as_str(), issue["severity"].as_str()), (Some("E0382"), Some("critical")));
    assert_eq!(
        (&issue["location"]["path"], &issue["location"]["lines"]["begin"]),
        (&"src/main.rs".into(), &12.into())
    );
    assert_eq!(issue["fingerprint"].as_str().map(str::len), Some(32));
    assert!(issue["description"].as_str().expect("text").contains("Known fix"), "{issue}");

    let report: serde_json::Value = serde_json::from_str(&run("rdjson")).expect("JSON");
    let diagnostic = &report["diagnostics"][0];
    assert_eq!(diagnostic["location"]["path"], "src/main.rs");
    assert_eq!(diagnostic["location"]["range"]["start"], serde_json::json!({ "line": 12, "column": 20 }));
    assert_eq!((&diagnostic["severity"], &diagnostic["code"]["value"]), (&"ERROR".into(), &"E0382".into()));

    let suites = run("junit");
    place.file("again.xml", &suites);
    assert!(suites.contains("<testsuite name=\"grimoire\" tests=\"1\" failures=\"1\">"), "{suites}");
    assert!(suites.contains("file=\"src/main.rs\" line=\"12\""), "{suites}");
    // Grimoire's own analyzers read it like any other report.
    let again = place.run(&["analyze", "again.xml"], b"");
    assert_eq!(again.code(), 0, "{suites}");
    assert!(again.output().contains("borrow of moved value"), "{}", again.output());
}
