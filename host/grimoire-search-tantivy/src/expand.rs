//! Expands a typed query: known spellings, synonyms, completions and corrections.

use crate::dictionary::WordPattern;
use crate::rank::{Alternative, Clause, Corpus, Demand, Matcher, Query};
use crate::schema::Boosts;
use crate::tokenizer::{Word, term};
use crate::typed::{Item, Name, Typed};

/// Title, description, error type, pattern, solution, tags: people type their own name for an error.
const BOOSTS: Boosts = [5.0, 1.0, 3.0, 3.0, 1.0, 2.0];
/// The weights of alternatives, relative to the word as typed.
const PARTS_FACTOR: f64 = 0.8;
const SYNONYM_FACTOR: f64 = 0.8;
const CORRECTION_FACTOR: f64 = 0.8;
const COMPLETION_FACTOR: f64 = 0.5;
/// The weight of two adjacent words in addition to those of the words.
const PAIR_WEIGHT: f64 = 0.4;
/// Maximum number of completions of a word, the most frequent first.
const MAXIMUM_COMPLETIONS: usize = 32;
/// Maximum number of corrections of a word, the most frequent first.
const MAXIMUM_CORRECTIONS: usize = 4;
/// Minimum length of a word, in letters, for a correction by one edit, and by two.
const ONE_EDIT: usize = 4;
const TWO_EDITS: usize = 8;

/// Builds the query for a typed text over the spells of a corpus.
pub(crate) fn query<C: Corpus>(typed: &Typed, corpus: &C) -> Result<Query, C::Error> {
    let mut query =
        Query { clauses: Vec::new(), excluded: typed.excluded.clone(), boosts: BOOSTS, only_active: false };
    let needed = typed.items.iter().filter(|item| item.is_needed()).count();
    for item in &typed.items {
        let among_others = needed > usize::from(item.is_needed());
        match item {
            Item::Name(name) => add_name(&mut query, name, among_others, corpus)?,
            Item::Quoted(words) => add_quoted(&mut query, words, corpus)?,
        }
    }
    query.clauses.extend(typed.pairs.iter().map(|pair| Clause {
        alternatives: vec![plain(Matcher::Phrase(pair.clone()))],
        weight: PAIR_WEIGHT,
        demand: Demand::Optional,
    }));
    Ok(query)
}

/// Quoted words must be adjacent. A single word, or several that include an unknown one, is a user-specific
/// name, as messages quote them, and is optional.
fn add_quoted<C: Corpus>(query: &mut Query, words: &[Word], corpus: &C) -> Result<(), C::Error> {
    let terms: Vec<String> = words.iter().map(|word| term(&word.text)).collect();
    let mut known = Vec::new();
    for term in &terms {
        if corpus.frequency(term)? > 0 {
            known.push(term.clone());
        }
    }
    if known.len() == terms.len() {
        let demand = if terms.len() > 1 { Demand::Required } else { Demand::Optional };
        query.clauses.extend(Matcher::of(words).map(|matcher| clause(vec![plain(matcher)], demand)));
    } else {
        let clauses = known.into_iter().map(|term| clause(vec![exactly(vec![term])], Demand::Optional));
        query.clauses.extend(clauses);
    }
    Ok(())
}

/// Adds a name. An unknown name is replaced by its parts, which are optional if it is `among_others`: then it is a
/// user-specific path or identifier.
fn add_name<C: Corpus>(
    query: &mut Query,
    name: &Name,
    among_others: bool,
    corpus: &C,
) -> Result<(), C::Error> {
    let mut alternatives = Vec::new();
    let terms: Vec<String> = name.words.iter().map(|word| term(&word.text)).collect();
    let is_known = match &name.whole {
        Some(whole) => corpus.frequency(whole)? > 0,
        None => false,
    };
    match &name.whole {
        Some(whole) if is_known => alternatives.push(exactly(vec![whole.clone()])),
        // Words that form a name only together.
        None if !name.synonyms.is_empty() => alternatives.extend(Matcher::of(&name.words).map(plain)),
        _ => {}
    }
    if is_known && terms.len() > 1 {
        alternatives.push(Alternative { factor: PARTS_FACTOR, matcher: Matcher::All(terms.clone()) });
    }
    alternatives.extend(
        name.synonyms.iter().map(|synonym| Alternative { factor: SYNONYM_FACTOR, matcher: synonym.clone() }),
    );
    if let Some(prefix) = name.prefix() {
        let words = most_frequent(corpus, &WordPattern::Prefix(prefix))?;
        add_words(&mut alternatives, &words, MAXIMUM_COMPLETIONS, COMPLETION_FACTOR);
    }
    if alternatives.is_empty() && name.has_parts() {
        for mut part in name.parts() {
            part.optional |= among_others;
            add_name(query, &part, among_others, corpus)?;
        }
        return Ok(());
    }
    if alternatives.is_empty() {
        add_corrections(&mut alternatives, &name.text, corpus)?;
    }
    if !alternatives.is_empty() {
        let demand = if name.optional { Demand::Optional } else { Demand::Most };
        query.clauses.push(clause(alternatives, demand));
    }
    Ok(())
}

/// Adds corrections of a misspelt word: those with the fewest edits, and among them those with the same
/// first letter if there are any. Codes and numbers are not corrected.
fn add_corrections<C: Corpus>(
    alternatives: &mut Vec<Alternative>,
    word: &str,
    corpus: &C,
) -> Result<(), C::Error> {
    let letters = word.chars().count();
    if !word.chars().all(char::is_alphabetic) || letters < ONE_EDIT {
        return Ok(());
    }
    for edits in if letters < TWO_EDITS { 1..=1 } else { 1..=2 } {
        let mut words = most_frequent(corpus, &WordPattern::Near(word.to_owned(), edits))?;
        let begins_alike = |near: &String| near.chars().next() == word.chars().next();
        if words.iter().any(begins_alike) {
            words.retain(begins_alike);
        }
        if !words.is_empty() {
            add_words(alternatives, &words, MAXIMUM_CORRECTIONS, CORRECTION_FACTOR);
            return Ok(());
        }
    }
    Ok(())
}

/// The words that match a pattern, most frequent first.
fn most_frequent<C: Corpus>(corpus: &C, pattern: &WordPattern) -> Result<Vec<String>, C::Error> {
    let mut words: Vec<(String, u64)> = corpus.words(pattern)?.into_iter().collect();
    words.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    Ok(words.into_iter().map(|(word, _)| word).collect())
}

/// Adds the terms of the first `limit` words as one alternative, except those already present.
fn add_words(alternatives: &mut Vec<Alternative>, words: &[String], limit: usize, factor: f64) {
    let mut terms = Vec::new();
    for term in words.iter().take(limit).map(|word| term(word)) {
        let single = Matcher::All(vec![term.clone()]);
        if !terms.contains(&term) && alternatives.iter().all(|alternative| alternative.matcher != single) {
            terms.push(term);
        }
    }
    if !terms.is_empty() {
        alternatives.push(Alternative { factor, matcher: Matcher::Any(terms) });
    }
}

fn exactly(terms: Vec<String>) -> Alternative {
    plain(Matcher::All(terms))
}

fn plain(matcher: Matcher) -> Alternative {
    Alternative { factor: 1.0, matcher }
}

fn clause(alternatives: Vec<Alternative>, demand: Demand) -> Clause {
    Clause { alternatives, weight: 1.0, demand }
}
