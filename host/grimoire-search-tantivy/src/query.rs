//! What a diagnostic or a typed text asks for.

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::text::cut;

use crate::options::Options;
use crate::rank::{Query, Term};
use crate::tokenizer::{self, tokens, wholes};

/// How much of a context is looked at, in bytes: the beginning is what belongs to the message.
const MAXIMUM_CONTEXT: usize = 4_096;
/// How much of a typed query is looked at, in bytes.
const MAXIMUM_TYPED: usize = 4_096;
/// The most terms of a typed query that are searched.
const MAXIMUM_TYPED_TERMS: usize = 32;
/// The most words of a code or an error type that are searched however common they are.
const MAXIMUM_ALWAYS: usize = 8;

/// What a term is worth by where it stands in the diagnostic.
const CODE_WEIGHT: f64 = 2.0;
const ERROR_TYPE_WEIGHT: f64 = 1.5;
const MESSAGE_WEIGHT: f64 = 1.0;
const TOOL_WEIGHT: f64 = 0.5;
const CONTEXT_WEIGHT: f64 = 0.3;

/// The query for spells that may fit a diagnostic.
pub(crate) fn for_diagnostic(diagnostic: &Diagnostic, options: &Options) -> Query {
    let mut query = Query {
        maximum_terms: options.maximum_terms,
        maximum_occurrences: options.maximum_occurrences,
        only_active: true,
        ..Query::default()
    };
    let mut analyzer = tokenizer::analyzer();
    let code = diagnostic.code.as_deref().unwrap_or_default();
    for (text, weight) in [(code, CODE_WEIGHT), (&*diagnostic.error_type, ERROR_TYPE_WEIGHT)] {
        for whole in wholes(&mut analyzer, text).into_iter().take(MAXIMUM_ALWAYS) {
            add(&mut query, whole, weight, true);
        }
    }
    for (text, weight) in [
        (code, CODE_WEIGHT),
        (&*diagnostic.error_type, ERROR_TYPE_WEIGHT),
        (&*diagnostic.message, MESSAGE_WEIGHT),
        (&*diagnostic.tool, TOOL_WEIGHT),
        (cut(&diagnostic.context, MAXIMUM_CONTEXT), CONTEXT_WEIGHT),
    ] {
        for token in tokens(&mut analyzer, text) {
            add(&mut query, token, weight, false);
        }
    }
    query
}

/// The query for what a person typed. The last word may be unfinished.
pub(crate) fn for_text(text: &str, options: &Options) -> Query {
    let text = cut(text, MAXIMUM_TYPED);
    let mut query = Query {
        maximum_terms: MAXIMUM_TYPED_TERMS,
        maximum_occurrences: options.maximum_occurrences,
        prefix: tokenizer::unfinished_word(text),
        ..Query::default()
    };
    for token in tokens(&mut tokenizer::analyzer(), text) {
        add(&mut query, token, 1.0, false);
    }
    query
}

/// A term counts by the best of its places.
fn add(query: &mut Query, text: String, weight: f64, always: bool) {
    let term = query.terms.entry(text).or_insert(Term { weight, always });
    term.weight = term.weight.max(weight);
    term.always |= always;
}
