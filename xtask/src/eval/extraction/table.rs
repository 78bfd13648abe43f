//! The figures as text.

use std::fmt::Write as _;

use super::score::{Row, Share};

/// The group of all cases.
pub(super) const ALL: &str = "ALL";
/// Logs of jobs that passed: everything found there is noise.
const CLEAN_LOGS: &str = "gha-passed";
/// Tools with fewer expectations are not shown and do not count in the mean over tools.
const ENOUGH_EXPECTATIONS: usize = 3;

/// Precision, recall and their harmonic mean; 0 if undefined.
struct Quality {
    precision: f64,
    recall: f64,
    f1: f64,
}

impl Quality {
    fn of(right: usize, wrong: usize, expected: usize) -> Self {
        let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let (precision, recall) = (share(right, right + wrong), share(right, expected));
        let sum = precision + recall;
        Self { precision, recall, f1: if sum == 0.0 { 0.0 } else { 2.0 * precision * recall / sum } }
    }

    fn location(row: &Row) -> Self {
        Self::of(row.right_location, row.wrong_location, row.located)
    }

    fn full(row: &Row) -> Self {
        Self::of(row.right_full, row.wrong_full, row.expected)
    }
}

/// The counts of every tool and of all cases, in the order of the data.
#[derive(Debug, Default)]
pub(super) struct Totals(Vec<(String, Row)>);

impl Totals {
    /// Adds the counts of one case to a group.
    pub(super) fn add(&mut self, group: &str, row: &Row) {
        if let Some((_, total)) = self.0.iter_mut().find(|(name, _)| name == group) {
            total.add(row);
        } else {
            self.0.push((group.to_owned(), *row));
        }
    }

    /// The table of all tools, the mean over them, and the noise in clean logs.
    pub(super) fn render(&self) -> String {
        let mut text = format!(
            "{:18}{:>6}{:>6} | {:>6}{:>6}{:>6} | {:>6}{:>6}{:>7} | {:>6}{:>6}{:>6}{:>8}\n",
            "tool",
            "cases",
            "exp",
            "locP",
            "locR",
            "locF1",
            "fullP",
            "fullR",
            "fullF1",
            "code",
            "col",
            "sev",
            "perfect"
        );
        let mut shown: Vec<_> = self.0.iter().collect();
        // A stable sort: tools with the same number of expectations stay in the order of the data.
        shown.sort_by_key(|(name, row)| (name == ALL, std::cmp::Reverse(row.expected)));
        for (name, row) in shown {
            if row.expected < ENOUGH_EXPECTATIONS && name != ALL && name != CLEAN_LOGS {
                continue;
            }
            let (location, full) = (Quality::location(row), Quality::full(row));
            writeln!(
                text,
                "{name:18}{:6}{:6} | {:6.2}{:6.2}{:6.2} | {:6.2}{:6.2}{:7.2} | {}{}{}{:8}",
                row.cases,
                row.expected,
                location.precision,
                location.recall,
                location.f1,
                full.precision,
                full.recall,
                full.f1,
                accuracy(row.code),
                accuracy(row.column),
                accuracy(row.severity),
                row.perfect
            )
            .expect(WRITTEN);
        }
        text.push_str(&self.mean_over_tools());
        if let Some((_, clean)) = self.0.iter().find(|(name, _)| name == CLEAN_LOGS) {
            writeln!(text, "false errors in {} clean job logs: {}", clean.cases, clean.wrong_location)
                .expect(WRITTEN);
        }
        text
    }

    /// The mean over tools, in which every tool counts the same, so that no large corpus dominates.
    fn mean_over_tools(&self) -> String {
        let counted = |(name, row): &&(String, Row)| name != ALL && row.expected >= ENOUGH_EXPECTATIONS;
        let tools: Vec<&Row> = self.0.iter().filter(counted).map(|(_, row)| row).collect();
        let located: Vec<&Row> = tools.iter().copied().filter(|row| row.located > 0).collect();
        format!(
            "mean over {} tools: location F1 {:.3} recall {:.3}; full F1 {:.3} recall {:.3}\n",
            tools.len(),
            mean(&located, |row| Quality::location(row).f1),
            mean(&located, |row| Quality::location(row).recall),
            mean(&tools, |row| Quality::full(row).f1),
            mean(&tools, |row| Quality::full(row).recall),
        )
    }
}

const WRITTEN: &str = "a string takes everything";

fn mean(rows: &[&Row], figure: impl Fn(&Row) -> f64) -> f64 {
    if rows.is_empty() { 0.0 } else { rows.iter().map(|row| figure(row)).sum::<f64>() / rows.len() as f64 }
}

fn accuracy(share: Share) -> String {
    if share.all == 0 {
        format!("{:>6}", "-")
    } else {
        format!("{:6.2}", share.right as f64 / share.all as f64)
    }
}
