//! Synthetic spells, queries and webhooks, the same in every run.

use std::sync::Arc;

use anyhow::Context as _;
use grimoire_domain::Timestamp;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::error_report::ErrorReport;
use grimoire_domain::pattern::specificity;
use grimoire_domain::ranking::{self, PatternEvidence, PatternHit};
use grimoire_domain::spell::{Outcomes, Spell, SpellFields, SpellId, ValidSpell, join_tags};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use super::random::Random;

/// The secret of webhook signatures.
pub(super) const SECRET: &str = "the secret of the benchmark's webhooks";
/// Number of distinct queries.
pub(super) const QUERIES: usize = 200;

const ERROR_TYPES: [&str; 20] = [
    "E0308",
    "E0382",
    "E0499",
    "E0502",
    "E0277",
    "TypeError",
    "ValueError",
    "KeyError",
    "ImportError",
    "AttributeError",
    "AssertionError",
    "TS2322",
    "TS2345",
    "TS2339",
    "ReferenceError",
    "SyntaxError",
    "NullPointerException",
    "CS0246",
    "LNK2019",
    "undefined-reference",
];

/// The spell with this number: about 1.5 KB of text, and its own pattern.
pub(super) fn spell(number: usize) -> SpellFields {
    let mut random = Random::new(number as u64);
    let words: Vec<String> = (0..6).map(|_| random.word()).collect();
    let solution: Vec<String> = (0..16)
        .map(|_| format!("    {} = {}({});", random.identifier(), random.word(), random.identifier()))
        .collect();
    SpellFields {
        key: Some(format!("bench-{number}")),
        title: format!("{} {}", words.join(" "), random.identifier()),
        description: random.words(100),
        error_type: (*random.pick(&ERROR_TYPES)).to_owned(),
        // Like those of the starter spells; a bounded repetition would cost far more to compile.
        error_pattern: format!("{} {} .+{}", words[0], words[1], words[3]),
        solution_code: solution.join("\n"),
        tags: [random.word(), random.word()].into(),
        ..SpellFields::default()
    }
}

/// The spell with this number, validated.
pub(super) fn valid_spell(number: usize) -> anyhow::Result<ValidSpell> {
    spell(number).validate().with_context(|| format!("spell {number}"))
}

/// The query with this number, of about 600 bytes: it is about one of `spells` spells, in other words.
pub(super) fn query(number: usize, spells: usize) -> ErrorReport {
    let mut random = Random::new((1 << 40) | number as u64);
    let about = spell(random.below(spells));
    ErrorReport {
        error_type: about.error_type,
        message: format!("{} `{}` {}", about.title, random.identifier(), random.words(4)),
        context: random.words(60),
        stack_trace: String::new(),
    }
}

/// The query with this number, as a diagnostic.
pub(super) fn diagnostic(number: usize, spells: usize) -> anyhow::Result<Diagnostic> {
    query(number, spells).into_diagnostic().with_context(|| format!("query {number}"))
}

/// Candidates found by keyword, some of them also by their pattern.
pub(super) fn candidates(count: usize) -> anyhow::Result<Vec<ranking::Candidate>> {
    (0..count)
        .map(|number| {
            let fields = valid_spell(number)?;
            let pattern = match number % 16 {
                0 => PatternEvidence::Hit(PatternHit {
                    text: fields.title.clone(),
                    telling: specificity(&fields.title),
                    in_message: true,
                    place: 0..fields.title.len(),
                }),
                _ => PatternEvidence::Missed,
            };
            let spell = Spell {
                id: SpellId(number as u64 + 1),
                fields,
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: None,
                revision: 1,
            };
            let keyword = 1.0 / (number as f64 + 1.0);
            let evidence = ranking::Evidence { keyword, pattern, ..ranking::Evidence::default() };
            Ok(ranking::Candidate { spell: Arc::new(spell), evidence, outcomes: Outcomes::default() })
        })
        .collect()
}

/// The body of `POST /api/spells`.
pub(super) fn spell_body(number: usize) -> Vec<u8> {
    let fields = spell(number);
    let body = json!({
        "title": fields.title,
        "description": fields.description,
        "error_type": fields.error_type,
        "error_pattern": fields.error_pattern,
        "solution_code": fields.solution_code,
        "tags": join_tags(&fields.tags),
    });
    body.to_string().into_bytes()
}

/// Payloads of the event `pull_request`, each about a separate pull request.
#[derive(Debug)]
pub(super) struct Webhooks {
    template: String,
    next: usize,
}

/// One webhook.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    /// The number of its pull request, from which the delivery id is derived.
    pub(super) number: usize,
    /// The payload, of about 9 KB.
    pub(super) body: Vec<u8>,
}

impl Webhooks {
    pub(super) fn new() -> Self {
        let mut random = Random::new(7);
        let links: serde_json::Map<String, serde_json::Value> = (0..30)
            .map(|_| {
                let name = random.identifier();
                let url = format!("https://api.example.org/repos/octo/app/{name}{{/sha}}");
                (format!("{name}_url"), url.into())
            })
            .collect();
        let user =
            json!({ "login": "alice", "id": 4242, "type": "User", "html_url": "https://example.org/alice" });
        let mut repository = json!({
            "id": 700_100, "name": "app", "full_name": "octo/app", "private": false, "fork": false,
            "owner": { "login": "octo", "id": 7001, "type": "Organization" }, "default_branch": "main",
        });
        let all = repository.as_object_mut().expect("an object");
        all.extend(links);
        let payload = json!({
            "action": "synchronize",
            "number": "@NUMBER@",
            "pull_request": {
                "id": 9_001, "number": "@NUMBER@", "state": "open", "locked": false, "draft": false,
                "title": random.words(8), "user": user, "body": random.words(365),
                "created_at": "2026-01-09T23:10:00Z", "updated_at": "2026-01-09T23:12:00Z",
                "head": { "label": "octo:greet", "ref": "greet", "sha": "@SHA@", "user": user, "repo": repository },
                "base": { "label": "octo:main", "ref": "main", "sha": "ba5eba5eba5eba5eba5eba5eba5eba5eba5eba5e",
                          "user": user, "repo": repository },
                "commits": 3, "additions": 120, "deletions": 17, "changed_files": 4,
            },
            "repository": { "id": 700_100, "name": "app", "full_name": "octo/app",
                            "owner": { "login": "octo", "id": 7001, "type": "Organization" } },
            "sender": user,
        });
        Self { template: payload.to_string(), next: 1 }
    }

    /// The next `count` webhooks, which were never sent before.
    pub(super) fn take(&mut self, count: usize) -> Vec<Webhook> {
        let first = self.next;
        self.next += count;
        (first..self.next)
            .map(|number| {
                let body = self.template.replace("\"@NUMBER@\"", &number.to_string());
                let body = body.replace("@SHA@", &format!("{number:040x}")).into_bytes();
                Webhook { number, body }
            })
            .collect()
    }
}

impl Webhook {
    /// Its delivery id.
    pub(super) fn delivery(&self) -> String {
        format!("00000000-0000-4000-8000-{:012x}", self.number)
    }

    /// The value of `X-Hub-Signature-256`.
    pub(super) fn signature(&self) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length is a key");
        mac.update(&self.body);
        format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    }
}
