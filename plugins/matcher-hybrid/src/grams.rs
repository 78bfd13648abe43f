//! Similarity of two short texts by their three-character pieces, which catches what whole words
//! miss: `doublequote` and `double quotes`, misspellings, joined words.

/// Number of slots in the gram table. Two grams in one slot count as one, which for texts of a few
/// hundred characters changes the similarity in its third decimal place.
const SLOTS: usize = 4096;
/// Maximum number of bytes of a text that are used.
const LONGEST: usize = 512;

/// The grams of one text, to which others are compared.
pub(crate) struct Grams {
    present: Box<[bool; SLOTS]>,
    count: u32,
}

impl Grams {
    pub(crate) fn of(texts: &[&str]) -> Self {
        let mut present = Box::new([false; SLOTS]);
        let mut count = 0;
        for text in texts {
            each_gram(text, |slot| {
                count += u32::from(!present[slot]);
                present[slot] = true;
            });
        }
        Self { present, count }
    }

    /// The cosine similarity of the two sets of grams, in [0, 1]. `seen` is scratch space.
    pub(crate) fn likeness(&self, texts: &[&str], seen: &mut Seen) -> f64 {
        seen.round = seen.round.wrapping_add(1);
        if seen.round == 0 {
            seen.marks.fill(0);
            seen.round = 1;
        }
        let (mut shared, mut count) = (0_u32, 0_u32);
        for text in texts {
            each_gram(text, |slot| {
                let new = seen.marks[slot] != seen.round;
                seen.marks[slot] = seen.round;
                count += u32::from(new);
                shared += u32::from(new && self.present[slot]);
            });
        }
        if shared == 0 { 0.0 } else { f64::from(shared) / (f64::from(self.count) * f64::from(count)).sqrt() }
    }
}

/// Scratch space of [`Grams::likeness`], reused between candidates.
pub(crate) struct Seen {
    marks: Box<[u16; SLOTS]>,
    round: u16,
}

impl Default for Seen {
    fn default() -> Self {
        Self { marks: Box::new([0; SLOTS]), round: 0 }
    }
}

/// Normalises bytes for grams: letters in lower case, everything but letters and digits as a space.
const FOLDED: [u8; 256] = {
    let mut folded = [b' '; 256];
    let mut at = 0;
    while at < 256 {
        #[allow(clippy::cast_possible_truncation, reason = "below 256")]
        let byte = at as u8;
        if byte.is_ascii_alphanumeric() || byte >= 0x80 {
            folded[at] = byte.to_ascii_lowercase();
        }
        at += 1;
    }
    folded
};

/// Calls `each` with the slot of every gram. Runs of other characters than letters and digits count
/// as one space, and letters are lower-cased; a text begins and ends with a space.
fn each_gram(text: &str, mut each: impl FnMut(usize)) {
    let mut gram = u32::from(b' ');
    let mut length = 1_u32;
    let ends = std::iter::once(&b' ');
    for &byte in text.as_bytes().iter().take(LONGEST).chain(ends) {
        let byte = FOLDED[usize::from(byte)];
        if byte == b' ' && gram & 0xFF == u32::from(b' ') {
            continue;
        }
        gram = (gram << 8 | u32::from(byte)) & 0x00FF_FFFF;
        length += 1;
        if length >= 3 {
            each((gram.wrapping_mul(0x9E37_79B1) >> 20) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_one_for_equal_and_small_for_foreign_texts() {
        let mut seen = Seen::default();
        let grams = Grams::of(&["Strings must use doublequote"]);
        assert!((grams.likeness(&["strings must use doublequote"], &mut seen) - 1.0).abs() < 1e-9);
        assert!(grams.likeness(&["strings: use double quotes"], &mut seen) > 0.6);
        assert!(grams.likeness(&["linker `cc` not found"], &mut seen) < 0.2);
        assert_eq!(grams.likeness(&[""], &mut seen).to_bits(), 0.0_f64.to_bits());
        assert_eq!(Grams::of(&[""]).likeness(&["text"], &mut seen).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn scratch_space_survives_its_counter() {
        let mut seen = Seen::default();
        let grams = Grams::of(&["abc def"]);
        let first = grams.likeness(&["abc xyz"], &mut seen);
        for _ in 0..70_000 {
            assert_eq!(grams.likeness(&["abc xyz"], &mut seen).to_bits(), first.to_bits());
        }
    }
}
