//! The header of a file in a diff, and the facts that follow from it.

use std::borrow::Cow;

use super::path::{self, Decoded, Pair};
use super::{FileDiff, FileMode, FileStatus, Hunk, ProblemKind};

/// A path of a `---`, `+++` or `Binary files` line.
pub(super) enum Side<'t> {
    /// `/dev/null`, or a timestamp of a file that does not exist.
    Absent,
    /// The path as printed, with its prefix.
    Path(Cow<'t, [u8]>),
}

/// The line that began a file.
enum Start<'t> {
    /// `diff --git`, with its paths if they could be split.
    Git(Option<Pair<'t>>),
    /// `diff --cc` or `diff --combined`, with its single path.
    Combined(Cow<'t, [u8]>),
    /// A pair of `---` and `+++` lines, or a line about binary files, without a git header.
    Plain,
    /// `Submodule PATH`: git's summary of a submodule's change.
    Submodule(Cow<'t, [u8]>),
    /// A hunk.
    Nothing,
}

/// The header of a file, as far as it has been read.
pub(super) struct Header<'t> {
    start: Start<'t>,
    /// The line on which the header began.
    pub(super) line: u64,
    /// True if extended header lines may follow.
    pub(super) open: bool,
    sides: Option<(Side<'t>, Side<'t>)>,
    from: Option<Cow<'t, [u8]>>,
    to: Option<Cow<'t, [u8]>>,
    status: Option<FileStatus>,
    old_mode: Option<FileMode>,
    new_mode: Option<FileMode>,
    similarity: Option<u8>,
    pub(super) marked_binary: bool,
    pub(super) parents: usize,
    pub(super) hunks: Vec<Hunk<'t>>,
    pub(super) added: u64,
    pub(super) deleted: u64,
    pub(super) problems: Vec<ProblemKind>,
}

impl<'t> Header<'t> {
    fn new(start: Start<'t>, line: u64, open: bool) -> Self {
        Self {
            start,
            line,
            open,
            sides: None,
            from: None,
            to: None,
            status: None,
            old_mode: None,
            new_mode: None,
            similarity: None,
            marked_binary: false,
            parents: 1,
            hunks: Vec::new(),
            added: 0,
            deleted: 0,
            problems: Vec::new(),
        }
    }

    /// A file that begins with `diff --git`; `names` is the rest of the line.
    pub(super) fn git(names: &'t [u8], line: u64) -> Self {
        let pair = path::split_pair(names);
        let malformed = pair.as_ref().is_some_and(|pair| pair.malformed);
        let mut header = Self::new(Start::Git(pair), line, true);
        if malformed {
            header.problems.push(ProblemKind::PathQuoting);
        }
        header
    }

    /// A file that begins with `diff --cc` or `diff --combined`; `name` is the rest of the line.
    pub(super) fn combined(name: &'t [u8], line: u64) -> Self {
        let decoded = path::whole(name);
        let malformed = decoded.malformed;
        let mut header = Self::new(Start::Combined(decoded.bytes), line, true);
        if malformed {
            header.problems.push(ProblemKind::PathQuoting);
        }
        header.parents = 2;
        header
    }

    /// A file that begins without a git header.
    pub(super) fn plain(line: u64) -> Self {
        Self::new(Start::Plain, line, false)
    }

    /// A file with hunks but without a header.
    pub(super) fn nameless(line: u64) -> Self {
        Self::new(Start::Nothing, line, false)
    }

    /// A file that begins with `Submodule PATH OLD..NEW`; `text` is the line after its first word.
    pub(super) fn submodule(text: &'t [u8], line: u64) -> Option<Self> {
        let endings: [(&[u8], FileStatus); 5] = [
            (b" (new submodule)", FileStatus::Added),
            (b" (submodule deleted)", FileStatus::Deleted),
            (b" (commits not present)", FileStatus::Modified),
            (b" (rewind):", FileStatus::Modified),
            (b":", FileStatus::Modified),
        ];
        let (text, status) = endings
            .into_iter()
            .find_map(|(ending, status)| text.strip_suffix(ending).map(|text| (text, status)))
            .unwrap_or((text, FileStatus::Modified));
        let space = memchr::memrchr(b' ', text)?;
        let (name, range) = (&text[..space], &text[space + 1..]);
        let dots = memchr::memchr(b'.', range)?;
        let is_object =
            |text: &[u8]| (4..=64).contains(&text.len()) && text.iter().all(u8::is_ascii_hexdigit);
        let new = range[dots..].strip_prefix(b"...").or_else(|| range[dots..].strip_prefix(b".."))?;
        if name.is_empty() || !is_object(&range[..dots]) || !is_object(new) {
            return None;
        }
        let mut header = Self::new(Start::Submodule(name.into()), line, false);
        header.status = Some(status);
        header.old_mode = (status != FileStatus::Added).then_some(FileMode(0o160_000));
        header.new_mode = (status != FileStatus::Deleted).then_some(FileMode(0o160_000));
        Some(header)
    }

    /// Returns true if `---` and `+++` lines at this point belong to this file.
    pub(super) fn awaits_sides(&self) -> bool {
        self.hunks.is_empty()
            && self.sides.is_none()
            && matches!(self.start, Start::Git(_) | Start::Combined(_))
    }

    /// Reads the texts of the `---` and `+++` lines.
    pub(super) fn set_sides(&mut self, old: &'t [u8], new: &'t [u8]) {
        let sides = (self.side(path::until_tab(old)), self.side(path::until_tab(new)));
        self.sides = Some(sides);
        self.open = false;
    }

    /// Reads the text between `Binary files ` and ` differ`.
    pub(super) fn set_binary_names(&mut self, text: &'t [u8]) {
        self.marked_binary = true;
        if !matches!(self.start, Start::Plain) {
            return;
        }
        // Either name may contain ` and `: the split is where both names agree, or where one is `/dev/null`.
        let separator = b" and ";
        let mut best = None;
        for at in memchr::memmem::find_iter(text, separator) {
            let (old, new) = (&text[..at], &text[at + separator.len()..]);
            let agree = old == NO_FILE
                || new == NO_FILE
                || old == new
                || (old.len() == new.len() && path::name_below_top(old, new).is_some());
            if agree {
                best = Some((old, new));
                break;
            }
            best = best.or(Some((old, new)));
        }
        if let Some((old, new)) = best {
            self.set_sides(old, new);
        }
    }

    fn side(&mut self, decoded: Decoded<'t>) -> Side<'t> {
        if decoded.malformed {
            self.problems.push(ProblemKind::PathQuoting);
        }
        // Tools other than git print timestamps. A missing file has none, or that of the epoch,
        // which is the day before in western time zones.
        let remark = decoded.rest.trim_ascii_start();
        let plain = matches!(self.start, Start::Plain);
        let absent = *decoded.bytes == *NO_FILE
            || (plain
                && (remark.starts_with(b"1970-01-01 ")
                    || remark.starts_with(b"1969-12-31 ")
                    || remark.starts_with(b"(nonexistent)")));
        if absent { Side::Absent } else { Side::Path(decoded.bytes) }
    }

    /// Reads a line of git's extended header; other lines are ignored.
    pub(super) fn extend(&mut self, line: &'t [u8]) {
        let Some(space) = memchr::memchr(b' ', line) else {
            self.open &= !line.is_empty();
            return;
        };
        let rest = &line[space + 1..];
        match (&line[..space], rest) {
            (b"old", rest) => {
                if let Some(mode) = rest.strip_prefix(b"mode ") {
                    self.old_mode = self.mode(mode);
                }
            }
            (b"new", rest) => {
                if let Some(mode) = rest.strip_prefix(b"file mode ") {
                    self.status = Some(FileStatus::Added);
                    self.new_mode = self.mode(mode);
                } else if let Some(mode) = rest.strip_prefix(b"mode ") {
                    self.new_mode = self.mode(mode);
                }
            }
            (b"deleted", rest) => {
                if let Some(modes) = rest.strip_prefix(b"file mode ") {
                    self.status = Some(FileStatus::Deleted);
                    self.old_mode = self.mode(first_of_list(modes));
                }
            }
            // In a merge: `mode OLD,OLD..NEW`.
            (b"mode", rest) => {
                if let Some(dots) = memchr::memmem::find(rest, b"..") {
                    self.old_mode = self.mode(first_of_list(&rest[..dots]));
                    self.new_mode = self.mode(&rest[dots + 2..]);
                }
            }
            (b"index", rest) => {
                if let Some(space) = memchr::memchr(b' ', rest) {
                    let mode = self.mode(&rest[space + 1..]);
                    self.old_mode = self.old_mode.or(mode);
                    self.new_mode = self.new_mode.or(mode);
                }
            }
            (b"similarity", rest) => self.similarity = percent(rest),
            (b"rename" | b"copy", rest) => {
                let status = if line[0] == b'r' { FileStatus::Renamed } else { FileStatus::Copied };
                // Early versions of git wrote `rename old` and `rename new`.
                for (word, is_old) in [("from ", true), ("old ", true), ("to ", false), ("new ", false)] {
                    if let Some(name) = rest.strip_prefix(word.as_bytes()) {
                        let decoded = path::whole(name);
                        if decoded.malformed {
                            self.problems.push(ProblemKind::PathQuoting);
                        }
                        let place = if is_old { &mut self.from } else { &mut self.to };
                        *place = Some(decoded.bytes);
                        self.status = Some(status);
                    }
                }
            }
            _ => {}
        }
    }

    fn mode(&mut self, text: &[u8]) -> Option<FileMode> {
        let value = std::str::from_utf8(text).ok().filter(|text| (1..=6).contains(&text.len()));
        let value = value.and_then(|text| u32::from_str_radix(text, 8).ok());
        if value.is_none() {
            self.problems.push(ProblemKind::Mode);
        }
        value.map(FileMode)
    }

    /// Returns the file and the problems of its header.
    pub(super) fn finish(mut self) -> (FileDiff<'t>, Vec<ProblemKind>) {
        let (old, new) = self.names();
        let (no_old, no_new) = match &self.sides {
            Some((old, new)) => (matches!(old, Side::Absent), matches!(new, Side::Absent)),
            None => (false, false),
        };
        let status = self.status.unwrap_or(match (no_old, no_new) {
            (true, false) => FileStatus::Added,
            (false, true) => FileStatus::Deleted,
            _ if types_differ(self.old_mode, self.new_mode) => FileStatus::TypeChanged,
            _ => FileStatus::Modified,
        });
        let (old, old_mode) = if status == FileStatus::Added { (None, None) } else { (old, self.old_mode) };
        let (new, new_mode) = if status == FileStatus::Deleted { (None, None) } else { (new, self.new_mode) };
        if old.is_none() && new.is_none() && !matches!(self.start, Start::Nothing) {
            self.problems.push(ProblemKind::NamesUnknown);
        }
        let mut text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap_or_else(|error| {
                self.problems.push(ProblemKind::PathNotUtf8);
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            })
        };
        let (old_path, new_path) = (old.map(&mut text), new.map(&mut text));
        let file = FileDiff {
            status,
            old_path,
            new_path,
            old_mode,
            new_mode,
            similarity: self.similarity,
            marked_binary: self.marked_binary,
            parents: self.parents,
            hunks: self.hunks,
            added: self.added,
            deleted: self.deleted,
        };
        (file, self.problems)
    }

    /// The names before and after, from the most reliable source available: lines that contain only
    /// a name, then the header if both its names agree, then `---` and `+++`.
    fn names(&mut self) -> Names {
        let same = |name: &[u8]| (Some(name.to_vec()), Some(name.to_vec()));
        let names = match &self.start {
            _ if self.from.is_some() && self.to.is_some() => {
                (self.from.as_deref().map(<[u8]>::to_vec), self.to.as_deref().map(<[u8]>::to_vec))
            }
            Start::Combined(name) | Start::Submodule(name) => same(name),
            Start::Git(Some(pair)) if pair.certain => match path::common_name(&pair.old, &pair.new) {
                Some(name) => same(name),
                None => self.names_of_sides().unwrap_or_else(|| unprefixed(&pair.old, &pair.new)),
            },
            Start::Git(Some(pair)) if !pair.malformed => {
                self.names_of_sides().unwrap_or_else(|| unprefixed(&pair.old, &pair.new))
            }
            _ => self.names_of_sides().unwrap_or((None, None)),
        };
        if let Some((old, new)) = &self.sides {
            let agrees = |side: &Side<'_>, name: &Option<Vec<u8>>| match (side, name) {
                (Side::Path(path), Some(name)) => ends_in(path, name),
                _ => true,
            };
            if !agrees(old, &names.0) || !agrees(new, &names.1) {
                self.problems.push(ProblemKind::NamesContradict);
            }
        }
        names
    }

    fn names_of_sides(&self) -> Option<Names> {
        let path = |side: &Side<'t>| match side {
            Side::Absent => None,
            Side::Path(path) => Some(path.to_vec()),
        };
        let (old, new) = self.sides.as_ref().map(|(old, new)| (path(old), path(new)))?;
        let (short_old, short_new) = path::strip_usual_prefixes(old.as_deref(), new.as_deref());
        let below_top = match (short_old, short_new) {
            // Without prefixes and with different paths, two folders were compared.
            (Some(left), Some(right)) if Some(left) == old.as_deref() && left != right => {
                path::name_below_top(left, right)
            }
            _ => None,
        };
        let names = match below_top {
            Some(name) => (Some(name), Some(name)),
            None => (short_old, short_new),
        };
        Some((names.0.map(<[u8]>::to_vec), names.1.map(<[u8]>::to_vec)))
    }
}

/// The names before and after.
type Names = (Option<Vec<u8>>, Option<Vec<u8>>);

const NO_FILE: &[u8] = b"/dev/null";

fn unprefixed(old: &[u8], new: &[u8]) -> Names {
    let (old, new) = path::strip_usual_prefixes(Some(old), Some(new));
    (old.map(<[u8]>::to_vec), new.map(<[u8]>::to_vec))
}

/// Returns true if a printed path is the name, with or without a prefix.
fn ends_in(path: &[u8], name: &[u8]) -> bool {
    path.strip_suffix(name).is_some_and(|prefix| prefix.is_empty() || prefix.ends_with(b"/"))
}

/// Returns true if two modes are known and have different file types.
pub(super) fn types_differ(old: Option<FileMode>, new: Option<FileMode>) -> bool {
    matches!((old, new), (Some(old), Some(new)) if old.file_type() != new.file_type())
}

/// The first of several modes, one per parent, separated by commas.
fn first_of_list(modes: &[u8]) -> &[u8] {
    &modes[..memchr::memchr(b',', modes).unwrap_or(modes.len())]
}

fn percent(text: &[u8]) -> Option<u8> {
    let digits = text.strip_prefix(b"index ")?.strip_suffix(b"%")?;
    std::str::from_utf8(digits).ok()?.parse().ok().filter(|&value| value <= 100)
}
