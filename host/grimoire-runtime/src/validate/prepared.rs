//! Rules for what matchers prepare.

use grimoire_ports::plugins::matcher::MAX_PREPARED_BYTES;

use super::Broken;

/// Checks what was prepared of `spells` spells.
pub(crate) fn check_prepared(prepared: &[Vec<u8>], spells: usize) -> Result<(), Broken> {
    if prepared.len() != spells {
        return Err(format!("prepared: {} for {spells} spells", prepared.len()));
    }
    match prepared.iter().enumerate().find(|(_, bytes)| bytes.len() > MAX_PREPARED_BYTES) {
        None => Ok(()),
        Some((index, bytes)) => {
            Err(format!("prepared[{index}]: {} bytes, may be at most {MAX_PREPARED_BYTES}", bytes.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_size_are_bounded() {
        let longest = vec![0; MAX_PREPARED_BYTES];
        assert_eq!(check_prepared(&[Vec::new(), longest.clone()], 2), Ok(()));
        assert_eq!(
            check_prepared(std::slice::from_ref(&longest), 2),
            Err("prepared: 1 for 2 spells".to_owned())
        );
        let longer = [longest, vec![0]].concat();
        let refused = check_prepared(&[Vec::new(), longer], 2);
        assert_eq!(refused, Err("prepared[1]: 16385 bytes, may be at most 16384".to_owned()));
    }
}
