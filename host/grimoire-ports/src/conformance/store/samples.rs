//! Sample values for tests of stores.

use std::collections::BTreeMap;
use std::time::Duration;

use grimoire_domain::Timestamp;
use grimoire_domain::delivery::{Delivery, DeliveryFacts, DeliveryId, Verdict};
use grimoire_domain::diagnostic::{
    Confidence, Diagnostic, Frame, Kind, Location, Position, Role, Severity, Span,
};
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::job::{JobId, NewJob};
use grimoire_domain::ranking::{RankedSpell, Reason};
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_domain::review::{
    DiagnosedError, Diagnosis, PluginIdentity, PluginProblem, PostedComment, Review, ReviewKey, RouteTaken,
};
use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{Samples, SpellFields, SpellId, SpellSource, SpellStatus, ValidSpell};
use proptest::prelude::*;
use serde_json::json;

use crate::store::Stamp;

/// The time `seconds` after a fixed start.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::constant(1_767_225_600, 123_456_789) + Duration::from_secs(seconds)
}

/// A stamp with the time `at(seconds)`.
pub fn stamp(seconds: u64) -> Stamp {
    Stamp { by: format!("author-{seconds}"), at: at(seconds) }
}

/// Fields of a spell, for tests to change.
pub fn fields(title: &str) -> SpellFields {
    SpellFields {
        key: None,
        title: title.to_owned(),
        description: format!("why {title} happens"),
        error_type: "TypeError".to_owned(),
        error_pattern: "text:TypeError".to_owned(),
        covers_code: false,
        solution_code: "do the right thing".to_owned(),
        tags: ["python", "types"].map(str::to_owned).into(),
        status: SpellStatus::Active,
        source: SpellSource::Human,
        auto_generated: false,
        confidence: None,
        samples: Samples::default(),
        scope: Scope::Global,
    }
}

/// A spell with a title.
pub fn spell(title: &str) -> ValidSpell {
    fields(title).validate().expect("the sample is valid")
}

/// A spell with a title and a key.
pub fn keyed(key: &str, title: &str) -> ValidSpell {
    SpellFields { key: Some(key.to_owned()), ..fields(title) }.validate().expect("the sample is valid")
}

/// A job without a lane.
pub fn job(kind: &str) -> NewJob {
    NewJob { kind: kind.to_owned(), lane: None, version: None, payload: json!({ "for": kind }) }
}

/// A job of a lane, without a version.
pub fn lane_job(lane: &str) -> NewJob {
    NewJob { lane: Some(lane.to_owned()), ..job("work") }
}

/// A job of a lane with a version.
pub fn versioned(lane: &str, version: &str) -> NewJob {
    NewJob { version: Some(version.to_owned()), ..lane_job(lane) }
}

/// A job that publishes a review.
pub fn publisher(key: &ReviewKey) -> NewJob {
    NewJob { kind: "publish".to_owned(), ..versioned(&key.pull_request.to_string(), key.head_sha.as_str()) }
}

/// A delivery.
pub fn delivery(id: &str, seconds: u64) -> Delivery {
    let facts = DeliveryFacts {
        id: DeliveryId::parse(id).expect("the sample is valid"),
        event: "pull_request".to_owned(),
        action: Some("opened".to_owned()),
        repository: Some(repository("octo/tools")),
        headers: BTreeMap::new(),
        verdict: Verdict::Accepted,
        received_at: at(seconds),
        decided_in: None,
        redelivered_at: None,
        job: None,
    };
    Delivery { facts, payload: format!("{{\"delivery\":\"{id}\"}}").into_bytes() }
}

/// A repository.
pub fn repository(name: &str) -> RepositoryName {
    RepositoryName::parse(name).expect("the sample is valid")
}

/// The key of a review whose commit SHA repeats one digit.
pub fn review_key(name: &str, number: u64, digit: char) -> ReviewKey {
    let pull_request = PullRequestId { repository: repository(name), number };
    let sha = digit.to_string().repeat(40);
    ReviewKey { pull_request, head_sha: CommitSha::parse(&sha).expect("the sample is valid") }
}

/// Each severity, kind, role and confidence at least once.
fn kinds() -> [(Severity, Kind, Role, Confidence); 12] {
    use {Confidence as C, Kind as K, Role as R, Severity as S};
    [
        (S::Hint, K::Unknown, R::Warning, C::Certain),
        (S::Info, K::Compile, R::Warning, C::Likely),
        (S::Warning, K::Lint, R::Warning, C::Guess),
        (S::Error, K::Test, R::Root, C::Certain),
        (S::Fatal, K::Crash, R::Consequence, C::Likely),
        (S::Error, K::Dependency, R::Summary, C::Guess),
        (S::Error, K::Network, R::Root, C::Certain),
        (S::Error, K::Permission, R::Root, C::Certain),
        (S::Error, K::Resource, R::Root, C::Certain),
        (S::Error, K::Timeout, R::Root, C::Certain),
        (S::Error, K::Infrastructure, R::Root, C::Certain),
        (S::Error, K::Configuration, R::Root, C::Certain),
    ]
}

/// A review that uses every field.
pub fn review(key: ReviewKey, seconds: u64) -> Review {
    let place = Position { line: 3, column: Some(7) };
    let location = Location {
        path: "src/näme.rs".to_owned(),
        start: Some(place),
        end: Some(Position { line: 4, column: None }),
    };
    let errors =
        kinds().into_iter().enumerate().map(|(index, (severity, kind, role, confidence))| DiagnosedError {
            artifact: "diff".to_owned(),
            diagnostic: Diagnostic {
                tool: "rustc".to_owned(),
                error_type: "E0308".to_owned(),
                code: (index > 0).then(|| "E0308".to_owned()),
                message: "mismatched types: \"a\" \u{0} 🦀".to_owned(),
                severity,
                kind,
                role,
                confidence,
                test: (kind == Kind::Test).then(|| "näme::works \"twice\"".to_owned()),
                location: Some(location.clone()),
                stack_trace: vec![Frame {
                    function: Some("main".to_owned()),
                    location: None,
                    text: "at main".to_owned(),
                }],
                context: "let x: u8 = \"\";".to_owned(),
                span: Span { start: 10, end: u64::MAX },
                facts: vec![("test.suite".to_owned(), "näme \"x\"".to_owned())],
            },
            count: 2,
            spells: vec![RankedSpell {
                id: SpellId(9),
                title: "Convert the value".to_owned(),
                error_type: "E0308".to_owned(),
                description: "types differ".to_owned(),
                solution_code: "x.into()".to_owned(),
                revision: 4,
                // Values that need all of their decimal digits.
                score: 0.1 + 0.2,
                hint: false,
                reasons: vec![Reason {
                    signal: "code".to_owned(),
                    weight: -1.0 / 3.0,
                    detail: "E0308".to_owned(),
                }],
            }],
        });
    Review {
        key,
        job: JobId(1),
        diagnosis: Diagnosis {
            errors: errors.collect(),
            problems: vec![PluginProblem {
                plugin: "analyzer-x".to_owned(),
                reason: FailureReason::Trap,
                detail: "unreachable".to_owned(),
            }],
            degraded: true,
            generation: 3,
            plugins: vec![PluginIdentity { name: "matcher-x".to_owned(), digest: "ab".repeat(32) }],
            routes: vec![RouteTaken {
                route: "plugins.matcher_routes 1".to_owned(),
                because: "an error of cargo".to_owned(),
                plugins: vec!["matcher-x".to_owned()],
            }],
            sequence: 17,
            gaps: vec!["a log had expired".to_owned()],
            pages: [("build".to_owned(), "https://github.com/octo/tools/actions/runs/1/job/2".to_owned())]
                .into(),
            green: false,
        },
        comment: Some(PostedComment { id: 5, url: Some("https://github.com/octo/tools/pull/1".to_owned()) }),
        created_at: at(seconds),
        updated_at: at(seconds),
    }
}

/// Any valid spell, with awkward text in every field.
pub fn any_spell() -> impl Strategy<Value = ValidSpell> {
    let status = prop_oneof![Just(SpellStatus::Draft), Just(SpellStatus::Active), Just(SpellStatus::Retired)];
    let source = prop_oneof![
        Just(SpellSource::Human),
        Just(SpellSource::Generated),
        Just(SpellSource::Mined),
        Just(SpellSource::Imported)
    ];
    let texts = (any_text(255), any_text(2_000), any_text(100), "[a-z(){}.*+\\[\\]]{3,40}", any_text(2_000));
    let tags = prop::collection::btree_set("[a-zA-Z0-9ßÄ#+-]{1,12}", 0..6);
    let scope = prop_oneof![
        Just(Scope::Global),
        Just(Scope::Owner("octo".to_owned())),
        Just(Scope::Repository(repository("octo/tools"))),
    ];
    let rest = (status, source, any::<(bool, bool)>(), prop::option::of(0.0..=1.0), any_text(80), scope);
    (texts, tags, rest).prop_map(|(texts, tags, rest)| {
        let (title, description, error_type, pattern, solution_code) = texts;
        let (status, source, (covers_code, auto_generated), confidence, sample, scope) = rest;
        let samples = Samples {
            must_match: vec![format!("{sample}{pattern}{sample}")],
            must_not_match: vec![String::new()],
        };
        let fields = SpellFields {
            key: None,
            title,
            description,
            error_type,
            error_pattern: format!("text:{pattern}"),
            covers_code,
            solution_code,
            tags,
            status,
            source,
            auto_generated,
            confidence,
            samples,
            scope,
        };
        fields.validate().expect("the strategy makes valid spells")
    })
}

/// Text of at most `limit` characters that is not blank.
fn any_text(limit: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..limit.min(60)).prop_map(|characters| {
        let mut text: String = characters.into_iter().collect();
        text.insert(0, 'x');
        text
    })
}
