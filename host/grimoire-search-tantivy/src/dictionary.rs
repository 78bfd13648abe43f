//! Patterns for words of the dictionary: completions of a word and corrections of a misspelt one.

use tantivy::TantivyError;
use tantivy::Term;
use tantivy::query::{DfaWrapper, FuzzyTermQuery};
use tantivy::schema::Field;
use tantivy_fst::Automaton;

/// The words to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WordPattern {
    /// Words that begin with this text.
    Prefix(String),
    /// Words within this edit distance, where swapping two neighbouring letters counts as one edit.
    Near(String, u8),
}

impl WordPattern {
    /// An automaton that accepts the words.
    pub(crate) fn automaton(&self) -> Result<DfaWrapper, TantivyError> {
        // The automaton uses only the text of the term.
        let term = |word: &str| Term::from_field_text(Field::from_field_id(0), word);
        match self {
            Self::Prefix(prefix) => FuzzyTermQuery::new_prefix(term(prefix), 0, false).automaton(),
            Self::Near(word, edits) => FuzzyTermQuery::new(term(word), *edits, true).automaton(),
        }
    }
}

/// Returns true if an automaton accepts a word.
pub(crate) fn accepts(automaton: &DfaWrapper, word: &str) -> bool {
    let end = word.bytes().fold(automaton.start(), |state, byte| automaton.accept(&state, byte));
    automaton.is_match(&end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_what_begins_alike_or_is_spelt_alike() {
        let near = |word: &str, edits| WordPattern::Near(word.to_owned(), edits);
        for (pattern, word, expected) in [
            (WordPattern::Prefix("perm".to_owned()), "permission", true),
            (WordPattern::Prefix("perm".to_owned()), "perm", true),
            (WordPattern::Prefix("perm".to_owned()), "per", false),
            (near("permision", 1), "permission", true),
            (near("tyepscript", 1), "typescript", true),
            (near("kuberntes", 1), "kubernetes", true),
            (near("dependancy", 1), "dependencies", false),
            (near("recusion", 1), "précision", false),
        ] {
            let automaton = pattern.automaton().expect("a short word");
            assert_eq!(accepts(&automaton, word), expected, "{pattern:?} {word}");
        }
    }
}
