//! The figures as text, in the order and the columns of the scorer that comes with the data.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Query;
use super::score::Figures;

/// In this order.
const VARIANTS: [&str; 3] = ["hard", "easy", "blind"];
/// The group of all queries of a variant.
const ALL: &str = "all";
/// What the names of groups begin with that cut across the ecosystems.
const ACROSS: char = '~';

/// The sums of all groups of queries.
#[derive(Debug, Default)]
pub(super) struct Table(BTreeMap<(String, String), Group>);

#[derive(Debug, Default)]
struct Group {
    sum: [f64; 5],
    queries: usize,
    rules: BTreeSet<String>,
}

impl Group {
    fn means(&self) -> [f64; 5] {
        self.sum.map(|sum| sum / self.queries.max(1) as f64)
    }
}

impl Table {
    /// Adds the figures of a query to its groups.
    pub(super) fn add(&mut self, query: &Query, rule: &str, figures: Figures) {
        let template = if query.seen_template { "~seen template" } else { "~unseen template" };
        let shared = query.shared_message.then_some("~shared message");
        let groups = [Some(query.ecosystem.as_str()), Some(ALL), Some(template), shared];
        let row = [figures.first, figures.first_five, figures.reciprocal, figures.gain, figures.pool];
        for name in groups.into_iter().flatten() {
            let group = self.0.entry((query.variant.clone(), name.to_owned())).or_default();
            for (sum, figure) in group.sum.iter_mut().zip(row) {
                *sum += figure;
            }
            group.queries += 1;
            group.rules.insert(rule.to_owned());
        }
    }

    /// The table: of each variant all queries, the mean over the ecosystems, every ecosystem.
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
        text
    }
}

fn counts(groups: &[&Group]) -> (usize, usize) {
    (groups.iter().map(|group| group.queries).sum(), groups.iter().map(|group| group.rules.len()).sum())
}

/// Every ecosystem counts the same.
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
