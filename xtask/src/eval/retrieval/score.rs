//! Scores a ranked list.

use std::collections::HashMap;

/// Number of ranks that count.
const COUNTED: usize = 10;

/// The relevant spells for a query.
#[derive(Debug, Default)]
pub(super) struct Truth(HashMap<String, u32>);

impl Truth {
    pub(super) fn add(&mut self, spell: String, relevance: u32) {
        self.0.insert(spell, relevance);
    }

    pub(super) fn has(&self, spell: &str) -> bool {
        self.0.contains_key(spell)
    }

    /// The rule that the query is about.
    pub(super) fn rule(&self) -> &str {
        self.0.iter().find(|(_, relevance)| **relevance == 2).map_or("", |(spell, _)| spell.as_str())
    }

    /// The discounted gain of an ideal list.
    fn ideal(&self) -> f64 {
        let mut relevances: Vec<u32> = self.0.values().copied().collect();
        relevances.sort_unstable_by(|left, right| right.cmp(left));
        relevances.into_iter().take(COUNTED).enumerate().map(|(place, gain)| discounted(place, gain)).sum()
    }
}

/// The figures of one query, each in [0, 1].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    /// 1 if the first spell is right.
    pub(super) first: f64,
    /// 1 if one of the first five is right.
    pub(super) first_five: f64,
    /// The reciprocal rank of the first right one among ten.
    pub(super) reciprocal: f64,
    /// The normalised discounted cumulative gain of the first ten.
    pub(super) gain: f64,
    /// 1 if a right one was among the matcher's candidates.
    pub(super) pool: f64,
}

/// The result that a reader would see for one query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Nothing.
    None,
    /// The right spell, first.
    Right,
    /// The right spell, below another one.
    Below,
    /// Only wrong spells.
    Wrong,
}

impl Shown {
    /// Judges the shown spells, best first.
    pub(super) fn of(shown: &[&str], truth: &Truth) -> Self {
        match shown.iter().position(|spell| truth.has(spell)) {
            _ if shown.is_empty() => Self::None,
            Some(0) => Self::Right,
            Some(_) => Self::Below,
            None => Self::Wrong,
        }
    }
}

/// Scores one ranked list, best first; repeated ids do not count.
pub(super) fn score_one(ranked: &[&str], truth: &Truth, pooled: bool) -> Figures {
    let mut counted: Vec<&str> = Vec::with_capacity(COUNTED);
    for &spell in ranked {
        if counted.len() == COUNTED {
            break;
        }
        // Each altered copy is a separate spell.
        if spell == "copy" || !counted.contains(&spell) {
            counted.push(spell);
        }
    }
    let first = counted.iter().position(|spell| truth.has(spell));
    let gain: f64 = counted
        .iter()
        .enumerate()
        .map(|(place, spell)| discounted(place, truth.0.get(*spell).copied().unwrap_or(0)))
        .sum();
    let share = |is: bool| f64::from(u8::from(is));
    Figures {
        first: share(first == Some(0)),
        first_five: share(first.is_some_and(|place| place < 5)),
        reciprocal: first.map_or(0.0, |place| 1.0 / (place as f64 + 1.0)),
        gain: gain / truth.ideal(),
        pool: share(pooled),
    }
}

fn discounted(place: usize, relevance: u32) -> f64 {
    (f64::from(relevance).exp2() - 1.0) / (place as f64 + 2.0).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(rows: &[(&str, u32)]) -> Truth {
        let mut truth = Truth::default();
        for (spell, relevance) in rows {
            truth.add((*spell).to_owned(), *relevance);
        }
        truth
    }

    #[test]
    fn a_list_is_scored_by_the_place_of_what_is_right() {
        let truth = truth(&[("a", 2), ("b", 1)]);
        let perfect = score_one(&["a", "b", "c"], &truth, true);
        assert_eq!((perfect.first, perfect.first_five, perfect.reciprocal), (1.0, 1.0, 1.0));
        assert!((perfect.gain - 1.0).abs() < 1e-12);
        let third = score_one(&["c", "c", "d", "a"], &truth, true);
        assert_eq!((third.first, third.first_five, third.reciprocal), (0.0, 1.0, 1.0 / 3.0));
        assert!((third.gain - 1.5 / (3.0 + 1.0 / 3.0_f64.log2())).abs() < 1e-12);
        assert_eq!(Shown::of(&[], &truth), Shown::None);
        assert_eq!(Shown::of(&["b", "c"], &truth), Shown::Right);
        assert_eq!(Shown::of(&["c", "a"], &truth), Shown::Below);
        assert_eq!(Shown::of(&["c"], &truth), Shown::Wrong);
        let none = score_one(&["c"; 20], &truth, false);
        assert_eq!((none.first_five, none.reciprocal, none.gain, none.pool), (0.0, 0.0, 0.0, 0.0));
    }
}
