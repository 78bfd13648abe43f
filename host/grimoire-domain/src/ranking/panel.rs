//! Several matchers that judge together: the weighted mean of their scores.

use std::collections::HashMap;
use std::fmt;

use super::{Reason, Verdict};

/// A matcher with its weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The matcher's name.
    pub matcher: String,
    /// Its weight, above 0; only its ratio to the weights of the others counts.
    pub weight: f64,
}

/// The matchers that judge an error: one, or several with weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel(Vec<Member>);

impl Panel {
    /// The maximum number of matchers: each is called for every error.
    pub const MOST: usize = 8;
    /// The maximum weight.
    pub const HEAVIEST: f64 = 1_000.0;

    /// A single matcher.
    pub fn one(matcher: impl Into<String>) -> Self {
        Self(vec![Member { matcher: matcher.into(), weight: 1.0 }])
    }

    /// Reads entries such as `matcher-hybrid` or `matcher-team:0.3`; an entry without a weight has 1. The error has all
    /// problems.
    pub fn parse<'t>(entries: impl IntoIterator<Item = &'t str>) -> Result<Self, Vec<String>> {
        let mut members: Vec<Member> = Vec::new();
        let mut problems = Vec::new();
        for entry in entries.into_iter().map(str::trim) {
            let (name, weight) = match entry.split_once(':') {
                Some((name, weight)) => (name.trim(), weight.trim()),
                None => (entry, "1"),
            };
            let weight = weight.parse().ok().filter(|weight| *weight > 0.0 && *weight <= Self::HEAVIEST);
            match weight {
                _ if name.is_empty() => problems.push(format!("{entry:?} has no name of a matcher")),
                _ if members.iter().any(|member| member.matcher == name) => {
                    problems.push(format!("names {name} twice"));
                }
                Some(weight) => members.push(Member { matcher: name.to_owned(), weight }),
                None => problems.push(format!(
                    "{entry:?} must be matcher or matcher:weight, such as matcher-hybrid:0.7, with a weight above 0 and \
                     up to {}",
                    Self::HEAVIEST
                )),
            }
        }
        if members.len() > Self::MOST {
            problems.push(format!("has {} matchers; there may be {}", members.len(), Self::MOST));
        }
        if members.is_empty() && problems.is_empty() {
            problems.push("must name a matcher".to_owned());
        }
        if problems.is_empty() { Ok(Self(members)) } else { Err(problems) }
    }

    /// The matchers, in the given order; at least one.
    pub fn members(&self) -> &[Member] {
        &self.0
    }

    /// Returns true if a matcher is one of them.
    pub fn has(&self, matcher: &str) -> bool {
        self.0.iter().any(|member| member.matcher == matcher)
    }

    /// Returns true if there is more than one matcher.
    pub fn is_several(&self) -> bool {
        self.0.len() > 1
    }
}

impl fmt::Display for Panel {
    /// The names.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, member) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" and ")?;
            }
            formatter.write_str(&member.matcher)?;
        }
        Ok(())
    }
}

/// The verdicts of one matcher.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion {
    /// The matcher's name.
    pub matcher: String,
    /// Its weight.
    pub weight: f64,
    /// Its verdicts.
    pub verdicts: Vec<Verdict>,
}

/// The signal of the reasons that say what each matcher contributed.
pub const PART: &str = "matcher";

/// Combines opinions about `candidates` candidates: the score is the weighted mean, where a candidate that a matcher
/// left out has 0, and a spell is shown if matchers with at least half of the weight would show it. The reasons are those
/// of all matchers, each with its share of the weight, strongest first; one reason for each matcher with its part of the
/// score comes last. The same opinions in the same order give the same result to the last bit.
pub fn combine(candidates: usize, opinions: &[Opinion]) -> Vec<Verdict> {
    let total: f64 = opinions.iter().map(|opinion| opinion.weight).sum();
    let by_candidate: Vec<HashMap<usize, &Verdict>> = opinions
        .iter()
        .map(|opinion| opinion.verdicts.iter().map(|verdict| (verdict.candidate, verdict)).collect())
        .collect();
    let combined = |candidate: usize| {
        let mut reasons = Vec::new();
        let mut parts = Vec::new();
        let (mut sum, mut consent) = (0.0, 0.0);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for (opinion, verdicts) in opinions.iter().zip(&by_candidate) {
            let share = opinion.weight / total;
            let verdict = verdicts.get(&candidate);
            let score = verdict.map_or(0.0, |verdict| verdict.score);
            sum += opinion.weight * score;
            (least, most) = (least.min(score), most.max(score));
            if verdict.is_some_and(|verdict| verdict.shown) {
                consent += opinion.weight;
            }
            let said = match verdict {
                Some(_) => format!("scores {score:.2}"),
                None => "leaves the spell out".to_owned(),
            };
            parts.push(Reason {
                signal: PART.to_owned(),
                weight: share * score,
                detail: format!("{} {said} and counts {:.0} %", opinion.matcher, share * 100.0),
            });
            reasons.extend(verdict.iter().flat_map(|verdict| &verdict.reasons).map(|reason| Reason {
                signal: reason.signal.clone(),
                weight: share * reason.weight,
                detail: format!("{}: {}", opinion.matcher, reason.detail),
            }));
        }
        reasons.sort_by(|left, right| right.weight.abs().total_cmp(&left.weight.abs()));
        reasons.append(&mut parts);
        // A mean lies between its values; rounding must not take it below a threshold that all of them reach.
        let score = (sum / total).clamp(least, most);
        Verdict { candidate, score, shown: consent * 2.0 >= total, reasons }
    };
    if opinions.is_empty() { Vec::new() } else { (0..candidates).map(combined).collect() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]
    #![allow(clippy::float_cmp, reason = "the results are exact")]

    use super::*;

    fn opinion(matcher: &str, weight: f64, scores: &[(usize, f64, bool)]) -> Opinion {
        let verdict = |&(candidate, score, shown): &(usize, f64, bool)| {
            let reasons =
                vec![Reason { signal: "words".to_owned(), weight: score, detail: "alike".to_owned() }];
            Verdict { candidate, score, shown, reasons }
        };
        Opinion { matcher: matcher.to_owned(), weight, verdicts: scores.iter().map(verdict).collect() }
    }

    #[test]
    fn entries_are_names_with_or_without_weights() {
        let panel = Panel::parse(["matcher-hybrid", " team : 0.25 "]).unwrap();
        let members: Vec<_> = panel.members().iter().map(|m| (m.matcher.as_str(), m.weight)).collect();
        assert_eq!(members, [("matcher-hybrid", 1.0), ("team", 0.25)]);
        assert_eq!(panel.to_string(), "matcher-hybrid and team");
        for (entries, problem) in [
            (&["a:0"][..], "\"a:0\" must be matcher or matcher:weight"),
            (&["a:-1"], "above 0"),
            (&["a:NaN"], "above 0"),
            (&["a:inf"], "up to 1000"),
            (&["a:much"], "must be matcher or matcher:weight"),
            (&[":1"], "has no name"),
            (&["a", "a:2"], "names a twice"),
            (&[], "must name a matcher"),
            (&["a", "b", "c", "d", "e", "f", "g", "h", "i"], "has 9 matchers; there may be 8"),
        ] {
            let problems = Panel::parse(entries.iter().copied()).unwrap_err();
            assert!(problems[0].contains(problem), "{problems:?}");
        }
    }

    #[test]
    fn scores_are_weighted_and_each_part_is_named() {
        let opinions = [
            opinion("big", 3.0, &[(0, 0.8, true), (1, 0.2, false)]),
            opinion("small", 1.0, &[(0, 0.4, false)]),
        ];
        let verdicts = combine(2, &opinions);
        assert!((verdicts[0].score - 0.7).abs() < 1e-12, "{}", verdicts[0].score);
        assert!(verdicts[0].shown && !verdicts[1].shown);
        let told: Vec<_> = verdicts[0].reasons.iter().map(|reason| reason.detail.as_str()).collect();
        assert_eq!(
            told,
            [
                "big: alike",
                "small: alike",
                "big scores 0.80 and counts 75 %",
                "small scores 0.40 and counts 25 %"
            ]
        );
        let parts = verdicts[0].reasons.iter().filter(|reason| reason.signal == PART);
        assert!((parts.map(|reason| reason.weight).sum::<f64>() - verdicts[0].score).abs() < 1e-12);
        let last = verdicts[1].reasons.last().unwrap();
        assert_eq!(last.detail, "small leaves the spell out and counts 25 %");
    }

    #[test]
    fn a_score_that_all_give_is_the_score() {
        for weights in [[0.1, 0.2, 0.7], [1.0 / 3.0, 0.9, 1000.0], [7.0, 11.0, 13.0]] {
            let opinions: Vec<_> =
                weights.iter().map(|weight| opinion("any", *weight, &[(0, 0.55, true)])).collect();
            assert_eq!(combine(1, &opinions)[0].score, 0.55, "{weights:?}");
        }
        assert!(combine(3, &[]).is_empty());
    }
}
