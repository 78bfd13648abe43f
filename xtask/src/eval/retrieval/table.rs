//! The figures as text, in the order and columns of the scorer that comes with the data.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::Query;
use super::score::{Figures, Shown};

/// The variants in the order of the table.
const VARIANTS: [&str; 3] = ["hard", "easy", "blind"];
/// The group of all queries of a variant.
const ALL: &str = "all";
/// The first character of groups that cut across the ecosystems.
const ACROSS: char = '~';
/// Two halves of the rules: one for tuning the product, the other for checking whether that helped.
const HALVES: [&str; 2] = ["~half for tuning", "~half held back"];

/// The sums of all groups of queries.
#[derive(Debug, Default)]
pub(super) struct Table(BTreeMap<(String, String), Group>);

#[derive(Debug, Default)]
struct Group {
    sum: [f64; 5],
    queries: usize,
    rules: BTreeSet<String>,
    /// Number of queries with shown spells, of those with only wrong ones, and of those with a wrong one first.
    shown: usize,
    wrong: usize,
    wrong_first: usize,
}

impl Group {
    fn render_shown(&self, variant: &str, name: &str, text: &mut String) {
        let Self { queries, shown, wrong, wrong_first, .. } = self;
        let share = |count: &usize| 100.0 * *count as f64 / (*shown).max(1) as f64;
        writeln!(
            text,
            "{variant:7} {name:17} {shown:5} of {queries} with spells shown, {wrong_first} with a wrong one first \
             ({:.1} %), {wrong} with wrong ones only ({:.1} %)",
            share(wrong_first),
            share(wrong)
        )
        .expect(WRITTEN);
    }

    fn means(&self) -> [f64; 5] {
        self.sum.map(|sum| sum / self.queries.max(1) as f64)
    }
}

impl Table {
    /// Adds the figures of a query to its groups.
    pub(super) fn add(&mut self, query: &Query, rule: &str, figures: Figures, shown: Shown) {
        let template = if query.seen_template { "~seen template" } else { "~unseen template" };
        let same_words = query.shared_message.then_some("~shared message");
        let half = HALVES[usize::from(Sha256::digest(rule)[0] % 2)];
        let groups = [Some(query.ecosystem.as_str()), Some(ALL), Some(template), Some(half), same_words];
        let row = [figures.first, figures.first_five, figures.reciprocal, figures.gain, figures.pool];
        for name in groups.into_iter().flatten() {
            let group = self.0.entry((query.variant.clone(), name.to_owned())).or_default();
            for (sum, figure) in group.sum.iter_mut().zip(row) {
                *sum += figure;
            }
            group.queries += 1;
            group.shown += usize::from(shown != Shown::None);
            group.wrong += usize::from(shown == Shown::Wrong);
            group.wrong_first += usize::from(matches!(shown, Shown::Wrong | Shown::Below));
            group.rules.insert(rule.to_owned());
        }
    }

    /// The table: for each variant all queries, the mean over the ecosystems, every ecosystem.
    pub(super) fn render(&self) -> String {
        let mut text = format!(
            "{:7} {:17} {:>5} {:>5} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
            "variant", "ecosystem", "n", "rules", "recall@1", "recall@5", "mrr@10", "ndcg@10", "pool@64"
        );
        for variant in VARIANTS {
            let groups: Vec<(&str, &Group)> = self
                .0
                .iter()
                .filter(|((of, _), _)| of == variant)
                .map(|((_, name), group)| (name.as_str(), group))
                .collect();
            let ecosystems: Vec<&Group> = groups
                .iter()
                .filter(|(name, _)| *name != ALL && !name.starts_with(ACROSS))
                .map(|(_, group)| *group)
                .collect();
            let Some((_, all)) = groups.iter().find(|(name, _)| *name == ALL) else { continue };
            line(&mut text, variant, ALL, (all.queries, all.rules.len()), all.means());
            line(&mut text, variant, "macro", counts(&ecosystems), mean(&ecosystems));
            for (name, group) in groups.iter().filter(|(name, _)| *name != ALL) {
                line(&mut text, variant, name, (group.queries, group.rules.len()), group.means());
            }
        }
        text.push('\n');
        for variant in VARIANTS {
            for half in HALVES.iter().chain([&ALL]) {
                if let Some(group) = self.0.get(&(variant.to_owned(), (*half).to_owned())) {
                    group.render_shown(variant, half, &mut text);
                }
            }
        }
        text
    }
}

fn counts(groups: &[&Group]) -> (usize, usize) {
    (groups.iter().map(|group| group.queries).sum(), groups.iter().map(|group| group.rules.len()).sum())
}

/// The mean, in which every ecosystem counts the same.
fn mean(groups: &[&Group]) -> [f64; 5] {
    let mut sums = [0.0; 5];
    for group in groups {
        for (sum, mean) in sums.iter_mut().zip(group.means()) {
            *sum += mean;
        }
    }
    sums.map(|sum| sum / groups.len().max(1) as f64)
}

fn line(text: &mut String, variant: &str, name: &str, (queries, rules): (usize, usize), means: [f64; 5]) {
    write!(text, "{variant:7} {name:17} {queries:5} {rules:5}").expect(WRITTEN);
    for mean in means {
        write!(text, " {mean:9.3}").expect(WRITTEN);
    }
    text.push('\n');
}

const WRITTEN: &str = "a string takes everything";
