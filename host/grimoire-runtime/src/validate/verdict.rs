//! Rules for the output of matchers.

use grimoire_domain::ranking::{Reason, Verdict};

use super::Broken;
use super::text::{check_name, check_not_empty, check_text};

/// Maximum number of reasons of one verdict.
const MAX_REASONS: usize = 16;
/// Maximum length of a signal's name in bytes.
const SIGNAL: usize = 32;
/// Maximum length of a detail in bytes.
const DETAIL: usize = 256;

/// Checks verdicts on `candidates` candidates.
pub(crate) fn check_verdicts(verdicts: &[Verdict], candidates: usize) -> Result<(), Broken> {
    if verdicts.len() > candidates {
        return Err(format!("verdicts: {} on {candidates} candidates", verdicts.len()));
    }
    let mut seen = vec![false; candidates];
    for (index, verdict) in verdicts.iter().enumerate() {
        check(verdict, &mut seen).map_err(|broken| format!("verdicts[{index}].{broken}"))?;
    }
    Ok(())
}

fn check(verdict: &Verdict, seen: &mut [bool]) -> Result<(), Broken> {
    let candidates = seen.len();
    match seen.get_mut(verdict.candidate) {
        None => return Err(format!("candidate: {} of {candidates}", verdict.candidate)),
        Some(true) => return Err(format!("candidate: {} was judged already", verdict.candidate)),
        Some(judged) => *judged = true,
    }
    // Also rejects NaN.
    if !(0.0..=1.0).contains(&verdict.score) {
        return Err("score: must be from 0 to 1".to_owned());
    }
    if verdict.reasons.len() > MAX_REASONS {
        return Err(format!("reasons: has {}, may have at most {MAX_REASONS}", verdict.reasons.len()));
    }
    for (index, reason) in verdict.reasons.iter().enumerate() {
        check_reason(reason).map_err(|broken| format!("reasons[{index}].{broken}"))?;
    }
    Ok(())
}

fn check_reason(reason: &Reason) -> Result<(), Broken> {
    check_not_empty("signal", &reason.signal)?;
    check_name("signal", &reason.signal, SIGNAL)?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !reason.signal.bytes().all(plain) {
        return Err("signal: must have lower-case letters, digits and hyphens only".to_owned());
    }
    if !(-1.0..=1.0).contains(&reason.weight) {
        return Err("weight: must be from -1 to 1".to_owned());
    }
    check_text("detail", &reason.detail, DETAIL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid(candidate: usize) -> Verdict {
        let reason =
            Reason { signal: "error-type".to_owned(), weight: -0.5, detail: "other type".to_owned() };
        Verdict { candidate, score: 1.0, shown: true, reasons: vec![reason] }
    }

    fn broken(change: impl FnOnce(&mut Verdict)) -> String {
        let mut verdict = valid(1);
        change(&mut verdict);
        check_verdicts(&[valid(0), verdict], 3).expect_err("refused")
    }

    #[test]
    fn verdicts_as_documented_pass() {
        assert_eq!(check_verdicts(&[valid(2), valid(0)], 3), Ok(()));
        assert_eq!(check_verdicts(&[], 0), Ok(()));
    }

    #[test]
    fn every_bound_is_named_with_its_field() {
        for (message, expected) in [
            (broken(|v| v.candidate = 3), "verdicts[1].candidate: 3 of 3"),
            (broken(|v| v.candidate = usize::MAX), "verdicts[1].candidate"),
            (broken(|v| v.candidate = 0), "verdicts[1].candidate: 0 was judged already"),
            (broken(|v| v.score = f64::NAN), "score: must be from 0 to 1"),
            (broken(|v| v.score = f64::INFINITY), "score: must be from 0 to 1"),
            (broken(|v| v.score = -f64::MIN_POSITIVE), "score: must be from 0 to 1"),
            (broken(|v| v.score = 1.0 + f64::EPSILON), "score: must be from 0 to 1"),
            (broken(|v| v.reasons = vec![v.reasons[0].clone(); 17]), "reasons: has 17"),
            (broken(|v| v.reasons[0].signal.clear()), "reasons[0].signal: must not be empty"),
            (broken(|v| v.reasons[0].signal = "s".repeat(33)), "signal: has 33 bytes"),
            (broken(|v| v.reasons[0].signal = "Signal".to_owned()), "signal: must have lower-case"),
            (broken(|v| v.reasons[0].weight = 1.5), "weight: must be from -1 to 1"),
            (broken(|v| v.reasons[0].weight = f64::NAN), "weight: must be from -1 to 1"),
            (broken(|v| v.reasons[0].detail = "d".repeat(257)), "detail: has 257 bytes"),
            (broken(|v| v.reasons[0].detail = "\u{1b}[2J".to_owned()), "detail: has the control character"),
        ] {
            assert!(message.contains(expected), "{message}");
        }
        assert_eq!(
            check_verdicts(&[valid(0), valid(0)], 1).expect_err("refused"),
            "verdicts: 2 on 1 candidates"
        );
    }
}
