//! Rules for the output of embedders.

use super::Broken;

/// How much the length of a vector may differ from 1.
const TOLERANCE: f64 = 1e-3;

/// Checks the vectors of `texts` texts.
pub(crate) fn check_vectors(vectors: &[Vec<f32>], texts: usize, dimension: usize) -> Result<(), Broken> {
    if vectors.len() != texts {
        return Err(format!("vectors: {} for {texts} texts", vectors.len()));
    }
    for (index, vector) in vectors.iter().enumerate() {
        check(vector, dimension).map_err(|broken| format!("vectors[{index}]: {broken}"))?;
    }
    Ok(())
}

fn check(vector: &[f32], dimension: usize) -> Result<(), Broken> {
    if vector.len() != dimension {
        return Err(format!("has {} components, must have {dimension}", vector.len()));
    }
    if let Some(place) = vector.iter().position(|component| !component.is_finite()) {
        return Err(format!("component {place} is not a finite number"));
    }
    let length = vector.iter().map(|component| f64::from(*component).powi(2)).sum::<f64>().sqrt();
    // The length of a vector of zeros is exactly 0.
    if length == 0.0 || (length - 1.0).abs() <= TOLERANCE {
        return Ok(());
    }
    Err(format!("has the length {length:.4}, must have 1, or all zeros"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_as_documented_pass() {
        let vectors = [vec![0.6, -0.8], vec![1.0005, 0.0], vec![0.0, -0.0]];
        assert_eq!(check_vectors(&vectors, 3, 2), Ok(()));
        assert_eq!(check_vectors(&[], 0, 2), Ok(()));
    }

    #[test]
    fn every_bound_is_named_with_its_place() {
        let second = |vector: Vec<f32>| check_vectors(&[vec![1.0, 0.0], vector], 2, 2).expect_err("refused");
        for (message, expected) in [
            (check_vectors(&[], 1, 2).expect_err("refused"), "vectors: 0 for 1 texts"),
            (check_vectors(&[vec![1.0], vec![1.0]], 1, 1).expect_err("refused"), "vectors: 2 for 1 texts"),
            (second(vec![1.0]), "vectors[1]: has 1 components, must have 2"),
            (second(vec![1.0, 0.0, 0.0]), "vectors[1]: has 3 components, must have 2"),
            (second(vec![0.0, f32::NAN]), "vectors[1]: component 1 is not a finite number"),
            (second(vec![f32::NEG_INFINITY, 0.0]), "vectors[1]: component 0 is not a finite number"),
            (second(vec![1.0, 0.1]), "vectors[1]: has the length 1.0050, must have 1, or all zeros"),
            (second(vec![0.5, 0.5]), "vectors[1]: has the length 0.7071, must have 1, or all zeros"),
            (second(vec![f32::MAX, f32::MAX]), "must have 1, or all zeros"),
            (second(vec![f32::MIN_POSITIVE, 0.0]), "must have 1, or all zeros"),
        ] {
            assert!(message.contains(expected), "{message}");
        }
    }
}
