//! The documented algorithm, and the promises of every matcher.

use grimoire_plugin_sdk::{Candidate, Diagnostic, Evidence, PatternEvidence, PatternHit, Spell, Verdict};
use matcher_keyword::{STOP_WORDS, score};
use proptest::prelude::*;

fn error(error_type: &str, message: &str) -> Diagnostic {
    Diagnostic { error_type: error_type.into(), message: message.into(), ..Diagnostic::default() }
}

fn candidate(error_type: &str, title: &str) -> Candidate {
    let spell = Spell { error_type: error_type.into(), title: title.into(), ..Spell::default() };
    Candidate { spell, ..Candidate::default() }
}

fn scores(verdicts: &[Verdict]) -> Vec<(u32, f64)> {
    verdicts.iter().map(|verdict| (verdict.candidate, verdict.score)).collect()
}

#[test]
fn the_score_is_the_share_of_keywords() {
    let candidates = [
        candidate("E0382", "Something else"),
        candidate("E0382", "Borrow of a MOVED value"),
        candidate("E0499", "borrow of moved value `name`"),
    ];
    // Keywords: borrow, moved, value, name. `of` is too short, case does not matter.
    let verdicts = score(&error("e0382", "borrow of moved value: `name`"), &candidates).unwrap();
    assert_eq!(scores(&verdicts), [(1, 0.75), (0, 0.0)]);
    assert_eq!(verdicts[0].reasons[0].detail, "3 of 4 keywords: borrow, moved, value");
    assert_eq!(verdicts[1].reasons[0].signal, "words-only");
}

#[test]
fn without_an_error_type_every_candidate_stays() {
    let candidates = [candidate("A", "linker"), candidate("B", "missing linker")];
    let verdicts = score(&error("", "linker missing"), &candidates).unwrap();
    assert_eq!(scores(&verdicts), [(1, 1.0), (0, 0.5)]);
}

#[test]
fn tags_pattern_and_description_count() {
    let mut spell = candidate("", "one").spell;
    spell.tags = vec!["two".into()];
    spell.error_pattern = "three".into();
    spell.description = "four".into();
    let candidates = [Candidate { spell, ..Candidate::default() }];
    let verdicts = score(&error("", "one two three four five"), &candidates).unwrap();
    assert_eq!(scores(&verdicts), [(0, 0.8)]);
}

#[test]
fn only_what_has_evidence_may_be_shown() {
    let hit = |text: &str, telling| Candidate {
        evidence: Evidence {
            pattern: PatternEvidence::Hit(PatternHit { text: text.into(), telling, in_message: true }),
            ..Evidence::default()
        },
        ..candidate("", "linker missing")
    };
    let candidates = [candidate("", "linker missing"), hit("linker", 6), hit("error", 0)];
    let verdicts = score(&error("", "linker missing"), &candidates).unwrap();
    assert_eq!(verdicts.iter().map(|verdict| verdict.shown).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(verdicts[0].reasons[1].signal, "words-only");
    assert_eq!(verdicts[2].reasons[1].signal, "weak-pattern");
}

#[test]
fn a_message_without_keywords_scores_nothing() {
    for message in ["", "is it of an", "the and for"] {
        let verdicts = score(&error("", message), &[candidate("", "the and for is it")]).unwrap();
        assert_eq!(scores(&verdicts), [(0, 0.0)]);
    }
}

#[test]
fn stop_words_can_be_searched() {
    assert!(STOP_WORDS.is_sorted());
}

#[test]
fn long_details_are_cut_inside_the_contract() {
    let message: String = (0..200).map(|at| format!("keyword{at}")).collect::<Vec<_>>().join(" ");
    let verdicts = score(&error("", &message), &[candidate("", &message)]).unwrap();
    let detail = &verdicts[0].reasons[0].detail;
    assert!(detail.len() <= 256 && detail.ends_with(" …"), "{detail}");
}

prop_compose! {
    fn any_candidate()(texts in prop::array::uniform4("[a-cé_ .]{0,12}"), kind in "[AB]?", keyword in any::<f64>()) -> Candidate {
        let [title, description, error_pattern, tag] = texts;
        let spell = Spell { title, description, error_pattern, error_type: kind, tags: vec![tag], ..Spell::default() };
        Candidate { spell, evidence: Evidence { keyword, ..Evidence::default() } }
    }
}

proptest! {
    // Property 10: the similarity score is a function of its input.
    #[test]
    fn property_10_the_score_is_a_function(message in "[a-cé_ .]{0,40}", kind in "[AB]?", candidates in prop::collection::vec(any_candidate(), 0..8)) {
        let error = error(&kind, &message);
        prop_assert_eq!(format!("{:?}", score(&error, &candidates)), format!("{:?}", score(&error.clone(), &candidates.clone())));
    }

    // Property 11: ranked spells are in descending score, each once, with finite scores in [0, 1].
    #[test]
    fn property_11_verdicts_descend(message in "[a-cé_ .]{0,40}", kind in "[AB]?", candidates in prop::collection::vec(any_candidate(), 0..8)) {
        let verdicts = score(&error(&kind, &message), &candidates).unwrap();
        prop_assert!(verdicts.is_sorted_by(|one, other| one.score >= other.score));
        prop_assert!(verdicts.iter().all(|verdict| (0.0..=1.0).contains(&verdict.score)));
        let mut indices: Vec<_> = verdicts.iter().map(|verdict| verdict.candidate as usize).collect();
        indices.sort_unstable();
        indices.dedup();
        prop_assert_eq!(indices.len(), verdicts.len());
        prop_assert!(indices.iter().all(|index| *index < candidates.len()));
    }
}
