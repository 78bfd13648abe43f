//! Text to hashed tokens, in one pass over the bytes and without allocation.
//!
//! Identifiers are split where people split them: `unusedImports`, `unused_imports`, `unused-imports`
//! and `unused::Imports` all give `unused` and `import`. The parts of `camelCase` and `snake_case` are
//! also given joined (`unusedimport`), so that the whole identifier counts when both sides have it.
//! Words are lower-cased and lightly stemmed; numbers are masked, that is, they give nothing.

/// Longest part of a token that is looked at; the rest of a longer one is ignored.
const LONGEST: usize = 24;

/// A token's identity. Two different words share one with a chance of about 2^-64.
pub(crate) type Token = u64;

/// What a byte is to the tokenizer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Separator,
    Lower,
    Upper,
    Digit,
    Underscore,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Separator; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | 0x80..=0xFF => Class::Lower,
            b'A'..=b'Z' => Class::Upper,
            b'0'..=b'9' => Class::Digit,
            b'_' => Class::Underscore,
            _ => Class::Separator,
        };
        byte += 1;
    }
    classes
};

/// Calls `each` with every token of the text, in order.
pub(crate) fn tokens(text: &str, mut each: impl FnMut(Token)) {
    let bytes = text.as_bytes();
    let mut part = Word::default();
    let mut whole = Word::default();
    let mut parts = 0_u32;
    let mut previous = Class::Separator;
    for (at, &byte) in bytes.iter().enumerate() {
        let class = CLASSES[byte as usize];
        let ends_part = match class {
            Class::Separator | Class::Underscore => true,
            Class::Upper => {
                matches!(previous, Class::Lower | Class::Digit) && part.has_lower
                    // The last capital of a run opens the next word: `HTTPServer`.
                    || previous == Class::Upper
                        && bytes.get(at + 1).is_some_and(|next| CLASSES[*next as usize] == Class::Lower)
            }
            Class::Lower | Class::Digit => false,
        };
        if ends_part && part.length > 0 {
            if let Some(token) = part.token() {
                each(token);
            }
            whole.append(&part);
            parts += 1;
            part.clear();
        }
        match class {
            Class::Separator => {
                if parts > 1
                    && let Some(token) = whole.token()
                {
                    each(token);
                }
                if parts > 0 {
                    whole.clear();
                    parts = 0;
                }
            }
            Class::Underscore => {}
            Class::Lower | Class::Upper | Class::Digit => part.push(byte, class),
        }
        previous = class;
    }
    if let Some(token) = part.token() {
        each(token);
    }
    if parts > 0 && part.length > 0 {
        whole.append(&part);
        if let Some(token) = whole.token() {
            each(token);
        }
    } else if parts > 1
        && let Some(token) = whole.token()
    {
        each(token);
    }
}

/// The token of one word, as [`tokens`] gives it; `None` for a number or an empty word.
pub(crate) fn token(word: &str) -> Option<Token> {
    let mut found = None;
    tokens(word, |token| found = Some(token));
    found
}

/// A word being read.
struct Word {
    bytes: [u8; LONGEST],
    /// Bytes kept, at most [`LONGEST`].
    length: usize,
    has_letter: bool,
    /// Whether it has a lower-case letter, so that a capital after it opens a new word. `E0382A`
    /// and `UTF8` stay whole.
    has_lower: bool,
}

impl Default for Word {
    fn default() -> Self {
        Self { bytes: [0; LONGEST], length: 0, has_letter: false, has_lower: false }
    }
}

impl Word {
    fn push(&mut self, byte: u8, class: Class) {
        if self.length < LONGEST {
            self.bytes[self.length] = byte.to_ascii_lowercase();
            self.length += 1;
        }
        self.has_letter |= class != Class::Digit;
        self.has_lower |= class == Class::Lower;
    }

    fn append(&mut self, other: &Self) {
        let take = other.length.min(LONGEST - self.length);
        self.bytes[self.length..self.length + take].copy_from_slice(&other.bytes[..take]);
        self.length += take;
        self.has_letter |= other.has_letter;
    }

    fn clear(&mut self) {
        // All bytes are hashed, so what is unused must be zero.
        self.bytes = [0; LONGEST];
        self.length = 0;
        self.has_letter = false;
        self.has_lower = false;
    }

    fn token(&self) -> Option<Token> {
        if !self.has_letter {
            return None;
        }
        let stem = stem_length(&self.bytes[..self.length]);
        let mut bytes = self.bytes;
        bytes[stem..].fill(0);
        Some(hash(&bytes))
    }
}

/// How much of a lower-case word stays after light stemming: plural and third-person endings, `-ing`,
/// `-ed` and a final `e`, `y` or `i` go, so that `use`, `uses`, `used` and `using` meet. What stays has a
/// vowel, which keeps `string` from becoming `str`.
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
        // `dropped` loses its doubled letter too, `missed` does not.
        length -= 1;
    }
    length
}

/// Whether the word has a vowel; a `y` counts after its first letter.
fn has_vowel(word: &[u8]) -> bool {
    word.iter().enumerate().any(|(at, byte)| {
        matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | 0x80..) || *byte == b'y' && at > 0
    })
}

/// A fixed mixing of all bytes. Not for hostile collisions: at worst a matcher that was fooled ranks badly.
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

/// Function words, and the words that every diagnostic has.
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
