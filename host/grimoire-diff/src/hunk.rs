//! Hunks: their headers and their lines.

use std::num::NonZeroU32;

use super::lines::{Lines, trim_carriage_return};
use super::{Hunk, Line, LineKind, LineRange};

/// Maximum number of parents of a merge: twice that of the largest known merge. The limit keeps the
/// time for hostile input linear.
const MAXIMUM_PARENTS: usize = 128;

/// Returns true if a line starts like a hunk header.
pub(super) fn is_header(line: &[u8]) -> bool {
    let marks = leading_marks(line);
    marks >= 2 && line[marks..].starts_with(b" -")
}

/// Parses `@@ -1,2 +3,4 @@ section`, and the form with more marks, which has one range per parent.
pub(super) fn parse_header(line: &[u8]) -> Option<Hunk<'_>> {
    let line = trim_carriage_return(line);
    let marks = leading_marks(line);
    if marks > 1 + MAXIMUM_PARENTS {
        return None;
    }
    let mut rest = &line[marks..];
    let mut ranges = Vec::new();
    for _ in 1..marks {
        let (range, after) = parse_range(rest.strip_prefix(b" -")?)?;
        ranges.push(range);
        rest = after;
    }
    let (new, after) = parse_range(rest.strip_prefix(b" +")?)?;
    rest = after.strip_prefix(b" ")?;
    if leading_marks(rest) != marks {
        return None;
    }
    let section = &rest[marks..];
    let section = section.strip_prefix(b" ").unwrap_or(section);
    let mut ranges = ranges.into_iter();
    let old = ranges.next()?;
    Some(Hunk { old, other_parents: ranges.collect(), new, section, lines: Vec::new() })
}

/// Reads the lines that the header of `hunk` announces. Stops before the first line that cannot be
/// one of them. Returns true if all announced lines were read.
pub(super) fn read_lines<'t>(hunk: &mut Hunk<'t>, lines: &mut Lines<'t>) -> bool {
    let parents = 1 + hunk.other_parents.len();
    let mut left = Remaining {
        old: std::iter::once(hunk.old)
            .chain(hunk.other_parents.iter().copied())
            .map(|range| range.count)
            .collect(),
        new: hunk.new.count,
    };
    let mut old_number = hunk.old.start;
    let mut new_number = hunk.new.start;
    while let Some(line) = lines.peek() {
        if is_newline_remark(line, parents) {
            match hunk.lines.last_mut() {
                Some(last) => last.missing_newline = true,
                None => break,
            }
            lines.next();
            continue;
        }
        if left.is_empty() {
            break;
        }
        let Some((kind, text)) = left.take(line, parents) else { break };
        let old = (kind != LineKind::Added && parents == 1).then_some(old_number).and_then(NonZeroU32::new);
        let new = (kind != LineKind::Deleted).then_some(new_number).and_then(NonZeroU32::new);
        // Hostile headers may start at the highest number, which real files never reach.
        old_number = old_number.saturating_add(u32::from(kind != LineKind::Added));
        new_number = new_number.saturating_add(u32::from(kind != LineKind::Deleted));
        hunk.lines.push(Line { kind, old, new, text, missing_newline: false });
        lines.next();
    }
    left.is_empty()
}

/// Number of lines of each version still to be read.
struct Remaining {
    old: Vec<u32>,
    new: u32,
}

impl Remaining {
    fn is_empty(&self) -> bool {
        self.new == 0 && self.old.iter().all(|&count| count == 0)
    }

    /// Classifies one line and counts it. `None` if the line is not possible here.
    fn take<'t>(&mut self, line: &'t [u8], parents: usize) -> Option<(LineKind, &'t [u8])> {
        // Mail programs and editors remove trailing spaces, and an empty context line is a single space.
        let blank = line.is_empty() || line == b"\r";
        let (columns, text): (&[u8], &[u8]) =
            if blank { (b"", line) } else { (line.get(..parents)?, &line[parents..]) };
        let kind = match (columns.contains(&b'-'), columns.contains(&b'+')) {
            (true, true) => return None,
            (true, false) => LineKind::Deleted,
            (false, true) => LineKind::Added,
            (false, false) => LineKind::Context,
        };
        if columns.iter().any(|column| !matches!(column, b' ' | b'+' | b'-')) {
            return None;
        }
        // A parent has a deleted line if the parent's column says so, and any other line if it does not.
        let in_parent = |column: u8| if kind == LineKind::Deleted { column == b'-' } else { column == b' ' };
        let column = |index: usize| columns.get(index).copied().unwrap_or(b' ');
        let fits = self.old.iter().enumerate().all(|(index, &left)| left > 0 || !in_parent(column(index)));
        if !fits || (kind != LineKind::Deleted && self.new == 0) {
            return None;
        }
        for (index, left) in self.old.iter_mut().enumerate() {
            *left -= u32::from(in_parent(column(index)));
        }
        self.new -= u32::from(kind != LineKind::Deleted);
        Some((kind, text))
    }
}

/// Returns true if a line is `\ No newline at end of file`, in any language.
fn is_newline_remark(line: &[u8], parents: usize) -> bool {
    let indent = line.iter().take_while(|&&byte| byte == b' ').count();
    (indent == 0 || (parents > 1 && indent == parents)) && line[indent..].starts_with(b"\\ ")
}

fn leading_marks(line: &[u8]) -> usize {
    line.iter().take_while(|&&byte| byte == b'@').count()
}

/// Parses `start` or `start,count`; a missing count is 1.
fn parse_range(text: &[u8]) -> Option<(LineRange, &[u8])> {
    let (start, rest) = parse_number(text)?;
    match rest.strip_prefix(b",") {
        Some(rest) => parse_number(rest).map(|(count, rest)| (LineRange { start, count }, rest)),
        None => Some((LineRange { start, count: 1 }, rest)),
    }
}

fn parse_number(text: &[u8]) -> Option<(u32, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((number, rest))
}
