//! Similarity of two short texts by their three-character pieces, which catches what whole words
//! miss: `doublequote` and `double quotes`, misspellings, joined words.

/// Number of slots in the gram table. Two grams in one slot count as one, which for texts of a few
/// hundred characters changes the similarity in its third decimal place.
const SLOTS: usize = 4096;
/// Maximum number of bytes of a text that are used.
const LONGEST: usize = 512;

/// The slot of a gram in little-endian order, as it is prepared.
pub(crate) type Slot = [u8; 2];

/// The grams of one text, to which others are compared.
pub(crate) struct Grams {
    present: Box<[bool; SLOTS]>,
    count: usize,
}

impl Grams {
    pub(crate) fn of(slots: &[Slot]) -> Self {
        let mut present = Box::new([false; SLOTS]);
        for slot in slots {
            present[usize::from(u16::from_le_bytes(*slot))] = true;
        }
        Self { present, count: slots.len() }
    }

    /// The cosine similarity of the two sets of grams, in [0, 1]. Slots that no text has are in no set.
    pub(crate) fn likeness(&self, slots: &[Slot]) -> f64 {
        let is_present = |slot: &&Slot| {
            self.present.get(usize::from(u16::from_le_bytes(**slot))).is_some_and(|present| *present)
        };
        let shared = slots.iter().filter(is_present).count();
        if shared == 0 { 0.0 } else { shared as f64 / (self.count as f64 * slots.len() as f64).sqrt() }
    }
}

/// Scratch space for the distinct slots of one text after the other.
pub(crate) struct Seen {
    marks: Box<[u16; SLOTS]>,
    round: u16,
}

impl Seen {
    /// The distinct slots of the grams of these texts.
    pub(crate) fn slots(&mut self, texts: &[&str]) -> Vec<Slot> {
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.marks.fill(0);
            self.round = 1;
        }
        let mut slots = Vec::with_capacity(texts.iter().map(|text| text.len().min(LONGEST)).sum());
        for text in texts {
            each_gram(text, |slot| {
                let mark = &mut self.marks[usize::from(slot)];
                if *mark != self.round {
                    *mark = self.round;
                    slots.push(slot.to_le_bytes());
                }
            });
        }
        slots
    }
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
fn each_gram(text: &str, mut each: impl FnMut(u16)) {
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
            #[allow(clippy::cast_possible_truncation, reason = "12 bits")]
            each((gram.wrapping_mul(0x9E37_79B1) >> 20) as u16);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(one: &str, other: &str) -> f64 {
        let mut seen = Seen::default();
        Grams::of(&seen.slots(&[one])).likeness(&seen.slots(&[other]))
    }

    #[test]
    fn likeness_is_one_for_equal_and_small_for_foreign_texts() {
        let message = "Strings must use doublequote";
        assert!((likeness(message, "strings must use doublequote") - 1.0).abs() < 1e-9);
        assert!(likeness(message, "strings: use double quotes") > 0.6);
        assert!(likeness(message, "linker `cc` not found") < 0.2);
        assert_eq!(likeness(message, "").to_bits(), 0.0_f64.to_bits());
        assert_eq!(likeness("", "text").to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn scratch_space_survives_its_counter() {
        let mut seen = Seen::default();
        let first = seen.slots(&["abc xyz"]);
        for _ in 0..70_000 {
            assert_eq!(seen.slots(&["abc xyz"]), first);
        }
    }

    #[test]
    fn slots_that_no_text_has_are_in_no_set() {
        assert!(Grams::of(&Seen::default().slots(&["text"])).likeness(&[[0xFF, 0xFF]]).abs() < f64::EPSILON);
    }
}
