//! The loop over the lines of a diff.

use super::header::{Header, types_differ};
use super::lines::{Lines, trim_carriage_return};
use super::{Diff, FileDiff, FileStatus, LineKind, Problem, ProblemKind, hunk};

/// Parses a unified diff. Total: any bytes give a result.
pub fn parse(text: &[u8]) -> Diff<'_> {
    let mut parser = Parser { lines: Lines::of(text), diff: Diff::default(), file: None, after_hunk: false };
    parser.run();
    parser.diff
}

struct Parser<'t> {
    lines: Lines<'t>,
    diff: Diff<'t>,
    /// The file being read.
    file: Option<Header<'t>>,
    /// True if the last line belonged to a hunk.
    after_hunk: bool,
}

impl<'t> Parser<'t> {
    fn run(&mut self) {
        while let Some(raw) = self.lines.next() {
            let after_hunk = std::mem::take(&mut self.after_hunk);
            let line = trim_carriage_return(raw);
            match line.first() {
                Some(b'd') if line.starts_with(b"diff --") && self.start_of_file(line) => {}
                Some(b'@') if hunk::is_header(line) => self.hunk(line),
                Some(b'-') if line.starts_with(b"--- ") && self.sides(line) => {}
                Some(b'B') if self.binary_files(line) => {}
                Some(b'G') if line == b"GIT binary patch" => {
                    if let Some(file) = self.file.as_mut().filter(|file| file.awaits_sides()) {
                        file.marked_binary = true;
                        file.open = false;
                    }
                }
                Some(b'S') if self.submodule(line) => {}
                // `-- ` begins the signature at the end of a `git format-patch` mail.
                Some(b'+' | b'-' | b' ') if after_hunk && line != b"-- " => {
                    self.problem(ProblemKind::HunkTooLong);
                }
                _ => {
                    if let Some(file) = self.file.as_mut().filter(|file| file.open) {
                        file.extend(line);
                    }
                }
            }
        }
        self.end_of_file();
    }

    fn problem(&mut self, kind: ProblemKind) {
        problem(&mut self.diff, self.lines.number(), kind);
    }

    fn begin(&mut self, header: Header<'t>) {
        self.end_of_file();
        self.file = Some(header);
    }

    fn start_of_file(&mut self, line: &'t [u8]) -> bool {
        let number = self.lines.number();
        let header = if let Some(names) = line.strip_prefix(b"diff --git ") {
            Header::git(names, number)
        } else if let Some(name) =
            line.strip_prefix(b"diff --cc ").or_else(|| line.strip_prefix(b"diff --combined "))
        {
            Header::combined(name, number)
        } else {
            return false;
        };
        self.begin(header);
        true
    }

    /// Reads a `---` line if a `+++` line follows.
    fn sides(&mut self, line: &'t [u8]) -> bool {
        let Some(next) = self.lines.peek() else { return false };
        let Some(new) = trim_carriage_return(next).strip_prefix(b"+++ ") else { return false };
        if !self.file.as_ref().is_some_and(Header::awaits_sides) {
            self.begin(Header::plain(self.lines.number()));
        }
        if let Some(file) = &mut self.file {
            file.set_sides(&line[b"--- ".len()..], new);
        }
        self.lines.next();
        true
    }

    fn binary_files(&mut self, line: &'t [u8]) -> bool {
        let names = line.strip_prefix(b"Binary files ").and_then(|rest| rest.strip_suffix(b" differ"));
        let Some(names) = names else { return false };
        if !self.file.as_ref().is_some_and(Header::awaits_sides) {
            self.begin(Header::plain(self.lines.number()));
        }
        if let Some(file) = &mut self.file {
            file.set_binary_names(names);
            file.open = false;
        }
        true
    }

    fn submodule(&mut self, line: &'t [u8]) -> bool {
        let header =
            line.strip_prefix(b"Submodule ").and_then(|text| Header::submodule(text, self.lines.number()));
        let found = header.is_some();
        if let Some(header) = header {
            self.begin(header);
        }
        found
    }

    fn hunk(&mut self, line: &'t [u8]) {
        let Some(mut hunk) = hunk::parse_header(line) else {
            self.problem(ProblemKind::HunkHeader);
            return;
        };
        if self.file.is_none() {
            self.problem(ProblemKind::HunkWithoutFile);
        }
        let number = self.lines.number();
        let whole = hunk::read_lines(&mut hunk, &mut self.lines);
        if !whole {
            problem(&mut self.diff, number, ProblemKind::HunkTooShort);
        }
        self.after_hunk = whole;
        let file = self.file.get_or_insert_with(|| Header::nameless(number));
        file.open = false;
        file.parents = 1 + hunk.other_parents.len();
        for line in &hunk.lines {
            file.added += u64::from(line.kind == LineKind::Added);
            file.deleted += u64::from(line.kind == LineKind::Deleted);
        }
        file.hunks.push(hunk);
    }

    fn end_of_file(&mut self) {
        let Some(header) = self.file.take() else { return };
        let line = header.line;
        let (file, problems) = header.finish();
        for kind in problems {
            problem(&mut self.diff, line, kind);
        }
        if let Some(previous) = self.diff.files.last_mut()
            && is_type_change(previous, &file)
        {
            join_type_change(previous, file);
        } else {
            self.diff.files.push(file);
        }
    }
}

fn problem(diff: &mut Diff<'_>, line: u64, kind: ProblemKind) {
    if diff.problems.len() < Diff::MAXIMUM_PROBLEMS {
        diff.problems.push(Problem { line, kind });
    }
}

/// Git shows a type change as a deletion followed by an addition of the same path.
fn is_type_change(deleted: &FileDiff<'_>, added: &FileDiff<'_>) -> bool {
    deleted.status == FileStatus::Deleted
        && added.status == FileStatus::Added
        && deleted.old_path == added.new_path
        && types_differ(deleted.old_mode, added.new_mode)
}

fn join_type_change<'t>(deleted: &mut FileDiff<'t>, added: FileDiff<'t>) {
    deleted.status = FileStatus::TypeChanged;
    deleted.new_path = added.new_path;
    deleted.new_mode = added.new_mode;
    deleted.marked_binary |= added.marked_binary;
    deleted.hunks.extend(added.hunks);
    deleted.added += added.added;
    deleted.deleted += added.deleted;
}
