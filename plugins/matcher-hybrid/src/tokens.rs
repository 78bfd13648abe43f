//! Splits text into hashed tokens, in one pass over the bytes and without allocation.
//!
//! Identifiers are split into words: `unusedImports`, `unused_imports`, `unused-imports` and
//! `unused::Imports` all yield `unused` and `import`. The parts of `camelCase` and `snake_case` are
//! also yielded joined (`unusedimport`), so that the whole identifier counts if both sides have it.
//! Words are lower-cased and lightly stemmed; numbers yield no tokens.

/// Maximum length of a token; the rest of a longer one is ignored.
const LONGEST: usize = 24;

/// The hash of a token. Two different words have the same one with a probability of about 2^-64.
pub(crate) type Token = u64;

/// Number of distinguished prefixes.
pub(crate) const PREFIXES: usize = 4096;

/// Character classes as flags, so that a run of bytes is summarised with `|`.
const LOWER: u8 = 1;
const UPPER: u8 = 2;
const DIGIT: u8 = 4;
const UNDERSCORE: u8 = 8;

/// 0 for bytes that separate words.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::cast_possible_truncation, reason = "below 256")]
        let value = byte as u8;
        classes[byte] = match value {
            b'a'..=b'z' | 0x80..=0xFF => LOWER,
            b'A'..=b'Z' => UPPER,
            b'0'..=b'9' => DIGIT,
            b'_' => UNDERSCORE,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// A word or part of one, not yet hashed: most words of a candidate are not searched for, which
/// their first letters show.
#[derive(Clone, Copy)]
pub(crate) struct Word<'a>(&'a [u8]);

impl Word<'_> {
    /// A common property of the words of one token: their first three letters, or two if the stem is
    /// not longer. Two numbers below [`PREFIXES`], one for each case.
    #[inline]
    pub(crate) fn prefixes(self) -> (usize, usize) {
        let letter = |at: usize| self.0.get(at).map_or(0, |byte| usize::from(byte | 0x20));
        let two = letter(0) * 61 + letter(1);
        ((two * 59 + letter(2)) % PREFIXES, two % PREFIXES)
    }

    /// The second of these numbers for every word whose stem is this word's one letter, such as `ies` and `ied`.
    pub(crate) fn prefixes_of_letter(self) -> impl Iterator<Item = usize> {
        let letter = self.0.first().map_or(0, |byte| usize::from(byte | 0x20));
        (0..=usize::from(u8::MAX)).map(move |next| (letter * 61 + next) % PREFIXES)
    }

    /// The word's hash, and the number of letters of its stem.
    pub(crate) fn token(self) -> (Token, usize) {
        let mut bytes = [0; LONGEST];
        let length = self.0.len().min(LONGEST);
        for (to, from) in bytes.iter_mut().zip(self.0) {
            *to = from.to_ascii_lowercase();
        }
        let stem = stem_length(&bytes[..length]);
        bytes[stem..].fill(0);
        (hash(&bytes), stem)
    }
}

/// Calls `each` with every word of the text, in order: the parts of a compound, then the compound.
pub(crate) fn words(text: &str, mut each: impl FnMut(Word<'_>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if CLASSES[usize::from(bytes[at])] == 0 {
            at += 1;
            continue;
        }
        let start = at;
        let mut classes = 0;
        while at < bytes.len() {
            let class = CLASSES[usize::from(bytes[at])];
            if class == 0 {
                break;
            }
            classes |= class;
            at += 1;
        }
        let run = &bytes[start..at];
        match classes {
            DIGIT | UNDERSCORE => {}
            // `word`, `Word`, `WORD`, `E0382`, `utf8` are one word.
            _ if classes & UNDERSCORE == 0 && (classes & UPPER == 0 || classes & LOWER == 0) => {
                each(Word(run));
            }
            _ => compound(run, &mut each),
        }
    }
}

/// Calls `each` with every token of the text, in order.
pub(crate) fn tokens(text: &str, mut each: impl FnMut(Token)) {
    words(text, |word| each(word.token().0));
}

/// The token of one word, the last one that [`tokens`] yields; `None` for a number or an empty word.
pub(crate) fn token(word: &str) -> Option<Token> {
    let mut found = None;
    tokens(word, |token| found = Some(token));
    found
}

/// The parts of `camelCase` and `snake_case`, then all of them joined.
fn compound(run: &[u8], each: &mut impl FnMut(Word<'_>)) {
    let mut joined = [0; LONGEST];
    let mut length = 0;
    let mut parts = 0;
    let mut start = 0;
    let mut has_letter = false;
    for at in 0..=run.len() {
        let ends = at == run.len() || run[at] == b'_' || at > start && opens_word(run, start, at);
        if !ends {
            continue;
        }
        let part = &run[start..at];
        if !part.is_empty() {
            let take = part.len().min(LONGEST - length);
            joined[length..length + take].copy_from_slice(&part[..take]);
            length += take;
            parts += 1;
            if part.iter().any(|byte| CLASSES[usize::from(*byte)] != DIGIT) {
                has_letter = true;
                each(Word(part));
            }
        }
        start = if at < run.len() && run[at] == b'_' { at + 1 } else { at };
    }
    if parts > 1 && has_letter {
        each(Word(&joined[..length]));
    }
}

/// Returns true if a capital letter starts a new word: after a lower-case letter, or as the last of a run of
/// capitals (`HTTPServer`). After digits only if the part has lower-case letters: `E0382A` stays whole.
fn opens_word(run: &[u8], start: usize, at: usize) -> bool {
    if CLASSES[usize::from(run[at])] != UPPER {
        return false;
    }
    match CLASSES[usize::from(run[at - 1])] {
        LOWER => true,
        DIGIT => run[start..at].iter().any(|byte| CLASSES[usize::from(*byte)] == LOWER),
        _ => run.get(at + 1).is_some_and(|next| CLASSES[usize::from(*next)] == LOWER),
    }
}

/// The length of a lower-case word after light stemming: plural and third-person endings, `-ing`, `-ed`
/// and a final `e`, `y` or `i` are removed, so that `use`, `uses`, `used` and `using` match. The stem
/// must have a vowel, which keeps `string` from becoming `str`.
fn stem_length(word: &[u8]) -> usize {
    let mut length = word.len();
    if length < 3 {
        return length;
    }
    if word.ends_with(b"ies")
        || [&b"sses"[..], b"xes", b"ches", b"shes"].iter().any(|end| word.ends_with(end))
    {
        length -= 2;
    } else if length > 3 && word[length - 1] == b's' && !matches!(word[length - 2], b's' | b'u' | b'i') {
        length -= 1;
    }
    let rest = &word[..length];
    if rest.ends_with(b"ing") && has_vowel(&rest[..length - 3]) {
        length -= 3;
    } else if rest.ends_with(b"ed") && !rest.ends_with(b"eed") && has_vowel(&rest[..length - 2]) {
        length -= 2;
    }
    let cut = length < word.len();
    let rest = &word[..length];
    if length >= 3 && matches!(rest[length - 1], b'e' | b'y' | b'i') && has_vowel(&rest[..length - 1]) {
        length -= 1;
    } else if cut
        && length >= 4
        && rest[length - 1] == rest[length - 2]
        && !matches!(rest[length - 1], b'l' | b's' | b'z' | b'e' | b'o')
    {
        // `dropped` also loses its doubled letter, `missed` does not.
        length -= 1;
    }
    length
}

/// Returns true if the word has a vowel; `y` counts after the first letter.
fn has_vowel(word: &[u8]) -> bool {
    word.iter().enumerate().any(|(at, byte)| {
        matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | 0x80..) || *byte == b'y' && at > 0
    })
}

/// A fixed hash of all bytes. Not resistant to hostile collisions: at worst, a fooled matcher ranks badly.
fn hash(bytes: &[u8; LONGEST]) -> Token {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for word in bytes.chunks_exact(8) {
        let value =
            u64::from_le_bytes([word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]]);
        state = (state ^ value).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        state ^= state >> 32;
    }
    state
}

/// Words that say nothing about an error, as tokens.
pub(crate) fn is_stop_word(token: Token) -> bool {
    static STOP: std::sync::LazyLock<Vec<Token>> = std::sync::LazyLock::new(|| {
        let mut all: Vec<Token> = STOP_WORDS.iter().filter_map(|word| self::token(word)).collect();
        all.sort_unstable();
        all.dedup();
        all
    });
    STOP.binary_search(&token).is_ok()
}

/// Function words, and words that occur in every diagnostic.
const STOP_WORDS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "did", "do", "does", "error",
    "for", "from", "had", "has", "have", "if", "in", "into", "is", "it", "its", "may", "of", "on", "or",
    "that", "the", "their", "then", "there", "these", "this", "to", "was", "were", "when", "which", "will",
    "with", "you", "your", "b", "d", "e", "s", "t", "w", "x", "warning", "help", "note",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Token> {
        let mut all = Vec::new();
        tokens(text, |token| all.push(token));
        all
    }

    #[test]
    fn identifiers_are_split_and_also_kept_whole() {
        let split = all("unused import");
        for form in ["unusedImports", "unused_imports", "UnusedImport", "UNUSED_IMPORT"] {
            let got = all(form);
            assert_eq!(got[..2], split[..], "{form}");
            assert_eq!(got.len(), 3, "{form}");
            assert_eq!(got[2], all("unusedimport")[0], "{form}");
        }
        assert_eq!(all("unused-imports"), split);
        assert_eq!(all("unused::Imports"), split);
        assert_eq!(all("HTTPServer")[..2], all("http server")[..]);
        assert_eq!(all("_private"), all("private"));
    }

    #[test]
    fn codes_stay_whole_and_numbers_are_masked() {
        assert_eq!(all("E0382").len(), 1);
        assert_eq!(all("TS2304").len(), 1);
        assert_eq!(all("utf8").len(), 1);
        assert_eq!(all("12 0 3.5").len(), 0);
    }

    #[test]
    fn forms_of_a_word_meet() {
        for (one, other) in [
            ("used", "use"),
            ("using", "uses"),
            ("missing", "missed"),
            ("typed", "types"),
            ("naming", "name"),
            ("imports", "import"),
            ("imported", "import"),
            ("dropped", "drop"),
            ("entries", "entry"),
            ("classes", "class"),
            ("matches", "match"),
            ("borrowing", "borrow"),
            ("unnecessary", "unnecessary"),
        ] {
            assert_eq!(token(one), token(other), "{one} {other}");
        }
        for (one, other) in [("used", "user"), ("class", "clas"), ("string", "str"), ("thread", "threat")] {
            assert_ne!(token(one), token(other), "{one} {other}");
        }
    }

    #[test]
    fn long_words_and_any_bytes_are_taken() {
        assert_eq!(all(&"a".repeat(10_000)).len(), 1);
        assert_eq!(all("\u{0}é\u{10FFFF}").len(), 1);
    }
}
