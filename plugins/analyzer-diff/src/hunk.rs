//! Hunks: their lines, and whether the number of lines agrees with the header.

use grimoire_plugin_sdk::Span;

/// How a line relates to the open hunk.
pub(crate) enum Kind<'a> {
    /// Added: its number in the new file and its text.
    Added { line: u32, text: &'a [u8] },
    /// Context, removed, or a note about a missing final newline.
    Inside,
    /// Not part of the hunk.
    Outside,
}

/// An open hunk.
pub(crate) struct Hunk {
    /// The number of the first line in the new file.
    pub(crate) start: u32,
    pub(crate) span: Span,
    /// Number of old versions in the diff: 1, or more for a merge (`@@@`).
    parents: usize,
    old_left: u64,
    new_left: u64,
    next: u32,
    surplus: bool,
}

impl Hunk {
    /// `@@ -1,2 +3,4 @@ section`; `None` if the line is not a hunk header.
    pub(crate) fn open(line: &[u8], span: Span) -> Option<Self> {
        let header = grimoire_diff::Hunk::from_header(line)?;
        Some(Self {
            start: header.new.start,
            span,
            parents: 1 + header.other_parents.len(),
            old_left: header.old.count.into(),
            new_left: header.new.count.into(),
            next: header.new.start,
            surplus: false,
        })
    }

    pub(crate) fn line<'a>(&mut self, line: &'a [u8]) -> Kind<'a> {
        if line.starts_with(b"\\") {
            return Kind::Inside;
        }
        if self.parents > 1 {
            return self.merged(line);
        }
        if self.old_left == 0 && self.new_left == 0 {
            // All lines were counted. A line that can only belong to a hunk is surplus.
            self.surplus |= matches!(line, [b'+', ..]) && !line.starts_with(b"+++ ")
                || matches!(line, [b'-', ..])
                    && !line.starts_with(b"--- ")
                    && line != b"-- "
                    && line != b"--"
                    && line != b"---";
            return Kind::Outside;
        }
        match line.first() {
            Some(b'+') if self.new_left > 0 => {
                self.new_left -= 1;
                let number = self.next;
                self.next = self.next.saturating_add(1);
                Kind::Added { line: number, text: &line[1..] }
            }
            Some(b'-') if self.old_left > 0 => {
                self.old_left -= 1;
                Kind::Inside
            }
            // Mail programs remove the space of an empty context line.
            Some(b' ') | None if self.old_left > 0 && self.new_left > 0 => {
                self.old_left -= 1;
                self.new_left -= 1;
                self.next = self.next.saturating_add(1);
                Kind::Inside
            }
            _ => Kind::Outside,
        }
    }

    /// A line of a merge's diff, with one sign for each parent. Only lines of the new file are counted.
    fn merged<'a>(&mut self, line: &'a [u8]) -> Kind<'a> {
        let signs = &line[..line.len().min(self.parents)];
        if self.new_left == 0 && !signs.contains(&b'-')
            || !signs.iter().all(|sign| matches!(sign, b' ' | b'+' | b'-'))
        {
            return Kind::Outside;
        }
        if signs.contains(&b'-') {
            return Kind::Inside;
        }
        self.new_left = self.new_left.saturating_sub(1);
        let number = self.next;
        self.next = self.next.saturating_add(1);
        if signs.contains(&b'+') {
            Kind::Added { line: number, text: &line[signs.len()..] }
        } else {
            Kind::Inside
        }
    }

    /// The problem of the hunk, after its end.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.surplus {
            return Some("the hunk has more lines than its header says".to_owned());
        }
        if self.parents > 1 || self.old_left == 0 && self.new_left == 0 {
            return None;
        }
        Some(format!(
            "the hunk ends {} old and {} new lines before what its header says",
            self.old_left, self.new_left
        ))
    }
}
