//! Hunks: which lines belong to one, and whether they are as many as its header says.

use grimoire_plugin_sdk::Span;

/// What a line is to the open hunk.
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
    /// The first line in the new file.
    pub(crate) start: u32,
    pub(crate) span: Span,
    /// Old versions that the diff compares with: 1, or more for a merge (`@@@`).
    parents: usize,
    old_left: u64,
    new_left: u64,
    next: u32,
    surplus: bool,
}

impl Hunk {
    /// `@@ -1,2 +3,4 @@ section`; `None` when the line is no hunk's header.
    pub(crate) fn open(line: &[u8], span: Span) -> Option<Self> {
        let text = std::str::from_utf8(&line[..line.len().min(256)]).ok().or_else(|| {
            // The section's name after the ranges may be of any encoding.
            let end = line.windows(3).skip(2).position(|window| window == b" @@")? + 5;
            std::str::from_utf8(&line[..end]).ok()
        })?;
        let signs = text.bytes().take_while(|byte| *byte == b'@').count();
        let mut old_left = 0;
        let mut new = None;
        for range in text[signs..].split_whitespace().take(signs) {
            if let Some(range) = range.strip_prefix('-') {
                old_left = start_and_count(range)?.1;
            } else if let Some(range) = range.strip_prefix('+') {
                new = Some(start_and_count(range)?);
                break;
            } else {
                return None;
            }
        }
        let (start, new_left) = new?;
        Some(Self { start, span, parents: signs - 1, old_left, new_left, next: start, surplus: false })
    }

    pub(crate) fn line<'a>(&mut self, line: &'a [u8]) -> Kind<'a> {
        if line.starts_with(b"\\") {
            return Kind::Inside;
        }
        if self.parents > 1 {
            return self.merged(line);
        }
        if self.old_left == 0 && self.new_left == 0 {
            // Counted out. A line that can only be a hunk's is one too many.
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
            // Mail programs cut the blank of an empty context line.
            Some(b' ') | None if self.old_left > 0 && self.new_left > 0 => {
                self.old_left -= 1;
                self.new_left -= 1;
                self.next = self.next.saturating_add(1);
                Kind::Inside
            }
            _ => Kind::Outside,
        }
    }

    /// A line of a merge's diff, with one sign for each parent. Only the new file's lines are counted.
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

    /// What is wrong with the hunk, now that it has ended.
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

/// `3,4` or `3`, which means one line.
fn start_and_count(range: &str) -> Option<(u32, u64)> {
    let (start, count) = range.split_once(',').unwrap_or((range, "1"));
    Some((start.parse().ok()?, count.parse::<u32>().ok()?.into()))
}
