//! The diff of a pull request, whole or assembled from its files.

use std::fmt::Write as _;

use grimoire_domain::repository::PullRequestId;
use grimoire_ports::PortError;
use grimoire_ports::github::PullRequestDiff;

use super::models::ChangedFile;
use super::origin::with_query;
use super::reading::Walk;
use super::refusal::is_diff_too_large;
use super::transport::{DIFF, Transport};

/// Maximum number of files that GitHub lists for a pull request.
const FILES: usize = 3000;
const PAGE: usize = 100;
/// Maximum number of files without a patch that are named.
const NAMED: usize = 20;

pub(super) async fn diff(transport: &Transport, id: &PullRequestId) -> Result<PullRequestDiff, PortError> {
    let number = id.number.to_string();
    let whole = transport.api.repository(&id.repository, &["pulls", &number]);
    match transport.get_bytes(whole, DIFF).await {
        Ok(text) => {
            // A diff quotes files, which may have any encoding.
            Ok(PullRequestDiff { text: String::from_utf8_lossy(&text).into_owned(), gaps: Vec::new() })
        }
        Err(error) if is_diff_too_large(&error) => {
            tracing::debug!(%id, "the diff is too large for GitHub: reading its files");
            from_files(transport, id, &number).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn from_files(
    transport: &Transport,
    id: &PullRequestId,
    number: &str,
) -> Result<PullRequestDiff, PortError> {
    let list = transport.api.repository(&id.repository, &["pulls", number, "files"]);
    let list = with_query(list, &[("per_page", &PAGE.to_string())]);
    let mut whole = Assembly { limit: transport.caps.diff, ..Assembly::default() };
    let walk = transport
        .pages(list, FILES / PAGE, |page: Vec<ChangedFile>| {
            for file in &page {
                whole.add(file);
            }
            true
        })
        .await?;
    Ok(whole.finish(walk))
}

/// A diff being assembled.
#[derive(Debug, Default)]
struct Assembly {
    text: String,
    limit: usize,
    files: usize,
    /// Names of the first files without a patch, and the number of all.
    bare: Vec<String>,
    bare_count: usize,
    left_out: usize,
}

impl Assembly {
    fn add(&mut self, file: &ChangedFile) {
        self.files += 1;
        let section = section(file);
        if self.text.len() + section.len() > self.limit {
            self.left_out += 1;
            return;
        }
        self.text.push_str(&section);
        // A rename without changes or a change of mode has no patch, and nothing is missing.
        let unchanged = file.changes == Some(0)
            && matches!(Change::of(file), Change::Renamed | Change::Unchanged | Change::Copied);
        if file.patch.is_none() && !unchanged {
            self.bare_count += 1;
            if self.bare.len() < NAMED {
                self.bare.push(file.filename.clone());
            }
        }
    }

    fn finish(self, walk: Walk) -> PullRequestDiff {
        let mut gaps = Vec::new();
        if self.bare_count > 0 {
            let more = match self.bare_count - self.bare.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            gaps.push(format!(
                "GitHub gave no patch (binary, empty or too large) for {}{more}",
                self.bare.join(", ")
            ));
        }
        if self.left_out > 0 {
            gaps.push(format!(
                "left out: {} of the changed files, to keep the diff within {} bytes",
                self.left_out, self.limit
            ));
        }
        if walk == Walk::Cut || self.files >= FILES {
            gaps.push(format!(
                "GitHub lists at most {FILES} files of a pull request: later ones were not seen"
            ));
        }
        PullRequestDiff { text: self.text, gaps }
    }
}

/// What a pull request does to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Added,
    Removed,
    Renamed,
    Copied,
    Unchanged,
    /// Modified, or something that git has no header for.
    Modified,
}

impl Change {
    fn of(file: &ChangedFile) -> Self {
        match file.status.as_deref() {
            Some("added") => Self::Added,
            Some("removed") => Self::Removed,
            Some("renamed") => Self::Renamed,
            Some("copied") => Self::Copied,
            Some("unchanged") => Self::Unchanged,
            _ => Self::Modified,
        }
    }
}

/// One file in the format of `git diff`, from what GitHub reports; modes are not part of that.
fn section(file: &ChangedFile) -> String {
    let new = &file.filename;
    let old = file.previous_filename.as_ref().unwrap_or(new);
    let (a, b) = (path("a/", old), path("b/", new));
    let mut text = format!("diff --git {a} {b}\n");
    let change = Change::of(file);
    match change {
        Change::Added => text.push_str("new file mode 100644\n"),
        Change::Removed => text.push_str("deleted file mode 100644\n"),
        Change::Renamed | Change::Copied => {
            let verb = if change == Change::Renamed { "rename" } else { "copy" };
            let _ = write!(text, "{verb} from {}\n{verb} to {}\n", path("", old), path("", new));
        }
        Change::Unchanged | Change::Modified => {}
    }
    let Some(patch) = file.patch.as_deref().filter(|patch| !patch.is_empty()) else { return text };
    // git ends a path that contains a space with a tab, so that the rest cannot be taken for a date.
    let ended = |path: String| if path.contains(' ') && !path.starts_with('"') { path + "\t" } else { path };
    let from = if change == Change::Added { "/dev/null".to_owned() } else { ended(a) };
    let to = if change == Change::Removed { "/dev/null".to_owned() } else { ended(b) };
    let _ = write!(text, "--- {from}\n+++ {to}\n{patch}");
    if !patch.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A path as git prints it: quoted if it contains characters that could end a line or a quotation.
fn path(prefix: &str, path: &str) -> String {
    if !path.chars().any(|c| c.is_ascii_control() || matches!(c, '"' | '\\')) {
        return format!("{prefix}{path}");
    }
    let mut quoted = format!("\"{prefix}");
    for c in path.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\t' => quoted.push_str("\\t"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_ascii_control() => {
                let _ = write!(quoted, "\\{:03o}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use grimoire_diff::{FileStatus, parse};
    use proptest::prelude::*;

    use super::*;

    const PATCH: &str = "@@ -1,2 +1,2 @@ fn main\n context\n-old\n+new\n\\ No newline at end of file";

    fn file(filename: &str, status: &str, patch: Option<&str>) -> ChangedFile {
        ChangedFile {
            filename: filename.to_owned(),
            previous_filename: matches!(status, "renamed" | "copied").then(|| "old/name.rs".to_owned()),
            status: Some(status.to_owned()),
            changes: Some(if patch.is_some() { 2 } else { 0 }),
            patch: patch.map(str::to_owned),
        }
    }

    fn assemble(files: &[ChangedFile]) -> PullRequestDiff {
        let mut whole = Assembly { limit: 1 << 20, ..Assembly::default() };
        for file in files {
            whole.add(file);
        }
        whole.finish(Walk::Ended)
    }

    #[test]
    fn what_is_put_together_parses_as_what_it_was() {
        let made = assemble(&[
            file("src/lib.rs", "modified", Some(PATCH)),
            file("a b.rs", "added", Some("@@ -0,0 +1 @@\n+x")),
            file("gone.rs", "removed", Some("@@ -1 +0,0 @@\n-x\n")),
            file("new/name.rs", "renamed", Some(PATCH)),
            file("moved.rs", "renamed", None),
            file("copy.rs", "copied", Some(PATCH)),
        ]);
        assert_eq!(made.gaps, [""; 0]);
        let parsed = parse(made.text.as_bytes());
        assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
        let seen: Vec<_> = parsed
            .files
            .iter()
            .map(|file| (file.old_path.as_deref(), file.new_path.as_deref(), file.status, file.hunks.len()))
            .collect();
        assert_eq!(
            seen,
            [
                (Some("src/lib.rs"), Some("src/lib.rs"), FileStatus::Modified, 1),
                (None, Some("a b.rs"), FileStatus::Added, 1),
                (Some("gone.rs"), None, FileStatus::Deleted, 1),
                (Some("old/name.rs"), Some("new/name.rs"), FileStatus::Renamed, 1),
                (Some("old/name.rs"), Some("moved.rs"), FileStatus::Renamed, 0),
                (Some("old/name.rs"), Some("copy.rs"), FileStatus::Copied, 1),
            ]
        );
    }

    #[test]
    fn what_is_missing_is_said() {
        let mut files = vec![file("logo.png", "modified", None), file("x.bin", "added", None)];
        assert_eq!(
            assemble(&files).gaps,
            ["GitHub gave no patch (binary, empty or too large) for logo.png, x.bin"]
        );
        files.extend((0..30).map(|number| file(&format!("{number}.png"), "modified", None)));
        assert!(assemble(&files).gaps[0].ends_with("17.png and 12 more"), "{:?}", assemble(&files).gaps);

        let mut small = Assembly { limit: 200, ..Assembly::default() };
        small.add(&file("a.rs", "modified", Some(PATCH)));
        small.add(&file("b.rs", "modified", Some(&PATCH.repeat(5))));
        let small = small.finish(Walk::Cut);
        assert!(!small.text.contains("b.rs"));
        assert!(small.gaps[0].contains("1 of the changed files"), "{:?}", small.gaps);
        assert!(small.gaps[1].contains("at most 3000 files"), "{:?}", small.gaps);
    }

    proptest! {
        #[test]
        fn paths_survive(name in "[ -~\t\n\ré日]{1,30}") {
            // No path in git begins or ends with a slash, and no tool prints a trailing space
            // unambiguously.
            prop_assume!(!name.starts_with('/') && !name.ends_with('/') && name.trim() == name);
            let made = assemble(&[file(&name, "modified", Some(PATCH))]);
            let parsed = parse(made.text.as_bytes());
            prop_assert_eq!(parsed.files.len(), 1, "{}", made.text);
            prop_assert_eq!(parsed.files[0].new_path.as_deref(), Some(name.as_str()), "{}", made.text);
        }
    }
}
