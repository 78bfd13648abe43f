//! The host's facts about a candidate. `wit/README.md` lists them: a new one needs no new version. What is usual is
//! left out, because every fact costs a matcher two strings.

use grimoire_domain::ranking::{Candidate, LanguageEvidence, is_hint};
use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{Spell, SpellSource, SpellStatus};
use grimoire_domain::text;

use crate::validate::bounds;

/// A name and a value.
pub(crate) type Fact = (&'static str, String);

/// Facts as they are passed to a plugin.
pub(crate) fn lend(facts: &[Fact]) -> Vec<(&str, &str)> {
    facts.iter().map(|(name, value)| (*name, text::cut(value, bounds::FACT_VALUE))).collect()
}

/// Facts that change with the spell only.
pub(crate) fn of_spell(spell: &Spell) -> Vec<Fact> {
    let fields = &spell.fields;
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
    facts
}

/// Facts about a spell and an error, and about what is known of the spell's past.
pub(crate) fn of_evidence(candidate: &Candidate) -> Vec<Fact> {
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
    let outcomes = candidate.outcomes;
    if outcomes.offered > 0 {
        facts.push(("outcomes.offered", outcomes.offered.to_string()));
        facts.push(("outcomes.fixed", outcomes.fixed.to_string()));
    }
    facts
}

#[cfg(test)]
mod tests {
    use grimoire_domain::Timestamp;
    use grimoire_domain::ranking::Evidence;
    use grimoire_domain::spell::{Outcomes, SpellFields, SpellId, ValidSpell};

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
        let (spell, evidence) = (of_spell(&usual.spell), of_evidence(&usual));
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
        let (spell, evidence) = (of_spell(&unusual.spell), of_evidence(&unusual));
        let text = |facts: &[Fact]| {
            facts.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(text(&spell), "source: mined, status: draft, scope: octo/*, confidence: 0.25");
        assert_eq!(
            text(&evidence),
            "general: true, hint: true, elsewhere: true, own-mistake: true, similarity: 0.8125, unspoken: of the kettle, \
             language.of-spell: Python, outcomes.offered: 3, outcomes.fixed: 2"
        );
        assert!(spell.iter().chain(&evidence).all(|(name, _)| is_fact_name(name)));
    }
}
