//! Diffs, whole and assembled.

use grimoire_diff::parse;
use grimoire_domain::kind::ErrorKind;
use grimoire_ports::github::GitHub;
use grimoire_tests::fake_github::{ChangedFile, FakeGitHub};
use grimoire_tests::faults::Fault;

use super::{client, client_of, config, pull_request_id};

const DIFF: &str = "diff --git a/src/lib.rs b/src/lib.rs
index 1111111..2222222 100644
--- a/src/lib.rs
+++ b/src/lib.rs
@@ -1,2 +1,2 @@
 fn main() {
-    old();
+    new();
diff --git a/docs/old.md b/docs/new.md
similarity index 100%
rename from docs/old.md
rename to docs/new.md
diff --git a/notes.txt b/notes.txt
new file mode 100644
index 0000000..3333333
--- /dev/null
+++ b/notes.txt
@@ -0,0 +1 @@
+note
";

/// The facts of a diff that do not depend on the tool that printed it.
fn essence(text: &str) -> Vec<(Option<String>, Option<String>, String, usize)> {
    let parsed = parse(text.as_bytes());
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    parsed
        .files
        .iter()
        .map(|file| {
            let path = |path: Option<&str>| path.map(str::to_owned);
            let (old, new) = (path(file.old_path.as_deref()), path(file.new_path.as_deref()));
            (old, new, format!("{:?}", file.status), file.hunks.len())
        })
        .collect()
}

#[tokio::test]
async fn a_diff_is_passed_on_as_it_is() {
    let github = FakeGitHub::start().await;
    let _ = github.repository("octo/app").pull_request(7).diff(DIFF);
    let diff = client(&github).0.diff(&pull_request_id(7)).await.unwrap();
    assert_eq!(diff.text, DIFF);
    assert_eq!(diff.gaps, [""; 0]);
    assert_eq!(github.ledger().entries()[0].headers["accept"], "application/vnd.github.diff");
}

#[tokio::test]
async fn a_diff_that_github_refuses_is_put_together_from_its_files() {
    for status in [406, 422] {
        let github = FakeGitHub::start().await;
        let _ = github.repository("octo/app").pull_request(7).diff(DIFF).too_large(status);
        let diff = client(&github).0.diff(&pull_request_id(7)).await.unwrap();
        assert_eq!(essence(&diff.text), essence(DIFF), "{status}");
        assert_eq!(diff.gaps, [""; 0]);
    }
}

#[tokio::test]
async fn all_pages_of_files_are_read_and_missing_patches_are_said() {
    let github = FakeGitHub::start().await;
    let mut files: Vec<_> = (0..250)
        .map(|number| ChangedFile::modified(&format!("{number}.rs"), "@@ -1 +1 @@\n-a\n+b"))
        .collect();
    files.push(ChangedFile::without_patch("logo.png"));
    let _ = github.repository("octo/app").pull_request(7).files(files).too_large(406);
    let diff = client(&github).0.diff(&pull_request_id(7)).await.unwrap();
    assert_eq!(essence(&diff.text).len(), 251);
    assert_eq!(diff.gaps.len(), 1);
    assert!(diff.gaps[0].ends_with("for logo.png"), "{}", diff.gaps[0]);
    assert_eq!(github.ledger().count("GET", "/repos/octo/app/pulls/7/files"), 3);
}

#[tokio::test]
async fn files_that_github_does_not_list_are_a_gap() {
    let github = FakeGitHub::start().await;
    let files = (0..3001).map(|number| ChangedFile::modified(&format!("{number}.rs"), "@@ -1 +1 @@\n-a\n+b"));
    let _ = github.repository("octo/app").pull_request(7).files(files.collect()).too_large(406);
    let diff = client(&github).0.diff(&pull_request_id(7)).await.unwrap();
    assert_eq!(essence(&diff.text).len(), 3000);
    assert_eq!(diff.gaps, ["GitHub lists at most 3000 files of a pull request: later ones were not seen"]);
}

#[tokio::test]
async fn a_diff_above_the_cap_is_put_together_within_it() {
    let github = FakeGitHub::start().await;
    let _ = github.repository("octo/app").pull_request(7).diff(DIFF);
    let mut config = config(&github);
    config.caps.answer = 3000;
    let large = format!("{DIFF}diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+{}\n", "x".repeat(4000));
    let _ = github.repository("octo/app").pull_request(7).diff(&large).files(vec![
        ChangedFile::modified("a.rs", "@@ -1 +1 @@\n-a\n+b"),
        ChangedFile::modified("b.rs", "@@ -1 +1 @@\n-a\n+b"),
    ]);
    config.caps.diff = 80;
    let diff = client_of(config).0.diff(&pull_request_id(7)).await.unwrap();
    assert_eq!(essence(&diff.text).len(), 1);
    assert_eq!(diff.gaps, ["left out: 1 of the changed files, to keep the diff within 80 bytes"]);
}

#[tokio::test]
async fn other_refusals_are_no_reason_to_ask_for_files() {
    let github = FakeGitHub::start().await;
    let _ = github.repository("octo/app").pull_request(7).diff(DIFF);
    github.fault(
        Fault::on("GET", "/repos/octo/app/pulls/7").answer(422).body(r#"{"message": "Validation Failed"}"#),
    );
    let error = client(&github).0.diff(&pull_request_id(7)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("Validation Failed"), "{error}");
    assert_eq!(github.ledger().entries().len(), 1);
}
