//! Selects the parts of an artifact for an analyzer with probes: the pages around them. On real logs an
//! analyzer for one language reads a tenth of the log, and finds the same as in the whole.

use std::ops::Range;

use bytes::Bytes;

/// Size of a page in bytes. Pages are counted from the start of the artifact, so that the selection depends on
/// the content alone.
pub(crate) const PAGE: usize = 8 << 10;
/// Number of pages that are read after one with a probe.
const AFTER: usize = 4;

/// The facts about a page that decide whether it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// Offset of its first byte in the artifact.
    pub(crate) start: u64,
    /// True if a probe ends in it.
    pub(crate) has_probe: bool,
    /// True if no line ends in it.
    pub(crate) is_unbroken: bool,
}

/// Follows the pages of one artifact for one analyzer.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The last page seen.
    last: Option<Page>,
    /// Number of pages, from the last one on, that are read because of an earlier probe.
    after: usize,
    /// True if the page before the last one is read and no line ends in it: a long line, such as a report in JSON,
    /// is read to its end.
    in_line: bool,
    /// Offset of the end of the last wanted page.
    wanted_to: u64,
    wanted: Vec<Wanted>,
}

/// Consecutive pages to read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Their byte range in the artifact.
    pub(crate) bytes: Range<u64>,
    /// True if they follow earlier wanted pages. Otherwise they may begin within a line.
    pub(crate) continues: bool,
}

impl Window {
    /// Adds the next page, which decides on the previous one. At the end of the artifact, an empty page
    /// follows.
    pub(crate) fn page(&mut self, next: Page) {
        let Some(last) = self.last.replace(next) else { return };
        if last.has_probe {
            self.after = AFTER + 1;
        }
        let is_read = self.after > 0 || next.has_probe || self.in_line;
        if is_read && last.start < next.start {
            self.want(last.start..next.start);
        }
        self.after = self.after.saturating_sub(1);
        self.in_line = is_read && last.is_unbroken;
    }

    fn want(&mut self, page: Range<u64>) {
        let continues = page.start == self.wanted_to;
        self.wanted_to = page.end;
        match self.wanted.last_mut() {
            Some(last) if continues => last.bytes.end = page.end,
            _ => self.wanted.push(Wanted { bytes: page, continues }),
        }
    }

    /// The pages that became wanted since the last call.
    pub(crate) fn take_wanted(&mut self) -> Vec<Wanted> {
        std::mem::take(&mut self.wanted)
    }
}

/// A part of an artifact with its offset.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) start: u64,
    pub(crate) bytes: Bytes,
}

impl Part {
    /// A line end before this part.
    pub(crate) fn line_end(&self) -> Self {
        Self { start: self.start.saturating_sub(1), bytes: Bytes::from_static(b"\n") }
    }
}

/// Maps bytes fed to a guest to their offsets in the artifact.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    /// For each gap before a part: the number of bytes fed before the part, and its offset in the artifact.
    parts: Vec<(u64, u64)>,
    fed: u64,
    /// Offset of the next part if nothing is left out.
    next: u64,
    in_line: bool,
}

impl Offsets {
    /// Returns true if a line must be ended before this part, because the rest of that line is left out.
    pub(crate) fn needs_line_end(&self, part: &Part) -> bool {
        self.in_line && part.start != self.next
    }

    /// Records that the part was fed.
    pub(crate) fn fed(&mut self, part: &Part) {
        if part.start != self.next {
            self.parts.push((self.fed, part.start));
        }
        let length = part.bytes.len() as u64;
        self.fed += length;
        self.next = part.start + length;
        self.in_line = part.bytes.last().is_some_and(|&byte| byte != b'\n');
    }

    /// Number of bytes fed so far.
    pub(crate) fn total(&self) -> u64 {
        self.fed
    }

    /// The range in the artifact that corresponds to a span of the fed bytes.
    pub(crate) fn in_artifact(&self, span: Range<u64>) -> Range<u64> {
        let start = self.place(span.start);
        // The end belongs to the same part as the byte before it.
        let end = if span.is_empty() { start } else { self.place(span.end - 1) + 1 };
        start..end
    }

    fn place(&self, fed: u64) -> u64 {
        match self.parts.partition_point(|(before, _)| *before <= fed).checked_sub(1) {
            Some(part) => {
                let (before, start) = self.parts[part];
                fed - before + start
            }
            None => fed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of 100 bytes with line ends.
    fn page(number: u64, has_probe: bool) -> Page {
        Page { start: number * 100, has_probe, is_unbroken: false }
    }

    /// The pages that are read of an artifact with `pages` pages, given those with probes and those without a line
    /// end.
    fn read(pages: u64, with_probes: &[u64], unbroken: &[u64]) -> Vec<u64> {
        let mut window = Window::default();
        for number in 0..=pages {
            let is_unbroken = unbroken.contains(&number);
            window.page(Page { is_unbroken, ..page(number, with_probes.contains(&number)) });
        }
        let wanted = window.take_wanted();
        wanted.iter().flat_map(|wanted| wanted.bytes.clone().step_by(100)).map(|at| at / 100).collect()
    }

    #[test]
    fn the_page_before_a_probe_is_read_and_some_after_it() {
        assert_eq!(read(20, &[], &[]), [0_u64; 0]);
        assert_eq!(read(20, &[0], &[]), [0, 1, 2, 3, 4]);
        assert_eq!(read(20, &[7], &[]), [6, 7, 8, 9, 10, 11]);
        assert_eq!(read(20, &[7, 10], &[]), [6, 7, 8, 9, 10, 11, 12, 13, 14]);
        assert_eq!(read(9, &[8], &[]), [7, 8]);
    }

    #[test]
    fn a_line_that_is_read_is_read_to_its_end() {
        assert_eq!(read(20, &[0], &[3, 4, 5, 6, 9]), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(read(20, &[], &[3, 4]), [0_u64; 0]);
    }

    #[test]
    fn pages_in_a_row_are_one_range_also_when_they_are_taken_apart() {
        let mut window = Window::default();
        window.page(page(0, false));
        window.page(page(1, true));
        window.page(page(2, false));
        assert_eq!(window.take_wanted(), [Wanted { bytes: 0..200, continues: true }]);
        window.page(page(3, false));
        assert_eq!(window.take_wanted(), [Wanted { bytes: 200..300, continues: true }]);
        for number in 4..10 {
            window.page(page(number, number == 8));
        }
        let rest =
            [Wanted { bytes: 300..600, continues: true }, Wanted { bytes: 700..900, continues: false }];
        assert_eq!(window.take_wanted(), rest);
    }

    #[test]
    fn spans_are_those_of_the_artifact() {
        let mut offsets = Offsets::default();
        for (start, bytes) in [(10, "abc"), (13, "de"), (30, "fg\n"), (50, "h")] {
            let part = Part { start, bytes: Bytes::from_static(bytes.as_bytes()) };
            assert_eq!(offsets.needs_line_end(&part), start == 30, "only there a line is open");
            if offsets.needs_line_end(&part) {
                offsets.fed(&part.line_end());
            }
            offsets.fed(&part);
        }
        assert_eq!(offsets.total(), 10);
        assert_eq!(offsets.in_artifact(0..5), 10..15);
        assert_eq!(offsets.in_artifact(6..8), 30..32);
        assert_eq!(offsets.in_artifact(4..8), 14..32, "over a gap");
        assert_eq!(offsets.in_artifact(9..10), 50..51);
        assert_eq!(offsets.in_artifact(6..6), 30..30);
    }
}
