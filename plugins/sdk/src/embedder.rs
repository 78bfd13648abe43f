//! The values of `wit/embedder/embedder.wit` as plain Rust, and what every embedder needs.

/// What the texts of a call are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Stored spells.
    Spell,
    /// Errors of a run.
    Error,
}

/// Scales a vector to the length 1, as the contract requires. One that has no direction, because it is zero or not
/// finite, becomes all zeros.
pub fn normalise(vector: &mut [f32]) {
    // In double precision, so that neither tiny nor huge components are lost in the squares.
    let length = vector.iter().map(|component| f64::from(*component).powi(2)).sum::<f64>().sqrt();
    if length > 0.0 && length.is_finite() {
        for component in vector {
            #[allow(clippy::cast_possible_truncation, reason = "a component of a vector of length 1")]
            let scaled = (f64::from(*component) / length) as f32;
            *component = scaled;
        }
    } else {
        vector.fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn a_vector_gets_the_length_one_whatever_its_size() {
        for scale in [1e-30, 1.0, 1e30] {
            let mut vector = [3.0 * scale, -4.0 * scale];
            normalise(&mut vector);
            assert!((vector[0] - 0.6).abs() < 1e-6 && (vector[1] + 0.8).abs() < 1e-6, "{vector:?}");
        }
    }

    #[test]
    fn what_has_no_direction_is_zero() {
        for mut vector in [[0.0, 0.0], [f32::NAN, 1.0], [f32::INFINITY, 1.0]] {
            normalise(&mut vector);
            assert!(vector.iter().all(|component| component.abs() < f32::EPSILON), "{vector:?}");
        }
    }
}
