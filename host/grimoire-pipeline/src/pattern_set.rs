//! Searches many patterns at once: one pass over a text tells which patterns are worth trying.
//!
//! Every text that a pattern matches contains one of the pattern's needles (see [`ErrorPattern::needles`]). A
//! text is read through windows of four and of eight bytes; where a window is the key of a needle, the whole
//! needle is compared. That takes time linear in the text, whatever the number of patterns.

use std::collections::HashMap;

use grimoire_domain::pattern::{ErrorPattern, specificity};
use grimoire_domain::ranking::{PatternEvidence, is_code, normal_code, tool_of_tags};
use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{Spell, SpellId};
use memchr::memmem;

/// Number of bytes of a needle that are compared; a text that contains them is worth trying.
const COMPARED: usize = 48;
/// Sizes of a window in bytes: for needles of at least eight bytes, and for shorter ones.
const LONG: usize = 8;
const SHORT: usize = 4;
/// The upper half of a short window's key. These bytes do not occur in text, so no long window has the same key.
const SHORT_MARK: u64 = 0xFFFF_FFFF << 32;

/// The pattern of one active spell.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) spell: SpellId,
    pub(crate) revision: u64,
    pub(crate) source: Box<str>,
    /// Empty if the pattern must be tried on every text.
    needles: Box<[Needle]>,
    /// See [`ErrorPattern::end`].
    end: Option<Box<[u8]>>,
    /// True if the spell has a pattern that can match.
    usable: bool,
    /// The code that the spell covers, normalised.
    covers: Option<Box<str>>,
    /// The tool that the spell is for.
    pub(crate) tool: Box<str>,
    /// Where the spell is offered.
    pub(crate) scope: Scope,
}

/// A literal, in lower case, that a pattern requires.
#[derive(Debug, Clone)]
struct Needle {
    text: Box<[u8]>,
    /// Its rarest bytes, which are searched for.
    key: u64,
    /// The offset of their end in the literal.
    key_end: usize,
    /// True if it is specific enough for a matching line that has it to be an error of this kind.
    distinct: bool,
}

impl Needle {
    /// `None` if the text is too short to be searched for.
    fn new(text: &[u8]) -> Option<Self> {
        let distinct = specificity(&String::from_utf8_lossy(text)) >= ErrorPattern::DISTINCT;
        let text = &text[..text.len().min(COMPARED)];
        let length = if text.len() >= LONG { LONG } else { SHORT };
        let (start, bytes) = text.windows(length).enumerate().min_by_key(|(_, bytes)| commonness(bytes))?;
        let key = bytes.iter().fold(0, |key, byte| key << 8 | u64::from(*byte));
        let key = if length == SHORT { SHORT_MARK | key } else { key };
        Some(Self { text: text.into(), key, key_end: start + length, distinct })
    }

    /// Returns true if the text contains the needle with the end of its key at `end`.
    fn matches_at(&self, text: &[u8], end: usize) -> bool {
        let Some(start) = end.checked_sub(self.key_end) else { return false };
        text.get(start..start + self.text.len()).is_some_and(|part| part.eq_ignore_ascii_case(&self.text))
    }
}

impl Entry {
    pub(crate) fn of(spell: &Spell) -> Self {
        let fields = &spell.fields;
        let pattern = ErrorPattern::from_store(&fields.error_pattern);
        let texts = pattern.needles().unwrap_or_default();
        let needles: Option<Box<[Needle]>> = texts.iter().map(|text| Needle::new(text)).collect();
        let covers =
            (fields.covers_code && is_code(&fields.error_type)).then(|| normal_code(&fields.error_type));
        Self {
            spell: spell.id,
            revision: spell.revision,
            source: fields.error_pattern.as_str().into(),
            usable: pattern.is_usable(),
            needles: needles.unwrap_or_default(),
            end: pattern.end().map(Into::into),
            covers: covers.map(Into::into),
            tool: tool_of_tags(fields.tags.iter().map(String::as_str)).into(),
            scope: fields.scope.clone(),
        }
    }

    /// Returns true if some line of a log may be found by the pattern alone.
    pub(crate) fn has_distinct_needles(&self) -> bool {
        self.needles.iter().any(|needle| needle.distinct)
    }

    /// Returns false if the text lacks a literal that every matching text contains.
    pub(crate) fn may_match(&self, text: &str) -> bool {
        self.end.as_deref().is_none_or(|end| memmem::find(text.as_bytes(), end).is_some())
    }

    /// The evidence if the pattern does not match.
    pub(crate) fn missed(&self) -> PatternEvidence {
        if self.usable { PatternEvidence::Missed } else { PatternEvidence::Untried }
    }
}

/// Patterns, and an index of the literals that they require.
#[derive(Debug)]
pub(crate) struct PatternSet {
    /// Entries by ascending id.
    entries: Vec<Entry>,
    /// The range in `of_windows` of the needles of a window.
    windows: HashMap<u64, (u32, u32)>,
    /// The entries with a needle of a window, those with the same needle side by side.
    of_windows: Vec<Place>,
    /// A bit for the last four bytes of each window, by their hash: it rules out nearly every position of a
    /// text.
    filter: Vec<u64>,
    /// Entries without needles.
    always: Vec<u32>,
    covering: HashMap<Box<str>, Vec<u32>>,
}

/// A needle of an entry.
#[derive(Debug, Clone, Copy)]
struct Place {
    entry: u32,
    /// The needle's index in the entry.
    needle: u32,
    /// True if the place before has the same needle.
    is_same: bool,
}

impl Default for PatternSet {
    /// An empty set.
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl PatternSet {
    pub(crate) fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| entry.spell);
        let mut needles: Vec<(&Needle, u32, u32)> = Vec::new();
        let mut set = Self {
            entries: Vec::new(),
            windows: HashMap::new(),
            of_windows: Vec::new(),
            filter: Vec::new(),
            always: Vec::new(),
            covering: HashMap::new(),
        };
        for (index, entry) in (0_u32..).zip(&entries) {
            let of_entry = (0_u32..).zip(&entry.needles);
            needles.extend(of_entry.map(|(number, needle)| (needle, index, number)));
            if entry.needles.is_empty() {
                set.always.push(index);
            }
            if let Some(code) = &entry.covers {
                set.covering.entry(code.clone()).or_default().push(index);
            }
        }
        needles.sort_unstable_by_key(|(needle, index, number)| (needle.key, &needle.text, *index, *number));
        // At least sixteen bits for each window, so that at most one position in sixteen is a false positive.
        set.filter = vec![0; (needles.len() * 16).next_power_of_two().max(1 << 12) / 64];
        let mut start = 0;
        let mut before: &[u8] = &[];
        for (end, (needle, entry, number)) in (1_u32..).zip(&needles) {
            let is_same = end > start + 1 && *needle.text == *before;
            set.of_windows.push(Place { entry: *entry, needle: *number, is_same });
            before = &needle.text;
            if needles.get(end as usize).is_none_or(|next| next.0.key != needle.key) {
                set.windows.insert(needle.key, (start, end));
                start = end;
            }
            let bit = set.bit(needle.key);
            set.filter[bit / 64] |= 1 << (bit % 64);
        }
        set.entries = entries;
        set
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn entry(&self, index: u32) -> &Entry {
        &self.entries[index as usize]
    }

    pub(crate) fn get(&self, spell: SpellId) -> Option<&Entry> {
        let index = self.entries.binary_search_by_key(&spell, |entry| entry.spell).ok()?;
        self.entries.get(index)
    }

    /// Entries that must be tried on every text.
    pub(crate) fn always(&self) -> &[u32] {
        &self.always
    }

    /// Entries of spells that cover a normalised code.
    pub(crate) fn covering(&self, code: &str) -> &[u32] {
        self.covering.get(code).map_or(&[], Vec::as_slice)
    }

    /// Adds to `found` the entries that have a needle in the text, possibly with duplicates.
    pub(crate) fn needles_in(&self, text: &str, found: &mut Vec<u32>) {
        self.search(text, |_| true, found);
    }

    /// Adds to `found` the entries that have a needle in the text which is specific enough for a line of a log to be an
    /// error of this kind, possibly with duplicates.
    pub(crate) fn distinct_needles_in(&self, text: &str, found: &mut Vec<u32>) {
        self.search(text, |needle| needle.distinct, found);
    }

    fn search(&self, text: &str, admits: impl Fn(&Needle) -> bool, found: &mut Vec<u32>) {
        let text = text.as_bytes();
        let mut window: u64 = 0;
        for (place, byte) in text.iter().enumerate() {
            window = window << 8 | u64::from(byte.to_ascii_lowercase());
            let bit = self.bit(window);
            if self.filter[bit / 64] & 1 << (bit % 64) != 0 {
                for key in [window, SHORT_MARK | window & !SHORT_MARK] {
                    let Some(&(start, end)) = self.windows.get(&key) else { continue };
                    let mut matches = false;
                    for &Place { entry, needle, is_same } in &self.of_windows[start as usize..end as usize] {
                        if !is_same {
                            let needle = &self.entries[entry as usize].needles[needle as usize];
                            matches = admits(needle) && needle.matches_at(text, place + 1);
                        }
                        if matches && found.last() != Some(&entry) {
                            found.push(entry);
                        }
                    }
                }
            }
        }
    }

    /// The filter's bit for a window; only the last four bytes of its key count.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "four bytes are wanted")]
    fn bit(&self, key: u64) -> usize {
        // Fibonacci hashing: the upper bits of the product are well mixed.
        let hash = u64::from(key as u32).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        hash as usize & (self.filter.len() * 64 - 1)
    }
}

/// Roughly how common the bytes are in logs.
fn commonness(bytes: &[u8]) -> u32 {
    const EVERYWHERE: [&[u8]; 8] =
        [b"error", b"fail", b"not ", b"found", b"warn", b"file", b"could", b" to "];
    let of_byte = |byte: u8| match byte {
        b' ' => 9,
        b'e' => 8,
        b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 7,
        b'l' | b'd' | b'c' | b'u' | b'h' | b'm' | b'f' | b'p' => 5,
        b'a'..=b'z' => 3,
        b'0'..=b'9' => 4,
        _ => 2,
    };
    let words = EVERYWHERE.iter().filter(|word| bytes.windows(word.len()).any(|part| part == **word)).count();
    bytes.iter().map(|byte| of_byte(*byte)).sum::<u32>() + if words > 0 { 40 } else { 0 }
}

#[cfg(test)]
mod tests {
    use grimoire_domain::Timestamp;
    use grimoire_domain::spell::{SpellFields, ValidSpell};
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn entry(id: u64, pattern: &str) -> Entry {
        let fields = SpellFields { error_pattern: pattern.to_owned(), ..SpellFields::default() };
        let fields = ValidSpell::from_store(fields);
        let (created_at, updated_at) = (Timestamp::UNIX_EPOCH, None);
        Entry::of(&Spell { id: SpellId(id), fields, created_at, updated_at, revision: 1 })
    }

    fn found(patterns: &[&str], text: &str) -> Vec<u64> {
        let set = PatternSet::new((1..).zip(patterns).map(|(id, pattern)| entry(id, pattern)).collect());
        let mut found = set.always().to_vec();
        set.needles_in(text, &mut found);
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|index| set.entry(index).spell.0).collect()
    }

    #[test]
    fn only_patterns_that_a_text_may_have_are_told() {
        let patterns = [
            r"use of moved value: `\w+`",
            "(?i)cannot connect to the docker daemon",
            "EADDRINUSE|address already in use",
            "text:short",
            r"\w+ \d+",
        ];
        assert_eq!(found(&patterns, "error: Use of Moved Value: `x`"), [1, 5]);
        assert_eq!(found(&patterns, "CANNOT CONNECT TO THE DOCKER DAEMON"), [2, 5]);
        assert_eq!(found(&patterns, "listen EADDRINUSE: :::80"), [3, 5]);
        assert_eq!(found(&patterns, "too short"), [4, 5]);
        assert_eq!(found(&patterns, ""), [5]);
    }

    /// True if the pattern finds the line by itself.
    fn finds_line(pattern: &str, line: &str) -> bool {
        let mut found = Vec::new();
        PatternSet::new(vec![entry(1, pattern)]).distinct_needles_in(line, &mut found);
        !found.is_empty()
    }

    #[test]
    fn literals_that_name_much_find_lines() {
        assert!(finds_line(
            "there is no reactor running",
            "there is no reactor running, must be called from …"
        ));
        assert!(finds_line("EADDRINUSE", "listen EADDRINUSE: address already in use"));
        assert!(!finds_line("error: .+", "error: the kettle boils"));
        assert!(!finds_line("command not found", "kettle: command not found"));
        let many: Vec<String> = (0..100).map(|number| format!("kettle {number} overboiled")).collect();
        assert!(finds_line(&many.join("|"), "kettle 77 overboiled"), "any number of alternatives");
    }

    #[test]
    fn an_alternative_that_names_little_takes_nothing_from_the_others() {
        let pattern = "there is no reactor running|error: ";
        assert!(finds_line(pattern, "there is no reactor running"));
        assert!(!finds_line(pattern, "error: the kettle boils"));
    }

    proptest! {
        /// The set reports every pattern that matches.
        #[test]
        fn no_find_is_missed(
            sources in prop::collection::vec(r"[abc]{0,4}(?:[bc]{1,3}\|[ab]{1,6}|\(a\|bc\)[abc]{2,5}|[abc]{4,9}|b\.\*c)", 1..8),
            text in "[a-cA-C .|(]{0,40}",
        ) {
            let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
            let told = found(&sources, &text);
            for (id, source) in (1..).zip(&sources) {
                if ErrorPattern::from_store(source).find(&text).is_some() {
                    prop_assert!(told.contains(&id) && entry(id, source).may_match(&text), "{} in {}", source, text);
                }
            }
        }
    }
}
