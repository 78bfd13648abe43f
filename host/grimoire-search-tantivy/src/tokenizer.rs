//! Splits text into tokens, with support for identifiers and codes.
//!
//! A compound such as `std::collections::HashMap`, `os.path.join`, `unused_imports`, `no-unused-vars`
//! or `E0382` yields itself, its segments between `::`, `.` and `/`, and the words of each segment,
//! split at `_`, `-` and the case changes of `camelCase`. Everything is lower-cased; `-` counts as `_`,
//! so that spelling variants of rule names match. Terms are stemmed by the English rules, which leave
//! codes and compounds that end in a digit unchanged; the dictionary keeps words as written.
//!
//! Positions count words. A compound and a segment have the position of their first word, so that a
//! phrase matches across compounds: `"path join"` in `os.path.join`.

use std::ops::Range;
use std::vec;

use frostem::{Algorithm, Stemmer};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};

/// The name of the analyzer of terms in the index.
pub(crate) const TERMS: &str = "grimoire";
/// The name of the analyzer of the dictionary in the index.
pub(crate) const DICTIONARY: &str = "grimoire_dictionary";
/// Maximum length of a token in bytes; longer ones are hashes, encoded data and the like, and are left out.
const LONGEST: usize = 64;

/// The analyzer of all texts and queries, which yields stemmed terms.
pub(crate) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::from(CompoundTokenizer { stemmer: Some(stemmer()), token: Token::default() })
}

/// The analyzer of the dictionary: the same tokens as written, in lower case.
pub(crate) fn dictionary_analyzer() -> TextAnalyzer {
    TextAnalyzer::from(CompoundTokenizer { stemmer: None, token: Token::default() })
}

/// The term of a word in the dictionary.
pub(crate) fn term(word: &str) -> String {
    stemmer().stem(word).into_owned()
}

fn stemmer() -> Stemmer {
    Stemmer::new(Algorithm::English)
}

/// The tokens of a text, in order, with duplicates.
pub(crate) fn tokens(analyzer: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    analyzer.token_stream(text).process(&mut |token| found.push(token.text.clone()));
    found
}

/// The compounds of a text without their parts, for codes and error types.
pub(crate) fn wholes(text: &str) -> impl Iterator<Item = String> {
    compounds(text).filter_map(whole)
}

/// The term of a compound; `None` if it is left out.
pub(crate) fn whole(compound: &str) -> Option<String> {
    let whole = normal(compound);
    (is_telling(&whole) && fits(&whole)).then(|| term(&whole))
}

/// The words of a text with their positions, without the compounds that they are part of.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut position = 0;
    for compound in compounds(text) {
        let pieces = Pieces::of(text, compound, position);
        found.extend(
            pieces.words.into_iter().map(|piece| Word { text: piece.text, position: piece.position }),
        );
        position = pieces.next_position;
    }
    found
}

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// The word as written, in lower case.
    pub(crate) text: String,
    /// Number of words before it.
    pub(crate) position: usize,
}

/// Splits a text into its compounds and their parts.
#[derive(Clone)]
struct CompoundTokenizer {
    stemmer: Option<Stemmer>,
    token: Token,
}

impl Tokenizer for CompoundTokenizer {
    type TokenStream<'t> = CompoundTokens<'t>;

    fn token_stream<'t>(&'t mut self, text: &'t str) -> CompoundTokens<'t> {
        self.token.reset();
        CompoundTokens {
            text,
            compounds: Box::new(compounds(text)),
            pieces: Vec::new().into_iter(),
            next_position: 0,
            stemmer: self.stemmer,
            token: &mut self.token,
        }
    }
}

struct CompoundTokens<'t> {
    text: &'t str,
    compounds: Box<dyn Iterator<Item = &'t str> + 't>,
    /// The pieces of the current compound.
    pieces: vec::IntoIter<Piece>,
    next_position: usize,
    stemmer: Option<Stemmer>,
    token: &'t mut Token,
}

impl TokenStream for CompoundTokens<'_> {
    fn advance(&mut self) -> bool {
        let piece = loop {
            if let Some(piece) = self.pieces.next() {
                break piece;
            }
            let Some(compound) = self.compounds.next() else { return false };
            let pieces = Pieces::of(self.text, compound, self.next_position);
            self.next_position = pieces.next_position;
            self.pieces = pieces.all.into_iter();
        };
        self.token.text = match self.stemmer {
            Some(stemmer) => stemmer.stem(&piece.text).into_owned(),
            None => piece.text,
        };
        self.token.position = piece.position;
        self.token.offset_from = piece.bytes.start;
        self.token.offset_to = piece.bytes.end;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

/// The runs of letters and digits, with single joiners between them.
pub(crate) fn compounds(text: &str) -> impl Iterator<Item = &str> {
    let runs = text.split(|character: char| !character.is_alphanumeric() && !is_joiner(character));
    // Two joiners in a row are punctuation, except `::` and separators of words in names.
    let parts = runs.flat_map(|run| run.split("..")).flat_map(|run| run.split("--"));
    let parts = parts.flat_map(|run| run.split("//")).map(|part| part.trim_matches(is_joiner));
    parts.filter(|part| !part.is_empty())
}

fn is_joiner(character: char) -> bool {
    matches!(character, '_' | '-' | '.' | '/' | ':' | '@')
}

fn joins_words(character: char) -> bool {
    matches!(character, '_' | '-')
}

/// A compound, a segment or a word that is specific enough to be indexed.
#[derive(Debug, Clone)]
struct Piece {
    /// In [`normal`] form.
    text: String,
    /// The byte range in the text.
    bytes: Range<usize>,
    /// Number of words before it.
    position: usize,
}

/// The pieces of a compound.
struct Pieces {
    /// The compound, its segments and their words, without repeating a segment of one word.
    all: Vec<Piece>,
    /// Only the words.
    words: Vec<Piece>,
    /// The position of the next word after the compound.
    next_position: usize,
}

impl Pieces {
    /// `compound` must be a slice of `text`; `position` is the number of words before it.
    fn of(text: &str, compound: &str, mut position: usize) -> Self {
        let piece = |part: &str, position: usize| {
            // Both slices belong to the same text.
            let start = part.as_ptr() as usize - text.as_ptr() as usize;
            Piece { text: normal(part), bytes: start..start + part.len(), position }
        };
        let segments: Vec<&str> = compound
            .split(|character| is_joiner(character) && !joins_words(character))
            .map(|segment| segment.trim_matches(joins_words))
            .filter(|segment| !segment.is_empty())
            .collect();
        let mut all = Vec::new();
        let mut words = Vec::new();
        if segments.len() > 1 {
            all.push(piece(compound, position));
        }
        for segment in segments {
            let whole = piece(segment, position);
            let first = words.len();
            for word in segment.split(joins_words).filter(|part| !part.is_empty()).flat_map(split_words) {
                words.push(piece(word, position));
                position += 1;
            }
            let is_one_word = words.len() - first == 1;
            all.push(whole);
            if !is_one_word {
                all.extend_from_slice(&words[first..]);
            }
        }
        for pieces in [&mut all, &mut words] {
            pieces.retain(|piece| is_telling(&piece.text) && fits(&piece.text));
        }
        Self { all, words, next_position: position }
    }
}

/// The words of `camelCase` and `HTTPServer`; each ideograph is a word, because ideographic text has no spaces.
fn split_words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
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
            words.push(&name[start..at]);
            start = at;
        }
        previous = Some(character);
    }
    words.push(&name[start..]);
    words
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Lower case, with `_` for `-`.
pub(crate) fn normal(text: &str) -> String {
    text.to_lowercase().replace('-', "_")
}

/// Returns true if a token is indexed: single ASCII letters and numbers of one or two digits are not.
fn is_telling(token: &str) -> bool {
    let least = if token.bytes().all(|byte| byte.is_ascii_digit()) { 3 } else { 2 };
    token.len() >= least
}

fn fits(token: &str) -> bool {
    token.len() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        tokens(&mut analyzer(), text)
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
    fn wholes_are_the_terms_of_each_compound() {
        let wholes = |text| wholes(text).collect::<Vec<_>>();
        assert_eq!(wholes("clippy::needless_return"), ["clippy::needless_return"]);
        assert_eq!(wholes("TypeError x E0382"), ["typeerror", "e0382"]);
        assert_eq!(wholes(""), [""; 0]);
    }

    #[test]
    fn positions_count_words_and_offsets_name_the_place() {
        let text = "see os.path.join in x-b2";
        let mut found = Vec::new();
        analyzer().token_stream(text).process(&mut |token| {
            found.push((token.text.clone(), token.position, &text[token.offset_from..token.offset_to]));
        });
        let expected = [
            ("see", 0, "see"),
            ("os.path.join", 1, "os.path.join"),
            ("os", 1, "os"),
            ("path", 2, "path"),
            ("join", 3, "join"),
            ("in", 4, "in"),
            ("x_b2", 5, "x-b2"),
            ("b2", 6, "b2"),
        ];
        assert_eq!(found, expected.map(|(text, position, place)| (text.to_owned(), position, place)));
    }

    #[test]
    fn the_dictionary_has_words_as_they_are_written() {
        assert_eq!(
            tokens(&mut dictionary_analyzer(), "unusedVariable no-dependencies"),
            ["unusedvariable", "unused", "variable", "no_dependencies", "no", "dependencies"]
        );
        assert_eq!(term("dependencies"), "depend");
    }
}
