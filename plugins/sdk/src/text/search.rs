//! Searching fixed texts in very many lines.
//!
//! `str::find` prepares its search in every call, which costs more than searching a short line. A
//! [`Needle`] is prepared when the plugin is compiled, a [`Characters`] once per line.

/// Approximately which characters a text contains: enough to rule out most needles, with one pass
/// over the text for any number of needles.
///
/// Characters missing from a text are missing from its parts too, so one set serves all parts of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Characters(u64);

impl Characters {
    /// The characters of a text.
    pub fn of(text: &str) -> Self {
        let add = |set: u64, bytes: &[u8]| bytes.iter().fold(set, |set, &byte| set | SETS[usize::from(byte)]);
        // In blocks, because a sandbox checks its clock in every iteration of a loop. The last block
        // may overlap the previous one: adding a byte twice changes nothing.
        let bytes = text.as_bytes();
        Self(match bytes.last_chunk::<16>() {
            Some(last) => add(bytes.as_chunks::<16>().0.iter().fold(0, |set, block| add(set, block)), last),
            None => add(0, bytes),
        })
    }

    /// Returns false if no text with these characters contains the byte.
    pub const fn may_have(self, byte: u8) -> bool {
        self.0 & SETS[byte as usize] == SETS[byte as usize]
    }

    /// The characters of a text, at compile time.
    pub const fn of_constant(text: &str) -> Self {
        Self::of_bytes(text.as_bytes())
    }

    /// The characters of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns false if no text with these characters contains all of the others.
    pub const fn may_have_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Returns false if no text with these characters contains a digit.
    pub const fn may_have_digits(self) -> bool {
        self.may_have(b'0')
    }

    /// Returns false if no text with these characters contains the needle.
    pub const fn may_contain(self, needle: &Needle) -> bool {
        self.may_have_all(needle.characters)
    }

    const fn of_bytes(bytes: &[u8]) -> Self {
        let (mut set, mut at) = (0, 0);
        while at < bytes.len() {
            set |= SETS[bytes[at] as usize];
            at += 1;
        }
        Self(set)
    }
}

/// The bit of each byte. Letters have one each, digits share one, the commonest signs have one each;
/// all other bytes share the last one.
const SETS: [u64; 256] = {
    const SIGNS: &[u8] = b":([/\\<*-=.";
    let mut sets = [1 << 63; 256];
    let mut letter = 0;
    while letter < 26 {
        sets[b'a' as usize + letter] = 1 << letter;
        sets[b'A' as usize + letter] = 1 << (26 + letter);
        letter += 1;
    }
    let mut digit = 0;
    while digit < 10 {
        sets[b'0' as usize + digit] = 1 << 52;
        digit += 1;
    }
    let mut sign = 0;
    while sign < SIGNS.len() {
        sets[SIGNS[sign] as usize] = 1 << (53 + sign);
        sign += 1;
    }
    // Nearly every line contains a space, so it says nothing.
    sets[b' ' as usize] = 0;
    sets
};

/// A literal to search for: a constant, prepared at compile time.
///
/// A search takes time linear in the text, for needles of bounded length.
#[derive(Debug)]
pub struct Needle {
    text: &'static str,
    characters: Characters,
    /// The index of its rarest byte.
    rarest: usize,
}

impl Needle {
    /// Prepares a text, which must not be empty.
    pub const fn new(text: &'static str) -> Self {
        assert!(!text.is_empty(), "an empty text is everywhere");
        let bytes = text.as_bytes();
        let (mut rarest, mut at) = (0, 1);
        while at < bytes.len() {
            if rarity(bytes[at]) > rarity(bytes[rarest]) {
                rarest = at;
            }
            at += 1;
        }
        Self { text, characters: Characters::of_bytes(bytes), rarest }
    }

    /// The searched text.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The offset of the first occurrence.
    pub fn find(&self, text: &str) -> Option<usize> {
        let (needle, bytes) = (self.text.as_bytes(), text.as_bytes());
        let mut from = self.rarest;
        while let Some(found) = memchr::memchr(needle[self.rarest], bytes.get(from..)?) {
            let start = from + found - self.rarest;
            if bytes[start..].starts_with(needle) {
                return Some(start);
            }
            from += found + 1;
        }
        None
    }

    /// The offsets of all occurrences, which do not overlap.
    pub fn find_all(&self, text: &str) -> impl Iterator<Item = usize> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let at = from + self.find(&text[from..])?;
            from = at + self.text.len();
            Some(at)
        })
    }

    /// Returns true if a text contains it.
    pub fn is_in(&self, text: &str) -> bool {
        self.find(text).is_some()
    }

    /// The same as [`Self::find`] for a text, or a part of one, whose characters are known.
    pub fn find_among(&self, characters: Characters, text: &str) -> Option<usize> {
        if characters.may_contain(self) { self.find(text) } else { None }
    }

    /// The same as [`Self::split`] for a text, or a part of one, whose characters are known.
    pub fn split_among<'t>(&self, characters: Characters, text: &'t str) -> Option<(&'t str, &'t str)> {
        if characters.may_contain(self) { self.split(text) } else { None }
    }

    /// The text before and after its first occurrence.
    pub fn split<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let at = self.find(text)?;
        Some((&text[..at], &text[at + self.text.len()..]))
    }
}

/// How rare a byte is in logs and sources; 0 for the commonest.
const fn rarity(byte: u8) -> usize {
    const COMMON: &[u8] = b" etaoinsrlcdpum.h-g/:_b01234f56789ywv()k,'\"=STECAPRDIMNFLBOU[]#>jx";
    let mut at = 0;
    while at < COMMON.len() && COMMON[at] != byte {
        at += 1;
    }
    at
}

/// Prefixes to search for: a constant, prepared at compile time.
#[derive(Debug)]
pub struct Beginnings {
    texts: &'static [&'static str],
    /// The first bytes of all of them.
    first: [u64; 4],
}

impl Beginnings {
    /// Prepares texts, none of which may be empty.
    pub const fn new(texts: &'static [&'static str]) -> Self {
        let (mut first, mut at) = ([0; 4], 0);
        while at < texts.len() {
            let byte = texts[at].as_bytes()[0];
            first[byte as usize / 64] |= 1 << (byte % 64);
            at += 1;
        }
        Self { texts, first }
    }

    /// The index of the first prefix that a text begins with.
    pub fn position(&self, text: &str) -> Option<usize> {
        let byte = *text.as_bytes().first()?;
        if self.first[usize::from(byte) / 64] & 1 << (byte % 64) == 0 {
            return None;
        }
        self.texts.iter().position(|start| start.as_bytes()[0] == byte && text.starts_with(start))
    }

    /// Returns true if a text begins with one of them.
    pub fn begin(&self, text: &str) -> bool {
        self.position(text).is_some()
    }
}
