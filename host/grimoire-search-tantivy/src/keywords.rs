//! The terms of a diagnostic, and the choice of those that are searched.

use std::collections::BTreeMap;

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::text::{composed, cut};

use crate::options::Options;
use crate::rank::{Alternative, Clause, Corpus, Demand, Matcher, Query, rarity};
use crate::schema::Boosts;
use crate::tokenizer::{self, tokens, wholes};

/// How many bytes of a context are used: its beginning belongs to the message.
const MAXIMUM_CONTEXT: usize = 4_096;
/// Maximum number of words of a code or an error type that are searched even if they are common.
const MAXIMUM_ALWAYS: usize = 8;
/// Minimum number of terms that are searched, if a diagnostic has that many.
const MINIMUM_TERMS: usize = 4;

/// The weight of a term by its position in the diagnostic.
const CODE_WEIGHT: f64 = 2.0;
const ERROR_TYPE_WEIGHT: f64 = 1.5;
const MESSAGE_WEIGHT: f64 = 1.0;
const TOOL_WEIGHT: f64 = 0.5;
const CONTEXT_WEIGHT: f64 = 0.3;

/// Title, description, error type, pattern, solution, tags.
const BOOSTS: Boosts = [3.0, 1.0, 3.0, 3.0, 1.0, 2.0];

/// The distinct terms of a diagnostic.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Keywords {
    terms: BTreeMap<String, Keyword>,
    maximum_terms: usize,
    maximum_occurrences: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Keyword {
    weight: f64,
    /// True if the term is searched even if it is common.
    always: bool,
}

impl Keywords {
    pub(crate) fn of(diagnostic: &Diagnostic, options: &Options) -> Self {
        let mut keywords = Self {
            terms: BTreeMap::new(),
            maximum_terms: options.maximum_terms,
            maximum_occurrences: options.maximum_occurrences,
        };
        let mut analyzer = tokenizer::analyzer();
        let code = diagnostic.code.as_deref().unwrap_or_default();
        for (text, weight) in [(code, CODE_WEIGHT), (&*diagnostic.error_type, ERROR_TYPE_WEIGHT)] {
            for whole in wholes(&composed(text)).take(MAXIMUM_ALWAYS) {
                keywords.add(whole, weight, true);
            }
        }
        for (text, weight) in [
            (code, CODE_WEIGHT),
            (&*diagnostic.error_type, ERROR_TYPE_WEIGHT),
            (&*diagnostic.message, MESSAGE_WEIGHT),
            (&*diagnostic.tool, TOOL_WEIGHT),
            (cut(&diagnostic.context, MAXIMUM_CONTEXT), CONTEXT_WEIGHT),
        ] {
            for token in tokens(&mut analyzer, &composed(text)) {
                keywords.add(token, weight, false);
            }
        }
        keywords
    }

    /// Adds a term; its best position counts.
    fn add(&mut self, text: String, weight: f64, always: bool) {
        let term = self.terms.entry(text).or_insert(Keyword { weight, always });
        term.weight = term.weight.max(weight);
        term.always |= always;
    }

    pub(crate) fn terms(&self) -> impl Iterator<Item = &str> {
        self.terms.keys().map(String::as_str)
    }

    /// Builds the query for the chosen terms, in their order: first the terms that are always searched, then
    /// the most specific others that the budget allows.
    pub(crate) fn query<C: Corpus>(&self, corpus: &C) -> Result<Query, C::Error> {
        let mut chosen = Vec::new();
        let mut others = Vec::new();
        for (text, term) in &self.terms {
            let frequency = corpus.frequency(text)?;
            if frequency > 0 {
                let list = if term.always { &mut chosen } else { &mut others };
                list.push((text.as_str(), term.weight, frequency));
            }
        }
        // The most specific first: a common word of the message before a rare one of the context.
        let documents = corpus.documents();
        let tells = |(_, weight, frequency): &(&str, f64, u64)| weight * rarity(documents, *frequency);
        others.sort_by(|left, right| tells(right).total_cmp(&tells(left)).then_with(|| left.0.cmp(right.0)));
        let mut searched = 0;
        let mut occurrences = 0;
        for term in others {
            let affordable = searched < MINIMUM_TERMS || occurrences + term.2 <= self.maximum_occurrences;
            if searched < self.maximum_terms && affordable {
                searched += 1;
                occurrences += term.2;
                chosen.push(term);
            }
        }
        chosen.sort_by(|left, right| left.0.cmp(right.0));
        let clauses = chosen.into_iter().map(|(text, weight, _)| Clause {
            alternatives: vec![Alternative { factor: 1.0, matcher: Matcher::All(vec![text.to_owned()]) }],
            weight,
            demand: Demand::Optional,
        });
        Ok(Query { clauses: clauses.collect(), excluded: Vec::new(), boosts: BOOSTS, only_active: true })
    }
}
