//! Structures a diagnosis for readers: causes first, each fix once, consequences and warnings folded.

use grimoire_domain::diagnostic::{Role, Severity};
use grimoire_domain::ranking::RankedSpell;
use grimoire_domain::review::{DiagnosedError, Diagnosis};
use grimoire_domain::spell::SpellId;

/// The parts of a diagnosis, each in the original order.
#[derive(Debug, Default)]
pub struct Folded<'d> {
    /// The causes, grouped by their best fix or hint.
    pub groups: Vec<Group<'d>>,
    /// Consequences of the causes, and text that merely looks like an error.
    pub consequences: Vec<&'d DiagnosedError>,
    /// Warnings, which did not make the run fail.
    pub warnings: Vec<&'d DiagnosedError>,
}

/// Errors with the same fix or hint, or one error without any.
#[derive(Debug)]
pub struct Group<'d> {
    /// The errors; at least one.
    pub errors: Vec<&'d DiagnosedError>,
}

impl<'d> Group<'d> {
    /// The first error, which represents the group.
    pub fn first(&self) -> &'d DiagnosedError {
        self.errors[0]
    }

    /// The fixes or, if there are none, the hints, best first.
    pub fn spells(&self) -> &'d [RankedSpell] {
        &self.first().spells
    }

    /// Returns true if a fix is known.
    pub fn has_fix(&self) -> bool {
        self.first().fixes().next().is_some()
    }
}

impl Folded<'_> {
    /// Number of causes.
    pub fn causes(&self) -> usize {
        self.groups.iter().map(|group| group.errors.len()).sum()
    }

    /// Number of causes with a known fix.
    pub fn with_fix(&self) -> usize {
        self.groups.iter().filter(|group| group.has_fix()).map(|group| group.errors.len()).sum()
    }

    /// Number of causes without a known fix, but with a hint.
    pub fn with_hint(&self) -> usize {
        let hinted = self.groups.iter().filter(|group| !group.has_fix() && !group.spells().is_empty());
        hinted.map(|group| group.errors.len()).sum()
    }
}

/// Splits a diagnosis into its parts.
pub fn fold(diagnosis: &Diagnosis) -> Folded<'_> {
    let mut folded = Folded::default();
    let best = |error: &DiagnosedError| error.spells.first().map(|spell| (spell.id, spell.hint));
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

fn shares(group: &Group<'_>, spell: Option<(SpellId, bool)>) -> bool {
    group.spells().first().map(|best| (best.id, best.hint)) == spell
}
