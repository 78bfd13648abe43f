//! Unified diffs: a total parser for what `git diff`, GitHub, GNU diff and other tools print.
//!
//! [`parse`] never fails as a whole. Hostile or damaged input gives the files that could be read
//! and a list of [`Problem`]s. It takes time linear in the input, borrows all text from it, and
//! needs memory for at most one [`Line`] per line of input.
//!
//! Understood are git's extended headers (renames, copies, modes, similarity, binary patches,
//! submodules, symbolic links), quoted and non-ASCII paths, `--no-prefix` and other prefixes,
//! combined diffs of merges, and plain `---`/`+++` diffs without any git header. Text before,
//! between and after the files, such as a commit message, is passed over.

mod binary;
mod header;
mod hunk;
mod parser;
mod path;

#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroU32;

pub use parser::parse;

/// What a diff holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff<'t> {
    /// The files in the order in which they stand.
    pub files: Vec<FileDiff<'t>>,
    /// What could not be read as it should be; at most [`Diff::MAXIMUM_PROBLEMS`].
    pub problems: Vec<Problem>,
}

impl<'t> Diff<'t> {
    /// The most problems that are kept; later ones are dropped.
    pub const MAXIMUM_PROBLEMS: usize = 1_000;

    /// The file that has this path after the change.
    pub fn file(&self, new_path: &str) -> Option<&FileDiff<'t>> {
        self.files.iter().find(|file| file.new_path.as_deref() == Some(new_path))
    }
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileStatus {
    /// It did not exist before.
    Added,
    /// Its content, its mode or both changed. The paths differ only where two files were compared
    /// outside a repository.
    Modified,
    /// It does not exist any more.
    Deleted,
    /// It moved, perhaps with changes.
    Renamed,
    /// It was made from another file, which still exists.
    Copied,
    /// It became another type of thing under the same path: file, symbolic link, submodule.
    TypeChanged,
}

impl FileStatus {
    /// The letter that git uses for it.
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

/// The mode of a file as git keeps it, printed as six octal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileMode(pub u32);

impl FileMode {
    const TYPE_MASK: u32 = 0o170_000;

    /// Whether it is a symbolic link: its content is the path that it points to.
    pub fn is_symlink(self) -> bool {
        self.file_type() == 0o120_000
    }

    /// Whether it is a submodule: its content is the name of a commit.
    pub fn is_submodule(self) -> bool {
        self.file_type() == 0o160_000
    }

    /// Whether it is a regular file that may be executed.
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
    /// What happened to it.
    pub status: FileStatus,
    /// Its path before, unquoted and without prefix; absent for an added file, and where the diff
    /// does not tell. Bytes that are not UTF-8 are replaced, which is a [`ProblemKind::PathNotUtf8`].
    pub old_path: Option<String>,
    /// Its path after; absent for a deleted file, and where the diff does not tell.
    pub new_path: Option<String>,
    /// Its mode before, where the diff tells.
    pub old_mode: Option<FileMode>,
    /// Its mode after, where the diff tells.
    pub new_mode: Option<FileMode>,
    /// How similar both sides of a rename or copy are, in percent.
    pub similarity: Option<u8>,
    /// Whether the diff says that the content is binary. See also [`FileDiff::is_binary`].
    pub marked_binary: bool,
    /// How many versions the change has on its old side: 1, or the number of parents of a merge.
    pub parents: usize,
    /// The changed regions, in order.
    pub hunks: Vec<Hunk<'t>>,
    /// Lines that the new version has and the old one has not (a merge: at least one parent has not).
    pub added: u64,
    /// Lines that the old version had and the new one has not.
    pub deleted: u64,
}

impl<'t> FileDiff<'t> {
    /// The path to show: the new one, or that of a deleted file. Empty where the diff names none.
    pub fn path(&self) -> &str {
        self.new_path.as_deref().or(self.old_path.as_deref()).unwrap_or_default()
    }

    /// Whether the content is binary: the diff says so, or it shows no content at all (a pure rename,
    /// a change of mode) and the name ends as binary files do.
    pub fn is_binary(&self) -> bool {
        let shows_nothing = self.hunks.is_empty();
        self.marked_binary || (shows_nothing && self.is_regular() && binary::is_binary_name(self.path()))
    }

    /// Whether either side is a submodule.
    pub fn is_submodule(&self) -> bool {
        [self.old_mode, self.new_mode].into_iter().flatten().any(FileMode::is_submodule)
    }

    /// The line of the new version with this number, if the diff shows it. Comments can be placed on
    /// such lines only.
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

/// A range of lines as a hunk header gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LineRange {
    /// The number of the first line, from 1; for an empty range the line before it, from 0.
    pub start: u32,
    /// How many lines.
    pub count: u32,
}

impl LineRange {
    /// Whether a line number lies in it.
    pub fn contains(self, line: u32) -> bool {
        line >= self.start && line - self.start < self.count
    }
}

/// A changed region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk<'t> {
    /// The lines of the old version that it covers; for a merge those of the first parent.
    pub old: LineRange,
    /// The lines of the further parents of a merge; empty otherwise.
    pub other_parents: Vec<LineRange>,
    /// The lines of the new version that it covers.
    pub new: LineRange,
    /// What follows the ranges: usually the function that the region is in. May be empty.
    pub section: &'t [u8],
    /// The lines, in order.
    pub lines: Vec<Line<'t>>,
}

/// Which versions a line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// Both.
    Context,
    /// The new one only.
    Added,
    /// The old one only.
    Deleted,
}

/// One line of a hunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'t> {
    /// Which versions it is in.
    pub kind: LineKind,
    /// Its number in the old version; absent for added lines, and in diffs of merges.
    pub old: Option<NonZeroU32>,
    /// Its number in the new version; absent for deleted lines.
    pub new: Option<NonZeroU32>,
    /// Its content without marker and line feed. A carriage return before the line feed stays.
    pub text: &'t [u8],
    /// Whether the file ends with it, without a line feed.
    pub missing_newline: bool,
}

/// Something that could not be read as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// The line of the diff, from 1.
    pub line: u64,
    /// What is wrong there.
    pub kind: ProblemKind,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.kind)
    }
}

/// What is wrong at a line of a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ProblemKind {
    /// A file's header says in no way how the file is called.
    #[error("the names of the file cannot be told")]
    NamesUnknown,
    /// The `---` and `+++` lines name other files than the header.
    #[error("the file lines contradict the header")]
    NamesContradict,
    /// A path holds bytes that are not UTF-8.
    #[error("a path is not UTF-8; its foreign bytes are replaced")]
    PathNotUtf8,
    /// A quoted path has an escape that is none, or no end.
    #[error("a quoted path is malformed and taken as it stands")]
    PathQuoting,
    /// A mode is not an octal number of at most six digits.
    #[error("a file mode is malformed")]
    Mode,
    /// A line starts as a hunk header and is none.
    #[error("a hunk header is malformed")]
    HunkHeader,
    /// A hunk stands before any file.
    #[error("a hunk belongs to no file")]
    HunkWithoutFile,
    /// A hunk ends before it has the lines that its header counts.
    #[error("a hunk is shorter than its header says")]
    HunkTooShort,
    /// Lines follow a hunk that look like its continuation.
    #[error("a hunk is longer than its header says")]
    HunkTooLong,
}
