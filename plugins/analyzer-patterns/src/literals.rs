//! Texts of which a match must contain at least one: the host wakes the analyzer only for a log that has one.

/// Longest text that the host looks for, in bytes.
const MOST_BYTES: usize = 64;
/// More alternatives than this say little.
const MOST_TEXTS: usize = 32;

/// Texts of which a match contains at least one. Empty if nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needed(Vec<String>);

impl Needed {
    /// One text. Tools colour words, and a colour's code between two of them splits what spans both, so only the longest
    /// word counts.
    pub(crate) fn text(text: &str) -> Self {
        let words = text.split(|c: char| c.is_whitespace() || c.is_control() || c == ':');
        let longest = words.max_by_key(|word| word.len()).unwrap_or_default();
        let mut end = longest.len().min(MOST_BYTES);
        while !longest.is_char_boundary(end) {
            end -= 1;
        }
        Self(Some(&longest[..end]).filter(|word| !word.is_empty()).map(str::to_owned).into_iter().collect())
    }

    /// A match of one of several alternatives.
    pub(crate) fn one_of(alternatives: Vec<Self>) -> Self {
        let known = alternatives.iter().all(|needed| !needed.0.is_empty());
        let mut texts: Vec<_> = alternatives.into_iter().flat_map(|needed| needed.0).collect();
        texts.sort();
        texts.dedup();
        Self(if known && texts.len() <= MOST_TEXTS { texts } else { Vec::new() })
    }

    /// The one that says more, where a match contains both: longer texts are rarer.
    pub(crate) fn better(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    /// Like [`Self::better`], of two that stay where they are.
    pub(crate) fn better_of<'a>(&'a self, other: &'a Self) -> &'a Self {
        if other.weight() > self.weight() { other } else { self }
    }

    fn weight(&self) -> (usize, usize) {
        let shortest = self.0.iter().map(String::len).min().unwrap_or(0);
        (shortest, MOST_TEXTS - self.0.len())
    }

    /// The texts, if any are known.
    pub(crate) fn texts(&self) -> Option<&[String]> {
        Some(self.0.as_slice()).filter(|texts| !texts.is_empty())
    }
}
