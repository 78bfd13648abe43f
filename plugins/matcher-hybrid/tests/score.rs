//! The promises of the default matcher: sensible order, calibrated scores, reasons, and results that
//! depend only on its arguments.

use grimoire_plugin_sdk::{
    Candidate, CodeEvidence, Confidence, Diagnostic, Evidence, Form, LanguageEvidence, PatternEvidence,
    PatternHit, Spell, Verdict,
};
use matcher_hybrid::{prepare, score, score_prepared};
use proptest::prelude::*;

fn spell(
    error_type: &str,
    title: &str,
    description: &str,
    pattern: &str,
    solution: &str,
    tags: &[&str],
) -> Spell {
    Spell {
        id: 1,
        title: title.into(),
        description: description.into(),
        error_type: error_type.into(),
        error_pattern: pattern.into(),
        covers_code: false,
        solution_code: solution.into(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        facts: Vec::new(),
    }
}

/// A pattern's match whose letters are all specific.
fn hit(text: &str) -> PatternEvidence {
    let telling = text.chars().filter(|c| c.is_alphanumeric()).count();
    PatternEvidence::Hit(PatternHit {
        text: text.into(),
        telling: u32::try_from(telling).expect("a short text"),
        in_message: true,
    })
}

fn untried(spell: Spell) -> Candidate {
    Candidate { spell, ..Candidate::default() }
}

fn moved() -> Diagnostic {
    Diagnostic {
        tool: "rustc".into(),
        error_type: "E0382".into(),
        code: Some("E0382".into()),
        message: "borrow of moved value: `config`".into(),
        context: "let config = load();\nstart(config);\nprintln!(\"{config:?}\");".into(),
        ..Diagnostic::default()
    }
}

/// The spells of a small book, for several languages.
fn book() -> Vec<Spell> {
    vec![
        spell(
            "E0382",
            "Use of a moved value",
            "A value was used after its ownership moved.",
            "(borrow|use) of moved value",
            "start(config.clone());",
            &["rust", "ownership"],
        ),
        spell(
            "E0499",
            "Two mutable borrows of one value",
            "A value is borrowed as mutable more than once.",
            "cannot borrow .* as mutable more than once",
            "{ let first = &mut value; }",
            &["rust"],
        ),
        spell(
            "ModuleNotFoundError",
            "Python cannot import a module",
            "The package is not installed in this environment.",
            "No module named '[^']+'",
            "pip install package",
            &["python"],
        ),
        spell(
            "TS2304",
            "TypeScript cannot find a name",
            "The identifier has no declaration in scope.",
            "Cannot find name '[^']+'",
            "npm install --save-dev @types/node",
            &["typescript"],
        ),
        spell(
            "ERESOLVE",
            "npm cannot resolve the dependency tree",
            "Peer dependencies conflict.",
            "unable to resolve dependency tree",
            "npm install --legacy-peer-deps",
            &["npm"],
        ),
        spell(
            "linker",
            "The linker is missing",
            "No C compiler is installed.",
            "linker `cc` not found",
            "apt-get install build-essential",
            &["rust", "c"],
        ),
    ]
}

fn verdicts(error: &Diagnostic, candidates: &[Candidate]) -> Vec<Verdict> {
    score(error, candidates).expect("any input has an answer")
}

#[test]
fn the_right_spell_is_shown_and_the_others_are_not() {
    let mut candidates: Vec<_> = book().into_iter().map(untried).collect();
    candidates[0].evidence.pattern = hit("borrow of moved value");
    let got = verdicts(&moved(), &candidates);
    assert!(got[0].shown && got[0].score >= 0.75, "{got:#?}");
    for other in &got[1..] {
        assert!(!other.shown && other.score < 0.125, "{other:#?}");
    }
    assert_eq!(got[0].reasons[0].signal, "code");
    assert_eq!(got[0].reasons[0].detail, "the spell is for E0382", "as the compiler writes it");
}

#[test]
fn a_code_alone_shows_only_what_covers_it() {
    let with = |code| {
        let evidence =
            Evidence { keyword: 1.0, pattern: PatternEvidence::Missed, code, ..Evidence::default() };
        Candidate { spell: book().remove(0), evidence }
    };
    let got = verdicts(&moved(), &[with(CodeEvidence::Partial), with(CodeEvidence::Covered)]);
    assert!(!got[0].shown && got[0].score < 0.5, "{got:#?}");
    assert!(got[1].shown && got[1].score > 0.5, "{got:#?}");
    assert_eq!(got[0].reasons.last().unwrap().signal, "broad-code");
}

#[test]
fn nothing_of_another_language_is_shown() {
    let mut candidate = untried(book().remove(0));
    candidate.evidence.pattern = hit("borrow of moved value");
    candidate.evidence.language = LanguageEvidence::Other;
    let got = verdicts(&moved(), &[candidate]);
    assert!(!got[0].shown && got[0].score < 0.5, "{got:#?}");
    assert_eq!(got[0].reasons.last().unwrap().signal, "other-language");
}

#[test]
fn a_guess_needs_a_find_that_tells_much() {
    let guess = Diagnostic { confidence: Confidence::Guess, ..moved() };
    let with = |pattern, code| Candidate {
        evidence: Evidence { pattern, code, ..Evidence::default() },
        ..untried(book().remove(0))
    };
    let missed = PatternEvidence::Missed;
    let candidates = [
        with(missed, CodeEvidence::Covered),
        with(hit("borrow"), CodeEvidence::None),
        with(hit("borrow of moved value"), CodeEvidence::None),
    ];
    let shown: Vec<bool> = verdicts(&guess, &candidates).iter().map(|verdict| verdict.shown).collect();
    assert_eq!(shown, [false, false, true]);
}

#[test]
fn one_fact_counts_once() {
    let named = || spell("E0382", "Use of a moved value", "", "E0382", "", &["rust"]);
    let mut twice = untried(named());
    twice.evidence.pattern = hit("E0382");
    twice.evidence.code = CodeEvidence::Covered;
    let mut once = untried(named());
    once.evidence.code = CodeEvidence::Covered;
    let got = verdicts(&moved(), &[once, twice]);
    assert_eq!(got[0].score.to_bits(), got[1].score.to_bits(), "{got:#?}");
    assert!(got[0].reasons.iter().all(|reason| reason.signal != "error-type"), "{got:#?}");
}

#[test]
fn a_plain_word_is_no_code() {
    let error = Diagnostic {
        code: Some("debug".into()),
        message: "planning 3 charts".into(),
        ..Diagnostic::default()
    };
    let candidate = untried(spell("E0277", "No Display or Debug", "", "doesn't implement", "", &["rust"]));
    let got = verdicts(&error, &[candidate]);
    assert!(got[0].score < 0.125 && got[0].reasons.iter().all(|reason| reason.signal != "code"), "{got:#?}");
}

#[test]
fn a_spell_for_another_code_of_the_family_is_put_back() {
    let error = moved();
    let title = "borrow of moved value";
    let candidates =
        [untried(spell("E0505", title, "", "", "", &[])), untried(spell("", title, "", "", "", &[]))];
    let got = verdicts(&error, &candidates);
    assert!(got[0].score < got[1].score, "{got:#?}");
    assert!(got[0].reasons.iter().any(|reason| reason.signal == "other-code" && reason.weight < 0.0));
}

#[test]
fn a_long_pattern_hit_alone_is_worth_showing_and_a_short_one_is_not() {
    let hit = |text: &str| Candidate {
        spell: spell("other", "Something", "", text, "", &[]),
        evidence: Evidence { pattern: hit(text), ..Evidence::default() },
    };
    let error = Diagnostic { message: "xyz".into(), ..Diagnostic::default() };
    let got = verdicts(&error, &[hit("expected struct, found enumeration here"), hit("err")]);
    assert!(got[0].shown && got[0].score >= 0.75 && !got[1].shown && got[1].score < 0.25, "{got:#?}");
    assert_eq!(got[0].reasons[0].signal, "pattern");
    assert!(got[0].reasons[0].detail.contains("expected struct"));
}

#[test]
fn words_alone_rank_and_never_show() {
    let error = Diagnostic { message: "unable to resolve dependency tree".into(), ..Diagnostic::default() };
    let candidates: Vec<_> = book().into_iter().map(untried).collect();
    let got = verdicts(&error, &candidates);
    let best = got.iter().max_by(|one, other| one.score.total_cmp(&other.score)).unwrap();
    assert_eq!(best.candidate, 4);
    assert!(best.score >= 0.15 && !best.shown, "{best:#?}");
    assert!(best.reasons.iter().any(|reason| reason.detail.contains("resolve")), "{best:#?}");
}

#[test]
fn more_evidence_never_lowers_a_score() {
    let plain = untried(book().remove(0));
    let mut recognised = plain.clone();
    recognised.evidence.pattern = hit("borrow of moved value");
    let mut found = recognised.clone();
    found.evidence.keyword = 1.0;
    let got = verdicts(&moved(), &[plain, recognised, found]);
    assert!(got[0].score < got[1].score && got[1].score < got[2].score && got[2].score < 1.0);
}

#[test]
fn reasons_add_up_to_the_score_strongest_first() {
    let candidates: Vec<_> = book().into_iter().map(untried).collect();
    for verdict in verdicts(&moved(), &candidates) {
        let sum: f64 = verdict.reasons.iter().map(|reason| reason.weight).sum();
        assert!((sum - verdict.score).abs() < 0.05 || verdict.score == 0.0, "{verdict:#?}");
        assert!(verdict.reasons.is_sorted_by(|one, other| one.weight.abs() >= other.weight.abs()));
    }
}

#[test]
fn numbers_and_names_of_the_user_do_not_decide() {
    let error = |message: &str| Diagnostic { message: message.into(), ..Diagnostic::default() };
    let candidates: Vec<_> = book().into_iter().map(untried).collect();
    let best = |message: &str| {
        let got = verdicts(&error(message), &candidates);
        got.iter().max_by(|one, other| one.score.total_cmp(&other.score)).unwrap().candidate
    };
    assert_eq!(best("No module named 'borrow_value'"), 2);
    assert_eq!(best("Cannot find name 'module17'"), 3);
}

prop_compose! {
    fn any_spell()(texts in prop::array::uniform5("[a-cA-C0-9é_`'\"\\\\(?: .\n-]{0,60}"), tags in prop::collection::vec("[a-c0-9E-]{0,6}", 0..3)) -> Spell {
        let [title, description, error_type, error_pattern, solution_code] = texts;
        Spell { id: 1, title, description, error_type, error_pattern, covers_code: false, solution_code, tags, facts: Vec::new() }
    }
}

fn any_pattern() -> impl Strategy<Value = PatternEvidence> {
    prop_oneof![
        Just(PatternEvidence::Untried),
        Just(PatternEvidence::Missed),
        ("[a-cé\n ]{0,40}", 0..60_u32, any::<bool>()).prop_map(|(text, telling, in_message)| {
            PatternEvidence::Hit(PatternHit { text, telling, in_message })
        }),
    ]
}

fn any_language() -> impl Strategy<Value = LanguageEvidence> {
    prop_oneof![Just(LanguageEvidence::Unknown), Just(LanguageEvidence::Same), Just(LanguageEvidence::Other)]
}

prop_compose! {
    fn any_candidate()(spell in any_spell(), pattern in any_pattern(), keyword in any::<f64>(), language in any_language()) -> Candidate {
        Candidate { spell, evidence: Evidence { keyword, pattern, language, ..Evidence::default() } }
    }
}

prop_compose! {
    fn any_error()(message in "[a-cA-C0-9é_`'\"\\[\\]: .\n-]{0,120}", context in "[a-cA-C0-9_ \n]{0,80}", error_type in "[A-Ea-e0-9.:]{0,8}", code in prop::option::of("[A-E]{0,2}[0-9]{0,4}")) -> Diagnostic {
        Diagnostic { tool: "tool".into(), message, context, error_type, code, ..Diagnostic::default() }
    }
}

/// The verdicts with scores as bits, so that equal means equal to the last bit.
fn bits(verdicts: &[Verdict]) -> Vec<(u32, u64, String)> {
    verdicts
        .iter()
        .map(|verdict| (verdict.candidate, verdict.score.to_bits(), format!("{:?}", verdict.reasons)))
        .collect()
}

proptest! {
    // Property 10: the similarity score is a function of its input.
    #[test]
    fn property_10_the_score_is_a_function(error in any_error(), candidates in prop::collection::vec(any_candidate(), 0..6)) {
        let again = std::thread::scope(|scope| scope.spawn(|| verdicts(&error.clone(), &candidates.clone())).join().unwrap());
        prop_assert_eq!(bits(&verdicts(&error, &candidates)), bits(&again));
    }

    // A prepared spell is judged like the written one, whichever of the others are prepared.
    #[test]
    fn preparation_changes_no_verdict(error in any_error(), candidates in prop::collection::vec((any_candidate(), any::<bool>()), 0..6)) {
        let (written, forms): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .map(|(candidate, is_prepared)| {
                let Candidate { spell, evidence } = candidate.clone();
                let spell = if is_prepared { Form::Prepared(prepare(&spell)) } else { Form::Written(spell) };
                (candidate, Candidate { spell, evidence })
            })
            .unzip();
        let got = score_prepared(&error, &forms).expect("any input has an answer");
        prop_assert_eq!(bits(&got), bits(&verdicts(&error, &written)));
    }

    // Property 11: verdicts can be ordered by score: finite, in [0, 1], each candidate once, within the contract.
    #[test]
    fn property_11_verdicts_can_be_ordered(error in any_error(), candidates in prop::collection::vec(any_candidate(), 0..6)) {
        let got = verdicts(&error, &candidates);
        for (index, verdict) in got.iter().enumerate() {
            prop_assert_eq!(verdict.candidate as usize, index);
            prop_assert!((0.0..=1.0).contains(&verdict.score));
            prop_assert!(verdict.reasons.len() <= 16);
            for reason in &verdict.reasons {
                prop_assert!((-1.0..=1.0).contains(&reason.weight));
                prop_assert!(reason.detail.len() <= 256 && !reason.detail.contains('\n'), "{:?}", reason);
                prop_assert!(reason.signal.len() <= 32 && reason.signal.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
            }
        }
        prop_assert_eq!(got.len(), candidates.len());
    }
}
