//! Unified diffs: a total parser for the output of `git diff`, GitHub, GNU diff and other tools.
//!
//! [`parse`] never fails. For hostile or damaged input it returns the files that could be read and
//! a list of [`Problem`]s. It takes time linear in the input, borrows all text from it, and needs
//! memory for at most one [`Line`] per line of input.
//!
//! It supports git's extended headers (renames, copies, modes, similarity, binary patches,
//! submodules, symbolic links), quoted and non-ASCII paths, `--no-prefix` and other prefixes,
//! combined diffs of merges, and plain `---`/`+++` diffs without a git header. Text before, between
//! and after the files, such as a commit message, is skipped.
//!
//! [`LineMap`] holds the numbers of the lines that a diff added.
#![forbid(unsafe_code)]

mod binary;
mod header;
mod hunk;
mod line_map;
mod lines;
mod parser;
mod path;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;

pub use line_map::LineMap;
pub use parser::parse;

/// A parsed diff.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff<'t> {
    /// The files in the order of the diff.
    pub files: Vec<FileDiff<'t>>,
    /// Problems found while reading; at most [`Diff::MAXIMUM_PROBLEMS`].
    pub problems: Vec<Problem>,
}

impl<'t> Diff<'t> {
    /// Maximum number of problems that are kept; later ones are dropped.
    pub const MAXIMUM_PROBLEMS: usize = 1_000;

    /// The file with this path after the change.
    pub fn file(&self, new_path: &str) -> Option<&FileDiff<'t>> {
        self.files.iter().find(|file| file.new_path.as_deref() == Some(new_path))
    }
}

/// The kind of change to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileStatus {
    /// The file is new.
    Added,
    /// The content, the mode or both changed. The paths differ only if two files were compared
    /// outside a repository.
    Modified,
    /// The file was deleted.
    Deleted,
    /// The file was moved, possibly with changes.
    Renamed,
    /// The file was copied from another one, which still exists.
    Copied,
    /// The path now has another type: file, symbolic link, submodule.
    TypeChanged,
}

impl FileStatus {
    /// The letter that git uses for the status.
    pub fn letter(self) -> char {
        match self {
            Self::Added => 'A',
            Self::Modified => 'M',
            Self::Deleted => 'D',
            Self::Renamed => 'R',
            Self::Copied => 'C',
            Self::TypeChanged => 'T',
        }
    }
}

/// A file mode as git stores it, printed as six octal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileMode(pub u32);

impl FileMode {
    const TYPE_MASK: u32 = 0o170_000;

    /// Returns true for a symbolic link, whose content is the path of its target.
    pub fn is_symlink(self) -> bool {
        self.file_type() == 0o120_000
    }

    /// Returns true for a submodule, whose content is a commit id.
    pub fn is_submodule(self) -> bool {
        self.file_type() == 0o160_000
    }

    /// Returns true for an executable regular file.
    pub fn is_executable(self) -> bool {
        self.file_type() == 0o100_000 && self.0 & 0o111 != 0
    }

    fn file_type(self) -> u32 {
        self.0 & Self::TYPE_MASK
    }
}

impl fmt::Display for FileMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:06o}", self.0)
    }
}

/// The changes of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff<'t> {
    /// The kind of change.
    pub status: FileStatus,
    /// The path before the change, unquoted and without prefix; absent for an added file, or if the diff does not
    /// name it. Bytes that are not UTF-8 are replaced, which is a [`ProblemKind::PathNotUtf8`].
    pub old_path: Option<String>,
    /// The path after the change; absent for a deleted file, or if the diff does not name it.
    pub new_path: Option<String>,
    /// The mode before the change, if the diff states it.
    pub old_mode: Option<FileMode>,
    /// The mode after the change, if the diff states it.
    pub new_mode: Option<FileMode>,
    /// The similarity of both sides of a rename or copy, in percent.
    pub similarity: Option<u8>,
    /// True if the diff says that the content is binary. See also [`FileDiff::is_binary`].
    pub marked_binary: bool,
    /// Number of versions on the old side: 1, or the number of parents of a merge.
    pub parents: usize,
    /// The changed regions, in order.
    pub hunks: Vec<Hunk<'t>>,
    /// Number of lines that the new version has and the old one has not (in a merge: at least one parent has not).
    pub added: u64,
    /// Number of lines that the old version has and the new one has not.
    pub deleted: u64,
}

impl<'t> FileDiff<'t> {
    /// The path for display: the new one, or that of a deleted file. Empty if the diff names none.
    pub fn path(&self) -> &str {
        self.new_path.as_deref().or(self.old_path.as_deref()).unwrap_or_default()
    }

    /// Returns true if the content is binary: the diff says so, or it shows no content at all (a pure
    /// rename, a change of mode) and the name has a binary extension.
    pub fn is_binary(&self) -> bool {
        let shows_nothing = self.hunks.is_empty();
        self.marked_binary || (shows_nothing && self.is_regular() && binary::is_binary_name(self.path()))
    }

    /// Returns true if either side is a submodule.
    pub fn is_submodule(&self) -> bool {
        [self.old_mode, self.new_mode].into_iter().flatten().any(FileMode::is_submodule)
    }

    /// The line of the new version with this number, if the diff shows it. Comments can only be
    /// placed on such lines.
    pub fn new_line(&self, number: u32) -> Option<&Line<'t>> {
        let number = NonZeroU32::new(number)?;
        self.hunks
            .iter()
            .filter(|hunk| hunk.new.contains(number.get()))
            .flat_map(|hunk| &hunk.lines)
            .find(|line| line.new == Some(number))
    }

    fn is_regular(&self) -> bool {
        let odd = |mode: &FileMode| mode.is_symlink() || mode.is_submodule();
        ![self.old_mode, self.new_mode].iter().flatten().any(odd)
    }
}

/// A range of lines as stated by a hunk header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LineRange {
    /// The number of the first line, from 1; for an empty range, that of the line before it, from 0.
    pub start: u32,
    /// Number of lines.
    pub count: u32,
}

impl LineRange {
    /// Returns true if the range contains the line.
    pub fn contains(self, line: u32) -> bool {
        line >= self.start && line - self.start < self.count
    }
}

/// A changed region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk<'t> {
    /// The range in the old version; in a merge, that in the first parent.
    pub old: LineRange,
    /// The ranges in the further parents of a merge; empty otherwise.
    pub other_parents: Vec<LineRange>,
    /// The range in the new version.
    pub new: LineRange,
    /// The text after the ranges: usually the enclosing function. May be empty.
    pub section: &'t [u8],
    /// The lines, in order.
    pub lines: Vec<Line<'t>>,
}

impl<'t> Hunk<'t> {
    /// Parses a line such as `@@ -1,2 +3,4 @@ section` as a hunk without lines; `None` for every other line. For
    /// readers of a stream, which do not have the whole diff that [`parse`] needs.
    pub fn from_header(line: &'t [u8]) -> Option<Self> {
        hunk::is_header(line).then(|| hunk::parse_header(line)).flatten()
    }
}

/// The path in a `---` or `+++` line, given the text after these marks. The prefix is kept; quotes, their escapes and
/// the time that some tools append are removed. A path with malformed quoting is returned as printed.
pub fn side_path(text: &[u8]) -> Cow<'_, [u8]> {
    path::until_tab(text).bytes
}

/// The versions that contain a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// Both versions.
    Context,
    /// The new version only.
    Added,
    /// The old version only.
    Deleted,
}

/// One line of a hunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'t> {
    /// The versions that contain the line.
    pub kind: LineKind,
    /// The line number in the old version; absent for added lines, and in diffs of merges.
    pub old: Option<NonZeroU32>,
    /// The line number in the new version; absent for deleted lines.
    pub new: Option<NonZeroU32>,
    /// The content without marker and line feed. A carriage return before the line feed is kept.
    pub text: &'t [u8],
    /// True for the last line of a file that ends without a line feed.
    pub missing_newline: bool,
}

/// A problem found in a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// The line of the diff, 1-based.
    pub line: u64,
    /// The kind of problem.
    pub kind: ProblemKind,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.kind)
    }
}

/// The kind of a problem in a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A file's header does not name the file.
    NamesUnknown,
    /// The `---` and `+++` lines name other files than the header.
    NamesContradict,
    /// A path holds bytes that are not UTF-8.
    PathNotUtf8,
    /// A quoted path has an invalid escape or no closing quote.
    PathQuoting,
    /// A mode is not an octal number of at most six digits.
    Mode,
    /// A line starts like a hunk header but is not one.
    HunkHeader,
    /// A hunk precedes all files.
    HunkWithoutFile,
    /// A hunk has fewer lines than its header states.
    HunkTooShort,
    /// A hunk is followed by lines that look like its continuation.
    HunkTooLong,
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NamesUnknown => "the names of the file cannot be told",
            Self::NamesContradict => "the file lines contradict the header",
            Self::PathNotUtf8 => "a path is not UTF-8; its foreign bytes are replaced",
            Self::PathQuoting => "a quoted path is malformed and taken as it stands",
            Self::Mode => "a file mode is malformed",
            Self::HunkHeader => "a hunk header is malformed",
            Self::HunkWithoutFile => "a hunk belongs to no file",
            Self::HunkTooShort => "a hunk is shorter than its header says",
            Self::HunkTooLong => "a hunk is longer than its header says",
        })
    }
}
