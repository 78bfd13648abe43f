//! Text to tokens, aware of identifiers and codes.
//!
//! A compound such as `std::collections::HashMap`, `os.path.join`, `unused_imports`, `no-unused-vars`
//! or `E0382` gives its whole, its segments between `::`, `.` and `/`, and the words of each segment,
//! split at `_`, `-` and where `camelCase` turns. Everything is lower-cased; `-` counts as `_`, so
//! that rule names meet over spelling. Words are stemmed by the English rules, which leave codes
//! and compounds with a digit at their end as they are.

use crate::stems::Stems;
use crate::words::Word;

/// Tokens above this many bytes are left out: they are hashes, encoded data and the like.
const LONGEST: usize = 64;

/// Splits the texts of all fields and of all queries.
pub(crate) struct Tokenizer {
    stems: Stems,
    /// Of the compound that is being split.
    pieces: Pieces,
}

impl Tokenizer {
    /// For one text.
    pub(crate) fn for_one_text() -> Self {
        Self { stems: Stems::for_one_text(), pieces: Pieces::default() }
    }

    /// For a stream of texts, which have many words in common.
    pub(crate) fn for_many_texts() -> Self {
        Self { stems: Stems::for_many_texts(), pieces: Pieces::default() }
    }

    /// The tokens of a text, in order, with repetitions.
    pub(crate) fn tokens(&mut self, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.each_token(text, |token| found.push(token.text.to_owned()));
        found
    }

    /// Tells the tokens of a text, in order, with repetitions.
    pub(crate) fn each_token(&mut self, text: &str, mut tell: impl FnMut(Word<'_>)) {
        let Self { stems, pieces } = self;
        each_compound(text, |compound| {
            pieces.clear();
            split_compound(compound, pieces);
            for piece in pieces.iter() {
                tell(stems.of(piece));
            }
        });
    }

    /// The compounds of a text without their parts: what a code or an error type is known by.
    pub(crate) fn wholes(&mut self, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut whole = String::new();
        each_compound(text, |compound| {
            whole.clear();
            whole.extend(normal(compound));
            // The whole comes first among the tokens, where it is not too long.
            let token = self.tokens(compound).into_iter().next();
            found.extend(token.filter(|_| fits(&whole)));
        });
        found
    }
}

/// Tokens that are not stemmed yet, one after the other in one text: there are too many to allocate each.
#[derive(Default)]
struct Pieces {
    text: String,
    ends: Vec<usize>,
}

impl Pieces {
    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    fn get(&self, index: usize) -> &str {
        &self.text[self.start(index)..self.ends[index]]
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Takes what says something: no single ASCII letters, no numbers of one or two digits.
    fn push(&mut self, token: impl Iterator<Item = char>) {
        let start = self.text.len();
        self.text.extend(token);
        let token = &self.text[start..];
        let least = if token.bytes().all(|byte| byte.is_ascii_digit()) { 3 } else { 2 };
        if token.len() >= least && fits(token) {
            self.ends.push(self.text.len());
        } else {
            self.text.truncate(start);
        }
    }

    fn pop(&mut self) {
        self.ends.pop();
        self.text.truncate(self.ends.last().copied().unwrap_or(0));
    }
}

/// The last word as typed so far, lower-cased and not stemmed; `None` where the text ends with
/// something else or with a word too short to say anything.
pub(crate) fn unfinished_word(text: &str) -> Option<String> {
    let start = text
        .rfind(|character: char| !character.is_alphanumeric())
        .map_or(0, |index| index + text[index..].chars().next().map_or(1, char::len_utf8));
    let word = text[start..].to_lowercase();
    (word.chars().count() >= 3 && fits(&word)).then_some(word)
}

/// Tells the runs of letters and digits, with single joiners between them.
fn each_compound(text: &str, mut tell: impl FnMut(&str)) {
    let mut tell = |part: &str| {
        let part = part.trim_matches(is_joiner);
        if !part.is_empty() {
            tell(part);
        }
    };
    for run in text.split(|character: char| !character.is_alphanumeric() && !is_joiner(character)) {
        // Two joiners in a row are punctuation, except `::` and what separates words in names. Most runs
        // have none, and to look for texts is slow.
        let separates = |pair: &[u8]| matches!(pair, b".." | b"--" | b"//");
        if run.as_bytes().windows(2).any(separates) {
            let parts = run.split("..").flat_map(|part| part.split("--")).flat_map(|part| part.split("//"));
            parts.for_each(&mut tell);
        } else {
            tell(run);
        }
    }
}

fn is_joiner(character: char) -> bool {
    matches!(character, '_' | '-' | '.' | '/' | ':' | '@')
}

fn joins_words(character: char) -> bool {
    matches!(character, '_' | '-')
}

fn split_compound(compound: &str, found: &mut Pieces) {
    // Most are plain words.
    let (first, rest) = compound.as_bytes().split_at(1);
    let is_plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if first[0].is_ascii_alphanumeric() && rest.iter().all(is_plain) {
        found.push(compound.chars().map(|character| character.to_ascii_lowercase()));
        return;
    }
    let segments = || {
        compound
            .split(|character| is_joiner(character) && !joins_words(character))
            .map(|segment| segment.trim_matches(joins_words))
            .filter(|segment| !segment.is_empty())
    };
    if segments().nth(1).is_some() {
        found.push(normal(compound));
    }
    for segment in segments() {
        let mark = found.len();
        found.push(normal(segment));
        let first_word = found.len();
        for name in segment.split(joins_words) {
            split_words(name, found);
        }
        // A segment of one word is not said twice.
        let is_one = first_word > mark && found.len() == first_word + 1;
        if is_one && found.get(mark) == found.get(first_word) {
            found.pop();
        }
    }
}

/// The words of `camelCase` and `HTTPServer`; ideographs stand alone, for they know no spaces.
fn split_words(name: &str, found: &mut Pieces) {
    let mut start = 0;
    let mut previous: Option<char> = None;
    let mut characters = name.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let ideograph = is_ideograph(character);
        let before_lower = characters.peek().is_some_and(|(_, next)| next.is_lowercase());
        let turns = previous.is_some_and(|previous| {
            is_ideograph(previous)
                || ideograph
                || (character.is_uppercase() && (previous.is_lowercase() || before_lower))
        });
        if turns {
            found.push(name[start..at].chars().flat_map(char::to_lowercase));
            start = at;
        }
        previous = Some(character);
    }
    found.push(name[start..].chars().flat_map(char::to_lowercase));
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Lower case, `_` for `-`.
fn normal(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase).map(|character| if character == '-' { '_' } else { character })
}

fn fits(token: &str) -> bool {
    token.len() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        Tokenizer::for_one_text().tokens(text)
    }

    #[test]
    fn compounds_give_their_whole_and_their_parts() {
        for (text, expected) in [
            ("error[E0382]: use", &["error", "e0382", "use"][..]),
            ("TS2304", &["ts2304"]),
            ("unusedVariable", &["unusedvari", "unus", "variabl"]),
            ("HTTPServer2Go", &["httpserver2go", "http", "server2", "go"]),
            ("no-unused-vars", &["no_unused_var", "no", "unus", "var"]),
            ("std::io", &["std::io", "std", "io"]),
            ("os.path", &["os.path", "os", "path"]),
            ("@scope/my-rule", &["scope/my_rul", "scope", "my_rul", "my", "rule"]),
            ("exit code 137, 3 of 12", &["exit", "code", "137", "of"]),
            ("end. --flag x ... `y`", &["end", "flag"]),
            ("数据 é", &["数据", "数", "据", "é"]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn any_text_has_tokens_or_none_and_long_ones_are_left_out() {
        assert_eq!(split(""), [""; 0]);
        assert_eq!(split(":: -- .. @@ __ / \u{0}\u{202E}"), [""; 0]);
        assert_eq!(split(&"a".repeat(65)), [""; 0]);
        assert_eq!(split(&format!("{}-b1", "a".repeat(64))), ["a".repeat(64), "b1".to_owned()]);
    }

    #[test]
    fn wholes_are_the_first_token_of_each_compound() {
        let mut tokenizer = Tokenizer::for_one_text();
        assert_eq!(tokenizer.wholes("clippy::needless_return"), ["clippy::needless_return"]);
        assert_eq!(tokenizer.wholes("TypeError E0382"), ["typeerror", "e0382"]);
        assert_eq!(tokenizer.wholes(""), [""; 0]);
    }

    #[test]
    fn the_unfinished_word_is_the_last_one_typed() {
        assert_eq!(unfinished_word("use of Mov").as_deref(), Some("mov"));
        assert_eq!(unfinished_word("héll").as_deref(), Some("héll"));
        for text in ["", "moved ", "use of mo", "moved.", "a-b"] {
            assert_eq!(unfinished_word(text), None, "{text}");
        }
    }
}
