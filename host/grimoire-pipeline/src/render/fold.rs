//! A diagnosis as people read it: causes first, each fix once, what follows and what only warns folded away.

use grimoire_domain::diagnostic::{Role, Severity};
use grimoire_domain::ranking::RankedSpell;
use grimoire_domain::review::{DiagnosedError, Diagnosis};
use grimoire_domain::spell::SpellId;

/// The parts of a diagnosis, each in its order.
#[derive(Debug, Default)]
pub struct Folded<'d> {
    /// The causes, those with the same best fix together.
    pub groups: Vec<Group<'d>>,
    /// What follows from the causes, or merely looks like an error beside them.
    pub consequences: Vec<&'d DiagnosedError>,
    /// What did not fail the run.
    pub warnings: Vec<&'d DiagnosedError>,
}

/// Errors that one fix is for, or one error that has none.
#[derive(Debug)]
pub struct Group<'d> {
    /// At least one.
    pub errors: Vec<&'d DiagnosedError>,
}

impl<'d> Group<'d> {
    /// The first of them, which tells for all.
    pub fn first(&self) -> &'d DiagnosedError {
        self.errors[0]
    }

    /// The fixes, best first.
    pub fn spells(&self) -> &'d [RankedSpell] {
        &self.first().spells
    }
}

impl Folded<'_> {
    /// How many causes there are.
    pub fn causes(&self) -> usize {
        self.groups.iter().map(|group| group.errors.len()).sum()
    }

    /// How many of them have a known fix.
    pub fn with_fix(&self) -> usize {
        self.groups.iter().filter(|group| !group.spells().is_empty()).map(|group| group.errors.len()).sum()
    }
}

/// Divides a diagnosis.
pub fn fold(diagnosis: &Diagnosis) -> Folded<'_> {
    let mut folded = Folded::default();
    let best = |error: &DiagnosedError| error.spells.first().map(|spell| spell.id);
    for error in &diagnosis.errors {
        if error.diagnostic.severity < Severity::Error {
            folded.warnings.push(error);
        } else if error.diagnostic.role == Role::Consequence {
            folded.consequences.push(error);
        } else {
            let same = |group: &&mut Group<'_>| best(error).is_some() && shares(group, best(error));
            match folded.groups.iter_mut().find(same) {
                Some(group) => group.errors.push(error),
                None => folded.groups.push(Group { errors: vec![error] }),
            }
        }
    }
    folded
}

fn shares(group: &Group<'_>, spell: Option<SpellId>) -> bool {
    group.spells().first().map(|best| best.id) == spell
}
