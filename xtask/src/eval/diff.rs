//! `cargo xtask eval diff`: measures whether the diff parser is right about every file.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use grimoire_diff::{FileDiff, FileMode, FileStatus};
use serde::{Deserialize, Serialize};

use super::Files;
use super::data::{Output, print, rows};

/// A labelled diff.
#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    variant: String,
    features: Vec<String>,
    diff: String,
    files: Vec<FileRow>,
}

/// One file of a diff, labelled or predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FileRow {
    status: String,
    old_path: Option<String>,
    new_path: Option<String>,
    added: Option<u64>,
    deleted: Option<u64>,
    binary: bool,
    old_mode: Option<String>,
    new_mode: Option<String>,
}

/// The prediction for one diff.
#[derive(Debug, Serialize)]
struct Prediction<'c> {
    id: &'c str,
    files: &'c [FileRow],
}

impl From<&FileDiff<'_>> for FileRow {
    fn from(file: &FileDiff<'_>) -> Self {
        let binary = file.is_binary();
        // Git writes the mode of a missing file as zeros.
        let mode = |mode: Option<FileMode>, absent| {
            mode.map(|mode| mode.to_string()).or_else(|| (file.status == absent).then(|| "000000".to_owned()))
        };
        Self {
            status: file.status.letter().to_string(),
            old_path: file.old_path.clone(),
            new_path: file.new_path.clone(),
            added: (!binary).then_some(file.added),
            deleted: (!binary).then_some(file.deleted),
            binary,
            old_mode: mode(file.old_mode, FileStatus::Added),
            new_mode: mode(file.new_mode, FileStatus::Deleted),
        }
    }
}

/// Counts of one or several diffs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Score {
    diffs: usize,
    files: usize,
    paths: usize,
    status: usize,
    counts: usize,
    binary: usize,
    extra: usize,
    perfect: usize,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.diffs += other.diffs;
        self.files += other.files;
        self.paths += other.paths;
        self.status += other.status;
        self.counts += other.counts;
        self.binary += other.binary;
        self.extra += other.extra;
        self.perfect += other.perfect;
    }
}

/// Parses every diff of the data and prints the share of correct results.
pub(super) fn run(files: &Files) -> anyhow::Result<()> {
    let mut output = Output::create(files.predictions.as_deref())?;
    let mut totals: BTreeMap<String, Score> = BTreeMap::new();
    for case in rows::<Case>(&files.data)? {
        let case = case?;
        let parsed: Vec<FileRow> =
            grimoire_diff::parse(case.diff.as_bytes()).files.iter().map(FileRow::from).collect();
        output.write(&Prediction { id: &case.id, files: &parsed })?;
        let score = score(&case.files, &parsed);
        let groups = [format!("variant:{}", case.variant), ALL.to_owned()];
        for name in case.features.into_iter().chain(groups) {
            totals.entry(name).or_default().add(score);
        }
    }
    output.finish()?;
    print(&table(&totals))
}

/// The group of all diffs.
const ALL: &str = "ALL";

/// Compares the prediction for one diff with its labels.
fn score(wanted: &[FileRow], predicted: &[FileRow]) -> Score {
    let mut left: HashMap<_, _> =
        predicted.iter().map(|file| ((&file.old_path, &file.new_path), file)).collect();
    let mut score = Score { diffs: 1, files: wanted.len(), ..Score::default() };
    for want in wanted {
        let Some(file) = left.remove(&(&want.old_path, &want.new_path)) else { continue };
        // A type change is visible only if its two halves are distinguished.
        let similar = |left: &str, right: &str| left == "M" && right == "T" || left == "T" && right == "M";
        score.paths += 1;
        score.status += usize::from(file.status == want.status || similar(&file.status, &want.status));
        let same_counts = (file.added, file.deleted) == (want.added, want.deleted);
        score.counts += usize::from(want.binary || same_counts);
        score.binary += usize::from(file.binary == want.binary);
    }
    score.extra = left.len();
    let all_right =
        [score.paths, score.status, score.counts, score.binary].iter().all(|&count| count == score.files);
    score.perfect = usize::from(left.is_empty() && all_right);
    score
}

/// The figures of every group, followed by those of all diffs.
fn table(totals: &BTreeMap<String, Score>) -> String {
    let mut text = format!(
        "{:22}{:>6}{:>7}{:>8}{:>8}{:>8}{:>8}{:>7}{:>9}\n",
        "feature", "diffs", "files", "paths", "status", "counts", "binary", "extra", "perfect"
    );
    let named = totals.iter().filter(|(name, _)| *name != ALL);
    for (name, score) in named.chain(totals.get_key_value(ALL)) {
        write!(text, "{name:22}{:6}{:7}", score.diffs, score.files).expect(WRITTEN);
        for count in [score.paths, score.status, score.counts, score.binary] {
            let share = if score.files == 0 { 1.0 } else { count as f64 / score.files as f64 };
            write!(text, "{share:8.3}").expect(WRITTEN);
        }
        writeln!(text, "{:7}{:9}", score.extra, score.perfect).expect(WRITTEN);
    }
    text
}

const WRITTEN: &str = "a string takes everything";

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: &str, path: &str, added: u64, binary: bool) -> FileRow {
        FileRow {
            status: status.to_owned(),
            old_path: (status != "A").then(|| path.to_owned()),
            new_path: Some(path.to_owned()),
            added: Some(added),
            deleted: Some(0),
            binary,
            old_mode: None,
            new_mode: None,
        }
    }

    #[test]
    fn each_kind_of_mistake_costs_its_own_count() {
        let wanted = [row("M", "x", 1, false), row("A", "y", 2, false)];
        let perfect =
            Score { diffs: 1, files: 2, paths: 2, status: 2, counts: 2, binary: 2, extra: 0, perfect: 1 };
        assert_eq!(score(&wanted, &wanted), perfect);
        let close = [row("T", "x", 1, false), row("A", "y", 2, false)];
        assert_eq!(score(&wanted, &close), perfect, "M and T are not told apart");
        let wrong = [row("D", "x", 7, true), row("A", "z", 2, false)];
        let all_wrong =
            Score { diffs: 1, files: 2, paths: 1, status: 0, counts: 0, binary: 0, extra: 1, perfect: 0 };
        assert_eq!(score(&wanted, &wrong), all_wrong);
    }

    #[test]
    fn counts_of_binary_files_do_not_matter() {
        let wanted = [FileRow { added: None, deleted: None, ..row("M", "x", 0, true) }];
        assert_eq!(score(&wanted, &[row("M", "x", 9, true)]).perfect, 1);
    }
}
