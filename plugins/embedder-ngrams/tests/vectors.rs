//! What the vectors tell, and the promises of every embedder.

use embedder_ngrams::{COMMON, DIMENSION, embed, vector};
use grimoire_plugin_sdk::Subject;
use proptest::prelude::*;

fn similarity(left: &str, right: &str) -> f32 {
    vector(left).iter().zip(vector(right)).map(|(left, right)| left * right).sum()
}

#[test]
fn texts_are_more_similar_the_more_they_share() {
    let error = "cannot find module 'left-pad'";
    let [same, alike, other] = [
        "Cannot find module \"left-pad\"",
        "a module that cannot be found: leftPad",
        "linker `cc` returned exit status 1",
    ]
    .map(|text| similarity(error, text));
    assert!(same > 0.95 && same > alike && alike > 0.4 && alike > other + 0.2, "{same} {alike} {other}");
}

#[test]
fn forms_of_a_word_are_similar_where_no_word_is_shared() {
    let forms = similarity("zorbulating the frimpelwerk", "zorbulated frimpels");
    let strangers = similarity("zorbulating the frimpelwerk", "expected a semicolon");
    assert!(forms > 0.3 && strangers < 0.15, "{forms} {strangers}");
}

#[test]
fn names_are_read_as_their_words() {
    for (one, other) in
        [("useState", "use_state"), ("HTTPServer", "http server"), ("no-unused-vars", "noUnusedVars")]
    {
        assert!(similarity(one, other) > 0.99, "{one} {other}");
    }
}

#[test]
fn common_words_say_less() {
    let both = similarity("error: the borrow checker", "error: the kettle");
    let rare = similarity("borrow checker", "borrow kettle");
    assert!(both < rare, "{both} {rare}");
    assert!(COMMON.is_sorted(), "the list is searched by halving");
}

#[test]
fn a_text_without_words_is_similar_to_nothing() {
    for text in ["", " \n", "?!… 🦀", &"x".repeat(200)] {
        assert_eq!(vector(text), vec![0.0; DIMENSION], "{text}");
    }
}

proptest! {
    #[test]
    fn every_text_has_a_valid_vector_that_depends_on_nothing_else(texts in proptest::collection::vec(".{0,200}", 0..5)) {
        let together = embed(Subject::Spell, &texts).expect("never fails");
        prop_assert_eq!(together.len(), texts.len());
        for (text, vector) in texts.iter().zip(together) {
            prop_assert_eq!(&vector, &embedder_ngrams::vector(text));
            prop_assert_eq!(&vector, &embed(Subject::Error, std::slice::from_ref(text)).expect("never fails")[0]);
            prop_assert_eq!(vector.len(), DIMENSION);
            let length: f32 = vector.iter().map(|component| component * component).sum::<f32>().sqrt();
            prop_assert!(length == 0.0 || (length - 1.0).abs() < 1e-3, "{}", length);
        }
    }
}
