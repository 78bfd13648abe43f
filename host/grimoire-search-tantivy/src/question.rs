//! A typed query, before its terms are looked up in the spellbook.

use std::collections::BTreeSet;

use grimoire_domain::diagnostic::Diagnostic;

use crate::expand;
use crate::keywords::Keywords;
use crate::options::Options;
use crate::rank::{Corpus, Phrase, Query};
use crate::typed::Typed;

/// A search request; the terms that answer it depend on the spells.
#[derive(Debug, Clone)]
pub(crate) enum Question {
    /// Find spells that may fit a diagnostic.
    Diagnostic(Keywords),
    /// Find spells that match a typed query.
    Typed(Typed),
}

impl Question {
    pub(crate) fn of_diagnostic(diagnostic: &Diagnostic, options: &Options) -> Self {
        Self::Diagnostic(Keywords::of(diagnostic, options))
    }

    pub(crate) fn of_text(text: &str) -> Self {
        Self::Typed(Typed::of(text))
    }

    /// Builds the query for the spells of a corpus.
    pub(crate) fn query<C: Corpus>(&self, corpus: &C) -> Result<Query, C::Error> {
        match self {
            Self::Diagnostic(keywords) => keywords.query(corpus),
            Self::Typed(typed) => expand::query(typed, corpus),
        }
    }

    /// The terms that are known without the spells: those that [`Question::query`] looks up in a corpus.
    pub(crate) fn terms(&self) -> BTreeSet<String> {
        match self {
            Self::Diagnostic(keywords) => keywords.terms().map(str::to_owned).collect(),
            Self::Typed(typed) => typed.terms().collect(),
        }
    }

    /// The phrases that the query may contain.
    pub(crate) fn phrases(&self) -> BTreeSet<Phrase> {
        match self {
            Self::Diagnostic(_) => BTreeSet::new(),
            Self::Typed(typed) => typed.phrases().collect(),
        }
    }

    /// Returns true if the query may contain words of the dictionary.
    pub(crate) fn needs_dictionary(&self) -> bool {
        matches!(self, Self::Typed(_))
    }
}
