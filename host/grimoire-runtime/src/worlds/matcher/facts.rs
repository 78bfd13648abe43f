//! The host's facts about a candidate. `wit/README.md` lists them: a new one needs no new version. What is usual is
//! left out, because every fact costs a matcher two strings.

use grimoire_domain::ranking::{Candidate, LanguageEvidence, is_hint};
use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{SpellSource, SpellStatus};
use grimoire_domain::text;

use crate::validate::bounds;

type Fact = (&'static str, String);

/// The facts about one candidate.
pub(crate) struct Facts {
    spell: Vec<Fact>,
    evidence: Vec<Fact>,
}

/// The same, as they are passed to a plugin.
pub(crate) struct Lent<'a> {
    pub(crate) spell: Vec<(&'a str, &'a str)>,
    pub(crate) evidence: Vec<(&'a str, &'a str)>,
}

impl Facts {
    pub(crate) fn of(candidate: &Candidate) -> Self {
        Self { spell: of_spell(candidate), evidence: of_evidence(candidate) }
    }

    pub(crate) fn lend(&self) -> Lent<'_> {
        fn lent(facts: &[Fact]) -> Vec<(&str, &str)> {
            facts.iter().map(|(name, value)| (*name, text::cut(value, bounds::FACT_VALUE))).collect()
        }
        Lent { spell: lent(&self.spell), evidence: lent(&self.evidence) }
    }
}

fn of_spell(candidate: &Candidate) -> Vec<Fact> {
    let fields = &candidate.spell.fields;
    let source = match fields.source {
        SpellSource::Human => "human",
        SpellSource::Generated => "generated",
        SpellSource::Mined => "mined",
        SpellSource::Imported => "imported",
    };
    let mut facts = vec![("source", source.to_owned())];
    match fields.status {
        SpellStatus::Active => {}
        SpellStatus::Draft => facts.push(("status", "draft".to_owned())),
        SpellStatus::Retired => facts.push(("status", "retired".to_owned())),
    }
    if fields.scope != Scope::Global {
        facts.push(("scope", fields.scope.to_string()));
    }
    if let Some(confidence) = fields.confidence {
        facts.push(("confidence", confidence.to_string()));
    }
    let outcomes = candidate.outcomes;
    if outcomes.offered > 0 {
        facts.push(("outcomes.offered", outcomes.offered.to_string()));
        facts.push(("outcomes.fixed", outcomes.fixed.to_string()));
    }
    facts
}

fn of_evidence(candidate: &Candidate) -> Vec<Fact> {
    let evidence = &candidate.evidence;
    let holds = [
        ("general", evidence.general),
        ("hint", is_hint(&candidate.spell.fields)),
        ("elsewhere", evidence.elsewhere),
        ("own-mistake", evidence.own_mistake),
    ];
    let mut facts: Vec<Fact> =
        holds.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| (name, "true".to_owned())).collect();
    facts.extend(evidence.similarity.map(|similarity| ("similarity", format!("{similarity:.4}"))));
    facts.extend(evidence.unspoken.clone().map(|words| ("unspoken", words)));
    if let LanguageEvidence::Other(languages) = &evidence.language {
        facts.push(("language.of-spell", languages.clone()));
    }
    facts
}

#[cfg(test)]
mod tests {
    use grimoire_domain::Timestamp;
    use grimoire_domain::ranking::Evidence;
    use grimoire_domain::spell::{Outcomes, Spell, SpellFields, SpellId, ValidSpell};

    use super::*;
    use crate::validate::is_fact_name;

    fn candidate(fields: SpellFields, evidence: Evidence, outcomes: Outcomes) -> Candidate {
        let spell = Spell {
            id: SpellId(1),
            fields: ValidSpell::from_store(fields),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: None,
            revision: 1,
        };
        Candidate { spell: spell.into(), evidence, outcomes }
    }

    #[test]
    fn only_what_is_unusual_is_a_fact() {
        let usual = candidate(SpellFields::default(), Evidence::default(), Outcomes::default());
        let Facts { spell, evidence } = Facts::of(&usual);
        assert_eq!((spell, evidence), (vec![("source", "human".to_owned())], Vec::new()));

        let fields = SpellFields {
            status: SpellStatus::Draft,
            source: SpellSource::Mined,
            scope: Scope::parse("octo/*").expect("a scope"),
            confidence: Some(0.25),
            tags: ["hint".to_owned()].into(),
            ..SpellFields::default()
        };
        let evidence = Evidence {
            general: true,
            elsewhere: true,
            own_mistake: true,
            similarity: Some(0.81254),
            unspoken: Some("of the kettle".to_owned()),
            language: LanguageEvidence::Other("Python".to_owned()),
            ..Evidence::default()
        };
        let unusual = candidate(fields, evidence, Outcomes { offered: 3, fixed: 2 });
        let Facts { spell, evidence } = Facts::of(&unusual);
        let text = |facts: &[Fact]| {
            facts.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(
            text(&spell),
            "source: mined, status: draft, scope: octo/*, confidence: 0.25, outcomes.offered: 3, outcomes.fixed: 2"
        );
        assert_eq!(
            text(&evidence),
            "general: true, hint: true, elsewhere: true, own-mistake: true, similarity: 0.8125, unspoken: of the kettle, \
             language.of-spell: Python"
        );
        assert!(spell.iter().chain(&evidence).all(|(name, _)| is_fact_name(name)));
    }
}
