//! The passage of a spell that matches a search best.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use grimoire_domain::spell::Spell;
use grimoire_ports::search::{Excerpt, Passage, SearchedTerms};
use tantivy::schema::Field;
use tantivy::snippet::SnippetGenerator;

use crate::rank::{Matcher, Query};
use crate::schema::TEXT_FIELDS;
use crate::tokenizer;
use crate::typed::is_stop_word;

/// Maximum length of a passage in bytes.
const MAXIMUM_LENGTH: usize = 200;
/// The order of preference for fields that match equally well: explanations before texts shown anyway.
const PREFERENCE: [&str; TEXT_FIELDS.len()] =
    ["description", "solution_code", "error_pattern", "title", "error_type", "tags"];

/// The terms to mark in a found spell: those of the query, without the stop words of phrases.
pub(crate) fn marked_terms(query: &Query) -> SearchedTerms {
    let terms = query.matchers().flat_map(|matcher| {
        let mut terms = matcher.terms();
        if matches!(matcher, Matcher::Phrase(_)) {
            terms.retain(|term| !is_stop_word(term));
        }
        terms
    });
    terms.map(str::to_owned).collect()
}

/// The passage; `None` if the spell contains none of the terms.
pub(crate) fn excerpt(spell: &Spell, terms: &SearchedTerms) -> Option<Excerpt> {
    let scores: BTreeMap<String, f32> = terms.iter().map(|term| (term.clone(), 1.0)).collect();
    // The field only matters for indexed documents.
    let generator =
        SnippetGenerator::new(scores, tokenizer::analyzer(), Field::from_field_id(0), MAXIMUM_LENGTH);
    let mut best: Option<(usize, Excerpt)> = None;
    for name in PREFERENCE {
        let Some(field) = TEXT_FIELDS.iter().find(|field| field.name == name) else { continue };
        let text = field.of(spell);
        let snippet = generator.snippet(&text);
        if snippet.is_empty() {
            continue;
        }
        let start = snippet.fragment_range().start;
        let marks = joined(snippet.highlighted().iter().map(|mark| start + mark.start..start + mark.end));
        let said: BTreeSet<String> = marks.iter().map(|mark| text[mark.clone()].to_lowercase()).collect();
        if best.as_ref().is_none_or(|(most, _)| said.len() > *most) {
            // A marked compound may end after the last of its parts that is a term.
            let end = marks.last().map_or(0, |mark| mark.end).max(snippet.fragment_range().end);
            best = Some((said.len(), Excerpt { field: name, passages: passages(&text, start..end, &marks) }));
        }
    }
    best.map(|(_, excerpt)| excerpt)
}

/// Sorts ranges and merges overlapping ones.
fn joined(ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = ranges.collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// Splits a part of a text at its marks.
fn passages(text: &str, part: Range<usize>, marks: &[Range<usize>]) -> Vec<Passage> {
    let mut passages = Vec::new();
    let mut push = |range: Range<usize>, marked| {
        if !range.is_empty() {
            passages.push(Passage { text: text[range].to_owned(), marked });
        }
    };
    let mut at = part.start;
    for mark in marks {
        push(at..mark.start, false);
        push(mark.clone(), true);
        at = mark.end;
    }
    push(at..part.end, false);
    passages
}
