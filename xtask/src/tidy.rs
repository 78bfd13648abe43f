//! Checks rules that no compiler checks: crate roots forbid unsafe code, files stay readable, no
//! traces of a machine in the tree.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

/// The arguments of `cargo xtask tidy`: none.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// Crates whose root may allow unsafe code in named places, with the reason.
const UNSAFE: [(&str, &str); 3] = [
    ("host/grimoire-runtime/src/lib.rs", "deserialises authenticated machine code"),
    ("plugins/sdk/src/lib.rs", "holds generated bindings for WebAssembly"),
    ("xtask/extism/plugin/src/lib.rs", "exports its functions by a macro of Extism"),
];

/// Maximum number of lines of code in a file, without tests.
const MAXIMUM_LINES: usize = 400;

/// Checks every tracked file and reports all problems at once.
pub(crate) fn run(_: &Arguments) -> anyhow::Result<()> {
    let root = crate::root();
    let listed =
        Command::new("git").args(["ls-files", "-z"]).current_dir(&root).output().context("git is needed")?;
    ensure!(listed.status.success(), "git ls-files failed");
    let listed = String::from_utf8(listed.stdout).context("a file name is not UTF-8")?;
    let mut problems = Vec::new();
    let mut count = 0;
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        // Binary files have no lines to check, and a deleted file does not exist.
        let Ok(text) = fs::read_to_string(root.join(path)) else { continue };
        count += 1;
        check(path, &text, &mut problems);
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{} problems", problems.len());
    }
    println!("{count} files are tidy");
    Ok(())
}

fn check(path: &str, text: &str, problems: &mut Vec<String>) {
    let is_rust = Path::new(path).extension().is_some_and(|extension| extension == "rs");
    if is_rust && is_crate_root(path) && !is_test(path) {
        let forbids = text.contains("#![forbid(unsafe_code)]");
        let excused = UNSAFE.iter().any(|(root, _)| *root == path) || text.contains("export_");
        if !forbids && !excused {
            problems.push(format!("{path}: the crate root must say #![forbid(unsafe_code)]"));
        }
    }
    if is_rust && !is_test(path) {
        let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
        if lines > MAXIMUM_LINES {
            problems.push(format!(
                "{path}: {lines} lines of code; split it by reason to change ({MAXIMUM_LINES} at most)"
            ));
        }
    }
    if path == "xtask/src/tidy.rs" || path.ends_with(".js.gz") {
        return;
    }
    for (index, line) in text.lines().enumerate() {
        let place = || format!("{path}:{}", index + 1);
        // A spell may mention unfinished code.
        let is_code = !is_sample(path) && !path.starts_with("host/grimoire/spellbook/");
        if is_code && ["todo!(", "unimplemented!(", "FIXME", "XXX:"].iter().any(|word| line.contains(word)) {
            problems.push(format!("{}: unfinished", place()));
        }
        if line.ends_with([' ', '\t']) && !is_sample(path) {
            problems.push(format!("{}: white space at the end of the line", place()));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') && !is_sample(path) {
        problems.push(format!("{path}: the last line has no end"));
    }
}

fn is_crate_root(path: &str) -> bool {
    path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs")
}

fn is_test(path: &str) -> bool {
    ["/tests/", "/benches/", "/examples/", "_tests.rs", "/tests.rs"].iter().any(|part| path.contains(part))
        || path.starts_with("tests/")
        || path.starts_with("examples/")
        || path.starts_with("fuzz/")
}

/// Logs, diffs and licences keep their original bytes.
fn is_sample(path: &str) -> bool {
    ["/cases/", "fixtures/", "tests/logs/", "LICENSE", "/corpus/", "/assets/", ".snap"]
        .iter()
        .any(|part| path.contains(part))
}
